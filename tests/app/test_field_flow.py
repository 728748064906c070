"""The guard on fields sees what it is there for."""

from __future__ import annotations

import pytest

from tests.app.field_flow import INDEXED, FieldFlow

pytestmark = pytest.mark.once

KNOWN = INDEXED | {"user", "src"}
LOOKUPS = {"sites": ["network", "name"]}


@pytest.mark.parametrize(
    ("search", "missing"),
    [
        ("index=a user=x | where isnotnull(scr)", "scr"),
        ("index=a | eval a=user, b=a . c", "c"),
        ("index=a | stats count BY user | where src=1", "src"),
        ("index=a | stats dc(scr) AS n", "scr"),
        ("index=a | table user | eval x=src", "src"),
        ("index=a | fields - user | eval x=user", "user"),
        ("index=a | lookup sites network AS scr OUTPUT name", "scr"),
        ("index=a | lookup sites network AS src OUTPUT nmae", "nmae"),
        ("index=a | rename user AS who | eval x=user", "user"),
        ('index=a | rex field=scr "(?<part>x)"', "scr"),
        ("index=a | sort 0 - usre", "usre"),
    ],
)
def test_a_field_that_nothing_makes_is_named(search: str, missing: str) -> None:
    (said,) = FieldFlow(KNOWN, LOOKUPS).follow(search)
    assert missing in said


@pytest.mark.parametrize(
    "search",
    [
        "index=a | eval a=user, b=a | stats values(b) AS b BY src | where b=src",
        "index=a | lookup sites network AS src OUTPUT name AS site | where isnull(site)",
        'index=a | rex field=user "(?<left>.*)@" | dedup left | sort 0 - left src',
        "index=a | addinfo | where _time<info_max_time",
        "index=a | stats count BY user | search *",
        'index=a | stats count BY src | eval user=coalesce(user, "unknown")',
    ],
)
def test_a_field_that_something_makes_is_not(search: str) -> None:
    assert FieldFlow(KNOWN, LOOKUPS).follow(search) == []
