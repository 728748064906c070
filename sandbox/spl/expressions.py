"""The syntax of eval and where expressions: tree nodes and their parser.

Precedence, from loose to tight: XOR, OR, AND, NOT, comparison, + - or `.`, * / %, sign. (The
`search` command has another order; see `searchexpr`.) `.` beside + or - needs parentheses, because
no manual says which comes first. Names and types are checked by `evaluate`.
"""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Callable, Union

from .errors import NOWHERE, Place
from .tokens import END, FIELD, NUMBER, STRING, SYMBOL, WORD, Token
from .values import tidy

if TYPE_CHECKING:
    from .stream import TokenStream

_MAX_DEPTH = 40
_MAX_CHAIN = 150


def _place() -> Place:
    return field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True)
class Literal:
    """A text in double quotes, or a number."""

    value: str | int | float
    place: Place = _place()


@dataclass(frozen=True)
class Field:
    name: str
    place: Place = _place()


@dataclass(frozen=True)
class Sign:
    """Unary minus or plus."""

    operator: str
    operand: Expression
    place: Place = _place()


@dataclass(frozen=True)
class Arithmetic:
    """One of + - * / % and the concatenation `.`; `place` is the operator's."""

    operator: str
    left: Expression
    right: Expression
    place: Place = _place()


@dataclass(frozen=True)
class Comparison:
    """= == != < <= > >= or like; `place` is the operator's."""

    operator: str
    left: Expression
    right: Expression
    place: Place = _place()


@dataclass(frozen=True)
class Membership:
    """operand [NOT] IN (items)."""

    operand: Expression
    items: tuple[Expression, ...]
    place: Place = _place()


@dataclass(frozen=True)
class Not:
    operand: Expression
    place: Place = _place()


@dataclass(frozen=True)
class Logic:
    """AND, OR or XOR of two or more conditions; `place` is the first operator's."""

    operator: str
    operands: tuple[Expression, ...]
    place: Place = _place()


@dataclass(frozen=True)
class Call:
    """A function with its arguments; the name is in lower case."""

    name: str
    arguments: tuple[Expression, ...]
    place: Place = _place()


Expression = Union[Literal, Field, Sign, Arithmetic, Comparison, Membership, Not, Logic, Call]


def children(node: Expression) -> tuple[Expression, ...]:
    """Return the direct parts of a node."""
    if isinstance(node, (Arithmetic, Comparison)):
        return (node.left, node.right)
    if isinstance(node, Logic):
        return node.operands
    if isinstance(node, Call):
        return node.arguments
    if isinstance(node, Membership):
        return (node.operand, *node.items)
    if isinstance(node, (Sign, Not)):
        return (node.operand,)
    return ()


def walk(node: Expression) -> Iterator[Expression]:
    """Yield a node and everything below it."""
    yield node
    for child in children(node):
        yield from walk(child)


_COMPARISONS = ("=", "==", "!=", "<", "<=", ">", ">=")
_FOREIGN = {
    "&": 'Write AND; "&" is no operator of SPL.',
    "!": 'Write NOT before a condition, or != between two values; "!" is no operator of SPL.',
    "`": "A macro call is not closed, or stands where macros are not expanded.",
    "$": 'A "$" cannot stand in an expression: is this a token that was not replaced?',
    "{": "A field name with braces needs single quotes, for example 'items{}.name'.",
    "}": "A field name with braces needs single quotes, for example 'items{}.name'.",
    ":": "A field name with a colon needs single quotes.",
}


class ExpressionParser:
    """Recursive descent over a token stream; leaves the stream after the expression."""

    def __init__(self, stream: TokenStream) -> None:
        self._stream = stream
        self._depth = 0
        # Every level of precedence looks at the same token: it is read once.
        self._operator_known: tuple[int, Token] | None = None
        self._operand_known: tuple[int, Token] | None = None

    def parse(self) -> Expression:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise self._stream.error(f"This expression is nested more than {_MAX_DEPTH} deep.")
        node = self._infix(0)
        self._depth -= 1
        return node

    # XOR binds loosest, then OR, then AND (SR: where, "Boolean expressions").
    _LEVELS = ("xor", "or", "and")

    def _infix(self, level: int) -> Expression:
        if level == len(self._LEVELS):
            return self._negation()
        operands = [self._infix(level + 1)]
        places = []
        while self._operator().is_word(self._LEVELS[level]):
            places.append(self._at(self._take()))
            operands.append(self._infix(level + 1))
        if not places:
            return operands[0]
        return Logic(self._LEVELS[level].upper(), tuple(operands), places[0])

    def _negation(self) -> Expression:
        token = self._operand()
        if not token.is_word("not"):
            return self._comparison()
        self._take()
        self._deeper()
        node = Not(self._negation(), self._at(token))
        self._depth -= 1
        return node

    def _comparison(self) -> Expression:
        node = self._binary(self._term, ("+", "-", "."))
        token = self._operator()
        if token.is_symbol(*_COMPARISONS):
            self._take()
            right = self._binary(self._term, ("+", "-", "."))
            again = self._operator()
            if again.is_symbol(*_COMPARISONS):
                raise self._at(again).error("Comparisons cannot be chained; join two of them with AND.")
            return Comparison("=" if token.value == "==" else token.value, node, right, self._at(token))
        if token.is_word("like"):
            self._take()
            return Comparison("like", node, self._binary(self._term, ("+", "-", ".")), self._at(token))
        if token.is_word("in"):
            self._take()
            return Membership(node, self._arguments("IN"), self._at(token))
        if token.is_word("not"):
            self._take()
            follows = self._operator()
            if follows.is_word("in"):
                self._take()
                return Not(Membership(node, self._arguments("IN"), self._at(follows)), self._at(token))
            if follows.is_word("like"):
                self._take()
                pattern = self._binary(self._term, ("+", "-", "."))
                return Not(Comparison("like", node, pattern, self._at(follows)), self._at(token))
            raise self._at(token).error("An operator is missing before NOT (AND or OR?).")
        if token.is_word("between", "is"):
            raise self._at(token).error(f"{token.value.upper()} belongs to SPL2; here write "
                                        + ("x>=a AND x<=b." if token.is_word("between") else "isnull(x)."))
        return node

    def _binary(self, below: Callable[[], Expression], symbols: tuple[str, ...]) -> Expression:
        node = below()
        count = 0
        seen: set[bool] = set()
        while self._operator().is_symbol(*symbols):
            token = self._take()
            count += 1
            if count > _MAX_CHAIN:
                raise self._at(token).error(f"More than {_MAX_CHAIN} values are chained with operators here.")
            seen.add(token.value == ".")
            if len(seen) > 1:
                raise self._at(token).error("Splunk does not document whether . or + and - come first; "
                                            "put one of them in parentheses.")
            node = Arithmetic(token.value, node, below(), self._at(token))
        return node

    def _term(self) -> Expression:
        return self._binary(self._signed, ("*", "/", "%"))

    def _signed(self) -> Expression:
        token = self._operand()
        if not token.is_symbol("-", "+"):
            return self._primary()
        self._take()
        self._deeper()
        node = Sign(token.value, self._signed(), self._at(token))
        self._depth -= 1
        return node

    def _primary(self) -> Expression:
        token = self._operand()
        place = self._at(token)
        if token.kind == STRING:
            self._take()
            return Literal(token.value, place)
        if token.kind == NUMBER:
            self._take()
            return Literal(_literal_number(token.value), place)
        if token.kind == FIELD:
            self._take()
            if not token.value:
                raise place.error("A field name is empty.")
            return Field(token.value, place)
        if token.is_symbol("("):
            self._take()
            node = self.parse()
            self._close(token)
            return node
        if token.kind == WORD:
            self._take()
            if self._operator().is_symbol("("):
                return Call(token.value.lower(), self._arguments(token.value), place)
            if token.value.lower() in ("and", "or", "xor", "like", "in"):
                raise place.error(f"A value is missing before {token.value}.")
            return Field(token.value, place)
        raise place.error(_missing(token))

    def _arguments(self, owner: str) -> tuple[Expression, ...]:
        opened = self._operator()
        if not opened.is_symbol("("):
            raise self._at(opened).error(f"After {owner} a list in parentheses is needed, not {opened}.")
        self._take()
        found = []
        if not self._operand().is_symbol(")"):
            found.append(self.parse())
            while self._operator().is_symbol(","):
                self._take()
                found.append(self.parse())
        self._close(opened)
        return tuple(found)

    def _close(self, opened: Token) -> None:
        token = self._operator()
        if token.kind == END:
            raise self._at(opened).error("This parenthesis is never closed.")
        if not token.is_symbol(")"):
            raise self._at(token).error(unexpected(token))
        self._take()

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise self._stream.error(f"This expression is nested more than {_MAX_DEPTH} deep.")

    def _operand(self) -> Token:
        position, known = self._stream.position, self._operand_known
        if known is None or known[0] != position:
            known = self._operand_known = position, self._stream.lexer.operand(position)
        self._last = known[1]
        return self._last

    def _operator(self) -> Token:
        position, known = self._stream.position, self._operator_known
        if known is None or known[0] != position:
            known = self._operator_known = position, self._stream.lexer.operator(position)
        self._last = known[1]
        return self._last

    def _take(self) -> Token:
        """Move past the token that was looked at last."""
        self._stream.position = self._last.end
        return self._last

    def _at(self, token: Token) -> Place:
        return self._stream.lexer.place(token.start)


def unexpected(token: Token) -> str:
    """Word the complaint about a token after a complete expression."""
    if token.kind == SYMBOL and token.value in _FOREIGN:
        return _FOREIGN[token.value]
    if token.kind == END:
        return "The expression ends too early."
    return f"An operator is missing before {token}."


def _missing(token: Token) -> str:
    if token.kind == END:
        return "The expression ends where a value is needed."
    if token.kind == SYMBOL and token.value in _FOREIGN:
        return _FOREIGN[token.value]
    if token.is_symbol("["):
        return "A subsearch inside an expression is not known here; use a lookup, or a subsearch in search."
    return f"A value is needed here, not {token}."


def _literal_number(written: str) -> int | float:
    if written.isdigit() and len(written) < 16:
        return int(written)
    return tidy(float(written))
