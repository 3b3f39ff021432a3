"""How long leads take to buy, and customers whom others recommended: worked by hand, and against plain pandas."""

import numpy as np
import pandas as pd
import pytest

from crmkit.metrics import conventions, evaluate


def test_four_leads_buy_after_1_2_3_8_days_and_four_never_half_of_the_buyers_take_2(company):
    days = [1, 2, 3, 8, 5, 5, 5, 5]
    ends = pd.Timestamp("2026-10-01") + pd.to_timedelta(days, unit="D")
    leads = pd.DataFrame(
        {
            "lead_id": list("abcdefgh"),
            "created_at": pd.Timestamp("2026-10-01"),
            "converted_at": [*ends[:4], *[pd.NaT] * 4],
            "abandoned_at": [*[pd.NaT] * 4, *ends[4:]],
        }
    )
    rows = conventions(company(leads=leads, through="2026-10-31"), "2026-10", metrics="time_to_purchase").set_index(
        "convention"
    )
    assert rows["value"].to_dict() == {"of_buyers": 2, "kaplan_meier": 8, "buyers_so_far": 2.5}


def test_one_of_four_new_customers_was_recommended_and_spent_30(company):
    days = ["2024-01-01", *["2026-10-05"] * 4, "2026-10-09"]
    orders = pd.DataFrame(
        {
            "order_id": [str(n) for n in range(6)],
            "ordered_at": pd.to_datetime(days),
            "revenue": [1.0, 10.0, 20.0, 40.0, 80.0, 20.0],
            "customer_id": ["old", "a", "b", "c", "d", "a"],
        }
    )
    customers = pd.DataFrame(
        {"customer_id": ["old", "a", "b", "c", "d"], "referred_by": [None, "old", None, None, None]}
    )
    names = ["referred_customers", "revenue_per_referred_customer", "revenue_per_other_customer"]
    rows = evaluate(company(orders=orders, customers=customers), names, periods="2026-10").set_index("metric")
    assert rows["value"].to_dict() == pytest.approx(dict(zip(names, [0.25, 30, 140 / 3], strict=True)))
    assert rows["n"].tolist() == [4, 1, 3]


def test_recommended_customers_equal_plain_pandas_on_the_sample_company(sample, sample_tables):
    bought = sample_tables["orders"].query("revenue > 0 and customer_id.notna()")
    firsts = (
        pd.concat(
            [
                bought.groupby("customer_id")["ordered_at"].min(),
                sample_tables["subscription_terms"].groupby("customer_id")["starts_at"].min(),
            ]
        )
        .groupby(level=0)
        .min()
    )
    referred = sample_tables["customers"].set_index("customer_id")["referred_by"].notna()
    share = referred[firsts.index].groupby(firsts.dt.strftime("%Y-%m")).mean()
    names = ["referred_customers", "revenue_per_referred_customer", "revenue_per_other_customer"]
    rows = evaluate(sample, names, periods="2026-05..2026-10").pivot(index="period", columns="metric", values="value")
    assert rows["referred_customers"].tolist() == pytest.approx(share[rows.index].tolist(), rel=1e-12)
    spent = bought.groupby([bought["ordered_at"].dt.strftime("%Y-%m"), "customer_id"])["revenue"].sum()
    is_referred = np.asarray(referred[spent.index.get_level_values(1)])
    for name, part in ((names[1], is_referred), (names[2], ~is_referred)):
        expected = spent[part].groupby(level=0).mean()[rows.index]
        assert rows[name].tolist() == pytest.approx(expected.tolist(), rel=1e-10)


def test_time_to_purchase_equals_plain_pandas_on_the_sample_company(sample, sample_tables):
    leads = sample_tables["leads"]
    bought = (leads["converted_at"].dt.normalize() - leads["created_at"].dt.normalize()).dt.days
    month = leads["converted_at"].dt.strftime("%Y-%m")
    found = conventions(sample, "2026-10", metrics="time_to_purchase").set_index("convention")["value"]
    assert found["buyers_so_far"] == bought[month == "2026-10"].median()
    assert found["of_buyers"] >= found["buyers_so_far"]
