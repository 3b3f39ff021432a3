"""Whether payments of subscriptions stand among the orders too, so that turnover counts them twice.

A shop system writes the payment of a term as an order, and the export of the subscriptions has the term as well: the order
is of the same customer, of the day on which the term begins, and of the amount that the whole term costs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import ibis
import pandas as pd

from crmkit.tables.caching.memoize import memoize
from crmkit.tables.catalog import Catalog
from crmkit.tables.expressions import constant_day, day, days_between, months_of, number, ratio, union

_DAYS = 3  # that a payment may come before or after its term begins
_FEWEST = 8  # terms, with fewer nothing is said
_LEAST = 0.5  # of the terms that began while there were orders


@dataclass(frozen=True)
class PaidTwice:
    """Terms whose payments are probably among the orders.

    Attributes
    ----------
    n_orders : int
        Orders that have the customer, the day and the amount of a term.
    n_matched, n_terms : int
        Terms that such an order pays for, of all that began while there were orders [terms].
    """

    n_orders: int
    n_matched: int
    n_terms: int

    @property
    def words(self) -> str:
        """What was found, as a part of a sentence."""
        return (
            f"{self.n_orders:,} orders have the customer, the day and the amount of a paid term ({self.n_matched:,} of "
            f"{self.n_terms:,} terms): the payments of subscriptions are probably among the orders too"
        )


def paid_twice(catalog: Catalog) -> PaidTwice | None:
    """Return how many terms are probably paid by orders too; None where there is no sign of it.

    Examples
    --------
    >>> import crmkit as ck, pandas as pd
    >>> ids, on = [f"c{n}" for n in range(9)], pd.Timestamp("2026-09-01")
    >>> terms = pd.DataFrame({"subscription_id": ids, "customer_id": ids, "starts_at": on, "ends_at": "2026-10-01", "mrr": 20.0})
    >>> orders = pd.DataFrame({"order_id": ids, "customer_id": ids, "ordered_at": on, "revenue": 20.0})
    >>> paid_twice(ck.connect({"subscription_terms": terms, "orders": orders})).n_orders
    9
    >>> paid_twice(ck.connect({"subscription_terms": terms, "orders": orders.assign(revenue=31.0)})) is None
    True
    """
    whole = catalog.whole
    if not {"orders", "subscription_terms"} <= set(whole.names) or "customer_id" not in whole.table("orders").columns:
        return None
    n_orders, n_matched, n_terms = (int(n) for n in memoize(whole, _counted).iloc[0])
    if n_terms < _FEWEST or n_matched < _LEAST * n_terms:
        return None
    return PaidTwice(n_orders, n_matched, n_terms)


def _counted(catalog: Catalog) -> pd.DataFrame:
    """Return orders that match a term, terms that match an order, and terms that began while there were orders."""
    half = ratio(number(1), number(2))
    o, t = catalog.table("orders"), catalog.table("subscription_terms")
    orders = o.filter(o.customer_id.notnull() & (o.revenue > 0)).select(
        "order_id",
        "customer_id",
        ordered_on=day(o.ordered_at),
        amount=(o.revenue.cast("float64") + half).floor().cast("int64"),
    )
    months = months_of(days_between(t.starts_at, t.ends_at))
    terms = t.filter((t.mrr > 0) & (day(t.starts_at) < day(t.ends_at))).select(
        "subscription_id",
        "customer_id",
        starts_on=day(t.starts_at),
        amount=(t.mrr.cast("float64") * months + half).floor().cast("int64"),
    )
    span = catalog.table_spans["orders"]
    if span.first is None or span.end is None:
        return pd.DataFrame({"n_orders": [0], "n_matched": [0], "n_terms": [0]})
    early, late = (constant_day(end) for end in (span.first - timedelta(days=_DAYS), span.end + timedelta(days=_DAYS)))
    terms = terms.filter((terms.starts_on >= early) & (terms.starts_on <= late))
    both = terms.join(orders, ["customer_id", "amount"])
    apart = days_between(both.starts_on, both.ordered_on)
    both = both.filter((apart <= _DAYS) & (apart >= -_DAYS))
    key = ["subscription_id", "customer_id", "starts_on"]
    counted = {"n_orders": both.select("order_id"), "n_matched": both.select(key), "n_terms": terms.select(key)}
    counts = [rows.distinct().aggregate(n=rows.distinct().count()) for rows in counted.values()]
    named = [each.mutate(what=ibis.literal(name)) for name, each in zip(counted, counts, strict=True)]
    return union(named).execute().set_index("what")["n"].reindex(list(counted)).to_frame().T
