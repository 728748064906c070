"""Commands in the documentation: each target, module and option exists, and the quick ones are run as they stand."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.app.doc_pages import PAGES, ROOT, blocks, name_of, spans
from tools.bench import measurements

pytestmark = pytest.mark.once

PROGRAMS = ("make ", "python3 -m ", "python -m ", "python bench/")
TARGETS = set(re.findall(r"(?m)^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8")))
PLACEHOLDERS = ("...", "…", "<", ">")


def commands() -> list[str]:
    """Return every command of make or Python in the documentation, without comments."""
    found = set()
    for page in PAGES:
        lines = [line for block in blocks(page) for line in block.text.replace("\\\n", " ").splitlines()]
        for text in [*lines, *spans(page)]:
            text = text.strip()
            text = re.sub(r"^(\w+=\S+ )+", "", text)  # variables of the environment
            if text.startswith(PROGRAMS):
                found.add(text.split("  #")[0].strip())
    return sorted(found)


COMMANDS = commands()


def test_there_are_commands() -> None:
    assert len(COMMANDS) > 30
    assert any("ARGS=" in command for command in COMMANDS)


@pytest.mark.parametrize("command", [command for command in COMMANDS if command.startswith("make")])
def test_a_target_and_its_arguments_exist(command: str) -> None:
    words = shlex.split(command)
    targets = [word for word in words[1:] if "=" not in word]
    assert len(targets) == 1 and targets[0] in TARGETS, f"make knows {sorted(TARGETS)}"
    variables = dict(word.split("=", 1) for word in words[1:] if "=" in word)
    assert set(variables) <= {"ARGS", "PYTHON3"}
    arguments = shlex.split(variables.get("ARGS", ""))
    if any(mark in word for word in arguments for mark in PLACEHOLDERS):
        return
    if targets[0] == "bench" and arguments:
        script = measurements()[arguments[0]]
        assert_options(("tools.run_file", str(script.relative_to(ROOT))), arguments[1:])
    elif targets[0] == "test":
        assert not arguments or (ROOT / arguments[0].partition("::")[0]).exists(), arguments
    elif targets[0] in ("demo", "serve"):
        assert_options(("sandbox", targets[0]), arguments)


@pytest.mark.parametrize("command", [command for command in COMMANDS if command.startswith("python")])
def test_a_module_and_its_options_exist(command: str) -> None:
    words = [word for word in shlex.split(command)[1:] if not any(mark in word for mark in PLACEHOLDERS)]
    if words[:3] == ["-m", "tools.run", "dev"]:
        words = words[3:]
    if not words:
        return
    if words[0] != "-m":
        assert (ROOT / words[0]).is_file()
        assert_options(("tools.run_file", words[0]), words[1:])
        return
    assert find_spec(words[1]) is not None, f"there is no module {words[1]}"
    rest = words[2:]
    if words[1] == "pytest":
        assert all((ROOT / word).exists() for word in rest if not word.startswith("-"))
    elif words[1] == "sandbox" and rest:
        assert_options((words[1], rest[0]), rest[1:])
    else:
        assert_options((words[1],), rest)


def assert_options(program: tuple[str, ...], arguments: list[str]) -> None:
    before_dashes = arguments[: arguments.index("--")] if "--" in arguments else arguments
    wanted = {word.split("=")[0] for word in before_dashes if word.startswith("--")} - {"--help"}
    if wanted:
        known = set(re.findall(r"--[a-z][a-z-]*", help_of(program)))
        assert wanted <= known, f"{' '.join(program)} --help does not know {sorted(wanted - known)}"


@cache
def help_of(program: tuple[str, ...]) -> str:
    command = [program[1]] if program[0] == "tools.run_file" else ["-m", *program]
    done = run([sys.executable, *command, "--help"])
    assert done.returncode == 0, done.stderr
    return done.stdout


def run(command: list[str], folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL, check=False
    )


@pytest.fixture
def last_month(tmp_path: Path) -> Path:
    """An export as the README wants it: one account takes 60 files in half an hour."""
    person = {"type": "user", "user": {"id": "W0EXAMPLE", "name": "Ana", "email": "ana@corp.example"}}
    place = {"type": "enterprise", "id": "E0EXAMPLE", "name": "Corp", "domain": "corp"}
    entries = [
        {
            **{"id": f"00000000-0000-4000-8000-{number:012d}", "date_create": 1_772_366_400 + 30 * number},
            **{"action": "file_downloaded", "actor": person},
            "entity": {"type": "file", "file": {"id": f"F{number:08d}", "name": "plan.pdf", "filetype": "pdf"}},
            "context": {"location": place, "ua": "Slack", "ip_address": "192.0.2.7", "session_id": 1},
        }
        for number in range(60)
    ]
    path = tmp_path / "last-month.jsonl"
    path.write_text("\n".join(json.dumps(entry) for entry in entries), encoding="utf-8")
    return path


def readme_command(subcommand: str) -> list[str]:
    line = next(
        line.strip()
        for block in blocks(ROOT / "README.md")
        for line in block.text.splitlines()
        if f"-m sandbox {subcommand} " in line
    )
    words = shlex.split(line)
    return [sys.executable, *words[words.index("dev") + 1 :]]


def test_the_replay_of_the_readme_runs_and_its_threshold_counts(last_month: Path) -> None:
    command = [str(last_month) if word == "last-month.jsonl" else word for word in readme_command("replay")]
    with_it = run([*command, "--rule", "Slack - Mass Download - Rule"])
    assert with_it.returncode == 0, with_it.stderr
    findings = [json.loads(line) for line in with_it.stdout.splitlines()]
    assert {finding["rule_id"] for finding in findings} == {"U40"}
    higher = ["slack_mass_download_threshold=61" if "_threshold=" in word else word for word in command]
    without = run([*higher, "--rule", "Slack - Mass Download - Rule"])
    assert without.returncode == 0 and not without.stdout, without.stdout + without.stderr


def test_the_search_of_the_readme_runs(last_month: Path) -> None:
    done = run([str(last_month) if word == "last-month.jsonl" else word for word in readme_command("search")])
    assert done.returncode == 0, done.stderr
    assert [json.loads(line) for line in done.stdout.splitlines()] == [{"slack_action": "file_downloaded", "count": 60}]


@pytest.mark.parametrize("command", ["tools.run --help", "tools.detections_doc --check", "tools.run_tests --help"])
def test_quick_ones_run(command: str) -> None:
    done = run([sys.executable, "-m", *command.split()])
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_target_is_told_to_contributors() -> None:
    told = {span.split()[1] for span in spans(ROOT / "docs" / "contributing.md") if span.startswith("make ")}
    assert TARGETS - told <= {"help"}, f"{name_of(ROOT / 'docs' / 'contributing.md')} says nothing of these targets"
