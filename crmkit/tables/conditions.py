"""Conditions on columns, such as ``country = 'DE' and weight > 5``: read from text, and applied as Ibis expressions.

A condition compares columns with values; it has no functions, and nothing of it is passed to a database as text. ::

    condition  = all { "or" all }
    all        = each { "and" each }
    each       = "not" each | "(" condition ")" | comparison
    comparison = column ( "=" | "==" | "!=" | "<>" | "<" | "<=" | ">" | ">=" ) value
               | column [ "not" ] "in" "(" value { "," value } ")"
               | column "is" [ "not" ] "null"
    value      = 'text' | "text" | number | date | true | false

A column is written by its name, or in backticks or double quotes where a name is not followed by letters, digits and
underscores alone. A row whose column is empty meets ``is null`` and no other comparison, negated ones included.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeAlias

import ibis
import ibis.expr.types as ir

from crmkit.errors import CrmkitError, printable
from crmkit.tables.expressions import constant_day, day

Value: TypeAlias = str | int | float | bool | date | datetime
#: What ``where=`` takes: a text, a mapping of column to value or values, or a list of these, all of which must hold.
Where: TypeAlias = "str | Mapping[str, Any] | Condition | Sequence[str | Mapping[str, Any] | Condition]"

_LONGEST = 10_000  # characters
_DEEPEST = 50  # brackets and negations inside each other
_FORM = "Write it like country = 'DE' and channel in ('shop', 'web')"


@dataclass(frozen=True)
class Comparison:
    """A column compared with values.

    Attributes
    ----------
    column : str
    operator : {"=", "!=", "<", "<=", ">", ">=", "in", "not in", "is null", "is not null"}
    values : tuple
        One; several after ``in``; none with ``is null``.
    """

    column: str
    operator: str
    values: tuple[Value, ...] = ()

    def __str__(self) -> str:
        column = (
            self.column
            if _PLAIN.fullmatch(self.column) and self.column.lower() not in _KEYWORDS
            else _quoted(self.column, '"')
        )
        if not self.values:
            return f"{column} {self.operator}"
        listed = ", ".join(map(_written, self.values))
        return (
            f"{column} {self.operator} ({listed})"
            if self.operator.endswith("in")
            else f"{column} {self.operator} {listed}"
        )


@dataclass(frozen=True)
class Joined:
    """Conditions joined by "and" or "or"; "not" has one."""

    word: str
    parts: tuple[Condition, ...]

    def __str__(self) -> str:
        parts = [f"({part})" if isinstance(part, Joined) and part.word != "not" else str(part) for part in self.parts]
        return f"not {parts[0]}" if self.word == "not" else f" {self.word} ".join(parts)


Condition: TypeAlias = Comparison | Joined


def condition_of(where: Where) -> Condition:
    """Return the condition that a text, a mapping or a list of them means.

    Raises
    ------
    CrmkitError
        If it is not a condition; the message names the place.

    Examples
    --------
    >>> str(condition_of("Country='DE' AND not (channel in ('shop'))"))
    "Country = 'DE' and not channel in ('shop')"
    >>> str(condition_of({"country": ["DE", "AT"], "vip": True}))
    "country in ('DE', 'AT') and vip = true"
    >>> condition_of("country = ")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    crmkit.errors.CrmkitError: where: a value is missing after 'country =' (character 10). Write it like ...
    """
    if isinstance(where, Comparison | Joined):
        return where
    if isinstance(where, str):
        return _Parser(where).condition()
    parts: list[Condition]
    if isinstance(where, Mapping):
        parts = [_equals(column, value) for column, value in where.items()]
    elif isinstance(where, Sequence) and not isinstance(where, bytes):
        parts = [condition_of(part) for part in where]
    else:
        raise CrmkitError(
            f"where must be a text, a mapping of column to value, or a list of these; met: {where!r:.60}. {_FORM}."
        )
    if not parts:
        raise CrmkitError(f"where names no condition. {_FORM}, or leave it out.")
    return parts[0] if len(parts) == 1 else Joined("and", tuple(parts))


def columns_in(condition: Condition) -> list[str]:
    """Return the names of the columns of a condition, each once.

    Examples
    --------
    >>> columns_in(condition_of("country = 'DE' or (vip and country is null)".replace("vip", "vip = true")))
    ['country', 'vip']
    """
    if isinstance(condition, Comparison):
        return [condition.column]
    return list(dict.fromkeys(name for part in condition.parts for name in columns_in(part)))


def renamed(condition: Condition, name_of: Callable[[str], str]) -> Condition:
    """Return the condition with each column under another name."""
    if isinstance(condition, Comparison):
        return Comparison(name_of(condition.column), condition.operator, condition.values)
    return Joined(condition.word, tuple(renamed(part, name_of) for part in condition.parts))


def applied(condition: Condition, column: Callable[[str], ir.Value]) -> ir.BooleanValue:
    """Return the condition as an Ibis expression.

    Parameters
    ----------
    condition : Condition
    column : callable
        Gives the Ibis column of a name.

    Raises
    ------
    CrmkitError
        If a value cannot be compared with its column.
    """
    if isinstance(condition, Comparison):
        return _compared(condition, column(condition.column))
    parts = [applied(part, column) for part in condition.parts]
    if condition.word == "not":
        return ~parts[0]
    result = parts[0]
    for part in parts[1:]:
        result = result & part if condition.word == "and" else result | part
    return result


def _equals(column: object, value: Any) -> Comparison:
    if not isinstance(column, str):
        raise CrmkitError(f"where: a column is named by a text; met: {column!r:.60}.")
    if value is None:
        return Comparison(column, "is null")
    if isinstance(value, list | tuple | set | frozenset):
        if not value:
            raise CrmkitError(f"where: no value is given for {printable(column)}.")
        listed = sorted(value, key=repr) if isinstance(value, set | frozenset) else value
        return Comparison(column, "in", tuple(_plain_value(column, each) for each in listed))
    return Comparison(column, "=", (_plain_value(column, value),))


def _plain_value(column: str, value: Any) -> Value:
    value = value.item() if hasattr(value, "item") and not isinstance(value, datetime) else value
    if isinstance(value, datetime):  # pandas' own among them
        return datetime.fromisoformat(value.isoformat(timespec="microseconds"))
    if isinstance(value, float) and value != value:
        raise CrmkitError(
            f"where: {printable(column)} is compared with no number. Write {{{column!r}: None}} for empty cells."
        )
    if isinstance(value, str | int | float | bool | date):
        return value
    raise CrmkitError(
        f"where: {printable(column)} is compared with {value!r:.60}; a value is a text, a number, a day, "
        "or true or false."
    )


# From text to conditions: a tokenizer and a recursive descent, one method per rule of the grammar above.


_PLAIN = re.compile(r"[^\W\d]\w*")
_KEYWORDS = frozenset({"and", "or", "not", "in", "is", "null", "true", "false"})
_TOKENS = re.compile(
    r"""(?P<space>\s+)
    |(?P<text>'(?:[^']|'')*')
    |(?P<quoted>"(?:[^"]|"")*"|`[^`]+`)
    |(?P<date>\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)?(?!\w))
    |(?P<number>[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?!\w))
    |(?P<word>[^\W\d]\w*)
    |(?P<operator><>|<=|>=|==|!=|=|<|>)
    |(?P<mark>[(),])""",
    re.VERBOSE,
)
_SAME = {"==": "=", "<>": "!="}


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    start: int
    end: int


class _Parser:
    """One pass over the tokens of a text."""

    def __init__(self, text: str) -> None:
        self._text = text
        if len(text) > _LONGEST:
            raise CrmkitError(
                f"where: a condition has at most {_LONGEST:,} characters, and this one has {len(text):,}."
            )
        self._tokens = list(self._tokenized())
        self._next = 0
        self._depth = 0

    def condition(self) -> Condition:
        """Return the condition that the whole text is."""
        if not self._tokens:
            raise CrmkitError(f"where is empty. {_FORM}, or leave it out.")
        found = self._any()
        if (left := self._peek()) is not None:
            after = "the comparison" if left.kind != "mark" or left.text != ")" else "a bracket that was never opened"
            if left.text == ")":
                raise self._wrong("')' closes a bracket that was never opened", left)
            raise self._wrong(f"'and' or 'or' is missing before {_shown(left.text)}, after {after}", left)
        return found

    def _tokenized(self) -> Iterator[_Token]:
        at = 0
        while at < len(self._text):
            match = _TOKENS.match(self._text, at)
            if match is None:
                letter = self._text[at]
                if letter in "'\"`":
                    raise CrmkitError(f"where: the quotation mark {letter} at character {at + 1} is never closed.")
                raise CrmkitError(
                    f"where: {_shown(letter)} at character {at + 1} has no meaning in a condition. {_FORM}."
                )
            at = match.end()
            if match.lastgroup != "space":
                yield _Token(str(match.lastgroup), match[0], match.start(), at)

    def _any(self) -> Condition:
        parts = [self._all()]
        while self._is_word("or"):
            self._next += 1
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else Joined("or", tuple(parts))

    def _all(self) -> Condition:
        parts = [self._each()]
        while self._is_word("and"):
            self._next += 1
            parts.append(self._each())
        return parts[0] if len(parts) == 1 else Joined("and", tuple(parts))

    def _each(self) -> Condition:
        token = self._peek()
        is_not, opens = self._is_word("not"), token is not None and token.text == "("
        if not (is_not or opens):
            return self._comparison()
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._wrong(f"brackets and 'not' stand inside each other more than {_DEEPEST} times", token)
        self._next += 1
        found = self._each() if is_not else self._any()
        if opens:
            self._expect(")", "a closing bracket")
        self._depth -= 1
        return Joined("not", (found,)) if is_not else found

    def _comparison(self) -> Comparison:
        column = self._column()
        token = self._take()
        if token is not None and token.kind == "operator":
            return Comparison(column, _SAME.get(token.text, token.text), (self._value(),))
        word = token.text.casefold() if token is not None and token.kind == "word" else ""
        if word == "is":
            negated = self._take_word("not")
            if not self._take_word("null"):
                raise self._wrong("after 'is' stands null or not null", self._peek())
            return Comparison(column, "is not null" if negated else "is null")
        negated = word == "not"
        if negated and not self._take_word("in"):
            raise self._wrong(f"after '{column} not' stands in (...)", self._peek())
        if word == "in" or negated:
            return Comparison(column, "not in" if negated else "in", self._values())
        raise self._wrong(f"after the column {_shown(column)} stands =, !=, <, <=, >, >=, in (...) or is null", token)

    def _column(self) -> str:
        token = self._take()
        if token is None:
            raise self._wrong("a comparison is missing", None)
        if token.kind == "quoted":
            return token.text[1:-1].replace('""', '"') if token.text[0] == '"' else token.text[1:-1]
        if token.kind == "word" and token.text.casefold() not in _KEYWORDS:
            return token.text
        what = "a text, and a column is written without quotation marks" if token.kind == "text" else "no column"
        raise self._wrong(f"{_shown(token.text)} is {what}", token)

    def _value(self) -> Value:
        token = self._take()
        if token is None:
            raise self._wrong(f"a value is missing after {_shown(self._text.strip()[-40:])}", None)
        if token.kind == "text":
            return token.text[1:-1].replace("''", "'")
        if token.kind == "quoted" and token.text[0] == '"':
            return token.text[1:-1].replace('""', '"')
        if token.kind == "number":
            return int(token.text) if re.fullmatch(r"[+-]?\d{1,18}", token.text) else float(token.text)
        if token.kind == "date":
            try:
                return date.fromisoformat(token.text) if len(token.text) == 10 else datetime.fromisoformat(token.text)
            except ValueError:
                raise self._wrong(f"{_shown(token.text)} is no day of the calendar", token) from None
        if token.kind == "word" and token.text.casefold() in ("true", "false"):
            return token.text.casefold() == "true"
        if token.kind == "word" and token.text.casefold() == "null":
            raise self._wrong("empty cells are found by is null", token)
        if token.kind == "word":
            raise self._wrong(
                f"{_shown(token.text)} is no value; a text stands in quotation marks: '{token.text[:40]}'", token
            )
        raise self._wrong(f"a value is missing before {_shown(token.text)}", token)

    def _values(self) -> tuple[Value, ...]:
        self._expect("(", "an opening bracket after in")
        values = [self._value()]
        while (token := self._peek()) is not None and token.text == ",":
            self._next += 1
            values.append(self._value())
        self._expect(")", "a comma or a closing bracket")
        return tuple(values)

    def _peek(self) -> _Token | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def _take(self) -> _Token | None:
        token = self._peek()
        self._next += token is not None
        return token

    def _is_word(self, word: str) -> bool:
        token = self._peek()
        return token is not None and token.kind == "word" and token.text.casefold() == word

    def _take_word(self, word: str) -> bool:
        found = self._is_word(word)
        self._next += found
        return found

    def _expect(self, mark: str, what: str) -> None:
        token = self._take()
        if token is None or token.text != mark:
            raise self._wrong(f"{what} is missing", token)

    def _wrong(self, what: str, token: _Token | None) -> CrmkitError:
        place = token.start if token is not None else len(self._text.rstrip())
        return CrmkitError(f"where: {what} (character {place + 1}). {_FORM}.")


def _shown(text: str) -> str:
    return f"'{printable(text[:40])}'"


def _quoted(text: str, mark: str) -> str:
    return mark + text.replace(mark, mark * 2) + mark


def _written(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    return _quoted(value, "'") if isinstance(value, str) else repr(value)


# A comparison as an expression of Ibis, by the type of its column.


def _compared(comparison: Comparison, column: Any) -> Any:
    if comparison.operator == "is null":
        return column.isnull()
    if comparison.operator == "is not null":
        return column.notnull()
    values = [_matched(comparison.column, column, value) for value in comparison.values]
    if comparison.operator in ("in", "not in"):
        sides = [_sides(column, value) for value in values]
        found = sides[0][0] == sides[0][1]
        for left, right in sides[1:]:
            found = found | (left == right)
        return ~found if comparison.operator == "not in" else found
    if column.type().is_string() and comparison.operator not in ("=", "!="):
        raise CrmkitError(
            f"where: {comparison.column} is text and compared by =, != and in alone, not by {comparison.operator}."
        )
    if column.type().is_boolean() and comparison.operator not in ("=", "!="):
        raise CrmkitError(f"where: {comparison.column} is true or false and not compared by {comparison.operator}.")
    left, right = _sides(column, values[0])
    operators: dict[str, Callable[[Any, Any], Any]] = {
        "=": lambda a, b: a == b,
        "!=": lambda a, b: a != b,
        "<": lambda a, b: a < b,
        "<=": lambda a, b: a <= b,
        ">": lambda a, b: a > b,
        ">=": lambda a, b: a >= b,
    }
    return operators[comparison.operator](left, right)


def _matched(name: str, column: Any, value: Value) -> Value:
    """Return a value as one of the column's type.

    Raises
    ------
    CrmkitError
        If it is none.
    """
    kind = column.type()
    if kind.is_string():
        return value if isinstance(value, str) else _written(value)
    text = value.strip() if isinstance(value, str) else None
    if kind.is_boolean():
        if isinstance(value, bool):
            return value
        if str(value).casefold() in ("true", "false"):
            return str(value).casefold() == "true"
    elif kind.is_temporal():
        if isinstance(value, date):
            return value
        try:
            if text is not None:
                return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
        except ValueError:
            pass
    elif kind.is_numeric():
        if isinstance(value, int | float) and not isinstance(value, bool):
            return value
        try:
            if text is not None and re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)", text):
                return float(text)
        except ValueError:
            pass
    needs = (
        "true or false"
        if kind.is_boolean()
        else "a day, such as 2026-10-31"
        if kind.is_temporal()
        else "a number"
        if kind.is_numeric()
        else "something else"
    )
    raise CrmkitError(f"where: {name} is compared with {_written(value)[:60]}, and needs {needs}.")


def _sides(column: Any, value: Value) -> tuple[Any, Any]:
    """Return both sides of a comparison: times are compared with a day by their day."""
    kind = column.type()
    if isinstance(value, datetime):
        return column.cast("timestamp(6)"), ibis.timestamp(value.isoformat(" "))
    if isinstance(value, date):
        return day(column), constant_day(value)
    if kind.is_numeric() and not isinstance(value, bool):
        if isinstance(value, int) and abs(value) < 2**31:
            return column, ibis.literal(value)
        return column.cast("float64"), ibis.literal(float(value)).cast("float64")
    return column, ibis.literal(value)
