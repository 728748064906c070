"""props.conf and the field part of transforms.conf as rules: which settings shape a search, checked and taken apart.

Knows the settings' grammar and Splunk's precedence between stanzas ("Attribute precedence within a single props.conf
file", Admin Manual). Does not apply a rule: extraction.py does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import regex

from ..confs import AppConfs
from .errors import SplError

INDEX_TIME = frozenset(
    "SHOULD_LINEMERGE LINE_BREAKER LINE_BREAKER_LOOKBEHIND EVENT_BREAKER EVENT_BREAKER_ENABLE TRUNCATE MAX_EVENTS"
    " BREAK_ONLY_BEFORE BREAK_ONLY_BEFORE_DATE MUST_BREAK_AFTER TIME_PREFIX TIME_FORMAT MAX_TIMESTAMP_LOOKAHEAD TZ"
    " TZ_ALIAS DATETIME_CONFIG MAX_DAYS_AGO MAX_DAYS_HENCE MAX_DIFF_SECS_AGO MAX_DIFF_SECS_HENCE CHARSET ANNOTATE_PUNCT"
    " INDEXED_EXTRACTIONS SEDCMD NO_BINARY_CHECK category description pulldown_type priority detect_trailing_nulls"
    " LEARN_SOURCETYPE LEARN_MODEL maxDist sourcetype ADD_EXTRA_TIME_FIELDS".split()
)
"""Settings of props.conf that are spent before an event is searched."""

_INDEX_TIME_CLASSES = ("TRANSFORMS-", "SEDCMD-", "RULESET-", "METRIC-SCHEMA-TRANSFORMS")
_TABLE_WORDS = re.compile(r'"[^"]*"|[^\s,]+|,')


@dataclass(frozen=True)
class Extraction:
    """A regex with named groups over one field; ``names`` of group number -> field for FORMAT."""

    pattern: regex.Pattern[str]
    source: str = "_raw"
    numbered: tuple[tuple[str, int], ...] = ()
    multivalue: bool = False

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that it can make."""
        return tuple(self.pattern.groupindex) + tuple(name for name, _ in self.numbered)


@dataclass(frozen=True)
class AutoLookup:
    """``LOOKUP-x = table in AS field OUTPUT out AS field``. ``outputs`` None: all other columns."""

    table: str
    inputs: tuple[tuple[str, str], ...]
    outputs: tuple[tuple[str, str], ...] | None
    keep: bool


@dataclass
class Rules:
    """Everything that props.conf says about the events of one kind, in the order of application."""

    extractions: list[Extraction] = field(default_factory=list)
    kv_mode: str = "auto"
    aliases: list[tuple[str, str, bool]] = field(default_factory=list)
    evals: dict[str, str] = field(default_factory=dict)
    lookups: list[AutoLookup] = field(default_factory=list)


class Refused(ValueError):
    """A setting that changes searches and is not known here; the message names file, line and setting."""


class PropsConf:
    """props.conf of one app: gives the rules for an event by its source, host and sourcetype."""

    def __init__(self, confs: AppConfs) -> None:
        self._confs = confs
        self._stanzas = confs.conf("props")
        self._general = confs.general("props")
        self._memo: dict[tuple[str, str, str], Rules] = {}
        self._all = [self._rules({stanza: self._stanzas[stanza]}) for stanza in self._stanzas]

    def all_rules(self) -> list[Rules]:
        """Return the rules of every stanza by itself."""
        return self._all

    def rules(self, sourcetype: str, source: str, host: str) -> Rules:
        """Return the merged rules: ``source::`` beats ``host::`` beats sourcetype beats ``[default]``."""
        place = (sourcetype, source, host)
        if place not in self._memo:
            self._memo[place] = self._rules(self._chosen(sourcetype, source, host))
        return self._memo[place]

    def settings(self, sourcetype: str, source: str, host: str) -> dict[str, str]:
        """Return all merged settings, those of index time included."""
        return {
            key: value for stanza in self._chosen(sourcetype, source, host).values() for key, value in stanza.items()
        }

    def _chosen(self, sourcetype: str, source: str, host: str) -> dict[str, Mapping[str, str]]:
        """Return the stanzas that apply, the strongest last."""
        chosen: dict[str, Mapping[str, str]] = {"default": self._general}
        if sourcetype in self._stanzas:
            chosen[sourcetype] = self._own(sourcetype)
        for kind, value in (("host::", host), ("source::", source)):
            for stanza in self._matching(kind, value):
                chosen[stanza] = self._own(stanza)
        return chosen

    def _matching(self, kind: str, value: str) -> list[str]:
        """Return the stanzas of a kind that fit, the strongest last.

        The higher `priority` wins (100 for a literal stanza, 0 for a pattern), of equals the first in ASCII order.
        """
        found = []
        for stanza, settings in self._stanzas.items():
            pattern = stanza[len(kind) :]
            if stanza.startswith(kind) and _stanza_pattern(pattern).fullmatch(value):
                usual = "0" if "*" in pattern or "..." in pattern else "100"
                found.append((int(settings.get("priority", usual)), stanza))
        found.sort(key=lambda entry: entry[1], reverse=True)
        return [stanza for _, stanza in sorted(found, key=lambda entry: entry[0])]

    def _own(self, stanza: str) -> dict[str, str]:
        """Return what a stanza says itself: ``[default]`` must not come back over a weaker stanza."""
        return {key: value for key, value in self._stanzas[stanza].items() if self._general.get(key) != value}

    def _rules(self, stanzas: Mapping[str, Mapping[str, str]]) -> Rules:
        merged: dict[str, tuple[str, str]] = {}
        for stanza, settings in stanzas.items():
            if stanza.startswith(("(?", "rule::", "delayedrule::")):
                where = self._confs.origin("props", stanza)
                raise Refused(f"{where}: [{stanza}]: stanzas of this kind are not known here")
            for key, value in settings.items():
                merged[key] = (value, stanza)
        rules = Rules()
        for key in sorted(merged):
            value, stanza = merged[key]
            try:
                self._take(rules, key, value)
            except (Refused, regex.error, SplError) as error:
                where = self._confs.origin("props", stanza, key)
                raise Refused(f"{where}: [{stanza}] {key}: {error}") from error
        return rules

    def _take(self, rules: Rules, key: str, value: str) -> None:
        kind, dash, name = key.partition("-")
        if key == "KV_MODE":
            mode = value.lower()
            if mode not in ("auto", "none", "json", "auto_escaped"):
                raise Refused(f"KV_MODE {value!r} is not known here; known: auto, none, json")
            rules.kv_mode = mode
        elif key == "AUTO_KV_JSON":
            if value.lower() not in ("1", "true"):
                raise Refused("only AUTO_KV_JSON = true is known here")
        elif not dash:
            if key not in INDEX_TIME:
                raise Refused("this setting is not known here")
        elif kind == "EXTRACT":
            rules.extractions.append(_inline(value))
        elif kind == "REPORT":
            stanzas = [part.strip() for part in value.split(",") if part.strip()]
            rules.extractions.extend(self._transform(stanza) for stanza in stanzas)
        elif kind == "FIELDALIAS":
            rules.aliases.extend(_aliases(value))
        elif kind == "EVAL":
            rules.evals[name] = value
        elif kind == "LOOKUP":
            rules.lookups.append(parse_auto_lookup(value))
        elif not key.startswith(_INDEX_TIME_CLASSES):
            raise Refused("this setting is not known here")

    def _transform(self, stanza: str) -> Extraction:
        settings = self._confs.conf("transforms").get(stanza)
        if settings is None:
            raise Refused(f"transforms.conf has no stanza [{stanza}]")
        known = {"REGEX", "FORMAT", "SOURCE_KEY", "MV_ADD", "CLEAN_KEYS"}
        unknown = sorted(set(settings) - known)
        if unknown or "REGEX" not in settings:
            raise Refused(
                f"transforms.conf [{stanza}]: {(unknown or ['REGEX'])[0]} is {'unknown' if unknown else 'missing'}"
            )
        numbered = []
        for name, number in re.findall(r"([\w.:-]+)::\"?\$(\d+)\"?", settings.get("FORMAT", "")):
            numbered.append((name, int(number)))
        if settings.get("FORMAT") and not numbered:
            raise Refused(f"transforms.conf [{stanza}]: FORMAT must read name::$1")
        return Extraction(
            regex.compile(settings["REGEX"]),
            settings.get("SOURCE_KEY", "_raw"),
            tuple(numbered),
            settings.get("MV_ADD", "0").lower() in ("1", "true"),
        )


def _stanza_pattern(text: str) -> re.Pattern[str]:
    """Compile the wildcards of a ``source::`` or ``host::`` stanza: ``...`` any run, ``*`` none over a slash."""
    parts = re.split(r"(\.\.\.|\*)", text)
    return re.compile("".join(".*" if p == "..." else "[^/\\\\]*" if p == "*" else re.escape(p) for p in parts))


def _inline(value: str) -> Extraction:
    """Take ``regex`` or ``regex in field`` apart."""
    found = re.fullmatch(r"(.*)\s+in\s+([\w.:{}-]+)", value, re.S)
    pattern, source = (found.group(1), found.group(2)) if found else (value, "_raw")
    compiled = regex.compile(pattern)
    if not compiled.groupindex:
        raise Refused("EXTRACT needs at least one named group (?<name>...)")
    return Extraction(compiled, source)


def _words(value: str) -> list[str]:
    return [word.strip('"') for word in _TABLE_WORDS.findall(value) if word != ","]


def _aliases(value: str) -> list[tuple[str, str, bool]]:
    """Take ``a AS b c ASNEW d`` apart into (a, b, keep an existing b)."""
    words = _words(value)
    if not words or len(words) % 3:
        raise Refused("expected `field AS alias`")
    found = []
    for source, verb, target in zip(words[::3], words[1::3], words[2::3]):
        if verb.upper() not in ("AS", "ASNEW"):
            raise Refused(f"expected AS or ASNEW, found {verb!r}")
        found.append((source, target, verb.upper() == "ASNEW"))
    return found


def _pairs(words: list[str]) -> tuple[tuple[str, str], ...]:
    """Read ``column [AS field]``, repeated."""
    pairs: list[tuple[str, str]] = []
    at = 0
    while at < len(words):
        if at + 2 < len(words) and words[at + 1].upper() == "AS":
            pairs.append((words[at], words[at + 2]))
            at += 3
        else:
            pairs.append((words[at], words[at]))
            at += 1
    return tuple(pairs)


def parse_auto_lookup(value: str) -> AutoLookup:
    """Take the value of a ``LOOKUP-`` setting apart.

    Raises:
        Refused: no table or no input field.
    """
    words = _words(value)
    verb = next((at for at, word in enumerate(words) if word.upper() in ("OUTPUT", "OUTPUTNEW")), len(words))
    inputs = _pairs(words[1:verb])
    if not inputs:
        raise Refused("expected `table column AS field OUTPUT column AS field`")
    outputs = _pairs(words[verb + 1 :]) if verb < len(words) else None
    return AutoLookup(words[0], inputs, outputs, verb < len(words) and words[verb].upper() == "OUTPUTNEW")
