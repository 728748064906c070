"""Tables and progress bars, the same in all measurements."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from sandbox.console import progress_bar

__all__ = ["new_table", "progress", "screen", "verdict"]
#: Columns where the output is no terminal.
WIDTH = 110


def screen() -> Console:
    """Return the console for results; into a file the tables are not squeezed."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=WIDTH)


def new_table(title: str, addition: str, columns: Sequence[str]) -> Table:
    """Return an empty table; the first column is text, the last the verdict, those between are figures."""
    table = Table(
        title=f"[bold]{title}[/], {addition}",
        title_justify="left",
        title_style="default",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    for place, name in enumerate(columns):
        table.add_column(name, justify="right" if 0 < place < len(columns) - 1 else "left")
    return table


def verdict(holds: bool | None) -> str:
    """Return ok, not ok, or nothing where there is nothing to hold."""
    return "" if holds is None else "[green]ok[/]" if holds else "[bold red]not ok[/]"


def progress(console: Console) -> Progress:
    """Return a bar that shows on a terminal alone."""
    return progress_bar(console)
