"""The input as a process: XML on stdin, event XML on stdout, a checkpoint folder that lives on between runs."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pytest

from slack_audit_monitor import modinput

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 240  # of a busy machine; what takes longer hangs


def _load(name: str) -> Any:
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(name + ".py"))
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


double = _load("slack_double")
in_process = _load("in_process")
_load("fuzzed_pages")


class Result:
    """What a finished run left behind."""

    def __init__(self, code: int, stdout: bytes, stderr: str) -> None:
        self.code, self.stdout, self.stderr = code, stdout, stderr

    def events(self) -> list[ElementTree.Element]:
        """Return the whole events; what follows the last whole one (a killed process) is cut off."""
        text = self.stdout
        if not text.rstrip().endswith(b"</stream>"):
            text = (
                text[: text.rfind(b"</event>") + len(b"</event>")] + b"</stream>"
                if b"</event>" in text
                else b"<stream></stream>"
            )
        return list(ElementTree.fromstring(text))

    def texts(self) -> list[str]:
        return [event.findtext("data") or "" for event in self.events()]

    def ids(self) -> list[str]:
        return [json.loads(text)["id"] for text in self.texts()]

    def figure(self, name: str) -> str:
        line = next(line for line in self.stderr.splitlines() if "event=run_finished" in line)
        found = re.search(rf' {name}=("[^"]*"|\S+)', line)
        return found.group(1).strip('"') if found else ""


class Input:
    """One stanza under test."""

    def __init__(self, folder: Path, slack: Any, splunkd: Any) -> None:
        self.folder, self.slack, self.splunkd = folder, slack, splunkd
        self.params: dict[str, str] = {
            "api_url": slack.url,
            "start_time": "-2h",
            "index": "slack_audit",
            "interval": "60",
        }
        self.home: Path | None = None
        self.app = ROOT
        self.session_key = splunkd.session_key

    def environment(self) -> dict[str, str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if name not in ("SPLUNK_HOME",) and "PROXY" not in name.upper()
        }
        # Where app and tests run from a checkout, the packages of lib/ are those of the test environment.
        if self.app == ROOT:
            kept["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if "site-packages" in path)
        if self.home is not None:
            kept["SPLUNK_HOME"] = str(self.home)
        return kept

    def run_xml(self, name: str = "prod") -> bytes:
        params = "".join(f"<param name={quoteattr(k)}>{escape(v)}</param>" for k, v in self.params.items())
        return (
            f"<input><server_host>h</server_host><server_uri>{self.splunkd.url}</server_uri><session_key>{self.session_key}"
            f"</session_key><checkpoint_dir>{self.folder}</checkpoint_dir><configuration>"
            f'<stanza name="slack_audit://{name}" app="slack_audit_monitor">{params}</stanza></configuration></input>'
        ).encode()

    def start(self, name: str = "prod", stdout: int = subprocess.PIPE) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, str(self.app / "bin" / "slack_audit.py")],
            stdin=subprocess.PIPE,
            stdout=stdout,
            stderr=subprocess.PIPE,
            env=self.environment(),
        )
        assert process.stdin is not None
        process.stdin.write(self.run_xml(name))
        process.stdin.close()
        process.stdin = None
        return process

    def run(self, name: str = "prod", timeout: float = PATIENCE_SECONDS) -> Result:
        process = self.start(name)
        try:
            stdout, stderr = process.communicate(timeout=timeout)
        finally:
            process.kill()
            process.wait()
        return Result(process.returncode, stdout, stderr.decode())

    def run_until_killed(self, stdout_bytes: int) -> tuple[Result, bool]:
        """Kill a run with SIGKILL once it has written so much; tell whether it was still alive then."""
        process = self.start()
        assert process.stdout is not None and process.stderr is not None
        got = b""
        while len(got) < stdout_bytes:
            piece = process.stdout.read1(65_536)  # type: ignore[attr-defined]
            if not piece:
                break
            got += piece
        alive = process.poll() is None
        process.kill()
        got += process.stdout.read()
        stderr = process.stderr.read().decode()
        code = process.wait()
        process.stdout.close()
        process.stderr.close()
        return Result(code, got, stderr), alive and code == -9

    def validate(self, name: str = "prod") -> tuple[int, str]:
        """What splunkd does before it saves a stanza: the exit code and the message."""
        done = subprocess.run(
            [sys.executable, str(ROOT / "bin" / "slack_audit.py"), "--validate-arguments"],
            input=self._validation_xml(name),
            capture_output=True,
            env=self.environment(),
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        return done.returncode, _message(done.stdout.decode())

    def judge(self) -> tuple[int, str]:
        """The same in the test's own process, for cases by the dozen."""
        told = io.StringIO()
        given = io.TextIOWrapper(io.BytesIO(self._validation_xml("prod")))
        with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(told):
            for variable in os.environ.keys() - self.environment().keys():
                patch.delenv(variable)
            patch.setattr(sys, "stdin", given)
            code = modinput.main(["slack_audit.py", "--validate-arguments"])
        return code, _message(told.getvalue())

    def _validation_xml(self, name: str) -> bytes:
        params = "".join(f"<param name={quoteattr(k)}>{escape(v)}</param>" for k, v in self.params.items())
        return (
            f"<items><server_host>h</server_host><server_uri>{self.splunkd.url}</server_uri><session_key>{self.session_key}"
            f"</session_key><checkpoint_dir>{self.folder}</checkpoint_dir>"
            f"<item name={quoteattr(name)}>{params}</item></items>"
        ).encode()


def _message(text: str) -> str:
    return (ElementTree.fromstring(text).findtext("message") or "") if text.strip() else ""


@pytest.fixture
def slack() -> Iterator[Any]:
    server = double.SlackDouble()
    yield server
    server.close()


@pytest.fixture
def splunkd() -> Iterator[Any]:
    server = double.SplunkdDouble()
    yield server
    server.close()


@pytest.fixture
def prod(tmp_path: Path, slack: Any, splunkd: Any) -> Input:
    return Input(tmp_path / "modinputs", slack, splunkd)


class QuickInput:
    """The same stanza in the test's own process, without the cost of a process and without waiting."""

    def __init__(self, slack: Any) -> None:
        def passes(seconds: float) -> None:
            slack.skew += seconds

        self._organisation = in_process.Organisation(slack.url, double.TOKEN, passes)
        self.params = self._organisation.params

    def run(self) -> QuickResult:
        events, log = len(self._organisation.events), len(self._organisation.log)
        self._organisation.run()
        return QuickResult(self._organisation, events, log)

    def ids(self) -> list[str]:
        """Return what all runs brought, the failed ones too."""
        found: list[str] = self._organisation.ids()
        return found


class QuickResult:
    """What one run of it brought."""

    code = 0

    def __init__(self, organisation: Any, events: int, log: int) -> None:
        self._texts = [text for _, text in organisation.events[events:]]
        self._summary = dict(organisation.summary)
        self.stderr = organisation.log[log:]

    def texts(self) -> list[str]:
        return self._texts

    def ids(self) -> list[str]:
        return [json.loads(text)["id"] for text in self._texts]

    def figure(self, name: str) -> str:
        return str(self._summary[name])


@pytest.fixture
def quick(slack: Any) -> QuickInput:
    return QuickInput(slack)


def entry(number: int, second: int, **members: Any) -> dict[str, Any]:
    """Return an ordinary audit entry."""
    return {
        "id": f"{number:08d}-0000-4000-8000-000000000000",
        "date_create": second,
        "action": "user_login",
        "actor": {
            "type": "user",
            "user": {"id": f"W{number % 50:08d}", "name": "Ada Example", "email": "ada@company.example", "team": "E1"},
        },
        "entity": {
            "type": "user",
            "user": {"id": f"W{number % 50:08d}", "name": "Ada Example", "email": "ada@company.example", "team": "E1"},
        },
        "context": {
            "location": {"type": "enterprise", "id": "E1", "name": "Org", "domain": "org"},
            "ua": "x",
            "ip_address": "192.0.2.7",
            "session_id": 5700000000001,
        },
        **members,
    }


@pytest.fixture
def make_entry() -> Any:
    return entry


@pytest.fixture
def answers() -> Any:
    """The double's module: Answer, problem, TOKEN."""
    return double
