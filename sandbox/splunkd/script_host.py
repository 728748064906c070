"""What every script of the app is started with: interpreter, environment, folder, and how it finds splunkd."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from sandbox.splunkd.home import SplunkHome
from sandbox.splunkd.process import ScriptProcess


@dataclass(frozen=True)
class ScriptHost:
    """One stand-in as its scripts see it. `server_uri` and `session_key` are asked for each run."""

    home: SplunkHome
    server_host: str
    server_uri: Callable[[], str]
    session_key: Callable[[], str]
    python: str = sys.executable

    def start(
        self,
        script: Path,
        arguments: Sequence[str],
        document: bytes,
        *,
        on_stdout: Callable[[bytes], None],
        on_stderr: Callable[[str], None],
    ) -> ScriptProcess:
        """Start a script of the app with a document on its stdin."""
        return ScriptProcess(
            [self.python, str(script), *arguments],
            stdin=document,
            environment=self.home.environment(),
            folder=self.home.root,
            on_stdout=on_stdout,
            on_stderr=on_stderr,
        )
