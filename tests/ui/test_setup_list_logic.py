"""The setup page's verdicts on lists are those of the app's own Python; what it writes, the engine reads back."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.spl import search
from tests.ui.setup_questions import Ask, ask, columns, site_lookups

__all__ = ["ask", "columns", "site_lookups"]
pytestmark = pytest.mark.once

NOW = 1_764_331_200  # 2025-11-28 12:00:00 UTC


# -- lists: one verdict on both sides


FILES = {
    "slack_audit_office_networks": [
        "network,name,rules,a|b,a|b,\n192.0.2.0/24,Berlin,,,,\n",
        ",".join(f"c{n % 40}" for n in range(80)) + "\n",
        "network,name,rules\n192.0.2.0/24,Berlin,U02 U07\n2001:db8::/48,Lab,\n",
        "network,name,rules\n192.0.2.0/33,x,\n",
        "network,name,rules\n192.0.2.1/24,host bits,U02;U07\n",
        "network,name,rules\nBerlin,192.0.2.0/24,U2\n",
        "network,name,rules\n 192.0.2.0/24,blank,\n",
        "network,name,rules\n,empty key,\n",
        "network,name\n192.0.2.0/24,x\n",
        "network,name,rules,name\n192.0.2.0/24,x,,y\n",
        "network,name,rules\n192.0.2.0/24,x,,too,many\n",
        'network,name,rules\n192.0.2.0/24,"two\nlines",\nnot-one,x,\n',
        'network,name,rules\n192.0.2.0/24,"open,\n',
        'network,name,rules\n192.0.2.0/24,"x"y,\n',
        "",
        "\n\n",
        "\ufeffnetwork,name,rules\r\n192.0.2.0/24,x,\r\n\r\n",
        "rules,network,name\nU02,192.0.2.0/24,other order\n",
        "network,name,rules\n" + "bad,x,\n" * 30,
        "network,name,rules\n<script>alert(1)</script>,x,\n",
        "network,name,rules\n" + "9" * 200 + ",x,\n",
        "network,name,rules\nit's|a\u202ename\u0007,x,\n",
        "network,name,rules\n\"it's \"\"so\"\"\",x,\n",
        "network,name,rules\nback\\slash,x,\n",
    ],
    "slack_audit_office_hours": [
        "scope,zone,days,start,end\n*,Etc/UTC,1-5,07:00,19:00\n",
        "scope,zone,days,start,end\n*,Europe/Berlin,\"7,1,2,3,4\",7:00,24:00\n",
        "scope,zone,days,start,end\n*,europe/berlin,1-5,07:00,19:00\n",
        "scope,zone,days,start,end\n*,+01:00,1-5,07:00,19:00\n",
        "scope,zone,days,start,end\n*,Mars/Olympus,Mon-Fri,7,25:00\n",
        "scope,zone,days,start,end\n*,Etc/UTC,1|5,07|00," + "9" * 90 + "\n",
        "scope,zone,days,start,end\n*,,0-5,24:01,\n",
    ],
    "slack_audit_holidays": [
        "date,scope,name\n2026-12-25,*,Christmas\n",
        "date,scope,name\n2026-02-30,*,none\n25.12.2026,*,form\n2026-1-1,*,short\n",
    ],
    "slack_audit_asn": ["network,asn,as_org\n192.0.2.0/24,AS64500,x\n192.0.2.0/24,sixty,x\n"],
    "slack_audit_approved_apps": ["app_id,name,note\nA0EXAMPLE,x,\nMy App,x,\nU0ARCHIVE,x,\n"],
    "slack_audit_agent_apps": ["app_id,name\nserver files.example,x\nA0B,x\nserver,x\n"],
    "slack_audit_administrators": ["account_id,name\nW0A,x\nana@corp.example,x\n"],
    "slack_audit_approved_organisations": ["organisation_id,name\nT0A,x\nE0A,x\nC0A,x\n"],
    "slack_audit_verified_domains": ["domain,name\ncorp.example,x\n@corp.example,x\n-x.example,x\nlocalhost,x\n"],
    "slack_audit_network_pairs": ["asn_1,asn_2,name\n64500,64501,x\n64500,,x\n"],
}  # fmt: skip


def test_files_get_the_verdict_of_the_apps_own_check(
    ask: Ask, site_lookups: Any, columns: dict[str, Any], tmp_path: Path
) -> None:
    cases = [(name, text) for name, texts in FILES.items() for text in texts]
    answers = ask(*(["checkFile", columns[name], text] for name, text in cases))
    for (name, text), answer in zip(cases, answers):
        (tmp_path / f"{name}.csv").write_bytes(text.encode())
        assert answer["problems"] == site_lookups.problems_of(str(tmp_path), name), text
        assert bool(answer["rows"]) <= (not answer["problems"]), text


_SIGNS = st.sampled_from(
    ["a", "A", "U", "0", "1", "9", ".", ":", "/", "-", " ", ",", ";", "é", "'", '"', "\\", "|", "*"]
)
_WORDS = st.sampled_from(
    ["192.0.2.", "0/24", "2001:db8::", "::", "/48", "U02", "W0", "T0", "AS", "64500", "Europe/", "Berlin", "07:00",
     "1-5", "2026-", "12-25", "corp.", "example", "server "]
)  # fmt: skip


@given(st.data())
@settings(max_examples=3)
def test_any_cell_gets_the_same_verdict_on_both_sides(
    ask: Ask, site_lookups: Any, columns: dict[str, Any], data: st.DataObject
) -> None:
    cells = data.draw(st.lists(st.lists(_WORDS | _SIGNS, max_size=6).map("".join), min_size=150, max_size=150))
    kinds = {column["kind"]: (name, place) for name, found in columns.items() for place, column in enumerate(found)}
    kinds.pop("zone")  # a browser knows other names than this machine's tz database
    cases = [(*kinds[kind], cell) for kind in kinds for cell in cells]
    answers = ask(
        *(
            ["checkRows", columns[name], [[cell if at == place else "" for at in range(len(columns[name]))]]]
            for name, place, cell in cases
        )
    )
    for (name, place, cell), answer in zip(cases, answers):
        header = list(site_lookups.COLUMNS[name])
        row = [cell if at == place else "" for at in range(len(header))]
        wanted = list(site_lookups._row_problems(header, row, site_lookups.COLUMNS[name]))
        assert answer == [f"line 2: {problem}" for problem in wanted], (name, cell)


@given(st.lists(st.text(alphabet="0123456789abcdef.:/%", max_size=24), min_size=400, max_size=400))
@settings(max_examples=2)
def test_address_ranges_are_those_of_python(ask: Ask, texts: list[str]) -> None:
    named = ["0.0.0.0/0", "192.0.2.0/255.255.255.0", "192.0.2.0/0.0.0.255", "192.0.2.0/255.0.255.0", "01.2.3.4", "::"]
    named += ["::ffff:192.0.2.1", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "1::2::3", "fe80::1%eth0", "2001:db8::/129"]
    texts = named + texts

    def is_one(text: str) -> bool:
        try:
            ipaddress.ip_network(text, strict=False)
        except ValueError:
            return False
        return True

    assert dict(zip(texts, ask(*(["isNetwork", text] for text in texts)))) == {text: is_one(text) for text in texts}


# -- lists: written through a search, read back through the engine


HOSTILE = [
    ['say "hi"', "back\\slash \\n \\\\", "tick `macro` and $token$"],
    ["| delete index=*", "[search index=*]", "a,b;c\ttab"],
    ["<script>alert(1)</script>", "\u202eright to left", "Zürich 東京 \U0001f512"],
    ["'single'", "100% of *", "end\\"],
    ["", "", "only the last"],
    ["two\nlines", "carriage\r\nreturn", "\x0b\x85\u2028"],
]


def test_a_list_that_is_written_holds_what_was_typed(ask: Ask) -> None:
    columns = [{"name": name, "kind": "text"} for name in ("channel", "note")]
    rows = [[f"k{number}{a}", f"{b}{c}"] for number, (a, b, c) in enumerate(HOSTILE)]
    (text,) = ask(["writeLookup", "slack_audit_sensitive_channels", columns, rows])
    result = search(text, [], now=NOW)
    stored = result.lookups["slack_audit_sensitive_channels"]
    assert [[row["channel"], row["note"]] for row in stored] == rows


def test_an_emptied_list_keeps_its_columns_and_means_nothing(ask: Ask, columns: dict[str, Any]) -> None:
    name = "slack_audit_authorised_granters"
    (text,) = ask(["writeLookup", name, columns[name], []])
    (row,) = search(text, [], now=NOW).lookups[name]
    assert not any(row.values())


def test_a_file_that_pythons_of_splunk_cannot_read_is_refused(ask: Ask, columns: dict[str, Any]) -> None:
    """Python 3.9 and 3.10 stop at a NUL, newer ones do not; Splunk has both."""
    text = "network,name,rules\n192.0.2.0/24,x,\n192.0.2.0/24,a\0b,\n"
    (answer,) = ask(["checkFile", columns["slack_audit_office_networks"], text])
    assert answer == {"rows": [], "problems": ["from line 3 on it is no CSV (line contains NUL)"]}


def test_the_limit_of_a_list_is_the_one_that_the_page_tells(ask: Ask, columns: dict[str, Any]) -> None:
    kind = columns["slack_audit_asn"]
    short, rows, signs = ask(
        ["isTooLong", kind, [["192.0.2.0/24", "64500", "x"]] * 1000],
        ["isTooLong", kind, [["192.0.2.0/24", "64500", "x"]] * 1001],
        ["isTooLong", kind, [["192.0.2.0/24", "64500", "x" * 1000]] * 120],
    )
    assert (short, rows, signs) == (False, True, True)


def test_the_search_for_runs_reads_the_collectors_own_lines(ask: Ask) -> None:
    def line(at: str, text: str) -> dict[str, Any]:
        return {
            "_raw": f"{at} +0000 level=INFO pid=1 {text}",
            "index": "_internal",
            "source": "/opt/splunk/var/log/splunk/slack_audit_monitor.log",
            "sourcetype": "slack_audit_monitor",
            "host": "hf1",
        }

    lines = [
        line("2025-11-27 23:59:00.000", "input=prod event=run_finished outcome=done entries=100 lag_seconds=2 calls=1"),
        line("2025-11-28 10:00:00.000", "input=prod event=run_finished outcome=done entries=7 lag_seconds=3 calls=1"),
        line("2025-11-28 11:59:30.000", 'input=prod event=run_finished outcome=refused entries=0 reason="token: no."'),
        line("2025-11-28 11:59:40.000", "input=other event=run_finished outcome=done entries=1 lag_seconds=12"),
        line("2025-11-28 11:59:41.000", "input=other event=page_read entries=9"),
    ]
    (text,) = ask(["runsSearch"])
    from tests.ui.timed import with_times

    rows = {row["input"]: row for row in search(text, with_times(lines), now=NOW, earliest="-24h@h", latest=NOW).rows}
    assert rows["prod"]["outcome"] == "refused" and rows["prod"]["reason"] == "token: no."
    assert float(rows["prod"]["entries_today"]) == 7 and rows["prod"]["host"] == "hf1"
    assert float(rows["other"]["lag_seconds"]) == 12
