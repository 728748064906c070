"""Site lists on the setup page: typed, uploaded, refused, put back."""

from __future__ import annotations

import pytest

from tests.ui.kit.stand import Stand
from tests.ui.setup_steps import AtSetup, SetupPage, refuse

pytestmark = pytest.mark.once


# -- site lists


def list_file(stand: Stand, name: str) -> str:
    return (stand.splunkd.app_folder / "lookups" / f"{name}.csv").read_text(encoding="utf-8")


def choose(setup: SetupPage, title: str) -> None:
    setup.page.get_by_role("radio", name=title, exact=True).check()
    setup.page.get_by_role("heading", level=3, name=title).wait_for()
    setup.button("Add row").wait_for()


def upload(setup: SetupPage, name: str, content: bytes) -> None:
    setup.page.set_input_files('input[type="file"]', files=[{"name": name, "mimeType": "text/csv", "buffer": content}])


def test_a_list_is_typed_checked_saved_and_put_back(at_setup: AtSetup, fresh: Stand) -> None:
    name = "slack_audit_office_networks"
    before = list_file(fresh, name)
    setup = at_setup("lists")
    choose(setup, "office networks")
    setup.button("Add row").click()
    setup.page.get_by_label("network, row 1").fill("192.0.2.0/33")
    setup.page.get_by_label("name, row 1").fill('Berlin "HQ", 3\\4 <b>')
    setup.page.get_by_text("is no address range").wait_for()
    setup.button("Save list").click()
    assert "line 2: network '192.0.2.0/33' is no address range" in setup.said("Not saved: 1 problem.")
    assert list_file(fresh, name) == before
    setup.page.get_by_label("network, row 1").fill("192.0.2.0/24")
    setup.page.get_by_label("rules, row 1").fill("U02 U07")
    setup.button("Save list").click()
    setup.said("office networks is saved: 1 row.")
    row = '192.0.2.0/24,"Berlin ""HQ"", 3\\4 <b>",U02 U07'
    assert list_file(fresh, name).splitlines() == ["network,name,rules", row]
    setup.button("Undo").click()
    setup.said("office networks is as it was before.")
    assert list_file(fresh, name).splitlines()[0] == "network,name,rules"
    assert "192.0.2.0" not in list_file(fresh, name)
    setup.page.reload()
    choose(setup, "office networks")
    setup.page.get_by_text("No rows.").wait_for()


BAD_UPLOADS = [
    (b"network,name,rules\n192.0.2.0/33,x,\nBerlin,,\n", "line 3: network 'Berlin' is no address range"),
    (b"net,name\n192.0.2.0/24,x\n", "line 1: the column network, rules is missing"),
    (b"", "the file is empty"),
    (b'network,name,rules\n192.0.2.0/24,"open,\n', "is no CSV"),
    (b"network,name,rules\n192.0.2.0/24,\xff\xfe,\n", "is no UTF-8 text"),
    (b"network,name,rules\n" + b"192.0.2.0/24,x,\n" * 1001, "at most 1,000 rows"),
    (b"network,name,rules\n<img src=x onerror=alert(1)>,x,\n", "<img src=x onerror=alert(1)>"),
]


def test_a_bad_upload_says_why_and_loses_nothing(at_setup: AtSetup, fresh: Stand) -> None:
    name = "slack_audit_office_networks"
    (fresh.splunkd.app_folder / "lookups" / f"{name}.csv").write_text(
        "network,name,rules\n198.51.100.0/24,kept,\n", encoding="utf-8"
    )
    before = list_file(fresh, name)
    setup = at_setup("lists")
    choose(setup, "office networks")
    for content, said in BAD_UPLOADS:
        upload(setup, "mine.csv", content)
        assert "mine.csv" in setup.said(said)
        assert list_file(fresh, name) == before
        assert setup.page.get_by_label("network, row 1").input_value() == "198.51.100.0/24"
        assert setup.button("Save list").is_disabled()


def test_an_upload_is_shown_before_it_replaces_anything(at_setup: AtSetup, fresh: Stand) -> None:
    setup = at_setup("lists")
    choose(setup, "holidays")
    upload(setup, "holidays.csv", b"\xef\xbb\xbfname,date,scope\r\nNew Year,2027-01-01,*\r\n")
    setup.said("holidays.csv holds 1 sound row.")
    assert "2027" not in list_file(fresh, "slack_audit_holidays")
    setup.button("Save list").click()
    setup.said("holidays is saved: 1 row.")
    assert list_file(fresh, "slack_audit_holidays").splitlines() == ["date,scope,name", "2027-01-01,*,New Year"]


def test_the_longest_list_that_the_page_takes_is_written_whole(at_setup: AtSetup, fresh: Stand) -> None:
    name = "slack_audit_office_networks"
    rows = [f"10.{number // 256}.{number % 256}.0/24,,U02" for number in range(1001)]
    setup = at_setup("lists")
    choose(setup, "office networks")
    upload(setup, "long.csv", "\n".join(["network,name,rules", *rows]).encode())
    setup.said("long.csv is too long for this page")
    upload(setup, "long.csv", "\n".join(["network,name,rules", *rows[:1000]]).encode())
    setup.said("long.csv holds 1,000 sound rows.")
    setup.button("Save list").click()
    setup.said("office networks is saved: 1,000 rows.")
    assert list_file(fresh, name).splitlines() == ["network,name,rules", *rows[:1000]]


def test_a_list_of_the_kv_store_is_written_and_emptied(at_setup: AtSetup, fresh: Stand) -> None:
    setup = at_setup("lists")
    choose(setup, "app reviews")
    for number, app in enumerate(("A0FIRST", "A0SECOND"), start=1):
        setup.button("Add row").click()
        setup.page.get_by_label(f"app_id, row {number}").fill(app)
        setup.page.get_by_label(f"reviewed_at, row {number}").fill("2026-11-28")
        setup.page.get_by_label(f"verdict, row {number}").fill("keep")
    setup.button("Save list").click()
    setup.said("app reviews is saved: 2 rows.")
    assert {row["app_id"] for row in fresh.search("| inputlookup slack_audit_app_reviews")} == {"A0FIRST", "A0SECOND"}
    for _ in range(2):
        setup.button("Remove row 1").click()
    setup.button("Save list").click()
    setup.said("app reviews is saved: empty.")
    assert fresh.search("| inputlookup slack_audit_app_reviews") == []


def test_a_list_that_splunk_does_not_write_is_left_and_said(at_setup: AtSetup, fresh: Stand) -> None:
    setup = at_setup("lists")
    setup.expect_status("403")
    choose(setup, "holidays")
    upload(setup, "holidays.csv", b"date,scope,name\n2027-01-01,*,New Year\n")
    refuse(setup.page, "**/search/jobs?*", 403, "You may not (requires capability: search).")
    setup.button("Save list").click()
    setup.said("The list could not be written.")
    assert "2027" not in list_file(fresh, "slack_audit_holidays")
