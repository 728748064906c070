"""What a role may do: capabilities, which of them an endpoint asks for, and who may change what belongs to the app.

Roles are Splunk's own, as far as the app's actions meet their capabilities, and those of the app's authorize.conf,
read anew at each question. An endpoint without a row is open to everybody who is logged in. Of access lists
(metadata/default.meta) the right to write is enforced, for a kind of object or for all (`[]`); lists of single objects
and the right to read are not, nor which indexes a role may search. Source: authorize.conf and its spec, and the REST
manual's "Authentication and authorization" of each endpoint.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from sandbox.confs import read_conf
from sandbox.splunkd.conf_store import ConfStore
from sandbox.splunkd.rest.answers import RestError

_USER = frozenset(
    {
        "change_own_password",
        "delete_messages",
        "edit_search_schedule_window",
        "export_results_is_visible",
        "get_metadata",
        "get_typeahead",
        "list_inputs",
        "output_file",
        "rest_apps_view",
        "rest_properties_get",
        "rest_properties_set",
        "search",
    }
)
_POWER = _USER | {"schedule_search"}
_ADMIN = _POWER | {
    "admin_all_objects",
    "edit_modinput_slack_audit",
    "edit_roles",
    "edit_storage_passwords",
    "edit_tcp",
    "edit_tcp_stream",
    "edit_user",
    "indexes_edit",
    "list_storage_passwords",
}
# etc/system/default/authorize.conf, as far as the capabilities above go.
_SPLUNKS_ROLES = {"admin": _ADMIN, "power": _POWER, "user": _USER}

_WRITES = ("POST", "DELETE")
_NEEDS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    (r"storage/passwords(/.*)?", ("GET",), "list_storage_passwords"),
    (r"storage/passwords(/.*)?", _WRITES, "edit_storage_passwords"),
    (r"data/(modular-)?inputs(/.*)?", ("GET",), "list_inputs"),
    (r"data/inputs/.*", _WRITES, "edit_modinput_slack_audit"),
    (r"data/indexes(/.*)?", _WRITES, "indexes_edit"),
    (r"receivers/simple", ("POST",), "edit_tcp"),
    (r"receivers/stream", ("POST",), "edit_tcp_stream"),
    (r"search/(v2/)?jobs(/export)?", ("POST",), "search"),
    (r"alerts/fired_alerts(/.*)?", ("GET", "DELETE"), "schedule_search"),
    (r"messages/.*", ("DELETE",), "delete_messages"),
    (r"authentication/users(/.*)?", _WRITES, "edit_user"),
    (r"authorization/roles(/.*)?", _WRITES, "edit_roles"),
)
# Endpoints that change an object of the app -> its kind, as metadata/default.meta calls it; "" is said by the path.
_OBJECTS: tuple[tuple[str, str], ...] = (
    (r"storage/passwords(/.*)?", "passwords"),
    (r"storage/collections/.*", "collections"),
    (r"data/inputs/.*", "inputs"),
    (r"saved/searches(/<[^/]*>(/(enable|disable))?)?", "savedsearches"),
    (r"configs/conf-.*", ""),
    (r"properties(/.*)?", ""),
    (r"apps/local/.*", "app"),
)


def needed(path: str, method: str) -> str | None:
    """The capability that a call of this endpoint (its path below /services) takes."""
    method = "GET" if method == "HEAD" else method
    for pattern, methods, capability in _NEEDS:
        if method in methods and re.fullmatch(pattern, path):
            return capability
    return None


class Access:
    """Who may do what, on a stand-in with this app."""

    def __init__(self, confs: ConfStore) -> None:
        self._confs = confs

    def roles(self) -> dict[str, frozenset[str]]:
        """Role -> capabilities."""
        found = dict(_SPLUNKS_ROLES)
        for stanza, settings in self._confs.stanzas("authorize").items():
            if stanza.startswith("role_"):
                name = stanza[len("role_") :]
                imported = settings.get("importRoles", "").split(";")
                found[name] = found.get(name, frozenset()).union(
                    (key for key, value in settings.items() if value == "enabled"),
                    *(found.get(role.strip(), frozenset()) for role in imported),
                )
        return found

    def indexes(self, role: str) -> list[str]:
        """The indexes that a role may search, as its settings say."""
        said = self._confs.stanzas("authorize").get(f"role_{role}", {}).get("srchIndexesAllowed", "")
        return said.split(";") if said else (["*", "_*"] if role == "admin" else ["*"])

    def capabilities(self) -> list[str]:
        return sorted(frozenset().union(*self.roles().values()))

    def capabilities_of(self, roles: Iterable[str]) -> frozenset[str]:
        known = self.roles()
        return frozenset().union(*(known.get(role, frozenset()) for role in roles))

    def check(self, user: str, roles: Iterable[str], path: str, method: str, parts: Mapping[str, str]) -> None:
        """Refuse a call that the user's roles do not allow, in splunkd's words. Raises RestError."""
        roles = tuple(roles)
        held = self.capabilities_of(roles)
        capability = needed(path, method)
        if capability is not None and capability not in held:
            raise RestError(
                403,
                f"You (user={user}) do not have permission to perform this operation (requires capability: "
                f"{capability}).",
            )
        if method in _WRITES and "admin_all_objects" not in held:
            kind = next((kind for pattern, kind in _OBJECTS if re.fullmatch(pattern, path)), None)
            if kind is not None:
                self._check_writing(user, roles, kind or parts.get("conf", ""))

    def _check_writing(self, user: str, roles: tuple[str, ...], kind: str) -> None:
        meta = self._confs.folder / "metadata" / "default.meta"
        if not meta.is_file():
            return
        stanzas = read_conf(meta)
        access = stanzas.get(kind, {}).get("access") or stanzas.get("", {}).get("access", "")
        found = re.search(r"write\s*:\s*\[([^\]]*)\]", access)
        writers = {role.strip() for role in found.group(1).split(",")} if found else set()
        if not writers & {*roles, "*"}:
            raise RestError(
                403,
                f"User '{user}' with roles {{ {', '.join(roles)} }} cannot write: /nobody/{self._confs.app}/{kind} "
                f"{{ {access} }}, owner: nobody",
            )
