"""transforms.conf's lookup stanzas as lookup definitions: every setting checked, unknown ones refused by name."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..confs import AppConfs
from .lookups import MAX_OFFSET_SECONDS, Definition
from .propsrules import Refused

_LOOKUP_KEYS = frozenset(
    "filename external_cmd external_type fields_list collection match_type max_matches min_matches default_match"
    " case_sensitive_match python.version python.required max_ext_batch batch_index_query index_fields_list"
    " time_field time_format max_offset_secs min_offset_secs allow_caching replicate cache_size".split()
)
_FIELD_KEYS = frozenset(
    "REGEX FORMAT SOURCE_KEY MV_ADD CLEAN_KEYS DEST_KEY WRITE_META DEFAULT_VALUE INGEST_EVAL".split()
)
_MATCH_TYPE = re.compile(r"(CIDR|WILDCARD|EXACT)\(\s*([\w.:-]+)\s*\)", re.I)


def lookup_definitions(confs: AppConfs) -> dict[str, Definition]:
    """Return the lookup definitions of transforms.conf by name.

    Raises:
        Refused: a setting is not known, or its value cannot be read.
    """
    found = {}
    for stanza, settings in confs.conf("transforms").items():
        if not {"filename", "external_cmd", "external_type", "collection"} & set(settings):
            unknown = sorted(set(settings) - _FIELD_KEYS)
            if unknown:
                where = confs.origin("transforms", stanza, unknown[0])
                raise Refused(f"{where}: [{stanza}] {unknown[0]}: this setting is not known here")
            continue
        for key in sorted(settings):
            if key not in _LOOKUP_KEYS:
                where = confs.origin("transforms", stanza, key)
                raise Refused(f"{where}: [{stanza}] {key}: this lookup setting is not known here")
        found[stanza] = _definition(stanza, settings)
    return found


def _definition(name: str, settings: Mapping[str, str]) -> Definition:
    fields = tuple(part.strip() for part in settings.get("fields_list", "").split(",") if part.strip())
    if "external_cmd" in settings:
        kind, target = "external", settings["external_cmd"]
    elif settings.get("external_type") == "kvstore" or "collection" in settings:
        kind, target = "kvstore", settings.get("collection", name)
    elif "filename" in settings:
        kind, target = "csv", settings["filename"]
    else:
        raise Refused(f"[{name}]: external_type {settings.get('external_type')!r} is not known here")
    written = settings.get("match_type", "")
    match = {column: how.lower() for how, column in _MATCH_TYPE.findall(written) if how.upper() != "EXACT"}
    if _MATCH_TYPE.sub("", written).strip(" ,"):
        raise Refused(f"[{name}]: match_type {written!r} is not known here; known: CIDR(x), WILDCARD(x)")
    timed = settings.get("time_field")
    if timed is not None and kind == "external":
        raise Refused(f"[{name}]: time_field of a lookup that is a script is not known here")

    def whole(key: str, usual: int) -> int:
        try:
            return int(settings.get(key, usual))
        except ValueError:
            raise Refused(f"[{name}] {key}: {settings[key]!r} is no whole number") from None

    return Definition(
        name, kind, target, fields, match,
        max_matches=whole("max_matches", 1 if timed else 1000),
        min_matches=whole("min_matches", 0),
        time_field=timed,
        time_format=settings.get("time_format", "%s"),
        max_offset=whole("max_offset_secs", MAX_OFFSET_SECONDS),
        min_offset=whole("min_offset_secs", 0),
        default_match=settings.get("default_match", ""),
        case_sensitive=settings.get("case_sensitive_match", "true").lower() in ("1", "true"),
    )  # fmt: skip
