"""data/inputs/<scheme>: the stanzas of our modular input, created, changed, switched on and off.

A create or edit runs the script's own `--validate-arguments` first and passes its
sentence on, as splunkd does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Callable

from werkzeug.wrappers import Response

from sandbox.splunkd.inputs import InputRunner
from sandbox.splunkd.protocol import COMMON_INPUT_SETTINGS, ProtocolError, Scheme
from sandbox.splunkd.rest.answers import Entry, Feed, RestError, feed_response, page_of
from sandbox.splunkd.rest.routing import Call, Endpoint

_NOT_SETTINGS = frozenset({"name", "output_mode", "count", "offset"})


class InputEndpoints:
    """The inputs of one scheme. `changed` is called after each change, so that inputs are started and stopped."""

    def __init__(self, runner: InputRunner, changed: Callable[[], None] = lambda: None) -> None:
        self._runner = runner
        self._changed = changed
        self._path = f"data/inputs/{runner.scheme}"

    def endpoints(self) -> list[Endpoint]:
        one = f"{self._path}/<path:name>"
        return [
            Endpoint("data/inputs", ["GET"], self._kinds),
            Endpoint("data/modular-inputs", ["GET"], self._schemes),
            Endpoint("data/modular-inputs/<name>", ["GET"], self._schemes),
            Endpoint(self._path, ["GET"], self._list),
            Endpoint(self._path, ["POST"], self._create),
            Endpoint(f"{self._path}/<path:name>/enable", ["POST"], self._enable),
            Endpoint(f"{self._path}/<path:name>/disable", ["POST"], self._disable),
            Endpoint(one, ["GET"], self._read),
            Endpoint(one, ["POST"], self._edit),
            Endpoint(one, ["DELETE"], self._delete),
        ]

    def _kinds(self, call: Call) -> Response:
        """The kinds of inputs: the stand-in knows one."""
        link = f"/servicesNS/nobody/{self._runner.confs.app}/{self._path}"
        entry = Entry(
            self._runner.scheme, {}, app=self._runner.confs.app, removable=False, links={"create": f"{link}/_new"}
        )
        return feed_response(page_of([entry], "data/inputs", call.arguments), call.output_mode)

    def _schemes(self, call: Call, name: str | None = None) -> Response:
        """What the script says of itself under `--scheme`."""
        if name not in (None, self._runner.scheme):
            raise RestError(404, f"Could not find object id={name}")
        scheme = self._scheme()
        content = {
            "title": scheme.title,
            "description": scheme.description,
            "streaming_mode": scheme.streaming_mode,
            "use_external_validation": scheme.use_external_validation,
            "use_single_instance": scheme.use_single_instance,
            "endpoint": {
                "args": {
                    argument.name: {
                        "title": argument.title,
                        "description": argument.description,
                        "data_type": argument.data_type,
                        "required_on_create": argument.required_on_create,
                        "required_on_edit": argument.required_on_edit,
                    }
                    for argument in scheme.arguments
                }
            },
        }
        entries = [Entry(self._runner.scheme, content, app=self._runner.confs.app, removable=False)]
        return feed_response(page_of(entries, "data/modular-inputs", call.arguments), call.output_mode)

    def _entries(self) -> list[Entry]:
        return [
            Entry(stanza.name, {**stanza.settings, "disabled": stanza.disabled}, app=stanza.app)
            for stanza in self._runner.confs.stanzas(self._runner.scheme)
        ]

    def _list(self, call: Call) -> Response:
        return feed_response(page_of(self._entries(), self._path, call.arguments), call.output_mode)

    def _one(self, call: Call, name: str, status: int = 200) -> Response:
        entries = [entry for entry in self._entries() if entry.name == name]
        if not entries:
            raise RestError(404, f"Could not find object id={name}")
        return feed_response(Feed(self._path, entries), call.output_mode, status)

    def _read(self, call: Call, name: str) -> Response:
        return self._one(call, name)

    def _create(self, call: Call) -> Response:
        name = call.arguments.get("name", "")
        if not name:
            raise RestError(400, "The following required arguments are missing: name.")
        if self._runner.confs.get(self._runner.scheme, name) is not None:
            raise RestError(409, f"An object with name={name} already exists")
        settings, scheme = _settings(call.arguments), self._scheme()
        missing = [
            argument.name
            for argument in scheme.arguments
            if argument.required_on_create and argument.name != "name" and not settings.get(argument.name)
        ]
        if missing:
            raise RestError(400, f"The following required arguments are missing: {', '.join(missing)}.")
        self._store(name, settings, scheme)
        return self._one(call, name, 201)

    def _edit(self, call: Call, name: str) -> Response:
        self._one(call, name)
        self._store(name, _settings(call.arguments), self._scheme())
        return self._one(call, name)

    def _enable(self, call: Call, name: str) -> Response:
        return self._switch(call, name, "0")

    def _disable(self, call: Call, name: str) -> Response:
        return self._switch(call, name, "1")

    def _switch(self, call: Call, name: str, disabled: str) -> Response:
        self._one(call, name)
        self._runner.confs.write(self._runner.scheme, name, {"disabled": disabled})
        self._changed()
        return self._one(call, name)

    def _delete(self, call: Call, name: str) -> Response:
        self._one(call, name)
        if not self._runner.confs.remove(self._runner.scheme, name):
            raise RestError(403, f"{name} is part of the app's defaults: it can be disabled, not removed.")
        self._changed()
        return self._list(call)

    def _scheme(self) -> Scheme:
        try:
            return self._runner.introspect()
        except ProtocolError as error:
            raise RestError(500, str(error)) from None

    def _store(self, name: str, settings: Mapping[str, str], scheme: Scheme) -> None:
        declared = {argument.name for argument in scheme.arguments}
        for key in settings:
            if key not in declared and key not in COMMON_INPUT_SETTINGS:
                raise RestError(400, f'Argument "{key}" is not supported by this handler.')
        present = self._runner.confs.get(self._runner.scheme, name)
        judged = {**(present.settings if present else self._runner.confs.scheme_settings(self._runner.scheme))}
        judged.update(settings)
        if scheme.use_external_validation:
            try:
                refusal = self._runner.validate(name, judged)
            except ProtocolError as error:
                refusal = str(error)
            if refusal:
                raise RestError(400, refusal)
        try:
            self._runner.confs.write(self._runner.scheme, name, settings)
        except ValueError as error:
            raise RestError(400, str(error)) from None
        self._changed()


def _settings(arguments: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in arguments.items() if name not in _NOT_SETTINGS}
