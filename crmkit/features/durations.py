"""How long each stretch of activity has lasted, as it was known on a day: what survival models learn from."""

from __future__ import annotations

from datetime import date

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from crmkit.features.cut import as_known_on
from crmkit.tables.catalog import Catalog
from crmkit.tables.expressions import constant_day, day, days_between

MONTH = 365.25 / 12  # days
_AT_START = ("channel", "country")  # of customers: known when they come, and not changed later


def durations(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Return every stretch of activity that had begun by a day.

    The clock is months since the stretch began. Customers who, by the firm's own record, were won before the data begin
    and are active from their first day on were entered late: who left before them is nowhere in the data.

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
    >>> durations(ck.connect({"orders": orders}), date(2026, 9, 30))[["entry", "exit", "lost"]].reset_index()
      customer_id  entry  exit   lost
    0           a      0     3   True
    1           b      0     1  False
    """
    rows = _stretches(as_known_on(catalog, as_of), as_of).execute().set_index("customer_id").sort_index(kind="stable")
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


def _stretches(known: Catalog, as_of: date) -> ir.Table:
    today = constant_day(as_of)
    spells = known.table("activity_spells")
    begun = spells.filter(spells.starts_on <= today).select("customer_id", "starts_on", "ends_on")
    runs = begun.ends_on > today
    rows = begun.mutate(runs=runs, days=days_between(begun.starts_on, ibis.ifelse(runs, today, begun.ends_on)))
    if "subscription_terms" in known.names:
        rows = _with_plan(rows, known.table("subscription_terms"))
    return _with_customer(rows, known).drop("ends_on")


def _with_plan(rows: ir.Table, terms: ir.Table) -> ir.Table:
    plan = terms.plan if "plan" in terms.columns else ibis.literal("subscription")
    first = terms.group_by(who=terms.customer_id, on=day(terms.starts_at)).aggregate(plan=plan.max())
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
