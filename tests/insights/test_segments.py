"""The sentences of the page about segments."""

from datetime import date

import pandas as pd
import pytest

from crmkit.insights.segments import review_finding, review_title, review_words
from crmkit.models.segments.stability import Fit
from crmkit.predictions.segments.stability import SegmentReview


def review(verdict: str, **changed) -> SegmentReview:
    values = {"fit": Fit(0.16, 0.004), "n_before": 0, "n_now": 0} | changed
    return SegmentReview(
        "rfm",
        date(2025, 12, 31),
        date(2026, 10, 31),
        verdict,
        values["fit"],
        values["n_before"],
        values["n_now"],
        pd.DataFrame(),
        pd.DataFrame(),
    )


def test_a_reference_that_no_longer_fits_is_a_warning_with_the_command_to_refresh_it():
    found = review("no longer fits")
    assert review_finding(found).text.startswith("The segments no longer fit: learned anew today, they would put 16")
    words = review_words(found, kept=True)
    assert "in less than 1 % of cases" in words and "crmkit predict --refresh-segments" in words
    assert review_title(found) == "The segments of 31 December 2025 no longer fit"


@pytest.mark.parametrize("verdict", ["fits", "differs as a year ago", "too new to judge", "too few to judge"])
def test_no_other_verdict_is_a_warning(verdict):
    assert review_finding(review(verdict)) is None
    assert "kept in the store" in review_words(review(verdict), kept=True)
    assert "provisional" in review_words(review(verdict), kept=False)


def test_the_season_stands_in_the_title_as_in_the_text():
    found = review("differs as a year ago")
    assert (
        review_title(found) == "The segments of 31 December 2025 fit as they did a year ago: what differs is the season"
    )
    assert "so it is the season" in review_words(found, kept=True)
    assert review_title(review("fits")) == "The segments of 31 December 2025 still fit"


def test_new_groups_are_said_in_words():
    found = review("no longer fits", fit=Fit(0.0, 1.0), n_before=1, n_now=2)
    assert "where there was one group, there are now 2 groups" in review_finding(found).text
