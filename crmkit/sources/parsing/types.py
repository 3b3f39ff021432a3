"""The SQL that converts raw values to canonical ones, for each kind of column.

A cell with content that yields no value is unreadable; a cell without content is empty.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from crmkit.sources.parsing.dates import Clock, time_from_native, time_from_parts, time_parts
from crmkit.sources.sql import literal
from crmkit.tables.schema import Column

SPELLED = frozenset(
    "channel campaign plan country region gender industry company_size preferred_channel product category owner stage "
    "topic kind network touchpoint cancel_reason origin action object language".split()
)
"""Text columns that name a category: inner spaces and case do not distinguish categories."""

STEP = "{step}"
"""Placeholder in the SQL of a step for the result of the previous step."""

_SPACES = r"[\s\x{a0}\x{202f}\x{feff}]"
_EMPTY_WORDS = ("null", "nan", "none", "nat", "n/a", "#n/a", "\\n", "-", "--")
_EMPTY_IDS = ("null", "nan", "none", "nat", "n/a", "#n/a", "\\n")
_YES, _NO = ("true", "t", "yes", "y", "1", "1.0"), ("false", "f", "no", "n", "0", "0.0")
_NUMBER_TYPES = frozenset(
    "TINYINT SMALLINT INTEGER BIGINT HUGEINT UTINYINT USMALLINT UINTEGER UBIGINT UHUGEINT FLOAT DOUBLE".split()
)
_WORDS = {
    "id": "text",
    "text": "text",
    "money": "a number",
    "number": "a number",
    "integer": "a whole number",
    "timestamp": "a time",
    "date": "a day",
    "flag": "yes or no",
}
_GROUPING_MARKS = (" ", "\u00a0", "\u202f", "\u2009", "'", "’")  # only ever group thousands, in any language
_CODES = "EUR|USD|GBP|CHF|SEK|NOK|DKK|PLN|CZK|HUF|RON|TRY|CAD|AUD|NZD|SGD|HKD|JPY|CNY|INR|IDR|MYR|PHP|THB|BRL|MXN|ZAR|EGP|AED"
_CURRENCY = f"(?:[€$£¥₹]|{_CODES}|R\\$|[Kk]r|zł|Rp)"


@dataclass(frozen=True)
class Facts:
    """Facts about a whole column that decide how its cells are read.

    Attributes
    ----------
    whole_ids : bool
        Every id is written like ``17850.0``, as a spreadsheet or pandas does with numbers.
    sure_groups : bool
        The decimal mark is declared or proven, so that the other mark can only group thousands.
    other_decimal : str or None
        A number that only makes sense with the other decimal mark, where none uses the dialect's.
    """

    whole_ids: bool = False
    sure_groups: bool = True
    other_decimal: str | None = None


@dataclass(frozen=True)
class Reading:
    """The SQL that reads a column in four steps, each in terms of the result of the previous one.

    In a single expression an inner step would be computed again wherever an outer one uses it.

    Attributes
    ----------
    cell : str
        The raw cell, null if it holds nothing.
    parts : str
        The cell split into parts.
    value : str
        The value of the parts, null where they have none.
    typed : str
        The value in the canonical type.
    """

    cell: str
    parts: str = STEP
    value: str = STEP
    typed: str = STEP

    @property
    def steps(self) -> tuple[str, str, str, str]:
        """All four."""
        return self.cell, self.parts, self.value, self.typed


def reading(column: Column, kind_met: str, facts: Facts, decimal: str, clock: Clock) -> Reading:
    """Return the SQL that reads one column; :data:`STEP` is its placeholder for the cell so far, at first the raw one.

    Parameters
    ----------
    column : Column
        The canonical column.
    kind_met : str
        DuckDB type of the raw column.
    facts : Facts
    decimal : str
        Decimal mark of numbers that are text.
    clock : Clock
        Date format and time zones.
    """
    if column.kind in ("id", "text"):
        return _text(column, kind_met, facts)
    if column.kind in ("timestamp", "date"):
        return _time(column, kind_met, clock)
    if column.kind == "flag":
        return _flag(kind_met)
    whole = f"CASE WHEN {STEP} = trunc({STEP}) AND abs({STEP}) < 9e15 THEN CAST({STEP} AS BIGINT) END"
    typed = whole if column.kind == "integer" else STEP
    if is_text(kind_met):
        return Reading(_filled(STEP), bare_number(STEP), number_from_bare(STEP, decimal, facts.sure_groups), typed)
    if not is_number(kind_met):
        return Reading(STEP, value="CAST(NULL AS DOUBLE)", typed=typed)
    number = f"CAST({STEP} AS DOUBLE)"
    cell = f"CASE WHEN NOT isnan({number}) THEN {number} END"
    return Reading(cell, value=f"CASE WHEN isfinite({STEP}) THEN {STEP} END", typed=typed)


def is_text(kind: str) -> bool:
    """Return whether a DuckDB type holds text."""
    return kind in ("VARCHAR", "JSON") or kind.startswith("ENUM")


def is_number(kind: str) -> bool:
    """Return whether a DuckDB type holds numbers."""
    return kind in _NUMBER_TYPES or kind.startswith("DECIMAL")


def in_words(kind: str) -> str:
    """Return the word for values of a canonical kind, or of a DuckDB type.

    Examples
    --------
    >>> in_words("money"), in_words("VARCHAR")
    ('a number', 'text')
    """
    if kind in _WORDS:
        return _WORDS[kind]
    if is_text(kind):
        return "text"
    if is_number(kind):
        return "a number"
    if kind.startswith(("TIMESTAMP", "DATE")):
        return "a time"
    return "true or false" if kind == "BOOLEAN" else kind.lower()


def trimmed(raw: str) -> str:
    """Return the SQL of a text without spaces around it, null if nothing is left."""
    return f"nullif(regexp_replace(CAST({raw} AS VARCHAR), '^{_SPACES}+|{_SPACES}+$', '', 'g'), '')"


def bare_number(text: str) -> str:
    """Return the SQL of the text with a plain minus and without a currency sign; (12.50) is -12.50 in accounting."""
    minus = f"regexp_replace(replace({text}, '−', '-'), '^\\((.+)\\)$', '-\\1')"
    return f"regexp_replace({minus}, '^([+-]?)\\s*{_CURRENCY}\\s*|\\s*{_CURRENCY}$', '\\1')"


def number_from_bare(bare: str, decimal: str, sure_groups: bool) -> str:
    """Return the SQL that reads a number from its bare text, null where it is not one.

    ``1,234`` is 1234 where the decimal mark is known to be the point. Where it is not known, it may also be 1.234, and
    the cell counts as unreadable.

    Parameters
    ----------
    bare : str
        SQL of the text that :func:`bare_number` returns.
    decimal : {".", ","}
    sure_groups : bool
        Whether the decimal mark is declared or proven elsewhere in the column.
    """
    marks = "".join(_GROUPING_MARKS) + _other(decimal)
    digits = f"replace(regexp_replace({bare}, {literal(f'[{marks}]')}, '', 'g'), '{decimal}', '.')"
    matches = f"regexp_full_match({bare}, {literal(_shape(decimal, sure_groups))})"
    return f"CASE WHEN {matches} THEN try_cast({digits} AS DOUBLE) END"


def shows_decimal(text: str, decimal: str) -> str:
    """Return the SQL condition under which a text can only be a number with that decimal mark."""
    d, m = re.escape(decimal), re.escape(_other(decimal))
    shown = rf"[+-]?(\d+{d}(\d{{1,2}}|\d{{4,}})|\d{{1,3}}({m}\d{{3}})+{d}\d+|\d{{1,3}}({m}\d{{3}}){{2,}})"
    return f"regexp_full_match({bare_number(text)}, {literal(shown)})"


def _text(column: Column, kind_met: str, facts: Facts) -> Reading:
    text = _as_text(kind_met)
    if column.kind == "id":
        text = f"regexp_replace({text}, '^''([0-9]+)$', '\\1')"  # Shopify writes '9013808660771 to keep all digits
        text = f"regexp_replace({text}, '\\.0+$', '')" if facts.whole_ids else text
        return Reading(_without(text, _EMPTY_IDS))
    if column.choices:
        return Reading(text, f"lower({STEP})")
    return Reading(text, f"regexp_replace({STEP}, '{_SPACES}+', ' ', 'g')" if column.name in SPELLED else STEP)


def _time(column: Column, kind_met: str, clock: Clock) -> Reading:
    typed = f"CAST({STEP} AS DATE)" if column.kind == "date" else STEP
    if kind_met.startswith(("TIMESTAMP", "DATE")):
        return Reading(STEP, value=time_from_native(STEP, kind_met, clock), typed=typed)
    cell = _filled(STEP) if is_text(kind_met) else _as_text(kind_met)
    return Reading(cell, time_parts(STEP, clock), time_from_parts(STEP, clock), typed)


def _flag(kind_met: str) -> Reading:
    if kind_met == "BOOLEAN":
        return Reading(STEP)
    cell = f"lower({_filled(STEP) if is_text(kind_met) else _as_text(kind_met)})"
    yes, no = (", ".join(literal(word) for word in words) for words in (_YES, _NO))
    return Reading(cell, value=f"CASE WHEN {STEP} IN ({yes}) THEN true WHEN {STEP} IN ({no}) THEN false END")


def _as_text(kind_met: str) -> str:
    if kind_met not in ("FLOAT", "DOUBLE") and not kind_met.startswith("DECIMAL"):
        return trimmed(STEP)
    whole = f"{STEP} = trunc({STEP}) AND abs({STEP}) < 9e15"
    return (
        f"CASE WHEN isnan(CAST({STEP} AS DOUBLE)) THEN NULL WHEN {whole} "
        f"THEN CAST(CAST({STEP} AS BIGINT) AS VARCHAR) ELSE CAST({STEP} AS VARCHAR) END"
    )


def _filled(raw: str) -> str:
    """Return the SQL of a text that is to be converted; the words that exports write for an empty cell are null."""
    return _without(trimmed(raw), _EMPTY_WORDS)


def _without(text: str, words: tuple[str, ...]) -> str:
    pattern = f"(?i)^({'|'.join(map(re.escape, words))})$"
    return f"nullif(regexp_replace({text}, {literal(pattern)}, ''), '')"


def _shape(decimal: str, sure_groups: bool) -> str:
    d, m = re.escape(decimal), re.escape(_other(decimal))
    grouped = [rf"\d{{1,3}}({re.escape(mark)}\d{{3}})+({d}\d+)?" for mark in _GROUPING_MARKS]
    grouped.append(
        rf"\d{{1,3}}({m}\d{{3}})+({d}\d+)?" if sure_groups else rf"\d{{1,3}}(({m}\d{{3}})+{d}\d+|({m}\d{{3}}){{2,}})"
    )
    return rf"[+-]?((\d+({d}\d*)?|{d}\d+)([eE][+-]?\d+)?|{'|'.join(grouped)})"


def _other(decimal: str) -> str:
    return "," if decimal == "." else "."
