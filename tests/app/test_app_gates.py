"""The checkers of what ships: what they find is explained or stands against the app, and silence is no consent."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tools import audit, gates, sbom
from tools.vendor import pins

pytestmark = pytest.mark.once


def test_a_finding_passes_only_while_its_reason_fits() -> None:
    assert gates.verdict(["B1 a.py: bad"], {r"B1 a\.py: .*": "because"}) == []
    assert gates.verdict(["B1 b.py: bad"], {r"B1 a\.py: .*": "because"}) == [
        "B1 b.py: bad", r"expected and no longer found: B1 a\.py: .*"]  # fmt: skip


@pytest.mark.parametrize("name", ["bandit", "slim"])
def test_every_reason_says_something_and_its_pattern_is_narrow(name: str) -> None:
    for pattern, reason in gates.read_expected(name).items():
        assert len(reason) > 30 and not re.fullmatch(pattern, "[WARNING] default/other.conf, line 1: something else")


def test_bandit_sees_what_is_planted(tmp_path: Path) -> None:
    (tmp_path / "planted.py").write_text("import subprocess\nsubprocess.call('ls ' + input(), shell=True)\n")
    found = gates.bandit(tmp_path)
    assert any(line.startswith("B602 planted.py: ") for line in found), found
    assert gates.verdict(found, gates.read_expected("bandit"))


def pip_report(**more: Any) -> dict[str, Any]:
    vulnerable = {"name": "requests", "version": "2.32.5", "vulns": [{"id": "PYSEC-1", "aliases": ["CVE-2026-25645"]}]}
    return {"dependencies": [{"name": "idna", "version": "3.20", "vulns": []}, vulnerable, *more.values()]}


def test_a_known_advisory_passes_for_the_release_that_it_is_explained_for() -> None:
    found = audit.of_pip(pip_report())
    assert found == [("requests==2.32.5", ["PYSEC-1", "CVE-2026-25645"])]
    expected = audit.read_expected()
    assert audit.verdict(found, expected) == []
    assert audit.verdict([("requests==2.32.6", ["CVE-2026-25645"])], expected)
    assert audit.verdict([("requests==2.32.5", ["CVE-2030-1"])], expected) == ["requests==2.32.5: CVE-2030-1"]


def test_a_package_that_was_skipped_is_no_clean_one() -> None:
    with pytest.raises(audit.NotAnswered, match=r"1 of 3 packages \(attrs\)"):
        audit.of_pip(pip_report(skipped={"name": "attrs", "skip_reason": "not found"}))
    with pytest.raises(audit.NotAnswered):
        audit.of_pip({"dependencies": []})


def test_npm_is_read_and_its_refusal_is_no_clean_report() -> None:
    cause = {"source": 1, "url": "https://github.com/advisories/GHSA-aaaa-bbbb-cccc", "title": "x"}
    report = {"vulnerabilities": {"lodash": {"via": [cause]}, "other": {"via": ["lodash"]}}}
    assert audit.of_npm(report) == [("lodash", ["GHSA-aaaa-bbbb-cccc"])]
    assert audit.of_npm({"vulnerabilities": {}}) == []
    with pytest.raises(audit.NotAnswered, match="405"):
        audit.of_npm({"message": "405 Method Not Allowed"})


def test_what_is_explained_is_what_ships() -> None:
    expected = audit.read_expected()
    assert audit.stale(expected) == []
    assert audit.stale({"CVE-1": {"package": "requests==1.0", "reason": ""}})
    assert all(len(entry["reason"]) > 60 and entry["package"] in pins().values() for entry in expected.values())
    root = Path(__file__).resolve().parents[2]
    for entry in expected.values():
        for named in re.findall(r"tests/[\w/]+\.py", entry["reason"]):
            assert (root / named).is_file(), named


def test_a_licence_without_a_short_name_keeps_its_own() -> None:
    assert sbom._licence("MIT License") == [{"expression": "MIT"}]
    assert sbom._licence("Something of our own") == [{"license": {"name": "Something of our own"}}]
    assert json.dumps(sbom._licence("Apache-2.0 OR BSD-2-Clause")).count("expression") == 1
