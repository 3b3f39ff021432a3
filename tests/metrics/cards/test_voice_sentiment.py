"""The sentiment of comments: by hand, and by plain pandas on the sample company."""

from datetime import date

import pandas as pd
import pytest

from crmkit.metrics import evaluate
from crmkit.predictions.runner.predict import with_predictions

DAY = date(2026, 10, 31)


def test_two_kind_comments_of_four_and_one_unkind_are_25_points(company, answers):
    frame = answers("csat", [5.0, 4.0, 3.0, 1.0, 5.0]).assign(language="en")
    frame["comment"] = ["Love it, great!", "Wonderful beans", "It is a bag.", "Awful, bitter and horrible", None]
    catalog = with_predictions(company(survey_responses=frame), DAY, only=["sentiment"])
    row = evaluate(catalog, "comment_sentiment", periods="2026-10").iloc[0]
    assert (row["value"], row["n"]) == (pytest.approx(25), 4)


def test_sentiment_equals_plain_pandas_on_the_sample_company_and_sours_in_the_bad_month(sample, sample_tables):
    for card, source, table, key, by, last in (
        ("comment_sentiment", "comment", "survey_responses", "response_id", "touchpoint", "2026-10-31"),
        ("post_sentiment", "post", "social_posts", "post_id", "network", "2026-09-30"),
    ):
        catalog = with_predictions(sample, last, only=["sentiment"])
        sentiments = catalog.frame("text_sentiments")
        own = sentiments[sentiments["source"] == source].merge(sample_tables[table], left_on="text_id", right_on=key)
        own = own.assign(month=own["written_at"].dt.strftime("%Y-%m"))
        months = evaluate(catalog, card, periods=f"2026-06..{last[:7]}").set_index("period")["value"]
        assert months.to_dict() == pytest.approx((100 * own.groupby("month")["mood"].mean())[months.index].to_dict())
        if source == "comment":
            assert months["2026-10"] < months[:"2026-09"].min()
        of_groups = evaluate(catalog, card, periods=last[:7], by=by).set_index(by)["value"]
        expected = 100 * own[own["month"] == last[:7]].groupby(by)["mood"].mean()
        assert of_groups.drop("(small groups)", errors="ignore").to_dict() == pytest.approx(
            expected[[name for name in of_groups.index if name in expected]].to_dict()
        )
        assert pd.Series(sentiments["mood"]).isin([-1, 0, 1]).all()


def test_posts_of_a_month_whose_words_nothing_taught_have_no_mood(sample):
    """In October many write that the coffee is burnt, which no star had taught before: posts would be read as kind."""
    sentiments = with_predictions(sample, DAY, only=["sentiment"]).frame("text_sentiments")
    assert set(sentiments["source"]) == {"comment"} and set(sentiments["method"]) == {"stars"}
