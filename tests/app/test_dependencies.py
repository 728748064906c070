"""Dependencies point one way: what ships knows nothing of what shows and tests it, and nothing goes round in a circle.

docs/architecture.md has the same table in words.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
APP, DIGEST = "slack_audit_monitor", "slack_audit_monitor.digest"

ALLOWED: dict[str, set[str]] = {
    APP: {DIGEST},  # digest_action alone, see below
    DIGEST: {APP},
    "sandbox": set(),
    "sandbox.__main__": {"sandbox.cli", "sandbox.console"},
    "sandbox.confs": set(),
    "sandbox.console": set(),
    "sandbox.slack_api": {"sandbox.console"},
    "sandbox.spl": {"sandbox.confs"},
    "sandbox.splunkd": {"sandbox.confs", "sandbox.spl"},
    "sandbox.splunkweb": {"sandbox.confs", "sandbox.splunkd"},
    "sandbox.cli": {
        *("sandbox.confs", "sandbox.console", "sandbox.slack_api"),
        *("sandbox.spl", "sandbox.splunkd", "sandbox.splunkweb"),
    },
    "tools": {"sandbox.confs", "sandbox.spl", "sandbox.splunkd"},
    "bench": {
        *("sandbox.cli", "sandbox.confs", "sandbox.console", "sandbox.slack_api", "sandbox.spl", "sandbox.splunkd"),
        *(APP, "tools"),
    },
}
"""Part -> the parts that it may import. What splunkd starts (bin/slack_audit*.py) may import the package alone."""

FOLDERS = ("bin", "sandbox", "tools", "bench")


def part_of(module: str) -> str:
    words = module.split(".")
    if f"{module}.".startswith(f"{DIGEST}."):
        return DIGEST
    return ".".join(words[:2]) if words[0] == "sandbox" and len(words) > 1 else words[0]


def modules(folder: str) -> dict[str, Path]:
    """Return the modules of a folder by their names as imports write them."""
    found = {}
    for path in sorted((ROOT / folder).rglob("*.py")):
        parts = path.relative_to(ROOT / "bin" if folder == "bin" else ROOT).with_suffix("").parts
        found[".".join(parts).removesuffix(".__init__")] = path
    return found


def imports(module: str, path: Path) -> Iterator[str]:
    """Yield the full names of what a module imports, anywhere in it, except for the names of types."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in _statements(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                words = package.split(".")
                base = ".".join([*words[: len(words) - node.level + 1], *([base] if base else [])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and isinstance(child.test, ast.Name) and child.test.id == "TYPE_CHECKING":
            continue  # never runs
        yield child
        yield from _statements(child)


MODULES = {name: path for folder in FOLDERS for name, path in modules(folder).items()}


def graph(prefix: str) -> Mapping[str, set[str]]:
    """Return module -> modules below the prefix that it imports at its beginning or later."""
    found: dict[str, set[str]] = defaultdict(set)
    for name, path in MODULES.items():
        if name.startswith(prefix):
            found[name] |= {other for other in imports(name, path) if other in MODULES and other.startswith(prefix)}
            found[name] -= {name, *(parent for parent in found[name] if name.startswith(f"{parent}."))}
    return found


def test_parts_use_what_they_may() -> None:
    wrong = []
    for name, path in MODULES.items():
        mine = part_of(name)
        allowed = ALLOWED.get(mine, {APP})
        for other in imports(name, path):
            theirs = part_of(other)
            is_ours = other.split(".")[0] in {APP, "sandbox", "tools", "bench", "tests"}
            if is_ours and theirs not in {mine, "sandbox"} and theirs not in allowed:
                wrong.append(f"{name} imports {other}")
    assert not wrong
    assert {part_of(name) for name in MODULES} >= set(ALLOWED)


def test_only_its_action_knows_the_digest() -> None:
    users = {name for name, path in MODULES.items() if any(part_of(other) == DIGEST for other in imports(name, path))}
    assert {name for name in users if part_of(name) != DIGEST} == {f"{APP}.digest_action"}


PACKAGES = (APP, "sandbox.slack_api", "sandbox.splunkd", "sandbox.splunkweb", "sandbox.cli", "tools")


@pytest.mark.parametrize("prefix", PACKAGES)
def test_no_circle(prefix: str) -> None:
    found = graph(prefix)
    assert len(found) > 5
    try:
        TopologicalSorter(found).prepare()
    except CycleError as error:
        pytest.fail(f"a circle: {' -> '.join(reversed(error.args[1]))}")


def test_a_circle_would_be_found() -> None:
    with pytest.raises(CycleError):
        TopologicalSorter({"a": {"b"}, "b": {"a"}}).prepare()


def test_entry_points_hold_no_logic() -> None:
    for name in ("slack_audit", "slack_audit_finding", "slack_audit_digest", "slack_audit_prune"):
        lines = [line for line in MODULES[name].read_text(encoding="utf-8").splitlines() if line.strip()]
        assert len(lines) < 12, name
