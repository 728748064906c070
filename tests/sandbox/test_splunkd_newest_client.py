"""The stand-in with Splunk's client library of today; the app ships an older one, which Python 3.9 can run.

The tests are those of the shipped client, played once more in a process that finds the newer library first.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools.environments import ROOT, clean_variables, ensure
from tools.pythons import find

pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(sys.version_info < (3, 13), reason="splunk-sdk 3 needs Python 3.13"),
]
CLIENT_TESTS = (
    "tests/sandbox/test_splunkd_client_searches.py",
    "tests/sandbox/test_splunkd_client_settings.py",
    "tests/sandbox/test_splunkd_access.py",
)
# A plugin's only job: say in the report which library was imported, so that the test cannot prove the wrong one.
TOLD = "import splunklib\ndef pytest_report_header():\n    return f'splunklib is {splunklib.__file__}'\n"


def test_the_newest_client_does_what_the_shipped_one_does(tmp_path: Path) -> None:
    python = find("3.13")
    assert not isinstance(python, str), python
    inner = ensure("splunklib3", python)
    folder = next((inner.parent.parent / "lib").glob("python3.*/site-packages"))
    (tmp_path / "told.py").write_text(TOLD)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "told", "-o", f"cache_dir={tmp_path / 'cache'}", *CLIENT_TESTS],
        cwd=ROOT,
        env={**clean_variables(), "PYTHONPATH": os.pathsep.join((str(tmp_path), str(folder)))},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert f"splunklib is {folder / 'splunklib' / '__init__.py'}\n" in done.stdout
    assert " passed" in done.stdout and " skipped" not in done.stdout
