"""How a number written as text is read: decimal mark, thousands marks, signs and currency signs."""

from __future__ import annotations

import re

from crmkit.sources.sql import literal

_SAFE_MARKS = (" ", "\u00a0", "\u202f", "\u2009", "'", "’")  # group thousands and nothing else, in any language
_CODES = "EUR|USD|GBP|CHF|SEK|NOK|DKK|PLN|CZK|HUF|RON|TRY|CAD|AUD|NZD|SGD|HKD|JPY|CNY|INR|IDR|MYR|PHP|THB|BRL|MXN|ZAR|EGP|AED"
_CURRENCY = f"(?:[€$£¥₹]|{_CODES}|R\\$|[Kk]r|zł|Rp)"


def bare_number(text: str) -> str:
    """Return the SQL of the text with one kind of minus and without a currency sign; (12.50) is -12.50 in accounting."""
    minus = f"regexp_replace(replace({text}, '−', '-'), '^\\((.+)\\)$', '-\\1')"
    return f"regexp_replace({minus}, '^([+-]?)\\s*{_CURRENCY}\\s*|\\s*{_CURRENCY}$', '\\1')"


def number_from_bare(bare: str, decimal: str, sure_groups: bool) -> str:
    """Return the SQL that reads a number from its bare text, null where it is none.

    ``1,234`` is 1234 where the decimal mark is known to be the point. Where it is not, it may as well be 1.234, and
    is not read.

    Parameters
    ----------
    bare : str
        SQL of the text that :func:`bare_number` returns.
    decimal : {".", ","}
    sure_groups : bool
        Whether the decimal mark is declared or seen elsewhere in the column.
    """
    marks = "".join(_SAFE_MARKS) + _other(decimal)
    digits = f"replace(regexp_replace({bare}, {literal(f'[{marks}]')}, '', 'g'), '{decimal}', '.')"
    matches = f"regexp_full_match({bare}, {literal(_shape(decimal, sure_groups))})"
    return f"CASE WHEN {matches} THEN try_cast({digits} AS DOUBLE) END"


def shows_decimal(text: str, decimal: str) -> str:
    """Return the SQL condition under which a text can only be a number with that decimal mark."""
    d, m = re.escape(decimal), re.escape(_other(decimal))
    shown = rf"[+-]?(\d+{d}(\d{{1,2}}|\d{{4,}})|\d{{1,3}}({m}\d{{3}})+{d}\d+|\d{{1,3}}({m}\d{{3}}){{2,}})"
    return f"regexp_full_match({bare_number(text)}, {literal(shown)})"


def _shape(decimal: str, sure_groups: bool) -> str:
    d, m = re.escape(decimal), re.escape(_other(decimal))
    grouped = [rf"\d{{1,3}}({re.escape(mark)}\d{{3}})+({d}\d+)?" for mark in _SAFE_MARKS]
    grouped.append(
        rf"\d{{1,3}}({m}\d{{3}})+({d}\d+)?" if sure_groups else rf"\d{{1,3}}(({m}\d{{3}})+{d}\d+|({m}\d{{3}}){{2,}})"
    )
    return rf"[+-]?((\d+({d}\d*)?|{d}\d+)([eE][+-]?\d+)?|{'|'.join(grouped)})"


def _other(decimal: str) -> str:
    return "," if decimal == "." else "."
