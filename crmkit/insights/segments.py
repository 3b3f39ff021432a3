"""The page on segments in words: headline, findings, actions, moves between segments, and whether the segments still fit."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import date, timedelta
from typing import Any

import pandas as pd

from crmkit.features.point_in_time import as_known_on
from crmkit.insights.findings import Finding
from crmkit.metrics.formatting import counted, in_words, scale_for
from crmkit.models.segments.rfm import FEWEST_CUSTOMERS, TOO_FEW
from crmkit.periods import Period, day_in_words, last_day
from crmkit.predictions.segments.assignment import customers_on, learned_on, segmentation_for
from crmkit.predictions.segments.migration import DIRECTIONS, NEW, customer_moves, migration, move_totals
from crmkit.predictions.segments.profiles import segment_profiles
from crmkit.predictions.segments.stability import SegmentReview
from crmkit.tables.catalog import Catalog

TO_DO = {  # what to do for the usual segments
    "Champions": "Thank them, ask for recommendations, show them new products first.",
    "Loyal": "Offer what goes with what they buy; no discount is needed.",
    "Potential loyalists": "Win the next order soon: a reason to come back within their usual gap.",
    "New customers": "Welcome them and make the second order easy.",
    "Promising": "Show the range; a small sample or a guide does more than a discount.",
    "Need attention": "Remind them with something that fits their last order.",
    "About to sleep": "Remind them once; they have bought little so far.",
    "At risk": "Write personally and ask what was wrong, before an offer.",
    "Cannot lose them": "Telephone. They brought much and have been away long.",
    "Hibernating": "Include them in the general newsletter only.",
    "Lost": "Spend nothing on them but one last question why.",
    TOO_FEW: "Know each of them by name: there are too few for segments.",
}
REFRESH = "crmkit predict --refresh-segments"


def segment_headline(profiles: pd.DataFrame, period: Period) -> str:
    """Return the headline of the page: who brings most of the turnover.

    Examples
    --------
    >>> profiles = pd.DataFrame({"segment": ["Champions"], "n": [12], "share": [0.1], "revenue_share": [0.4]})
    >>> segment_headline(profiles, Period.parse("2026-10"))
    'October 2026: “Champions” are 10 % of customers and bring 40 % of turnover'
    """
    first = profiles.iloc[0]
    if first["segment"] == TOO_FEW and len(profiles) == 1:
        return f"{period.label}: {_who_bought(first['n'])}, too few for segments"
    if not first["revenue_share"] > 0:
        return f"{period.label}: {_who_bought(profiles['n'].sum())}, no turnover in the last 365 days"
    return (
        f"{period.label}: “{first['segment']}” are {first['share']:.0%} of customers and bring "
        f"{first['revenue_share']:.0%} of turnover"
    ).replace("%", " %")


def segment_population(catalog: Catalog, period: Period) -> str:
    """Return how many customers are in segments, and how many have never bought anything; empty if all have.

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1"], "customer_id": ["a"], "ordered_at": ["2026-10-02"], "revenue": [30.0]})
    >>> catalog = ck.connect({"orders": orders, "customers": pd.DataFrame({"customer_id": ["a", "b", "c"]})})
    >>> segment_population(catalog, Period.parse("2026-10"))
    'Of the 1 customer who has bought; 2 others have not.'
    """
    day = last_days(catalog, period)[1]
    known = as_known_on(catalog, day)
    if "customers" not in known.names:
        return ""
    bought = customers_on(catalog, day).index
    n_others = int((~known.frame("customers")["customer_id"].isin(bought)).sum())
    others = f"{n_others:,} {'other has' if n_others == 1 else 'others have'} not"
    return f"Of the {_who_bought(len(bought))}; {others}." if n_others else ""


def segment_findings(catalog: Catalog, period: Period, moves: pd.DataFrame) -> list[Finding]:
    """Return the findings: moves that were more frequent than usual, and whether there are natural groups."""
    day = last_days(catalog, period)[1]
    if set(moves["to"]) == {TOO_FEW}:
        why = (
            f": fewer than {FEWEST_CUSTOMERS} customers had bought by {day_in_words(learned_on(catalog, day))}, and segments "
            "are learned from those who had. What compares segments is left out; know each customer by name."
        )
        return [Finding("There are no segments yet", why)]
    if moves["to"].nunique() == 1:
        return [Finding("All customers are in one segment", ": there is no other to compare it with.")]
    changed = moves[(moves["verdict"] == "real") & (moves["from"] != moves["to"])]
    more = changed[changed["share"] > changed["usual_share"]].sort_values("n", ascending=False).head(3)
    found = [more_than_usual(row) for row in more.to_dict("records")]
    n_moved = int(moves.loc[(moves["from"] != moves["to"]) & (moves["from"] != "(new)"), "n"].sum())
    n_both = int(moves.loc[moves["from"] != "(new)", "n"].sum())
    rest = "." if found else "; no move was more frequent than usual."
    found.append(moved_finding(n_moved, n_both, rest))
    if both_ways := move_finding(move_totals(moves_of(catalog, period)), catalog.settings.company.currency):
        found.append(both_ways)
    segmentation = segmentation_for(catalog, day)
    if segmentation.model.n_segments_ > 1:
        named = ", ".join(f"“{name}”" for name in segmentation.names)
        found.append(Finding(f"There are {len(segmentation.names)} natural groups", f": {named}."))
    else:
        found.append(
            Finding(
                "There are no natural groups",
                f": {segmentation.model.verdict_}. The segments here are fixed cuts on a scale.",
            )
        )
    return found


def segment_actions(catalog: Catalog, period: Period) -> pd.DataFrame:
    """Return what to do for each segment: segment, n [customers], what_to_do; the segments with most revenue first."""
    profiles = profiles_of(catalog, period)
    words = [TO_DO.get(row["segment"]) or _by_numbers(row, profiles) for row in profiles.to_dict("records")]
    return profiles[["segment", "n"]].assign(what_to_do=words)


def segment_list(catalog: Catalog, period: Period) -> pd.DataFrame:
    """Return each customer with the segments before and now and the move between them, for the export."""
    now, moves = last_days(catalog, period)[1], moves_of(catalog, period)
    moved = pd.DataFrame(
        {
            "segment_before": moves["from"].where(moves["from"] != NEW),
            "segment": moves["to"],
            "move": moves["direction"].map(DIRECTIONS),
            "revenue_gained": moves["gained"],
        }
    )
    return customers_on(catalog, now).join(moved).reset_index()


def last_days(catalog: Catalog, period: Period) -> tuple[date, date]:
    """Return the last day before the period and its last day with data: the days for which predictions are made."""
    return period.start - timedelta(days=1), last_day(catalog.data_through, period)


def page_model(catalog: Catalog, as_of: date) -> str:
    """Return the model of the page: that of the settings if it has more than one segment, else RFM."""
    company = catalog.settings.company
    if company.segment_model == "rules" and company.segment_rules:
        return "rules"
    if company.segment_model == "segments" and len(segmentation_for(catalog, as_of).names) > 1:
        return "segments"
    return "rfm"


def are_segments(catalog: Catalog, period: Period) -> bool:
    """Return whether there are at least two segments to compare."""
    return len(profiles_of(catalog, period)) > 1


def segment_moves(catalog: Catalog, period: Period) -> pd.DataFrame:
    """Return the moves between segments in a period; see :func:`crmkit.predictions.segments.migration.migration`."""
    before, now = last_days(catalog, period)
    return migration(catalog, before, now, model=page_model(catalog, now))


def profiles_of(catalog: Catalog, period: Period) -> pd.DataFrame:
    """Return the profiles of the page's segments; see :func:`crmkit.predictions.segments.profiles.segment_profiles`."""
    now = last_days(catalog, period)[1]
    return segment_profiles(catalog, now, model=page_model(catalog, now))


def moves_of(catalog: Catalog, period: Period) -> pd.DataFrame:
    """Return how each customer moved in a period; see :func:`crmkit.predictions.segments.migration.customer_moves`."""
    before, now = last_days(catalog, period)
    return customer_moves(catalog, before, now, model=page_model(catalog, now))


def review_finding(review: SegmentReview) -> Finding | None:
    """Return the warning that the segments no longer fit; None if they do.

    Parameters
    ----------
    review : SegmentReview
    """
    if review.verdict != "no longer fits":
        return None
    return Finding(
        "The segments no longer fit", f": {_why(review)}. A proposal stands side by side below.", tone="worse"
    )


def review_title(review: SegmentReview) -> str:
    """Return the title of the section: whether the segments still fit."""
    if review.verdict == "no longer fits":
        return f"The segments of {day_in_words(review.learned_on)} no longer fit"
    if review.verdict == "fits":
        return f"The segments of {day_in_words(review.learned_on)} still fit"
    if review.verdict == "differs as a year ago":
        return (
            f"The segments of {day_in_words(review.learned_on)} fit as they did a year ago: what differs is the season"
        )
    cannot = "It is too early" if review.verdict == "too new to judge" else "There are too few customers"
    return f"{cannot} to judge whether the segments of {day_in_words(review.learned_on)} fit"


def review_words(review: SegmentReview, kept: bool) -> str:
    """Return the reasons for the verdict, and what can be done.

    Parameters
    ----------
    review : SegmentReview
    kept : bool
        Whether the segments are kept in the store; provisional ones are refitted automatically.
    """
    until = (
        f"The segments are kept in the store and stay until {REFRESH} is run."
        if kept
        else "The segments are provisional: once a year of data is there, those of the end of a fiscal year are kept."
    )
    if review.verdict == "too new to judge":
        return f"They were learned less than two months ago. {until}"
    if review.verdict == "too few to judge":
        return f"There are fewer than 40 customers. {until}"
    if review.verdict == "fits":
        return f"{_reasons(review)} {until}"
    if review.verdict == "differs as a year ago":
        return (
            f"{_reasons(review)} But customers were as different at this time a year ago, so it is the season. {until}"
        )
    refresh = f"To take the proposal, run {REFRESH}: it holds from then on, and earlier months keep the old segments."
    return f"{_reasons(review)} A season can look like a change: look again next month before you refresh. {refresh}"


def more_than_usual(row: dict[Hashable, Any]) -> Finding:
    """Return the finding on a move that was more frequent than usual."""
    share, usual = (f"{row[name]:.0%}".replace("%", " %") for name in ("share", "usual_share"))
    n = counted(float(row["n"]), "customers")
    source = "New customers" if row["from"] == "(new)" else f"“{row['from']}”"
    return Finding(
        f"{n} moved from {source} to “{row['to']}”", f": {share} of them, usually {usual}. Real.", tone="changed"
    )


def moved_finding(n_moved: int, n_both: int, rest: str) -> Finding:
    """Return the finding on how many customers changed segment; ``rest`` ends the sentence.

    Examples
    --------
    >>> moved_finding(3, 12, ".").text, moved_finding(0, 0, ".").text
    ('3 of 12 customers changed segment (25 %).', 'Nobody changed segment.')
    """
    if not n_moved:
        return Finding("Nobody changed segment", rest)
    bold = f"{n_moved:,} of {counted(n_both, 'customers')} changed segment"
    return Finding(bold, f" ({100 * n_moved / n_both:.0f} %){rest}")


def move_finding(totals: pd.DataFrame, currency: str | None) -> Finding | None:
    """Return the finding on moves up and down and the revenue gained and lost; None if there were none.

    Examples
    --------
    >>> rows = [("up", 3, 90.0, 40.0, 140.0), ("down", 1, -20.0, -60.0, 20.0)]
    >>> move_finding(pd.DataFrame(rows, columns=["direction", "n", "gained", "low", "high"]), "EUR").text
    '3 customers upgraded and 1 slid: those who upgraded bring €90 more (€40 to €140), those who slid €20 less (−€20 to €60).'
    """
    rows = {row["direction"]: row for row in totals.to_dict("records")}
    up, down = rows.get("up"), rows.get("down")
    if up is None and down is None:
        return None
    n_up, n_down = (int(row["n"]) if row else 0 for row in (up, down))
    of = [(did, _changed(row, currency)) for row, did in ((up, "upgraded"), (down, "slid")) if row]
    clauses = [f"those who {did} {'' if place else 'bring '}{changed}" for place, (did, changed) in enumerate(of)]
    return Finding(f"{counted(n_up, 'customers')} upgraded and {n_down:,} slid", f": {', '.join(clauses)}.")


def _who_bought(n: int) -> str:
    return f"{counted(n, 'customers')} who {'has' if n == 1 else 'have'} bought"


def _by_numbers(row: dict[Hashable, Any], profiles: pd.DataFrame) -> str:
    """Return what to do for a segment without a usual name, by its recency and its revenue per customer."""
    mean = float((profiles["days_since_order"] * profiles["n"]).sum() / profiles["n"].sum())
    away = float(row["days_since_order"]) > mean
    if row["differs"] == "more":
        return (
            "Telephone or write personally: they bring more than others and have been away."
            if away
            else "Thank them, show them new products first, ask for recommendations."
        )
    return (
        "Remind them once with something that fits their last order."
        if away
        else "Make the next order easy: a reason to come back within their usual gap."
    )


def _changed(row: dict[Hashable, Any], currency: str | None) -> str:
    value, low, high = (float(row[name]) for name in ("gained", "low", "high"))
    low, high = (low, high) if value >= 0 else (-high, -low)
    scale = scale_for("money", abs(value), low=low, high=high, currency=currency)
    return f"{scale.words(abs(value))} {'more' if value >= 0 else 'less'} ({scale.interval(low, high)})"


def _reasons(review: SegmentReview) -> str:
    if review.fit is None:
        return ""
    often = "less than 1 %" if review.fit.p < 0.01 else f"{review.fit.p:.0%}".replace("%", " %")
    if review.n_before != review.n_now:
        return f"Then there was {_groups(review.n_before)}, now there are {_groups(review.n_now)}."
    moved = in_words(review.fit.moved, "share")
    return (
        f"If the segments were learned anew today, {moved} of the customers who ordered within a year would be in "
        f"another one; so large a change comes by chance in {often} of cases where nothing has changed."
    )


def _why(review: SegmentReview) -> str:
    if review.n_before != review.n_now:
        return f"where there was {_groups(review.n_before)}, there are now {_groups(review.n_now)}"
    assert review.fit is not None
    if review.fit.moved < 0.1:
        return "the groups are the same, but their customers are no longer where they were"
    return (
        f"learned anew today, they would put {in_words(review.fit.moved, 'share')} of buying customers into another one"
    )


def _groups(n: int) -> str:
    return "one group" if n <= 1 else counted(n, "groups")
