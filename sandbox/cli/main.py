"""From the command line to a command and its exit code."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Sequence

from sandbox.console import EXIT_INTERRUPTED, EXIT_REFUSED, Refused, complain
from sandbox.spl.errors import SplError

_COMMANDS = ("demo", "serve", "replay", "search", "slack")
_TIMES = frozenset({"--earliest", "--latest", "--now", "--from", "--to"})


def parser() -> argparse.ArgumentParser:
    """The parser with all commands."""
    top = argparse.ArgumentParser(
        prog="python -m sandbox",
        description="Slack Audit Monitor without a Splunk: see it work, replay entries, run one search.",
    )
    subparsers = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in _COMMANDS:
        importlib.import_module(f"sandbox.cli.{name}").add_to(subparsers)
    return top


def _joined(arguments: Sequence[str]) -> list[str]:
    """`--earliest -24h` as one word: argparse would take -24h for an option of its own."""
    joined: list[str] = []
    for argument in arguments:
        if joined and joined[-1] in _TIMES and argument.startswith("-") and not argument.startswith("--"):
            joined[-1] += "=" + argument
        else:
            joined.append(argument)
    return joined


def main(arguments: Sequence[str]) -> int:
    """Run one command; 2 for a question that was wrong, 130 after Ctrl-C."""
    parsed = parser().parse_args(_joined(arguments))
    try:
        code: int = parsed.run(parsed)
        return code
    except Refused as error:
        complain(f"{parsed.command}: {error}")
        return EXIT_REFUSED
    except SplError as error:
        complain(str(error))
        return EXIT_REFUSED
    except KeyboardInterrupt:
        complain("interrupted")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # `| head` has what it wanted. What is still buffered must not be written at exit.
        import os
        import sys

        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
