"""What the shipped code can say to an admin, found in its text: sentences, events of the log, words of the setup page.

A sentence is any text of three words or more in bin/ that is no docstring, with `…` for what is filled in. Those that
are no message are named below, each with its reason.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = ROOT / "bin"
TEXTS = ROOT / "ui" / "src" / "setup"
GAP = "…"

NO_MESSAGES = {
    "digest/wording.py": "the digest itself",
    "digest/page.py": "the digest itself",
    "digest/prompt.py:*number of *": "what a model is told",
    "digest/day.py:failed sign-ins": "the digest itself",
    "digest/day.py:anomalies reported by Slack": "the digest itself",
    "digest/day.py:made so by …": "the digest itself",
    "digest/inert.py": "endings of file names",
    "digest/answer.py:Slack SSO*": "words that a model may use",
    "digest/answer.py:(?i)*": "words that a model may not use",
    "digest/model_client.py:time_out redirected*": "names of codes",
    "modinput.py:Slack Audit Logs": "the name of the input",
    "modinput.py:Collects the audit log*": "the description of the input",
    "notice.py:Slack Audit Monitor, input *": "what stands before each message in the bar",
    "credentials.py:a JSON object with*": "part of `token: ...`",
    "credentials.py:the secret with realm*": "part of `token: ...`",
    "credentials.py:a* (xox*": "the kinds of `token: ... is <kind>`",
    "credentials.py:an app-level token*": "the kinds of `token: ... is <kind>`",
    "errors.py:without saying for how long": "part of `asked us to wait`",
    "instants.py:not a point in time": "caught where a setting is read",
    "prune_action.py:the macro *": "part of `Correct ...`",
    "prune_action.py:no number of": "part of `is to keep ...`",
    "network_owner.py: and no column ": "part of `has no column`",
    "splunk.py:(no server_uri)": "in the place of an address",
    "refusals.py: Slack said *": "the end of each refusal",
    "writer.py:<event *": "what Splunk indexes",
    "settings.py:<input name>.proxy": "the name of a secret",
    "takeover.py:search *": "a search",
    "checkpoint_log.py:the KV store": "part of `The checkpoint in ...`",
    "shared_log.py:the KV store": "part of `The checkpoint in ...`",
}
"""File, or file:pattern (* at either end for anything), of texts that are no message to an admin."""

_WORDS = re.compile(r"[A-Za-z]{2,}")
_TYPE = re.compile(r"(dict|tuple|list)\[.*\]")


def sentences() -> dict[str, str]:
    """Return the sentences of bin/, each with the place where it stands."""
    found: dict[str, str] = {}
    for path in sorted(BIN.rglob("*.py")):
        name = path.relative_to(BIN).as_posix().removeprefix("slack_audit_monitor/")
        for line, text in _texts(ast.parse(path.read_text(encoding="utf-8"))):
            is_short = len(_WORDS.findall(text)) < 3 or " " not in text.strip()
            if not is_short and not _TYPE.fullmatch(text) and not _is_no_message(name, text):
                found.setdefault(clean(text), f"bin/{path.relative_to(BIN).as_posix()}:{line}")
    return found


def clean(text: str) -> str:
    """Return a sentence without what surrounds it on stderr, gaps beside each other joined."""
    return re.sub(f"{GAP}+", GAP, text.strip()).removeprefix("ERROR ")


def log_events() -> dict[str, str]:
    """Return the event names of all lines of level WARN and ERROR, each with the place where it stands."""
    found: dict[str, str] = {}
    for path in sorted(BIN.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        constants = {
            target.id: node.value.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            where = f"{path.relative_to(ROOT).as_posix()}:{node.lineno}"
            if isinstance(node.func, ast.Attribute) and node.func.attr in ("warn", "error") and node.args:
                names = _constant_names(node.args[0], tree, constants)
                assert names, f"{where}: the event of this line cannot be told from the code"
                found.update(dict.fromkeys(names, where))
            found.update(
                (str(value), where)
                for key in node.keywords
                if key.arg == "failed"
                for value in _constant_names(key.value, tree, constants)
            )
    return found


def _constant_names(node: ast.expr, tree: ast.Module, constants: dict[str, object]) -> list[str]:
    """Return the names that an argument may be: a text, a constant, either branch, or a parameter `failed`."""
    if isinstance(node, ast.Constant):
        return [str(node.value)]
    if isinstance(node, ast.IfExp):
        return _constant_names(node.body, tree, constants) + _constant_names(node.orelse, tree, constants)
    if isinstance(node, ast.Name):
        if node.id in constants:
            return [str(constants[node.id])]
        if node.id == "failed":  # run_action: each caller names its own, and those are found as keywords
            return ["finding_not_recorded"]
        for other in ast.walk(tree):
            if isinstance(other, ast.Assign) and any(
                isinstance(target, ast.Name) and target.id == node.id for target in other.targets
            ):
                return _constant_names(other.value, tree, constants)
    return []


def _texts(node: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield line and text of what is written out below a node, without docstrings and descriptions of settings."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
            continue
        if isinstance(child, ast.Call) and isinstance(child.func, ast.Name) and child.func.id == "Setting":
            continue
        if isinstance(child, ast.Call) and isinstance(child.func, ast.Name) and child.func.id == "complaint":
            continue  # all alike: <setting>: found "..."; allowed is ...
        if isinstance(child, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == "allowed" for target in child.targets
        ):
            continue  # goes into such a complaint
        if isinstance(child, ast.JoinedStr):
            yield child.lineno, "".join(_part(value) for value in child.values)
            for value in child.values:
                if isinstance(value, ast.FormattedValue):
                    yield from _texts(value)
        elif isinstance(child, ast.Constant):
            if isinstance(child.value, str):
                yield child.lineno, child.value
        else:
            yield from _texts(child)


def _part(value: ast.expr) -> str:
    return str(value.value) if isinstance(value, ast.Constant) else GAP


def _is_no_message(name: str, text: str) -> bool:
    for entry in NO_MESSAGES:
        file, colon, pattern = entry.partition(":")
        if file != name:
            continue
        wanted = re.escape(pattern).replace(r"\*", ".*")
        if not colon or re.fullmatch(wanted, text, re.DOTALL):
            return True
    return False


# --- the setup page

PROBLEM_BLOCKS = ("problems", "trial", "flows", "complaints")
"""Parts of texts.ts that hold nothing but messages; `kinds` within them are parts of one."""

PROBLEM_KEYS = {
    *("stillOpen", "noReason", "silentDetail", "offNever", "neverDetail", "noStatus", "indexUnsearched", "testUntried"),
    *("keptOff", "leftover", "tierBroken", "needBaselines", "empty", "wholeNumber", "decimal", "quotes", "brackets"),
    *("filter", "absent", "someFailed", "kvStore", "notText", "tooLarge", "tooLong", "tooManyToEdit", "badUpload"),
    *("badRows", "storedOtherwise", "checkFailed", "notRead", "notSaved", "alertsOnHere", "collectsHere"),
}
"""Entries elsewhere in texts.ts that say that something is wrong."""

LABELS = {"filter: 'Find an alert'", "empty: 'No organisation"}
"""How entries begin that have the key of a message and are none."""

_ENTRY = re.compile(r"^( *)(\w+): ?(.*)")


def setup_texts() -> dict[str, str]:
    """Return the messages of the setup page, each with its key."""
    found: dict[str, str] = {}
    for path in sorted(TEXTS.rglob("texts*.ts")):
        for key, text in _entries(path.read_text(encoding="utf-8")):
            if len(_WORDS.findall(text)) >= 3:
                found.setdefault(re.sub(f"{GAP}+", GAP, text), f"{path.relative_to(ROOT).as_posix()}: {key}")
    return found


def keys_that_tell_a_problem() -> set[str]:
    """Return the keys whose text takes a problem: none of them may be left out above."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(TEXTS.rglob("texts*.ts")))
    return set(re.findall(r"^ *(\w+): \([^)]*\bproblems?: ", text, re.MULTILINE))


def _entries(source: str) -> Iterator[tuple[str, str]]:
    blocks: list[tuple[int, str]] = []
    lines = source.splitlines()
    for number, line in enumerate(lines):
        entry = _ENTRY.match(line)
        if entry is None:
            continue
        depth, key, rest = len(entry.group(1)), entry.group(2), entry.group(3)
        blocks = [(at, name) for at, name in blocks if at < depth]
        if rest == "{":
            blocks.append((depth, key))
            continue
        names = {name for _, name in blocks}
        is_message = (names & set(PROBLEM_BLOCKS) and "kinds" not in names) or key in PROBLEM_KEYS
        if not is_message or any(line.strip().startswith(label) for label in LABELS):
            continue
        value = [rest]
        for following in lines[number + 1 :]:
            if not following.strip() or len(following) - len(following.lstrip()) <= depth:
                break
            value.append(following.strip())
        yield from ((key, text) for text in _strings(" ".join(value)))


def _strings(code: str) -> Iterator[str]:
    """Yield the texts of an expression; what is filled in becomes a gap, both branches of a choice are texts."""
    at = 0
    while at < len(code):
        sign = code[at]
        if sign == "'":
            end = at + 1
            while code[end] != "'":
                end += 2 if code[end] == "\\" else 1
            yield re.sub(r"\\(.)", r"\1", code[at + 1 : end])
            at = end + 1
        elif sign == "`":
            text, at = _template(code, at + 1)
            yield text
        else:
            at += 1


def _template(code: str, at: int) -> tuple[str, int]:
    text = ""
    while code[at] != "`":
        if code.startswith("${", at):
            depth, at = 1, at + 2
            while depth:
                if code[at] == "`":
                    _, at = _template(code, at + 1)
                    continue
                depth += {"{": 1, "}": -1}.get(code[at], 0)
                at += 1
            text += GAP
        elif code[at] == "\\":
            text, at = text + code[at + 1], at + 2
        else:
            text, at = text + code[at], at + 1
    return text, at + 1
