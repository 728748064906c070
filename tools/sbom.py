"""The software bill of materials of the package: CycloneDX 1.6 in JSON, made of what really lies in it.

Knows two kinds of third-party software: Python packages in lib/, by their METADATA, and npm packages in the setup
page's bundle, by its licence notice and the lock file. No time, no serial number: the same package, the same bytes.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from email.parser import HeaderParser
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tools.environments import ROOT

NAME = "sbom.cdx.json"
BUNDLE = "appserver/static/pages/setup_page.js"
LOCK = ROOT / "ui" / "package-lock.json"
_NOTICE = re.compile(r"(?m)^((?:@[\w.-]+/)?[\w.-]+) (\d\S*)\n  licence: (.+)$")
#: What METADATA calls a licence -> its SPDX name.
_SPDX = {
    "apache license 2.0": "Apache-2.0",
    "apache 2": "Apache-2.0",
    "http://www.apache.org/licenses/license-2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "mit license": "MIT",
    "bsd license": "BSD-3-Clause",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
}
_EXPRESSION = re.compile(r"(?:Apache-2\.0|MIT|MPL-2\.0|BSD-[23]-Clause|ISC|0BSD|PSF-2\.0)(?: (?:OR|AND) [\w.-]+)*")


def _licence(told: str) -> list[dict[str, Any]]:
    name = _SPDX.get(told.strip().lower(), told.strip())
    return [{"expression": name}] if _EXPRESSION.fullmatch(name) else [{"license": {"name": name}}]


def _of_lib(lib: Path) -> Iterator[dict[str, Any]]:
    for info in lib.glob("*.dist-info"):
        facts = HeaderParser().parsestr((info / "METADATA").read_text(encoding="utf-8"))
        name, version = str(facts["Name"]), str(facts["Version"])
        classified = [line.rpartition(" :: ")[2] for line in facts.get_all("Classifier") or [] if "License ::" in line]
        told = facts["License-Expression"] or facts["License"] or " OR ".join(classified) or "see its text"
        spelt = re.sub(r"[-_.]+", "-", name).lower()
        yield {
            "type": "library",
            "bom-ref": f"pkg:pypi/{spelt}@{version}",
            "name": name,
            "version": version,
            "licenses": _licence(told.splitlines()[0]),
            "purl": f"pkg:pypi/{spelt}@{version}",
            "evidence": {"occurrences": [{"location": f"lib/{info.name}"}]},
        }


def _of_bundle(notices: Path) -> Iterator[dict[str, Any]]:
    locked = json.loads(LOCK.read_text(encoding="utf-8"))["packages"]
    sums = {
        (path.rpartition("node_modules/")[2], facts["version"]): facts["integrity"]
        for path, facts in locked.items()
        if path and "integrity" in facts
    }
    for name, version, licence in _NOTICE.findall(notices.read_text(encoding="utf-8")):
        purl = f"pkg:npm/{quote(name, safe='/')}@{version}"
        kind, _, coded = sums[name, version].partition("-")
        yield {
            "type": "library",
            "bom-ref": purl,
            "name": name,
            "version": version,
            "hashes": [{"alg": kind.upper().replace("SHA", "SHA-"), "content": base64.b64decode(coded).hex()}],
            "licenses": _licence(licence),
            "purl": purl,
            "evidence": {"occurrences": [{"location": BUNDLE}]},
        }


def sbom(identity: str, version: str, lib: Path, pages: Path) -> bytes:
    """Return the document.

    Args:
        lib: the filled lib/ folder.
        pages: folder of the bundle and its licence notice.
    """
    bundle = (pages / Path(BUNDLE).name).read_bytes()
    parts = sorted(
        [*_of_lib(lib), *_of_bundle(pages / "setup_page.licenses.txt")], key=lambda part: str(part["bom-ref"])
    )
    page = {
        "type": "file",
        "bom-ref": BUNDLE,
        "name": BUNDLE,
        "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(bundle).hexdigest()}],
    }
    root = f"pkg:generic/{identity}@{version}"
    bundled = [part["bom-ref"] for part in parts if part["bom-ref"].startswith("pkg:npm/")]
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": root,
                "name": identity,
                "version": version,
                "licenses": _licence("Apache-2.0"),
                "purl": root,
            }
        },
        "components": [*parts, page],
        "dependencies": [
            {"ref": root, "dependsOn": sorted({part["bom-ref"] for part in parts} - set(bundled) | {BUNDLE})},
            {"ref": BUNDLE, "dependsOn": bundled},
        ],
    }
    return (json.dumps(document, indent=1, ensure_ascii=True) + "\n").encode("ascii")
