"""`python -m sandbox`: demo, serve, replay, search, slack."""

from __future__ import annotations

import sys

if __name__ == "__main__":
    try:
        from sandbox.cli.main import main
    except ModuleNotFoundError as error:
        if str(error.name).startswith("sandbox"):
            raise
        sys.stderr.write(
            f"The sandbox needs the package {error.name}, which this Python ({sys.executable}) does not have. "
            "`make demo` sets up one that has it.\n"
        )
        sys.exit(2)
    sys.exit(main(sys.argv[1:]))
