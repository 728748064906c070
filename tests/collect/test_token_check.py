"""Once a day the collector says in its log what its token may do, whose it is and how long it has been in use."""

from __future__ import annotations

import json
import re
import time

import pytest

REFRESH = {"client_id": "1.2", "client_secret": "invented-client-secret-0123", "refresh_token": "xoxe-1-invented-one"}
OWNER = {"ok": True, "is_enterprise_install": True, "team_id": "E0TEST", "enterprise_id": "E0TEST", "user_id": "W0OWN"}


@pytest.fixture
def own(prod, slack, make_entry, tmp_path):
    """The stanza `prod` with Splunk's log folder, one entry to read, and an owner that Slack tells."""
    prod.home = tmp_path / "splunk"
    slack.entries = [make_entry(1, int(time.time()) - 60)]
    slack.auth_answer = json.dumps(OWNER).encode()
    return Own(prod, tmp_path)


class Own:
    def __init__(self, stanza, folder):
        self.stanza, self.folder = stanza, folder

    def run(self):
        result = self.stanza.run()
        assert result.code == 0, result.stderr

    def checks(self):
        """The fields of each check so far, oldest first."""
        log = (self.folder / "splunk/var/log/splunk/slack_audit_monitor.log").read_text()
        lines = [line for line in log.splitlines() if " event=token_checked " in line]
        return [{k: v.strip('"') for k, v in re.findall(r'(\w+)=("[^"]*"|\S+)', line)} for line in lines]

    def calls(self):
        return sum(path == "/api/auth.test" for path, _ in self.stanza.slack.requests)

    def time_passes(self, seconds):
        """The checkpoint becomes so much older."""
        (path,) = self.stanza.folder.glob("*.json")
        state = json.loads(path.read_text())
        for name in ("token_check_due_at", "token_since"):
            if state[name] is not None:
                state[name] -= seconds
        path.write_text(json.dumps(state))


def test_the_line_tells_scopes_owner_and_age(own):
    own.run()
    (line,) = own.checks()
    now = time.strftime("%Y-%m-%d", time.gmtime())
    assert {name: line[name] for name in ("level", "input", "owner", "organisation", "scopes")} == {
        "level": "INFO", "input": "prod", "owner": "W0OWN", "organisation": "E0TEST",
        "scopes": "auditlogs:read, identify",
    }
    assert (line["is_wider_than_needed"], line["is_renewed_by_itself"], line["token_age_days"]) == ("no", "no", "0")
    assert line["wider_scopes"] == "none" and line["token_since"].startswith(now)
    assert own.calls() == 1  # the one that Slack's clock is learnt from


def test_once_a_day_and_not_in_each_run(own):
    for _ in range(3):
        own.run()
    assert len(own.checks()) == own.calls() == 1
    own.time_passes(86_300)
    own.run()
    assert own.calls() == 1
    own.time_passes(200)
    own.run()
    assert [line["token_age_days"] for line in own.checks()] == ["0", "1"]


def test_a_token_that_can_do_more_is_a_warning(own, slack):
    slack.scopes = "identify,auditlogs:read,chat:write,admin"
    own.run()
    (line,) = own.checks()
    assert (line["level"], line["is_wider_than_needed"], line["wider_scopes"]) == ("WARN", "yes", "admin, chat:write")


def test_a_replaced_token_is_looked_at_at_once_and_is_young(own, slack, splunkd, answers):
    own.run()
    own.time_passes(80_000)
    splunkd.secrets["prod"] = slack.token = answers.TOKEN + "-another"
    own.run()
    first, second = own.checks()
    assert second["token_age_days"] == "0" and second["token_since"] >= first["token_since"]


def test_a_renewed_pair_is_the_same_installation(own, slack, splunkd, answers):
    pair = {**REFRESH, "access_token": answers.TOKEN, "expires_at": time.time() + 40_000}
    splunkd.secrets["prod"] = json.dumps(pair)
    own.run()
    own.time_passes(40_000)
    slack.token = "xoxe.xoxp-1-invented-renewed"
    splunkd.secrets["prod"] = json.dumps({**pair, "access_token": slack.token, "refresh_token": "xoxe-1-invented-two"})
    own.run()
    assert [line["is_renewed_by_itself"] for line in own.checks()] == ["yes"]


def test_without_an_answer_collecting_goes_on_and_it_is_asked_again_in_an_hour(own, slack, answers):
    own.run()
    own.time_passes(90_000)
    slack.auth_answer = json.dumps({"ok": False, "error": "unknown_method"}).encode()
    own.run()
    own.run()
    assert own.calls() == 2 and len(own.checks()) == 1
    own.time_passes(3_700)
    slack.auth_answer = json.dumps(OWNER).encode()
    own.run()
    assert len(own.checks()) == 2


@pytest.mark.once
@pytest.mark.parametrize(
    "answer",
    [
        {"ok": True},
        {"ok": True, "user_id": None, "team_id": 7, "enterprise_id": {"a": []}},
        {"ok": True, "user_id": 'W0"\nlevel=ERROR event=run_crashed ' + "x" * 9_000},
    ],
)
def test_an_odd_answer_is_one_line_and_no_trouble(own, slack, answer):
    slack.auth_answer = json.dumps(answer).encode()
    slack.scopes = ",".join(f"scope{number}:read" for number in range(300))
    own.run()
    (line,) = own.checks()
    assert line["wider_scopes"].endswith("and 260 more")
    assert line["owner"] and len(line["owner"]) <= 40
    log = (own.folder / "splunk/var/log/splunk/slack_audit_monitor.log").read_text()
    assert not [text for text in log.splitlines() if not re.match(r"\d{4}-", text)]


def test_nothing_that_a_token_could_be_told_by_is_written_outside_the_checkpoint(own, splunkd, answers):
    own.run()
    (path,) = own.stanza.folder.glob("*.json")
    mark = json.loads(path.read_text())["token_mark"]
    log = (own.folder / "splunk/var/log/splunk/slack_audit_monitor.log").read_text()
    assert answers.TOKEN not in path.read_text() and answers.TOKEN not in log
    assert not any(part in log for part in mark.split(":"))
    assert path.stat().st_mode & 0o077 == 0
    # Two organisations that use the same token cannot be told to do so.
    splunkd.secrets["second"] = answers.TOKEN
    own.stanza.run("second")
    marks = {json.loads(found.read_text())["token_mark"] for found in own.stanza.folder.glob("*.json")}
    assert len(marks) == 2
