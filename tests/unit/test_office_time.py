"""Office hours of a named zone: what stays in, what is out, and what cannot be read."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

import pytest

from slack_audit_monitor.office_time import OfficeTime, parse_clock, parse_days

APP = Path(__file__).resolve().parents[2]


def epoch(text: str) -> str:
    return str(int(datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp()))


@pytest.mark.parametrize(
    "utc, zone, days, start, end, expected",
    [
        # the opening second is in, the second before closing is in, closing is out
        ("2026-01-05T07:00:00", "Europe/Berlin", "1-5", "08:00", "18:00", "yes"),
        ("2026-01-05T06:59:59", "Europe/Berlin", "1-5", "08:00", "18:00", "no"),
        ("2026-01-05T16:59:59", "Europe/Berlin", "1-5", "08:00", "18:00", "yes"),
        ("2026-01-05T17:00:00", "Europe/Berlin", "1-5", "08:00", "18:00", "no"),
        # one UTC time, two answers: Europe switched on 29 March 2026, New York on 8 March
        ("2026-03-27T16:30:00", "Europe/Berlin", "1-5", "08:00", "18:00", "yes"),
        ("2026-03-30T16:30:00", "Europe/Berlin", "1-5", "08:00", "18:00", "no"),
        ("2026-03-06T13:30:00", "America/New_York", "1-5", "09:00", "17:00", "no"),
        ("2026-03-09T13:30:00", "America/New_York", "1-5", "09:00", "17:00", "yes"),
        # half-hour zone
        ("2026-01-05T02:30:00", "Asia/Kolkata", "1-5", "08:00", "18:00", "yes"),
        ("2026-01-05T02:29:59", "Asia/Kolkata", "1-5", "08:00", "18:00", "no"),
        # Sunday 23:30 UTC is Monday in Tokyo, Friday 16:00 UTC is Saturday there
        ("2026-01-04T23:30:00", "Asia/Tokyo", "1-5", "08:00", "18:00", "yes"),
        ("2026-01-09T16:00:00", "Asia/Tokyo", "1-5", "00:00", "24:00", "no"),
        # Sunday to Thursday
        ("2026-01-04T08:00:00", "Asia/Riyadh", "7-4", "08:00", "18:00", "yes"),
        ("2026-01-09T08:00:00", "Asia/Riyadh", "7,1,2,3,4", "08:00", "18:00", "no"),
        # a night shift belongs to the day on which it begins
        ("2026-01-09T23:00:00", "Etc/UTC", "1-5", "22:00", "06:00", "yes"),
        ("2026-01-10T05:59:59", "Etc/UTC", "1-5", "22:00", "06:00", "yes"),
        ("2026-01-05T05:00:00", "Etc/UTC", "1-5", "22:00", "06:00", "no"),
    ],
)
def test_hours(utc: str, zone: str, days: str, start: str, end: str, expected: str) -> None:
    assert OfficeTime().look_up(epoch(utc), zone, days, start, end).in_office_hours == expected


@pytest.mark.parametrize(
    "zone, days, start, said",
    [
        ("Mars/Olympus", "1-5", "08:00", "no time zone is called 'Mars/Olympus'"),
        ("../../etc/passwd", "1-5", "08:00", "no time zone is called"),
        ("Etc/UTC", "Mo-Fr", "08:00", "days 'Mo-Fr'"),
        ("Etc/UTC", "", "08:00", "days ''"),
        ("Etc/UTC", "1-5", "8 am", "time '8 am'"),
    ],
)
def test_a_row_that_cannot_be_read_says_why(zone: str, days: str, start: str, said: str) -> None:
    answer = OfficeTime().look_up(epoch("2026-01-05T07:00:00"), zone, days, start, "18:00")
    assert answer.in_office_hours.startswith("unknown: ")
    assert said in answer.in_office_hours


def test_local_date_is_the_date_there() -> None:
    answer = OfficeTime().look_up(epoch("2026-01-04T23:30:00"), "Asia/Tokyo", "1-5", "08:00", "18:00")
    assert (answer.local_date, answer.local_time) == ("2026-01-05", "Mon 2026-01-05 08:30 JST")


@pytest.mark.parametrize("text", ["", "soon", "1e400", "nan"])
def test_a_moment_that_is_none_is_answered_with_nothing(text: str) -> None:
    assert OfficeTime().look_up(text, "Etc/UTC", "1-5", "08:00", "18:00") == ("", "", "")


def test_days_and_clock() -> None:
    assert parse_days("1-5") == {1, 2, 3, 4, 5}
    assert parse_days("6-2") == {6, 7, 1, 2}
    assert parse_days("1, 3;5") == {1, 3, 5}
    assert parse_clock("00:00") == 0
    assert parse_clock("24:00") == 1440
    with pytest.raises(ValueError, match="00:00 to 24:00"):
        parse_clock("24:01")


def test_the_script_speaks_the_lookup_protocol() -> None:
    columns = ["epoch", "zone", "days", "start", "end", "local_date", "local_time", "in_office_hours"]
    asked = io.StringIO()
    writer = csv.writer(asked)
    writer.writerow(columns)
    writer.writerow([epoch("2026-03-30T16:30:00"), "Europe/Berlin", "1-5", "08:00", "18:00", "", "", ""])
    writer.writerow(["", "Europe/Berlin", "1-5", "08:00", "18:00", "", "", ""])
    script = str(APP / "bin" / "slack_audit_local_time.py")
    done = subprocess.run(  # noqa: S603 - our own script, fixed arguments
        [sys.executable, script, *columns], input=asked.getvalue(), capture_output=True, text=True, check=True
    )
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert rows[0]["local_time"] == "Mon 2026-03-30 18:30 CEST"
    assert rows[0]["in_office_hours"] == "no"
    assert rows[1]["in_office_hours"] == ""
