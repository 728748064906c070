"""Mutated pages, and what must hold whatever they look like. The same seed gives the same case.

A case is an organisation of a few dozen good entries. Either some further entries are spoilt for good (structure,
types, sizes, encodings, text), or whole answers are, once or for as long as the run lasts. Then
- the collector ends well or with one of its own errors, which is a sentence; never with another exception;
- every good entry arrives exactly once, exactly as sent; at once if only entries are spoilt, else in the next run;
- every other event is text that Slack sent in the place of a spoilt entry: nothing is made up;
- the event stream is whole XML.
"""

from __future__ import annotations

import gzip
import json
import random
import re
from dataclasses import dataclass, field
from typing import Any, Callable

from in_process import Organisation
from slack_double import TOKEN, SlackDouble

from slack_audit_monitor.errors import SlackAuditError

Json = Any
Body = Callable[[random.Random, bytes, bool], bytes]

NASTY: list[Json] = [
    None, True, False, 0, -1, 2**63, 2**64 + 1, 10**400, 1e308, 1.5,
    "", " ", "\u0000", "\x07\x1b[31m", "\u2028\u2029",
    "\ufeff", "\ufffe", "😀", "Ω" * 50, "</data><done/></event><event><data>", "]]>", "&lt;&#0;", "\\", '"', "'; --",
    [], {}, [[]], [None], {"": ""}, {"type": "moon"}, ["a", 1, None, {"b": []}], "xoxp-fuzz-not-a-token",
]  # fmt: skip


def _nodes(value: Json, found: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in list(inside):
        found.append((value, key))
        _nodes(inner, found)
    return found


def _structure(rng: random.Random, entry: Json) -> str:
    """Members replaced, removed, renamed, repeated or nested; still JSON, as a rule."""
    for _ in range(rng.randrange(1, 4)):
        nodes = _nodes(entry, [])
        if not nodes:
            break
        parent, key = rng.choice(nodes)
        if not isinstance(parent, (dict, list)) or (isinstance(parent, dict) and key not in parent):
            continue
        how = rng.randrange(5)
        if how == 0:
            parent[key] = rng.choice(NASTY)
        elif how == 1:
            del parent[key]
        elif how == 2 and isinstance(parent, dict):
            parent[str(rng.choice(NASTY))[:200]] = parent.pop(key)
        elif how == 3:
            parent[key] = [parent[key]] if rng.random() < 0.5 else {"x": parent[key]}
        else:
            parent[key] = rng.choice(["y" * rng.choice([100, 70_000, 1_000_000]), list(range(2_000)), str(parent[key])])
    return json.dumps(entry, ensure_ascii=rng.random() < 0.5)


def _words(rng: random.Random, entry: Json) -> str:
    """What Python's writer never writes: NaN, repeated keys, lone surrogates, raw control characters."""
    text = json.dumps(entry)
    word = rng.choice([
        "NaN", "-Infinity", "1e999", "-0", "01", "9" * 5_000, "nul", "'single'", "",
        '"\\ud800"', '"\\udc00\\ud800"', '"\\x"', '"\\u12"',
        '"\x00\x0b\x1f"', '"a\nb\rc\td"', "[" * 3_000 + "]" * 3_000, '{"a":' * 2_000 + "1" + "}" * 2_000,
    ])  # fmt: skip
    return text[:-1] + f', "{rng.choice(["n", "id", "date_create", "action"])}": {word}}}'


def _letters(rng: random.Random, entry: Json) -> str:
    """Single characters lost, doubled, swapped or added."""
    letters = list(json.dumps(entry))
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(letters))
        how = rng.randrange(4)
        if how == 0:
            letters[at] = ""
        elif how == 1:
            letters[at] *= 2
        elif how == 2:
            letters[at] = rng.choice('{}[]",:\\ \n\x00\x7f\ufeffé😀0')
        else:
            letters.insert(at, rng.choice(['"', "{", "}", "[", "]", ",", ":", "\\", "\u0085", "<", "&"]))
    return "".join(letters)


def _bytes(rng: random.Random, entry: Json) -> bytes:
    """Other encodings, and bytes that are none."""
    text = json.dumps({**entry, "name": "Zoë Ω 😀"}, ensure_ascii=False)
    how = rng.randrange(4)
    if how == 0:
        return text.encode("latin-1", "replace")
    if how == 1:
        return text.encode("utf-16")
    if how == 2:
        return b"\xef\xbb\xbf" + text.encode()
    data = bytearray(text.encode())
    for _ in range(3):
        data[rng.randrange(len(data))] = rng.choice([0x80, 0xC0, 0xED, 0xFF, 0x00])
    return bytes(data)


def spoilt_entry(rng: random.Random, entry: Json) -> bytes:
    """Return the entry in a form that Slack should not send."""
    entry = json.loads(json.dumps(entry))
    how = rng.randrange(6)
    if how == 0 and rng.random() < 0.3:
        return rng.choice([b"null", b"17", b'"text"', b"[]", b"{}", b"{", b"}", b"]", b'"', b",", b"<html>", b""])
    if how == 1:
        return _bytes(rng, entry)
    text = (_structure, _structure, _words, _letters)[how - 2 if how else 0](rng, entry)
    return text.encode("utf-8", "surrogatepass")


def _type_of_entries(rng: random.Random, body: bytes, is_last: bool) -> bytes:
    return b'{"entries": ' + json.dumps(rng.choice([None, 1, "x", {"0": {}}, True])).encode() + b"}"


def _metadata(rng: random.Random, body: bytes, is_last: bool) -> bytes:
    page = json.loads(body.decode("utf-8", "surrogatepass"))
    if is_last:
        page["response_metadata"] = rng.choice([None, [], 5, "x", {}, {"next_cursor": None}, {"messages": [[]]}])
    else:
        page["response_metadata"]["next_cursor"] = rng.choice([1, True, ["x"], {"a": 1}, "x" * 5_000, "\u0000", "é"])
    return json.dumps(page).encode()


WHOLE: dict[str, Body] = {
    "cut off": lambda rng, body, last: body[: rng.randrange(len(body))],
    "something before": lambda rng, body, last: rng.choice([b"<", b"\x00", b"x", b"[", b'"']) + body,
    "another encoding": lambda rng, body, last: body.decode("utf-8", "replace").encode(rng.choice(["utf-16", "utf-7"])),
    "packed without saying so": lambda rng, body, last: gzip.compress(body, mtime=0),
    "no list of entries": _type_of_entries,
    "odd metadata": _metadata,
    "a list around it": lambda rng, body, last: b"[" + body + b"]",
    "noise": lambda rng, body, last: bytes(rng.randrange(256) for _ in range(rng.randrange(3_000))),
    "byte order mark": lambda rng, body, last: b"\xef\xbb\xbf" + body,
    "an empty list first": lambda rng, body, last: b'{"entries": [], "x": [{"entries": []}], ' + body[1:],
    "an empty object": lambda rng, body, last: rng.choice([b"{}", b"[]", b"null", b"", b" ", b'"x"', b"0"]),
}


class FuzzedSlack(SlackDouble):
    """Serves spoilt texts in the place of entries, and spoilt answers."""

    def __init__(self) -> None:
        super().__init__()
        self.spoilt: dict[str, bytes] = {}
        self.spoil_answer: Callable[[bytes, bool], bytes] | None = None
        self.pages_spoilt = 0

    def body(self, page: list[dict[str, Any]], cursor: str) -> bytes:
        texts = [self.spoilt.get(e["id"], json.dumps(e, ensure_ascii=False).encode()) for e in page]
        end = b'], "response_metadata": ' + json.dumps({"next_cursor": cursor}).encode() + b"}"
        body = b'{"entries": [' + b", ".join(texts) + end
        spoil = self.spoil_answer
        self.pages_spoilt += spoil is not None or any(e["id"] in self.spoilt for e in page)
        return spoil(body, not cursor) if spoil is not None else body


@dataclass
class Tally:
    """What a series of cases came to."""

    cases: int = 0
    pages: int = 0
    good: int = 0
    odd_events: int = 0
    clear_errors: int = 0
    seconds_named: int = 0
    failures: list[str] = field(default_factory=list)


def run_case(slack: FuzzedSlack, seed: int, make_entry: Callable[..., dict[str, Any]], tally: Tally) -> None:
    """Play one case; a broken rule becomes a sentence in `tally.failures`."""
    rng = random.Random(seed)  # noqa: S311 - a repeatable case
    slack.skew, slack.spoilt, slack.spoil_answer = 0.0, {}, None
    now = int(slack.now())
    good = [make_entry(n, now - 10 - rng.randrange(60)) for n in range(rng.choice([3, 12, 30]))]
    slack.page_size = rng.choice([3, 7, 9_999])
    slack.entries = list(good)
    before = slack.pages_spoilt

    def passes(seconds: float) -> None:
        slack.skew += seconds

    organisation = Organisation(slack.url, TOKEN, passes)
    whole = rng.random() < 0.3
    if whole:
        name = rng.choice(sorted(WHOLE))
        times = rng.choice([1, 3, 1_000])
        played = [0]

        def spoil(body: bytes, is_last: bool) -> bytes:
            played[0] += 1
            return WHOLE[name](rng, body, is_last) if played[0] <= times else body

        slack.spoil_answer = spoil
    else:
        name = "entries"
        for n in range(rng.randrange(1, 4)):
            bad = make_entry(1_000 + n, rng.choice(good)["date_create"] if rng.random() < 0.5 else now - 40)
            slack.entries.append(bad)
            slack.spoilt[bad["id"]] = spoilt_entry(rng, bad)
    where = f"seed {seed} ({name})"
    try:
        organisation.run()
    except SlackAuditError as problem:
        tally.clear_errors += 1
        if len(str(problem)) < 20 or not whole:
            tally.failures.append(f"{where}: ended with {type(problem).__name__}: {problem}")
    except Exception as problem:  # noqa: BLE001 - exactly what must not happen
        tally.failures.append(f"{where}: crashed with {type(problem).__name__}: {problem}")
        return
    tally.seconds_named += organisation.log.count("event=second_unreadable")
    if whole:
        slack.spoil_answer = None
        for _ in range(2):  # the first one may find seconds that it has to ask for again
            slack.skew += 1_000
            organisation.ahead += 1_000
            organisation.run()
    tally.cases += 1
    tally.pages += slack.pages_spoilt - before
    tally.good += len(good)
    tally.odd_events += _judge(where, organisation.events, good, slack.spoilt, tally.failures)


def _judge(
    where: str,
    events: list[tuple[str | None, str]],
    good: list[dict[str, Any]],
    spoilt: dict[str, bytes],
    failures: list[str],
) -> int:
    wanted = {json.dumps(e, ensure_ascii=False): e for e in good}
    got: dict[str, int] = {}
    odd = 0
    sent = [_plain(text.decode("utf-8", "replace")) for text in spoilt.values()]
    for second, text in events:
        got[text] = got.get(text, 0) + 1
        if text in wanted:
            if second != str(wanted[text]["date_create"]):
                failures.append(f"{where}: a good entry got the time {second}")
        else:
            odd += 1
            if not any(_plain(text) in one for one in sent):
                failures.append(f"{where}: an event that Slack never sent: {text[:200]!r}")
    for text in wanted:
        if got.get(text, 0) != 1:
            failures.append(f"{where}: a good entry arrived {got.get(text, 0)} times: {text[:60]}")
    return odd


_ESCAPE = re.compile(
    r"\\u(?:00[01][0-9a-f]|d[89a-f][0-9a-f]{2}|fff[ef])|[\x00-\x20\x7f\ud800-\udfff\ufffe\uffff]", re.I
)


def _plain(text: str) -> str:
    """Leave out all that an event may write in another way, and XML's own reader changes."""
    return _ESCAPE.sub("", text)
