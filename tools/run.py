"""Run a Python command in one of our environments: `python3 -m tools.run dev -m sandbox demo`.

The command replaces this process, so Ctrl-C and the exit code are its own.
"""

from __future__ import annotations

import os
import sys

from tools.environments import REQUIREMENTS, clean_variables, ensure
from tools.pythons import preferred


def main(arguments: list[str]) -> None:
    """Set up the environment that the first argument names and become its Python with the rest."""
    known = sorted(path.stem for path in REQUIREMENTS.glob("*.txt"))
    usage = f"usage: python3 -m tools.run ENVIRONMENT [python arguments ...]\nEnvironments: {', '.join(known)}."
    if arguments and arguments[0] in ("-h", "--help"):
        print(usage)
        return
    if not arguments or arguments[0] not in known:
        raise SystemExit(usage)
    inner = str(ensure(arguments[0], preferred()))
    sys.stdout.flush()
    os.execve(inner, [inner, *arguments[1:]], clean_variables())  # noqa: S606 - our own Python, no shell


if __name__ == "__main__":
    main(sys.argv[1:])
