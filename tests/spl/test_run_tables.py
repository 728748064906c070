"""One table for each command (tables/<command>.yaml), written from the words of its page of the manual.

A table names the page, the rows given (newest first) and its cases: what the page says, a search over those rows, and
the rows it must give, or a part of the refusal. A case warns only where it or its table says so.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.spl import SplError
from sandbox.spl.commands import COMMANDS
from sandbox.spl.commands.refused import ADVICE
from tests.spl.run_table import METADATA, result

FOLDER = Path(__file__).parent / "tables"
TABLES = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.yaml"))}
CASES = [
    pytest.param(name, table, case, id=f"{name}: {case['says']}")
    for name, table in TABLES.items()
    for case in table["cases"]
]
OPTIONS = ("earliest", "latest", "now", "tz")


@pytest.mark.parametrize(("name", "table", "case"), CASES)
def test_case(name: str, table: dict[str, Any], case: dict[str, Any]) -> None:
    spl = case["search"]
    if not spl.startswith(("search ", "|")):
        spl = f"search * | {spl}"
    options: dict[str, Any] = {key: case[key] for key in OPTIONS if key in case}
    options.update({key: table[key] for key in ("lookups", "geo") if key in table})
    if "refused" in case:
        with pytest.raises(SplError) as caught:
            result(spl, table["given"], **options)
        assert case["refused"] in str(caught.value) and caught.value.line == 1
        return
    answer = result(spl, table["given"], **options)
    wanted = {name for row in case["rows"] for name in row}
    rows = [
        {key: value for key, value in row.items() if key not in METADATA or key in wanted} for row in answer.rows
    ]
    assert rows == case["rows"]
    warned = case.get("warns") or table.get("warns")
    if warned:
        assert any(warned in sentence for sentence in answer.warnings)
    else:
        assert answer.warnings == []


def test_every_command_has_its_table() -> None:
    twins = {"bucket": "bin", "addcoltotals": "addtotals"}
    known = {twins.get(name, name) for name in COMMANDS if name not in ADVICE}
    assert known - set(TABLES) == set()
    assert all(table["page"].startswith("SR: ") for table in TABLES.values())
