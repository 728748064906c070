"""The alert that docs/contributing.md adds in ten minutes: what stands there is put in, as told, and works."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.app.doc_pages import ROOT, blocks
from tests.app.test_app_confs import copy_app
from tests.detections.kit.judge import Judge
from tests.detections.kit.scenario import load_scenario
from tools.app_check import check_app
from tools.conf_check import check_confs
from tools.detections_doc import check_docs, outputs
from tools.macros_doc import sections

pytestmark = pytest.mark.once

PAGE = ROOT / "docs" / "contributing.md"
SECTION = "Impact"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the app with the page's stanzas at the end of the section that the page names."""
    folder = copy_app(tmp_path_factory.mktemp("app"))
    for name in ("docs", "tools"):  # what `make docs` writes, and reads
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "images"))
    search, macros = (block.text for block in blocks(PAGE) if block.language == "ini")
    for conf, stanzas in (("savedsearches.conf", search), ("macros.conf", macros)):
        path = folder / "default" / conf
        titles = [section.title for section in sections(path)]
        following = titles[titles.index(SECTION) + 1]
        text = path.read_text(encoding="utf-8")
        at = text.index(f"# --- {following} -")
        path.write_text(f"{text[:at]}{stanzas}\n{text[at:]}", encoding="utf-8")
    for name, text in outputs(folder).items():  # make docs
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_lint_has_nothing_to_say(app: Path) -> None:
    problems = [str(problem) for problem in [*check_confs(app), *check_app(app), *check_docs(app)]]
    assert problems == []


def test_every_case_is_as_the_page_says(app: Path, tmp_path: Path) -> None:
    (text,) = (block.text for block in blocks(PAGE) if block.language == "yaml")
    path = tmp_path / "slack_emoji_purge.yaml"
    path.write_text(text, encoding="utf-8")
    scenario = load_scenario(path)
    judge = Judge(app=app)
    assert [judge.complaint(case) for case in scenario.cases] == [None] * len(scenario.cases)
    assert any(case.alerts for case in scenario.cases) and not all(case.alerts for case in scenario.cases)


def test_the_page_takes_the_next_free_row() -> None:
    numbers = {int(number) for number in re.findall(r"param\.rows = .*U(\d\d)", searches_text())}
    (search, _) = (block.text for block in blocks(PAGE) if block.language == "ini")
    assert set(re.findall(r"U\d\d", search)) == {f"U{max(numbers) + 1}"}


def searches_text() -> str:
    return (ROOT / "default" / "savedsearches.conf").read_text(encoding="utf-8")
