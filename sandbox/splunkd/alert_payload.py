"""The payload of a custom alert action, in the two formats that alert_actions.conf can ask for.

XML is the default: the members of the JSON object as elements of <alert>, `configuration` as parameters of a stanza
that is named after the saved search, `result` as fields in the form of splunkd's results in XML. Characters that XML
cannot hold are left out. Source: "Create a custom alert action script" and payloads that others have published; for
fields of the result no published example was found.
"""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from typing import Any

FORMATS = ("xml", "json")
# XML 1.0, production Char: everything else cannot stand in a document.
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Payload = Mapping[str, Any]


def as_json(payload: Payload) -> bytes:
    return json.dumps(payload, ensure_ascii=False).encode("utf-8", "replace")


def as_xml(payload: Payload) -> bytes:
    root = ElementTree.Element("alert")
    for name, value in payload.items():
        element = ElementTree.SubElement(root, name)
        if name == "configuration":
            stanza = ElementTree.SubElement(element, "stanza", {"name": clean(payload["search_name"])})
            for key, setting in value.items():
                ElementTree.SubElement(stanza, "param", {"name": clean(key)}).text = clean(setting)
        elif name == "result":
            for key, cell in value.items():
                field = ElementTree.SubElement(element, "field", {"k": clean(key)})
                for member in cell if isinstance(cell, list) else [cell]:
                    ElementTree.SubElement(ElementTree.SubElement(field, "value"), "text").text = clean(member)
        else:
            element.text = clean(value)
    # A parser reads a bare carriage return in text as a line feed; written as a reference it stays what it is.
    document = ElementTree.tostring(root, encoding="unicode").replace("\r", "&#13;")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{document}'.encode()


def clean(text: str) -> str:
    """The text without what XML cannot hold."""
    return _NOT_IN_XML.sub("", text)
