"""What the page on segments says where there are too few customers for any."""

import pandas as pd
import pytest

import crmkit as ck
from crmkit.insights.segments import moves_of, review_title, segment_findings, segment_headline
from crmkit.periods import Period
from crmkit.reporting.pages.segments import (
    move_total_table,
    segment_action_table,
    segment_fit_table,
    segment_flow_chart,
    segment_move_table,
    segment_opening,
    segment_table,
    typical_table,
)
from tests.insights.test_segments import review

OCTOBER = Period.parse("2026-10")


@pytest.fixture
def catalog():
    """A firm of three customers, each of whom orders every month."""
    rows = [(f"{who}{month}", who, f"2026-{month:02d}-10", 30.0) for who in "abc" for month in range(1, 11)]
    orders = pd.DataFrame(rows, columns=["order_id", "customer_id", "ordered_at", "revenue"])
    return ck.connect({"orders": orders}, ck.Settings(data={"through": "2026-10-31"}))


def test_three_customers_are_too_few_and_nothing_is_said_of_moves_between_segments(catalog):
    told = segment_findings(
        catalog, OCTOBER, moves_of(catalog, OCTOBER).assign(verdict="", share=0.0, usual_share=0.0, n=1)
    )
    assert [finding.text.split(":")[0] for finding in told] == ["There are no segments yet"]
    assert "fewer than 20 customers had bought by" in told[0].text
    assert "3 customers who have bought, too few for segments" in segment_opening(catalog, OCTOBER)._repr_html_()
    assert "What compares segments is left out; know each customer by name." in told[0].text
    for section in (
        segment_flow_chart,
        move_total_table,
        segment_move_table,
        segment_table,
        typical_table,
        segment_action_table,
        segment_fit_table,
    ):
        assert section(catalog, OCTOBER).html == ""


def test_the_headline_of_several_segments_stays():
    profiles = pd.DataFrame(
        {"segment": ["Loyal", "Lost"], "n": [10, 40], "share": [0.2, 0.8], "revenue_share": [0.9, 0.1]}
    )
    assert (
        segment_headline(profiles, OCTOBER) == "October 2026: “Loyal” are 20 % of customers and bring 90 % of turnover"
    )


@pytest.mark.parametrize(
    ("verdict", "told"), [("too new to judge", "It is too early"), ("too few to judge", "There are too few customers")]
)
def test_a_title_without_a_verdict_says_why(verdict, told):
    assert review_title(review(verdict)) == f"{told} to judge whether the segments of 31 December 2025 fit"
