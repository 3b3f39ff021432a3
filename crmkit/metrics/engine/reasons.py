"""Why a number is missing, where the first cause met is not the true one: predictions, parts of quotients, conditions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from inspect import Parameter, signature
from typing import Any

import pandas as pd

from crmkit.errors import NotMeasured, did_you_mean, printable
from crmkit.metrics.card import Card
from crmkit.metrics.engine.window import Window
from crmkit.periods import Period
from crmkit.tables.catalog import Catalog
from crmkit.tables.conditions import Comparison, Condition, Joined
from crmkit.tables.derived import DERIVED
from crmkit.tables.expressions import day
from crmkit.tables.schema import PREDICTED, SCHEMAS

_MADE_FROM = {"customer_scores": "activity_spells", "segment_assignments": "activity_spells"}
_HOW = "run crmkit predict"
NEXT_TERMS_UNSEEN = "the terms that follow are probably not in the files yet"
_MOST_VALUES = 1000  # of a column, among which the nearest is looked for
# What a measure counts, by the column that dates its rows.
_ROWS = {"spent_at": "costs", "ordered_at": "orders", "moved_on": "customers", "won_on": "new customers"}


def needs(catalog: Catalog, card: Card, missing: str) -> str:
    """Return what a metric needs, in words: of a table that predictions fill, what they are made from or how to make them.

    Parameters
    ----------
    catalog : Catalog
    card : Card
    missing : str
        The first table or column that the data lack.
    """
    if missing not in PREDICTED:
        return missing
    others = [name for name in card.tables if name not in PREDICTED]
    for name in [*others, *([_MADE_FROM[missing]] if missing in _MADE_FROM else [])]:
        try:
            catalog.table(name)
        except NotMeasured as also:
            if also.needs not in PREDICTED:
                return also.needs
    return f"{missing}: {_HOW}"


def without_predictions(catalog: Catalog, card: Card, asked: list[Period]) -> dict[int, str]:
    """Return for the periods of which there are no predictions, by ordinal, that they are missing; none for other metrics."""
    table = next((name for name in ("customer_scores", "segment_assignments") if name in _read(card.function)), None)
    if table is None or table not in catalog.names:
        return {}
    scores = catalog.whole.table(table)
    days = scores.select(on=day(scores.as_of)).distinct().execute()["on"]
    made = {pd.Timestamp(on).date() for on in days}
    return {
        period.ordinal: f"no predictions of {period}: {_HOW} --period {period}"
        for period in asked
        if not any(period.start <= on < period.end for on in made)
    }


def missing_parts(parts: list[tuple[Any, pd.DataFrame]], window: Window) -> dict[int, str]:
    """Return for the periods in which a part of a quotient has no rows, by ordinal, of what there are none.

    Parameters
    ----------
    parts : list of (measure, DataFrame)
        The sums that a quotient is made of, with their estimates.
    window : Window
    """
    reasons: dict[int, str] = {}
    for ordinal in window.bounds:
        for measure, estimate in parts:
            rows = estimate[(estimate["period"] == ordinal) & (estimate["n"] > 0)]
            noun = _ROWS.get(measure.at.get_name())
            if rows.empty and noun:
                reasons[ordinal] = f"no {noun} that count for it in this period"
                break
    return reasons


def unmatched(catalog: Catalog) -> str:
    """Return which value of the catalog's condition no row has, with the nearest that some have; empty if there is none."""
    if catalog.condition is None:
        return ""
    for comparison in _comparisons(catalog.condition):
        texts = [value for value in comparison.values if isinstance(value, str)]
        known = _values_of(catalog.whole, comparison.column) if texts else {}
        there = {value for values in known.values() for value in values}
        absent = [text for text in texts if text not in there]
        if known and len(there) < _MOST_VALUES and len(absent) == len(comparison.values):
            suggested = [value for canonical, values in known.items() if canonical for value in values]
            hint = did_you_mean(absent[0], suggested)
            hint = f" {hint}" if hint.startswith("Did") else ""  # all values of a column may be too many, or personal
            return f"no row has {comparison.column} '{printable(absent[0])}'.{hint}"
    return ""


def _read(function: Callable[..., Any]) -> set[str]:
    """Return the tables that a metric reads, those included from which derived ones follow."""
    found: set[str] = set()
    for name, parameter in signature(function).parameters.items():
        if parameter.kind is not Parameter.KEYWORD_ONLY:
            found |= {name} | (_read(DERIVED[name]) if name in DERIVED else set())
    return found


def _comparisons(condition: Condition) -> Iterator[Comparison]:
    if isinstance(condition, Comparison):
        if condition.operator in ("=", "in"):
            yield condition
    elif isinstance(condition, Joined):
        for part in condition.parts:
            yield from _comparisons(part)


def _values_of(catalog: Catalog, column: str) -> Mapping[bool, set[str]]:
    """Return the texts of a column in all tables: those of canonical columns, and those of the analyst's own."""
    found: dict[bool, set[str]] = {}
    for name in catalog.names:
        table = catalog.table(name)
        if SCHEMAS[name].personal or column not in table.columns or not table[column].type().is_string():
            continue
        values = table.select(value=table[column]).distinct().limit(_MOST_VALUES).execute()["value"].dropna()
        found.setdefault(column in SCHEMAS[name].names, set()).update(map(str, values))
    return found
