"""Runs the shipped entry point, unchanged, in a process whose clock is the one of `pace`."""

import os
import runpy
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[0] = str(ROOT / "bin")

if __name__ == "__main__":
    import importlib.util

    # By its file: importing the package `bench` would put the repository on the input's path.
    spec = importlib.util.spec_from_file_location("pace", Path(__file__).with_name("pace.py"))
    assert spec is not None and spec.loader is not None  # noqa: S101 - the file stands beside this one
    pace = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(pace)
    pace.apply(os.environ[pace.VARIABLE])
    script = str(ROOT / "bin" / "slack_audit.py")
    sys.argv = [script, *sys.argv[1:]]
    runpy.run_path(script, run_name="__main__")
