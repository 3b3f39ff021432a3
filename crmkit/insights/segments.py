"""What segments say to an owner: the headline, the findings, and what to do for each."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import date, timedelta
from typing import Any

import pandas as pd

from crmkit.insights.sentences import Finding
from crmkit.metrics.nouns import counted
from crmkit.periods import Period
from crmkit.predictions.days import last_day
from crmkit.predictions.migration import migration
from crmkit.predictions.segment_features import customers_on
from crmkit.predictions.segment_profiles import segment_profiles
from crmkit.predictions.segment_references import segmentation_for
from crmkit.tables.catalog import Catalog

#: What to do for the usual segments.
TO_DO = {
    "Champions": "Thank them, ask for recommendations, show them new products first.",
    "Loyal": "Offer what goes with what they buy; no discount is needed.",
    "Potential loyalists": "Win the next order soon: a reason to come back within their usual gap.",
    "New customers": "Welcome them and make the second order easy.",
    "Promising": "Show the range; a small sample or a guide does more than a discount.",
    "Need attention": "Remind them with something that fits their last order.",
    "About to sleep": "Remind them once; they have bought little so far.",
    "At risk": "Write personally and ask what was wrong, before an offer.",
    "Cannot lose them": "Telephone. They brought much and have been away longest.",
    "Hibernating": "Include them in the general newsletter only.",
    "Lost": "Spend nothing on them but one last question why.",
    "Too few to rank": "Know each of them by name: there are too few for segments.",
}


def last_days(catalog: Catalog, period: Period) -> tuple[date, date]:
    """Return the last day before the period, and that of the period with data: those that predictions look up to."""
    return period.start - timedelta(days=1), last_day(catalog.data_through, period)


def segment_moves(catalog: Catalog, period: Period) -> pd.DataFrame:
    """Return the moves between RFM segments in a period; see :func:`crmkit.predictions.migration.migration`."""
    return migration(catalog, *last_days(catalog, period))


def segment_headline(profiles: pd.DataFrame, period: Period) -> str:
    """Return the headline of the page: who brings most of the revenue.

    Examples
    --------
    >>> profiles = pd.DataFrame({"segment": ["Champions"], "n": [12], "share": [0.1], "revenue_share": [0.4]})
    >>> segment_headline(profiles, Period.parse("2026-10"))
    'October 2026: “Champions” are 10 % of customers and bring 40 % of revenue'
    """
    first = profiles.iloc[0]
    if not first["revenue_share"] > 0:
        return f"{period.label}: {counted(profiles['n'].sum(), 'customers')}, no revenue in the last 365 days"
    return (f"{period.label}: “{first['segment']}” are {first['share']:.0%} of customers and bring "
            f"{first['revenue_share']:.0%} of revenue").replace("%", " %")  # fmt: skip


def segment_findings(catalog: Catalog, period: Period, moves: pd.DataFrame) -> list[Finding]:
    """Return the findings: moves that are more than usual, and whether there are natural groups."""
    changed = moves[(moves["verdict"] == "real") & (moves["from"] != moves["to"])]
    more = changed[changed["share"] > changed["usual_share"]].sort_values("n", ascending=False).head(3)
    told = [_more(row) for row in more.to_dict("records")]
    n_moved = int(moves.loc[(moves["from"] != moves["to"]) & (moves["from"] != "(new)"), "n"].sum())
    n_both = int(moves.loc[moves["from"] != "(new)", "n"].sum())
    share = f" of {counted(n_both, 'customers')} ({n_moved / n_both:.0%})".replace("%", " %") if n_both else ""
    rest = "." if told else "; no move was more frequent than usual."
    told.append(Finding(f"{counted(n_moved, 'customers')} changed segment".capitalize(), f"{share}{rest}"))
    day = last_days(catalog, period)[1]
    found = segmentation_for(catalog, day)
    if found.model.n_segments_ > 1:
        named = ", ".join(f"“{name}”" for name in found.names)
        told.append(Finding(f"There are {len(found.names)} natural groups", f": {named}."))
    else:
        why = found.model.verdict_
        told.append(Finding("There are no natural groups", f": {why}. The segments here are fixed cuts on a scale."))
    return told


def segment_actions(catalog: Catalog, period: Period) -> pd.DataFrame:
    """Return what to do for each segment: segment, n, what_to_do; the segments with most revenue first."""
    profiles = segment_profiles(catalog, last_days(catalog, period)[1])
    words = profiles["segment"].map(TO_DO).fillna("")
    return profiles[["segment", "n"]].assign(what_to_do=words)


def segment_list(catalog: Catalog, period: Period) -> pd.DataFrame:
    """Return each customer with her RFM segment before and now, for the export."""
    from crmkit.predictions.migration import assigned

    before, now = last_days(catalog, period)
    both = assigned(catalog, [before, now], "rfm").rename(columns={before: "segment_before", now: "segment"})
    return customers_on(catalog, now).join(both).reset_index()


def _more(row: dict[Hashable, Any]) -> Finding:
    share, usual = (f"{row[name]:.0%}".replace("%", " %") for name in ("share", "usual_share"))
    n = counted(float(row["n"]), "customers")
    whence = "New customers" if row["from"] == "(new)" else f"“{row['from']}”"
    return Finding(
        f"{n} moved from {whence} to “{row['to']}”", f": {share} of them, usually {usual}. Real.", tone="changed"
    )
