"""The owner's part of the page on the voice: answers by touchpoint, with hand-made answers."""

import pandas as pd

from crmkit import connect, scorecard
from crmkit.reporting.pages.voice import touchpoint_table


def answers(nps, csat):
    """Return a catalog of answers: touchpoint to scores, of two surveys."""
    rows = [
        (survey, place, float(score))
        for survey, by_place in (("nps", nps), ("csat", csat))
        for place, scores in by_place.items()
        for score in scores
    ]
    frame = pd.DataFrame(rows, columns=["survey", "touchpoint", "score"])
    most = frame["survey"].map({"nps": 10.0, "csat": 5.0})
    ids = [str(n) for n in range(len(frame))]
    frame = frame.assign(scale_min=frame["survey"].map({"nps": 0.0, "csat": 1.0}), scale_max=most, response_id=ids)
    return connect({"survey_responses": frame.assign(customer_id=ids, responded_at=pd.Timestamp("2026-10-05"))})


def shown(catalog):
    return touchpoint_table(catalog, scorecard(catalog, "2026-10", metrics=["nps", "csat"])).html


def test_the_touchpoint_that_is_unlike_all_answers_is_named_and_marked():
    html = shown(answers({"shop": [10] * 40, "delivery": [0] * 40}, {"shop": [5] * 20, "delivery": [5] * 20}))
    assert "Unlike all answers by more than chance: shop (NPS 100" in html and "delivery (NPS −100" in html
    assert "▲\N{NO-BREAK SPACE}100" in html and "▼\N{NO-BREAK SPACE}−100" in html
    assert html.count("▲") == html.count("▼") == 2  # one cell each, and the key in the subtitle


def test_touchpoints_that_differ_by_chance_are_not_told_apart():
    html = shown(answers({"shop": [10, 9, 3] * 5, "delivery": [10, 7, 3] * 5}, {"shop": [5, 2] * 9}))
    assert "No touchpoint differs from all answers by more than chance" in html


def test_questions_of_one_touchpoint_each_are_not_compared():
    assert shown(answers({"relationship": [10, 9, 3] * 9}, {"delivery": [5, 2] * 9})) == ""


def test_answers_of_one_touchpoint_have_no_table():
    assert shown(answers({"shop": [9, 3] * 9}, {"shop": [5, 2] * 9})) == ""
