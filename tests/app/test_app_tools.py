"""The tools behind make: exact pins, help for each target, Pythons found or missed in words, AppInspect's gate."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tools import environments, pythons
from tools.appinspect_gate import FEWEST_CHECKS, Expected, Finding, read_expected, verdict
from tools.pythons import Python

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = [*sorted((ROOT / "requirements").glob("*.txt")), ROOT / "lib" / "requirements.txt"]


# --- pins


@pytest.mark.parametrize("path", REQUIREMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_requirement_is_pinned_to_one_version(path: Path) -> None:
    names = []
    for line in path.read_text().splitlines():
        if line and not line.startswith(("#", "-r ")):
            assert re.fullmatch(r'[\w.-]+==[\w.]+(; python_version (<|>=) "3\.\d+")?', line), line
            names.append(re.sub(r"[-_.]+", "-", line.partition("==")[0]).lower())
    assert names, "no requirement at all"
    assert len(names) == len(set(names)), "a package stands twice"


def test_the_packaged_libraries_are_those_that_the_tests_use() -> None:
    included = environments.requirement_files(ROOT / "requirements" / "dev.txt")
    assert ROOT / "lib" / "requirements.txt" in included


def test_an_environment_is_made_again_when_a_pin_or_the_python_changes(tmp_path: Path) -> None:
    base, more = tmp_path / "base.txt", tmp_path / "more.txt"
    base.write_text("one==1\n")
    more.write_text("-r base.txt\ntwo==2\n")
    nine = Python("3.9", "3.9.18", "/usr/bin/python3.9")
    first = environments.digest_of(more, nine)
    assert environments.digest_of(more, nine) == first
    assert environments.digest_of(more, Python("3.9", "3.9.19", "/usr/bin/python3.9")) != first
    base.write_text("one==1.1\n")
    assert environments.digest_of(more, nine) != first


# --- make


@pytest.mark.once
def test_make_lists_every_target_with_a_line_of_help() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"(?m)^([a-z]+):", makefile))
    listed = subprocess.run(["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True)
    shown = dict(re.findall(r"(?m)^  make (\w+) +(\S.*)$", listed.stdout))
    assert set(shown) == targets
    assert {"demo", "test", "check", "lint", "fmt", "package", "bench", "clean"} <= targets


def test_ci_runs_check_and_test_and_nothing_else() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    commands = [line for line in script.splitlines() if line and not line.startswith("#")]
    assert commands == ["set -euo pipefail", 'cd "$(dirname "$0")/.."', "make check", "make test"]


# --- Pythons


def fake_python(path: Path, release: str, venv: int = 1) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/bin/sh\necho {release}; echo "{path}"; echo {venv}\n')
    path.chmod(0o755)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with nothing but what a test puts on its PATH (bin) or into pyenv's versions."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    return tmp_path


def test_a_python_on_the_path_is_found(machine: Path) -> None:
    fake_python(machine / "bin" / "python3.42", "3.42.7")
    assert pythons.find("3.42") == Python("3.42", "3.42.7", str(machine / "bin" / "python3.42"))


def test_plain_python3_counts_when_it_is_that_version(machine: Path) -> None:
    fake_python(machine / "bin" / "python3", "3.42.0")
    assert isinstance(pythons.find("3.42"), Python)
    assert isinstance(pythons.find("3.43"), str)


def test_of_pyenvs_versions_the_newest_counts(machine: Path) -> None:
    for release in ("3.42.9", "3.42.10"):
        fake_python(machine / "pyenv" / "versions" / release / "bin" / "python", release)
    found = pythons.find("3.42")
    assert isinstance(found, Python)
    assert found.release == "3.42.10"


def test_a_name_that_starts_nothing_is_passed_over(machine: Path) -> None:
    shim = machine / "bin" / "python3.42"
    fake_python(shim, "3.42.0")
    shim.write_text("#!/bin/sh\necho 'not installed' >&2; exit 127\n")
    assert "not on this machine" in str(pythons.find("3.42"))


def test_a_python_without_venv_is_named_with_the_remedy(machine: Path) -> None:
    fake_python(machine / "bin" / "python3.42", "3.42.0", venv=0)
    assert "apt-get install python3.42-venv" in str(pythons.find("3.42"))


# --- AppInspect


def report(*extra: Finding) -> list[Finding]:
    return [Finding(f"check_{number}", "success", ()) for number in range(FEWEST_CHECKS)] + list(extra)


KNOWN = {"check_sdk": Expected("still 3.9", r"outdated version .*2\.1\.1")}
SDK = Finding("check_sdk", "warning", ("outdated version of the SDK (2.1.1)",))


def test_a_clean_report_with_the_expected_warning_passes() -> None:
    assert verdict(report(SDK), KNOWN) == []


@pytest.mark.parametrize("result", ["failure", "error", "future_failure", "manual_check", "skipped", "warning"])
def test_anything_else_is_held_against_the_package(result: str) -> None:
    against = verdict(report(SDK, Finding("check_bad", result, ("it is bad",))), KNOWN)
    assert against == [f"{result}: check_bad: it is bad"]


def test_an_expected_check_passes_only_with_the_expected_words() -> None:
    other = Finding("check_sdk", "warning", ("outdated version of the SDK (2.1.1)", "the SDK is unsafe"))
    assert len(verdict(report(other), KNOWN)) == 1


def test_a_failure_of_an_expected_check_does_not_pass() -> None:
    assert verdict(report(Finding("check_sdk", "failure", SDK.messages)), KNOWN) != []


def test_an_expectation_that_no_longer_holds_must_go() -> None:
    assert "no longer seen: check_sdk" in verdict(report(), KNOWN)[0]


def test_a_report_with_hardly_any_check_does_not_pass() -> None:
    assert "only 1 checks ran" in verdict([SDK], KNOWN)[0]


def test_every_expected_warning_has_a_reason_and_a_narrow_pattern() -> None:
    for check, expected in read_expected().items():
        assert len(expected.reason) > 30, check
        assert not re.match(expected.only, "some other message"), check
