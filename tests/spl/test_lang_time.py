"""Time modifiers, zones, strftime and strptime.

Pages: SR Time modifiers; SM Specify time modifiers in your search; SR Date and time format variables.
"""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from sandbox.spl.errors import SplError
from sandbox.spl.evaluate import EvalContext, compile
from sandbox.spl.stream import parse_expression
from sandbox.spl.strftime import strftime, strptime
from sandbox.spl.timemod import Span, parse_modifier, parse_span, resolve, zone

UTC = timezone.utc


def at(*parts, where="UTC", fold=0):
    return datetime(*parts, tzinfo=zone(where), fold=fold).timestamp()


# Wednesday 2023-11-15 13:37:05.
START = (2023, 11, 15, 13, 37, 5)


@pytest.mark.parametrize(
    ("modifier", "expected"),
    [
        ("now", START),
        ("now()", START),
        ("-5m", (2023, 11, 15, 13, 32, 5)),
        ("+1h", (2023, 11, 15, 14, 37, 5)),
        ("-m", (2023, 11, 15, 13, 36, 5)),
        ("@m", (2023, 11, 15, 13, 37)),
        ("@h", (2023, 11, 15, 13)),
        ("-1d@d", (2023, 11, 14)),
        ("-1d@d+9h", (2023, 11, 14, 9)),
        ("@d-1h", (2023, 11, 14, 23)),
        ("-24h", (2023, 11, 14, 13, 37, 5)),
        ("@w", (2023, 11, 12)),
        ("@w0", (2023, 11, 12)),
        ("@w1", (2023, 11, 13)),
        ("@w3", (2023, 11, 15)),
        ("@w4", (2023, 11, 9)),
        ("@w7", (2023, 11, 12)),
        ("-1w@w1", (2023, 11, 6)),
        ("@mon", (2023, 11, 1)),
        ("-mon@mon", (2023, 10, 1)),
        ("-1month@mon", (2023, 10, 1)),
        ("@q", (2023, 10, 1)),
        ("-1q@q", (2023, 7, 1)),
        ("@y", (2023, 1, 1)),
        ("-1y", (2022, 11, 15, 13, 37, 5)),
        ("+7d@w6+2h", (2023, 11, 18, 2)),
        ("-3mon", (2023, 8, 15, 13, 37, 5)),
        ("-75m@m", (2023, 11, 15, 12, 22)),
        ("-2hrs@hr", (2023, 11, 15, 11)),
        ("1700000000", (2023, 11, 14, 22, 13, 20)),
        ("11/14/2023:22:13:20", (2023, 11, 14, 22, 13, 20)),
        ("11/14/2023", (2023, 11, 14)),
        ("now-1d", (2023, 11, 14, 13, 37, 5)),
    ],
)
def test_modifier(modifier, expected):
    assert resolve(modifier, at(*START), UTC) == at(*expected)


def test_the_31st_of_a_shorter_month_is_its_last_day():
    assert resolve("-1mon", at(2023, 3, 31, 12), UTC) == at(2023, 2, 28, 12)
    assert resolve("+1mon", at(2024, 1, 31), UTC) == at(2024, 2, 29)


def test_snapping_is_local():
    moment = at(2023, 11, 15, 1, where="Europe/Berlin")
    assert resolve("@d", moment, zone("Europe/Berlin")) == at(2023, 11, 15, where="Europe/Berlin")
    assert resolve("@d", moment, UTC) == at(2023, 11, 15)
    # Nepal is 5 h 45 min ahead: an hour begins at a quarter past in UTC.
    assert resolve("@h", at(2023, 11, 15, 10, 20), zone("Asia/Kathmandu")) == at(2023, 11, 15, 10, 15)


def test_a_day_is_calendar_time_around_daylight_saving():
    berlin = zone("Europe/Berlin")
    monday = at(2024, 4, 1, 12, where="Europe/Berlin")  # clocks went forward on Sunday 31 March at 2:00
    assert monday - resolve("-1d", monday, berlin) == 24 * 3600
    assert monday - resolve("-2d", monday, berlin) == 47 * 3600
    assert resolve("-1d@d", monday, berlin) == at(2024, 3, 31, where="Europe/Berlin")
    assert resolve("@d", at(2024, 3, 31, 5, where="Europe/Berlin"), berlin) == at(2024, 3, 30, 23)
    autumn = at(2024, 10, 28, where="Europe/Berlin")
    assert autumn - resolve("-1d", autumn, berlin) == 25 * 3600
    assert resolve("-24h", monday, berlin) == monday - 86400


def test_snapping_to_the_hour_in_the_repeated_hour():
    berlin = zone("Europe/Berlin")
    first = at(2024, 10, 27, 2, 30, where="Europe/Berlin")
    second = at(2024, 10, 27, 2, 30, where="Europe/Berlin", fold=1)
    assert second - first == 3600
    assert resolve("@h", first, berlin) == first - 1800
    assert resolve("@h", second, berlin) == second - 1800


@pytest.mark.parametrize(
    ("modifier", "words"),
    [
        ("-1x", "no unit"),
        ("yesterday", "neither"),
        ("", "nothing"),
        ("-5", "neither"),
        ("@d2", "day of the week"),
        ("rt-5m", "real-time"),
        ("-1M", "no unit"),
        ("13/40/2023", "month"),
        ("@w8", "neither"),
        ("-99999999999d", "too large"),
    ],
)
def test_bad_modifier_is_refused(modifier, words):
    with pytest.raises(SplError, match=words):
        parse_modifier(modifier)


def test_unknown_zone():
    with pytest.raises(ValueError, match="no time zone"):
        zone("Mars/Olympus")
    with pytest.raises(ValueError, match="no time zone"):
        zone("../etc/passwd")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5m", Span(5, "m")),
        ("1h", Span(1, "h")),
        ("15min", Span(15, "m")),
        ("500ms", Span(500, "ms")),
        ("10", Span(10, "")),
        ("1mon", Span(1, "mon")),
        ("0.5", Span(0.5, "")),
        ("0", None),
        ("5x", None),
        ("", None),
        ("-5m", None),
        ("d", Span(1, "d")),
    ],
)
def test_span(text, expected):
    assert parse_span(text) == expected


def test_length_of_a_span():
    assert Span(2, "h").seconds == 7200
    assert (Span(1, "mon").seconds, Span(1, "q").months) == (None, 3)


MOMENT = at(2024, 3, 5, 9, 7, 3) + 0.123456  # a Tuesday


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("%Y-%m-%dT%H:%M:%S.%Q", "2024-03-05T09:07:03.123"),
        ("%Y-%m-%d %H:%M:%S.%3N", "2024-03-05 09:07:03.123"),
        ("%6N %9N %3Q %6Q", "123456 123456000 123 123456"),
        ("%f", "123456"),
        ("%y %C", "24 20"),
        ("%b %B %h", "Mar March Mar"),
        ("%a %A", "Tue Tuesday"),
        ("%e|%d", " 5|05"),
        ("%H %I %k %l %p", "09 09  9  9 AM"),
        ("%j", "065"),
        ("%w %u", "2 2"),
        ("%U %V %W", "09 10 10"),
        ("%G %g", "2024 24"),
        ("%s", "1709629623"),
        ("%F %T", "2024-03-05 09:07:03"),
        ("%D", "03/05/24"),
        ("%x %X", "03/05/24 09:07:03"),
        ("%c", "Tue Mar  5 09:07:03 2024"),
        ("%+", "Tue Mar  5 09:07:03 UTC 2024"),
        ("%z %:z %::z %Ez %Z", "+0000 +00:00 +00:00:00 0 UTC"),
        ("100%% %n%t.", "100% \n\t."),
        ("no variable", "no variable"),
    ],
)
def test_strftime(pattern, expected):
    assert strftime(MOMENT, pattern) == expected


def test_strftime_is_in_the_zone_of_the_run():
    new_york = zone("America/New_York")
    assert (
        strftime(MOMENT, "%Y-%m-%d %H:%M %z %:z %Ez %Z %p", new_york)
        == "2024-03-05 04:07 -0500 -05:00 -300 EST AM"
    )
    context = EvalContext(now=MOMENT, zone=new_york)
    expression = compile(parse_expression('strftime(_time, "%H") . " " . strftime(now(), "%a %I %p")'))
    assert expression({"_time": "1709629623.123"}, context) == "04 Tue 04 AM"


def test_sunday_is_day_zero_and_seven():
    assert strftime(at(2024, 3, 3), "%w %u %a") == "0 7 Sun"


@pytest.mark.parametrize(
    ("text", "pattern", "expected"),
    [
        ("2024-03-05", "%Y-%m-%d", at(2024, 3, 5)),
        ("2024-03-05T09:07:03Z", "%Y-%m-%dT%H:%M:%SZ", at(2024, 3, 5, 9, 7, 3)),
        ("2024-03-05T09:07:03.250", "%Y-%m-%dT%H:%M:%S.%3N", at(2024, 3, 5, 9, 7, 3) + 0.25),
        ("2024-03-05 09:07:03 +0200", "%Y-%m-%d %H:%M:%S %z", at(2024, 3, 5, 7, 7, 3)),
        ("2024-03-05 09:07:03 -05:00", "%Y-%m-%d %H:%M:%S %:z", at(2024, 3, 5, 14, 7, 3)),
        ("2024-03-05T09:07:03Z", "%Y-%m-%dT%H:%M:%S%z", at(2024, 3, 5, 9, 7, 3)),
        ("5 March 24", "%d %B %y", at(2024, 3, 5)),
        ("Mar 5 2024 9:07 PM", "%b %d %Y %I:%M %p", at(2024, 3, 5, 21, 7)),
        ("12:30 AM 03/05/2024", "%I:%M %p %m/%d/%Y", at(2024, 3, 5, 0, 30)),
        ("1709629623", "%s", 1709629623),
        ("2024 065", "%Y %j", at(2024, 3, 5)),
        ("2024-03-05 09:07 EST", "%F %H:%M %Z", at(2024, 3, 5, 14, 7)),
        ("2024-03", "%Y-%m", at(2024, 3, 1)),
        ("09:30", "%H:%M", at(2023, 11, 15, 9, 30)),
        ("2024-13-05", "%Y-%m-%d", None),
        ("2024-02-30", "%Y-%m-%d", None),
        ("2024-03-05 x", "%Y-%m-%d", None),
        ("soon", "%Y-%m-%d", None),
        ("", "%Y-%m-%d", None),
        ("25:00", "%H:%M", None),
        ("Mär 5 2024", "%b %d %Y", None),
        ("2024-03-05 09:07 Nowhere/City", "%F %H:%M %Z", None),
    ],
)
def test_strptime(text, pattern, expected):
    assert strptime(text, pattern, UTC, at(*START)) == expected


def test_strptime_without_zone_reads_in_the_zone_of_the_run():
    assert strptime("2024-07-05 12:00", "%Y-%m-%d %H:%M", zone("Europe/Berlin")) == at(2024, 7, 5, 10)


@pytest.mark.parametrize("call", ['strftime(t, "%Y")', 'strptime(t, "%Y")', 'relative_time(t, "-1d")'])
def test_time_functions_of_nothing_give_null(call):
    expression = compile(parse_expression(call))
    assert expression({}, EvalContext(now=0)) is None
    assert expression({"t": "no time"}, EvalContext(now=0)) is None


def test_times_outside_of_the_calendar_give_null():
    row = {"t": "1e300"}
    for call in ('strftime(t, "%Y")', 'relative_time(t, "@mon")', 'relative_time(t, "-1y")'):
        assert compile(parse_expression(call))(row, EvalContext(now=0)) is None


def test_now_stands_still_and_time_may_move():
    context = EvalContext(now=1700000000.9, clock=1700000005.5)
    assert compile(parse_expression("now()"))({}, context) == 1700000000
    assert compile(parse_expression("time()"))({}, context) == 1700000005.5
    assert compile(parse_expression("relative_time(now(), m)"))({"m": "-1h@h"}, context) == 1699995600


def test_office_hour_from_epoch_and_offset_as_the_contract_writes_it():
    # Sunday 2024-03-03 23:30 UTC is Monday 00:30 one hour east.
    row = {"_time": at(2024, 3, 3, 23, 30)}
    context = EvalContext(now=0)
    assert compile(parse_expression("floor(((_time+3600*1)%86400)/3600)"))(row, context) == 0
    assert compile(parse_expression("floor((_time+3600*1)/86400+4)%7"))(row, context) == 1
