"""Tables on paper: every cell, heading and interval in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import pairwise
from math import floor, log10
from typing import Any

import pandas as pd
from markupsafe import Markup

from crmkit.errors import CrmkitError
from crmkit.insights.phrases import mid_sentence, sentence_case
from crmkit.metrics.formatting import (
    LARGE,
    MINUS,
    Scale,
    common_scale,
    currency_of,
    is_exact,
    is_number,
    scale_for,
    scale_of,
)
from crmkit.periods import MONTH_NAMES, Period
from crmkit.reporting.display.html import Fragment, drawn
from crmkit.reporting.display.phone_layout import IN_CARD, IN_FIGURE, Column, across, naming, phone_layout
from crmkit.settings import Settings
from crmkit.words import say

_INTERVAL = "95 % interval"
_TERSE = {"n": "Counted", "low": "95 % from", "high": "to"}
_UNNAMED, _LONG, _WORDY, _SHORT = "(not known)", 40, 14, 10  # characters
_INTERVAL_KIND = "number interval"  # on a phone it may break, after the "to"
_MEASURED = {"value", "low", "high", "unit", "status"}
_INTERNAL = {"metric", "value", "low", "high", "n", "unit", "status", "reason"}
EMPTY = "–"


@dataclass(frozen=True)
class WordedTable:
    """A table on paper: everything is text."""

    caption: str
    columns: list[Column]
    rows: list[list[str]]
    n_left_out: int = 0
    shares: dict[int, list[float | None]] = field(default_factory=dict)
    mark: str = ""

    @property
    def single(self) -> tuple[str, str] | None:
        """The name of the only row, and its cells as a sentence; None where there are several rows, or cells are sentences."""
        if len(self.rows) != 1 or self.n_left_out or len(self.columns) < 2:
            return None
        name, *cells = self.rows[0]
        if any(cell.endswith(".") for cell in cells):
            return None
        known = [(column.label, cell) for column, cell in zip(self.columns[1:], cells, strict=True) if cell != EMPTY]
        facts = "; ".join(say("table-fact", label=_inside(label), value=cell) for label, cell in known if cell)
        return name, say("table-single", facts=facts)

    def marked(self, row: int, place: int) -> Markup:
        """Return the style of a cell whose number is shown by a shade or a bar, too [share of the largest]."""
        share = self.shares[place][row] if place in self.shares else None
        return Markup("") if share is None else Markup(f' data-mark="{self.mark}" style="--share:{share:.2f}"')

    def layout(self, *, in_card: bool) -> str:
        """How a phone shows it; see :func:`crmkit.reporting.display.tables.phone_layout`."""
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
    shaded: Sequence[str] = (),
    barred: Sequence[str] = (),
) -> WordedTable:
    """Return a frame with every cell in words; see :func:`table`."""
    currency = currency_of(frame, settings.company.currency if settings is not None else None)
    flat = frame.reset_index() if any(name is not None for name in frame.index.names) else frame
    n_left_out = max(0, len(flat) - max_rows)
    flat = flat.head(max_rows)
    if set(flat.columns) >= _MEASURED and not units:
        return _measured(flat, caption, labels or {}, currency, n_left_out)
    units, labels = units or {}, labels or {}
    columns = [
        _worded_column(
            flat[name], str(units.get(name, "")), currency, is_first=place == 0, beside=_beside(flat, name, units)
        )
        for place, name in enumerate(flat.columns)
    ]
    heads = [
        Column(str(labels.get(name, heading(str(name)))), _kind(flat[name], words))
        for name, words in zip(flat.columns, columns, strict=True)
    ]
    shares = _shares(flat, [*shaded, *barred], from_zero=bool(barred))
    if ("low", "high") in pairwise(flat.columns):
        ends = list(flat.columns).index("low")
        _join_ends(ends, str(labels.get("low", _INTERVAL)), heads, columns)
        shares = {place - (place > ends): values for place, values in shares.items()}
    rows = [list(row) for row in zip(*columns, strict=True)]
    return WordedTable(caption, heads, rows, n_left_out, shares, "shaded" if shaded else "barred" if barred else "")


def heading(name: str) -> str:
    """Return a column's name as a heading: "n_customers" -> "Customers", "acquired_at" -> "Acquired".

    Examples
    --------
    >>> heading("n_customers"), heading("acquired_at"), heading("last_order_on"), heading("margin"), heading("n")
    ('Customers', 'Acquired', 'Last order', 'Margin', 'Counted')
    """
    words = name.removeprefix("n_").removesuffix("_at").removesuffix("_on").replace("_", " ").strip()
    return _TERSE.get(name) or sentence_case(words) or name


def table(
    frame: pd.DataFrame,
    title: str,
    *,
    subtitle: str = "",
    caption: str = "",
    units: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
    settings: Settings | None = None,
    max_rows: int = 200,
    shaded: Sequence[str] = (),
    barred: Sequence[str] = (),
    id: str = "",
) -> Fragment:
    """Return a frame as a table with a title that says what it shows.

    Parameters
    ----------
    frame : DataFrame
        Its first column names the rows; an index with a name becomes the first column. Rows of
        :func:`crmkit.metrics.engine.evaluate` are worded with their units.
    title, subtitle, caption : str
        The message; measure, population and period; a caveat below.
    units : mapping of column to unit, or None
        ``share``, ``money``, ``count``, ``days``, ``points``, ``per customer``, ``ratio``, or any word.
    labels : mapping of column to heading, or None
    settings : Settings or None
    max_rows : int
        Rows shown; the page says how many are left out.
    shaded : sequence of str
        Columns of one unit whose cells are shaded from the smallest number to the largest: a heat map, cohorts.
    barred : sequence of str
        Columns of one unit with a bar beside each number, from zero.
    id : str
        Name for links to it.

    Returns
    -------
    Fragment

    Examples
    --------
    >>> table(pd.DataFrame({"channel": ["search"], "lost": [0.051]}), "Lost by channel", units={"lost": "share"})
    <crmkit table: Lost by channel>
    """
    _check_names(frame, [*(units or {}), *(labels or {}), *shaded, *barred])
    worded = worded_table(
        frame, title, units=units, labels=labels, settings=settings, max_rows=max_rows, shaded=shaded, barred=barred
    )
    return drawn(
        "table",
        f"table: {title}",
        table=worded,
        title=title,
        subtitle=subtitle,
        caption=caption,
        empty="No rows.",
        id=id,
    )


def numbers(values: pd.Series, unit: str, currency: str | None, beside: pd.Series | None = None) -> list[str]:
    """Return the numbers of a column in words, with the digits that ``beside`` asks for, where that is given.

    Examples
    --------
    >>> gained, whole = pd.Series([68.2, 9.5]), pd.Series([68.2, 239.0])
    >>> numbers(gained, "money", "EUR"), numbers(gained, "money", "EUR", beside=whole)
    (['€68.20', '€9.50'], ['€68', '€10'])
    >>> numbers(pd.Series([384_310.0, 1_240_000.0]), "money", "EUR")  # as a sentence writes them
    ['€384,000', '€1.24 million']
    """
    known = [float(value) for value in (values if beside is None else beside) if is_number(value)]
    # One scale for the column, so that its digits line up: the digits of the largest, more if a smaller one needs them.
    scale = scale_for(unit or "number", max(known, key=abs, default=0.0), currency=currency, significant=3)
    if unit not in ("money", "count") and known:
        largest = abs(max(known, key=abs)) * scale.factor
        room = 2 - floor(log10(largest)) if largest else 0
        needed = max(scale_for(unit or "number", value, significant=3).decimals for value in known)
        scale = replace(scale, decimals=2 if unit == "ratio" else max(0, min(room, needed)))
    scale = replace(scale, suffix="") if unit in ("", "ratio") else scale
    return [_sized(scale, float(value)).words(float(value)) if is_number(value) else EMPTY for value in values]


def intervals(lows: Sequence[str], highs: Sequence[str]) -> list[str]:
    """Return the intervals between numbers in words; those that are not known are open.

    Examples
    --------
    >>> intervals(["5.8 %", "€350", "–", "3 days"], ["65.2 %", "€1,420", "–", "–"])
    ['5.8 to 65.2 %', '€350 to €1,420', '–', '3 days or more']
    """
    return [_interval(low, high) for low, high in zip(lows, highs, strict=True)]


def with_interval(row: Any, currency: str | None) -> str:
    """Return the value of an evaluated row in words, with its 95 % interval where it has one.

    Examples
    --------
    >>> with_interval(pd.Series({"unit": "share", "value": 0.051, "low": 0.038, "high": 0.064}), None)
    '5.1 % (3.8 to 6.4 %)'
    """
    scale = scale_of(row, currency)
    interval = scale.interval(row.low, row.high)
    return f"{scale.words(row.value)} ({interval})" if interval else scale.words(row.value)


def in_three_digits(amounts: pd.Series) -> pd.Series:
    """Return amounts with three significant digits: more than that no forecast knows.

    Examples
    --------
    >>> in_three_digits(pd.Series([113_381.2, 0.0, 4_315.7])).tolist()
    [113000.0, 0.0, 4320.0]
    """
    return amounts.map(lambda amount: float(f"{amount:.3g}"))


def rounded_together(amount: float, low: float, high: float) -> tuple[float, float, float]:
    """Return an amount of money and its interval to the digits with which a sentence says them.

    Examples
    --------
    >>> rounded_together(10_186.3, 8_146.9, 12_612.4)
    (10200.0, 8100.0, 12600.0)
    """
    scale = scale_for("money", amount, low=low, high=high)
    amount, low, high = (round(each * scale.factor, scale.decimals) / scale.factor for each in (amount, low, high))
    return amount, low, high


def cell(value: Any, empty: str = EMPTY) -> str:
    """Return anything that is no number of a unit in words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and not is_number(value)):
        return empty
    if isinstance(value, date):  # timestamps too
        return f"{value.day} {MONTH_NAMES[value.month - 1][:3]} {value.year}".replace(" ", "\N{NO-BREAK SPACE}")
    if is_number(value):
        return f"{value:,}".replace("-", MINUS)
    return str(value)


def period_words(value: Any) -> str:
    """Return a period as it is called; anything else as it is."""
    try:
        return Period.parse(str(value)).label
    except CrmkitError:
        return cell(value)


def _inside(label: str) -> str:
    """Return a heading as it stands inside a sentence: names of months keep their capital."""
    return label if label.partition(" ")[0] in MONTH_NAMES else mid_sentence(label)


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


def _worded_column(
    values: pd.Series, unit: str, currency: str | None, *, is_first: bool, beside: pd.Series | None = None
) -> list[str]:
    if unit or pd.api.types.is_float_dtype(values):
        return numbers(values, unit, currency, beside)
    if values.name == "period":
        return [period_words(value) for value in values]
    return [cell(value, _UNNAMED if is_first else EMPTY) for value in values]


def _beside(flat: pd.DataFrame, name: Any, units: Mapping[str, str]) -> pd.Series | None:
    """Return the numbers of a value of money and of its interval, which are to have the same digits; else None."""
    names = list(flat.columns)
    if not {"low", "high"} <= set(names) or names.index("low") == 0:
        return None
    together = [names[names.index("low") - 1], "low", "high"]
    if name not in together or any(units.get(each) != "money" for each in together):
        return None
    return pd.concat([flat[each] for each in together])


def _kind(values: pd.Series, words: list[str]) -> str:
    if pd.api.types.is_numeric_dtype(values):
        return "number"
    longest = max((len(each) for each in words), default=0)  # on a phone it would be one word wide
    steps = ((_SHORT, "text short"), (_WORDY, "text"), (_LONG, "text wordy"))
    return next((kind for most, kind in steps if longest <= most), "text long")


def _join_ends(place: int, label: str, heads: list[Column], columns: list[list[str]]) -> None:
    """Put the two ends of an interval, which stand side by side, into one column."""
    columns[place : place + 2] = [intervals(columns[place], columns[place + 1])]
    heads[place : place + 2] = [Column(label, _INTERVAL_KIND)]


def _shares(flat: pd.DataFrame, names: Sequence[str], *, from_zero: bool) -> dict[int, list[float | None]]:
    """Return where each number of the columns lies between the smallest (or zero) and the largest of all of them."""
    if not names:
        return {}
    numbers = flat[list(names)].astype(float)
    low, high = 0.0 if from_zero else float(numbers.min().min()), float(numbers.max().max())
    placed = ((numbers - low) / (high - low if high > low else 1.0)).clip(0, 1)
    order = list(flat.columns)
    return {order.index(name): [float(v) if is_number(v) else None for v in placed[name]] for name in names}


def _check_names(frame: pd.DataFrame, names: Sequence[str]) -> None:
    known = {str(name) for name in (*frame.columns, *frame.index.names) if name is not None}
    if unknown := [name for name in names if name not in known]:
        raise CrmkitError(f"The table has no column '{unknown[0]}'. Known: {', '.join(sorted(known))}.")


def _sized(scale: Scale, value: float) -> Scale:
    """Return the scale of a column, or for an amount too small for its millions or billions one that fits: "€384,000"."""
    if scale.factor >= 1 or abs(value) * scale.factor >= 0.9995:  # no "€1,000,000" beside "€1.24 million"
        return scale
    for limit, word in LARGE:
        if limit < 1 / scale.factor and (size := abs(value) / limit) >= 0.9995:
            return replace(scale, factor=1 / limit, decimals=max(0, 2 - floor(log10(size) + 1e-9)), suffix=word)
    digits = 2 - floor(log10(abs(value))) if value else 0
    return replace(scale, factor=1.0, decimals=min(0, digits), suffix="")


def _interval(low: str, high: str) -> str:
    if high == EMPTY:
        return low if low == EMPTY else f"{low} or more"
    if low in (EMPTY, high):
        return high if low == high else f"up to {high}"
    number, _, unit = low.partition(" ")
    return f"{number if unit and high.endswith(f' {unit}') else low} to {high}"
