"""Files that survive a crash: atomic replacement, names from stanza names, and one process at a time."""

from __future__ import annotations

import errno
import os
import re
from hashlib import sha256
from typing import IO, Any

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]
    import msvcrt


def file_stem(stanza_name: str) -> str:
    """Return a file name for a stanza: readable, and different for different stanzas on every file system."""
    readable = re.sub(r"[^A-Za-z0-9_-]", "_", stanza_name)[:40]
    return f"{readable}-{sha256(stanza_name.encode('utf-8')).hexdigest()[:10]}"


def replace_file(path: str, data: bytes, keep_as: str | None = None) -> None:
    """Put `data` in the place of the file so that a reader finds either the old or the new text, never a
    part.

    Args:
        keep_as: where the old text goes; between the two renames only that one exists.
    """
    temporary = path + ".new"
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    if keep_as is not None and os.path.exists(path):
        os.replace(path, keep_as)
    os.replace(temporary, path)
    _sync_folder(os.path.dirname(path))


def _sync_folder(folder: str) -> None:
    if os.name == "nt":
        return  # Windows has no such call; its rename is durable enough
    handle = os.open(folder or ".", os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as problem:
        if problem.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(handle)


class HostLock:
    """At most one process of this host works for one stanza. The lock goes with the process, however it ends."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._file: IO[Any] | None = None

    def acquire(self) -> bool:
        """Return False if another process holds it."""
        file = open(self._path, "a+b")  # noqa: SIM115 - held until the process ends
        try:
            if fcntl is not None:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            else:
                file.seek(0)
                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            file.close()
            return False
        self._file = file
        return True

    def release(self) -> None:
        """Let the next one in."""
        if self._file is not None:
            self._file.close()
            self._file = None
