"""The SQL that converts raw values to canonical ones, for each kind of column.

A cell with content that yields no value is unreadable; a cell without content is empty.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field, replace

from crmkit.sources.parsing.dates import Clock, TimeNotation, time_from_native, time_from_parts, time_parts
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
_COMMON_SIGNS = ("€", "$", "£", "¥", "₹", "EUR", "USD", "GBP", "CHF")
_MINUS = "−–—－"
NAMES = frozenset({"name", "owner", "author"})
"""Text columns that hold names of people: Null and None are names too."""
FREE_TEXTS = frozenset({"comment", "text"})
"""Text columns in people's own words: they stay letter by letter, and "none" is an answer."""
NOTHING = ("n/a", "#n/a", "\\n", "-", "--", "---", "(not set)", "(none)", "(null)", "(blank)")
"""What exports write in place of nothing, and no word of any language."""
NOTHING_WORDS = ("null", "nan", "none", "nat", "na")
"""The same, but a word: the country NA is Namibia, and people are called Null."""
_INVISIBLE = "[\\x{200b}\\x{200e}\\x{200f}\\x{202a}-\\x{202e}\\x{2060}-\\x{2069}\\x{feff}\\x{ad}]"
_OTHER_DIGITS = "".join(chr(zero + n) for zero in (0x0660, 0x06F0, 0x0966, 0xFF10) for n in range(10))


@dataclass(frozen=True)
class Facts:
    """Facts about a whole column that decide how its cells are read.

    Attributes
    ----------
    whole_ids : bool
        Every id is written like ``17850.0``, as a spreadsheet or pandas does with numbers.
    decimal : str
        Decimal mark of numbers that are text; the other mark groups thousands.
    sure : bool
        Whether that mark is declared or proven; else 1,234 and 1.234 are not read.
    plain : bool
        Every number is digits with at most a minus and a decimal point.
    signs : tuple of str
        Currency signs and codes beside the numbers.
    nothing : tuple of str
        Words, in lower case, that stand for nothing in a column of text.
    says_nothing : tuple of (str, int)
        Those that were met, as they are written, each with the number of cells.
    ascii : bool
        No cell has a letter beyond ASCII.
    bare : bool
        No cell of a text is empty, has blanks around it, or begins with an apostrophe.
    times : TimeNotation
    """

    whole_ids: bool = False
    decimal: str = "."
    sure: bool = True
    plain: bool = False
    signs: tuple[str, ...] = _COMMON_SIGNS
    nothing: tuple[str, ...] = ()
    says_nothing: tuple[tuple[str, int], ...] = ()
    ascii: bool = False
    bare: bool = False
    times: TimeNotation = field(default_factory=TimeNotation)


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


def reading(column: Column, kind_met: str, facts: Facts, clock: Clock) -> Reading:
    """Return the SQL that reads one column; :data:`STEP` is its placeholder for the cell so far, at first the raw one.

    Parameters
    ----------
    column : Column
        The canonical column.
    kind_met : str
        DuckDB type of the raw column.
    facts : Facts
        What its cells prove; see :func:`crmkit.sources.parsing.evidence.evidence_of`.
    clock : Clock
        Time zones and the declared date format.
    """
    if column.kind in ("id", "text"):
        return _text(column, kind_met, facts)
    if column.kind in ("timestamp", "date"):
        return _time(column, kind_met, replace(clock, notation=facts.times))
    if column.kind == "flag":
        return _flag(kind_met)
    whole = f"CASE WHEN {STEP} = trunc({STEP}) AND abs({STEP}) < 9e15 THEN CAST({STEP} AS BIGINT) END"
    typed = whole if column.kind == "integer" else STEP
    if is_text(kind_met) and facts.plain:
        return Reading(f"nullif({STEP}, '')", value=f"try_cast({STEP} AS DOUBLE)", typed=typed)
    if is_text(kind_met):
        bare, number = bare_number(STEP, facts.signs), number_from_bare(STEP, facts.decimal, facts.sure)
        return Reading(filled(STEP), bare, number, typed)
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


def bare_number(text: str, signs: Collection[str] = _COMMON_SIGNS) -> str:
    """Return the SQL of a number's text with a plain minus before it and no currency; (12.50) is -12.50 in accounting.

    Parameters
    ----------
    text : str
        SQL of a text without spaces around it.
    signs : collection of str
        Currency signs and codes that may stand before or after the number.
    """
    bare = f"regexp_replace(translate({text}, '{_MINUS}', '{'-' * len(_MINUS)}'), '^''|^\\((.+)\\)$', '\\1')"
    bare = f"CASE WHEN starts_with({text}, '(') THEN '-' || {bare} ELSE {bare} END"
    if signs:
        any_sign = "|".join(re.escape(sign) + "[.]?" for sign in sorted(signs, key=lambda sign: (-len(sign), sign)))
        pattern = f"^([+-]?)\\s*(?:{any_sign})\\s*|\\s*(?:{any_sign})(-?)$"
        bare = f"regexp_replace({bare}, {literal(pattern)}, '\\1\\2')"
    # 5.- and 5,-- have no cents, 12.50- is negative.
    bare = f"regexp_replace({bare}, '^(.*\\d)[.,]-{{1,2}}$', '\\1')"
    return f"regexp_replace({bare}, '^(-)\\s+|^([^-]*\\d)\\s*-$', '-\\2')"


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
    if not sure_groups:
        matches += f" AND NOT regexp_full_match({bare}, '[+-]?[1-9]\\d{{0,2}}[.,]\\d{{3}}')"
    return f"CASE WHEN {matches} THEN try_cast({digits} AS DOUBLE) END"


def shows_decimal(text: str, decimal: str) -> str:
    """Return the SQL condition under which a text can only be a number with that decimal mark."""
    d, m = re.escape(decimal), re.escape(_other(decimal))
    shown = rf"[+-]?(\d+{d}(\d{{1,2}}|\d{{4,}})|\d{{1,3}}({m}\d{{3}})+{d}\d+|\d{{1,3}}({m}\d{{3}}){{2,}})"
    return f"regexp_full_match({bare_number(text)}, {literal(shown)})"


def cell_text(raw: str, kind_met: str) -> str:
    """Return the SQL of a cell as trimmed text, null if it holds nothing; a whole number has no decimals."""
    return _as_text(kind_met).replace(STEP, raw)


def _text(column: Column, kind_met: str, facts: Facts) -> Reading:
    text = STEP if facts.bare and kind_met == "VARCHAR" else _as_text(kind_met)
    if not facts.ascii and is_text(kind_met) and column.name not in FREE_TEXTS:
        text = _composed(text)
    if column.kind == "id":
        if not facts.bare:
            text = f"regexp_replace({text}, '^''([0-9]+)$', '\\1')"  # Shopify writes '9013808660771 to keep all digits
        text = f"regexp_replace({text}, '\\.0+$', '')" if facts.whole_ids else text
        return Reading(_without(text, facts.nothing))
    if not column.required:  # a row is not lost for a product called N/A
        text = _without(text, facts.nothing)
    if column.choices:
        return Reading(text, f"lower({STEP})")
    return Reading(text, f"regexp_replace({STEP}, '{_SPACES}+', ' ', 'g')" if column.name in SPELLED else STEP)


def _composed(text: str) -> str:
    """Return the SQL of a text with its letters composed, and without marks that nobody sees."""
    return f"nullif(trim(nfc_normalize(regexp_replace({text}, '{_INVISIBLE}', '', 'g'))), '')"


def _time(column: Column, kind_met: str, clock: Clock) -> Reading:
    typed = f"CAST({STEP} AS DATE)" if column.kind == "date" else STEP
    if kind_met.startswith(("TIMESTAMP", "DATE")):
        return Reading(STEP, value=time_from_native(STEP, kind_met, clock), typed=typed)
    cell = filled(STEP) if is_text(kind_met) else _as_text(kind_met)
    if is_text(kind_met) and clock.notation.plain:
        cell = f"nullif({STEP}, '')"
    return Reading(cell, time_parts(STEP, clock), time_from_parts(STEP, clock), typed)


def _flag(kind_met: str) -> Reading:
    if kind_met == "BOOLEAN":
        return Reading(STEP)
    cell = f"lower({filled(STEP) if is_text(kind_met) else _as_text(kind_met)})"
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


def filled(raw: str) -> str:
    """Return the SQL of a text that is to be converted; what stands for nothing is null, all digits are those of ASCII."""
    text = trimmed(raw)
    in_ascii = f"translate({text}, '{_OTHER_DIGITS}٫٬，．', '{'0123456789' * 4}.,,.')"
    # To translate takes ten times as long as all else.
    in_ascii = f"CASE WHEN strlen({raw}) = length({raw}) THEN {text} ELSE {in_ascii} END"
    return _without(in_ascii, (*NOTHING, *NOTHING_WORDS))


def _without(text: str, words: tuple[str, ...]) -> str:
    if not words:
        return text
    pattern = f"(?i)^({'|'.join(map(re.escape, words))})$"
    return f"nullif(regexp_replace({text}, {literal(pattern)}, ''), '')"


def _shape(decimal: str, sure_groups: bool) -> str:
    d, m = re.escape(decimal), re.escape(_other(decimal))
    grouped = [rf"\d{{1,3}}({re.escape(mark)}\d{{3}})+({d}\d+)?" for mark in _GROUPING_MARKS]
    grouped.append(rf"\d{{1,2}}({m}\d{{2}})+{m}\d{{3}}({d}\d+)?")  # 1,23,401.00 in India
    grouped.append(
        rf"\d{{1,3}}({m}\d{{3}})+({d}\d+)?" if sure_groups else rf"\d{{1,3}}(({m}\d{{3}})+{d}\d+|({m}\d{{3}}){{2,}})"
    )
    return rf"[+-]?((\d+({d}\d*)?|{d}\d+)([eE][+-]?\d+)?|{'|'.join(grouped)})"


def _other(decimal: str) -> str:
    return "," if decimal == "." else "."
