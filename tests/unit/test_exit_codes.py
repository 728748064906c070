"""How a run ends decides what splunkd, the log and the message bar are told."""

from __future__ import annotations

import pytest

from slack_audit_monitor import modinput
from slack_audit_monitor import run as run_module
from slack_audit_monitor.errors import (
    ConfigError,
    FatalError,
    RateLimited,
    RefusedBySlack,
    SlackUnavailable,
    Stopped,
    UnexpectedAnswer,
)


class Notes:
    """What the message bar was told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def show(self, text: str) -> None:
        self.told.append(f"show {text}")

    def went_well(self) -> None:
        self.told.append("well")

    def went_wrong(self, text: str) -> None:
        self.told.append(f"wrong {text}")


@pytest.mark.parametrize(
    ("ending", "code", "outcome", "level", "told"),
    [
        (None, 0, "done", "INFO", "well"),
        (Stopped("Asked to stop."), 0, "stopped", "INFO", ""),
        (RateLimited(600), 0, "rate_limited", "WARN", ""),
        (SlackUnavailable("Status 503."), 75, "failed", "ERROR", "wrong Status 503."),
        (UnexpectedAnswer("No page."), 75, "failed", "ERROR", "wrong No page."),
        (RefusedBySlack("x", "Revoked."), 1, "refused", "ERROR", "show Revoked."),
        (ConfigError("actor", "actor: wrong."), 1, "refused", "ERROR", "show actor: wrong."),
        (FatalError("Disk full."), 1, "refused", "ERROR", "show Disk full."),
        (KeyError("a bug"), 1, "crashed", "ERROR", "show It ended unexpectedly (KeyError)"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_each_ending(ending, code, outcome, level, told, monkeypatch, capsys):
    notes = Notes()

    class Run:
        def __init__(self, *args: object) -> None:
            self.notice = notes
            self.closed = False

        def collect(self) -> None:
            if ending is not None:
                raise ending

        def close(self) -> None:
            self.closed = True

        def fields(self) -> dict[str, object]:
            return {"entries": 0}

    monkeypatch.setattr(run_module, "Run", Run)
    monkeypatch.delenv("SPLUNK_HOME", raising=False)
    assert modinput._run_stanza("slack_audit://prod", {}, {}) == code
    lines = capsys.readouterr().err.splitlines()
    assert lines[-1].startswith("INFO ") and f"event=run_finished outcome={outcome} " in lines[-1]
    assert len(lines) == (1 if level == "INFO" else 2) and lines[0].startswith(level)
    assert "Traceback" not in "".join(lines)
    assert len(notes.told) == bool(told) and all(found.startswith(told) for found in notes.told)
