"""A section on what sells and what does not."""

from __future__ import annotations

import pandas as pd

from crmkit.metrics.assortment import what_sells
from crmkit.metrics.nouns import counted, joined
from crmkit.metrics.wording import in_words, scale_for
from crmkit.periods import Period
from crmkit.reporting.markup import Fragment
from crmkit.reporting.tables import table
from crmkit.tables.catalog import Catalog

_REST = 0.001  # of what was sold: less is a matter of rounding


def sales_table(catalog: Catalog, period: Period, by: str = "product", max_rows: int = 20) -> Fragment:
    """Return what sold and what did not, each against the period before; empty without order lines.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    period : Period
        From :func:`crmkit.covered_period`.
    by : str
        The column to split by.
    max_rows : int
        Rows shown.

    Returns
    -------
    Fragment

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1"], "ordered_at": ["2026-10-02"], "revenue": [30.0], "customer_id": ["a"]})
    >>> book = ck.connect({"orders": orders})
    >>> sales_table(book, ck.covered_period(book, "2026-10"))
    <crmkit no order lines>
    """
    sold = what_sells(catalog, period, by)
    if sold.empty:
        return Fragment("", "no order lines")
    currency = catalog.settings.company.currency
    top, moved = sold.iloc[0], sold[sold["verdict"] == "real"]
    scale = scale_for("money", top["revenue"], low=top["low"], high=top["high"], currency=currency)
    share = f"{100 * top['share']:.0f} % of what was sold"
    title = f"Best seller: {top[by]}, {scale.words(top['revenue'])}, {share}; {_movers(moved, by)}"
    rows = sold.rename(columns={"before": "the_period_before"})
    plural = f"{by[:-1]}ies" if by.endswith("y") else f"{by}s"
    idle = int((sold["revenue"] <= 0).sum())
    told = f"{counted(idle, plural)} sold before and not now. " if idle else ""
    if (rest := 1 - sold["share"].sum()) > _REST:
        told += (
            f"{in_words(rest, 'share')} of what was sold is of {plural} with too few customers, which are not listed. "
        )
    so_far = catalog.days_so_far(period)
    n_days, n_before = (min(each.n_days, so_far or each.n_days) for each in (period, period.previous))
    as_long = ", for as many days" if so_far else ""
    scaled = f", whose amounts are scaled to {n_days} days" if n_days != n_before else as_long
    money = dict.fromkeys(["revenue", "the_period_before", "change"], "money")
    return table(
        rows[[by, "orders", "revenue", "share", "the_period_before", "change", "verdict"]],
        title,
        subtitle=f"Revenue of order lines by {by}, {period.label} against {period.previous.label}{scaled}.",
        caption=f"{told}All {plural} are judged together, so that among many none is called a mover by luck.",
        labels={"orders": "Products in orders"},
        units=money | {"orders": "count", "share": "share"},
        settings=catalog.settings,
        max_rows=max_rows,
    )


def _movers(moved: pd.DataFrame, by: str) -> str:
    if moved.empty:
        return f"no {by} moved beyond chance"
    up, down = (moved[moved["direction"] == way][by].astype(str).tolist() for way in ("better", "worse"))
    said = [f"{joined(names[:3])} {way}" for names, way in ((up, "up"), (down, "down")) if names]
    return f"{joined(said)} for real"
