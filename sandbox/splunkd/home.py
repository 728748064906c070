"""The folders of one stand-in, laid out as in a SPLUNK_HOME, and the app installed in it.

The app's shipped folders are copied, so that whatever the stand-in or a script writes
(local confs, lookups, logs, checkpoints, bytecode) never lands in the source tree.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

APP_ID = "slack_audit_monitor"
# What the package ships and a running app or its pages read.
_SHIPPED_FOLDERS = ("appserver", "bin", "default", "lib", "lookups", "metadata", "README", "static")
_SHIPPED_FILES = ("app.conf", "app.manifest", "LICENSE")
# Bytecode comes along, valid by the sources' own times: else every script of every home would compile the app first.
# Half-written bytecode (`x.cpython-313.pyc.140243`) is another process's, and gone in a moment.
_LEFT = shutil.ignore_patterns(".*", "*.pyc.*")


def repository_root() -> Path:
    """The app this package stands beside."""
    return Path(__file__).resolve().parents[2]


class SplunkHome:
    """Paths below one SPLUNK_HOME; folders are made when first asked for."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()

    def app(self, app_id: str) -> Path:
        return self.root / "etc" / "apps" / app_id

    @property
    def database(self) -> Path:
        """SPLUNK_DB."""
        return self._made(self.root / "var" / "lib" / "splunk")

    @property
    def auth(self) -> Path:
        """Where keys and sealed secrets stand; for the owner alone."""
        folder = self._made(self.root / "etc" / "auth")
        folder.chmod(0o700)
        return folder

    @property
    def logs(self) -> Path:
        return self._made(self.root / "var" / "log" / "splunk")

    def checkpoints(self, scheme: str) -> Path:
        """The checkpoint_dir of one scheme: kept over restarts."""
        return self._made(self.database / "modinputs" / scheme)

    def dispatch(self, sid: str) -> Path:
        """The folder of one search job."""
        return self._made(self.dispatches / sid.replace("/", "_"))

    @property
    def dispatches(self) -> Path:
        """Where the folders of search jobs stand."""
        return self._made(self.root / "var" / "run" / "splunk" / "dispatch")

    def environment(self) -> dict[str, str]:
        """The environment of a script: of the caller's own only what finds programs and texts."""
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TMPDIR") if name in os.environ}
        return {
            **kept,
            "SPLUNK_HOME": str(self.root),
            "SPLUNK_DB": str(self.database),
            "SPLUNK_ETC": str(self.root / "etc"),
        }

    def install(self, source: Path, app_id: str) -> Path:
        """Copy the shipped parts of an app. Returns the app's folder.

        What stands in its `local/` here stays, and so do lookup files: searches and people may have changed them.

        Raises FileNotFoundError when `source` holds no app.
        """
        if not (source / "default").is_dir():
            raise FileNotFoundError(f"{source} holds no Splunk app: there is no folder 'default' in it")
        target = self.app(app_id)
        target.mkdir(parents=True, exist_ok=True)
        for name in _SHIPPED_FOLDERS:
            kept = {file.name: file.read_bytes() for file in (target / name).glob("*.csv")} if name == "lookups" else {}
            if (target / name).exists():
                shutil.rmtree(target / name)
            if (source / name).is_dir():
                shutil.copytree(source / name, target / name, ignore=_LEFT)
            for file, content in kept.items():
                (target / name).mkdir(exist_ok=True)
                (target / name / file).write_bytes(content)
        for name in _SHIPPED_FILES:
            if (source / name).is_file():
                shutil.copyfile(source / name, target / name)
        (target / "local").mkdir(exist_ok=True)
        return target

    @staticmethod
    def _made(folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        return folder
