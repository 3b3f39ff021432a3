"""What to say of whether the segments still fit."""

from __future__ import annotations

from crmkit.insights.sentences import Finding
from crmkit.metrics.nouns import counted
from crmkit.metrics.wording import in_words
from crmkit.periods import day_in_words
from crmkit.predictions.segment_review import SegmentReview

REFRESH = "crmkit predict --refresh-segments"


def review_finding(review: SegmentReview) -> Finding | None:
    """Return the warning that the segments no longer fit; None while they do.

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
    """Return what the verdict rests on, and what can be done.

    Parameters
    ----------
    review : SegmentReview
    kept : bool
        Whether the ruler is in the store; a provisional one is learned anew by itself.
    """
    until = (
        f"The segments are kept in the store and stay until {REFRESH} is run." if kept
        else "The segments are provisional: once a year of data is there, those of the end of a fiscal year are kept."
    )  # fmt: skip
    if review.verdict == "too new to judge":
        return f"They were learned less than two months ago. {until}"
    if review.verdict == "too few to judge":
        return f"There are fewer than 40 customers. {until}"
    if review.verdict == "fits":
        return f"{_told(review)} {until}"
    if review.verdict == "differs as a year ago":
        return f"{_told(review)} But customers were as different at this time a year ago, so it is the season. {until}"
    refresh = f"To take the proposal, run {REFRESH}: it holds from then on, and earlier months keep the old segments."
    return f"{_told(review)} A season can look like a change: look again next month before you refresh. {refresh}"


def _told(review: SegmentReview) -> str:
    if review.fit is None:
        return ""
    often = "less than 1 %" if review.fit.p < 0.01 else f"{review.fit.p:.0%}".replace("%", " %")
    if review.n_before != review.n_now:
        return f"Then there was {_groups(review.n_before)}, now there are {_groups(review.n_now)}."
    moved = in_words(review.fit.moved, "share")
    return (f"If the segments were learned anew today, {moved} of the customers who ordered within a year would be in "
            f"another one; so large a change comes by chance in {often} of cases where nothing has changed.")  # fmt: skip


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
