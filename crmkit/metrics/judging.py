"""An estimate put on every period and group that was asked for, with its status and the reason why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import pandas as pd

from crmkit.metrics.cards import Card
from crmkit.metrics.measures import Measure
from crmkit.metrics.nouns import none_of
from crmkit.periods import Period
from crmkit.tables.catalog import Catalog

_NUMBERS = ("value", "low", "high", "n", "units", "at_risk")


def judged(
    found: Sequence[tuple[Card, Measure | str, pd.DataFrame]], asked: list[Period], columns: list[str], catalog: Catalog
) -> pd.DataFrame:
    """Put estimates on every period and group asked for, with status and reason, in the order of their cards.

    All cards at once: one by one, to name what is missing takes as long as to add up.

    Parameters
    ----------
    found : sequence of (Card, Measure or str, DataFrame)
        Each card with its measure and its estimate, or with the reason why it cannot be measured.
    asked : list of Period
    columns : list of str
        Of the groups.
    catalog : Catalog
    """
    parts = []
    for place, (card, measure, estimate) in enumerate(found):
        if isinstance(measure, str):
            part = not_measured(card, measure, asked, columns)
        else:
            part = _on_grid(card, measure, estimate, asked, columns, catalog)
        parts.append(part.assign(place=place))
    told = [part for part in parts if "nothing" not in part]
    rows = [part for part in parts if "nothing" in part]
    told += [_with_status(pd.concat(rows, ignore_index=True), asked, catalog)] if rows else []
    together = pd.concat([part.astype(dict.fromkeys(("value", "low", "high"), float)) for part in told])
    return together.sort_values("place", kind="stable", ignore_index=True)[_columns(columns)]


def _on_grid(
    card: Card, measure: Measure, estimate: pd.DataFrame, asked: list[Period], columns: list[str], catalog: Catalog
) -> pd.DataFrame:
    """Return a row for each period and group, with what its status and reason are told from."""
    grid = pd.DataFrame({"period": [period.ordinal for period in asked]})
    if columns:
        groups = estimate.loc[estimate["n"] > 0, columns].drop_duplicates().sort_values(columns)
        if groups.empty:  # a metric that was asked for is told of, whatever there is of it
            nothing = not_measured(card, f"{none_of(card.counted)} in any group", asked, columns)
            return nothing.assign(status="no data")
        grid = grid.merge(groups, how="cross")
        rows = grid.merge(estimate, on=["period", *columns], how="left")
    else:
        rows = estimate.set_index("period").reindex(grid["period"]).reset_index()
    outside = _outside(catalog, measure, asked)
    numbers = {name: rows[name].to_numpy(dtype=float, na_value=np.nan) for name in _NUMBERS if name in rows}
    return pd.DataFrame({
        **{name: rows[name] for name in ("period", *columns)},
        **dict.fromkeys(_NUMBERS, np.nan), **numbers,
        "because": rows["because"].fillna("") if "because" in rows else "",
        "outside": [outside.get(ordinal, "") for ordinal in rows["period"]],
        "minimum": float(measure.minimum),
        "nothing": f"{none_of(card.counted)} in this period",
        "rough": f"the interval is rough below {measure.minimum} {_what(card, measure)}",
        "metric": card.name,
        "unit": card.unit,
    })  # fmt: skip


def _with_status(rows: pd.DataFrame, asked: list[Period], catalog: Catalog) -> pd.DataFrame:
    # Twenty visitors of two days are two cases: with 20 above it "below 10" would read as a mistake.
    alike = "the interval is rough: too few of them came apart from each other"
    few_words = rows["rough"].where(rows["n"] < rows["minimum"].clip(lower=1), alike)
    missing = rows["value"].isna() | rows["n"].isna() | (rows["outside"] != "")
    few = ~missing & (rows["units"] < rows["minimum"])
    status = np.select([missing & (rows["at_risk"] > 0), missing, few], ["not reached", "no data", "too few"], "ok")
    reason = pd.Series(np.select([missing, few], [rows["nothing"], few_words], ""), index=rows.index)
    reason = reason.mask(missing & (rows["because"] != ""), rows["because"])  # the measure knows better
    so_far = {p.ordinal: f"so far: {days} of {p.n_days} days" for p in asked if (days := catalog.days_so_far(p))}
    reason = reason.where(reason != "", rows["period"].map(so_far).fillna(""))
    reason = reason.mask(rows["outside"] != "", rows["outside"])
    rows.loc[missing, ["value", "low", "high"]] = np.nan
    text = {period.ordinal: str(period) for period in asked}
    return rows.assign(
        n=rows["n"].fillna(0).astype("int64"), period=rows["period"].map(text), status=status, reason=reason
    )


def _outside(catalog: Catalog, measure: Measure, asked: list[Period]) -> dict[int, str]:
    """Return why the data cannot speak of some of the periods, by ordinal."""
    through, first = catalog.data_through, catalog.data_from
    reasons = {}
    for period in asked:
        if through and period.start > through:
            reasons[period.ordinal] = f"the data end on {through}"
        elif first and period.end <= first:
            reasons[period.ordinal] = f"the data begin on {first}"
        elif first and measure.unseen_days and period.start < first + timedelta(days=measure.unseen_days):
            reasons[period.ordinal] = f"this shows only after {measure.unseen_days} days of data"
    return reasons


def _what(card: Card, measure: Measure) -> str:
    return "customers" if measure.minimum >= 100 else card.counted


def not_measured(card: Card, reason: str, asked: list[Period], columns: list[str]) -> pd.DataFrame:
    """Return a row without a number for each period, with the reason."""
    empty = {"value": np.nan, "low": np.nan, "high": np.nan, "n": 0, "unit": card.unit}
    groups = dict.fromkeys(columns, "")
    rows = pd.DataFrame({"period": [str(period) for period in asked]})
    return rows.assign(metric=card.name, **groups, **empty, status="not measured", reason=reason)[_columns(columns)]


def _columns(by: list[str]) -> list[str]:
    return ["metric", "period", *by, "value", "low", "high", "n", "unit", "status", "reason"]
