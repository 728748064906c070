"""The browser's part of `serve`: the pages built when they are not yet, and served beside the stand-in.

The pages and the setup page's bundle are built by `tools.node`, as a process: what is below `sandbox` imports nothing
of the tools.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Callable

from sandbox.console import Refused
from sandbox.splunkd.daemon import Splunkd
from sandbox.splunkd.home import repository_root
from sandbox.splunkweb.site import SplunkWeb

BUILT_PAGES = Path("build", "ui", "harness")
BUILT_BUNDLE = Path("appserver", "static", "pages")


def build_pages(say: Callable[[str], None]) -> Path:
    """Return the folder of the built pages, built now if they are not, or not from this source.

    Raises:
        Refused: there is no Node, a package is not to be had, or the source does not build.
    """
    root = repository_root()
    for project, what in (("setup", "the setup page"), ("harness", "the pages of the stand-in for Splunk Web")):
        command = [sys.executable, "-m", "tools.node", project]
        # Its progress goes to the screen as it comes; what it built is no news.
        with subprocess.Popen(  # noqa: S603 - our own module
            command, cwd=root, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        ) as builder:
            try:
                code = builder.wait()
            except KeyboardInterrupt:
                builder.terminate()  # and what it has started; leaving the block waits for it
                raise
        if code != 0:
            raise Refused(f"{what} could not be built (see above). Without a browser: --no-web")
    say("Pages: built.")
    return root / BUILT_PAGES


def start(splunkd: Splunkd, app: Path, pages: Path, port: int, stack: ExitStack) -> SplunkWeb:
    """Serve the pages until `stack` is closed.

    Raises:
        Refused: the port is taken.
    """
    # The bundle is no part of the source tree: it belongs to the installed app as `make package` would put it there.
    bundle = repository_root() / BUILT_BUNDLE
    target = splunkd.app_folder / BUILT_BUNDLE
    if not (app / BUILT_BUNDLE).is_dir() and bundle.is_dir():
        shutil.copytree(bundle, target, dirs_exist_ok=True)
    try:
        return stack.enter_context(SplunkWeb(splunkd, pages, port))
    except (OSError, OverflowError) as error:
        raise Refused(f"--web-port {port}: cannot listen there: {error}") from None
