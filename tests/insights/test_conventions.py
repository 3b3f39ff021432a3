"""The method note says how far each convention moves the number."""

import pandas as pd
import pytest

from crmkit.cleaning.loading.connect import connect
from crmkit.insights.conventions import convention_sentences
from crmkit.metrics import scorecard
from crmkit.settings import parse_settings


def book_of(n_old: int, n_lost: int, n_new_lost: int):
    """Customers at the start of October, how many of them leave in it, and how many newcomers leave at once."""
    spans = [("2026-01-01", "2026-10-20" if i < n_lost else "2027-01-01") for i in range(n_old)]
    spans += [("2026-10-05", "2026-10-25")] * n_new_lost
    terms = pd.DataFrame(spans, columns=["starts_at", "ends_at"]).apply(pd.to_datetime)
    ids = [f"c{i}" for i in range(len(spans))]
    terms = terms.assign(subscription_id=ids, customer_id=ids, mrr=10.0)
    return connect({"subscription_terms": terms}, parse_settings({"data": {"through": "2026-10-31"}}))


def told(catalog):
    return convention_sentences(catalog, scorecard(catalog, "2026-10", metrics="churn_rate"))


def test_ten_lost_of_a_hundred_and_ten_of_the_new_are_10_or_20_percent():
    (text,) = told(book_of(100, 10, 10))
    assert text.startswith(
        "Customers lost (churn) is counted in several ways. Here it is customers at start who are "
        "gone by the end / customers at start: 10"
    )
    assert "joined within the period / customers at start: 20 % (+10 pts)" in text


def test_where_all_agree_it_says_so():
    (text,) = told(book_of(100, 0, 0))
    assert "which agree here: 0 %" in text


@pytest.mark.parametrize("n", [1, 5, 50, 500])
def test_the_paragraph_makes_sense_at_every_size(n):
    for text in told(book_of(n, n // 2, n // 3)):
        assert not any(word in text for word in ("nan", "NaN", "None", "inf", "−0 ", "no data"))


def test_without_a_value_nothing_is_said():
    answers = pd.DataFrame(
        {"response_id": ["1"], "responded_at": pd.to_datetime(["2026-10-05"]), "survey": ["nps"], "score": [9.0]}
    )
    catalog = connect({"survey_responses": answers})
    assert convention_sentences(catalog, scorecard(catalog, "2026-10", metrics=["churn_rate"])) == []
