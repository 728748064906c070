"""A second opinion on what an organisation's entries should raise.

The ten headline detections, written plainly from their specification (windows inclusive, default thresholds),
slow and without any search language. It judges generated entries; it shares no code with the app or the
simulator.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import date, datetime
from ipaddress import IPv6Address, ip_address, ip_network
from pathlib import Path
from zoneinfo import ZoneInfo

DAY = 86_400
INSTALLS = {
    "app_installed",
    "org_app_installed",
    "app_approved",
    "org_app_workspace_added",
    "child_app_auto_installed",
    "cli_app_install",
    "app_deployed",
    "app_resources_granted",
}
OWNER = {"role_change_to_owner", "owner_transferred", "org_owner_created", "service_owner_transferred"}
ADMIN = {"role_change_to_admin"}
GUEST = {"guest_created", "guest_reactivated", "guest_expiration_cleared"}
CONNECT = {
    "external_shared_channel_invite_created",
    "external_shared_channel_invite_sent",
    "external_shared_channel_invite_approved",
    "external_shared_channel_invite_accepted",
    "external_shared_channel_invite_requested",
    "external_shared_channel_invite_request_approved",
    "external_shared_channel_connected",
    "external_shared_channel_reconnected",
    "external_shared_channel_access_upgraded",
    "external_shared_channel_host_transferred",
}
# U20-U22, U42, U56-U66 of the catalogue; families by how their names begin.
OWNER_LEVEL = OWNER | ADMIN | {
    "role_assigned",
    "permissions_assigned",
    "role_updated",
    "corporate_exports_approved",
    "corporate_exports_enabled",
    "organization_channel_audit_export_enabled",
    "workspace_channel_audit_export_enabled",
    "pref.sso_setting_changed",
    "idp_configuration_added",
    "idp_configuration_deleted",
    "idp_prod_configuration_updated",
    "flexible_access_control_set",
    "pref.two_factor_auth_changed",
    "pref.two_factor_prevent_sms_changed",
    "user_passkey_created",
    "user_passkey_removed",
    "ekm_unenrolled",
    "ekm_key_removed",
    "ekm_key_added",
    "ekm_logging_config_set",
    "native_dlp_rule_deactivated",
    "native_dlp_rule_edited",
    "native_dlp_violation_deleted",
    "pref.dlp_access_changed",
    "barrier_updated",
    "barrier_deleted",
    "legal_hold_policy_released",
    "legal_hold_policy_updated",
    "channel_retention_changed",
    "intune_disabled",
    "ip_allowlist_disabled",
    "team_authorized_ip_range_removed",
    "team_authorized_ip_range_set",
    "pref.block_file_download_for_unapproved_ip",
    "pref.anomaly_event_response_changed",
    "user_anomaly_event_response_allowlist_changed",
    "workspace_created",
    "workspace_deleted",
    "organization_domain_changed",
}
OWNER_LEVEL_FAMILIES = (
    "manual_export_",
    "manual_user_export_",
    "channels_export_",
    "channel_audit_export_",
    "scheduled_export_",
    "auth_policy_",
    "enterprise_managed_auth_",
    "domain_",
    "ekm_slackbot_",
    "organization_",
)


class Oracle:
    """Judges entries with an organisation's geo table and site lookups (files as the sandbox takes them)."""

    def __init__(self, entries, geo: Path, lookups: Path):
        self.entries = sorted(entries, key=lambda e: e["date_create"])
        self.networks = [(ip_network(r["cidr"]), r["country"], r["asn"]) for r in _rows(geo)]
        table = {p.stem[len("slack_audit_") :]: _rows(p) for p in lookups.glob("slack_audit_*.csv")}
        self.offices = [ip_network(r["network"]) for r in table["office_networks"]]
        self.corporate = {r["asn"] for r in table["corporate_asns"]}
        self.approved_apps = {r["app_id"] for r in table["approved_apps"]}
        self.provisioners = {r["app_id"] for r in table["provisioners"]}
        self.archives = {r["app_id"] for r in table["archive_apps"]}
        self.organisations = {r["organisation_id"] for r in table["approved_organisations"]}
        self.hours = {r["scope"]: r for r in table["office_hours"]}
        self.holidays = {(r["date"], r["scope"]) for r in table["holidays"]}
        self._places = {}

    def judge(self):
        """All findings as (rule id, entity, ids of the entries that show it)."""
        found = []
        for rule in (
            self.apps, self.grants, self.failures, self.places, self.outsiders, self.downloads,
            self.install_then_download, self.grant_from_unseen, self.success_after_burst, self.off_hours,
        ):  # fmt: skip
            found += list(rule())
        return found

    def only(self, *actions):
        return [e for e in self.entries if e["action"] in actions]

    def apps(self):
        for e in self.entries:
            if e["action"] in INSTALLS:
                yield "U29", e["entity"]["app"]["id"], {e["id"]}
        for e in self.only("app_scopes_expanded"):
            new, old = (e["details"] or {}).get("new_scopes"), (e["details"] or {}).get("previous_scopes")
            if new is None or old is None or set(new) - set(old):
                yield "U30", e["entity"]["app"]["id"], {e["id"]}

    def grants(self):
        for e in self.entries:
            if e["action"] in OWNER | ADMIN:
                yield "U20" if e["action"] in OWNER else "U21", e["entity"]["user"]["id"], {e["id"]}

    def failures(self):
        by_account, by_source = defaultdict(list), defaultdict(list)
        for e in self.only("user_login_failed"):
            by_account[actor(e)].append(e)
            source = group(e["context"]["ip_address"])
            if source and not self.in_office(e["context"]["ip_address"]):
                by_source[source].append(e)
        for account, events in by_account.items():
            for window in windows(events, 600):
                if len(window) >= 10:
                    yield "U01", account, ids(window)
        for source, events in by_source.items():
            for window in windows(events, 600):
                if len(window) >= 15 and len({actor(e) for e in window}) >= 5:
                    yield "U02", source, ids(window)

    def places(self):
        # Whether a sign-in from an office teaches where somebody lives is open; nothing may hang on it.
        for offices_teach in (False, True):
            yield from self._places_if(offices_teach)

    def _places_if(self, offices_teach):
        seen = defaultdict(list)
        for e in self.only("user_login"):
            address, who, now = e["context"]["ip_address"], actor(e), e["date_create"]
            country, asn = self.where(address)
            in_office = self.in_office(address)
            if not country or (in_office and not offices_teach):
                continue
            for kind, value in (("U07", country), ("U08", asn)):
                earlier = [v for at, v in seen[who, kind] if at >= now - 30 * DAY]
                exempt = in_office or (kind == "U08" and value in self.corporate)
                if earlier and value not in earlier and not exempt:
                    yield kind, (who, value), {e["id"]}
                seen[who, kind].append((now, value))

    def outsiders(self):
        for e in self.entries:
            app = (e["context"].get("app") or {}).get("id")
            if e["action"] in GUEST and app not in self.provisioners:
                yield "U49", e["entity"]["user"]["id"], {e["id"]}
            if e["action"] in CONNECT:
                details = e.get("details") or {}
                other = {details.get("origin_team"), details.get("target_team")} - {"E0HALDEN00"}
                if not other <= self.organisations:
                    yield "U50", e["entity"]["channel"]["id"], {e["id"]}
            if e["action"] == "approved_orgs_added":
                yield "U50", e["id"], {e["id"]}

    def downloads(self):
        by_account = defaultdict(list)
        for e in self.only("file_downloaded"):
            if (e["context"].get("app") or {}).get("id") not in self.archives:
                by_account[actor(e)].append(e)
        for account, events in by_account.items():
            for window in windows(events, 3600):
                if len({e["entity"]["file"]["id"] for e in window}) >= 30:
                    yield "U40", account, ids(window)

    def install_then_download(self):
        fetched = self.only("file_downloaded")
        for start in self.entries:
            if start["action"] not in INSTALLS | {"app_scopes_expanded"}:
                continue
            app = start["entity"]["app"]["id"]
            if app in self.approved_apps:
                continue
            files = [
                e
                for e in fetched
                if 0 <= e["date_create"] - start["date_create"] <= 3600
                and (actor(e) == actor(start) or (e["context"].get("app") or {}).get("id") == app)
            ]
            if len({e["entity"]["file"]["id"] for e in files}) >= 10:
                yield "U37", app, ids(files) | {start["id"]}

    def grant_from_unseen(self):
        for grant in self.entries:
            source = group(grant["context"]["ip_address"])
            if grant["action"] not in OWNER | ADMIN or not source:
                continue
            known = any(
                actor(e) == actor(grant)
                and group(e["context"]["ip_address"]) == source
                and DAY <= grant["date_create"] - e["date_create"] <= 30 * DAY
                for e in self.entries
            )
            if not known:
                yield "U25", (actor(grant), source), {grant["id"]}

    def success_after_burst(self):
        by_account = defaultdict(list)
        for e in self.only("user_login", "user_login_failed"):
            by_account[actor(e)].append(e)
        for account, events in by_account.items():
            events.sort(key=lambda e: (e["date_create"], e["action"] == "user_login"))
            run = []
            for e in events:
                if e["action"] == "user_login_failed":
                    run.append(e)
                    continue
                near = [f for f in run if run[-1]["date_create"] - f["date_create"] <= 1800]
                if len(near) >= 5 and e["date_create"] - run[-1]["date_create"] <= 1800:
                    yield "U06", account, ids([*near, e])
                run = []

    def off_hours(self):
        for e in self.entries:
            action = e["action"]
            if not (
                action in OWNER_LEVEL
                or action.startswith(OWNER_LEVEL_FAMILIES)
                or (action.startswith("pref.") and "retention" in action)
            ):
                continue
            if str((e.get("details") or {}).get("target_entity", "")).startswith("C"):
                continue  # manager of a channel: no promotion
            row = self.hours.get(actor(e)) or self.hours["*"]
            local = datetime.fromtimestamp(e["date_create"], ZoneInfo(row["zone"]))
            first, last = (int(day) for day in row["days"].split("-"))
            off = any((local.date().isoformat(), scope) in self.holidays for scope in ("*", actor(e)))
            open_now = row["start"] <= local.strftime("%H:%M") < row["end"]
            if off or not first <= date.isoweekday(local) <= last or not open_now:
                yield "U27", (actor(e), action), {e["id"]}

    def where(self, text):
        if text not in self._places:
            found = ("", "")
            if group(text):
                address = ip_address(text)
                found = next(((c, a) for net, c, a in self.networks if address in net), ("", ""))
            self._places[text] = found
        return self._places[text]

    def in_office(self, text):
        return bool(group(text)) and any(ip_address(text) in network for network in self.offices)


def actor(entry):
    return entry["actor"]["user"]["id"]


def ids(entries):
    return {e["id"] for e in entries}


def group(text):
    """What counts as one source: an IPv4 address, an IPv6 /64; nothing for missing and private addresses."""
    if not text or text.startswith(("127.", "10.", "192.168.")):
        return ""
    address = ip_address(text)
    if isinstance(address, IPv6Address):
        return str(ip_network((int(address) >> 64 << 64, 64)))
    return str(address)


def windows(entries, seconds):
    """For each entry the entries of the `seconds` that end with it, both ends included."""
    first = 0
    for last, entry in enumerate(entries):
        while entry["date_create"] - entries[first]["date_create"] > seconds:
            first += 1
        yield entries[first : last + 1]


def _rows(path: Path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
