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
from crmkit.predictions.track_record.statements import Statement, add_statements, read_statements
from crmkit.sources.store.store import found_store
from crmkit.tables.arguments import checked
from crmkit.tables.catalog import Catalog

_MONTHS = 6
_COLUMNS = [
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
    if through is None:
        return 0
    rows = ahead(catalog, months=_MONTHS, as_of=as_of)
    rows = rows[(rows["kind"] == "month") & (rows["status"] == "ok")]
    past = past_months(catalog, AHEAD, as_of)
    today = date.today().isoformat()
    said = []
    for row in rows.to_dict("records"):
        naive = naive_forecast(past[row["metric"]].values, _MONTHS)
        said.append(
            Statement(
                as_of=as_of.isoformat(),
                said_on=today,
                data_through=through.isoformat(),
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
    return add_statements(store, said)


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
        One row per statement, the oldest first: metric, label, unit, period [text], as_of, said_on [day], step (months
        ahead), value, low_80, high_80, low, high, naive (the same month a year before, else the last one) [unit], in_time
        (whether it was made before the data held the month), actual [unit, empty as long as the month is not over],
        inside_80, inside (the interval of 95 %), missed, naive_missed (distance from what came) [unit].

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
    metrics = tuple(dict.fromkeys(each.metric for each in statements if each.metric in CARDS))
    past = past_months(whole, metrics, day)
    came = {
        (metric, str(each.first.shift(place))): float(value)
        for metric, each in past.items()
        for place, value in enumerate(each.values)
    }
    rows = [_scored(each, came.get((each.metric, each.period), np.nan)) for each in statements if each.metric in CARDS]
    return pd.DataFrame(rows, columns=_COLUMNS)


def _scored(said: Statement, actual: float) -> dict[str, Any]:
    card, known = CARDS[said.metric], np.isfinite(actual)
    row = {name: getattr(said, name) for name in _COLUMNS if hasattr(said, name)}
    row |= {"label": card.label, "unit": card.unit, "actual": actual}
    row["in_time"] = said.data_through < (Period.parse(said.period).end - timedelta(days=1)).isoformat()
    row["inside_80"] = said.low_80 <= actual <= said.high_80 if known else None
    row["inside"] = said.low <= actual <= said.high if known else None
    return row | {"missed": abs(actual - said.value), "naive_missed": abs(actual - said.naive)}


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
    >>> row = {"in_time": True, "label": "Orders", "actual": 10.0, "inside_80": True, "inside": True}
    >>> record_summary(pd.DataFrame([row | {"missed": 1.0, "naive_missed": 3.0}]))["missed"].tolist()
    [0.1]
    """
    scored = record[record["actual"].notna()]
    rows = []
    for (in_time, label), own in scored.groupby(["in_time", "label"], sort=False):
        size = float(own["actual"].abs().mean()) or np.nan
        shares = [float(own[name].astype(float).mean()) for name in ("inside_80", "inside")]
        rows.append(
            [in_time, label, len(own), *shares, *(own[name].mean() / size for name in ("missed", "naive_missed"))]
        )
    columns = ["in_time", "label", "n", "inside_80", "inside", "missed", "naive_missed"]
    return pd.DataFrame(rows, columns=columns).sort_values("in_time", ascending=False, kind="stable", ignore_index=True)
