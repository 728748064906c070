"""The least possible collector: what no honest program in Python can do with less.

One connection, pages of 9,999, the standard library alone, each entry parsed once and handed on with its own
text, one write a page. No settings, no secrets from splunkd, no checkpoint, no repeats dropped, no time
limits, no repeating, no complaint about anything. Reads its task as JSON from stdin.
"""

from __future__ import annotations

import http.client
import json
import os
import sys
from typing import Any
from urllib.parse import urlencode, urlsplit

LIMIT = 9_999
HEAD = '<event stanza="slack_audit://prod" unbroken="1"><time>%d</time><sourcetype>slack:audit</sourcetype><data>'
TAIL = "</data><done/></event>\n"


def main() -> None:
    """Copy one span of the audit log to stdout."""
    task: dict[str, Any] = json.load(sys.stdin)
    where = urlsplit(task["api_url"])
    connection = http.client.HTTPConnection(where.hostname or "", where.port)
    headers = {"Authorization": f"Bearer {task['token']}", "Accept": "application/json"}
    parse = json.JSONDecoder().raw_decode
    os.write(1, b"<stream>\n")
    cursor = ""
    while True:
        query = {"oldest": task["oldest"], "latest": task["latest"], "limit": LIMIT}
        if cursor:
            query["cursor"] = cursor
        connection.request("GET", f"{where.path}logs?{urlencode(query)}", headers=headers)
        text = connection.getresponse().read().decode("utf-8")
        out: list[str] = []
        at = text.index("[") + 1
        while text[at] == "{":
            entry, end = parse(text, at)
            data = text[at:end].replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
            out += (HEAD % entry["date_create"], data, TAIL)
            at = end + 1 if text[end] == "," else end
        rest = json.loads("{" + text[at + 1 :].lstrip(","))
        whole = memoryview("".join(out).encode("utf-8"))
        while whole:
            whole = whole[os.write(1, whole) :]
        cursor = (rest.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor:
            break
    os.write(1, b"</stream>\n")


if __name__ == "__main__":
    main()
