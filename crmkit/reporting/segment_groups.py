"""The sections on natural groups: how many there are and why, what each is, and how much of their movement is real."""

from __future__ import annotations

from crmkit.insights.feature_names import feature_label
from crmkit.insights.segments import last_days
from crmkit.metrics.nouns import counted
from crmkit.metrics.wording import in_words
from crmkit.periods import Period, day_in_words
from crmkit.predictions.migration import movement
from crmkit.predictions.segment_profiles import segment_profiles
from crmkit.predictions.segment_references import segmentation_for
from crmkit.reporting.markup import Fragment
from crmkit.reporting.tables import table
from crmkit.tables.catalog import Catalog

_NOTHING = Fragment("", "no section")


def group_search_table(book: Catalog, period: Period) -> Fragment:
    """Return how well each number of groups is set apart, and how firm it is; nothing with too few customers to try.

    Parameters
    ----------
    book : Catalog
    period : Period
    """
    found = segmentation_for(book, last_days(book, period)[1])
    tried, n = found.model.search_, len(found.names)
    if tried.empty:
        return _NOTHING
    told = tried.assign(
        n_segments=tried["n_segments"].map(lambda number: counted(number, "groups")),
        **{name: tried[name].map({True: "yes", False: "no"}) for name in ("distinct", "holds")},
    )
    title = (
        f"Customers fall into {counted(n, 'groups')}" if n > 1 else "Customers are one crowd: no number of groups holds"
    )
    if found.model.verdict_ == "as asked":
        title = f"{counted(n, 'groups')}, as the settings ask".capitalize()
    what = ", ".join(map(feature_label, found.features))
    return table(
        told.assign(silhouette=told["silhouette"].round(2)), title,
        subtitle=f"Customers put into 2, 3, ... groups by {what}, as of {day_in_words(found.learned_on)}: are there gaps between "
        "the groups, or is the number only a number?",
        caption="A number holds if there is a gap between every two groups, at most 5 % are moved and no group is below 5 "
        "customers. Moved: who is put elsewhere if other customers had been drawn. For the analyst: k-means; silhouette is 1 "
        "where every customer is near her own group and far from the next, 0 where there is no difference.",
        units={"moved": "share", "smallest": "count"},
        labels={"n_segments": "Number", "distinct": "Gaps between all", "smallest": "Smallest group"},
    )  # fmt: skip


def natural_group_table(book: Catalog, period: Period) -> Fragment:
    """Return the profile of each natural group, and how much of the movement between them is real; nothing with one group.

    Parameters
    ----------
    book : Catalog
    period : Period
    """
    before, now = last_days(book, period)
    if len(segmentation_for(book, now).names) < 2:
        return _NOTHING
    profiles, moved = segment_profiles(book, now, "segments"), movement(book, before, now)
    shares = {name: in_words(share, "share") for name, share in moved.items()}
    best = profiles.iloc[0]
    return table(
        profiles[["segment", "n", "share", "revenue_share", "revenue", "of_the_rest", "n_orders", "days_since_order"]],
        f"“{best['segment']}” are {in_words(best['share'], 'share')} of customers and bring "
        f"{in_words(best['revenue_share'], 'share')} of revenue",
        subtitle=f"The natural groups on {day_in_words(now)}; revenue and orders of 365 days, per customer.",
        caption=f"In {period.label} {shares['frozen']} of customers changed group: {shares['sure']} whichever customers the "
        f"groups had been learned from, {shares['on_the_border']} on the border. Groups moved to where customers now are would "
        f"have put {shares['refitted']} elsewhere.",
        units={"share": "share", "revenue_share": "share", "revenue": "money", "of_the_rest": "money"},
        labels={"segment": "Group", "n": "Customers", "share": "Of customers", "revenue_share": "Of revenue",
                "revenue": "Per customer", "of_the_rest": "Per other customer", "n_orders": "Orders",
                "days_since_order": "Days since order"}, settings=book.settings,
    )  # fmt: skip
