"""Segments count all the money: who pays for a term is in one, and nobody who pays is given up."""

from datetime import date

import pandas as pd
import pytest

import crmkit as ck
from crmkit.predictions.segments.assignment import customers_on, segments_on

DAY = date(2026, 9, 30)


def terms(*rows):
    frame = pd.DataFrame(rows, columns=["customer_id", "starts_at", "ends_at", "mrr"])
    return frame.assign(subscription_id=[f"s{n}" for n in range(len(frame))])


def test_a_year_of_10_a_month_and_an_order_of_30_are_13_orders_of_150():
    orders = pd.DataFrame(
        {"order_id": ["1"], "customer_id": ["a"], "ordered_at": pd.to_datetime(["2026-06-01"]), "revenue": [30.0]}
    )
    paid = terms(
        ("a", "2025-10-01", "2026-10-01", 10.0),
        ("b", "2026-01-01", "2026-04-16", 20.0),  # three months and a half
        ("c", "2026-10-01", "2027-10-01", 99.0),  # not begun
    )
    found = customers_on(ck.connect({"orders": orders, "subscription_terms": paid}), DAY)
    assert found.loc["a"].to_dict() == {
        "days_since_order": 0,
        "n_orders": 13,
        "revenue": 150.0,
        "average_order_value": pytest.approx(150 / 13),
        "tenure_days": 364,
    }
    assert found.loc["b", ["days_since_order", "n_orders", "revenue"]].tolist() == [168, 4, 70]
    assert found.index.tolist() == ["a", "b"]


def test_each_who_pays_is_in_a_segment_and_none_of_them_is_lost():
    orders = pd.DataFrame(
        {
            "order_id": [f"o{n}" for n in range(60)],
            "customer_id": [f"c{n}" for n in range(60)],
            "ordered_at": pd.date_range("2025-01-01", periods=60, freq="10D"),
            "revenue": [float(10 + n) for n in range(60)],
        }
    )
    pays = [f"c{n}" for n in range(8)] + [f"only{n}" for n in range(20)]
    paid = terms(*((who, "2026-09-01", "2026-10-01", 9.0) for who in pays))
    found = segments_on(ck.connect({"orders": orders, "subscription_terms": paid}), DAY, "rfm")
    assert set(found.index) == set(orders["customer_id"]) | set(pays)
    assert not set(found[pays]) & {"Lost", "Hibernating", "At risk", "About to sleep", "Cannot lose them"}


def test_a_firm_of_subscribers_alone_has_segments():
    paid = terms(*((f"c{n}", f"2026-0{1 + n % 9}-01", "2027-01-01", 5.0 + n) for n in range(40)))
    found = segments_on(ck.connect({"subscription_terms": paid}), DAY, "rfm")
    assert len(found) == 40 and found.nunique() > 1
