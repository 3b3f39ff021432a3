"""Outcomes of customers: who was at risk of leaving and who left, and how long each stretch of activity lasted.

Both read the same spells of activity as the churn rate.
"""

from __future__ import annotations

from datetime import date, timedelta

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from crmkit.features.point_in_time import as_known_on
from crmkit.tables.catalog import Catalog
from crmkit.tables.day_queries import execute_for_day
from crmkit.tables.expressions import Day, constant_day, day, days_between
from crmkit.tables.unseen_renewals import unseen_of

MONTH = 365.25 / 12  # days
_AT_START = ("channel", "country")  # of customers: known when they come, and not changed later


def churn_labels(
    catalog: Catalog, as_of: date, horizon: int | None = None, *, ends_on: pd.Series | None = None
) -> pd.DataFrame:
    """Return the customers at risk on a day, and whether they left within the horizon.

    Customers are at risk if they are active on the day and their activity, as it was known then, would end within the
    horizon unless they order or renew. That holds for every shopper, and for subscribers whose term ends within it.
    Customers who had given notice by the day are listed apart: it is known that they leave.

    Parameters
    ----------
    catalog : Catalog
    as_of : date
        Last day whose data decides who is at risk.
    horizon : int, optional
        Days ahead [days]; by default ``churn_after_days`` of the settings.
    ends_on : Series, optional
        Indexed by customer_id: when the activity of those active on the day ends, as it was known then. It saves a query
        where :func:`crmkit.features.snapshot.snapshot_with_ends` has returned it already.

    Returns
    -------
    DataFrame
        Indexed by customer_id: kind ("at risk" or "notice given"), ends_on (as known on the day), lost (1.0, 0.0; NaN
        while the data do not yet reach the end of the horizon, and for subscribers whose term has ended while the next
        terms are not in the data: see :func:`crmkit.tables.unseen_renewals.unseen_of`).

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1", "2", "3"], "customer_id": ["a", "b", "b"], "revenue": 20.0,
    ...                        "ordered_at": ["2026-03-01", "2026-03-01", "2026-04-20"]})
    >>> churn_labels(ck.connect({"orders": orders}), date(2026, 3, 31))["lost"].tolist()
    [nan, nan]
    >>> settings = ck.Settings(data={"through": "2026-08-31"})
    >>> churn_labels(ck.connect({"orders": orders}, settings), date(2026, 3, 31))["lost"].tolist()
    [1.0, 0.0]
    """
    days = horizon or catalog.settings.company.churn_after_days
    until = as_of + timedelta(days=days)
    active = execute_for_day(catalog, _active_as_known, as_of) if ends_on is None else ends_on.reset_index()
    rows = _by_customer(active)
    rows = rows[rows["ends_on"] <= pd.Timestamp(until)]
    notice = _with_notice(catalog, as_of)
    rows["kind"] = ["notice given" if customer in notice else "at risk" for customer in rows.index]
    through = catalog.data_through
    if through is None or through < until:
        return rows.assign(lost=float("nan"))[["kind", "ends_on", "lost"]]
    ended = _by_customer(execute_for_day(catalog, _active, as_of))["ends_on"].reindex(rows.index)
    lost = (ended <= pd.Timestamp(until)).astype(float)
    unseen = _whose_renewal_is_unseen(catalog, until)
    return rows.assign(lost=lost.mask(rows.index.isin(unseen)))[["kind", "ends_on", "lost"]]


def _active_as_known(catalog: Catalog, on: Day) -> ir.Table:
    return _active(as_known_on(catalog, on), on)


def _active(catalog: Catalog, on: Day) -> ir.Table:
    today = constant_day(on)
    spells = catalog.table("activity_spells")
    return spells.filter((spells.starts_on <= today) & (spells.ends_on > today)).select("customer_id", "ends_on")


def _whose_renewal_is_unseen(catalog: Catalog, until: date) -> set[str]:
    """Return the customers of terms that end by the day and whose next terms the data do not hold yet."""
    unseen = unseen_of(catalog)
    if unseen is None or unseen.first > until:
        return set()
    t = catalog.table("subscription_terms")
    ended = t.filter(day(t.ends_at).between(unseen.first, unseen.last))
    return set(ended.select("customer_id").distinct().execute()["customer_id"])


def _by_customer(active: pd.DataFrame) -> pd.DataFrame:
    rows = active.set_index("customer_id").sort_index()
    return rows.assign(ends_on=pd.to_datetime(rows["ends_on"]))


def _with_notice(catalog: Catalog, on: date) -> set[str]:
    """Return the customers whose running term was cancelled by the day."""
    if "subscription_terms" not in catalog.names or "cancelled_at" not in catalog.table("subscription_terms").columns:
        return set()
    return set(execute_for_day(catalog, _notice_as_known, on)["customer_id"])


def _notice_as_known(catalog: Catalog, on: Day) -> ir.Table:
    t, today = as_known_on(catalog, on).table("subscription_terms"), constant_day(on)
    given = t.filter(t.cancelled_at.notnull() & (day(t.starts_at) <= today) & (day(t.ends_at) > today))
    return given.select("customer_id").distinct()


def activity_durations(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Return how long every stretch of activity that had begun by a day has lasted, for survival models.

    Time is counted in months since the stretch began. Customers whom the firm won before the data begin, and who are
    active from the first day on, have a delayed entry: those who left before the data begin are not in them.

    Parameters
    ----------
    catalog : Catalog
        It is cut at the day first.
    as_of : date
        Last day whose data is used.

    Returns
    -------
    DataFrame
        Indexed by customer_id: entry, exit [whole months], lost (bool), runs (bool: active on the day), plan (of the
        first term; "no subscription" for shoppers), channel and country of the customer where they are known.

    Raises
    ------
    NotMeasured
        If there are neither orders of known customers nor paid terms.

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1", "2"], "customer_id": ["a", "b"], "revenue": 20.0,
    ...                        "ordered_at": ["2026-03-01", "2026-08-01"]})
    >>> activity_durations(ck.connect({"orders": orders}), date(2026, 9, 30))[["entry", "exit", "lost"]].reset_index()
      customer_id  entry  exit   lost
    0           a      0     3   True
    1           b      0     1  False
    """
    rows = (
        _spells_begun(as_known_on(catalog, as_of), as_of).execute().set_index("customer_id").sort_index(kind="stable")
    )
    runs = rows.pop("runs").astype(bool)
    late = rows.pop("days_before").clip(lower=0).fillna(0)
    first = catalog.data_from
    from_the_start = pd.to_datetime(rows.pop("starts_on")) <= pd.Timestamp(first or as_of)
    before = np.where(from_the_start, late, 0.0)
    months = (before + rows.pop("days")) / MONTH
    # A loss is known at the end of its month, and who runs has seen whole months only.
    exits = np.where(runs, np.floor(months), np.ceil(months)).astype(int)
    times = pd.DataFrame({"entry": np.floor(before / MONTH).astype(int), "exit": exits}, index=rows.index)
    return pd.concat([times, pd.DataFrame({"lost": ~runs, "runs": runs}), rows], axis=1)


def _spells_begun(known: Catalog, as_of: date) -> ir.Table:
    today = constant_day(as_of)
    spells = known.table("activity_spells")
    begun = spells.filter(spells.starts_on <= today).select("customer_id", "starts_on", "ends_on")
    runs = begun.ends_on > today
    rows = begun.mutate(runs=runs, days=days_between(begun.starts_on, ibis.ifelse(runs, today, begun.ends_on)))
    if "subscription_terms" in known.names:
        rows = _with_plan(rows, known.table("subscription_terms"))
    return _with_customer(rows, known).drop("ends_on")


def _with_plan(rows: ir.Table, terms: ir.Table) -> ir.Table:
    named = terms if "plan" in terms.columns else terms.mutate(plan=ibis.null("string"))
    named = named.mutate(plan=named.plan.fill_null("subscription"))
    first = named.group_by(who=named.customer_id, on=day(named.starts_at)).aggregate(plan=named.plan.max())
    joined = rows.left_join(first, [rows.customer_id == first.who, rows.starts_on == first.on]).drop("who", "on")
    return joined.mutate(plan=ibis.coalesce(joined.plan, ibis.literal("no subscription")))


def _with_customer(rows: ir.Table, known: Catalog) -> ir.Table:
    none = rows.mutate(days_before=ibis.null("float64"))
    if "customers" not in known.names:
        return none
    customers = known.table("customers")
    columns = [name for name in _AT_START if name in customers.columns]
    won = customers.acquired_at if "acquired_at" in customers.columns else ibis.null("timestamp")
    theirs = customers.select(*columns, who=customers.customer_id, won=won)
    joined = rows.left_join(theirs, rows.customer_id == theirs.who).drop("who")
    return joined.mutate(days_before=days_between(joined.won, joined.starts_on).cast("float64")).drop("won")
