"""The built package, unpacked as Splunk does below etc/apps."""

from __future__ import annotations

import tarfile
from pathlib import Path

from tools.package import build

APP_ID = "slack_audit_monitor"


def unpack(package: Path, into: Path) -> Path:
    """Unpack an app; return its folder."""
    with tarfile.open(package) as archive:
        for member in archive:
            if member.isdir():
                (into / member.name).mkdir(parents=True, exist_ok=True)
                continue
            file = archive.extractfile(member)
            assert file is not None
            (into / member.name).write_bytes(file.read())
    return into / APP_ID


def built_and_unpacked(folder: Path) -> Path:
    """Build the package and unpack it, both below `folder`; return the app's folder."""
    return unpack(build(folder / "dist"), folder / "apps")
