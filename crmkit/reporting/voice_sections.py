"""Sections on whom to call back after what they said."""

from __future__ import annotations

from crmkit.insights.follow_up import OVERDUE_DAYS, follow_up_list
from crmkit.periods import Period
from crmkit.reporting.exports import export
from crmkit.reporting.markup import Fragment
from crmkit.reporting.tables import table
from crmkit.sources.masking import masked_id
from crmkit.tables.catalog import Catalog


def follow_up(catalog: Catalog, period: Period, *, comments: bool = False, max_rows: int = 10) -> Fragment:
    """Return whom to call back, the most valuable first; empty if nobody.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    period : Period
        From :func:`crmkit.covered_period`.
    comments : bool
        With the customers' own words, which may name people.
    max_rows : int
        Rows shown.

    Returns
    -------
    Fragment

    Examples
    --------
    >>> import pandas as pd
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1"], "ordered_at": ["2026-10-02"], "revenue": [30.0], "customer_id": ["a"]})
    >>> book = ck.connect({"orders": orders})
    >>> follow_up(book, ck.covered_period(book, "2026-10"))
    <crmkit nobody to call back>
    """
    people = follow_up_list(catalog, period, comments=comments)
    if people.empty:
        return Fragment("", "nobody to call back")
    what = "customer is" if len(people) == 1 else "customers are"
    people = people.assign(customer_id=[masked_id(str(who)) for who in people["customer_id"]])
    return table(
        people,
        f"{len(people):,} {what} waiting to be called back",
        subtitle=f"Low answers of {period.label} and tickets open for more than {OVERDUE_DAYS} days, by revenue of the last "
        "12 months.",
        caption="The whole list, with ids, is beside the report. Names and addresses are in your CRM, by the id.",
        units={} if people["revenue_12_months"].isna().all() else {"revenue_12_months": "money"},
        labels={"revenue_12_months": "Revenue, 12 months", "last_on": "Last"},
        settings=catalog.settings,
        max_rows=max_rows,
    )


def follow_up_export(catalog: Catalog, period: Period, *, comments: bool = False) -> Fragment:
    """Return the follow-up list as files for the run to write; empty if nobody is on it.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    period : Period
        From :func:`crmkit.covered_period`.
    comments : bool
        With the customers' own words, which may name people.

    Returns
    -------
    Fragment

    Examples
    --------
    >>> import pandas as pd
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1"], "ordered_at": ["2026-10-02"], "revenue": [30.0], "customer_id": ["a"]})
    >>> book = ck.connect({"orders": orders})
    >>> follow_up_export(book, ck.covered_period(book, "2026-10"))
    <crmkit nobody to call back>
    """
    people = follow_up_list(catalog, period, comments=comments)
    if people.empty:
        return Fragment("", "nobody to call back")
    return export(people, "follow_up", "Everybody to call back")
