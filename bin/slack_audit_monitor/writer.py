"""Writes event XML to stdout: nothing else of this app ever writes there.

splunkd's streaming protocol: one `<stream>`, in it an `<event>` for each entry; `unbroken` with `<done/>`
makes each of them one event whatever the line breaking says. Strings are put together by hand, a batch a
write: an element tree and a flush per event costs several times as much.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from xml.sax.saxutils import escape, quoteattr

from slack_audit_monitor.entries import Entry
from slack_audit_monitor.errors import Stopped

SOURCETYPE = "slack:audit"
_META = ("source", "sourcetype", "index", "host")


class EventWriter:
    """Event XML on a file descriptor.

    Args:
        handle: descriptor of stdout; written to directly, so that nothing is left in a buffer when the
            process dies.
        stanza: full stanza name, `slack_audit://prod`.
        meta: the stanza's own source, sourcetype, index and host; splunkd fills in what is missing.
    """

    def __init__(self, handle: int, stanza: str, meta: Mapping[str, object]) -> None:
        self._handle = handle
        told = {name: str(meta[name]) for name in _META if meta.get(name)}
        told.setdefault("sourcetype", SOURCETYPE)
        if told.get("host") == "$decideOnStartup":
            del told["host"]  # splunkd's own word for "the name of this machine", which only splunkd knows
        self._head = f'<event stanza={quoteattr(stanza)} unbroken="1">'.encode()
        self._meta = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in told.items()).encode() + b"<data>"
        self._opening = b""
        self._second: int | None = None
        self._opened = False
        self._batch: list[bytes] = []
        self.pending_bytes = 0

    def add(self, entry: Entry) -> None:
        """Put an entry into the batch that the next `flush` writes."""
        if entry.second != self._second or not self._opening:  # neighbours often share a second
            self._second = entry.second
            time = b"" if entry.second is None else b"<time>%d</time>" % entry.second
            self._opening = b"".join((self._head, time, self._meta))
        self._batch += (self._opening, entry.data, b"</data><done/></event>\n")
        self.pending_bytes += len(entry.data)

    def flush(self) -> None:
        """Write the batch.

        Raises:
            Stopped: nobody reads any more; the batch counts as not written.
        """
        if not self._opened:
            self._batch.insert(0, b"<stream>\n")
            self._opened = True
        data, self._batch, self.pending_bytes = b"".join(self._batch), [], 0
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self._handle, view) :]
        except BrokenPipeError:
            self._handle = -1
            raise Stopped("splunkd closed the event stream.") from None

    def close(self) -> None:
        """End the stream; entries of an unfinished batch stay unwritten."""
        if self._handle < 0:
            return
        self._batch = [] if self._opened else [b"<stream>\n"]
        self._opened = True
        self._batch.append(b"</stream>\n")
        try:
            self.flush()
        except Stopped:
            pass  # every event was flushed before; only the closing tag is lost, which splunkd accepts
