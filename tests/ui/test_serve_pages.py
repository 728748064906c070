"""`python -m sandbox serve` with its pages, as a person starts and stops it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from tests.end_to_end.processes import heed_interrupts, is_running
from tools import node
from tools.environments import ROOT

SERVE = [sys.executable, "-m", "sandbox", "serve", "--port", "0"]


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    """So that a start is quick."""
    node.build("setup")
    node.build("harness")


def test_the_printed_address_leads_to_the_setup_page_and_nothing_is_left_running(tmp_path: Path) -> None:
    command = [*SERVE, "--empty", "--web-port", "0", "--json", "--out", str(tmp_path)]
    # A process that is started in the background would not heed Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        page = requests.get(told["web"], timeout=30)
        assert page.status_code == 200 and page.url.endswith("/app/slack_audit_monitor/setup_page")
        script = page.text.split("/app/slack_audit_monitor/pages/setup_page.js")[0].rsplit('"', 1)[1]
        base = "{0.scheme}://{0.netloc}".format(urlsplit(told["web"]))
        bundle = requests.get(f"{base}{script}/app/slack_audit_monitor/pages/setup_page.js", timeout=30)
        assert bundle.status_code == 200 and len(bundle.content) > 100_000
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
        assert process.returncode == 0 and "nothing is left running" in said
    finally:
        process.kill()
    for address in (told["web"], told["splunkd"]):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", urlsplit(address).port or 0), timeout=5).close()
    assert not Path(told["credentials"]).exists()


def test_a_port_that_is_taken_is_refused_in_words(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
        command = [*SERVE, "--people", "100", "--days", "7", "--web-port", port, "--out", str(tmp_path)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2 and f"--web-port {port}" in done.stderr and "Traceback" not in done.stderr
    assert "entries of" in done.stdout and "collected" not in done.stdout, "before weeks are lived through in vain"


# A builder that sleeps, as `tools.node` starts one, and whoever asks for the pages.
SLOW = """\
import sys
from pathlib import Path
from tests.end_to_end.processes import heed_interrupts, is_running
from tools import node
folder = Path(sys.argv.pop(1))
node.PROJECTS, node.BUILT = {"setup": folder, "harness": folder}, folder / "built"
node.PAGES, node._digest, node.packages = folder / "pages", lambda project: "", lambda *given: None
node.main()
"""
ASKING = """\
import signal, sys
from sandbox.cli import serve_web
class Slow(serve_web.subprocess.Popen):
    def __init__(self, command, **given):
        super().__init__([sys.executable, *sys.argv[1:], command[-1]], **given)
serve_web.subprocess.Popen = Slow
signal.signal(signal.SIGTERM, signal.default_int_handler)
try:
    serve_web.build_pages(print)
except KeyboardInterrupt:
    print("stopped")
"""


@pytest.mark.parametrize("number, whole", [(signal.SIGTERM, False), (signal.SIGINT, True)], ids=["kill", "Ctrl-C"])
def test_stopping_while_the_pages_are_built_leaves_nothing_running(tmp_path: Path, number: int, whole: bool) -> None:
    said = tmp_path / "pid"
    (tmp_path / "build.mjs").write_text(
        f"import {{ writeFileSync, renameSync }} from 'node:fs';"
        f" writeFileSync('{said}.part', String(process.pid)); renameSync('{said}.part', '{said}');"
        " setTimeout(() => {}, 100_000);"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", ASKING, "-c", SLOW, str(tmp_path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=heed_interrupts,
    )
    try:
        deadline = time.monotonic() + 60
        while not said.exists():
            assert process.poll() is None and time.monotonic() < deadline, process.communicate()
            time.sleep(0.02)
        os.killpg(process.pid, number) if whole else process.send_signal(number)
        told, problems = process.communicate(timeout=60)
    finally:
        process.kill()
    assert told == "stopped\n" and problems == ""
    assert not is_running(int(said.read_text()))


def test_a_machine_without_node_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_wheel(*given: object) -> Path:
        raise SystemExit("Installing node.txt failed")

    monkeypatch.setattr(node, "ensure", no_wheel)
    monkeypatch.setattr(node.shutil, "which", lambda name: None)
    with pytest.raises(node.NodeMissing, match="There is no Node on this machine.*apt-get install nodejs npm"):
        node.find_node()
