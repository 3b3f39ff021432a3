"""What sets segments apart beyond revenue: planted differences are found, chance is not, unknowns are left out."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

import crmkit as ck
from crmkit.predictions.segments.profiles import segment_portraits, segment_profiles
from crmkit.settings import parse_settings

DAY = date(2026, 9, 30)
RULES = parse_settings({"company": {"segment_rules": {"Large": "revenue >= 100"}, "segment_model": "rules"}})


@pytest.fixture(scope="module")
def frames():
    """60 of 100 large spenders came by referral and 20 of 100 others; large ones promote; gender is chance."""
    ids = [f"c{n:03}" for n in range(200)]
    large = np.arange(200) < 100
    orders = pd.DataFrame(
        {
            "order_id": ids,
            "customer_id": ids,
            "ordered_at": pd.Timestamp(2026, 9, 1),
            "revenue": np.where(large, 150.0, 50.0),
            "margin": np.where(large, 90.0, 10.0),
        }
    )
    referred = np.r_[np.arange(100) < 60, np.arange(100) < 20]
    people = pd.DataFrame(
        {"customer_id": ids, "channel": np.where(referred, "referral", "search"), "gender": ["f", "m"] * 100}
    )
    answers = pd.DataFrame(
        {
            "response_id": ids[:50] + ids[100:150],
            "customer_id": ids[:50] + ids[100:150],
            "survey": "nps",
            "responded_at": pd.Timestamp(2026, 9, 5),
            "score": [10.0] * 40 + [8.0] * 10 + [3.0] * 50,
        }
    )
    scores = pd.DataFrame(
        {
            "customer_id": ids,
            "as_of": DAY,
            "model": "value",
            "model_version": "1",
            "value": np.where(large, 300.0, 40.0) + np.arange(200) % 7,
        }
    )
    return {"orders": orders, "customers": people, "survey_responses": answers, "customer_scores": scores}


def test_channel_opinion_and_worth_differ_and_gender_does_not(frames):
    rows = segment_portraits(ck.connect(frames, RULES), DAY, model="rules").set_index(["segment", "what"])
    referral = rows.loc[("Large", "referral")]
    assert (referral["value"], referral["rest"], referral["differs"]) == (0.6, 0.2, "more")
    assert referral["low"] < 0.6 < referral["high"]
    assert rows.loc[("Others", "referral"), "differs"] == "less"
    opinion = rows.loc[("Large", "net promoters (NPS)")]
    assert (opinion["value"], opinion["rest"], opinion["n"], opinion["differs"]) == (80.0, -100.0, 50, "more")
    assert rows.loc[("Large", "expected value"), "value"] == pytest.approx(300 + np.mean(np.arange(100) % 7))
    assert rows.loc[("Large", "f"), "differs"] == ""


def test_a_trait_of_fewer_than_ten_customers_is_not_reported(frames):
    people = frames["customers"].assign(industry=["shops"] * 9 + [None] * 91 + ["shops"] * 100)
    rows = segment_portraits(ck.connect(frames | {"customers": people}, RULES), DAY, model="rules")
    assert "industry" not in set(rows["topic"])


def test_chance_differences_are_reported_in_at_most_one_of_twenty_firms(frames):
    told = 0
    for seed in range(20):
        random = np.random.default_rng(seed)
        people = pd.DataFrame(
            {
                "customer_id": frames["orders"]["customer_id"],
                "channel": random.choice(list("abc"), 200),
                "country": random.choice(["DE", "FR"], 200, p=[0.97, 0.03]),
            }
        )
        rows = segment_portraits(
            ck.connect({"orders": frames["orders"], "customers": people}, RULES), DAY, model="rules"
        )
        told += bool((rows.loc[rows["topic"].isin(["channel", "country"]), "differs"] != "").any())
    assert told <= 2


def test_a_later_answer_and_a_later_score_are_not_used(frames):
    late = frames["survey_responses"].assign(responded_at=pd.Timestamp(2026, 10, 5))
    scores = frames["customer_scores"].assign(as_of=date(2026, 10, 31))
    rows = segment_portraits(
        ck.connect(frames | {"survey_responses": late, "customer_scores": scores}, RULES), DAY, model="rules"
    )
    assert not {"opinion", "outlook"} & set(rows["topic"])


def test_ninety_percent_of_the_margin_is_brought_by_the_large_half(frames):
    profiles = segment_profiles(ck.connect(frames, RULES), DAY, model="rules").set_index("segment")
    assert profiles.loc["Large", "margin_share"] == pytest.approx(0.9)
    assert profiles.loc["Large", "revenue_share"] == pytest.approx(0.75)
