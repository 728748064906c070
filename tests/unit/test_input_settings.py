"""Settings of the input: defaults, spec and scheme agree, and each number ends at its bounds."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

import pytest

from slack_audit_monitor import settings as input_settings
from slack_audit_monitor.errors import (
    ConfigError,
)

ROOT = Path(__file__).resolve().parents[2]
NOW = 1_790_000_000


def conf(path: Path) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, delimiters=("=",), comment_prefixes=("#",))
    parser.read_string(path.read_text())
    return parser


def test_settings_defaults_and_spec_agree():
    defaults = conf(ROOT / "default/inputs.conf")["slack_audit"]
    spec = (ROOT / "README/inputs.conf.spec").read_text()
    assert "[slack_audit://<name>]" in spec
    for setting in input_settings.SETTINGS:
        assert defaults[setting.name] == setting.default, setting.name
        block = re.search(rf"^{setting.name} = .*\n((?:[* ].*\n)+)", spec, re.MULTILINE)
        assert block, f"{setting.name} is not in the spec"
        assert f"* Default: {setting.default or '(empty)'}\n" in block.group(1), setting.name
        if setting.is_number:
            assert f"{setting.low} to {setting.high}" in block.group(1), setting.name
    ours = {s.name for s in input_settings.SETTINGS} | {"interval"}
    assert set(re.findall(r"^(\w+) = ", spec, re.MULTILINE)) == ours
    splunks = {"python.version", "python.required", "start_by_shell", "interval", "index", "sourcetype"}
    assert set(defaults) == {s.name for s in input_settings.SETTINGS} | splunks
    assert defaults["interval"] == "60" and defaults["start_by_shell"] == "false"
    assert [s for s in conf(ROOT / "default/inputs.conf").sections() if "://" in s] == []


def test_the_scheme_tells_splunkd_the_same_settings():
    import xml.etree.ElementTree as ElementTree

    from slack_audit_monitor.modinput import scheme_xml

    arguments = ElementTree.fromstring(scheme_xml()).findall("endpoint/args/arg")
    told = {a.get("name"): a for a in arguments}
    assert list(told) == [s.name for s in input_settings.SETTINGS]
    for setting in input_settings.SETTINGS:
        argument = told[setting.name]
        assert argument.findtext("title") == setting.title
        assert setting.description in (argument.findtext("description") or "")
        assert f"Default: {setting.default or 'empty'}." in (argument.findtext("description") or "")
        assert argument.findtext("data_type") == ("number" if setting.is_number else "string")
        assert argument.findtext("required_on_create") == argument.findtext("required_on_edit") == "false"


@pytest.mark.parametrize("setting", [s for s in input_settings.SETTINGS if s.is_number], ids=lambda s: s.name)
def test_numbers_are_taken_at_their_bounds_and_refused_beyond(setting):
    late = {"late_arrival_seconds": "604800"} if setting.name == "overlap_seconds" else {"overlap_seconds": "0"}
    for value in (setting.low, setting.high):
        found = input_settings.read_settings("prod", {**late, setting.name: str(value)}, NOW)
        assert getattr(found, setting.name) == value
    for value in (setting.low - 1, setting.high + 1, "1e3", "5.0", "x", "-0"):
        with pytest.raises(ConfigError, match=f"^{setting.name}: .* {setting.low} to {setting.high}"):
            input_settings.read_settings("prod", {**late, setting.name: str(value)}, NOW)


def test_a_ca_bundle_without_certificates_is_refused(tmp_path):
    path = tmp_path / "ca.pem"
    path.write_text("this is no certificate")
    with pytest.raises(ConfigError, match="ca_bundle.*certificates"):
        input_settings.read_settings("prod", {"ca_bundle": str(path)}, NOW)


def test_defaults_are_good_settings():
    found = input_settings.read_settings("prod", {}, NOW)
    assert found.start_at == NOW - 30 * 86_400 and found.addresses.logs.startswith("https://api.slack.com/")


@pytest.mark.parametrize("text", ["60", "10", "0.5e2", "*/5 * * * *", "0 0-6,8 1,2 * */2"])
def test_intervals_that_are_good(text):
    input_settings.check_interval(text)


@pytest.mark.parametrize("text", ["0", "-1", "9.9", "nan", "inf", "* * * *", "0 0 * jan *", ""])
def test_intervals_that_are_not(text):
    with pytest.raises(ConfigError, match="interval"):
        input_settings.check_interval(text)
