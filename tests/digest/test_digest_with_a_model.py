"""With a model: its words when it behaves, the template's and the reason when it does not; and what leaves Splunk."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from werkzeug.wrappers import Response

from tests.digest.digest_world import World, finding
from tests.digest.digester import FINDINGS, Digester
from tests.digest.model_server import (
    KEY,
    ModelServer,
    completion,
    dripping,
    flooding,
    good_items,
    slow,
    with_change,
)


def test_a_good_model_words_the_digest_and_the_rows_fill_in_names_and_numbers(
    digester: Digester, model: ModelServer
) -> None:
    digest = digester.run()
    assert digest["written_by"] == "model" and digest["fallback"] == "none" and digest["model"] == "local-model"
    assert digest["tokens"] == 1000
    first, second = digest["items"]
    assert first["title"] == "ana@corp.example gave away more rights than usual"
    assert first["why"].startswith("ana@corp.example appears in 3 entries of the audit log.")
    assert second["why"].startswith("cy@corp.example appears in 7 entries")
    assert first["finding_ids"] == [f"{1:016x}"] and second["apps"] == ["Courier (A0COURIER)"]
    assert "Worded by the model local-model." in digest["text"]
    assert first["link"].startswith("https://splunk.corp.example:8000/en-GB/app/slack_audit_monitor/account_investig")
    (request,) = model.requests
    assert request["path"] == "/v1/chat/completions" and request["model"] == "local-model"
    assert request["max_tokens"] == 1200 and request["temperature"] == 0
    assert model.headers[0]["Authorization"] == f"Bearer {KEY}"


@pytest.mark.once
def test_what_is_sent_holds_no_person_no_address_and_no_text_of_users(digester: Digester, model: ModelServer) -> None:
    digester.run()
    for secret in ("ana@", "bo@", "cy@", "corp.example", "198.51.100.7", "Courier", "A0COURIER", "brought in"):
        assert secret not in model.sent, secret
    assert "Admin Granted" in model.sent and f"{1:016x}" in model.sent and "{person-" in model.sent


@pytest.mark.once
def test_pseudonyms_are_the_same_on_every_day_and_need_the_key_of_this_splunk(
    digester: Digester, model: ModelServer, splunk: World
) -> None:
    digester.run()
    digester.run([*FINDINGS, finding(3, user=["eve@corp.example"], src_user=[], severity="low")])
    people = [{name for thing in things(request) for name in thing["facts"] if "person-" in name}
              for request in model.requests]  # fmt: skip
    assert people[0] == people[1] and len(people[0]) == 3
    (key,) = [one.clear_password for one in splunk.connect().storage_passwords if one.username == "digest_pseudonyms"]
    assert len(key) == 64 and key not in model.sent


def things(request: Mapping[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(request["messages"][-1]["content"])["things"]
    return found


@pytest.mark.once
def test_text_of_users_is_sent_where_a_site_wants_it_with_people_and_numbers_masked(
    digester: Digester, model: ModelServer
) -> None:
    digester.run(event_text="1")
    (sentence,) = [one["sentence"] for thing in things(model.requests[0]) for one in thing["findings"] if "app" in one]
    assert "brought in the app {app-b1} (" in sentence and "in # entries" in sentence
    for secret in ("ana@", "cy@", "corp.example", "198.51.100.7"):
        assert secret not in model.sent
    assert "app Courier" in model.sent


@pytest.mark.once
def test_pseudonyms_can_be_switched_off(digester: Digester, model: ModelServer) -> None:
    digest = digester.run(pseudonyms="0")
    assert "account ana@corp.example" in model.sent and digest["written_by"] == "model"
    assert digest["items"][0]["title"].startswith("ana@corp.example")


@pytest.mark.once
def test_only_the_things_that_are_told_are_sent(digester: Digester, model: ModelServer) -> None:
    many = [finding(n, entity=f"W{n}", user=[f"u{n}@corp.example"], src_user=[]) for n in range(1, 8)]
    quiet = finding(9, severity="low", risk_score=20, entity="W9", user=["low@corp.example"], src_user=[])
    digester.run([*many, quiet])
    sent = {one["id"] for thing in things(model.requests[0]) for one in thing["findings"]}
    assert len(sent) == 3 and f"{9:016x}" not in sent


@pytest.mark.once
def test_a_quiet_day_asks_nobody(digester: Digester, model: ModelServer) -> None:
    digest = digester.run([finding(1, severity="low", risk_score=20)])
    assert digest["written_by"] == "template" and digest["fallback"] == "none" and model.requests == []


@pytest.mark.once
def test_a_prompt_of_the_site_takes_the_place_of_ours(digester: Digester, model: ModelServer, splunk: World) -> None:
    local = splunk.splunkd.app_folder / "local"
    (local / "our_prompt.txt").write_text("Word it as a sailor would.\n", encoding="utf-8")
    digest = digester.run(prompt_file="our_prompt.txt")
    assert digest["written_by"] == "model"
    assert model.requests[0]["messages"][0] == {"role": "system", "content": "Word it as a sailor would."}


@pytest.mark.once
@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe", b"x" * 20_000])
def test_a_prompt_that_is_none_asks_nobody(
    content: bytes | None, digester: Digester, model: ModelServer, splunk: World
) -> None:
    path = splunk.splunkd.app_folder / "local" / "no_prompt.txt"
    path.unlink(missing_ok=True)
    if content is not None:
        path.write_bytes(content)
    digest = digester.run(prompt_file="no_prompt.txt")
    assert digest["fallback"] == "setting" and "no_prompt.txt" in digest["fallback_reason"]
    assert model.requests == []


@pytest.mark.once
def test_members_of_a_request_are_a_sites_to_change(digester: Digester, model: ModelServer) -> None:
    digester.run(model_request='{"max_tokens": null, "max_completion_tokens": 500, "temperature": null}')
    (request,) = model.requests
    assert "max_tokens" not in request and "temperature" not in request and request["max_completion_tokens"] == 500


# -- models that are of no use: the template writes and says why

OF_NO_USE: dict[str, tuple[Any, str, int]] = {
    "prose": (lambda things: completion("Here is your digest: all is well."), "bad_json", 2),
    "a list": (lambda things: completion("[1, 2]"), "wrong_form", 2),
    "deep": (lambda things: completion("[" * 100_000), "bad_json", 2),
    "no items": (lambda things: completion('{"items": []}'), "wrong_form", 2),
    "one member more": (with_change(severity="low"), "wrong_form", 2),
    "an item left out": (
        lambda things: completion(json.dumps({"items": good_items(things)[:1]})), "wrong_things", 2),
    "one item twice": (
        lambda things: completion(json.dumps({"items": good_items(things)[:1] * 2})), "wrong_things", 2),
    "a thing of its own": (with_change(thing="C"), "wrong_things", 2),
    "an id that was not there": (with_change(finding_ids=["f" * 16]), "unknown_finding", 2),
    "an id of another thing": (with_change(finding_ids=[f"{2:016x}"]), "unknown_finding", 2),
    "a number": (with_change(why="There were 4000 downloads within a very short time."), "own_number", 2),
    "a number in words": (with_change(why="There were twelve downloads in a short time."), "own_number", 2),
    "a name": (with_change(why="This was done by Mallory in the middle of the night."), "own_name", 2),
    "a name it cannot know": (with_change(title="{person-aaaaaaaa} did it"), "unknown_placeholder", 2),
    "a link": (with_change(next_step="Look at https://evil.example/login now."), "forbidden_text", 2),
    "a bare host": (with_change(next_step="Look at evil.example for the rest."), "forbidden_text", 2),
    "markup": (with_change(why="<img src=x onerror=alert()> and so on and on."), "forbidden_text", 2),
    "markdown": (with_change(why="See [here](x) for the rest of this long story."), "forbidden_text", 2),
    "a verdict": (with_change(next_step="This is a planned test, no action needed."), "own_verdict", 2),
    "a token of Splunk": (with_change(why="The result is $result.text$ as everybody knows."), "forbidden_text", 2),
    "right to left": (with_change(why="The export \u202efdp.exe went out in the night."), "forbidden_text", 2),
    "look-alikes": (with_change(why="The \u0430dmin account was used in the night."), "forbidden_text", 2),
    "too long a text": (with_change(why="and so on " * 200), "wrong_form", 2),
    "cut": (lambda things: completion('{"items": [', "length"), "too_long", 2),
    "a refusal": (lambda things: completion(None, refusal="I cannot help with that."), "refused", 1),
    "a filter": (lambda things: completion("", "content_filter"), "refused", 1),
    "silence": (lambda things: completion("   "), "refused", 1),
    "a tool": (
        lambda things: completion("{}", tool_calls=[{"function": {"name": "slack_admin"}}]), "bad_answer", 2),
    "no completion": (lambda things: {"error": {"message": "overloaded"}}, "bad_answer", 2),
    "not json at all": (lambda things: b"\x00\xff", "bad_answer", 2),
    "a page": (lambda things: Response("<html>", content_type="text/html"), "wrong_content_type", 2),
    "compressed": (
        lambda things: Response(b"x", content_type="application/json", headers={"Content-Encoding": "gzip"}),
        "wrong_content_type", 2),
    "elsewhere": (
        lambda things: Response("", 307, headers={"Location": "http://127.0.0.1:9/"}), "redirected", 1),
    "key refused": (lambda things: Response(f'{{"error": "bad key {KEY}"}}', 401), "status_401", 1),
    "unknown model": (lambda things: Response("{}", 404), "status_404", 1),
    "busy": (lambda things: Response("{}", 429), "status_429", 2),
    "broken": (lambda things: Response("{}", 500), "status_500", 2),
    "slow": (slow(8), "time_out", 1),
    "dripping": (dripping, "time_out", 1),
    "flooding": (flooding, "too_large", 1),
}  # fmt: skip


@pytest.mark.parametrize("name", OF_NO_USE)
@pytest.mark.once
def test_a_model_of_no_use_leaves_the_words_to_the_template(
    name: str, digester: Digester, model: ModelServer, splunk: World
) -> None:
    play, code, attempts = OF_NO_USE[name]
    model.play = play
    digest = digester.run()
    assert digest["fallback"] == code and len(model.requests) == attempts
    assert digest["written_by"] == "template" and digest["fallback_reason"].endswith(".")
    assert digest["items"][0]["title"] == "Admin Granted: ana@corp.example"
    assert "Worded by the template, because the model was of no use this time: " in digest["text"]
    assert digester.done is not None
    for text in (json.dumps(digest), splunk.log(), digester.done.stdout, digester.done.stderr):
        assert KEY not in text and "xoxp-1234" not in text and "Traceback" not in text


@pytest.mark.once
def test_a_second_attempt_may_do(digester: Digester, model: ModelServer) -> None:
    def play(things: list[dict[str, Any]]) -> Any:
        return completion("no") if len(model.requests) == 1 else model.good(things)

    model.play = play
    digest = digester.run()
    assert digest["written_by"] == "model" and len(model.requests) == 2 and digest["tokens"] == 2000


@pytest.mark.once
def test_a_budget_of_tokens_is_kept(digester: Digester, model: ModelServer) -> None:
    digest = digester.run(token_budget="1000")
    assert digest["fallback"] == "over_budget" and model.requests == []
    model.play = lambda things: completion("no")
    digest = digester.run([*FINDINGS, finding(3)], token_budget="4000")
    assert digest["fallback"] == "bad_json" and len(model.requests) == 1  # no second attempt fits


@pytest.mark.parametrize(
    ("configuration", "said"),
    [
        ({"model_url": "http://models.corp.example/v1"}, "unencrypted"),
        ({"model_url": "ftp://127.0.0.1/v1"}, "allowed is https"),
        ({"model_url": "https://user:pass@models.corp.example/v1"}, "user name or password"),
        ({"model_url": "https://models.corp.example/v1?key=abc"}, "query"),
        ({"model_url": "https://models.corp.example/a/../v1"}, "allowed is https"),
        ({"model_url": "https://169.254.169.254/v1"}, "where no model is"),
        ({"model_url": "https://[fd00:ec2::254]/v1"}, "where no model is"),
        ({"model_url": "https://[::ffff:169.254.169.254]/v1"}, "where no model is"),
        ({"model_url": "https://0.0.0.0/v1"}, "where no model is"),
        ({"model_url": "https://100.100.100.200/v1"}, "where no model is"),
        ({"model": "a model"}, "without blanks"),
        ({"model": ""}, "without blanks"),
        ({"model_timeout": "0"}, "from 5 to 100"),
        ({"model_timeout": "５０"}, "from 5 to 100"),
        ({"answer_tokens": "many"}, "from 200 to 8000"),
        ({"pseudonyms": "maybe"}, "0 or 1"),
        ({"prompt_file": "../../etc/passwd"}, "without a path"),
        ({"prompt_file": "/etc/hostname.txt"}, "without a path"),
        ({"model_request": "{"}, "JSON object"),
        ({"model_request": '{"messages": []}'}, "not a site's"),
        ({"model_ca_bundle": "/nowhere/ca.pem"}, "PEM"),
        ({"model_proxy_url": "http://me:secret@proxy:3128"}, "user name or password"),
        ({"model_proxy_url": "http://me:secret@proxy:99999"}, "user name or password"),
    ],
)
@pytest.mark.once
def test_a_wrong_parameter_is_said_in_the_digest_and_asks_nobody(
    configuration: dict[str, str], said: str, digester: Digester, model: ModelServer
) -> None:
    digest = digester.run(**configuration)
    assert digest["written_by"] == "template" and digest["fallback"] in ("setting", "bad_address")
    assert said in digest["fallback_reason"], digest["fallback_reason"]
    assert "secret@" not in digest["fallback_reason"]
    assert model.requests == []
