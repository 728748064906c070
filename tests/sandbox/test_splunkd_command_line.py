"""The commands as a person types them: answers on stdout, complaints on stderr, exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.cli.main import main

NOON = 1_709_553_600  # 2024-03-04 12:00:00 UTC, a Monday


def entry(number: int, at: int, action: str = "user_login_failed", **context: Any) -> dict[str, Any]:
    return {
        "id": f"0123f45d-6789-4abc-8def-{number:012d}",
        "date_create": at,
        "action": action,
        "actor": {
            "type": "user",
            "user": {"id": "W012A3CDE", "name": "Ana", "email": "ana@corp.example", "team": "T1"},
        },
        "entity": {
            "type": "user",
            "user": {"id": "W012A3CDE", "name": "Ana", "email": "ana@corp.example", "team": "T1"},
        },
        "context": {
            "location": {"type": "enterprise", "id": "E1", "name": "Corp", "domain": "corp"},
            "ua": "Mozilla/5.0",
            "ip_address": "203.0.113.9",
            "session_id": None,
            **context,
        },
        "details": {},
    }


def write(path: Path, entries: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(item) + "\n" for item in entries), encoding="utf-8")
    return path


@pytest.fixture
def burst(tmp_path: Path) -> Path:
    """Ten failures of one account within nine minutes: exactly the threshold of U01."""
    return write(tmp_path / "burst.jsonl", [entry(n, NOON + 60 * n) for n in range(10)])


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_replay_prints_one_line_a_finding(burst: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(burst)]) == 0
    out, err = capsys.readouterr()
    findings = [finding for finding in lines(out) if finding["rule_id"] == "U01"]
    assert len(findings) == 1
    (finding,) = findings
    assert finding["rule"] == finding["search"] == "Slack - Failed Sign-ins by Account - Rule"
    assert finding["count"] == 10 and finding["first_time"] == NOON and finding["last_time"] == NOON + 540
    assert sorted(finding["event_ids"]) == [entry(n, 0)["id"] for n in range(10)]
    assert finding["mitre_attack"] == ["T1110.001"] and finding["severity"] == "medium"
    assert NOON + 540 < finding["triggered_at"] <= NOON + 540 + 3600
    assert "10 entries" in err and f"{len(lines(out))} findings" in err


def test_replay_takes_any_order_copies_and_several_files(
    burst: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = burst.read_text().splitlines()
    (tmp_path / "a.jsonl").write_text("\n".join(reversed(texts[4:])))
    (tmp_path / "b.jsonl").write_text("\n".join(texts[:7]) + "\n" + texts[0])
    assert main(["replay", str(tmp_path / "a.jsonl"), str(tmp_path / "b.jsonl"), "--rule", "U01"]) == 0
    (finding,) = lines(capsys.readouterr().out)
    assert finding["count"] == 10


def test_replay_reports_a_truncated_line_and_goes_on(burst: Path, capsys: pytest.CaptureFixture[str]) -> None:
    burst.write_text(burst.read_text() + '{"id":"cut","date_cre')
    assert main(["replay", str(burst), "--rule", "slack_failed_sign_ins_by_account"]) == 0
    out, err = capsys.readouterr()
    assert len(lines(out)) == 1
    assert f"{burst}:11: not complete JSON" in err
    assert err.strip().endswith("1 line left out")


def test_replay_with_another_threshold(burst: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = "slack_failed_sign_ins_by_account_threshold"
    assert main(["replay", str(burst), "--rule", "U01", "--set", f"{name}=11"]) == 0
    assert capsys.readouterr().out == ""
    assert main(["replay", str(burst), "--rule", "U01", "--set", f"{name}=3"]) == 0
    assert len(lines(capsys.readouterr().out)) == 1


def test_replay_of_a_span(burst: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(burst), "--rule", "U01", "--to", "2024-03-04T12:09:00Z"]) == 0
    assert capsys.readouterr().out == ""  # the tenth failure is left out
    assert main(["replay", str(burst), "--rule", "U01", "--from", "2024-03-04 12:00", "--to", str(NOON + 541)]) == 0
    assert len(lines(capsys.readouterr().out)) == 1
    assert main(["replay", str(burst), "--rule", "U01", "--from", "2024-03-05"]) == 0
    assert capsys.readouterr().out == ""


def test_replay_judges_what_came_late_when_it_came(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    entries = [entry(n, NOON + 60 * n) for n in range(10)]
    entries[9]["_indextime"] = NOON + 540 + 3000
    assert main(["replay", str(write(tmp_path / "late.jsonl", entries)), "--rule", "U01"]) == 0
    (finding,) = lines(capsys.readouterr().out)
    assert finding["count"] == 10 and finding["triggered_at"] > NOON + 540 + 3000


def test_replay_places_addresses_by_the_given_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    geo = tmp_path / "geo.csv"
    geo.write_text(
        "cidr,country,city,lat,lon,asn,as_org\n"
        "198.51.100.0/24,Germany,Berlin,52.5,13.4,64500,Home Net\n"
        "203.0.113.0/24,Brazil,Recife,-8,-34.9,64501,Far Net\n"
    )
    entries = [
        entry(1, NOON, "user_login", ip_address="198.51.100.1"),
        entry(2, NOON + 86_400, "user_login", ip_address="203.0.113.9"),
    ]
    file = write(tmp_path / "travel.jsonl", entries)
    assert main(["replay", str(file), "--geo", str(geo), "--rule", "U07", "--rule", "U08"]) == 0
    findings = lines(capsys.readouterr().out)
    assert {finding["rule_id"] for finding in findings} == {"U07", "U08"}
    assert all("Brazil" in finding["summary"] or "64501" in finding["summary"] for finding in findings)
    assert main(["replay", str(file), "--rule", "U07"]) == 0
    assert capsys.readouterr().out == ""  # nobody knows where the addresses are


def test_replay_with_another_lookup(burst: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spray = []
    for n in range(20):
        item = entry(n, NOON + n)
        item["actor"]["user"].update(id=f"W{n % 8}", email=f"p{n % 8}@corp.example")
        spray.append(item)
    file = write(tmp_path / "spray.jsonl", spray)
    office = tmp_path / "office.csv"
    office.write_text("network,name,rules\n203.0.113.0/24,Head office,U02\n")
    assert main(["replay", str(file), "--rule", "U02"]) == 0
    assert len(lines(capsys.readouterr().out)) == 1
    assert main(["replay", str(file), "--rule", "U02", "--lookup", f"slack_audit_office_networks={office}"]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--rule", "U0999"], "no alert is called 'U0999'"),
        (["--set", "slack_mass_download_treshold=3"], "did you mean slack_mass_download_threshold"),
        (["--set", "slack_mass_download_threshold"], "NAME=VALUE"),
        (["--lookup", "slack_audit_office_network=x.csv"], "did you mean slack_audit_office_networks"),
        (["--lookup", "slack_audit_office_networks=/nowhere.csv"], "cannot be read"),
        (["--geo", "/nowhere.csv"], "--geo: /nowhere.csv cannot be read"),
        (["--from", "yesterday"], "--from 'yesterday'"),
        (["--to", "nan"], "--to 'nan'"),
        (["--tz", "Mars/Olympus"], "Mars/Olympus"),
        (["--app", "/nowhere"], "no folder 'default'"),
    ],
)
def test_replay_refuses_a_wrong_question(
    options: list[str], complaint: str, burst: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", str(burst), *options]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("replay: ") and complaint in err


def test_replay_refuses_a_lookup_without_its_columns(
    burst: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "office.csv"
    table.write_text("network,title\n10.0.0.0/8,x\n")
    assert main(["replay", str(burst), "--lookup", f"slack_audit_office_networks={table}"]) == 2
    assert "has no column name, rules; its header is network,title" in capsys.readouterr().err


def test_replay_of_a_missing_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(tmp_path / "none.jsonl")]) == 2
    assert "none.jsonl cannot be read: No such file" in capsys.readouterr().err


def test_a_search_over_a_file(burst: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spl = "slack_action=user_login_failed | stats count dc(src) AS sources BY user"
    assert main(["search", spl, "--events", str(burst)]) == 0
    assert lines(capsys.readouterr().out) == [{"user": "ana@corp.example", "count": 10, "sources": 1}]


def test_a_search_in_a_span_and_without_the_app(burst: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spl = "action=user_login_failed | stats count"
    options = ["--app", "none", "--now", str(NOON + 600), "--earliest", "-5m", "--latest", "-1m@m"]
    assert main(["search", spl, "--events", str(burst), *options]) == 0
    assert lines(capsys.readouterr().out) == [{"count": 4}]


def test_a_search_explained(burst: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["search", "* | head 3 | stats count", "--events", str(burst), "--explain"]) == 0
    out, err = capsys.readouterr()
    assert lines(out) == [{"count": 3}]
    assert "head 3" in err and "10" in err


def test_a_refused_search_shows_the_place(burst: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["search", "* | stast count", "--events", str(burst)]) == 2
    out, err = capsys.readouterr()
    assert out == "" and "line 1, column 5" in err and '"stats"' in err
    excerpt, caret = err.rstrip("\n").split("\n")[-2:]
    assert excerpt[caret.index("^") :].startswith("stast")


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--earliest", "foo"], '--earliest: "foo" is no time modifier'),
        (["--latest", "-1x"], '--latest: "-1x" is no time modifier'),
        (["--now", "inf"], "--now 'inf'"),
    ],
)
def test_a_wrong_time_names_its_option(
    options: list[str], complaint: str, burst: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["search", "*", "--events", str(burst), *options]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith(f"search: {complaint}") and err.count("\n") == 1


@pytest.mark.parametrize("command", ["demo", "serve", "replay", "search", "slack"])
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main([command, "--help"])
    assert end.value.code == 0 and f"usage: python -m sandbox {command}" in capsys.readouterr().out
