"""What is said of today's customers and of changes, as statements: losses, orders, money, and verdicts that are real."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
import pandas as pd

from crmkit.errors import NotMeasured
from crmkit.features.point_in_time import as_known_on
from crmkit.metrics.card import cards
from crmkit.metrics.engine.evaluate import evaluate
from crmkit.metrics.scorecard import scorecard
from crmkit.periods import Period, months_before
from crmkit.predictions.futures.outcome import outcome
from crmkit.predictions.futures.possible import possible_futures
from crmkit.predictions.track_record.statements import Statement
from crmkit.predictions.value.payments import payments_until, shoppers, subscriptions
from crmkit.tables.catalog import Catalog

_SIDES = {"low": 0.025, "low_80": 0.1, "high_80": 0.9, "high": 0.975}
AFTER = 3  # months after a change by which its verdict is scored
_DAY = timedelta(days=1)


class Said(NamedTuple):
    """A kind of statement: how it is called, and its unit."""

    label: str
    unit: str


#: Totals of the possible futures that pages print.
OF_CUSTOMERS = {
    "leave": Said("Expected losses", "count"),
    "order_soon": Said("Customers with a next order", "count"),
    "orders_soon": Said("Orders of known customers", "count"),
    "money_year": Said("Money of known customers in 12 months", "money"),
}


def customer_statements(catalog: Catalog, as_of: date, said_on: str) -> list[Statement]:
    """Return what is said of today's customers, each beside what the time before, as long, had brought.

    Parameters
    ----------
    catalog : Catalog
        Of all customers.
    as_of : date
    said_on : str
    """
    try:
        futures = possible_futures(catalog, as_of)
    except NotMeasured:
        return []
    soon, year = as_of + timedelta(days=futures.days), months_before(as_of, -12)
    before = {what: _came(catalog, _shifted(what, as_of, futures.days), what, futures.days) for what in OF_CUSTOMERS}
    statements = []
    for what in OF_CUSTOMERS:
        drawn = futures.totals[what].to_numpy(float)
        sides = {name: float(np.quantile(drawn, share)) for name, share in _SIDES.items()}
        end = year if what.endswith("year") else soon
        statements.append(
            Statement(
                as_of=as_of.isoformat(),
                said_on=said_on,
                data_through=str(catalog.data_through),
                metric=what,
                period=f"{as_of + _DAY}..{end}",
                step=0,
                value=float(drawn.mean()),
                naive=before[what],
                kind="customers",
                **sides,
            )
        )
    return statements


def _shifted(what: str, as_of: date, silent: int) -> date:
    """Return the day before the time before, as long as that of a statement."""
    return months_before(as_of, 12) if what.endswith("year") else as_of - timedelta(days=silent)


def _came(catalog: Catalog, day: date, what: str, silent: int, until: date | None = None) -> float:
    """Return what customers of a day did after it, as far as known ``until``; NaN where that is not known yet."""
    if catalog.data_from is None or day < catalog.data_from:
        return float("nan")
    rows = shoppers(payments_until(catalog, day), day)
    if rows.empty:
        return float("nan")
    terms = subscriptions(catalog, day)
    subscribing = rows.index.isin(terms.loc[terms["runs"].astype(bool), "customer_id"])
    end = months_before(day, -12) if what.endswith("year") else day + timedelta(days=silent)
    return outcome(catalog, rows.assign(subscribes=subscribing), day, until or end, silent)[what]


def what_came(catalog: Catalog, said: Statement, until: date) -> float:
    """Return what came of a statement on customers, as known on a day; NaN as long as its time is not over."""
    start, end = (date.fromisoformat(each) for each in said.period.split(".."))
    if end > until or said.metric not in OF_CUSTOMERS:
        return float("nan")
    return _came(catalog, start - _DAY, said.metric, (end - start).days + 1, until)


def verdict_statements(catalog: Catalog, as_of: date, said_on: str) -> list[Statement]:
    """Return the changes of the last whole month that are called real: value, and in ``naive`` the value before.

    Parameters
    ----------
    catalog : Catalog
        Of all customers.
    as_of : date
        The last day of a month; of another day nothing is said.
    said_on : str
    """
    month = Period.containing(as_of, "month")
    if month.end - _DAY != as_of:
        return []
    known = catalog if as_of == catalog.data_through else as_known_on(catalog, as_of)
    names = [card.name for card in cards() if card.headline and card.news and card.better != "neither"]
    rows = scorecard(known, month, metrics=names)
    real = rows.loc[rows["verdict"] == "real", ["metric", "value", "low", "high", "previous_value"]].to_dict("records")
    return [
        Statement(
            as_of=as_of.isoformat(),
            said_on=said_on,
            data_through=str(catalog.data_through),
            metric=str(row["metric"]),
            period=str(month),
            step=0,
            value=float(row["value"]),
            low_80=float("nan"),
            high_80=float("nan"),
            low=float(row["low"]),
            high=float(row["high"]),
            naive=float(row["previous_value"]),
            kind="verdict",
        )
        for row in real
    ]


def months_after(catalog: Catalog, statements: list[Statement], until: date) -> dict[tuple[str, str], float]:
    """Return the mean of the three months after each change that was called real, where they are over.

    A month counts with its value per day where a number grows with the length of a month.
    """
    wanted: dict[str, list[Period]] = {}
    for each in statements:
        months = [Period.parse(each.period).shift(step) for step in range(1, AFTER + 1)]
        if months[-1].end - _DAY <= until:
            wanted.setdefault(each.metric, []).append(Period.parse(each.period))
    if not wanted:
        return {}
    known = catalog if until == catalog.data_through else as_known_on(catalog, until)
    asked = sorted({p.shift(step) for own in wanted.values() for p in own for step in range(1, AFTER + 1)}, key=str)
    rows = evaluate(known, list(wanted), asked).set_index(["metric", "period"])["value"]
    found = {}
    for metric, own in wanted.items():
        (card,) = cards(metric)
        for month in own:
            after = [month.shift(step) for step in range(1, AFTER + 1)]
            longer = [month.n_days / each.n_days if card.additive or card.per_day else 1.0 for each in after]
            values = [rows.get((metric, str(each)), np.nan) for each in after]
            found[metric, str(month)] = float(np.mean(np.array(values, dtype=float) * np.array(longer)))
    return found


def held(said: Statement, after: float) -> bool | None:
    """Return whether a change that was called real lasted: the months after lie on its side of the value before.

    Examples
    --------
    >>> sides = dict.fromkeys(("low_80", "high_80", "low", "high"), 0.0)
    >>> rose = Statement("2026-01-31", "", "", "nps", "2026-01", 0, value=50.0, naive=40.0, kind="verdict", **sides)
    >>> held(rose, 45.0), held(rose, 39.0), held(rose, float("nan"))
    (True, False, None)
    """
    return None if pd.isna(after) else (after - said.naive) * (said.value - said.naive) > 0
