"""The action's parameters: table, conf, spec and manual say the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sandbox.confs import AppConfs
from slack_audit_monitor.digest.answer import Unusable
from slack_audit_monitor.digest.settings import DEFAULTS, NUMBERS, read_model

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
ACTION = "slack_audit_digest"


def spec() -> dict[str, str]:
    """Parameter -> default, as README/alert_actions.conf.spec states it."""
    text = (ROOT / "README" / "alert_actions.conf.spec").read_text(encoding="utf-8")
    section = text.partition(f"[{ACTION}]")[2].partition("\n[")[0]
    found = re.findall(r"^param\.(\w+) = .*?^\* Default: (.*?)$", section, re.MULTILINE | re.DOTALL)
    return {name: default.partition(",")[0].replace("(empty)", "") for name, default in found}


def test_conf_spec_and_table_have_the_same_parameters_and_defaults() -> None:
    conf = AppConfs(ROOT).conf("alert_actions")[ACTION]
    shipped = {name.removeprefix("param."): value for name, value in conf.items() if name.startswith("param.")}
    assert shipped == DEFAULTS
    assert spec() == DEFAULTS


def test_as_shipped_no_model_is_asked() -> None:
    assert read_model(DEFAULTS) is None


def test_the_limits_stand_in_the_spec() -> None:
    text = (ROOT / "README" / "alert_actions.conf.spec").read_text(encoding="utf-8")
    for low, high in NUMBERS.values():
        assert f"from {low} to {high}" in text


def test_the_manual_names_every_parameter_and_every_reason_to_fall_back() -> None:
    page = (ROOT / "docs" / "digest.md").read_text(encoding="utf-8")
    for name in set(DEFAULTS) - {"index"}:
        assert f"`{name}`" in page, name
    sources = (ROOT / "bin" / "slack_audit_monitor" / "digest").glob("*.py")
    raised = {
        code
        for path in sources
        for code in re.findall(r'Unusable\(\s*"(\w+)"', path.read_text(encoding="utf-8"))
    }
    assert len(raised) > 15 and issubclass(Unusable, Exception)
    for code in raised:
        assert f"`{code}`" in page, code


def test_longest_run_fits_the_time_that_splunk_gives_the_action() -> None:
    conf = AppConfs(ROOT).conf("alert_actions")[ACTION]
    assert conf["maxtime"] == "6m"
    assert 2 * NUMBERS["model_timeout"][1] + 60 + 2 * 15 < 360
