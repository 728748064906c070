"""`python -m sandbox.slack_api`: the command `slack` without the rest of the sandbox."""

from __future__ import annotations

import argparse
import sys

from sandbox.console import EXIT_REFUSED, Refused, complain

from .cli import add_arguments, run


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m sandbox.slack_api")
    add_arguments(parser)
    try:
        return run(parser.parse_args())
    except Refused as error:
        complain(f"slack: {error}")
        return EXIT_REFUSED


if __name__ == "__main__":
    sys.exit(main())
