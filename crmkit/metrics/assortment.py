"""What sells and what does not: revenue by product or category, and which of them moved by more than chance."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmkit.errors import CrmkitError
from crmkit.metrics.evaluate import evaluate
from crmkit.metrics.folding import SMALL_GROUPS
from crmkit.metrics.scorecard import smallest_changes
from crmkit.metrics.verdict import judge_changes
from crmkit.periods import Period
from crmkit.tables.catalog import Catalog


def what_sells(catalog: Catalog, period: str | Period, by: str = "product") -> pd.DataFrame:
    """Compare what was sold of each product with the period before, all products judged as one family.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    period : str or Period
        Such as "2026-10"; one that is still running is compared with as many days of the one before.
    by : str
        "product", "category", or another column of order lines, orders or customers.

    Returns
    -------
    DataFrame
        One row per product, the largest revenue first: the column ``by``, orders [count], revenue, low, high, before
        (of a period as long), change [currency], share [of the revenue], verdict ("real", "within noise", "too few to
        tell", "no comparison"), direction. What sold before and no longer has revenue 0. Empty without order lines.

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1"], "ordered_at": ["2026-10-02"], "revenue": [30.0], "customer_id": ["a"]})
    >>> book = ck.connect({"orders": orders})
    >>> lines = pd.DataFrame({"order_id": ["1", "1"], "product": ["tea", "cup"], "revenue": [20.0, 10.0]})
    >>> book = ck.connect({"orders": orders, "order_lines": lines}, ck.Settings(company={"smallest_group": 1}))
    >>> what_sells(book, "2026-10")[["product", "revenue", "verdict"]].values.tolist()
    [['tea', 20.0, 'no comparison'], ['cup', 10.0, 'no comparison']]
    """
    if not isinstance(period, Period):
        period = Period.parse(period, catalog.settings.company.fiscal_year_start)
    columns = [by, "orders", "revenue", "low", "high", "before", "change", "share", "verdict", "direction"]
    so_far = catalog.days_so_far(period)
    try:
        asked = [period.previous, period]
        rows = evaluate(catalog, "product_revenue", periods=asked, by=by, first_days=so_far)
    except CrmkitError:
        return pd.DataFrame(columns=columns)
    rows = rows[rows["status"] != "not measured"]
    if rows.empty:
        return pd.DataFrame(columns=columns)
    now, then = (_of(rows, each, by) for each in (period, period.previous))
    n_days, n_before = (min(p.n_days, so_far or p.n_days) for p in (period, period.previous))
    then[["value", "low", "high"]] *= n_days / n_before
    now, then = (side.assign(unit="money", better="higher", status="ok") for side in (now, then))
    known = (then["value"] != 0) | (then["n"] > 0)
    matters = np.repeat(smallest_changes(catalog.settings, ["product_revenue"]), len(now))
    judged = judge_changes(now, then, matters)
    seen = pd.DataFrame({
        by: now.index, "orders": now["n"].to_numpy(int), "revenue": now["value"].to_numpy(),
        "low": now["low"].to_numpy(), "high": now["high"].to_numpy(), "before": then["value"].to_numpy(),
        "change": judged["change"].to_numpy(), "share": (now["value"] / max(now["value"].sum(), 1e-9)).to_numpy(),
        "verdict": judged["verdict"].where(known, "no comparison").to_numpy(), "direction": judged["direction"].to_numpy(),
    })  # fmt: skip
    seen.attrs["currency"] = catalog.settings.company.currency
    return seen[seen[by] != SMALL_GROUPS].sort_values("revenue", ascending=False, ignore_index=True)[columns]


def _of(rows: pd.DataFrame, period: Period, by: str) -> pd.DataFrame:
    own = rows[rows["period"] == str(period)].set_index(by)[["value", "low", "high", "n"]].sort_index()
    every = pd.Index(sorted(set(rows[by])), name=by)
    own = own.reindex(every)
    # Nothing sold is 0 sold; the interval of none at all is that of the smallest sum that could have been missed.
    return own.fillna({"value": 0.0, "low": 0.0, "high": 0.0, "n": 0})
