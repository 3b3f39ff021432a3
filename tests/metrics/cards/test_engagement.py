"""Mailings, the best channel, and the engagement score with its check."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from crmkit.metrics import evaluate
from crmkit.metrics.analyses.contact import channel_responses, preferred_channels
from crmkit.metrics.analyses.engagement_score import WEIGHTS, area_under_curve, engagement_check, engagement_scores

CARDS = ["delivery_rate", "click_rate", "email_conversion", "unsubscribe_rate"]
DAY = pd.Timestamp("2026-10-05")


def mailings(customers: list[str], channels: list[str], clicked: list[bool], delivered: bool = True) -> pd.DataFrame:
    n = len(customers)
    return pd.DataFrame(
        {
            "mailing_id": [f"m{i}" for i in range(n)],
            "customer_id": customers,
            "channel": channels,
            "sent_at": DAY,
            "delivered_at": [DAY if delivered else pd.NaT] * n,
            "clicked_at": [DAY if c else pd.NaT for c in clicked],
        }
    )


def test_of_ten_sent_eight_arrive_and_of_these_half_are_clicked_a_quarter_ordered_an_eighth_left(company):
    sent = mailings([f"c{i}" for i in range(10)], ["email"] * 10, [i < 4 for i in range(10)])
    sent.loc[8:, "delivered_at"] = pd.NaT
    sent = sent.assign(converted_at=[DAY] * 2 + [pd.NaT] * 8, unsubscribed_at=[DAY] + [pd.NaT] * 9)
    found = evaluate(company(mailings=sent), CARDS, periods="2026-10")
    assert found["value"].tolist() == [0.8, 0.5, 0.25, 0.125]
    assert found["n"].tolist() == [10, 8, 8, 8]


def test_mailings_equal_plain_pandas_on_the_sample_company(sample, sample_tables):
    sent = sample_tables["mailings"]
    sent = sent[sent["sent_at"].dt.strftime("%Y-%m") == "2026-10"]
    there = sent[sent["delivered_at"].notna()]
    expected = [
        len(there) / len(sent),
        *(there[c].notna().mean() for c in ("clicked_at", "converted_at", "unsubscribed_at")),
    ]
    assert evaluate(sample, CARDS, periods="2026-10")["value"].tolist() == pytest.approx(expected)


def test_three_clicks_of_three_are_drawn_towards_the_mean_of_all(company):
    """30 clicks of 100 in all, 30 of 100 on the channel: (3 + 10 x 0.3) / (0.3 x 3 + 10 x 0.3) x 0.3 = 0.4615."""
    people = ["eager"] * 3 + [f"c{i}" for i in range(97)]
    catalog = company(mailings=mailings(people, ["email"] * 100, [True] * 3 + [True] * 27 + [False] * 70))
    found = preferred_channels(catalog, date(2026, 10, 31)).set_index("customer_id")
    assert found.loc["eager", "rate"] == pytest.approx(6 / 3.9 * 0.3)
    assert channel_responses(catalog, date(2026, 10, 31))["rate"].tolist() == [0.3]


def test_the_channel_with_more_responses_is_preferred_and_later_clicks_are_not_seen(company):
    people = ["a"] * 40
    channels = ["email"] * 20 + ["sms"] * 20
    sent = mailings(people, channels, [False] * 20 + [True] * 20)
    later = sent.assign(clicked_at=sent["clicked_at"] + pd.Timedelta(days=40))
    seen = preferred_channels(company(mailings=sent), date(2026, 10, 31)).iloc[0]
    assert (seen["channel"], seen["n_channels"]) == ("sms", 2)
    assert (
        preferred_channels(company(mailings=later, through="2026-12-31"), date(2026, 10, 31)).iloc[0]["n_responses"]
        == 0
    )


def bought(days: list[tuple[str, str]]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "order_id": [f"o{i}" for i in range(len(days))],
            "customer_id": [c for c, _ in days],
            "revenue": 10.0,
            "ordered_at": pd.to_datetime([d for _, d in days]),
        }
    )


def test_an_order_today_and_two_months_of_three_with_one_are_82_5_points(company):
    """40 recency + 30 x 2/3 frequency + 15 x 1/1 breadth + 15 x 1/2 responses (none recorded) = 82.5."""
    catalog = company(orders=bought([("a", "2026-09-10"), ("a", "2026-10-31")]))
    (row,) = engagement_scores(catalog, date(2026, 10, 31)).to_dict("records")
    assert row["recency"] == 1
    assert row["frequency"] == pytest.approx(2 / 3)
    assert row["score"] == pytest.approx(40 + 20 + 15 + 7.5)


def test_recency_is_half_after_half_of_churn_after_days(company):
    catalog = company(orders=bought([("a", "2026-09-16")]), through="2026-10-31")
    assert engagement_scores(catalog, date(2026, 10, 31))["recency"].item() == pytest.approx(0.5)


def test_scores_lie_between_0_and_100_and_later_data_do_not_move_them(sample, sample_tables):
    from crmkit.cleaning.loading.connect import connect
    from crmkit.settings import parse_settings

    as_of = date(2026, 6, 30)
    found = engagement_scores(sample, as_of).sort_values("customer_id", ignore_index=True)
    assert found["score"].between(0, 100).all() and len(found) > 1000
    cut = {
        name: frame[frame[clock] < pd.Timestamp("2026-07-01")]
        for name, clock in (
            ("orders", "ordered_at"),
            ("survey_invitations", "sent_at"),
            ("survey_responses", "responded_at"),
            ("interactions", "occurred_at"),
            ("subscription_terms", "starts_at"),
            ("mailings", "sent_at"),
        )
        for frame in [sample_tables[name]]
    }
    before = connect(cut, parse_settings({"data": {"through": "2026-06-30"}}))
    again = engagement_scores(before, as_of).sort_values("customer_id", ignore_index=True)
    pd.testing.assert_frame_equal(found, again)


@pytest.mark.parametrize("as_of", [date(2025, 8, 31), date(2026, 3, 31)])
def test_the_score_predicts_out_of_time_who_stays_in_the_sample_company(sample, as_of):
    bands = engagement_check(sample, as_of)
    assert bands.attrs["auc"][1] > 0.6  # the whole interval
    assert bands["value"].is_monotonic_increasing


def test_the_area_under_the_curve_equals_scikit_learns():
    from sklearn.metrics import roc_auc_score

    random = np.random.default_rng(3)
    score, hit = random.normal(size=200).round(1), random.random(200) < 0.4
    assert area_under_curve(score, hit)[0] == pytest.approx(roc_auc_score(hit, score))
    assert np.isnan(area_under_curve(score, np.ones(200, dtype=bool))[0])


def test_the_card_is_the_mean_score_of_the_customers_active_at_the_end_of_the_period(company):
    """82.5 and 72.5 points (an order today in one month of three, 40 + 10 + 15 + 7.5 = 72.5) as kept by the prediction."""
    from crmkit.predictions.runner.predict import with_predictions

    catalog = company(
        orders=bought([("a", "2026-09-10"), ("a", "2026-10-31"), ("b", "2026-10-31")]), through="2026-10-31"
    )
    predicted = with_predictions(catalog, date(2026, 10, 31), only=["engagement"])
    row = evaluate(predicted, "engagement_score", periods="2026-10").iloc[0]
    assert (row["value"], row["n"], row["status"]) == (pytest.approx((82.5 + 72.5) / 2), 2, "too few")
    assert (
        evaluate(catalog, "engagement_score", periods="2026-10")["reason"].item()
        == "needs customer_scores: run crmkit predict"
    )


def test_the_card_equals_plain_pandas_on_the_sample_company(sample, sample_tables):
    from crmkit.predictions.runner.predict import with_predictions

    scores = engagement_scores(sample, date(2026, 10, 31))
    parts = sum(weight * scores[name] for name, weight in WEIGHTS.items())
    row = evaluate(
        with_predictions(sample, date(2026, 10, 31), only=["engagement"]), "engagement_score", periods="2026-10"
    )
    assert row["value"].item() == pytest.approx(parts.mean())
    assert row["n"].item() == len(scores) > 1000 and len(sample_tables["customers"]) > len(scores)
