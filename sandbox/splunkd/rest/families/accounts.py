"""authentication/users, authorization/roles and authorization/capabilities.

Users can be made and removed while the stand-in runs; roles are Splunk's own and the app's, and cannot be changed.
"""

from __future__ import annotations

from werkzeug.wrappers import Response

from sandbox.splunkd.rest.access import Access
from sandbox.splunkd.rest.answers import Entry, Feed, RestError, feed_response, page_of
from sandbox.splunkd.rest.routing import Call, Endpoint
from sandbox.splunkd.rest.sessions import Sessions

_USERS = "authentication/users"
_ROLES = "authorization/roles"
_NO_CHANGE = "The stand-in's roles are admin, power, user and the app's; they cannot be changed."


class AccountEndpoints:
    """Who there is, and what they may do."""

    def __init__(self, sessions: Sessions, access: Access) -> None:
        self._sessions = sessions
        self._access = access

    def endpoints(self) -> list[Endpoint]:
        return [
            Endpoint("authorization/capabilities", ["GET"], self._capabilities),
            Endpoint(_USERS, ["GET"], self._users),
            Endpoint(_USERS, ["POST"], self._create),
            Endpoint(f"{_USERS}/<name>", ["GET"], self._users),
            Endpoint(f"{_USERS}/<name>", ["POST"], self._edit),
            Endpoint(f"{_USERS}/<name>", ["DELETE"], self._delete),
            Endpoint(_ROLES, ["GET"], self._roles),
            Endpoint(f"{_ROLES}/<name>", ["GET"], self._roles),
            Endpoint(_ROLES, ["POST"], self._refuse),
            Endpoint(f"{_ROLES}/<name>", ["POST", "DELETE"], self._refuse),
        ]

    def _users(self, call: Call, name: str | None = None) -> Response:
        entries = [self._user(user) for user in sorted(self._sessions.users())]
        return self._listed(call, _USERS, entries, name)

    def _user(self, name: str) -> Entry:
        roles = self._sessions.roles_of(name)
        content = {
            "realname": "Administrator" if name == "admin" else "",
            "email": "admin@corp.example" if name == "admin" else "",
            "roles": list(roles),
            "capabilities": sorted(self._access.capabilities_of(roles)),
            "defaultApp": "launcher",
            "tz": "",
            "type": "Splunk",
        }
        return Entry(name, content, removable=name != "admin")

    def _create(self, call: Call) -> Response:
        given = call.arguments
        missing = [field for field in ("name", "password", "roles") if not given.get(field)]
        if missing:
            raise RestError(400, f"The following required arguments are missing: {', '.join(missing)}.")
        name = given["name"]
        if name in self._sessions.users():
            raise RestError(409, f"Unable to create user with name '{name}'. A user with that name already exists.")
        self._sessions.put_user(name, given["password"], self._wanted_roles(call))
        return self._listed(call, _USERS, [self._user(name)], name, 201)

    def _edit(self, call: Call, name: str) -> Response:
        self._known(name)
        roles = self._wanted_roles(call) if call.lists.get("roles") else self._sessions.roles_of(name)
        self._sessions.put_user(name, call.arguments.get("password", ""), roles)
        return self._users(call, name)

    def _delete(self, call: Call, name: str) -> Response:
        self._known(name)
        if name in ("admin", call.user):
            raise RestError(403, f"The user {name} cannot be removed.")
        self._sessions.remove_user(name)
        return self._users(call)

    def _known(self, name: str) -> None:
        if name not in self._sessions.users():
            raise RestError(404, f"Could not find object id={name}")

    def _wanted_roles(self, call: Call) -> tuple[str, ...]:
        roles = tuple(call.lists.get("roles", ()))
        for role in roles:
            if role not in self._access.roles():
                raise RestError(400, f"Role={role[:80]} does not exist")
        return roles

    def _roles(self, call: Call, name: str | None = None) -> Response:
        entries = [
            Entry(
                role,
                {
                    "capabilities": sorted(capabilities),
                    "imported_roles": [],
                    "srchIndexesAllowed": self._access.indexes(role),
                    "srchIndexesDefault": ["main"],
                },
                removable=False,
            )
            for role, capabilities in sorted(self._access.roles().items())
        ]
        return self._listed(call, _ROLES, entries, name)

    def _listed(self, call: Call, path: str, entries: list[Entry], name: str | None, status: int = 200) -> Response:
        if name is not None:
            entries = [entry for entry in entries if entry.name == name]
            if not entries:
                raise RestError(404, f"Could not find object id={name}")
            return feed_response(Feed(path, entries), call.output_mode, status)
        return feed_response(page_of(entries, path, call.arguments), call.output_mode, status)

    def _capabilities(self, call: Call) -> Response:
        entry = Entry("capabilities", {"capabilities": self._access.capabilities()}, removable=False)
        return feed_response(Feed("authorization/capabilities", [entry]), call.output_mode)

    def _refuse(self, call: Call, name: str = "") -> Response:
        raise RestError(403, _NO_CHANGE)
