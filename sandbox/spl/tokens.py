"""Cuts search text into tokens, on demand and by context.

SPL has no single lexical grammar: `a-b` is one word for `search` and a subtraction for `eval`.
So tokens are read one at a time from a position, by one of three readers: `argument` (command
arguments), `term` (search expressions), `operand`/`operator` (eval expressions). It knows
spelling only, no grammar. Comments are blanked beforehand, so that offsets stay true.
"""
from __future__ import annotations

import re
from typing import NamedTuple

from .errors import Place, Source

WORD, STRING, FIELD, NUMBER, SYMBOL, END = "word", "string", "field", "number", "symbol", "end"

_SPACE = re.compile(r"\s*")
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"', re.S)
_FIELD = re.compile(r"'((?:[^'\\]|\\.)*)'", re.S)
# A backslash takes a quote or a backslash into a word; before anything else it is an ordinary character.
_ARGUMENT = re.compile(r"""(?:[^\s,()\[\]"=|<>!\\`]|!(?!=)|\\["\\]|\\|<<[A-Z0-9_]+>>)+""")
_TERM = re.compile(r"""(?:[^\s,()\[\]"=|<>!\\`]|!(?!=)|\\["\\]|\\)+""")
_SYMBOL = re.compile(r"<=|>=|!=|==|[,()\[\]=|<>!`]")
_NUMBER = re.compile(r"(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?(?![A-Za-z_])")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OPERATOR = re.compile(r"<=|>=|!=|==|[-+*/%.,()\[\]=<>|]")
_TARGET = re.compile(r"[A-Za-z0-9_.:@#$/{}*-]+")
_ESCAPED_QUOTE = re.compile(r'\\(["\\])')
_ESCAPED_APOSTROPHE = re.compile(r"\\(['\\])")


class Token(NamedTuple):
    """One token.

    Attributes:
        kind: WORD, STRING, FIELD (single-quoted), NUMBER, SYMBOL or END.
        value: the text without quotes and escapes.
        text: as written.
    """

    kind: str
    value: str
    text: str
    start: int
    end: int

    def is_word(self, *words: str) -> bool:
        """Tell whether this is one of the (lower-case) keywords, whatever its case."""
        return self.kind == WORD and self.value.lower() in words

    def is_symbol(self, *symbols: str) -> bool:
        return self.kind == SYMBOL and self.value in symbols

    def __str__(self) -> str:
        if self.kind == END:
            return "the end of the command"
        return self.text if self.kind in (STRING, FIELD) else f'"{self.text}"'


def unescape(text: str) -> str:
    r"""Turn \" and \\ into the character; any other backslash stays (regexes need it)."""
    return _ESCAPED_QUOTE.sub(r"\1", text) if "\\" in text else text


def escape(text: str) -> str:
    """The reverse of `unescape`, with the quotes around it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def blank_comments(text: str) -> str:
    """Overwrite ```comments``` with spaces (line ends stay); not inside double quotes."""
    if "```" not in text:
        return text
    parts = []
    position = 0
    while position < len(text):
        if text[position] == '"':
            quoted = _STRING.match(text, position)
            end = quoted.end() if quoted else len(text)
            parts.append(text[position:end])
        elif text.startswith("```", position):
            close = text.find("```", position + 3)
            if close < 0:
                raise Source(text).at(position).error("This comment is never closed; write ``` at its end.")
            end = close + 3
            parts.append(re.sub(r"[^\n]", " ", text[position:end]))
        else:
            end = position + 1
            parts.append(text[position])
        position = end
    return "".join(parts)


class Lexer:
    """Reads tokens between two offsets of a source; keeps no position of its own."""

    def __init__(self, source: Source, end: int) -> None:
        self.source = source
        self.text = source.text
        self.end = end

    def place(self, offset: int) -> Place:
        return Place(self.source, offset)

    def skip(self, position: int) -> int:
        found = _SPACE.match(self.text, position, self.end)
        return found.end() if found else position

    def argument(self, position: int) -> Token:
        """Read a command argument: word, "string", 'field' or symbol."""
        position = self.skip(position)
        return self._quoted(position, True) or self._pattern(position, _ARGUMENT, _SYMBOL)

    def term(self, position: int) -> Token:
        """Read a token of a search expression; apostrophes are ordinary characters there."""
        position = self.skip(position)
        return self._quoted(position, False) or self._pattern(position, _TERM, _SYMBOL)

    def target(self, position: int) -> Token:
        """Read the name on the left of an eval assignment; dots and braces belong to it."""
        position = self.skip(position)
        return self._quoted(position, True) or self._pattern(position, _TARGET, _OPERATOR)

    def operand(self, position: int) -> Token:
        """Read an eval token where a value may stand."""
        position = self.skip(position)
        quoted = self._quoted(position, True)
        if quoted:
            return quoted
        number = _NUMBER.match(self.text, position, self.end)
        if number:
            return Token(NUMBER, number.group(), number.group(), position, number.end())
        return self._pattern(position, _NAME, _OPERATOR, lenient=True)

    def operator(self, position: int) -> Token:
        """Read an eval token where an operator may stand (so that `a.5` has one)."""
        position = self.skip(position)
        return self._quoted(position, True) or self._pattern(position, _NAME, _OPERATOR, lenient=True)

    def _quoted(self, position: int, single: bool) -> Token | None:
        if position >= self.end:
            return Token(END, "", "", self.end, self.end)
        first = self.text[position]
        if first == '"':
            found = _STRING.match(self.text, position, self.end)
            if not found:
                raise self.place(position).error("This double quote is never closed.")
            return Token(STRING, unescape(found.group(1)), found.group(), position, found.end())
        if first == "'" and single:
            found = _FIELD.match(self.text, position, self.end)
            if not found:
                raise self.place(position).error("This single quote is never closed; "
                                                 "single quotes stand around field names.")
            name = _ESCAPED_APOSTROPHE.sub(r"\1", found.group(1))
            return Token(FIELD, name, found.group(), position, found.end())
        return None

    def _pattern(self, position: int, word: re.Pattern[str], symbol: re.Pattern[str],
                 lenient: bool = False) -> Token:
        found = word.match(self.text, position, self.end)
        if found:
            text = found.group()
            value = unescape(text) if word is _TERM or word is _ARGUMENT else text
            return Token(WORD, value, text, position, found.end())
        found = symbol.match(self.text, position, self.end)
        if found:
            return Token(SYMBOL, found.group(), found.group(), position, found.end())
        character = self.text[position]
        if lenient:
            return Token(SYMBOL, character, character, position, position + 1)
        if character == "`":
            raise self.place(position).error("A macro call is not closed, "
                                             "or stands where macros are not expanded.")
        raise self.place(position).error(f"The character {character} cannot stand here; put it in quotes"
                                         " (double for text, single for a field name).")
