"""The XML documents that splunkd and a modular input exchange, apart from the event stream.

Sources: Splunk's manual pages "Create modular inputs", "Set up external validation",
"Modular inputs configuration". Knows texts only: no process, no conf file.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from dataclasses import dataclass, field


class ProtocolError(Exception):
    """A script answered with something that is not what the protocol demands."""


@dataclass(frozen=True)
class Session:
    """What each document tells the script about its splunkd."""

    server_host: str
    server_uri: str
    session_key: str = field(repr=False)
    checkpoint_dir: str = ""


@dataclass(frozen=True)
class Argument:
    """One argument that a scheme declares."""

    name: str
    title: str = ""
    description: str = ""
    data_type: str = "string"
    required_on_create: bool = True
    required_on_edit: bool = False


@dataclass(frozen=True)
class Scheme:
    """What a script says of itself under `--scheme`."""

    title: str
    description: str
    use_external_validation: bool
    use_single_instance: bool
    streaming_mode: str
    arguments: list[Argument]


def _document(root: str, session: Session) -> ElementTree.Element:
    element = ElementTree.Element(root)
    for name in ("server_host", "server_uri", "session_key", "checkpoint_dir"):
        ElementTree.SubElement(element, name).text = getattr(session, name)
    return element


def _parameters(element: ElementTree.Element, parameters: Mapping[str, str]) -> None:
    for name, value in parameters.items():
        ElementTree.SubElement(element, "param", {"name": name}).text = value


def run_document(session: Session, stanza: str, app: str, parameters: Mapping[str, str]) -> bytes:
    """The `<input>` document of a run with one stanza."""
    root = _document("input", session)
    configuration = ElementTree.SubElement(root, "configuration")
    _parameters(ElementTree.SubElement(configuration, "stanza", {"name": stanza, "app": app}), parameters)
    return bytes(ElementTree.tostring(root, encoding="utf-8"))


def validation_document(session: Session, item: str, parameters: Mapping[str, str]) -> bytes:
    """The `<items>` document of `--validate-arguments`: exactly one item, named without its scheme."""
    root = _document("items", session)
    _parameters(ElementTree.SubElement(root, "item", {"name": item}), parameters)
    return bytes(ElementTree.tostring(root, encoding="utf-8"))


def validation_message(output: bytes) -> str | None:
    """The sentence in `<error><message>`, or None when the output holds no such element."""
    try:
        root = ElementTree.fromstring(output)  # noqa: S314 - written by the app's own script
    except ElementTree.ParseError:
        return None
    if root.tag != "error":
        return None
    return (root.findtext("message") or "").strip() or None


def parse_scheme(output: bytes) -> Scheme:
    """Read a script's answer to `--scheme`. Raises ProtocolError."""
    try:
        root = ElementTree.fromstring(output)  # noqa: S314 - written by the app's own script
    except ElementTree.ParseError as error:
        raise ProtocolError(f"the answer to --scheme is not XML: {error}") from None
    if root.tag != "scheme":
        raise ProtocolError(f"the answer to --scheme must be a <scheme>, found <{root.tag}>")
    streaming_mode = root.findtext("streaming_mode", "simple").strip()
    if streaming_mode not in ("simple", "xml"):
        raise ProtocolError(f"streaming_mode {streaming_mode!r} is unknown; allowed are simple and xml")
    arguments = [_argument(element) for element in root.iterfind("endpoint/args/arg")]
    return Scheme(
        title=root.findtext("title", "").strip(),
        description=root.findtext("description", "").strip(),
        use_external_validation=_flag(root.findtext("use_external_validation"), False),
        use_single_instance=_flag(root.findtext("use_single_instance"), False),
        streaming_mode=streaming_mode,
        arguments=arguments,
    )


def _argument(element: ElementTree.Element) -> Argument:
    name = element.get("name")
    if not name:
        raise ProtocolError("an <arg> of the scheme has no name")
    data_type = element.findtext("data_type", "string").strip()
    if data_type not in ("string", "number", "boolean"):
        raise ProtocolError(f"argument {name}: data_type {data_type!r}; allowed are string, number, boolean")
    return Argument(
        name=name,
        title=element.findtext("title", "").strip(),
        description=element.findtext("description", "").strip(),
        data_type=data_type,
        required_on_create=_flag(element.findtext("required_on_create"), True),
        required_on_edit=_flag(element.findtext("required_on_edit"), False),
    )


def _flag(text: str | None, default: bool) -> bool:
    if text is None or not text.strip():
        return default
    word = text.strip().lower()
    if word in ("true", "1", "t", "yes"):
        return True
    if word in ("false", "0", "f", "no"):
        return False
    raise ProtocolError(f"{text.strip()!r} is no truth value; allowed are true and false")


# inputs.conf.spec: settings that each modular input has without declaring them.
COMMON_INPUT_SETTINGS = frozenset(
    {
        "disabled",
        "host",
        "index",
        "interval",
        "source",
        "sourcetype",
        "start_by_shell",
        "run_introspection",
        "python.version",
        "python.required",
    }
)
