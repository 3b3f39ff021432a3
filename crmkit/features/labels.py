"""Who could leave within a horizon, and who did: by the same spells of activity as the churn rate."""

from __future__ import annotations

from datetime import date, timedelta

import ibis.expr.types as ir
import pandas as pd

from crmkit.features.cut import as_known_on
from crmkit.tables.catalog import Catalog
from crmkit.tables.expressions import Day, constant_day, day
from crmkit.tables.questions import answer


def labels(
    catalog: Catalog, as_of: date, horizon: int | None = None, *, ends_on: pd.Series | None = None
) -> pd.DataFrame:
    """Return the customers at risk on a day, and whether they left within the horizon.

    A customer is at risk if she is active on the day, and her activity, as it was known then, would end within the
    horizon unless she orders or renews: each shopper is, a subscriber only if her term ends in time. Who had given
    notice by the day is listed as such, and is not at risk any more: that she leaves is known.

    Parameters
    ----------
    catalog : Catalog
    as_of : date
        Last day whose data is used to tell who is at risk.
    horizon : int, optional
        Days ahead [days]; by default ``churn_after_days`` of the settings.
    ends_on : Series, optional
        Indexed by customer_id: when the activity of those active on the day ends, as it was known then, where that is at
        hand from :func:`crmkit.features.snapshot.snapshot_with_ends`.

    Returns
    -------
    DataFrame
        Indexed by customer_id: kind ("at risk" or "notice given"), ends_on (as known on the day), lost (1.0, 0.0; NaN
        while the data do not yet reach the end of the horizon).

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1", "2", "3"], "customer_id": ["a", "b", "b"], "revenue": 20.0,
    ...                        "ordered_at": ["2026-03-01", "2026-03-01", "2026-04-20"]})
    >>> labels(ck.connect({"orders": orders}), date(2026, 3, 31))["lost"].tolist()
    [nan, nan]
    >>> settings = ck.Settings(data={"through": "2026-08-31"})
    >>> labels(ck.connect({"orders": orders}, settings), date(2026, 3, 31))["lost"].tolist()
    [1.0, 0.0]
    """
    days = horizon or catalog.settings.company.churn_after_days
    until = as_of + timedelta(days=days)
    told = answer(catalog, _active_as_known, as_of) if ends_on is None else ends_on.reset_index()
    rows = _by_customer(told)
    rows = rows[rows["ends_on"] <= pd.Timestamp(until)]
    notice = _with_notice(catalog, as_of)
    rows["kind"] = ["notice given" if customer in notice else "at risk" for customer in rows.index]
    through = catalog.data_through
    if through is None or through < until:
        return rows.assign(lost=float("nan"))[["kind", "ends_on", "lost"]]
    came = _by_customer(answer(catalog, _active, as_of))["ends_on"].reindex(rows.index)
    return rows.assign(lost=(came <= pd.Timestamp(until)).astype(float))[["kind", "ends_on", "lost"]]


def _active_as_known(catalog: Catalog, on: Day) -> ir.Table:
    return _active(as_known_on(catalog, on), on)


def _active(catalog: Catalog, on: Day) -> ir.Table:
    today = constant_day(on)
    spells = catalog.table("activity_spells")
    return spells.filter((spells.starts_on <= today) & (spells.ends_on > today)).select("customer_id", "ends_on")


def _by_customer(active: pd.DataFrame) -> pd.DataFrame:
    rows = active.set_index("customer_id").sort_index()
    return rows.assign(ends_on=pd.to_datetime(rows["ends_on"]))


def _with_notice(catalog: Catalog, on: date) -> set[str]:
    """Return the customers whose running term was cancelled by the day."""
    if "subscription_terms" not in catalog.names or "cancelled_at" not in catalog.table("subscription_terms").columns:
        return set()
    return set(answer(catalog, _notice_as_known, on)["customer_id"])


def _notice_as_known(catalog: Catalog, on: Day) -> ir.Table:
    t, today = as_known_on(catalog, on).table("subscription_terms"), constant_day(on)
    given = t.filter(t.cancelled_at.notnull() & (day(t.starts_at) <= today) & (day(t.ends_at) > today))
    return given.select("customer_id").distinct()
