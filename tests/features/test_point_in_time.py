"""The data as they were known on a day: worked by hand, and against the same rows cut in plain pandas."""

from datetime import date

import pandas as pd
import pytest

import crmkit as ck
from crmkit.errors import NotMeasured
from crmkit.features.point_in_time import as_known_on
from crmkit.sources.sample import sample_company
from crmkit.tables.schema import SCHEMAS

ON = date(2026, 3, 31)
PREDICTED = {"customer_scores", "segment_assignments", "text_sentiments"}


def days(*texts):
    return pd.to_datetime(list(texts))


@pytest.fixture(scope="module")
def kaldi():
    return sample_company(n_customers=300, months=14).tables


@pytest.fixture(scope="module")
def then(kaldi):
    return as_known_on(ck.connect(kaldi), ON)


def test_an_order_of_the_day_is_known_and_one_of_the_next_day_is_not():
    at = days("2026-03-31 23:59:59", "2026-04-01 00:00:00")
    orders = pd.DataFrame({"order_id": ["a", "b"], "ordered_at": at, "revenue": 1.0})
    assert as_known_on(ck.connect({"orders": orders}), ON).frame("orders")["order_id"].tolist() == ["a"]


def test_lines_go_with_their_orders_and_without_orders_there_are_none():
    orders = pd.DataFrame({"order_id": ["a", "b"], "ordered_at": days("2026-03-01", "2026-04-01"), "revenue": 1.0})
    lines = pd.DataFrame({"order_id": ["a", "b"], "product": "beans"})
    assert as_known_on(ck.connect({"orders": orders, "order_lines": lines}), ON).frame("order_lines")[
        "order_id"
    ].tolist() == ["a"]
    assert as_known_on(ck.connect({"order_lines": lines}), ON).names == []


def test_a_deal_won_next_week_is_open_today_and_its_stage_is_hidden():
    deals = pd.DataFrame(
        {
            "deal_id": ["a"],
            "created_at": days("2026-03-01"),
            "closed_at": days("2026-04-05"),
            "won": [True],
            "stage": ["won"],
        }
    )
    cut = as_known_on(ck.connect({"deals": deals}), ON)
    assert cut.frame("deals")[["closed_at", "won"]].isna().all(axis=None)
    assert "stage" not in cut.table("deals").columns
    with pytest.raises(NotMeasured, match="deals.stage"):
        cut.call(lambda deals: deals.stage)


def test_notice_given_tomorrow_and_its_reason_are_unknown_but_the_agreed_end_of_the_term_is_known():
    terms = pd.DataFrame(
        {
            "subscription_id": ["s"],
            "customer_id": ["c"],
            "starts_at": days("2026-03-10"),
            "mrr": [9.0],
            "ends_at": days("2026-04-10"),
            "cancelled_at": days("2026-04-01"),
            "cancel_reason": ["too dear"],
            "plan": ["Small"],
        }
    )
    (row,) = as_known_on(ck.connect({"subscription_terms": terms}), ON).frame("subscription_terms").to_dict("records")
    assert row["ends_at"] == pd.Timestamp("2026-04-10") and row["plan"] == "Small"
    assert pd.isna(row["cancelled_at"]) and row["cancel_reason"] is None


def test_a_reason_without_its_moment_is_hidden():
    terms = pd.DataFrame(
        {
            "subscription_id": ["s"],
            "customer_id": ["c"],
            "starts_at": days("2026-03-10"),
            "mrr": [9.0],
            "ends_at": days("2026-04-10"),
            "cancel_reason": ["too dear"],
        }
    )
    assert (
        "cancel_reason"
        not in as_known_on(ck.connect({"subscription_terms": terms}), ON).table("subscription_terms").columns
    )


def test_consent_and_columns_of_unknown_origin_are_hidden():
    customers = pd.DataFrame(
        {
            "customer_id": ["a", "b", "c"],
            "acquired_at": days("2026-03-01", "2026-04-01", None),
            "country": "DE",
            "marketing_consent": True,
            "churned": [True, False, True],
        }
    )
    found = as_known_on(ck.connect({"customers": customers}), ON).frame("customers")
    assert sorted(found["customer_id"]) == ["a", "c"]  # of the third nobody knows since when
    assert set(found) == {"customer_id", "acquired_at", "country"}


def test_scores_of_later_days_are_unknown():
    scores = pd.DataFrame(
        {
            "customer_id": "c",
            "as_of": days("2026-02-28", "2026-03-31", "2026-04-30"),
            "model": "value",
            "model_version": "1",
            "value": [1.0, 2.0, 3.0],
        }
    )
    assert as_known_on(ck.connect({"customer_scores": scores}), ON).frame("customer_scores")["value"].tolist() == [1, 2]


def test_personal_data_stay_behind_and_the_data_end_on_the_day(then):
    assert "customer_identities" not in then.names
    assert then.data_through == ON


@pytest.mark.parametrize(
    "name", [name for name in SCHEMAS if SCHEMAS[name].clock and name not in (*PREDICTED, "mailing_totals")]
)
def test_each_table_holds_the_rows_that_pandas_finds_and_no_moment_after_the_day(kaldi, then, name):
    clock = SCHEMAS[name].clock
    found, whole = then.frame(name), kaldi[name]
    end = pd.Timestamp(ON) + pd.Timedelta(days=1)
    assert len(found) == (whole[clock] < end).sum()
    for column in found.columns:
        if pd.api.types.is_datetime64_any_dtype(found[column]) and column != "ends_at":
            assert not (found[column] >= end).any(), column
            assert found[column].notna().sum() == ((whole[column] < end) & (whole[clock] < end)).sum(), column


def test_cutting_twice_is_cutting_once(then):
    again = as_known_on(then, ON)
    pd.testing.assert_frame_equal(
        again.frame("orders").sort_values("order_id", ignore_index=True),
        then.frame("orders").sort_values("order_id", ignore_index=True),
    )


def test_own_columns_of_dated_rows_are_kept_and_later_moments_among_them_emptied():
    orders = pd.DataFrame(
        {
            "order_id": ["1", "2", "3"],
            "ordered_at": days("2026-02-01", "2026-03-01", "2026-05-01"),
            "revenue": 10.0,
            "warehouse": ["Berlin", "Hamburg", "Berlin"],
            "packed": days("2026-02-02", "2026-05-02", "2026-05-03"),
        }
    )
    found = as_known_on(ck.connect({"orders": orders}), ON).frame("orders").sort_values("order_id")
    assert found["warehouse"].tolist() == ["Berlin", "Hamburg"]
    assert found["packed"].notna().tolist() == [True, False]
