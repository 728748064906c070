"""Rules for every test: hypothesis examples do not time out on a busy machine, and no socket leaves this machine."""

from __future__ import annotations

import gc
import ipaddress
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis.database import DirectoryBasedExampleDatabase

EXAMPLES = Path(__file__).resolve().parents[1] / "build" / "hypothesis"

# No deadline: two cores and several suites make single examples slow without anything being wrong.
hypothesis.settings.register_profile(
    "house", deadline=None, print_blob=True, database=DirectoryBasedExampleDatabase(EXAMPLES)
)
hypothesis.settings.load_profile("house")


# A whole file is marked so: the marker alone, at the beginning of a line.
WHOLE_FILE_ONCE = re.compile(r"^pytestmark = pytest\.mark\.once\b", re.MULTILINE)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Where tests marked once are left out, a file that holds no others is not imported: many import much."""
    if config.option.markexpr != "not once" or not collection_path.name.startswith("test_"):
        return None
    if collection_path.suffix != ".py" or not WHOLE_FILE_ONCE.search(collection_path.read_text(encoding="utf-8")):
        return None
    return True


@pytest.hookimpl(trylast=True)  # what is left out by then need not be moved
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest: at the end it would run alone, with all other cores idle."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


def pytest_collection_finish() -> None:
    """Ten thousand tests and what they import stay to the end: the garbage collector need not walk over them again."""
    gc.collect()
    gc.freeze()


def _is_loopback(address: Any) -> bool:
    if not isinstance(address, tuple):
        return True  # a socket file
    try:
        return ipaddress.ip_address(str(address[0]).partition("%")[0]).is_loopback
    except ValueError:
        return address[0] == "localhost"


@pytest.fixture(autouse=True, scope="session")
def only_loopback() -> Iterator[None]:
    """Refuse connections that would leave this machine, naming the address."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if not _is_loopback(address):
            raise AssertionError(f"a test tried to reach {address}: tests use loopback only")
        connect(self, address)

    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", guarded)
    yield
    patch.undo()
