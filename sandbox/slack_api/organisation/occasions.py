"""What people and administrators do now and then, and what rules report of it: each kind is one routine tale.

How often is a guess, made for an organisation of 5,000 people with one administrator for 300 of them; in a
smaller one it happens less often.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .administration import connect
from .machines import fetch_files
from .people import Person
from .tales import Tale
from .things import APPROVED_APPS, ASSISTANT, Object
from .world import DOWNLOADS, World, at_home, at_office, on_phone
from .writing import Seat, enterprise, user, workspace


@dataclass(frozen=True)
class Scene:
    """Where and when an occasion takes place. `person` is of the kind that the occasion asks for."""

    world: World
    luck: random.Random
    tale: Tale
    person: Person
    at: float
    seat: Seat

    def write(self, action: str, entity: Object, later: float = 0.0, **more: object) -> Object:
        """One entry by the person, in the workspace of his site; it belongs to the tale."""
        place = more.pop("workspace", self.person.site.workspace)
        entry = self.world.writer.write(
            self.at + later,
            action,
            self.person.as_slack,
            entity,
            self.seat,
            workspace=place,  # type: ignore[arg-type]
            **more,  # type: ignore[arg-type]
        )
        self.tale.add(entry)
        return entry


@dataclass(frozen=True)
class Occasion:
    """One kind. `a_day` is how often in 5,000 people's working day; `by` whose it is: members, admins, owners."""

    name: str
    tale: str
    rule_ids: tuple[str, ...]
    a_day: float
    by: str
    play: Callable[[Scene], None]


def play(world: World) -> list[Tale]:
    """All occasions of all days, after the other tales are cast; those that occurred."""
    casts = {
        "member": [person for person in world.extras() if not person.is_contractor],
        "admin": [person for person in world.people if person.role == "admin"],
        "owner": [person for person in world.people if person.role == "owner"],
    }
    return [tale for occasion in OCCASIONS if (tale := _all_of(world, occasion, casts[occasion.by])).entries]


def _all_of(world: World, occasion: Occasion, cast: Sequence[Person]) -> Tale:
    tale = Tale(occasion.name, occasion.tale, occasion.rule_ids)
    luck = world.luck(f"occasions/{occasion.name}")
    for day in range(world.calendar.first_monday() + 3, world.calendar.days):
        for _ in range(world.times(luck, occasion.a_day)):
            person = luck.choice(cast)
            at = world.calendar.at(day, luck.randrange(36_000, 57_600), person.site.zone)
            if world.calendar.is_working_day(day, person.site.name):
                seat = at_office(person) if person.office_days > 0.5 else at_home(person)
                occasion.play(Scene(world, luck, tale, person, at, seat))
                tale.about(person.id, person.email)
    return tale


def _file(scene: Scene, name: str, kind: str) -> Object:
    return {"type": "file", "file": {**scene.world.shelf.new_file(scene.person.team), "name": name, "filetype": kind}}


def _guest_by_hand(scene: Scene) -> None:
    guest = _outsider(scene)
    scene.write("guest_created", guest, workspace="T0HALDENDE")
    scene.write("guest_expiration_set", guest, 20, details={"expires_on": int(scene.at) + 90 * 86_400})


def _guest_for_good(scene: Scene) -> None:
    scene.write("guest_expiration_cleared", _outsider(scene), workspace="T0HALDENDE")


def _outsider(scene: Scene) -> Object:
    number = scene.luck.randrange(10_000)
    guest = {
        "id": f"U0HAND{number:05d}", "name": f"Visitor {number}", "email": f"visitor.{number}@orchard.example",
        "team": "T0HALDENDE", "account_type": "MULTI_CHANNEL_GUEST",
    }  # fmt: skip
    return {"type": "user", "user": guest}


def _connect_dm(scene: Scene) -> None:
    details = {"external_user_email": f"partner.{scene.luck.randrange(999)}@orchard.example"}
    scene.write("connect_dm_invite_generated", user(scene.person), details=details)
    if scene.luck.random() < 0.6:
        scene.write("connect_dm_invite_accepted", user(scene.person), 5400, details=details)


def _new_partner(scene: Scene) -> None:
    steps = ("invite_created", "invite_sent", "invite_approved", "invite_accepted", "connected")
    actions = tuple(f"external_shared_channel_{step}" for step in steps)
    partner = f"T0NEWCO{scene.luck.randrange(9999):04d}"
    scene.tale.add(*connect(scene.world, scene.person, scene.at, scene.seat, partner, "newco", actions))


def _open_channel(scene: Scene) -> None:
    channel = {**scene.world.shelf.new_channel(f"{scene.person.team}-open"), "privacy": "public"}
    scene.write("private_channel_converted_to_public", {"type": "channel", "channel": channel})


def _installer(scene: Scene) -> None:
    entity = _file(scene, f"setup-{scene.luck.randrange(99)}.msi", "application/x-msi")
    scene.write("file_uploaded", entity)
    scene.write("file_shared", entity, 3, details={"is_ext_shared": False, "teams_shared_with": []})


def _sensitive_link(scene: Scene) -> None:
    scene.write("file_public_link_created", _file(scene, "password-training.pdf", "application/pdf"))


def _workflow(scene: Scene) -> None:
    number = scene.luck.randrange(10_000)
    flow = {"id": f"Wf0{number:06d}", "name": f"Request form {number}"}
    scene.write("workflow_published", {"type": "workflow", "workflow": flow})


def _token(scene: Scene) -> None:
    token = {"token_id": scene.luck.getrandbits(40), "provider": "crm"}
    entity = {"type": "external_auth_oauth2_token", "external_auth_oauth2_token": token}
    scene.write("external_auth_oauth2_token_fetched", entity)


def _new_app(scene: Scene, scopes: list[str]) -> None:
    number = scene.luck.randrange(10_000)
    app: Object = {
        "id": f"A0TRIAL{number:04d}", "name": f"Trial {number}", "is_distributed": True,
        "is_directory_approved": True, "is_workflow_app": False, "scopes": scopes, "bot_scopes": ["commands"],
    }  # fmt: skip
    # An install followed by downloads is another story.
    scene.world.hush(scene.person, scene.at, scene.at + 3700, DOWNLOADS)
    scene.write("app_installed", {"type": "app", "app": app}, details={"is_internal_integration": False})


def _approved_app(scene: Scene) -> None:
    app = scene.luck.choice(APPROVED_APPS)
    scene.write("app_installed", {"type": "app", "app": app}, details={"is_internal_integration": False})


def _known_agent(scene: Scene) -> None:
    scene.write("app_mcp_server_acl_changed", {"type": "app", "app": ASSISTANT})


def _new_agent(scene: Scene) -> None:
    number = scene.luck.randrange(1000)
    app = {"id": f"A0AGENT{number:04d}", "name": f"Agent {number}", "scopes": [], "bot_scopes": []}
    scene.write("app_mcp_server_added", {"type": "app", "app": app})


def _new_admin(scene: Scene) -> None:
    members = [p for p in scene.world.extras() if p.site.name == scene.person.site.name]
    target = scene.luck.choice(members or scene.world.extras())
    scene.world.make_known(scene.person)
    scene.write("role_change_to_admin", user(target), workspace=target.site.workspace)
    scene.tale.about(target.id, target.email)


def _end_of_office(scene: Scene) -> None:
    target = scene.luck.choice(scene.world.extras())
    scene.write("role_change_to_user", user(target), workspace=target.site.workspace)


def _role(scene: Scene) -> None:
    target = scene.luck.choice(scene.world.extras())
    role = {"type": "role", "role": {"id": "Rl0W", "name": "Workflow Manager", "type": "0"}}
    details = {"target_user": target.id, "target_entity": "E0HALDEN00"}
    scene.write("role_assigned", role, details=details, workspace=None)


def _persons_data(scene: Scene) -> None:
    scene.write("manual_user_export_started", enterprise(), workspace=None, details={"export_type": "USER"})


def _hold_released(scene: Scene) -> None:
    hold = {"id": f"H0{scene.luck.randrange(99_999):05d}", "name": "Closed case"}
    scene.write("legal_hold_policy_released", {"type": "legal_hold_policy", "legal_hold_policy": hold}, workspace=None)


def _rule_applied(scene: Scene) -> None:
    scene.write("native_dlp_rule_action_applied", workspace(scene.person.site.workspace), details={"rule": "IBAN"})


def _marriage(scene: Scene) -> None:
    details = {"previous_email": f"old.{scene.person.email}", "new_email": scene.person.email}
    scene.write("user_email_updated", user(scene.person), details=details)


def _ended_session(scene: Scene) -> None:
    scene.write("user_logout_compromised", user(scene.person))


def _denied(scene: Scene) -> None:
    for n in range(scene.luck.randrange(1, 4)):
        scene.write("ip_allowlist_access_denied", user(scene.person), 40.0 * n)


def _denied_client(scene: Scene) -> None:
    for n in range(14):
        scene.write("ip_allowlist_access_denied", user(scene.person), 30.0 * n)


def _moving_in(scene: Scene) -> None:
    for n in range(scene.luck.randrange(55, 75)):
        file = scene.world.shelf.new_file(scene.person.team)
        scene.write("file_uploaded", {"type": "file", "file": file}, 9.0 * n)


def _hand_down(scene: Scene) -> None:
    scene.world.hush(scene.person, scene.at - 7200, scene.at + 9000, DOWNLOADS)
    count = scene.luck.randrange(32, 48)
    scene.tale.add(*fetch_files(scene.world, scene.luck, scene.person, scene.at, 2400, count, on_phone(scene.person)))


def _quarter_end(scene: Scene) -> None:
    """Many files on one day, never thirty in an hour."""
    begin = scene.world.calendar.at(0, 0, scene.person.site.zone)
    midnight = scene.at - (scene.at - begin) % 86_400
    scene.world.hush(scene.person, midnight, midnight + 86_400, DOWNLOADS)
    files = fetch_files(
        scene.world, scene.luck, scene.person, midnight + 30_000, 30_000, scene.luck.randrange(55, 90), scene.seat
    )
    scene.tale.add(*files)


def _developer(scene: Scene) -> None:
    scene.write("cli_login", workspace(scene.person.site.workspace))


def _virus(scene: Scene) -> None:
    entity = _file(scene, "scanned-letter.pdf", "application/pdf")
    scene.write("file_uploaded", entity)
    scene.write(
        "file_malicious_content_detected", entity, 900, details={"md5_hash": "d41d8cd98f00b204e9800998ecf8427e"}
    )


OCCASIONS: tuple[Occasion, ...] = (
    Occasion("guests_by_hand", "Administrators create guests by hand.", ("U49",), 2, "admin", _guest_by_hand),
    Occasion("guests_for_good", "A guest's expiry is removed.", ("U49",), 0.3, "admin", _guest_for_good),
    Occasion("connect_dms", "People write to people of other companies.", ("U51",), 12, "member", _connect_dm),
    Occasion("new_partners", "A channel with a company that is not listed yet.", ("U50",), 0.5, "admin", _new_partner),
    Occasion("channels_opened", "A private channel becomes public.", ("U53",), 0.5, "member", _open_channel),
    Occasion("installers", "Support hands out an installer.", ("U45",), 1.5, "member", _installer),
    Occasion("training_link", "A public link of a training on passwords.", ("U43.sensitive",), 0.05, "member",
             _sensitive_link),
    Occasion("workflows", "People publish workflows.", ("U75",), 6, "member", _workflow),
    Occasion("workflow_tokens", "Workflows fetch tokens of other services.", ("U36",), 20, "member", _token),
    Occasion("trial_apps", "Apps that nobody approved yet are tried out.", ("U29",), 0.5, "member",
             lambda scene: _new_app(scene, ["users:read"])),
    Occasion("trial_apps_with_history", "An app is tried out that wants to read history.", ("U29", "U31"), 0.05,
             "member", lambda scene: _new_app(scene, ["channels:history", "groups:history"])),
    Occasion("approved_apps", "Approved apps come to further workspaces.", ("U29",), 1.5, "admin", _approved_app),
    Occasion("known_agents", "Settings of agents that are listed.", ("U38.configuration",), 0.3, "admin",
             _known_agent),
    Occasion("new_agents", "An agent's server is added that is on no list.", ("U38.configuration",), 0.1, "admin",
             _new_agent),
    Occasion("new_admins", "A colleague is made administrator, as planned.", ("U21",), 0.1, "owner", _new_admin),
    Occasion("ends_of_office", "An administrator goes back to the ranks.", ("U23",), 0.1, "owner", _end_of_office),
    Occasion("roles", "Somebody may manage workflows.", (), 0.3, "owner", _role),
    Occasion("persons_data", "A person asks for his own data.", ("U42",), 0.1, "owner", _persons_data),
    Occasion("cases_closed", "A legal hold ends with its case.", ("U61",), 0.04, "owner", _hold_released),
    Occasion("dlp_at_work", "A rule against data loss does its work.", (), 4, "member", _rule_applied),
    Occasion("new_names", "Addresses change within the company's domain.", ("U69",), 0.5, "member", _marriage),
    Occasion("sessions_ended", "Slack ends a session that was none of a thief.", ("U16",), 0.1, "member",
             _ended_session),
    Occasion("denied", "Some try without the VPN.", (), 4, "member", _denied),
    Occasion("denied_client", "A client tries again and again without the VPN.", ("U17",), 0.2, "member",
             _denied_client),
    Occasion("moving_in", "A team brings its documents.", ("U44",), 0.2, "member", _moving_in),
    Occasion("handed_down", "A project is handed over with its files.", ("U40",), 0.1, "member", _hand_down),
    Occasion("quarter_end", "Somebody collects the figures of a quarter.", ("U41",), 0.3, "member", _quarter_end),
    Occasion("developers", "Developers sign in to the command line.", ("U39",), 3, "member", _developer),
    Occasion("virus", "A colleague uploads a letter with malware.", ("U46",), 0.04, "member", _virus),
)  # fmt: skip
