"""The sections on when customers order next and what they prefer, each with how such predictions did before."""

from __future__ import annotations

import pandas as pd

from crmkit.errors import NotMeasured
from crmkit.insights.segments import last_days
from crmkit.metrics.nouns import counted
from crmkit.metrics.wording import in_words
from crmkit.periods import Period, day_in_words
from crmkit.predictions.next_order import next_order_backtest, next_orders
from crmkit.predictions.preferences import preference_backtest, preferences
from crmkit.reporting.exports import export
from crmkit.reporting.markup import Fragment
from crmkit.reporting.tables import table
from crmkit.tables.catalog import Catalog

_NOTHING = Fragment("", "no section")


def next_order_table(book: Catalog, period: Period) -> Fragment:
    """Return how well the window of the next order held at the last day whose outcome is known; nothing if none is.

    Parameters
    ----------
    book : Catalog
    period : Period
    """
    day = last_days(book, period)[1]
    try:
        tested, told = next_order_backtest(book, day), next_orders(book, day)
    except NotMeasured:
        return _NOTHING
    ours, own = tested.iloc[0], tested.iloc[1]
    days = counted(book.settings.company.churn_after_days, "days")
    better = "nearer than" if ours["error"] < own["error"] else "no nearer than"
    expected = float(told["chance"].sum())
    return table(
        tested.assign(error=tested["error"].round(1), width=tested["width"].round(1)),
        f"About {counted(round(expected), 'customers')} will order within {days}",
        subtitle=f"Tried on the {days} to {day_in_words(day)}: the day of the next order was foretold {better} by each "
        f"customer's usual gap between orders, and {in_words(ours['inside'], 'share')} of the orders came within their window; "
        "80 % are meant to.",
        caption="Only customers who did order. The day of each customer's next order, with its window, is in the list below. "
        "For the analyst: Brier is the mean squared error of the chance that one orders at all, less is better.",
        units={"n": "count", "error": "days", "inside": "share", "width": "days"},
        labels={"method": "Foretold by", "n": "Customers", "error": "Off by", "inside": "Within the window",
                "width": "Width of the window"},
    )  # fmt: skip


def preference_table(book: Catalog, period: Period) -> Fragment:
    """Return how well preferences of customers tell what they buy, beside what is popular; nothing if none is known.

    Parameters
    ----------
    book : Catalog
    period : Period
    """
    day = last_days(book, period)[1]
    tested, told = preference_backtest(book, day), preferences(book, day)
    if tested.empty:
        return _NOTHING
    own = told.groupby("kind")["own"].mean()
    is_told = tested["surprise"] < tested["surprise_popular"] - 0.01
    useful = tested.loc[is_told & (tested["kind"].map(own) > 0), "kind"].tolist()  # by tastes that somebody has
    days = counted(book.settings.company.churn_after_days, "days")
    rows = tested.assign(own=tested["kind"].map(own))[["kind", "n", "hit", "hit_popular", "hit_own_mode", "own"]]
    return table(
        rows,
        f"Some customers have a taste of their own in the {' and '.join(useful)}" if useful
        else "What customers choose is told as well by what is popular",
        subtitle=f"Share of the orders of the last {days} that were foretold: by the customer's favourite, which weighs what she "
        "chose before with what is popular; by what is popular with all; and by what she had chosen most often.",
        caption="A taste of her own: the whole interval of her share lies above that of all customers.",
        units={"n": "count", "hit": "share", "hit_popular": "share", "hit_own_mode": "share", "own": "share"},
        labels={"n": "Customers", "hit": "Favourite", "hit_popular": "What is popular", "hit_own_mode": "Chosen most often",
                "own": "Have a taste of their own"},
    )  # fmt: skip


def next_order_export(book: Catalog, period: Period) -> Fragment:
    """Return when each customer is likely to order and what she prefers, which the run writes; nothing if neither is known.

    Parameters
    ----------
    book : Catalog
    period : Period
    """
    day = last_days(book, period)[1]
    liked = preferences(book, day)
    wide = liked.pivot(index="customer_id", columns="kind", values="level").add_prefix("usual_") if len(liked) else None
    try:
        told = next_orders(book, day).set_index("customer_id")
        told = told[["chance", "likely_on", "earliest_on", "latest_on"]]
    except NotMeasured:
        told = pd.DataFrame()
    parts = [part for part in (told, wide) if part is not None and len(part)]
    if not parts:
        return _NOTHING
    rows = pd.concat(parts, axis=1).rename_axis("customer_id").reset_index()
    rows = rows.sort_values("chance", ascending=False, kind="stable") if "chance" in rows else rows
    return export(rows, "next_orders", "When each customer is likely to order next, and what she prefers")
