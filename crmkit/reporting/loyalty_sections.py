"""The sections on loyalty: how many are in each tier, whose anniversary comes, and the list."""

from __future__ import annotations

import pandas as pd

from crmkit.errors import NotMeasured
from crmkit.insights.segments import last_days
from crmkit.metrics.nouns import counted
from crmkit.metrics.wording import in_words
from crmkit.periods import Period, day_in_words
from crmkit.predictions.loyalty import NO_TIER, anniversaries, loyalty
from crmkit.predictions.segment_references import learned_on
from crmkit.reporting.exports import export
from crmkit.reporting.markup import Fragment
from crmkit.reporting.tables import table
from crmkit.sources.masking import masked_id
from crmkit.tables.catalog import Catalog

_NOTHING = Fragment("", "no section")
_SHOWN = 10


def loyalty_table(book: Catalog, period: Period) -> Fragment:
    """Return how many customers are in each tier and what they bring; nothing where there are too few to rank.

    Parameters
    ----------
    book : Catalog
    period : Period
    """
    loyal = _loyal(book, period)
    if loyal is None or loyal.empty:
        return _NOTHING
    tiers = [*book.settings.loyalty.tiers.items(), (NO_TIER, 3)]
    total = max(float(loyal["revenue"].sum()), 1e-9)
    rows = [(name, least, len(own), len(own) / len(loyal), float(own["revenue"].sum()) / total, float(own["tenure_days"].mean()))
            for name, least in tiers if len(own := loyal[loyal["tier"] == name])]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["tier", "points", "n", "share", "revenue_share", "tenure_days"])
    best = frame.iloc[0]
    ruler = day_in_words(learned_on(book, last_days(book, period)[1]))
    brings = in_words(best["revenue_share"], "share")
    return table(
        frame, f"“{best['tier']}” are {counted(int(best['n']), 'customers')} and bring {brings} of revenue",
        subtitle="Customers who ordered within 365 days, by points for tenure, value and engagement, 1 to 5 each.",
        caption=f"A point for each year begun, five at most; value and engagement by the fifths of the customers of {ruler}. "
        "Tiers by [loyalty] of the settings.",
        units={"n": "count", "share": "share", "revenue_share": "share", "tenure_days": "days", "points": "count"},
        labels={"points": "From points", "n": "Customers", "share": "Of customers", "revenue_share": "Of revenue",
                "tenure_days": "Customer for, mean"}, settings=book.settings,
    )  # fmt: skip


def anniversary_table(book: Catalog, period: Period) -> Fragment:
    """Return whose anniversary as a customer comes within 31 days, masked; nothing where nobody's does.

    Parameters
    ----------
    book : Catalog
    period : Period
    """
    loyal, day = _loyal(book, period), last_days(book, period)[1]
    soon = anniversaries(loyal, day) if loyal is not None else pd.DataFrame()
    if soon.empty:
        return _NOTHING
    first = soon.sort_values(["points", "anniversary_on"], ascending=[False, True]).head(_SHOWN)
    shown = pd.DataFrame({
        "customer": [masked_id(str(who)) for who in first["customer_id"]], "tier": first["tier"].to_numpy(),
        "anniversary_on": first["anniversary_on"].to_numpy(), "years": first["years"].to_numpy(),
    })  # fmt: skip
    return table(
        shown, f"{counted(len(soon), 'customers')} have an anniversary in the 31 days after {day_in_words(day)}",
        subtitle="Of the first order. The customers with most points are shown, of an id only the end; all are in the list.",
        labels={"years": "Years a customer"}, units={"years": "count"},
    )  # fmt: skip


def loyalty_export(book: Catalog, period: Period) -> Fragment:
    """Return the list of tiers and anniversaries, which the run writes; nothing where there is none.

    Parameters
    ----------
    book : Catalog
    period : Period
    """
    loyal = _loyal(book, period)
    if loyal is None or loyal.empty:
        return _NOTHING
    return export(loyal, "loyalty", "Each customer's tier and next anniversary")


def _loyal(book: Catalog, period: Period) -> pd.DataFrame | None:
    try:
        return loyalty(book, last_days(book, period)[1])
    except NotMeasured:
        return None
