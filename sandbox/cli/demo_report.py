"""What the demo tells at its end: tables for people, two files for programs."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sandbox.cli.demo_collect import Collected
from sandbox.cli.demo_truth import Comparison, Verdict
from sandbox.cli.simulation import Simulated
from sandbox.splunkd.findings import Finding, iso

_COLOURS = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan"}


def summary_of(
    collected: Collected, comparison: Comparison, simulated: Simulated, seed: int, seconds: float
) -> dict[str, Any]:
    """The record that summary.json holds. `seconds` is the whole demo's time."""
    return {
        "existing": collected.existing,
        "collected": collected.distinct,
        "doubled": collected.doubled,
        "lost": collected.lost,
        "stories": {verdict.name: sorted(verdict.fired) for verdict in comparison.stories},
        "missed": {verdict.name: verdict.missed for verdict in comparison.stories if verdict.missed},
        "routine": {verdict.name: sorted(verdict.fired) for verdict in comparison.routine},
        "habits": {verdict.name: sorted(verdict.fired) for verdict in comparison.habits},
        "unexplained": [
            {name: finding[name] for name in ("rule_id", "entity", "triggered_at", "summary")}
            for finding in comparison.unexplained
        ],
        "findings": len(simulated.history.findings),
        "actions": {"run": simulated.actions, "failed": simulated.failed_actions},
        "restarts": collected.restarts,
        "seed": seed,
        "seconds": round(seconds, 1),
    }


def write_files(out: Path, findings: Sequence[Finding], summary: dict[str, Any]) -> None:
    """findings.jsonl and summary.json."""
    with (out / "findings.jsonl").open("w", encoding="utf-8") as file:
        for finding in findings:
            file.write(json.dumps(finding, ensure_ascii=False) + "\n")
    text = json.dumps(summary, ensure_ascii=False, indent=2)
    (out / "summary.json").write_text(text + "\n", encoding="utf-8")


def show(
    console: Console,
    findings: Sequence[Finding],
    comparison: Comparison,
    summary: dict[str, Any],
    out: Path,
) -> None:
    """Print everything a person wants to know, in the order in which he asks."""
    console.print(_triggered(findings, comparison))
    console.print(_stories(comparison))
    _others(console, comparison)
    whole = summary["lost"] == 0
    console.print(
        f"Collected [bold]{summary['collected']:,}[/] of {summary['existing']:,} existing entries, "
        f"lost [{'green' if whole else 'bold red'}]{summary['lost']:,}[/], doubled {summary['doubled']:,}, "
        f"in {summary['seconds']} s."
    )
    shown = Path(os.path.relpath(out)) if out.is_relative_to(Path.cwd()) else out
    console.print(f"Look next: {escape(str(shown / 'findings.jsonl'))} (every finding, one JSON object a line),")
    console.print(f"           {escape(str(shown / 'summary.json'))} (the figures above),")
    console.print("           default/savedsearches.conf (what fired), docs/ (what to tune and how to install).")


def _triggered(findings: Sequence[Finding], comparison: Comparison) -> Table:
    table = _table("Triggered alerts", "each with the story it belongs to")
    table.add_column("Time (UTC)", width=11)
    table.add_column("Alert", overflow="fold", width=20)
    table.add_column("Severity", width=8)
    table.add_column("Entity", overflow="fold", width=17)
    table.add_column("What happened", overflow="fold", ratio=1)
    for number, finding in enumerate(findings):
        severity = str(finding["severity"])
        story = comparison.belongs.get(number)
        table.add_row(
            iso(finding["triggered_at"])[5:16],
            escape(f"{finding['rule_id']} {short_title(finding['rule'])}")
            + (f"\n[dim]{escape(story)}[/]" if story else "\n[magenta]no story[/]"),
            f"[{_COLOURS.get(severity, 'default')}]{escape(severity)}[/]",
            escape(_text(finding["entity"])),
            escape(_text(finding["summary"])),
        )
    return table


def _table(title: str, addition: str) -> Table:
    return Table(
        title=f"[bold]{title}[/], {addition}",
        title_justify="left",
        title_style="default",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
        expand=True,
    )


def _stories(comparison: Comparison) -> Table:
    table = _table("Ground truth", "what was staged and what had to fire because of it")
    table.add_column("Story", overflow="fold", max_width=24)
    table.add_column("What was staged", overflow="fold", ratio=1)
    table.add_column("Had to fire", max_width=11)
    table.add_column("Fired", max_width=12)
    for verdict in comparison.stories:
        table.add_row(escape(verdict.name), escape(verdict.tale), " ".join(verdict.expected), _fired(verdict))
    return table


def _fired(verdict: Verdict) -> str:
    fired = [
        f"[green]{escape(rule_id)}[/]" if rule_id in verdict.expected else escape(rule_id)
        for rule_id in sorted(verdict.fired)
    ]
    missed = [f"[bold red]{escape(rule_id)} missed[/]" for rule_id in verdict.missed]
    return "\n".join(([" ".join(fired)] if fired else []) + missed)


def _others(console: Console, comparison: Comparison) -> None:
    routine = [verdict for verdict in [*comparison.routine, *comparison.habits] if verdict.fired]
    if routine:
        console.print("[bold]Fired without an attack: honest occurrences that are worth a glance[/]")
        for verdict in routine:
            console.print(f"  {' '.join(sorted(verdict.fired))}  {escape(verdict.tale)}")
    if comparison.unexplained:
        console.print(f"[bold magenta]Fired without any story: {len(comparison.unexplained)}[/]")
        for finding in comparison.unexplained:
            console.print(
                f"  {iso(finding['triggered_at'])[:16]}  {escape(_text(finding['rule_id']))}  "
                f"{escape(_text(finding['summary']))}"
            )
    else:
        console.print("Nothing fired without an explanation.")
    console.print()


def short_title(rule: Any) -> str:
    """The alert's name without the words that all of them share."""
    text = str(rule)
    text = text[len("Slack - ") :] if text.startswith("Slack - ") else text
    return text[: -len(" - Rule")] if text.endswith(" - Rule") else text


def _text(value: Any) -> str:
    if value is None:
        return ""
    return ", ".join(str(member) for member in value) if isinstance(value, list) else str(value)
