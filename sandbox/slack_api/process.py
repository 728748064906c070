"""The simulator as a process of its own, for benchmarks and for whoever must not share its interpreter."""

from __future__ import annotations

import json
import subprocess  # noqa: S404 - starts this very module
import sys
import urllib.request
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parents[2]


class SlackProcess:
    """Starts `python -m sandbox.slack_api` with the given options and talks to its back door.

    Raises:
        RuntimeError: it ended before it listened; the message is what it said.
    """

    def __init__(self, *options: str) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own program, no shell
            [sys.executable, "-m", "sandbox.slack_api", "--json", *options],
            cwd=_ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # fmt: skip
        stdout, stderr = self._process.stdout, self._process.stderr
        line = stdout.readline() if stdout else ""
        if not line:
            said = stderr.read() if stderr else ""
            self.stop()
            raise RuntimeError(f"the simulator did not start: {said.strip()}")
        told = json.loads(line)
        self.url: str = told["url"]
        self.api_url: str = told["api_url"]
        self.token: str = told["token"]
        self.pid: int = told["pid"]

    def calls(self) -> list[dict[str, Any]]:
        """Every call so far, as `calls.Call` has it."""
        found: list[dict[str, Any]] = self._ask("GET", "calls")
        return found

    def ground_truth(self) -> dict[str, Any]:
        found: dict[str, Any] = self._ask("GET", "ground_truth")
        return found

    def set_clock(self, now: float) -> None:
        self._ask("POST", "clock", {"now": now})

    def play(self, *rules: str, times: int = 1) -> None:
        """Play faults, written as for `--fault`, on the next calls of `/logs`."""
        self._ask("POST", "faults", {"rules": list(rules), "times": times})

    def add(self, entry: dict[str, Any], arrives_at: float | None = None) -> None:
        self._ask("POST", "entries", {"entry": entry, "arrives_at": arrives_at})

    def stop(self) -> int:
        """End it; returns its exit code."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
        code = self._process.wait()
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe:
                pipe.close()
        return code

    def __enter__(self) -> SlackProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _ask(self, method: str, name: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/sandbox/{name}", data, method=method)  # noqa: S310 - loopback
        # No proxy: the environment may name one, and this is loopback.
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as answer:
            return json.load(answer)
