"""Start one script as splunkd does, read what it writes, and end it for certain.

The child gets its document on stdin, then end of file; stdout goes to a callback as
bytes, stderr line by line. It runs in a session of its own, so that a Ctrl-C on the
terminal reaches the stand-in alone, which then ends the child: SIGTERM, and a forced
kill after a grace period. Knows nothing of XML.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Callable

DEFAULT_GRACE_SECONDS = 10.0
_CHUNK_BYTES = 1024 * 1024
# fcntl.F_SETPIPE_SZ, which the module names from Python 3.10 on.
_SET_PIPE_SIZE = 1031
_LONGEST_STDERR_LINE = 64 * 1024


@contextlib.contextmanager
def _interruptions_held() -> Iterator[list[int]]:
    """Note SIGINT and SIGTERM instead of acting on them: between the birth of a child and the moment that
    somebody knows of it, an exception would leave it running for ever."""
    held: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield held
        return
    before = {
        number: signal.signal(number, lambda caught, _frame: held.append(caught))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield held
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


class ScriptProcess:
    """One run of one script."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        stdin: bytes,
        environment: dict[str, str],
        on_stdout: Callable[[bytes], None],
        on_stderr: Callable[[str], None],
        folder: Path | None = None,
    ) -> None:
        self._on_stdout = on_stdout
        self._on_stderr = on_stderr
        self.failure: BaseException | None = None
        with _interruptions_held() as held:
            self._process = subprocess.Popen(  # noqa: S603 - the command is the caller's own list, no shell
                list(command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment,
                cwd=str(folder) if folder else None,
                bufsize=0,
                close_fds=True,
                start_new_session=True,
            )
            self._widen_stdout()
            self._threads = [
                threading.Thread(target=target, args=arguments, daemon=True)
                for target, arguments in (
                    (self._write_stdin, (stdin,)),
                    (self._read_stdout, ()),
                    (self._read_stderr, ()),
                )
            ]
            for thread in self._threads:
                thread.start()
        if held:
            self.kill()
            signal.raise_signal(held[0])

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait for the end of the process and of its output.

        Returns the exit code (negative: the signal that ended it), or None when
        `timeout` seconds were not enough. Raises what a callback raised.
        """
        try:
            code = self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return None
        self._drain()
        if self.failure is not None:
            raise self.failure
        return code

    def stop(self, grace_seconds: float = DEFAULT_GRACE_SECONDS) -> int:
        """Ask the process to end (SIGTERM), force it after the grace period; return the exit code."""
        self.terminate(grace_seconds)
        code = self._process.wait()
        self._drain()
        return code

    def terminate(self, grace_seconds: float = DEFAULT_GRACE_SECONDS) -> None:
        """As `stop`, without reading the rest of the output: for a process that another thread waits for."""
        self._signal(signal.SIGTERM)
        try:
            self._process.wait(grace_seconds)
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)
        self._end_group()

    def kill(self) -> int:
        """End the process at once (SIGKILL), with whatever it started; return the exit code."""
        if self.running:
            self._end_group()
            self._signal(signal.SIGKILL)
        code = self._process.wait()
        self._drain()
        return code

    def send_kill(self) -> None:
        """SIGKILL the process and return at once; `wait` tells the end."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        # Popen takes care of a child that is gone already: its pid may be somebody else's by now.
        self._process.send_signal(number)

    def _end_group(self) -> None:
        # The group's id is the child's pid and stays reserved while any member lives.
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass

    def _widen_stdout(self) -> None:
        """Let much wait in the pipe: what is read at once is indexed in one transaction."""
        if sys.platform == "linux" and self._process.stdout is not None:
            try:
                fcntl.fcntl(self._process.stdout, _SET_PIPE_SIZE, _CHUNK_BYTES)
            except OSError:
                pass  # the system allows no more: smaller transactions, nothing else

    def _drain(self) -> None:
        for thread in self._threads:
            thread.join()
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()

    def _write_stdin(self, document: bytes) -> None:
        pipe = self._process.stdin
        assert pipe is not None  # noqa: S101 - asked for above
        try:
            with pipe:
                view = memoryview(document)
                while view:
                    view = view[os.write(pipe.fileno(), view) :]
        except OSError:
            pass  # the script ended without reading; its exit code tells the story

    def _read_stdout(self) -> None:
        pipe = self._process.stdout
        assert pipe is not None  # noqa: S101 - asked for above
        while True:
            chunk = os.read(pipe.fileno(), _CHUNK_BYTES)
            if not chunk:
                return
            if self.failure is None:
                try:
                    self._on_stdout(chunk)
                except BaseException as error:  # noqa: BLE001 - raised again by wait(), in the caller's thread
                    self.failure = error
                    self._signal(signal.SIGTERM)

    def _read_stderr(self) -> None:
        pipe = self._process.stderr
        assert pipe is not None  # noqa: S101 - asked for above
        rest = b""
        while True:
            chunk = os.read(pipe.fileno(), _CHUNK_BYTES)
            lines: list[bytes] = (rest + chunk).split(b"\n")
            rest = lines.pop()
            if len(rest) > _LONGEST_STDERR_LINE or (not chunk and rest):
                lines.append(rest)
                rest = b""
            for line in lines:
                text = line.decode("utf-8", "replace").rstrip("\r")
                if text.strip():
                    self._on_stderr(text)
            if not chunk:
                return
