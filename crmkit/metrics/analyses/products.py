"""Revenue by product or category, compared with the period before, with a verdict on each change."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmkit.errors import CrmkitError, UnknownName
from crmkit.metrics.card import cards
from crmkit.metrics.engine.coverage import Coverage
from crmkit.metrics.engine.evaluate import evaluate
from crmkit.metrics.engine.groups import SMALL_GROUPS, check_columns
from crmkit.metrics.engine.verdict import judge_changes
from crmkit.metrics.scorecard import smallest_changes
from crmkit.periods import Period, PeriodLike
from crmkit.tables.arguments import checked
from crmkit.tables.catalog import Catalog
from crmkit.tables.derived.states import STATES
from crmkit.tables.schema import SCHEMAS


@checked
def what_sells(catalog: Catalog, period: PeriodLike, *, by: str = "product") -> pd.DataFrame:
    """Compare what was sold of each product with the period before, all products judged as one family.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    period : str, Period or pair of days
        Such as "2026-10"; one that is still running is compared with as many days of the one before.
    by : str
        "product", "category", or another column of order lines, orders or customers.

    Returns
    -------
    DataFrame
        One row per product, the largest revenue first: the column ``by``, orders [count], revenue, low, high, before
        (of a period as long), change [currency], share [of the revenue], verdict ("real", "within noise", "too few to
        tell", "no comparison"), direction. Products sold only in the period before have revenue 0. Empty without order
        lines, or if they lack that column.

    Raises
    ------
    UnknownName
        If neither order lines, orders nor customers can have such a column.

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1"], "ordered_at": ["2026-10-02"], "revenue": [30.0], "customer_id": ["a"]})
    >>> catalog = ck.connect({"orders": orders})
    >>> lines = pd.DataFrame({"order_id": ["1", "1"], "product": ["tea", "cup"], "revenue": [20.0, 10.0]})
    >>> catalog = ck.connect({"orders": orders, "order_lines": lines}, ck.Settings(company={"smallest_group": 1}))
    >>> what_sells(catalog, "2026-10")[["product", "revenue", "verdict"]].values.tolist()
    [['tea', 20.0, 'no comparison'], ['cup', 10.0, 'no comparison']]
    """
    columns = [by, "orders", "revenue", "low", "high", "before", "change", "share", "verdict", "direction"]
    so_far = catalog.days_so_far(period)
    if not _can_split(catalog, by):
        return pd.DataFrame(columns=columns)
    rows = evaluate(catalog, "product_revenue", periods=[period.previous, period], by=by, first_days=so_far)
    if (rows["status"] == "not measured").all():
        return pd.DataFrame(columns=columns)
    now, then = (_in_period(rows, each, by) for each in (period, period.previous))
    n_days, n_before = (min(p.n_days, so_far or p.n_days) for p in (period, period.previous))
    then[["value", "low", "high"]] *= n_days / n_before
    now, then = (side.assign(unit="money", better="higher", status="ok") for side in (now, then))
    known = (then["value"] != 0) | (then["n"] > 0)
    known &= not Coverage(catalog).why_not_compared(cards("product_revenue")[0], period, period.previous)
    matters = np.repeat(smallest_changes(catalog.settings, ["product_revenue"]), len(now))
    judged = judge_changes(now, then, matters)
    sales = pd.DataFrame(
        {
            by: now.index,
            "orders": now["n"].to_numpy(int),
            "revenue": now["value"].to_numpy(),
            "low": now["low"].to_numpy(),
            "high": now["high"].to_numpy(),
            "before": then["value"].to_numpy(),
            "change": judged["change"].to_numpy(),
            "share": (now["value"] / max(now["value"].sum(), 1e-9)).to_numpy(),
            "verdict": judged["verdict"].where(known, "no comparison").to_numpy(),
            "direction": judged["direction"].to_numpy(),
        }
    )
    sales.attrs["currency"] = catalog.settings.company.currency
    return sales[sales[by] != SMALL_GROUPS].sort_values("revenue", ascending=False, ignore_index=True)[columns]


def _can_split(catalog: Catalog, by: str) -> bool:
    """Return whether the data have the column; raise UnknownName for one that no table of sales can have."""
    tables = ("order_lines", "orders", "customers")
    present = [name for table in tables if table in catalog.names for name in catalog.table(table).columns]
    known = [*present, *STATES, *(name for table in tables for name in SCHEMAS[table].names)]
    if by not in known:
        raise UnknownName("column of order lines, orders or customers", str(by), set(present or known))
    try:
        check_columns(catalog, [by])
    except CrmkitError:
        return False
    return True


def _in_period(rows: pd.DataFrame, period: Period, by: str) -> pd.DataFrame:
    own = rows[rows["period"] == str(period)].set_index(by)[["value", "low", "high", "n"]].sort_index()
    every = pd.Index(sorted(set(rows[by])), name=by)
    own = own.reindex(every)
    # A product without a sale in the period has revenue 0.
    return own.fillna({"value": 0.0, "low": 0.0, "high": 0.0, "n": 0})
