"""Answers in the forms that Splunk's REST API has: Atom feeds, their JSON form, messages.

Knows the forms ("Using the REST API reference", access and feed format), no endpoint.
"""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import quote

from werkzeug.wrappers import Response

ATOM = "http://www.w3.org/2005/Atom"
REST = "http://dev.splunk.com/ns/rest"
OPENSEARCH = "http://a9.com/-/spec/opensearch/1.1/"
VERSION = "9.4.3"
BUILD = "0000000000000"
# A fixed instant: nothing here has a history of changes.
_UPDATED = datetime(2024, 1, 1, tzinfo=timezone.utc).isoformat()

for _prefix, _uri in (("", ATOM), ("s", REST), ("opensearch", OPENSEARCH)):
    ElementTree.register_namespace(_prefix, _uri)


class RestError(Exception):
    """An answer with a status of 400 and more and one message."""

    def __init__(self, status: int, text: str, level: str = "ERROR") -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.level = level


@dataclass(frozen=True)
class Entry:
    """One thing of a collection, with its content as plain values (texts, numbers, lists, dicts)."""

    name: str
    content: Mapping[str, Any]
    owner: str = "nobody"
    app: str = "system"
    sharing: str = "app"
    removable: bool = True
    links: Mapping[str, str] = field(default_factory=dict)  # relation -> address, besides the usual ones


@dataclass(frozen=True)
class Feed:
    """A collection's answer. `path` is its place below /services, as `storage/passwords`."""

    path: str
    entries: Sequence[Entry]
    total: int | None = None
    offset: int = 0
    per_page: int = 30
    messages: Sequence[Mapping[str, str]] = field(default_factory=tuple)


def feed_response(feed: Feed, output_mode: str, status: int = 200) -> Response:
    if output_mode == "json":
        return json_response(_feed_json(feed), status)
    return xml_response(_feed_atom(feed), status)


def entry_response(path: str, entry: Entry, output_mode: str) -> Response:
    """One entry without a feed around it, in Atom: a job answers so. In JSON it stands in a list as everywhere."""
    feed = Feed(path, [entry])
    if output_mode == "json":
        return json_response(_feed_json(feed))
    found = _feed_atom(feed).find(f"{{{ATOM}}}entry")
    assert found is not None  # noqa: S101 - given two lines above
    return xml_response(found)


def message_response(status: int, text: str, level: str, output_mode: str) -> Response:
    """One message, as Splunk words refusals."""
    if output_mode == "json":
        return json_response({"messages": [{"type": level, "text": text}]}, status)
    root = ElementTree.Element("response")
    messages = ElementTree.SubElement(root, "messages")
    ElementTree.SubElement(messages, "msg", {"type": level}).text = text
    return xml_response(root, status)


def json_response(value: Any, status: int = 200) -> Response:
    return Response(json.dumps(value, ensure_ascii=False), status, content_type="application/json; charset=UTF-8")


def xml_response(root: ElementTree.Element, status: int = 200) -> Response:
    text = (
        b'<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="utf-8").split(b"?>\n", 1)[-1]
    )
    return Response(text, status, content_type="text/xml; charset=UTF-8")


def _link(entry: Entry, feed: Feed) -> str:
    return f"/servicesNS/{quote(entry.owner)}/{quote(entry.app)}/{feed.path}/{quote(entry.name, safe='')}"


def _acl(entry: Entry) -> dict[str, Any]:
    return {
        "app": entry.app,
        "owner": entry.owner,
        "sharing": entry.sharing,
        "can_write": True,
        "modifiable": True,
        "removable": entry.removable,
        "perms": {"read": ["*"], "write": ["admin", "sc_admin"]},
    }


def _feed_json(feed: Feed) -> dict[str, Any]:
    return {
        "links": {},
        "origin": f"/services/{feed.path}",
        "updated": _UPDATED,
        "generator": {"build": BUILD, "version": VERSION},
        "entry": [
            {
                "name": entry.name,
                "id": _link(entry, feed),
                "updated": _UPDATED,
                "links": _links(entry, feed),
                "author": entry.owner,
                "acl": _acl(entry),
                "content": dict(entry.content),
            }
            for entry in feed.entries
        ],
        "paging": {
            "total": len(feed.entries) if feed.total is None else feed.total,
            "perPage": feed.per_page,
            "offset": feed.offset,
        },
        "messages": [dict(message) for message in feed.messages],
    }


def _links(entry: Entry, feed: Feed) -> dict[str, str]:
    link = _link(entry, feed)
    links = {"alternate": link, "list": link, "edit": link}
    if entry.removable:
        links["remove"] = link
    return {**links, **entry.links}


def _feed_atom(feed: Feed) -> ElementTree.Element:
    root = ElementTree.Element(f"{{{ATOM}}}feed")
    _sub(root, "title", feed.path.rsplit("/", 1)[-1])
    _sub(root, "id", f"/services/{feed.path}")
    _sub(root, "updated", _UPDATED)
    ElementTree.SubElement(root, f"{{{ATOM}}}generator", {"build": BUILD, "version": VERSION})
    author = ElementTree.SubElement(root, f"{{{ATOM}}}author")
    _sub(author, "name", "Splunk")
    total = len(feed.entries) if feed.total is None else feed.total
    for name, number in (
        ("totalResults", total),
        ("itemsPerPage", feed.per_page),
        ("startIndex", feed.offset),
    ):
        ElementTree.SubElement(root, f"{{{OPENSEARCH}}}{name}").text = str(number)
    messages = ElementTree.SubElement(root, f"{{{REST}}}messages")
    for message in feed.messages:
        element = ElementTree.SubElement(messages, f"{{{REST}}}msg", {"type": message["type"]})
        element.text = message["text"]
    for entry in feed.entries:
        element = ElementTree.SubElement(root, f"{{{ATOM}}}entry")
        _sub(element, "title", entry.name)
        _sub(element, "id", _link(entry, feed))
        _sub(element, "updated", _UPDATED)
        for relation, link in _links(entry, feed).items():
            ElementTree.SubElement(element, f"{{{ATOM}}}link", {"href": link, "rel": relation})
        _sub(ElementTree.SubElement(element, f"{{{ATOM}}}author"), "name", entry.owner)
        content = ElementTree.SubElement(element, f"{{{ATOM}}}content", {"type": "text/xml"})
        _value(content, {**entry.content, "eai:acl": _acl(entry)})
    return root


def _sub(parent: ElementTree.Element, name: str, text: str) -> None:
    ElementTree.SubElement(parent, f"{{{ATOM}}}{name}").text = text


def _value(parent: ElementTree.Element, value: Any) -> None:
    if isinstance(value, Mapping):
        holder = ElementTree.SubElement(parent, f"{{{REST}}}dict")
        for name, member in value.items():
            _value(ElementTree.SubElement(holder, f"{{{REST}}}key", {"name": name}), member)
    elif isinstance(value, (list, tuple)):
        holder = ElementTree.SubElement(parent, f"{{{REST}}}list")
        for member in value:
            _value(ElementTree.SubElement(holder, f"{{{REST}}}item"), member)
    elif value is None:
        parent.text = ""
    elif isinstance(value, bool):
        parent.text = "1" if value else "0"
    else:
        parent.text = str(value)


def page_of(entries: list[Entry], path: str, arguments: Mapping[str, str]) -> Feed:
    """A page of a collection: `search` filters, `sort_key`, `sort_dir` and `sort_mode` order, `count` (0: all;
    30 when not said) and `offset` cut. Raises RestError.
    """
    count = _whole(arguments, "count", 30)
    offset = _whole(arguments, "offset", 0)
    if count < 0:  # splunklib asks for -1 when it wants everything
        count = 0
    entries = _ordered([entry for entry in entries if _fits(entry, arguments.get("search", ""))], arguments)
    page = entries[offset : offset + count] if count else entries[offset:]
    return Feed(path, page, total=len(entries), offset=offset, per_page=count or len(entries))


def _fits(entry: Entry, search: str) -> bool:
    """Whether each term is met: `key=value` with wildcards in that setting, other words anywhere."""
    values = {"name": entry.name, **{key: str(value) for key, value in entry.content.items()}}
    for term in search.split():
        key, sign, wanted = term.partition("=")
        if sign and key in values:
            if not fnmatchcase(values[key].lower(), wanted.strip('"').lower()):
                return False
        elif not any(fnmatchcase(value.lower(), f"*{term.strip(chr(34)).lower()}*") for value in values.values()):
            return False
    return True


def _ordered(entries: list[Entry], arguments: Mapping[str, str]) -> list[Entry]:
    key = arguments.get("sort_key", "")
    direction, mode = arguments.get("sort_dir", "asc"), arguments.get("sort_mode", "auto")
    if direction not in ("asc", "desc") or mode not in ("auto", "alpha", "alpha_case", "num"):
        raise RestError(400, "sort_dir must be asc or desc, sort_mode one of auto, alpha, alpha_case, num.")
    if not key and direction == "asc":
        return entries

    def place(entry: Entry) -> tuple[int, float, str]:
        value = entry.name if key in ("", "name") else str(entry.content.get(key, ""))
        if mode in ("auto", "num"):
            try:
                return (0, float(value), "")
            except ValueError:
                pass
        return (1, 0.0, value if mode == "alpha_case" else value.lower())

    return sorted(entries, key=place, reverse=direction == "desc")


def _whole(arguments: Mapping[str, str], name: str, default: int) -> int:
    text = arguments.get(name, "")
    if not text:
        return default
    try:
        return int(text)
    except ValueError:
        raise RestError(400, f"Argument '{name}' must be a whole number, found '{text[:40]}'.") from None
