"""What `make` runs: set up, test, check and package. Standard library only, Python 3.9 and newer, never shipped."""

import sys

if sys.version_info < (3, 9):  # noqa: UP036 - the sentence is for whoever starts us with an older one
    raise SystemExit(
        "Python 3.9 or newer is needed, found " + sys.version.split()[0] + ": make PYTHON3=/path/to/python3 ..."
    )
