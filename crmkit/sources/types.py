"""How a raw value becomes a canonical one: the SQL that reads each kind of column.

A reading has two halves: the value, null where there is none or where it cannot be read, and whether the cell holds
anything at all. What is present and has no value is unreadable.
"""

from __future__ import annotations

from dataclasses import dataclass

from crmkit.sources.numbers import number_from_text
from crmkit.sources.sql import identifier, literal
from crmkit.sources.times import Clock, time_from_native, time_from_text
from crmkit.tables.schema import Column, Kind

SPELLED = frozenset(
    "channel campaign plan country region gender industry company_size preferred_channel product category owner stage "
    "topic kind network touchpoint cancel_reason origin action object language".split()
)
"""Text columns that name a category: inner spaces and case do not make another one."""

_SPACES = r"[\s\x{a0}\x{202f}\x{feff}]"
_EMPTY_WORDS = ("null", "nan", "none", "nat", "n/a", "#n/a", "\\n", "-", "--")
_EMPTY_IDS = ("null", "nan", "none", "nat", "n/a", "#n/a", "\\n")
_YES, _NO = ("true", "t", "yes", "y", "1", "1.0"), ("false", "f", "no", "n", "0", "0.0")
_WHOLE = (
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "HUGEINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
    "UHUGEINT",
)
_SAYS = {"money": "a number", "number": "a number", "integer": "a whole number", "timestamp": "a time", "date": "a day",
         "flag": "yes or no", "id": "text", "text": "text"}  # fmt: skip


@dataclass(frozen=True)
class Facts:
    """What a look at the whole column settles before its cells are read.

    Attributes
    ----------
    whole_ids : bool
        Every id is written like ``17850.0``, as a spreadsheet or pandas does with numbers.
    sure_groups : bool
        The decimal mark is declared or seen, so that the other mark can only group thousands.
    other_decimal : str or None
        A number that only makes sense with the other decimal mark, where none uses the dialect's.
    """

    whole_ids: bool = False
    sure_groups: bool = True
    other_decimal: str | None = None


@dataclass(frozen=True)
class Reading:
    """SQL of a column's canonical value, and of whether its cell holds anything."""

    value: str
    present: str


def reading(column: Column, kind_met: str, facts: Facts, decimal: str, clock: Clock) -> Reading:
    """Return the SQL that reads one column.

    Parameters
    ----------
    column : Column
        What it is to become.
    kind_met : str
        DuckDB type of the raw column, which goes by the same name.
    facts : Facts
    decimal : str
        Decimal mark of numbers that are text.
    clock : Clock
        Date format and time zones.
    """
    raw = identifier(column.name)
    if column.kind in ("id", "text"):
        return _text(column, _as_text(raw, kind_met), facts)
    if column.kind in ("timestamp", "date"):
        value, present = _time(raw, kind_met, clock)
        return Reading(f"CAST({value} AS DATE)" if column.kind == "date" else value, present)
    if column.kind == "flag":
        return _flag(raw, kind_met)
    value, present = _number(raw, kind_met, decimal, facts)
    return Reading(f"CASE WHEN {value} = trunc({value}) AND abs({value}) < 9e15 THEN CAST({value} AS BIGINT) END"
                   if column.kind == "integer" else value, present)  # fmt: skip


def is_text(kind_met: str) -> bool:
    """Whether a DuckDB type holds text."""
    return kind_met in ("VARCHAR", "JSON", '"NULL"') or kind_met.startswith("ENUM")


def trimmed(raw: str) -> str:
    """Return the SQL of a text without spaces around it, null if nothing is left."""
    return f"nullif(regexp_replace(CAST({raw} AS VARCHAR), '^{_SPACES}+|{_SPACES}+$', '', 'g'), '')"


def in_words(kind: Kind | str) -> str:
    """Return what a value of a canonical kind, or of a DuckDB type, is called.

    Examples
    --------
    >>> in_words("money"), in_words("VARCHAR")
    ('a number', 'text')
    """
    if kind in _SAYS:
        return _SAYS[kind]
    if is_text(kind):
        return "text"
    if kind == "BOOLEAN":
        return "true or false"
    return "a number" if _is_number(kind) else "a time" if kind.startswith(("TIMESTAMP", "DATE")) else kind.lower()


def _text(column: Column, text: str, facts: Facts) -> Reading:
    if column.kind == "id":
        text = f"regexp_replace({text}, '^''([0-9]+)$', '\\1')"  # Shopify writes '9013808660771 to keep the digits
        text = f"regexp_replace({text}, '\\.0+$', '')" if facts.whole_ids else text
        words = ", ".join(literal(word) for word in _EMPTY_IDS)
        text = f"CASE WHEN lower({text}) IN ({words}) THEN NULL ELSE {text} END"
    elif column.choices:
        text = f"lower({text})"
    elif column.name in SPELLED:
        text = f"regexp_replace({text}, '{_SPACES}+', ' ', 'g')"
    return Reading(text, f"({text}) IS NOT NULL")


def _as_text(raw: str, kind_met: str) -> str:
    if kind_met in ("FLOAT", "DOUBLE") or kind_met.startswith("DECIMAL"):
        whole = f"{raw} = trunc({raw}) AND abs({raw}) < 9e15"
        return (f"CASE WHEN isnan(CAST({raw} AS DOUBLE)) THEN NULL WHEN {whole} "
                f"THEN CAST(CAST({raw} AS BIGINT) AS VARCHAR) ELSE CAST({raw} AS VARCHAR) END")  # fmt: skip
    return trimmed(raw)


def _filled(raw: str) -> str:
    """Return the SQL of a text that is to become something else; the words that exports write for nothing are null."""
    words = ", ".join(literal(word) for word in _EMPTY_WORDS)
    return f"CASE WHEN lower({trimmed(raw)}) IN ({words}) THEN NULL ELSE {trimmed(raw)} END"


def _time(raw: str, kind_met: str, clock: Clock) -> tuple[str, str]:
    if kind_met.startswith(("TIMESTAMP", "DATE")):
        return time_from_native(raw, kind_met, clock), f"{raw} IS NOT NULL"
    text = _filled(raw) if is_text(kind_met) else _as_text(raw, kind_met)
    return time_from_text(f"({text})", clock), f"({text}) IS NOT NULL"


def _number(raw: str, kind_met: str, decimal: str, facts: Facts) -> tuple[str, str]:
    if _is_number(kind_met):
        number = f"CAST({raw} AS DOUBLE)"
        return f"CASE WHEN isfinite({number}) THEN {number} END", f"NOT isnan({number})"
    if is_text(kind_met):
        text = f"({_filled(raw)})"
        return number_from_text(text, decimal, facts.sure_groups), f"{text} IS NOT NULL"
    return "CAST(NULL AS DOUBLE)", f"{raw} IS NOT NULL"


def _flag(raw: str, kind_met: str) -> Reading:
    if kind_met == "BOOLEAN":
        return Reading(raw, f"{raw} IS NOT NULL")
    text = f"lower({_filled(raw) if is_text(kind_met) else _as_text(raw, kind_met)})"
    yes, no = (", ".join(literal(word) for word in words) for words in (_YES, _NO))
    return Reading(f"CASE WHEN {text} IN ({yes}) THEN true WHEN {text} IN ({no}) THEN false END", f"{text} IS NOT NULL")


def _is_number(kind_met: str) -> bool:
    return kind_met in (*_WHOLE, "FLOAT", "DOUBLE") or kind_met.startswith("DECIMAL")
