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
from crmkit.words import has_message, say

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
        return say("segments-headline-few", period=period.label, bought=_who_bought(first["n"]))
    if not first["revenue_share"] > 0:
        return say("segments-headline-nothing", period=period.label, bought=_who_bought(profiles["n"].sum()))
    share, revenue = (f"{100 * first[name]:.0f}" for name in ("share", "revenue_share"))
    return say("segments-headline", period=period.label, segment=first["segment"], share=share, revenue=revenue)


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
    return say("segments-population", bought=_who_bought(len(bought)), n=n_others) if n_others else ""


def segment_findings(catalog: Catalog, period: Period, moves: pd.DataFrame) -> list[Finding]:
    """Return the findings: moves that were more frequent than usual, and whether there are natural groups."""
    day = last_days(catalog, period)[1]
    if set(moves["to"]) == {TOO_FEW}:
        day_learned = day_in_words(learned_on(catalog, day))
        why = say("segments-none-yet.rest", fewest=FEWEST_CUSTOMERS, day=day_learned)
        return [Finding(say("segments-none-yet.bold"), why)]
    if moves["to"].nunique() == 1:
        return [Finding(say("segments-one.bold"), say("segments-one.rest"))]
    changed = moves[(moves["verdict"] == "real") & (moves["from"] != moves["to"])]
    more = changed[changed["share"] > changed["usual_share"]].sort_values("n", ascending=False).head(3)
    found = [more_than_usual(row) for row in more.to_dict("records")]
    n_moved = int(moves.loc[(moves["from"] != moves["to"]) & (moves["from"] != "(new)"), "n"].sum())
    n_both = int(moves.loc[moves["from"] != "(new)", "n"].sum())
    rest = "some" if found else "none"
    found.append(moved_finding(n_moved, n_both, rest))
    if both_ways := move_finding(move_totals(moves_of(catalog, period)), catalog.settings.company.currency):
        found.append(both_ways)
    segmentation = segmentation_for(catalog, day)
    if segmentation.model.n_segments_ > 1:
        named = ", ".join(f"“{name}”" for name in segmentation.names)
        n = len(segmentation.names)
        found.append(Finding(say("segments-natural.bold", n=n), say("segments-natural.rest", named=named)))
    else:
        why = say("segments-not-natural.rest", why=segmentation.model.verdict_)
        found.append(Finding(say("segments-not-natural.bold"), why))
    return found


def segment_actions(catalog: Catalog, period: Period) -> pd.DataFrame:
    """Return what to do for each segment: segment, n [customers], what_to_do; the segments with most revenue first."""
    profiles = profiles_of(catalog, period)
    words = [_what_to_do(row, profiles) for row in profiles.to_dict("records")]
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
    return Finding(say("segments-no-fit.bold"), say("segments-no-fit.rest", why=_why(review)), tone="worse")


def review_title(review: SegmentReview) -> str:
    """Return the title of the section: whether the segments still fit."""
    return say("segments-review", verdict=review.verdict.replace(" ", "-"), day=day_in_words(review.learned_on))


def review_words(review: SegmentReview, kept: bool) -> str:
    """Return the reasons for the verdict, and what can be done.

    Parameters
    ----------
    review : SegmentReview
    kept : bool
        Whether the segments are kept in the store; provisional ones are refitted automatically.
    """
    until = say("segments-until-refresh", command=REFRESH) if kept else say("segments-provisional")
    if review.verdict == "too new to judge":
        return say("segments-too-new", until=until)
    if review.verdict == "too few to judge":
        return say("segments-too-few", until=until)
    if review.verdict == "fits":
        return f"{_reasons(review)} {until}"
    if review.verdict == "differs as a year ago":
        return f"{_reasons(review)} {say('segments-season', until=until)}"
    return f"{_reasons(review)} {say('segments-look-again', command=REFRESH)}"


def more_than_usual(row: dict[Hashable, Any]) -> Finding:
    """Return the finding on a move that was more frequent than usual."""
    share, usual = (f"{100 * row[name]:.0f}" for name in ("share", "usual_share"))
    told = {"customers": counted(float(row["n"]), "customers"), "source": row["from"], "to": row["to"]}
    bold = say("segments-moved-new" if row["from"] == "(new)" else "segments-moved", **told)
    return Finding(bold, say("segments-usually", share=share, usual=usual), tone="changed")


def moved_finding(n_moved: int, n_both: int, unusual: str) -> Finding:
    """Return the finding on how many customers changed segment, and whether some moves were more frequent than usual.

    Examples
    --------
    >>> moved_finding(3, 12, "some").text, moved_finding(0, 0, "some").text
    ('3 of 12 customers changed segment (25 %).', 'Nobody changed segment.')
    """
    if not n_moved:
        return Finding(say("segments-changed-nobody.bold"), say("segments-changed-nobody.rest", unusual=unusual))
    bold = say("segments-changed.bold", n=f"{n_moved:,}", customers=counted(n_both, "customers"))
    return Finding(bold, say("segments-changed.rest", share=f"{100 * n_moved / n_both:.0f}", unusual=unusual))


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
    told = {side: _changed(row, currency) for side, row in (("up", up), ("down", down)) if row}
    bold = say("segments-both-ways", customers=counted(n_up, "customers"), slid=f"{n_down:,}")
    if len(told) == 2:
        return Finding(bold, say("segments-brought-both", **told))
    return Finding(bold, say("segments-brought-up", **told) if up else say("segments-brought-down", **told))


def _who_bought(n: int) -> str:
    return say("segments-bought", n=int(n))


def _what_to_do(row: dict[Hashable, Any], profiles: pd.DataFrame) -> str:
    """Return what to do for a usual segment; for another by its recency and its revenue per customer."""
    name = f"segments-do-{str(row['segment']).lower().replace(' ', '-')}"
    if has_message(name):
        return say(name)
    mean = float((profiles["days_since_order"] * profiles["n"]).sum() / profiles["n"].sum())
    away = "away" if float(row["days_since_order"]) > mean else "here"
    return say("segments-do", away=away, brings="more" if row["differs"] == "more" else "other")


def _changed(row: dict[Hashable, Any], currency: str | None) -> str:
    value, low, high = (float(row[name]) for name in ("gained", "low", "high"))
    low, high = (low, high) if value >= 0 else (-high, -low)
    scale = scale_for("money", abs(value), low=low, high=high, currency=currency)
    amount, interval = scale.words(abs(value)), scale.interval(low, high)
    return say("segments-amount", way="more" if value >= 0 else "less", amount=amount, interval=interval)


def _reasons(review: SegmentReview) -> str:
    if review.fit is None:
        return ""
    if review.n_before != review.n_now:
        return say("segments-groups-then", then=review.n_before, now=review.n_now)
    often = say("segments-rarely") if review.fit.p < 0.01 else in_words(round(review.fit.p, 2), "share")
    return say("segments-anew", moved=in_words(review.fit.moved, "share"), often=often)


def _why(review: SegmentReview) -> str:
    if review.n_before != review.n_now:
        return say("segments-why-groups", then=review.n_before, now=review.n_now)
    assert review.fit is not None
    if review.fit.moved < 0.1:
        return say("segments-why-elsewhere")
    return say("segments-why-anew", moved=in_words(review.fit.moved, "share"))
