"""The parameters of the alert action `slack_audit_digest`, checked, and every complaint about one.

Knows each parameter: its default, its limits. default/alert_actions.conf and README/alert_actions.conf.spec are held
against this table by a test. Without `model_url` no model is asked, whatever else is set.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from slack_audit_monitor.addresses import as_address, is_loopback, is_no_server, resolved
from slack_audit_monitor.checks import certificate_file, complaint, proxy_address, whole_number
from slack_audit_monitor.errors import ConfigError

#: Parameter -> default.
DEFAULTS = {
    "index": "slack_audit",
    "model_url": "",
    "model": "",
    "model_request": "",
    "model_proxy_url": "",
    "model_ca_bundle": "",
    "model_timeout": "60",
    "answer_tokens": "1200",
    "token_budget": "8000",
    "pseudonyms": "1",
    "event_text": "0",
    "prompt_file": "",
}
NUMBERS = {"model_timeout": (5, 100), "answer_tokens": (200, 8_000), "token_budget": (1_000, 200_000)}
SWITCHES = ("pseudonyms", "event_text")

#: Name of the secret with user:password of the proxy.
PROXY_SECRET = "digest_model.proxy"  # noqa: S105 - the name of a secret
CHAT_PATH = "/chat/completions"
#: Members of a request that are ours alone.
OWN_MEMBERS = ("messages", "model", "stream", "n", "tools", "tool_choice", "functions", "function_call")
LONGEST_PROMPT = 16_384
_PROMPT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}\.txt\Z")
_MODEL_NAME = re.compile(r"[\x21-\x7e]{1,200}\Z")


@dataclass(frozen=True)
class Model:
    """How a chat endpoint is asked. Durations are seconds.

    Attributes:
        url: of the chat completions themselves.
        request: what a site adds to each request; None takes a member out.
        prompt_file: name of a file in the app's folder local, "" for the prompt that ships.
    """

    url: str
    name: str
    request: Mapping[str, Any]
    proxy_url: str
    ca_bundle: str
    timeout: int
    answer_tokens: int
    token_budget: int
    pseudonyms: bool
    event_text: bool
    prompt_file: str

    @property
    def host(self) -> str:
        """Host of the address, in small letters."""
        return (urlsplit(self.url).hostname or "").lower()

    @property
    def secret_name(self) -> str:
        """Name of the key's secret: it names the host, so that no other one can be sent this key."""
        return "digest_model." + self.host.replace(":", "_")


def read_index(configuration: Mapping[str, str]) -> str:
    """Return the index alone: it is needed also where the rest cannot be used."""
    return configuration.get("index", "").strip() or DEFAULTS["index"]


def read_model(configuration: Mapping[str, str]) -> Model | None:
    """Return how a model is asked, or None if none is.

    Raises:
        ConfigError: the first complaint, as one sentence.
    """
    values = {name: configuration.get(name, "").strip() or default for name, default in DEFAULTS.items()}
    if not values["model_url"]:
        return None
    numbers = {name: whole_number(name, values[name], *limits) for name, limits in NUMBERS.items()}
    switches = {name: _switch(name, values[name]) for name in SWITCHES}
    if not _MODEL_NAME.match(values["model"]):
        raise complaint("model", values["model"], "the name under which the server knows the model, without blanks")
    return Model(
        url=_url(values["model_url"]),
        name=values["model"],
        request=_request(values["model_request"]),
        proxy_url=proxy_address("model_proxy_url", values["model_proxy_url"], PROXY_SECRET),
        ca_bundle=certificate_file("model_ca_bundle", values["model_ca_bundle"]),
        timeout=numbers["model_timeout"],
        answer_tokens=numbers["answer_tokens"],
        token_budget=numbers["token_budget"],
        pseudonyms=switches["pseudonyms"],
        event_text=switches["event_text"],
        prompt_file=_prompt_name(values["prompt_file"]),
    )


def check_target(model: Model) -> None:
    """Complain about an address that resolves to where no model can be.

    What answers there must also show a certificate for the host's name, or be this machine: a name that resolves to
    something else a moment later gains nothing.

    Raises:
        ConfigError: it leads to a place that hands out credentials, to everybody, or to nobody.
        OSError: the name does not resolve.
    """
    host = model.host
    if model.proxy_url and as_address(host) is None:
        return  # the proxy resolves it
    for address in resolved(host):
        if is_no_server(address):
            raise ConfigError(
                "model_url", f"model_url: {host} leads to {address}, where no model is; allowed is a server of its own."
            )
        if model.url.startswith("http:") and not address.is_loopback:
            raise ConfigError("model_url", f"model_url: {host} leads to {address}; plain http stays on this machine.")


def _url(text: str) -> str:
    allowed = "https://HOST[:PORT]/..., or http on this machine"
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise complaint("model_url", "an address that cannot be read", allowed) from None
    if parts.username is not None or parts.password is not None or "@" in parts.netloc:
        raise ConfigError(
            "model_url",
            f"model_url: it holds a user name or password; allowed is {allowed}. Store the key as a secret.",
        )
    if not text.isascii() or not text.isprintable() or " " in text or "\\" in text:
        raise ConfigError("model_url", f"model_url: it holds characters that no address has; allowed is {allowed}.")
    if not host or parts.scheme not in ("http", "https"):
        raise complaint("model_url", text, allowed)
    if parts.query or parts.fragment:
        raise ConfigError(
            "model_url", f"model_url: it holds a query or a fragment, which may carry a key; allowed is {allowed}."
        )
    if parts.scheme == "http" and not is_loopback(host):
        raise ConfigError(
            "model_url", f"model_url: http would send findings and key unencrypted; allowed is {allowed}."
        )
    path = parts.path.rstrip("/")
    if ".." in path.split("/"):
        raise complaint("model_url", text, allowed)
    return f"{parts.scheme}://{parts.netloc}{path if path.endswith(CHAT_PATH) else path + CHAT_PATH}"


def _request(text: str) -> Mapping[str, Any]:
    allowed = "a JSON object of members to add to each request, such as {\"temperature\": null}"
    if not text:
        return {}
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise ConfigError("model_request", f"model_request: it is no JSON object; allowed is {allowed}.")
    ours = sorted(set(value) & set(OWN_MEMBERS))
    if ours:
        raise ConfigError("model_request", f"model_request: it sets {', '.join(ours)}; these members are not a site's.")
    return value


def _prompt_name(name: str) -> str:
    if name and not _PROMPT_NAME.match(name):
        raise complaint("prompt_file", name, "the name of a .txt file in the folder local of this app, without a path")
    return name


def _switch(name: str, text: str) -> bool:
    if text.lower() not in ("0", "1", "true", "false", "yes", "no"):
        raise complaint(name, text, "0 or 1")
    return text.lower() in ("1", "true", "yes")
