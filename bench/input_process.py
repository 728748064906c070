"""One run of a program that writes event XML: started, read, perhaps killed, and what it cost.

The collector and the floor it is held against go through the same hands: same pipe, same reader, same
measure of CPU (the kernel's, for this child alone) and memory (the kernel's high-water mark).
"""

from __future__ import annotations

import os
import signal
import subprocess  # noqa: S404 - starts our own scripts
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Callable
from xml.sax.saxutils import escape, quoteattr

from bench.pace import VARIABLE, Pace
from bench.secret_store import SESSION_KEY

ROOT = Path(__file__).resolve().parents[1]
_PIECE_BYTES = 1 << 20
_SAMPLE_SECONDS = 0.02


class Process:
    """A child whose output is read as it comes.

    Args:
        command: what to start; document: what it gets on stdin.
        keep: False only counts the output's bytes.

    Attributes:
        output, errors: what it wrote; output_bytes: how much of it has come so far.
        code: exit code, negative for a signal; None while it runs.
        seconds, cpu_seconds, peak_bytes: known after `wait`.
    """

    def __init__(
        self, command: Sequence[str], document: bytes, environment: Mapping[str, str], *, keep: bool = True
    ) -> None:
        self._keep = keep
        self._pieces: list[bytes] = []
        self._error_pieces: list[bytes] = []
        self.output_bytes = 0
        self.first_output_seconds: float | None = None
        self.code: int | None = None
        self.seconds = self.cpu_seconds = 0.0
        self.peak_bytes = 0
        self._started = time.monotonic()
        self._process = subprocess.Popen(  # noqa: S603 - our own scripts, no shell
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(environment),
            bufsize=0,
        )
        stdin, stdout, stderr = self._process.stdin, self._process.stdout, self._process.stderr
        assert stdin is not None and stdout is not None and stderr is not None  # noqa: S101 - asked for above
        stdin.write(document)
        stdin.close()
        self._pipes = (stdout, stderr)
        self._threads = [
            threading.Thread(target=self._read, args=(stdout.fileno(),), daemon=True),
            threading.Thread(target=self._read_errors, args=(stderr.fileno(),), daemon=True),
            threading.Thread(target=self._sample_memory, daemon=True),
        ]
        self._over = threading.Event()
        for thread in self._threads:
            thread.start()

    @property
    def output(self) -> bytes:
        return b"".join(self._pieces)

    @property
    def errors(self) -> str:
        return b"".join(self._error_pieces).decode("utf-8", "replace")

    @property
    def running(self) -> bool:
        """Whether it still holds its end of the event stream, which it does until it ends."""
        return self.code is None and self._threads[0].is_alive()

    def kill(self) -> bool:
        """SIGKILL; tell whether that is what ended it."""
        if self.code is None:
            os.kill(self._process.pid, signal.SIGKILL)  # not reaped yet, so the number is still its own
        self.wait()
        return self.code == -signal.SIGKILL

    def wait(self) -> Process:
        """Wait for its end and for the rest of its output."""
        if self.code is None:
            for thread in self._threads[:2]:
                thread.join()
            _, status, usage = os.wait4(self._process.pid, 0)
            self.seconds = time.monotonic() - self._started
            self._over.set()
            self.code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status)
            self._process.returncode = self.code
            self.cpu_seconds = usage.ru_utime + usage.ru_stime
            self._threads[2].join()
            if not self.peak_bytes:  # no /proc here; this figure may include the parent's memory at the fork
                self.peak_bytes = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
            for pipe in self._pipes:
                pipe.close()
        return self

    def _read(self, handle: int) -> None:
        while True:
            piece = os.read(handle, _PIECE_BYTES)
            if not piece:
                return
            if self.first_output_seconds is None:
                self.first_output_seconds = time.monotonic() - self._started
            self.output_bytes += len(piece)
            if self._keep:
                self._pieces.append(piece)

    def _read_errors(self, handle: int) -> None:
        while True:
            piece = os.read(handle, _PIECE_BYTES)
            if not piece:
                return
            self._error_pieces.append(piece)

    def _sample_memory(self) -> None:
        path = f"/proc/{self._process.pid}/status"
        while True:
            try:
                with open(path, encoding="ascii", errors="replace") as file:
                    for line in file:
                        if line.startswith("VmHWM:"):
                            self.peak_bytes = max(self.peak_bytes, int(line.split()[1]) * 1024)
            except OSError:
                return
            if self._over.wait(_SAMPLE_SECONDS):
                return


class Input:
    """The stanza `slack_audit://prod`: its settings, its checkpoint folder, and how to run it.

    Args:
        api_url: where Slack is.
        store_uri: where the token is, see `secret_store`.
        settings: of the stanza; the rest has its defaults.
        pace: the clock to run by; None is the real one and the shipped script without any wrapper.
    """

    def __init__(
        self, folder: Path, api_url: str, store_uri: str, settings: Mapping[str, object], pace: Pace | None = None
    ) -> None:
        self.folder = folder
        self.settings: dict[str, object] = {"api_url": api_url, "index": "slack_audit", "interval": 60, **settings}
        self._store_uri = store_uri
        self._pace = pace

    def start(self, skew: float = 0.0, *, keep: bool = True) -> Process:
        """Start a run on a machine whose clock is `skew` seconds ahead."""
        script, extra = ROOT / "bin" / "slack_audit.py", {}
        if self._pace is not None:
            script, extra = ROOT / "bench" / "paced_input.py", {VARIABLE: self._pace.variable(skew)}
        return Process([sys.executable, str(script)], self._document(), {**environment(), **extra}, keep=keep)

    def _document(self) -> bytes:
        params = "".join(
            f"<param name={quoteattr(name)}>{escape(str(value))}</param>" for name, value in self.settings.items()
        )
        return (
            f"<input><server_host>bench.example</server_host><server_uri>{self._store_uri}</server_uri>"
            f"<session_key>{SESSION_KEY}</session_key><checkpoint_dir>{escape(str(self.folder))}</checkpoint_dir>"
            f'<configuration><stanza name="slack_audit://prod" app="slack_audit_monitor">{params}</stanza>'
            "</configuration></input>"
        ).encode()


def environment() -> dict[str, str]:
    """Return this process's variables without proxies and Splunk's own, with the packages of its environment."""
    kept = {
        name: value for name, value in os.environ.items() if name != "SPLUNK_HOME" and "PROXY" not in name.upper()
    }
    # In a checkout the packages of lib/ are those of the environment that runs the measurement.
    kept["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path.endswith("site-packages"))
    return kept


def wait_until(condition: Callable[[], bool], process: Process, timeout_seconds: float = 60.0) -> bool:
    """Look every few milliseconds; return False when the process ended first or time is up."""
    deadline = time.monotonic() + timeout_seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        if not process.running:
            return False
        time.sleep(0.002)
    return False
