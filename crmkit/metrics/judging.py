"""An estimate put on every period and group that was asked for, with its status and the reason why there is none."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd

from crmkit.metrics.cards import Card
from crmkit.metrics.measures import Measure
from crmkit.metrics.nouns import none_of
from crmkit.periods import Period
from crmkit.tables.catalog import Catalog


def judged(
    card: Card, measure: Measure, estimate: pd.DataFrame, asked: list[Period], columns: list[str], catalog: Catalog
) -> pd.DataFrame:
    """Put an estimate on every period and group asked for, with status and reason."""
    text = {period.ordinal: str(period) for period in asked}
    grid = pd.DataFrame({"period": list(text)})
    if columns:
        groups = estimate.loc[estimate["n"] > 0, columns].drop_duplicates().sort_values(columns)
        if groups.empty:  # a metric that was asked for is told of, whatever there is of it
            nothing = not_measured(card, f"{none_of(card.counted)} in any group", asked, columns)
            return nothing.assign(status="no data")
        grid = grid.merge(groups, how="cross")
    rows = grid.merge(estimate, on=["period", *columns], how="left")
    outside = _outside(catalog, measure, asked)
    missing = rows["value"].isna() | rows["n"].isna() | rows["period"].isin(outside)
    not_reached = missing & (rows.get("at_risk", pd.Series(0.0, index=rows.index)) > 0)
    few = ~missing & (rows["units"].astype(float) < measure.minimum)
    rows["status"] = np.select([not_reached, missing, few], ["not reached", "no data", "too few"], "ok")
    rows["reason"] = np.select(
        [missing, few], [f"{none_of(card.counted)} in this period", _few(card, measure, rows["n"])], ""
    )
    if "because" in rows:  # the measure knows better why there is no number
        rows["reason"] = rows["because"].where(missing & rows["because"].notna(), rows["reason"])
    so_far = {p.ordinal: f"so far: {days} of {p.n_days} days" for p in asked if (days := catalog.days_so_far(p))}
    rows["reason"] = rows["reason"].where(rows["reason"] != "", rows["period"].map(so_far).fillna(""))
    rows["reason"] = rows["period"].map(outside).fillna(rows["reason"])
    rows.loc[missing, ["value", "low", "high"]] = np.nan
    rows["n"] = rows["n"].astype(float).fillna(0).astype("int64")
    rows["period"] = rows["period"].map(text)
    return rows.assign(metric=card.name, unit=card.unit)[_columns(columns)]


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


def _few(card: Card, measure: Measure, n: pd.Series) -> pd.Series:
    what = "customers" if measure.minimum >= 100 else card.counted
    below = f"the interval is rough below {measure.minimum} {what}"
    # Twenty visitors of two days are two cases: with 20 above it "below 10" would read as a mistake.
    alike = "the interval is rough: too few of them came apart from each other"
    return pd.Series(np.where(n.astype(float) >= max(measure.minimum, 1), alike, below), index=n.index)


def not_measured(card: Card, reason: str, asked: list[Period], columns: list[str]) -> pd.DataFrame:
    """Return a row without a number for each period, with the reason."""
    empty = {"value": np.nan, "low": np.nan, "high": np.nan, "n": 0, "unit": card.unit}
    groups = dict.fromkeys(columns, "")
    rows = pd.DataFrame({"period": [str(period) for period in asked]})
    return rows.assign(metric=card.name, **groups, **empty, status="not measured", reason=reason)[_columns(columns)]


def _columns(by: list[str]) -> list[str]:
    return ["metric", "period", *by, "value", "low", "high", "n", "unit", "status", "reason"]
