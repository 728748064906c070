"""docs/sandbox.md names every command that the engine runs, and none that it refuses."""

from __future__ import annotations

import re

from sandbox.spl import APP_ROOT, SplError, search
from sandbox.spl.commands import COMMANDS
from sandbox.spl.commands.refused import ADVICE

PAGE = (APP_ROOT / "docs" / "sandbox.md").read_text(encoding="utf-8")
TABLE = PAGE[PAGE.index("### What it knows") : PAGE.index("### Where it may differ")]
NAMED = {name for row in TABLE.splitlines() if row.startswith("|") for name in re.findall(r"`([a-z]+)`", row)}


def test_the_page_names_what_the_engine_runs() -> None:
    missing = sorted(set(COMMANDS) - set(ADVICE) - NAMED)
    assert not missing, f"not in docs/sandbox.md: {missing}"
    assert not sorted(NAMED & set(ADVICE))


def test_the_example_of_the_page_runs() -> None:
    start = PAGE.index("```python\nfrom sandbox.spl import search")
    example = PAGE[start + len("```python") :].split("```")[0]
    names: dict[str, object] = {}
    exec(example, names)  # noqa: S102 - the page's own example
    assert names["result"].rows == [{"user": "W1", "count": 1}]  # type: ignore[attr-defined]


def test_refused_commands_say_the_way_round() -> None:
    for name, advice in ADVICE.items():
        try:
            search(f"search * | {name} x", [], now=0, app=None)
        except SplError as error:
            assert name in str(error) and advice in str(error)
        else:
            raise AssertionError(f"{name} was not refused")
