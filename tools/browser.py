"""The browser of the tests: Chromium as an npm package of the harness carries it, unpacked once below build/.

The package is made for a cloud service's functions: the program, the libraries that a bare machine lacks, and a font.
It runs on Linux with an x86_64 processor. Elsewhere a Chromium on PATH is taken, and its absence is said.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

from tools.environments import ROOT, clean_variables, locked
from tools.node import NodeMissing, find_node, packages

HOMES = ROOT / "build" / "browser"
ON_PATH = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_PACKED = ("chromium", "al2023.tar", "fonts.tar", "swiftshader.tar")
_UNPACK = """
const { createReadStream, createWriteStream } = require('node:fs');
const { pipeline } = require('node:stream/promises');
const { createBrotliDecompress } = require('node:zlib');
const [from, to, ...names] = process.argv.slice(1);
(async () => {
    for (const name of names)
        await pipeline(
            createReadStream(`${from}/${name}.br`), createBrotliDecompress(), createWriteStream(`${to}/${name}`));
})();
"""
_FONTS = """\
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{home}/fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>{home}/font-cache</cachedir>
  <alias binding="strong"><family>Helvetica</family><prefer><family>Open Sans</family></prefer></alias>
  <alias binding="strong"><family>Arial</family><prefer><family>Open Sans</family></prefer></alias>
  <alias binding="strong"><family>sans-serif</family><prefer><family>Open Sans</family></prefer></alias>
</fontconfig>
"""


class BrowserMissing(Exception):
    """There is no browser; the text says what to install."""


@dataclass(frozen=True)
class Browser:
    """A Chromium and the variables it is started with."""

    executable: str
    variables: dict[str, str]


def find_browser() -> Browser:
    """Return the browser of the pinned package, else one of this machine.

    Raises:
        BrowserMissing: neither runs here.
    """
    try:
        packed = _unpacked()
        problem = _problem(packed)
        if not problem:
            return packed
    except (NodeMissing, OSError, subprocess.SubprocessError) as error:
        problem = str(error).splitlines()[-1] if str(error) else type(error).__name__
    for name in ON_PATH:
        found = shutil.which(name)
        if found and not _problem(Browser(found, {})):
            return Browser(found, {})
    raise BrowserMissing(
        "The tests in a browser need Chromium. The one that npm brings does not run here"
        f" ({problem}); install it with `apt-get install chromium` and run the tests again."
    )


def _problem(browser: Browser) -> str:
    """Why a browser does not run here; empty when it does."""
    command = [browser.executable, "--version"]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, env={**clean_variables(), **browser.variables}, check=False
    )
    said = (done.stderr or done.stdout).strip().splitlines()
    return "" if done.returncode == 0 else (said[-1] if said else f"exit {done.returncode}")


def _unpacked() -> Browser:
    package = packages("harness") / "@sparticuz" / "chromium" / "bin"
    version = (package / "chromium.br").stat()
    home = HOMES / f"{version.st_size:x}"
    with locked(HOMES / ".lock"):
        if not home.is_dir():
            making = home.with_name(home.name + ".making")
            shutil.rmtree(making, ignore_errors=True)
            making.mkdir(parents=True)
            node = find_node()
            command = [node.command, "-e", _UNPACK, str(package), str(making), *_PACKED]
            subprocess.run(command, check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL)
            for name in _PACKED[1:]:
                with tarfile.open(making / name) as archive:
                    _extract(archive, making)
                (making / name).unlink()
            (making / "chromium").chmod(0o755)
            (making / "fonts.conf").write_text(_FONTS.format(home=home), encoding="utf-8")
            making.rename(home)
    libraries = os.pathsep.join(part for part in (str(home / "lib"), os.environ.get("LD_LIBRARY_PATH", "")) if part)
    return Browser(
        str(home / "chromium"), {"LD_LIBRARY_PATH": libraries, "FONTCONFIG_FILE": str(home / "fonts.conf")}
    )


def _extract(archive: tarfile.TarFile, into: Path) -> None:
    """The plain files of an archive; a name that leads out of `into` is an error."""
    for member in archive:
        target = (into / member.name).resolve()
        if not target.is_relative_to(into.resolve()):
            raise OSError(f"{member.name} leads out of the archive")
        if member.isdir():
            target.mkdir(parents=True, exist_ok=True)
        elif member.isfile():
            target.parent.mkdir(parents=True, exist_ok=True)
            source = archive.extractfile(member)
            assert source is not None  # noqa: S101 - a plain file
            target.write_bytes(source.read())
            target.chmod(0o755 if member.mode & 0o100 else 0o644)


if __name__ == "__main__":
    try:
        print(find_browser().executable)
    except BrowserMissing as error:
        raise SystemExit(str(error)) from None
