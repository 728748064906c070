"""The two ends of a terminal: stdout for results, stderr for progress and complaints."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

EXIT_OK = 0
EXIT_FAILED = 1
EXIT_REFUSED = 2  # the question itself was wrong
EXIT_INTERRUPTED = 130


class Refused(Exception):
    """A question that cannot be answered as asked; the text is all that the user needs."""


def write_json_line(value: Mapping[str, Any]) -> None:
    """One JSON object on a line of stdout, at once."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, separators=(", ", ": ")) + "\n")
    sys.stdout.flush()


def complain(text: str) -> None:
    """One line, or several that belong together, on stderr."""
    sys.stderr.write(text.rstrip("\n") + "\n")
    sys.stderr.flush()


def error_console() -> Console:
    return Console(stderr=True, highlight=False)


def progress_bar(console: Console) -> Progress:
    """A bar that shows on a terminal alone and leaves nothing behind."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=32),
        TaskProgressColumn(),
        TextColumn("{task.fields[detail]}"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def save_picture(console: Console, path: Path, title: str) -> None:
    """Write what a recording console has shown as an SVG that needs nothing from elsewhere.

    rich names web fonts in the picture; a reader's own monospaced font does.
    """
    picture = re.sub(r"@font-face \{.*?\}\s*", "", console.export_svg(title=title), flags=re.DOTALL)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(picture, encoding="utf-8")
