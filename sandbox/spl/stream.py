"""What a command module needs to read its arguments.

How to use it. `Stage.stream` gives a fresh `TokenStream` over the arguments of one command, the
command's name taken off. A command's `parse(stream)` reads from left to right and ends with `end()`:

    def parse(stream):                                # | dedup 3 user, src keepempty=t sortby -_time
        count = stream.accept_integer() or 1          # a bare number, if one stands here
        fields = stream.field_list(stop=("sortby",))  # commas or spaces; stops at options and stop words
        options = stream.options({"keepempty": BOOLEAN, "consecutive": BOOLEAN})
        keys = stream.field_list() if stream.accept("sortby") else []
        stream.end()                                  # refuses whatever is left over

- `peek()`, `next()`: the token (kind WORD STRING FIELD SYMBOL END; `.value` is without quotes).
- `accept("by", "over")`: take one of these words (any case) or symbols and return it in lower case, else
  None. `expect("(")`: the same or an error. `at("by")`: look only.
- `options({name: kind}, into=None)`: all `name=value` pairs that stand here; an unknown name is refused.
  Kinds: BOOLEAN INTEGER NUMBER TEXT, `choice("a", "b")`, SPAN, or any callable(value, token, stream).
- `field()`, `field_list()`: names; quotes optional; wildcards allowed unless `wildcards=False`.
- `expression()`: an eval expression (see `expressions`); `assignments()`: `a=expr, b=expr`.
- `search_expression(stop=("by",))`: a search expression (see `searchexpr`).
- `aggregations(known)`: `count sum(x) AS y, dc(z)`; `by_clause()`: fields after BY, [] without one.
- `string()`, `word()`, `integer()`, `subsearch()`; `error(message)` builds the error for `raise`.

Everything it finds wrong is an `SplError` that points at the token. It knows no command.
"""
from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .errors import NOWHERE, Insertion, Place, Source, SplError
from .expressions import Expression, ExpressionParser, unexpected
from .kinds import BOOLEAN, INTEGER, NUMBER, SPAN, TEXT, Kind, choice
from .pipeline import Subsearch, skip_bracket
from .tokens import END, FIELD, STRING, WORD, Lexer, Token
from .values import text

if TYPE_CHECKING:
    from .searchexpr import SearchExpression

_PERCENTILE = re.compile(r"(perc|p|exactperc|upperperc)(\d+(?:\.\d+)?)")
_BARE_AGGREGATIONS = ("count", "c")
_TEMPLATE = re.compile(r"\{([^{}]+)\}")


def _place() -> Place:
    return field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True)
class Aggregation:
    """One statistic of stats, chart, top and their like.

    Attributes:
        function: lower-case name without a percentile's number: `perc95(x)` is `perc`.
        parameter: that number, else None.
        field: the field; None for a bare `count` and where `expression` stands.
        expression: the inside of `eval(...)`.
        alias: the name after AS.
        text: as written, which is the column's name without an alias.
    """

    function: str
    parameter: float | None
    field: str | None
    expression: Expression | None
    alias: str | None
    text: str
    place: Place = _place()

    @property
    def column(self) -> str:
        return self.text if self.alias is None else self.alias


@dataclass(frozen=True)
class Assignment:
    """`target = expression`; braces in an unquoted target stand for a field's value."""

    target: str
    expression: Expression
    templates: tuple[str, ...] = ()
    place: Place = _place()

    def name(self, row: Any) -> str | None:
        """Return the field to assign for this row; None when a field named in braces is missing."""
        if not self.templates:
            return self.target
        found: dict[str, Any] = {name: row.get(name) for name in self.templates}
        if any(value is None for value in found.values()):
            return None
        return _TEMPLATE.sub(lambda match: text(found[match.group(1)]), self.target)


class TokenStream:
    """A cursor over the arguments of one command."""

    def __init__(self, source: Source, start: int, end: int, command: str = "") -> None:
        self.source = source
        self.lexer = Lexer(source, end)
        self.position = start
        self.limit = end
        self.command = command

    # --- tokens ---------------------------------------------------------------------------

    def peek(self) -> Token:
        return self.lexer.argument(self.position)

    def next(self) -> Token:
        token = self.peek()
        self.position = token.end
        return token

    def place(self) -> Place:
        """Where the next token starts."""
        return self.lexer.place(self.lexer.skip(self.position))

    def error(self, message: str, known: Collection[str] = (), name: str = "",
              token: Token | None = None) -> SplError:
        """Build the error that points at `token`, by default the next one."""
        place = self.lexer.place(token.start) if token else self.place()
        return place.error(message, known, name)

    def at(self, *words: str) -> bool:
        """Tell whether the next token is one of these keywords (any case) or symbols."""
        token = self.peek()
        return token.is_word(*words) or token.is_symbol(*words)

    def at_end(self) -> bool:
        return self.peek().kind == END

    def accept(self, *words: str) -> str | None:
        """Take the next token if it is one of these; return it in lower case."""
        if not self.at(*words):
            return None
        return self.next().value.lower()

    def expect(self, *words: str) -> str:
        found = self.accept(*words)
        if found is None:
            wanted = " or ".join(f'"{word.upper()}"' for word in words)
            raise self.error(f"{self._who()} needs {wanted} here, not {self.peek()}.",
                             words, self.peek().value)
        return found

    def end(self) -> None:
        """Refuse anything that is left."""
        token = self.peek()
        if token.kind == END:
            return
        if token.kind == WORD and self._assigns(token):
            raise self.error(f'{self._who()} has no option "{token.value}" at this place.')
        raise self.error(f"{self._who()} cannot take {token} here.")

    # --- simple values --------------------------------------------------------------------

    def word(self, what: str = "a word") -> str:
        """Take a word or a quoted text."""
        token = self.peek()
        if token.kind not in (WORD, STRING):
            raise self.error(f"{self._who()} needs {what} here, not {token}.")
        return self.next().value

    def string(self, what: str = "a text in double quotes") -> str:
        token = self.peek()
        if token.kind != STRING:
            raise self.error(f"{self._who()} needs {what} here, not {token}.")
        return self.next().value

    def integer(self) -> int:
        token = self.next()
        return INTEGER(token.value, token, self)

    def accept_integer(self) -> int | None:
        """Take a bare whole number that is not an option's name."""
        token = self.peek()
        if token.kind != WORD or not re.fullmatch("[0-9]+", token.value) or self._assigns(token):
            return None
        return self.integer()

    # --- options --------------------------------------------------------------------------

    def option_name(self) -> str | None:
        """Return the name if `name=` stands here, without taking it."""
        token = self.peek()
        return token.value if token.kind == WORD and self._assigns(token) else None

    def option(self, name: str, kind: Kind) -> Any:
        """Take `name=value` if it stands here (any case); None otherwise."""
        found = self.option_name()
        if found is None or found.lower() != name:
            return None
        self.next()
        self.next()
        return self._value(name, kind)

    def options(self, known: Mapping[str, Kind], into: dict[str, Any] | None = None) -> dict[str, Any]:
        """Take all options that stand here; later calls can add to the same dict with `into`."""
        found: dict[str, Any] = {} if into is None else into
        while True:
            name = self.option_name()
            if name is None:
                return found
            key = name.lower()
            if key not in known:
                allowed = ", ".join(sorted(known)) or "none here"
                raise self.error(f'{self._who()} has no option "{name}". Known: {allowed}.', known, name)
            if key in found:
                raise self.error(f'{self._who()} has the option "{name}" twice.')
            self.next()
            self.next()
            found[key] = self._value(key, known[key])

    def _value(self, name: str, kind: Kind) -> Any:
        token = self.peek()
        if token.kind not in (WORD, STRING, FIELD):
            who = self.command or "the search"
            raise self.error(f'The option "{name}" of {who} needs a value, not {token}.')
        self.next()
        return kind(token.value, token, self)

    def _assigns(self, token: Token) -> bool:
        return self.lexer.argument(token.end).is_symbol("=")

    # --- fields ---------------------------------------------------------------------------

    def field(self, what: str = "a field name", wildcards: bool = True) -> str:
        token = self.peek()
        if token.kind not in (WORD, STRING, FIELD) or not token.value:
            raise self.error(f"{self._who()} needs {what} here, not {token}.")
        if not wildcards and token.kind == WORD and "*" in token.value:
            raise self.error(f"{self._who()} needs one field here; wildcards are not allowed: {token}.")
        return self.next().value

    def field_list(self, stop: Collection[str] = (), wildcards: bool = True,
                   what: str = "a field name") -> list[str]:
        """Take at least one name; commas and spaces separate. Ends at an option or a stop word."""
        found = [self.field(what, wildcards)]
        while True:
            if self.accept(","):
                found.append(self.field(what, wildcards))
                continue
            token = self.peek()
            if token.kind not in (WORD, STRING, FIELD) or token.is_word(*stop) or (
                    token.kind == WORD and self._assigns(token)):
                return found
            found.append(self.field(what, wildcards))

    def by_clause(self, words: Collection[str] = ("by",), stop: Collection[str] = ()) -> list[str]:
        """Take `BY a, b` if it stands here. Wildcards are refused, as Splunk refuses them there."""
        if not self.accept(*words):
            return []
        return self.field_list(stop=stop, wildcards=False, what="a field name after BY")

    # --- larger things --------------------------------------------------------------------

    def expression(self) -> Expression:
        """Take one eval expression; the stream stands after it (at a comma, a parenthesis or the end)."""
        return ExpressionParser(self).parse()

    def only_expression(self) -> Expression:
        """Take one expression that fills the rest of the command."""
        found = self.expression()
        token = self.lexer.operator(self.position)
        if token.kind != END:
            raise self.error(unexpected(token), token=token)
        return found

    def assignments(self) -> list[Assignment]:
        """Take `a=expr, b=expr, ...` up to the end of the command."""
        found = [self._assignment()]
        while True:
            token = self.lexer.operator(self.position)
            if token.kind == END:
                return found
            if not token.is_symbol(","):
                raise self.error(unexpected(token), token=token)
            self.position = token.end
            found.append(self._assignment())

    def _assignment(self) -> Assignment:
        token = self.lexer.target(self.position)
        if token.kind not in (WORD, STRING, FIELD) or not token.value:
            raise self.error(f"{self._who()} needs a field name here, not {token}.", token=token)
        equals = self.lexer.operator(token.end)
        if not equals.is_symbol("="):
            raise self.error(f'{self._who()} needs "=" after the field "{token.value}", not {equals}.',
                             token=equals)
        self.position = equals.end
        templates = tuple(_TEMPLATE.findall(token.value)) if token.kind == WORD else ()
        return Assignment(token.value, self.expression(), templates, self.lexer.place(token.start))

    def search_expression(self, stop: Collection[str] = ()) -> SearchExpression:
        """Take a search expression up to the end or to one of these (lower-case) words."""
        from .searchexpr import SearchParser

        return SearchParser(self, stop).parse()

    def subsearch(self) -> Subsearch:
        """Take `[ ... ]`."""
        token = self.peek()
        if not token.is_symbol("["):
            raise self.error(f"{self._who()} needs a subsearch in brackets here, not {token}.")
        after = skip_bracket(self.source, token.start, self.limit)
        self.position = after
        inside = self.source.text[token.start + 1: after - 1]
        return Subsearch(inside, self.source.at(token.start + 1))

    def aggregations(self, known: Collection[str] = (), stop: Collection[str] = ("by", "over", "where")
                     ) -> list[Aggregation]:
        """Take at least one aggregation; ends at a stop word, an option or the end.

        Args:
            known: names of functions (percentiles without number); others are refused. Empty: any.
        """
        found = [self._aggregation(known)]
        while True:
            comma = self.accept(",")
            token = self.peek()
            if not comma and (token.kind != WORD or token.is_word(*stop) or self._assigns(token)):
                return found
            found.append(self._aggregation(known))

    def _aggregation(self, known: Collection[str]) -> Aggregation:
        token = self.peek()
        place = self.lexer.place(token.start)
        if token.kind != WORD:
            raise self.error(f"{self._who()} needs a statistical function here, not {token}.")
        name, parameter = token.value.lower(), None
        percentile = _PERCENTILE.fullmatch(name)
        if percentile:
            name, parameter = percentile.group(1), float(percentile.group(2))
        if known and name not in known:
            raise self.error(f'{self._who()} knows no statistical function "{token.value}".', known, name)
        self.next()
        target: str | None = None
        expression: Expression | None = None
        if self.accept("("):
            target, expression = self._aggregated()
        elif name not in _BARE_AGGREGATIONS:
            raise self.error(f'{self._who()} needs a field in parentheses after "{token.value}": '
                             f"{token.value}(field).", token=token)
        text = self.source.text[token.start: self.position]
        if target is not None:
            text = f"{token.value}({target})"
        alias = None
        if self.accept("as"):
            alias = self.field("a name after AS", wildcards="*" in (target or ""))
        if expression is not None and alias is None:
            raise place.error(f"{text} needs a name: write {text} AS name.")
        return Aggregation(name, parameter, target, expression, alias, text, place)

    def _aggregated(self) -> tuple[str | None, Expression | None]:
        """Take the inside of a statistical function and its closing parenthesis."""
        if self.accept(")"):
            return None, None
        token = self.peek()
        if token.is_word("eval") and self.lexer.argument(token.end).is_symbol("("):
            self.next()
            self.next()
            expression = self.expression()
            closing = self.lexer.operator(self.position)
            if not closing.is_symbol(")"):
                raise self.error(unexpected(closing), token=closing)
            self.position = closing.end
            self.expect(")")
            return None, expression
        name = self.field()
        self.expect(")")
        return name, None

    def _who(self) -> str:
        return f"The command {self.command}" if self.command else "The search"


def stream_of(text: str, place: Place | None = None, command: str = "") -> TokenStream:
    """A stream over a text of its own, for example the condition inside a quoted option.

    Errors point into that text unless `place` is given, which they then all point at.
    """
    if place is None:
        return TokenStream(Source(text), 0, len(text), command)
    where = place.source.whence(place.offset)[0]
    source = Source(text, place.source.original, (Insertion(0, len(text), where, None),))
    return TokenStream(source, 0, len(text), command)


def parse_expression(text: str, place: Place | None = None) -> Expression:
    """Parse a whole text as one eval expression."""
    return stream_of(text, place).only_expression()


__all__ = [
    "BOOLEAN", "INTEGER", "NUMBER", "SPAN", "TEXT", "Aggregation", "Assignment", "Kind", "TokenStream",
    "choice", "parse_expression", "stream_of",
]
