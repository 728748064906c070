"""Build dist/slack_audit_monitor-<version>.tar.gz: what Splunk installs, the same byte for byte each time.

An allow-list says what ships; a file in a shipped folder that it does not know stops the build, because a forgotten
export or key must not travel. Names are sorted, times, owners and modes fixed. The app.conf link at the root stays
out: Splunk reads default/app.conf, and some installers refuse links.
"""

from __future__ import annotations

import argparse
import gzip
import io
import re
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sandbox.confs import read_conf
from tools import node
from tools.environments import ROOT
from tools.sbom import NAME as SBOM
from tools.sbom import sbom
from tools.vendor import vendored

ROOT_FILES = ("app.manifest", "README.md", "LICENSE", "CHANGELOG.md")
FOLDERS = {
    "bin": r".*\.py|slack_audit_monitor/(digest/)?\w+\.schema\.json|slack_audit_monitor/digest/prompt\.txt",
    "default": r"[a-z_]+\.conf|data/ui/(nav|views)/\w+\.xml|data/ui/alerts/\w+\.html",
    "README": r"[a-z_]+\.conf\.spec",
    "appserver/static": r"[^/]+\.(png|svg)|pages/setup_page\.(js|licenses\.txt)",
    "lookups": r"slack_audit_\w+\.csv",
    "metadata": r"default\.meta",
    "static": r"app(Icon|IconAlt|Logo)(_2x)?\.png",
}
"""Shipped folder -> what its files are called, below it."""

IGNORED = re.compile(r"(.*/)?(__pycache__/.*|.*\.pyc|\.[^/]*(/.*)?)")


class PackageError(Exception):
    """Something is in a shipped folder that the allow-list does not know, or something is missing."""


def app_identity(root: Path = ROOT) -> tuple[str, str]:
    """Return the app's id and version from default/app.conf."""
    identity = read_conf(root / "default" / "app.conf")["id"]
    return identity["name"], identity["version"]


def _files_below(folder: Path, allowed: str, name: str) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*")):
        inner = path.relative_to(folder).as_posix()
        if path.is_dir() or IGNORED.fullmatch(inner):
            continue
        if path.is_symlink() or not re.fullmatch(allowed, inner):
            raise PackageError(f"{name}/{inner} is not known to tools/package.py; add its kind there or remove it")
        yield f"{name}/{inner}", path


def contents(root: Path, lib: Path) -> dict[str, Path]:
    """Return path in the app -> file, for all that ships.

    Raises:
        PackageError: an unknown file in a shipped folder, or a required one is missing.
    """
    shipped: dict[str, Path] = {}
    for name in ROOT_FILES:
        if not (root / name).is_file():
            raise PackageError(f"{name} is missing")
        shipped[name] = root / name
    for name, allowed in FOLDERS.items():
        shipped.update(_files_below(root / name, allowed, name))
    shipped.update(_files_below(lib, ".*", "lib"))
    return shipped


def _member(name: str, kind: bytes, mode: int, size: int = 0) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.mode, member.size = kind, mode, size
    member.mtime = member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def write_package(shipped: dict[str, Path], top: str, target: Path) -> None:
    """Write the archive: one folder `top`, folders 755, files 644 (splunkd starts scripts by its own Python)."""
    folders = {top}
    for name in shipped:
        parents = Path(top, name).parents
        folders.update(parent.as_posix() for parent in parents if parent != Path("."))
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name in sorted(folders | {f"{top}/{name}" for name in shipped}):
            if name in folders:
                archive.addfile(_member(name, tarfile.DIRTYPE, 0o755))
                continue
            data = shipped[name[len(top) + 1 :]].read_bytes()
            archive.addfile(_member(name, tarfile.REGTYPE, 0o644, len(data)), io.BytesIO(data))
    target.parent.mkdir(parents=True, exist_ok=True)
    # Not gzip.compress(): the header that it writes depends on the version of Python.
    with target.open("wb") as out, gzip.GzipFile("", "wb", compresslevel=9, fileobj=out, mtime=0) as packed:
        packed.write(plain.getvalue())


def build(into: Path = ROOT / "dist", root: Path = ROOT) -> Path:
    """Build the package of the app at `root` and return where it is.

    Raises:
        PackageError: see `contents`.
        NodeMissing: there is no Node for the setup page, or a package of it is not to be had.
        SystemExit: lib/ could not be filled, or the setup page does not build.
    """
    identity, version = app_identity(root)
    target = into / f"{identity}-{version}.tar.gz"
    lib = vendored()
    shipped = contents(root, lib)
    bundle = node.build("setup")
    shipped.update(_files_below(bundle, r".*", "appserver/static/pages"))
    with tempfile.TemporaryDirectory() as folder:
        shipped[SBOM] = Path(folder, SBOM)
        shipped[SBOM].write_bytes(sbom(identity, version, lib, bundle))
        write_package(shipped, identity, target)
    return target


def main() -> None:
    """Build and say what came out."""
    parser = argparse.ArgumentParser(description="Build the package that Splunk installs.")
    parser.add_argument("--into", type=Path, default=ROOT / "dist", help="folder of the package")
    try:
        target = build(parser.parse_args().into)
    except (PackageError, node.NodeMissing) as error:
        raise SystemExit(f"Not packaged: {error}.") from None
    with tarfile.open(target) as archive:
        files = sum(member.isfile() for member in archive)
    shown = target.relative_to(ROOT) if target.is_relative_to(ROOT) else target
    print(f"{shown}: {files} files, {target.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
