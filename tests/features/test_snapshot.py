"""Features as they were known on a day, worked by hand, and the guard against leaks."""

from datetime import date

import pandas as pd
import pytest

import crmkit as ck
from crmkit.errors import NotMeasured, Problems
from crmkit.features.outcomes import _active_as_known, churn_labels
from crmkit.features.point_in_time import as_known_on
from crmkit.features.snapshot import _with_ends, snapshot, snapshot_with_ends
from tests.features.leaks import check_no_leak

DAY = date(2026, 6, 30)


def orders(*rows):
    frame = pd.DataFrame(rows, columns=["customer_id", "ordered_at", "revenue"])
    return frame.assign(order_id=[str(i) for i in range(len(frame))], ordered_at=pd.to_datetime(frame["ordered_at"]))


def terms(*rows):
    frame = pd.DataFrame(
        rows, columns=["subscription_id", "customer_id", "starts_at", "ends_at", "mrr", "cancelled_at"]
    )
    for name in ("starts_at", "ends_at", "cancelled_at"):
        frame[name] = pd.to_datetime(frame[name])
    return frame.assign(plan="basic")


def connected(through="2026-12-31", **tables):
    return ck.connect(tables, ck.Settings(data={"through": through}))


def test_one_refund_of_12_for_one_order_of_100_is_12_percent_and_never_all_of_the_orders():
    bought = orders(("a", "2026-05-01", 100.0), ("a", "2026-06-01", -12.0), ("b", "2026-05-01", 10.0))
    bought = pd.concat(
        [bought, orders(("c", "2026-05-01", 10.0), ("c", "2026-05-03", -30.0)).assign(order_id=["8", "9"])]
    )
    shares = snapshot(connected(orders=bought), DAY)["refund_share"]
    assert shares.to_dict() == pytest.approx({"a": 0.12, "b": 0.0, "c": 1.0})


def test_orders_on_the_1st_of_may_and_june_and_a_refund_give_gap_31_overdue_29_of_31_and_five_eighths_refunded():
    bought = orders(
        ("a", "2026-05-01", 30.0), ("a", "2026-06-01", 50.0), ("a", "2026-06-03", -50.0), ("a", "2026-07-02", 9.0)
    )
    one = snapshot(connected(orders=bought), DAY).loc["a"]
    assert (one["n_orders"], one["days_since_order"], one["order_gap_days"]) == (2, 29, 31)
    assert one["overdue"] == pytest.approx(29 / 31) and one["order_value"] == 40 and one["refund_share"] == 50 / 80
    assert (one["n_orders_90_days"], one["n_orders_before"], one["orders_trend"]) == (2, 0, 3)


def test_a_price_rise_from_10_to_12_is_20_percent_and_the_running_term_ends_in_15_days():
    paid = terms(
        ("s1", "a", "2026-05-15", "2026-06-15", 10.0, None), ("s1", "a", "2026-06-15", "2026-07-15", 12.0, None)
    )
    one = snapshot(connected(subscription_terms=paid), DAY).loc["a"]
    assert (one["n_terms"], one["mrr"], one["days_to_end"], one["subscribed_days"], one["term_months"]) == (
        2,
        12,
        15,
        46,
        1,
    )
    assert one["price_change"] == pytest.approx(0.2) and one["plan"] == "basic"


def test_open_tickets_and_last_answers_are_those_of_the_day():
    tickets = pd.DataFrame(
        {
            "ticket_id": ["1", "2"],
            "customer_id": "a",
            "opened_at": pd.to_datetime(["2026-01-05", "2026-06-20"]),
            "resolved_at": pd.to_datetime(["2026-01-06", "2026-07-04"]),
        }
    )
    answers = pd.DataFrame(
        {
            "response_id": ["1", "2", "3"],
            "customer_id": "a",
            "survey": "nps",
            "score": [9.0, 4.0, 10.0],
            "responded_at": pd.to_datetime(["2026-02-01", "2026-06-01", "2026-08-01"]),
        }
    )
    one = snapshot(
        connected(orders=orders(("a", "2026-06-01", 5.0)), tickets=tickets, survey_responses=answers), DAY
    ).loc["a"]
    assert (one["n_tickets_90_days"], one["n_open_tickets"], one["days_since_ticket"], one["last_nps"]) == (1, 1, 10, 4)


def test_the_sample_company_has_no_leak_and_a_planted_one_is_found():
    sample = ck.connect(ck.sample_company(400, 14).tables)
    day = sample.data_through - pd.Timedelta(days=120)
    assert len(check_no_leak(sample, day)) > 50

    def leaky(catalog, as_of):
        paid = catalog.frame("orders").groupby("customer_id")["revenue"].sum()
        return snapshot(catalog, as_of).join(paid.rename("paid"))

    with pytest.raises(Problems, match="paid looks ahead"):
        check_no_leak(sample, day, leaky)


def test_who_is_active_is_the_same_on_cut_data():
    sample = ck.connect(ck.sample_company(400, 14).tables)
    day = sample.data_through - pd.Timedelta(days=120)
    assert set(churn_labels(sample, day).index) == set(churn_labels(as_known_on(sample, day), day).index)
    assert churn_labels(as_known_on(sample, day), day)["lost"].isna().all()


def test_without_orders_and_terms_no_customer_is_active():
    with pytest.raises(NotMeasured):
        snapshot(connected(customers=pd.DataFrame({"customer_id": ["a"]})), DAY)


def test_a_shopper_is_lost_if_90_days_pass_without_an_order_as_in_the_churn_rate():
    bought = orders(("stays", "2026-06-01", 5.0), ("stays", "2026-08-29", 5.0), ("goes", "2026-06-01", 5.0))
    became = churn_labels(connected(orders=bought), DAY)
    assert became["lost"].to_dict() == {"goes": 1.0, "stays": 0.0} and set(became["kind"]) == {"at risk"}


def test_a_subscriber_is_at_risk_only_if_the_term_ends_in_time_and_notice_given_is_listed_apart():
    paid = terms(
        ("1", "yearly", "2026-02-01", "2027-02-01", 10.0, None),
        ("2", "renews", "2026-06-10", "2026-07-10", 10.0, None),
        ("2", "renews", "2026-07-10", "2026-12-10", 10.0, None),
        ("3", "leaves", "2026-06-10", "2026-07-10", 10.0, "2026-07-02"),
        ("4", "told", "2026-06-10", "2026-07-10", 10.0, "2026-06-20"),
    )
    became = churn_labels(connected(subscription_terms=paid), DAY)
    assert became["kind"].to_dict() == {"leaves": "at risk", "renews": "at risk", "told": "notice given"}
    assert became["lost"].to_dict() == {"leaves": 1.0, "renews": 0.0, "told": 1.0}


def test_an_outcome_that_the_data_do_not_reach_is_not_known():
    became = churn_labels(connected(through="2026-08-01", orders=orders(("a", "2026-06-01", 5.0))), DAY)
    assert became["lost"].isna().all()


def test_what_is_asked_of_many_days_is_what_is_asked_of_each_by_itself():
    sample = ck.connect(ck.sample_company(300, 14).tables)
    for days in (0, 120, 200):
        day = sample.data_through - pd.Timedelta(days=days)
        ends_on = snapshot_with_ends(sample, day)["ends_on"]
        pd.testing.assert_frame_equal(churn_labels(sample, day, ends_on=ends_on), churn_labels(sample, day))
        for asked, question in ((snapshot, _with_ends), (churn_labels, _active_as_known)):
            alone = question(sample, day).execute().set_index("customer_id").sort_index()
            told = asked(sample, day)
            columns = [name for name in alone if name in told and not name.startswith(("n_", "has_"))]
            assert len(told) and columns
            pd.testing.assert_frame_equal(told[columns], alone.loc[told.index, columns], rtol=1e-12, check_dtype=False)
