"""Asks the setup page's logic by itself, bundled for Node, and knows the app's own Python beside it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from tools import setup_catalogue
from tools.environments import ROOT
from tools.node import find_node, packages

Ask = Callable[..., list[Any]]


@pytest.fixture(scope="session")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """Calls functions of the page: `ask(["cron", "0 * * * *"], ...)` gives an answer for each."""
    folder = tmp_path_factory.mktemp("logic")
    setup_catalogue.write()
    node, modules = find_node(), packages("setup")
    bundle = folder / "logic.cjs"
    command = [node.command, str(modules / "esbuild" / "bin" / "esbuild"), str(ROOT / "tests/ui/setup_logic.ts")]
    subprocess.run(
        [*command, "--bundle", "--platform=node", "--format=cjs", f"--outfile={bundle}", "--log-level=error"],
        check=True,
        cwd=ROOT,
    )

    def call(*questions: list[Any]) -> list[Any]:
        done = subprocess.run(
            [node.command, str(bundle)], input=json.dumps(questions), capture_output=True, text=True, check=True
        )
        answers: list[Any] = json.loads(done.stdout)
        return answers

    return call


@pytest.fixture(scope="session")
def site_lookups() -> Any:
    """The app's own check of the lists."""
    return setup_catalogue._ours(ROOT, "site_lookups")


@pytest.fixture(scope="session")
def columns() -> dict[str, list[dict[str, str]]]:
    return {lookup["name"]: lookup["columns"] for lookup in setup_catalogue.lookups(ROOT)}
