"""The package that Splunk installs: repeatable, complete, clean, and able to run with nothing but what is in it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.packages import unpack
from tools import node
from tools.package import FOLDERS, ROOT_FILES, SBOM, PackageError, build, contents
from tools.vendor import NOTICES, pins, vendored

ROOT = Path(__file__).resolve().parents[2]
TOP = "slack_audit_monitor"


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def installed(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The app as it lies in Splunk's etc/apps."""
    return unpack(package, tmp_path_factory.mktemp("apps"))


def copy_app(into: Path) -> Path:
    """A copy of the shipped parts of the repository, with other file times."""
    for name in ROOT_FILES:
        shutil.copyfile(ROOT / name, into / name)
    for name in FOLDERS:
        shutil.copytree(ROOT / name, into / name, copy_function=shutil.copyfile)
    return into


def test_the_same_sources_give_the_same_bytes_whatever_their_times_and_modes(package: Path, tmp_path: Path) -> None:
    app = copy_app(tmp_path)
    for path in app.rglob("*.conf"):
        os.utime(path, (1, 1))
        path.chmod(0o700)
    assert build(tmp_path / "again", root=app).read_bytes() == package.read_bytes()


def test_its_name_carries_the_version(package: Path) -> None:
    version = re.search(r"(?m)^\[id\]\nname = .*\nversion = (\S+)$", (ROOT / "default" / "app.conf").read_text())
    assert version is not None
    assert package.name == f"slack_audit_monitor-{version.group(1)}.tar.gz"


def test_members_tell_nothing_of_the_machine_that_built_it(package: Path) -> None:
    with tarfile.open(package) as archive:
        members = archive.getmembers()
    assert [member.name for member in members] == sorted(member.name for member in members)
    assert {member.name.split("/")[0] for member in members} == {TOP}
    for member in members:
        assert (member.isdir() and member.mode == 0o755) or (member.isreg() and member.mode == 0o644), member.name
        assert (member.mtime, member.uid, member.gid, member.uname, member.gname) == (0, 0, 0, "", ""), member.name
    assert package.read_bytes()[:10] == b"\x1f\x8b\x08\0\0\0\0\0\x02\xff", "gzip header: no name, no time, no system"


def test_it_holds_what_splunk_needs_and_nothing_of_the_workshop(installed: Path) -> None:
    names = {path.relative_to(installed).as_posix() for path in installed.rglob("*") if path.is_file()}
    assert {
        "app.manifest", "LICENSE", "README.md", "CHANGELOG.md", "default/app.conf", "default/inputs.conf",
        "default/savedsearches.conf", "README/inputs.conf.spec", "bin/slack_audit.py", "metadata/default.meta",
        "static/appIcon.png", "lookups/slack_audit_actions.csv", "lib/splunklib/__init__.py", f"lib/{NOTICES}",
    } <= names  # fmt: skip
    tops = {*ROOT_FILES, SBOM, "lib", *(name.split("/")[0] for name in FOLDERS)}
    assert {name.split("/")[0] for name in names} == tops
    wrong = re.compile(r"(^|/)\.|\.py[co]$|__pycache__|\.(so|pyd|dylib|dll|exe|sh|log|orig|rej)$|^local/|local\.meta$")
    assert [name for name in names if wrong.search(name)] == []


def test_the_setup_page_comes_with_the_licences_of_what_is_in_it(installed: Path) -> None:
    pages = installed / "appserver" / "static" / "pages"
    assert sorted(path.name for path in pages.iterdir()) == ["setup_page.js", "setup_page.licenses.txt"]
    assert (pages / "setup_page.js").stat().st_size <= 1_200_000, "the bundle is larger than 1.2 MB"
    notice = (pages / "setup_page.licenses.txt").read_text(encoding="utf-8")
    locked = json.loads((ROOT / "ui" / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    versions = {name.rpartition("node_modules/")[2]: facts["version"] for name, facts in locked.items() if name}
    splunks = ("@splunk/react-ui", "@splunk/themes", "@splunk/splunk-utils")
    for name in (*splunks, "react", "react-dom", "styled-components"):
        title = re.escape(f"{name} {versions[name]}")
        entry = re.search(rf"(?m)^{title}\n  licence: (.+)\n(.+\n)*  text: +(.+)$", notice)
        assert entry, f"{name} {versions[name]} has no notice with a licence and a text"
        assert entry.group(1) in ("MIT", "Apache-2.0") and "none" not in entry.group(3), name
    assert "none in the package" not in notice, "a package's licence text is missing"


def test_the_setup_page_is_the_same_bytes_each_time(tmp_path: Path) -> None:
    found = node.find_node()
    build_once = node.build("setup")
    command = [found.command, str(ROOT / "ui" / "build.mjs"), str(tmp_path)]
    subprocess.run(command, check=True, cwd=tmp_path)
    for path in build_once.iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes(), path.name


def test_the_setup_page_holds_nothing_of_the_workshop(installed: Path) -> None:
    text = (installed / "appserver" / "static" / "pages" / "setup_page.js").read_text(encoding="utf-8")
    assert [word for word in ("sandbox/", "node_modules", str(ROOT), "sourceMappingURL") if word in text] == []


def test_the_lock_files_name_no_registry() -> None:
    for path in (ROOT / "ui" / "package-lock.json", ROOT / "ui" / "harness" / "package-lock.json"):
        packages = json.loads(path.read_text(encoding="utf-8"))["packages"]
        assert [name for name, facts in packages.items() if "resolved" in facts] == [], path
        assert [name for name, facts in packages.items() if name and "integrity" not in facts] == [], path


def test_the_lock_files_agree_with_what_is_asked_for() -> None:
    for folder in (ROOT / "ui", ROOT / "ui" / "harness"):
        wanted = json.loads((folder / "package.json").read_text(encoding="utf-8"))
        locked = json.loads((folder / "package-lock.json").read_text(encoding="utf-8"))["packages"]
        for kind in ("dependencies", "devDependencies"):
            for name, version in wanted.get(kind, {}).items():
                assert re.fullmatch(r"\d+\.\d+\.\d+", version), f"{name} is not pinned"
                assert locked[f"node_modules/{name}"]["version"] == version, name


def test_a_stray_file_in_a_shipped_folder_stops_the_build(tmp_path: Path) -> None:
    app = copy_app(tmp_path)
    (app / "default" / "passwords.conf.bak").write_text("x")
    with pytest.raises(PackageError, match=r"default/passwords\.conf\.bak is not known"):
        contents(app, vendored())


def test_a_link_in_a_shipped_folder_stops_the_build(tmp_path: Path) -> None:
    app = copy_app(tmp_path)
    (app / "lookups" / "slack_audit_more.csv").symlink_to("/etc/hostname")
    with pytest.raises(PackageError, match=r"lookups/slack_audit_more\.csv"):
        contents(app, vendored())


def test_compiled_python_and_dotfiles_stay_behind(tmp_path: Path) -> None:
    app = copy_app(tmp_path)
    (app / "bin" / "__pycache__").mkdir(exist_ok=True)
    (app / "bin" / "__pycache__" / "slack_audit.cpython-39.pyc").write_bytes(b"x")
    (app / "default" / ".DS_Store").write_bytes(b"x")
    assert not [name for name in contents(app, vendored()) if "pyc" in name or "DS_Store" in name]


def test_a_missing_readme_stops_the_build(tmp_path: Path) -> None:
    app = copy_app(tmp_path)
    (app / "README.md").unlink()
    with pytest.raises(PackageError, match=r"README\.md is missing"):
        contents(app, vendored())


def test_every_third_party_package_comes_with_its_licence(installed: Path) -> None:
    notices = (installed / "lib" / NOTICES).read_text()
    for name, pin in pins().items():
        assert re.search(rf"(?mi)^{re.escape(pin.replace('==', ' '))}$", notices), f"{pin} is not in {NOTICES}"
        folder = f"{name.replace('-', '_')}-{pin.partition('==')[2]}.dist-info"
        assert (installed / "lib" / folder / "METADATA").is_file()
    for path in re.findall(r"text: +(.*)", notices):
        texts = [installed / "lib" / name for name in path.split(" (")[0].split(", ")]
        assert sum(text.stat().st_size for text in texts) > 500, path


def test_the_bill_of_materials_names_what_lies_in_the_package_and_nothing_else(installed: Path) -> None:
    bill = json.loads((installed / SBOM).read_text(encoding="ascii"))
    assert (bill["bomFormat"], bill["specVersion"], bill["version"]) == ("CycloneDX", "1.6", 1)
    manifest = json.loads((installed / "app.manifest").read_text(encoding="utf-8"))
    assert bill["metadata"]["component"]["version"] == manifest["info"]["id"]["version"]
    listed = {part["purl"]: part for part in bill["components"] if part["type"] == "library"}
    lying = set()
    for info in (installed / "lib").glob("*.dist-info"):
        facts = dict(re.findall(r"(?m)^(Name|Version): (.+)$", (info / "METADATA").read_text(encoding="utf-8")))
        purl = f"pkg:pypi/{re.sub(r'[-_.]+', '-', facts['Name']).lower()}@{facts['Version']}"
        assert listed[purl]["evidence"]["occurrences"] == [{"location": f"lib/{info.name}"}]
        lying.add(purl)
    assert lying == {purl for purl in listed if purl.startswith("pkg:pypi/")} and len(lying) == len(pins())
    notice = (installed / "appserver/static/pages/setup_page.licenses.txt").read_text(encoding="utf-8")
    bundled = re.findall(r"(?m)^(\S+) (\S+)\n  licence: ", notice)
    assert {f"pkg:npm/{name.replace('@', '%40')}@{version}" for name, version in bundled} == set(listed) - lying
    (page,) = [part for part in bill["components"] if part["type"] == "file"]
    data = (installed / page["name"]).read_bytes()
    assert page["hashes"] == [{"alg": "SHA-256", "content": hashlib.sha256(data).hexdigest()}]
    assert all(part["licenses"] for part in listed.values())


def test_the_bill_of_materials_says_nothing_of_when_and_where(installed: Path) -> None:
    text = (installed / SBOM).read_text(encoding="ascii")
    assert "timestamp" not in text and "serialNumber" not in text and str(ROOT) not in text and "registry" not in text


def run_isolated(installed: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Start this Python with the standard library alone: -S and -s keep installed packages out, -E the variables."""
    return subprocess.run(
        [sys.executable, "-E", "-s", "-S", "-B", *arguments],
        capture_output=True,
        text=True,
        cwd=installed,
        timeout=240,
        stdin=subprocess.DEVNULL,
        check=False,
    )


def test_the_packaged_input_answers_with_nothing_but_the_package(installed: Path) -> None:
    done = run_isolated(installed, "bin/slack_audit.py", "--scheme")
    assert (done.returncode, done.stderr) == (0, "")
    assert '<arg name="start_time">' in done.stdout


def test_everything_the_app_imports_comes_from_its_lib(installed: Path) -> None:
    code = (
        "import sys; sys.path[:0] = ['lib', 'bin']\n"
        "import splunklib.client, splunklib.modularinput, requests, urllib3, jsonschema, certifi, tzdata\n"
        "import slack_audit_monitor, pkgutil, importlib\n"
        "for m in pkgutil.walk_packages(slack_audit_monitor.__path__, 'slack_audit_monitor.'):\n"
        "    importlib.import_module(m.name)\n"
        "jsonschema.Draft202012Validator({'type': 'object'}).validate({})\n"
        "import zoneinfo; zoneinfo.reset_tzpath(()); print(zoneinfo.ZoneInfo('Europe/Berlin'))\n"
        "print([m for m in ('sandbox', 'tools', 'tests', 'yaml', 'rich', 'regex') if m in sys.modules])"
    )
    done = run_isolated(installed, "-c", code)
    assert (done.returncode, done.stdout, done.stderr) == (0, "Europe/Berlin\n[]\n", "")


def test_nothing_that_ships_names_the_workshop(installed: Path) -> None:
    imports = re.compile(r"(?m)^\s*(?:from|import)\s+(sandbox|tests|tools)\b")
    assert [path.name for path in (installed / "bin").rglob("*.py") if imports.search(path.read_text())] == []


SECRETS = re.compile(
    r"xox[a-z]-[\w-]{8,}|xapp-[\w-]{8,}|-----BEGIN [A-Z ]*PRIVATE KEY|AKIA[0-9A-Z]{16}"
    r"|(?i:password|passwd|api_?key|client_secret)\s*[=:]\s*[\"']?(?!\s|[<{$(\[]|None|str|self|\.)[\w!#%&*+/-]{8,}"
)
MACHINE = re.compile(r"(?<![\w.])/(?:home|root|work|Users|private/var)/\w")


@pytest.mark.parametrize("folder", ["bin", "default", "README", "lookups", "metadata", "appserver"])
def test_no_secret_and_no_path_of_a_machine_ships(installed: Path, folder: str) -> None:
    found = []
    for path in (installed / folder).rglob("*"):
        if path.is_file() and path.suffix != ".png":
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
                if SECRETS.search(line) or MACHINE.search(line):
                    found.append(f"{path.relative_to(installed)}:{number}: {line.strip()[:80]}")
    assert found == []


@pytest.mark.parametrize(
    "planted",
    [
        "token = xoxp-123456789012-abcdef",
        "-----BEGIN RSA PRIVATE KEY-----",
        'password = "correct-horse"',
        "see /home/somebody/notes",
    ],
)
def test_the_search_for_secrets_would_see_one(planted: str) -> None:
    assert SECRETS.search(planted) or MACHINE.search(planted)
