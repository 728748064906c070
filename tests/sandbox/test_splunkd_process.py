"""A child is never left behind, not even by an interruption at the moment of its birth."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import Any

import pytest

from sandbox.splunkd import process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_while_a_child_is_born_ends_it(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    born: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen

    def interrupted_popen(*arguments: Any, **options: Any) -> subprocess.Popen[bytes]:
        born.append(popen(*arguments, **options))
        os.kill(os.getpid(), number)
        return born[0]

    monkeypatch.setattr(process.subprocess, "Popen", interrupted_popen)
    before = signal.signal(number, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            process.ScriptProcess(
                [sys.executable, "-c", "import time; time.sleep(60)"],
                stdin=b"",
                environment=dict(os.environ),
                on_stdout=lambda _chunk: None,
                on_stderr=lambda _line: None,
            )
        assert signal.getsignal(number) is signal.default_int_handler
    finally:
        signal.signal(number, before)
    assert len(born) == 1 and born[0].poll() == -signal.SIGKILL
