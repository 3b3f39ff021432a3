"""Keep what is said of the months ahead when a report is made, and score it when the months have come."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from crmkit.metrics.card import CARDS
from crmkit.periods import DayLike, Period, last_day
from crmkit.predictions.ahead.back_test import naive_forecast
from crmkit.predictions.ahead.months_ahead import AHEAD, ahead
from crmkit.predictions.ahead.past_months import past_months
from crmkit.predictions.track_record.of_customers import (
    AFTER,
    OF_CUSTOMERS,
    customer_statements,
    held,
    months_after,
    verdict_statements,
    what_came,
)
from crmkit.predictions.track_record.statements import Statement, add_statements, read_statements
from crmkit.sources.store.store import found_store
from crmkit.tables.arguments import checked
from crmkit.tables.catalog import Catalog

_MONTHS = 6
_KINDS = ("month", "customers", "verdict")
_COLUMNS = [
    "kind",
    "metric",
    "label",
    "unit",
    "period",
    "as_of",
    "said_on",
    "step",
    "value",
    "low_80",
    "high_80",
    "low",
    "high",
]
_COLUMNS += ["naive", "in_time", "actual", "inside_80", "inside", "missed", "naive_missed"]


def keep_statements(catalog: Catalog, store: Path, as_of: date) -> int:
    """Keep what is said on a day of the months ahead; what was said of it before stays.

    Parameters
    ----------
    catalog : Catalog
        Of all customers.
    store : Path
        Its folder.
    as_of : date

    Returns
    -------
    int
        How many statements were added.
    """
    through = catalog.data_through
    if through is None or as_of.isoformat() in {each.as_of for each in read_statements(store)}:
        return 0
    today = date.today().isoformat()
    said = _of_months(catalog, as_of, today, through.isoformat())
    said += customer_statements(catalog, as_of, today)
    said += verdict_statements(catalog, as_of, today)
    return add_statements(store, said)


def _of_months(catalog: Catalog, as_of: date, today: str, through: str) -> list[Statement]:
    rows = ahead(catalog, months=_MONTHS, as_of=as_of)
    rows = rows[(rows["kind"] == "month") & (rows["status"] == "ok")]
    past = past_months(catalog, AHEAD, as_of)
    said = []
    for row in rows.to_dict("records"):
        naive = naive_forecast(past[row["metric"]].values, _MONTHS)
        said.append(
            Statement(
                as_of=as_of.isoformat(),
                said_on=today,
                data_through=through,
                metric=str(row["metric"]),
                period=str(row["period"]),
                step=int(row["step"]),
                value=float(row["value"]),
                low_80=float(row["low_80"]),
                high_80=float(row["high_80"]),
                low=float(row["low"]),
                high=float(row["high"]),
                naive=float(naive[int(row["step"]) - 1]),
            )
        )
    return said


@checked
def track_record(catalog: Catalog, *, as_of: DayLike | None = None) -> pd.DataFrame:
    """Return what reports have said of months to come, and how it held where the month is over.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`; one of frames keeps no record.
    as_of : str or date, optional
        What was said by this day, and scored by what was known on it; without it the last day of the data.

    Returns
    -------
    DataFrame
        One row per statement, the oldest first: kind ("month": a number of a month to come; "customers": what customers of
        that day do in the time of ``period``; "verdict": a change that was called real), metric, label, unit, period
        [text], as_of, said_on [day], step (months ahead), value, low_80, high_80, low, high, naive (the same month a year
        before, else the last one; of customers what as long a time before had brought; of a verdict the value before)
        [unit], in_time (whether it was made before the data held its time), actual [unit, empty as long as its time is not
        over; of a verdict the mean of the three months after], inside_80, inside (the interval of 95 %; of a verdict
        whether these months lie on the same side of the value before), missed, naive_missed (distance from what came)
        [unit].

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1"], "ordered_at": ["2026-10-02"], "revenue": [30.0]})
    >>> ck.track_record(ck.connect({"orders": orders})).empty
    True
    """
    whole = catalog.whole
    day = as_of or last_day(whole.data_through, None)
    statements = [each for each in _statements_of(whole) if each.as_of <= day.isoformat()]
    if not statements:
        return pd.DataFrame(columns=_COLUMNS)
    came = _what_came(whole, statements, day)
    rows = [_scored(each, came.get(each.key, np.nan)) for each in statements if _is_known(each)]
    return pd.DataFrame(rows, columns=_COLUMNS)


def _is_known(said: Statement) -> bool:
    """Return whether this version still has the number that a statement is about."""
    return said.metric in (OF_CUSTOMERS if said.kind == "customers" else CARDS)


def _what_came(catalog: Catalog, statements: list[Statement], day: date) -> dict[tuple[str, ...], float]:
    """Return what came of each statement whose time is over, by its key."""
    by_kind = {kind: [each for each in statements if each.kind == kind and _is_known(each)] for kind in _KINDS}
    past = past_months(catalog, tuple(dict.fromkeys(each.metric for each in by_kind["month"])), day)
    came = {
        (metric, str(each.first.shift(place))): float(value)
        for metric, each in past.items()
        for place, value in enumerate(each.values)
    }
    found: dict[tuple[str, ...], float] = {
        each.key: came.get((each.metric, each.period), np.nan) for each in by_kind["month"]
    }
    found |= {each.key: what_came(catalog, each, day) for each in by_kind["customers"]}
    after = months_after(catalog, by_kind["verdict"], day)
    return found | {each.key: after.get((each.metric, each.period), np.nan) for each in by_kind["verdict"]}


def _scored(said: Statement, actual: float) -> dict[str, Any]:
    about = OF_CUSTOMERS[said.metric] if said.kind == "customers" else CARDS[said.metric]
    known = np.isfinite(actual)
    row = {name: getattr(said, name) for name in _COLUMNS if hasattr(said, name)}
    row |= {"label": about.label, "unit": about.unit, "actual": actual}
    row["in_time"] = said.data_through < _end_of(said)
    if said.kind == "verdict":  # it has no band: it lasts or not, and the guess is that nothing changed
        lasted = held(said, actual)
        return row | {"inside_80": None, "inside": lasted, "missed": np.nan, "naive_missed": np.nan}
    row["inside_80"] = said.low_80 <= actual <= said.high_80 if known else None
    row["inside"] = said.low <= actual <= said.high if known else None
    return row | {"missed": abs(actual - said.value), "naive_missed": abs(actual - said.naive)}


def _end_of(said: Statement) -> str:
    """Return the last day of the time by which a statement is scored."""
    if said.kind == "customers":
        return said.period.partition("..")[2]
    month = Period.parse(said.period)
    return ((month.shift(AFTER) if said.kind == "verdict" else month).end - timedelta(days=1)).isoformat()


def _statements_of(catalog: Catalog) -> list[Statement]:
    if catalog.cache is None:
        return []
    folder = catalog.settings.path("store")
    return read_statements(folder if catalog.settings.database else found_store(folder) or folder)


def record_summary(record: pd.DataFrame) -> pd.DataFrame:
    """Return by number how its statements have held, those made in time apart from those made afterwards.

    Parameters
    ----------
    record : DataFrame
        From :func:`crmkit.track_record`.

    Returns
    -------
    DataFrame
        One row per in_time and metric that has scored statements: in_time, label, n [count], inside_80, inside [share],
        missed, naive_missed (mean distance, as a share of what came).

    Examples
    --------
    >>> row = {"kind": "month", "in_time": True, "label": "Orders", "actual": 10.0, "inside_80": True, "inside": True}
    >>> record_summary(pd.DataFrame([row | {"missed": 1.0, "naive_missed": 3.0}]))["missed"].tolist()
    [0.1]
    """
    scored = record[record["actual"].notna() & (record["kind"] != "verdict")]
    rows = []
    for (in_time, label), own in scored.groupby(["in_time", "label"], sort=False):
        size = float(own["actual"].abs().mean()) or np.nan
        shares = [float(own[name].astype(float).mean()) for name in ("inside_80", "inside")]
        rows.append(
            [in_time, label, len(own), *shares, *(own[name].mean() / size for name in ("missed", "naive_missed"))]
        )
    columns = ["in_time", "label", "n", "inside_80", "inside", "missed", "naive_missed"]
    return pd.DataFrame(rows, columns=columns).sort_values("in_time", ascending=False, kind="stable", ignore_index=True)
