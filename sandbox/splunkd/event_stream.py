"""Read the event XML that a modular input writes to stdout, bit by bit and strictly.

Knows Splunk's streaming mode ("Set up streaming" in the manual for modular inputs):
`<stream><event stanza unbroken><time/><data/>...<done/></event></stream>`. A stream
that ends in the middle is normal (the process was stopped); its complete events
count. A stream that is not well formed, or that holds an unknown element, is
reported and nothing after that point is believed: a repair would hide the fault.

Does not know processes, indexes or defaults of a stanza.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from xml.parsers import expat

# What expat says of a document that stops in the middle; anything else is a fault.
_CUT_OFF = frozenset(
    expat.errors.codes[message]
    for message in (
        expat.errors.XML_ERROR_NO_ELEMENTS,
        expat.errors.XML_ERROR_UNCLOSED_TOKEN,
        expat.errors.XML_ERROR_PARTIAL_CHAR,
        expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION,
    )
)
_EVENT_PARTS = frozenset({"time", "source", "sourcetype", "index", "host", "data", "done"})


@dataclass(frozen=True)
class StreamEvent:
    """One event as the input wrote it; None where the stanza's own setting applies."""

    data: str
    stanza: str | None = None
    time: float | None = None  # epoch seconds
    host: str | None = None
    source: str | None = None
    sourcetype: str | None = None
    index: str | None = None


class _Fault(Exception):
    """What is wrong with the stream; raised inside expat's callbacks."""


@dataclass
class _Fragments:
    """Text of one event that the input hands over in several pieces (`unbroken`)."""

    parts: dict[str, str]
    texts: list[str] = field(default_factory=list)


class EventStreamParser:
    """Turns bytes of one process' stdout into events.

    `fault` holds the sentence for the log once the stream turned out malformed;
    `closed` says whether `</stream>` was seen; `bytes_read` counts what was fed.
    """

    def __init__(self) -> None:
        self.fault: str | None = None
        self.closed = False
        self.bytes_read = 0
        self._path: list[str] = []
        self._parts: dict[str, str] = {}
        self._text: list[str] = []
        self._done = False
        self._unbroken = False
        self._pending: dict[str, _Fragments] = {}
        self._ready: list[StreamEvent] = []
        # splunkd reads UTF-8 whatever a declaration says.
        self._expat = expat.ParserCreate("UTF-8")
        self._expat.buffer_text = True
        self._expat.StartElementHandler = self._start
        self._expat.EndElementHandler = self._end
        self._expat.CharacterDataHandler = self._characters
        self._expat.StartDoctypeDeclHandler = self._doctype

    def feed(self, chunk: bytes) -> list[StreamEvent]:
        """Take some bytes; return the events that are complete now. Never raises for bad input."""
        self.bytes_read += len(chunk)
        self._parse(chunk, False)
        return self._take()

    def finish(self) -> list[StreamEvent]:
        """End of stdout: events whose last fragment never got its `<done/>` are given out as they are."""
        # The last call makes newer versions of expat look at bytes that they put off.
        if self.bytes_read:
            self._parse(b"", True)
        if self.fault is None:
            for pending in self._pending.values():
                self._emit(pending.parts, "".join(pending.texts))
        self._pending.clear()
        return self._take()

    def _parse(self, chunk: bytes, last: bool) -> None:
        if self.fault is None:
            try:
                self._expat.Parse(chunk, last)
            except expat.ExpatError as error:
                if last and error.code in _CUT_OFF:
                    return
                self.fault = (
                    f"malformed event XML at line {error.lineno}, column {error.offset + 1}: "
                    f"{expat.errors.messages[error.code]}"
                )
            except _Fault as error:
                line, column = self._expat.CurrentLineNumber, self._expat.CurrentColumnNumber + 1
                self.fault = f"malformed event XML at line {line}, column {column}: {error}"

    def _take(self) -> list[StreamEvent]:
        ready, self._ready = self._ready, []
        return ready

    def _doctype(self, name: str, *_: object) -> None:
        raise _Fault(f"a document type declaration ({name}) has no place in an event stream")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        depth = len(self._path)
        if depth == 0 and name != "stream":
            raise _Fault(f"expected <stream>, found <{name}>")
        if depth == 1:
            if name != "event":
                raise _Fault(f"expected <event> inside <stream>, found <{name}>")
            self._parts = {key: value for key, value in attributes.items() if key == "stanza"}
            self._unbroken = attributes.get("unbroken") == "1"
            self._done = False
        elif depth == 2:
            if name not in _EVENT_PARTS:
                raise _Fault(f"<event> has no <{name}>; allowed are {', '.join(sorted(_EVENT_PARTS))}")
            if name in self._parts:
                raise _Fault(f"<event> holds <{name}> twice")
            self._text = []
        elif depth > 2:
            raise _Fault(f"<{self._path[-1]}> holds text alone, found <{name}> in it")
        self._path.append(name)

    def _characters(self, text: str) -> None:
        if len(self._path) == 3:
            self._text.append(text)
        elif text.strip():
            raise _Fault(f"text {text.strip()[:40]!r} outside of <data>")

    def _end(self, name: str) -> None:
        self._path.pop()
        depth = len(self._path)
        if depth == 2:
            if name == "done":
                self._done = True
            else:
                self._parts[name] = "".join(self._text)
                if name == "time":
                    _epoch(self._parts[name])
        elif depth == 1:
            self._finish_event()
        elif depth == 0:
            self.closed = True

    def _finish_event(self) -> None:
        parts, text = self._parts, self._parts.get("data", "")
        if not self._unbroken:
            self._emit(parts, text)
            return
        key = parts.get("stanza", "")
        pending = self._pending.get(key)
        if pending is None:
            if self._done:
                self._emit(parts, text)
                return
            pending = self._pending[key] = _Fragments(parts)
        pending.texts.append(text)
        if self._done:
            del self._pending[key]
            self._emit(pending.parts, "".join(pending.texts))

    def _emit(self, parts: dict[str, str], text: str) -> None:
        data = text.rstrip("\r\n")
        if not data:
            return
        self._ready.append(
            StreamEvent(
                data=data,
                stanza=parts.get("stanza"),
                time=_epoch(parts.get("time")),
                host=parts.get("host") or None,
                source=parts.get("source") or None,
                sourcetype=parts.get("sourcetype") or None,
                index=parts.get("index") or None,
            )
        )


def _epoch(text: str | None) -> float | None:
    """`<time>` as epoch seconds; an empty element means that the input leaves it to the indexer."""
    if text is None or not text.strip():
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise _Fault(f"<time> {text.strip()[:40]!r} is not a number of epoch seconds")
    return value
