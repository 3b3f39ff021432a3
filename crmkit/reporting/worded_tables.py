"""Tables on paper: every cell, heading and interval in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pandas as pd

from crmkit.insights.phrases import sentence_case
from crmkit.metrics.nouns import is_number
from crmkit.metrics.scale import Scale
from crmkit.metrics.wording import common_scale, currency_of, is_exact
from crmkit.reporting.cell_words import EMPTY, cell, intervals, numbers, period_words
from crmkit.reporting.phone_layout import IN_CARD, IN_FIGURE, Column, across, naming, phone_layout
from crmkit.settings import Settings

_INTERVAL = "95 % interval"
_TERSE = {"n": "Counted", "low": "95 % from", "high": "to"}
_UNNAMED, _LONG, _WORDY, _SHORT = "(not known)", 40, 14, 10  # characters
_INTERVAL_KIND = "number interval"  # on a phone it may break, after the "to"
_MEASURED = {"value", "low", "high", "unit", "status"}
_INTERNAL = {"metric", "value", "low", "high", "n", "unit", "status", "reason"}


@dataclass(frozen=True)
class WordedTable:
    """A table on paper: everything is text."""

    caption: str
    columns: list[Column]
    rows: list[list[str]]
    n_left_out: int = 0

    def layout(self, *, in_card: bool) -> str:
        """How a phone shows it; see :func:`crmkit.reporting.phone_layout.phone_layout`."""
        return phone_layout(self.columns, self.rows, IN_CARD if in_card else IN_FIGURE)

    @property
    def naming(self) -> int:
        """Columns that name a row [count]."""
        return naming(self.columns, self.rows)

    @property
    def across(self) -> int:
        """Cells side by side in a block [count]."""
        return across(self.columns, self.rows)


def worded_table(
    frame: pd.DataFrame,
    caption: str,
    *,
    units: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
    settings: Settings | None = None,
    max_rows: int = 200,
) -> WordedTable:
    """Return a frame with every cell in words; see :func:`table`."""
    currency = currency_of(frame, settings.company.currency if settings is not None else None)
    flat = frame.reset_index() if any(name is not None for name in frame.index.names) else frame
    n_left_out = max(0, len(flat) - max_rows)
    flat = flat.head(max_rows)
    if set(flat.columns) >= _MEASURED and not units:
        return _measured(flat, caption, labels or {}, currency, n_left_out)
    units, labels = units or {}, labels or {}
    columns = [_worded_column(flat[name], str(units.get(name, "")), currency, is_first=place == 0,
                              beside=_beside(flat, name, units)) for place, name in enumerate(flat.columns)]  # fmt: skip
    heads = [
        Column(str(labels.get(name, heading(str(name)))), _kind(flat[name], words))
        for name, words in zip(flat.columns, columns, strict=True)
    ]
    if ("low", "high") in pairwise(flat.columns):
        _join_ends(list(flat.columns).index("low"), str(labels.get("low", _INTERVAL)), heads, columns)
    return WordedTable(caption, heads, [list(row) for row in zip(*columns, strict=True)], n_left_out)


def _join_ends(place: int, label: str, heads: list[Column], columns: list[list[str]]) -> None:
    """Put the two ends of an interval, which stand side by side, into one column."""
    columns[place : place + 2] = [intervals(columns[place], columns[place + 1])]
    heads[place : place + 2] = [Column(label, _INTERVAL_KIND)]


def _kind(values: pd.Series, words: list[str]) -> str:
    if pd.api.types.is_numeric_dtype(values):
        return "number"
    longest = max((len(each) for each in words), default=0)  # on a phone it would be one word wide
    steps = ((_SHORT, "text short"), (_WORDY, "text"), (_LONG, "text wordy"))
    return next((kind for most, kind in steps if longest <= most), "text long")


def heading(name: str) -> str:
    """Return a column's name as a heading: "n_customers" -> "Customers", "acquired_at" -> "Acquired".

    Examples
    --------
    >>> heading("n_customers"), heading("acquired_at"), heading("last_order_on"), heading("margin"), heading("n")
    ('Customers', 'Acquired', 'Last order', 'Margin', 'Counted')
    """
    words = name.removeprefix("n_").removesuffix("_at").removesuffix("_on").replace("_", " ").strip()
    return _TERSE.get(name) or sentence_case(words) or name


def _measured(
    frame: pd.DataFrame, caption: str, labels: Mapping[str, str], currency: str | None, n_left_out: int
) -> WordedTable:
    by = [name for name in frame.columns if name not in _INTERNAL and name != "period"]
    names = [*by, *(["period"] if "period" in frame and frame["period"].nunique() > 1 else [])] or ["period"]
    heads = [Column(str(labels.get(name, heading(str(name)))), "text") for name in names]
    heads += [Column("Value", "number"), Column(_INTERVAL, _INTERVAL_KIND), Column("Counted", "number")]
    rows, key = [], "metric" if "metric" in frame else "unit"
    scales = {name: common_scale(part.itertuples(index=False), currency) for name, part in frame.groupby(key)}
    for row in frame.to_dict("records"):
        cells = [period_words(row[name]) if name == "period" else cell(row[name], _UNNAMED) for name in names]
        rows.append([*cells, *_value_cells(row, scales.get(row[key], Scale()))])
    return WordedTable(caption, heads, rows, n_left_out)


def _value_cells(row: Mapping[Any, Any], scale: Scale) -> list[str]:
    counts = f"{round(row['n']):,}" if is_number(row.get("n")) else EMPTY
    if not is_number(row["value"]):
        is_hidden = str(row.get("reason") or "").startswith("not shown")
        return ["not shown" if is_hidden else str(row["status"] or EMPTY), EMPTY, counts]
    interval = "exact" if is_exact(pd.Series(row)) else scale.interval(row["low"], row["high"])
    return [scale.words(row["value"]), interval or EMPTY, counts]


def _beside(flat: pd.DataFrame, name: Any, units: Mapping[str, str]) -> pd.Series | None:
    """Return the numbers of a value of money and of its interval, which are to have the same digits; else None."""
    names = list(flat.columns)
    if not {"low", "high"} <= set(names) or names.index("low") == 0:
        return None
    together = [names[names.index("low") - 1], "low", "high"]
    if name not in together or any(units.get(each) != "money" for each in together):
        return None
    return pd.concat([flat[each] for each in together])


def _worded_column(
    values: pd.Series, unit: str, currency: str | None, *, is_first: bool, beside: pd.Series | None = None
) -> list[str]:
    if unit or pd.api.types.is_float_dtype(values):
        return numbers(values, unit, currency, beside)
    if values.name == "period":
        return [period_words(value) for value in values]
    return [cell(value, _UNNAMED if is_first else EMPTY) for value in values]
