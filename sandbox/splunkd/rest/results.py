"""Search results in the output modes of search/jobs: xml, json, json_rows, json_cols, csv, raw.

Every value is text, a multivalue a list of texts; `_time` is written as ISO 8601, as the
endpoints do. Knows rows, nothing of jobs.
"""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timezone, tzinfo
from typing import Any, Union

from werkzeug.wrappers import Response

from sandbox.spl.values import text
from sandbox.splunkd.rest.answers import RestError, json_response, xml_response

MODES = ("atom", "csv", "json", "json_cols", "json_rows", "raw", "xml")
Row = Mapping[str, Any]
Cell = Union[str, list[str]]
Messages = Sequence[tuple[str, str]]


def results_response(
    rows: Sequence[Row],
    fields: Sequence[str],
    mode: str,
    *,
    preview: bool = False,
    offset: int = 0,
    messages: Messages = (),
    zone: tzinfo = timezone.utc,
) -> Response:
    """One page of results. Raises RestError for an unknown mode."""
    cells = [cells_of(row, fields, zone) for row in rows]
    if mode == "json":
        return json_response(
            {
                "preview": preview,
                "init_offset": offset,
                "messages": [{"type": level, "text": sentence} for level, sentence in messages],
                "fields": [{"name": name} for name in fields],
                "results": cells,
                "highlighted": {},
            }
        )
    if mode == "json_rows":
        table = [[row.get(name) for name in fields] for row in cells]
        return json_response({"preview": preview, "init_offset": offset, "fields": list(fields), "rows": table})
    if mode == "json_cols":
        columns = [[row.get(name) for row in cells] for name in fields]
        return json_response({"preview": preview, "init_offset": offset, "fields": list(fields), "columns": columns})
    if mode == "csv":
        return Response(csv_text(cells, fields), 200, content_type="text/csv; charset=UTF-8")
    if mode == "raw":
        lines = "".join(_one(row.get("_raw", "")) + "\n" for row in cells)
        return Response(lines, 200, content_type="text/plain; charset=UTF-8")
    if mode in ("xml", "atom"):
        return xml_response(_xml(cells, fields, preview, offset, messages))
    raise RestError(400, f"Invalid output_mode: '{mode[:40]}'. Allowed are {', '.join(MODES)}.")


def export_stream(rows: Sequence[Row], fields: Sequence[str], mode: str, zone: tzinfo = timezone.utc) -> Response:
    """All results as search/jobs/export sends them: with json one object a line."""
    if mode != "json":
        return results_response(rows, fields, mode, zone=zone)

    def lines() -> Iterator[str]:
        for number, row in enumerate(rows):
            line: dict[str, Any] = {"preview": False, "offset": number}
            if number == len(rows) - 1:
                line["lastrow"] = True
            yield json.dumps({**line, "result": cells_of(row, fields, zone)}, ensure_ascii=False) + "\n"
        if not rows:
            yield json.dumps({"preview": False, "lastrow": True}) + "\n"

    return Response(lines(), 200, content_type="application/json; charset=UTF-8")


def cells_of(row: Row, fields: Sequence[str], zone: tzinfo = timezone.utc) -> dict[str, Cell]:
    """A row as texts, in the order of `fields`; what it lacks is left out."""
    return {name: _cell(name, row[name], zone) for name in fields if row.get(name) is not None}


def csv_text(rows: Sequence[Mapping[str, Cell]], fields: Sequence[str]) -> str:
    """Rows as CSV; the values of a multivalue stand on lines of their own within the cell."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(fields)
    writer.writerows([_one(row.get(name, "")) for name in fields] for row in rows)
    return out.getvalue()


def _cell(name: str, value: Any, zone: tzinfo) -> Cell:
    if name == "_time":
        return iso_time(value, zone)
    if isinstance(value, (list, tuple)):
        return [text(member) for member in value]
    return text(value)


def iso_time(value: Any, zone: tzinfo = timezone.utc) -> str:
    """`2024-03-04T09:00:00.000+00:00`; what is no time is written as it is."""
    try:
        at = datetime.fromtimestamp(float(value), zone)
    except (TypeError, ValueError, OverflowError, OSError):
        return str(value)
    return at.isoformat(timespec="milliseconds")


def _one(cell: Cell) -> str:
    return cell if isinstance(cell, str) else "\n".join(cell)


def _xml(
    rows: Sequence[Mapping[str, Cell]], fields: Sequence[str], preview: bool, offset: int, messages: Messages
) -> ElementTree.Element:
    root = ElementTree.Element("results", {"preview": "1" if preview else "0"})
    order = ElementTree.SubElement(ElementTree.SubElement(root, "meta"), "fieldOrder")
    for name in fields:
        ElementTree.SubElement(order, "field").text = name
    if messages:
        holder = ElementTree.SubElement(root, "messages")
        for level, sentence in messages:
            ElementTree.SubElement(holder, "msg", {"type": level}).text = _legal(sentence)
    for number, row in enumerate(rows):
        result = ElementTree.SubElement(root, "result", {"offset": str(offset + number)})
        for name, cell in row.items():
            field = ElementTree.SubElement(result, "field", {"k": name})
            if name == "_raw":
                ElementTree.SubElement(field, "v", {"xml:space": "preserve", "trunc": "0"}).text = _legal(_one(cell))
                continue
            for member in [cell] if isinstance(cell, str) else cell:
                value = ElementTree.SubElement(field, "value")
                ElementTree.SubElement(value, "text").text = _legal(member)
    return root


def _legal(sentence: str) -> str:
    """Without the control characters that XML cannot hold."""
    return "".join(letter for letter in sentence if letter >= " " or letter in "\t\n\r")
