"""Input stanzas as inputs.conf gives them to a modular input, and how they are changed.

Precedence, strongest first: the stanza `[scheme://name]`, the scheme's stanza `[scheme]`,
`[default]`; within each, `local/` beats `default/` key by key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox.confs import Stanzas
from sandbox.splunkd.conf_store import ConfStore

# etc/system/default/inputs.conf: what every stanza inherits.
SYSTEM_DEFAULTS: Mapping[str, str] = {"index": "default", "host": "$decideOnStartup"}
_FALSE = frozenset({"0", "false", "f", "no", ""})


@dataclass(frozen=True)
class InputStanza:
    """One configured input: `slack_audit://prod` has scheme slack_audit and name prod."""

    scheme: str
    name: str
    app: str
    settings: Mapping[str, str]

    @property
    def stanza(self) -> str:
        return f"{self.scheme}://{self.name}"

    @property
    def disabled(self) -> bool:
        return self.settings.get("disabled", "0").strip().lower() not in _FALSE

    @property
    def interval(self) -> str:
        """Seconds, a cron line, 0 (again at once) or -1 (once)."""
        return self.settings.get("interval", "60").strip()


class InputConfs:
    """The inputs.conf of one installed app; read anew at each question, so that edits count at once."""

    def __init__(self, app_folder: Path, host: str) -> None:
        self._folder = app_folder
        self._store = ConfStore(app_folder)
        self._host = host

    @property
    def app(self) -> str:
        return self._folder.name

    def scheme_settings(self, scheme: str) -> dict[str, str]:
        """Settings that hold for the scheme's script itself."""
        return self._resolve(self._merged(), scheme, None)

    def stanzas(self, scheme: str) -> list[InputStanza]:
        """All inputs of one scheme, by name."""
        merged = self._merged()
        prefix = scheme + "://"
        names = sorted(stanza[len(prefix) :] for stanza in merged if stanza.startswith(prefix) and stanza != prefix)
        return [InputStanza(scheme, name, self.app, self._resolve(merged, scheme, name)) for name in names]

    def get(self, scheme: str, name: str) -> InputStanza | None:
        return next((stanza for stanza in self.stanzas(scheme) if stanza.name == name), None)

    def write(self, scheme: str, name: str, settings: Mapping[str, str]) -> None:
        """Set keys of one stanza in `local/inputs.conf`; other keys there stay.

        Raises ValueError for a name or value that no conf file can hold.
        """
        self._store.write("inputs", f"{scheme}://{name}", settings)

    def remove(self, scheme: str, name: str) -> bool:
        """Take the stanza out of `local/inputs.conf`; False when it is not there."""
        return self._store.remove("inputs", f"{scheme}://{name}")

    def _resolve(self, merged: Stanzas, scheme: str, name: str | None) -> dict[str, str]:
        settings = {**SYSTEM_DEFAULTS, **merged.get("default", {}), **merged.get(scheme, {})}
        if name is not None:
            settings.update(merged.get(f"{scheme}://{name}", {}))
        if settings.get("host") == "$decideOnStartup":
            settings["host"] = self._host
        return settings

    def _merged(self) -> Stanzas:
        return self._store.merged("inputs")
