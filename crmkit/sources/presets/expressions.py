"""The SQL that presets are written in: plain DuckDB over the fields, and ``has(field)``."""

from __future__ import annotations

import re
from collections.abc import Collection

from crmkit.sources.presets.model import HAS

_STRINGS = re.compile(r"'(?:[^']|'')*'")
_AGGREGATES = re.compile(
    r"\b(sum|min|max|count|count_if|avg|any_value|arg_min|arg_max|bool_or|bool_and|string_agg)\s*\("
)


def mentioned(expression: str, fields: Collection[str]) -> set[str]:
    """Return the fields that an expression names.

    Examples
    --------
    >>> sorted(mentioned("total - coalesce(tax, 0) || 'total'", ["total", "tax", "fee"]))
    ['tax', 'total']
    """
    return set(re.findall(r"\b\w+\b", HAS.sub(" ", _STRINGS.sub("", expression)))) & set(fields)


def in_sql(expression: str, present: Collection[str]) -> str:
    """Return the SQL of an expression for a file that has columns for some of the fields.

    Examples
    --------
    >>> in_sql("has(campaign) AND campaign IS NULL", ["cost"])
    'false AND campaign IS NULL'
    """
    return HAS.sub(lambda asked: str(asked[1] in present).lower(), expression)


def is_empty(expression: str, fields: Collection[str], present: Collection[str]) -> bool:
    """Whether an expression names fields, the file has a column for none of them, and no word stands in for them.

    Examples
    --------
    >>> is_empty("lower(survey)", ["survey"], []), is_empty("coalesce(survey, 'nps')", ["survey"], [])
    (True, False)
    """
    named = mentioned(expression, fields)
    return bool(named) and not named & set(present) and re.search(r",\s*'[^']*'\)+$", expression) is None


def is_aggregate(expression: str) -> bool:
    """Whether an expression adds up or picks from the rows of a group."""
    return _AGGREGATES.search(expression.lower()) is not None
