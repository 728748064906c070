"""Search expressions: what `search` (and `tstats where`, `inputlookup where`) takes.

Tree nodes, their parser and the time modifiers lifted out of the text. Precedence: parentheses,
NOT, OR, AND; juxtaposition is AND. (`where` has another order; see `expressions`.) Matching is in
`searchmatch`, index terms in `searchterms`. (SR: search; SM: Boolean expressions with logical operators.)
"""
from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Callable, Union

from .errors import NOWHERE, Place, SplError
from .pipeline import Subsearch
from .timemod import TimeModifier, parse_modifier
from .tokens import END, STRING, WORD, Token

if TYPE_CHECKING:
    from .stream import TokenStream

_MAX_DEPTH = 60
_COMPARISONS = ("=", "==", "!=", "<", "<=", ">", ">=")
_TIME_NAMES = {"earliest": "earliest", "latest": "latest",
               "_index_earliest": "index_earliest", "_index_latest": "index_latest"}
_REFUSED_NAMES = frozenset(
    "starttime endtime starttimeu endtimeu timeformat daysago hoursago minutesago monthsago startdaysago "
    "enddaysago starthoursago endhoursago startminutesago endminutesago startmonthsago endmonthsago searchtimespandays "
    "searchtimespanhours searchtimespanminutes searchtimespanmonths savedsearch savedsplunk "
    "hosttag eventtypetag sourcetypetag".split())


def _place() -> Place:
    return field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True)
class Term:
    """A word or phrase to be found in the raw text.

    Attributes:
        kind: "word", "phrase", "TERM" (as one indexed term) or "CASE" (case-sensitive).
    """

    text: str
    kind: str = "word"
    place: Place = _place()


@dataclass(frozen=True)
class FieldComparison:
    """field <operator> literal; the literal may hold wildcards."""

    field: str
    operator: str
    value: str
    case_sensitive: bool = False
    place: Place = _place()


@dataclass(frozen=True)
class FieldIn:
    field: str
    values: tuple[str, ...]
    place: Place = _place()


@dataclass(frozen=True)
class NotNode:
    operand: SearchNode
    place: Place = _place()


@dataclass(frozen=True)
class AllOf:
    """AND of its parts; without parts it matches everything."""

    parts: tuple[SearchNode, ...]
    place: Place = _place()


@dataclass(frozen=True)
class AnyOf:
    """OR of its parts; without parts it matches nothing."""

    parts: tuple[SearchNode, ...]
    place: Place = _place()


@dataclass(frozen=True)
class SubsearchNode:
    subsearch: Subsearch
    place: Place = _place()


SearchNode = Union[Term, FieldComparison, FieldIn, NotNode, AllOf, AnyOf, SubsearchNode]

EVERYTHING = AllOf(())
NOTHING = AnyOf(())


@dataclass(frozen=True)
class SearchExpression:
    """A parsed search expression.

    Attributes:
        root: the condition, without time modifiers.
        times: earliest, latest, index_earliest, index_latest as far as the text names them.
    """

    root: SearchNode
    times: dict[str, TimeModifier]


def walk(node: SearchNode) -> Iterator[SearchNode]:
    """Yield a node and everything below it."""
    yield node
    if isinstance(node, NotNode):
        yield from walk(node.operand)
    elif isinstance(node, (AllOf, AnyOf)):
        for part in node.parts:
            yield from walk(part)


def field_names(node: SearchNode) -> list[str]:
    """Return the fields that a condition reads, each once (terms read _raw)."""
    found: dict[str, None] = {}
    for part in walk(node):
        if isinstance(part, (FieldComparison, FieldIn)):
            found[part.field] = None
        elif isinstance(part, Term):
            found["_raw"] = None
    return list(found)


def subsearches(node: SearchNode) -> list[Subsearch]:
    """Return the subsearches in the order in which they stand."""
    return [part.subsearch for part in walk(node) if isinstance(part, SubsearchNode)]


def insert_subsearches(expression: SearchExpression, answer: Callable[[Subsearch], str]) -> SearchExpression:
    """Replace each subsearch by the search text that it gives (see `format`).

    Args:
        answer: runs a subsearch and returns its text; an empty text is that of an empty result,
            which matches nothing.
    """
    times = dict(expression.times)

    def replaced(node: SearchNode) -> SearchNode:
        if isinstance(node, SubsearchNode):
            inserted = parse_search(answer(node.subsearch) or "NOT ( )", node.place)
            times.update(inserted.times)
            return inserted.root
        if isinstance(node, NotNode):
            return NotNode(replaced(node.operand), node.place)
        if isinstance(node, AllOf):
            return AllOf(tuple(replaced(part) for part in node.parts), node.place)
        if isinstance(node, AnyOf):
            return AnyOf(tuple(replaced(part) for part in node.parts), node.place)
        return node

    if not subsearches(expression.root):
        return expression
    return SearchExpression(replaced(expression.root), times)


def parse_search(text: str, place: Place | None = None) -> SearchExpression:
    """Parse a whole text as a search expression; errors point into it, or at `place` if given."""
    from .stream import stream_of

    return SearchParser(stream_of(text, place), ()).parse()


class SearchParser:
    """Recursive descent over a token stream; stops at a stop word or at the end."""

    def __init__(self, stream: TokenStream, stop: Collection[str]) -> None:
        self._stream = stream
        self._stop = tuple(stop)
        self._depth = 0
        self._conjunction = True  # whether the time modifiers met now hold for the whole search
        self._times: dict[str, TimeModifier] = {}

    def parse(self) -> SearchExpression:
        node = self._all() if not self._ends() else EVERYTHING
        token = self._peek()
        if token.is_symbol(")"):
            raise self._error("This parenthesis closes nothing.", token)
        if not self._ends():
            raise self._error(f"The search expression cannot take {token} here; "
                              "put it in double quotes.", token)
        return SearchExpression(node, self._times)

    def _all(self) -> SearchNode:
        place = self._place(self._peek())
        parts = [self._any()]
        while True:
            token = self._peek()
            if token.is_word("and") and token.value == "AND":
                self._take(token)
                if self._ends() or self._peek().is_symbol(")"):
                    raise self._error("A condition is missing after AND.", self._peek())
            elif self._ends() or token.is_symbol(")"):
                break
            parts.append(self._any())
        parts = [part for part in parts if part != EVERYTHING or len(parts) == 1]
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts), place)

    def _any(self) -> SearchNode:
        first = self._peek()
        outer = self._conjunction
        count = len(self._times)
        parts = [self._not()]
        while self._keyword("OR"):
            if len(self._times) > count:
                raise self._error("A time modifier cannot be one side of an OR; "
                                  "it holds for the whole search.", first)
            self._conjunction = False
            self._take(self._peek())
            if self._ends() or self._peek().is_symbol(")"):
                raise self._error("A condition is missing after OR.", self._peek())
            parts.append(self._not())
        self._conjunction = outer
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts), self._place(first))

    def _not(self) -> SearchNode:
        if not self._keyword("NOT"):
            return self._primary()
        token = self._take(self._peek())
        if self._ends() or self._peek().is_symbol(")"):
            raise self._error("A condition is missing after NOT.", self._peek())
        outer, self._conjunction = self._conjunction, False
        self._deeper(token)
        node = NotNode(self._not(), self._place(token))
        self._depth -= 1
        self._conjunction = outer
        return node

    def _primary(self) -> SearchNode:
        token = self._peek()
        if token.is_symbol("("):
            return self._group(token)
        if token.is_symbol("["):
            subsearch = self._stream.subsearch()
            return SubsearchNode(subsearch, self._place(token))
        if token.kind not in (WORD, STRING):
            if token.is_symbol(*_COMPARISONS):
                raise self._error(f"A field name is missing before {token}.", token)
            if token.is_symbol(","):
                raise self._error("A comma cannot stand here; conditions are separated by spaces.", token)
            raise self._error(f"A term or a field=value is needed here, not {token}.", token)
        if token.kind == WORD and token.value in ("AND", "OR"):
            raise self._error(f"A condition is missing before {token.value}.", token)
        self._take(token)
        follows = self._peek()
        if follows.is_symbol(*_COMPARISONS):
            return self._comparison(token, follows)
        if follows.is_word("in") and self._peek(follows.end).is_symbol("("):
            self._take(follows)
            return self._membership(token)
        if token.kind == WORD and token.value in ("TERM", "CASE") and self._opens(token):
            return Term(self._directive(token), token.value, self._place(token))
        kind = "phrase" if token.kind == STRING else "word"
        return Term(token.value, kind, self._place(token))

    def _group(self, opened: Token) -> SearchNode:
        self._take(opened)
        if self._peek().is_symbol(")"):
            self._take(self._peek())
            return EVERYTHING
        self._deeper(opened)
        stop, self._stop = self._stop, ()
        node = self._all()
        self._stop = stop
        self._depth -= 1
        if not self._peek().is_symbol(")"):
            raise self._error("This parenthesis is never closed.", opened)
        self._take(self._peek())
        return node

    def _comparison(self, name: Token, sign: Token) -> SearchNode:
        self._field_name(name)
        self._take(sign)
        value = self._peek()
        operator = "=" if sign.value == "==" else sign.value
        folded = name.value.lower()
        if folded in _TIME_NAMES and operator == "=":
            return self._time(name, self._take(value))
        if folded in _REFUSED_NAMES:
            raise self._error(f'The time or search modifier "{name.value}" is not known here.', name,
                              _TIME_NAMES, name.value)
        if value.kind == WORD and value.value in ("TERM", "CASE") and self._opens(value):
            self._take(value)
            return FieldComparison(name.value, operator, self._directive(value), value.value == "CASE",
                                   self._place(name))
        if value.kind not in (WORD, STRING):
            if value.is_symbol("["):
                raise self._error("A subsearch as the value of a field is not known here; write [... | return field].",
                                  value)
            raise self._error(f'A value is needed after {name.value}{sign.value}, not {value}.', value)
        self._take(value)
        return FieldComparison(name.value, operator, value.value, False, self._place(name))

    def _membership(self, name: Token) -> FieldIn:
        self._field_name(name)
        opened = self._take(self._peek())
        values: list[str] = []
        while True:
            token = self._peek()
            if token.kind not in (WORD, STRING):
                raise self._error(f"A value is needed in the list after IN, not {token}.", token)
            values.append(self._take(token).value)
            token = self._peek()
            if token.is_symbol(","):
                self._take(token)
            elif token.is_symbol(")"):
                self._take(token)
                return FieldIn(name.value, tuple(values), self._place(name))
            elif token.kind == END:
                raise self._error("This parenthesis is never closed.", opened)

    def _opens(self, token: Token) -> bool:
        """Tell whether a parenthesis follows without a space."""
        follows = self._peek(token.end)
        return follows.is_symbol("(") and follows.start == token.end

    def _directive(self, name: Token) -> str:
        """Take the inside of TERM(...) or CASE(...): everything up to the parenthesis."""
        opened = self._peek()
        close = self._stream.source.text.find(")", opened.end, self._stream.limit)
        if close < 0:
            raise self._error("This parenthesis is never closed.", opened)
        inside = self._stream.source.text[opened.end:close].strip()
        if len(inside) > 1 and inside[0] == inside[-1] == '"':
            inside = inside[1:-1]
        if not inside:
            raise self._error(f"{name.value}() needs a term.", name)
        self._stream.position = close + 1
        return inside

    def _time(self, name: Token, value: Token) -> SearchNode:
        if value.kind not in (WORD, STRING):
            raise self._error(f"A time is needed after {name.value}=, not {value}.", value)
        if not self._conjunction:
            raise self._error(f"{name.value} holds for the whole search; "
                              "it cannot stand below OR or NOT.", name)
        if value.value.lower() == "now" and self._peek().is_symbol("("):
            self._take(self._peek())
            if not self._peek().is_symbol(")"):
                raise self._error("now() takes no argument.", self._peek())
            self._take(self._peek())
        key = _TIME_NAMES[name.value.lower()]
        if key in self._times:
            raise self._error(f"{name.value} stands twice in this search.", name)
        self._times[key] = parse_modifier(value.value, self._place(value))
        return EVERYTHING

    def _field_name(self, token: Token) -> None:
        name = token.value
        if not name:
            raise self._error("A field name is empty.", token)
        if token.kind == WORD and (name[0] == "'" or name[-1] == "'"):
            raise self._error("The search command does not know single quotes; write the field name plain, "
                              "or in double quotes.", token)

    def _deeper(self, token: Token) -> None:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise self._error(f"This search is nested more than {_MAX_DEPTH} deep.", token)

    def _keyword(self, word: str) -> bool:
        token = self._peek()
        if token.kind != WORD or token.value != word:
            return False
        return not self._peek(token.end).is_symbol(*_COMPARISONS)

    def _ends(self) -> bool:
        token = self._peek()
        return token.kind == END or (bool(self._stop) and token.is_word(*self._stop))

    def _peek(self, position: int | None = None) -> Token:
        return self._stream.lexer.term(self._stream.position if position is None else position)

    def _take(self, token: Token) -> Token:
        self._stream.position = token.end
        return token

    def _place(self, token: Token) -> Place:
        return self._stream.lexer.place(token.start)

    def _error(self, message: str, token: Token, known: Collection[str] = (), name: str = "") -> SplError:
        return self._place(token).error(message, known, name)
