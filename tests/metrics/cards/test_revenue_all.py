"""All the money: orders and what subscribers pay, together and over parts of months."""

import numpy as np
import pandas as pd
import pytest

from crmkit.metrics import evaluate, scorecard


def terms(*rows: tuple[str, str, str, float]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["customer_id", "starts_at", "ends_at", "mrr"])
    frame["subscription_id"] = [f"s{i}" for i in range(len(frame))]
    return frame.assign(starts_at=pd.to_datetime(frame["starts_at"]), ends_at=pd.to_datetime(frame["ends_at"]))


def orders(*rows: tuple[str | None, str, float]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["customer_id", "ordered_at", "revenue"])
    return frame.assign(order_id=[f"o{i}" for i in range(len(frame))], ordered_at=pd.to_datetime(frame["ordered_at"]))


def values(catalog, metrics, periods, **options) -> list[float]:
    return evaluate(catalog, metrics, periods, **options)["value"].round(6).tolist()


@pytest.fixture
def catalog(company):
    """Orders of 100 less a refund of 20; 31 a month all the time, 62 a month from 17 October, 310 a year until 10 October."""
    return company(
        orders=orders(("a", "2026-10-02", 100.0), (None, "2026-10-09", 50.0), ("a", "2026-10-20", -20.0)),
        subscription_terms=terms(
            ("b", "2026-01-01", "2027-01-01", 31.0),
            ("c", "2026-10-17", "2027-01-17", 62.0),
            ("d", "2025-10-11", "2026-10-11", 31.0),
        ),
        through="2026-10-31",
    )


def test_orders_of_130_and_31_and_30_and_10_of_terms_are_a_turnover_of_201(catalog):
    found = evaluate(catalog, ["turnover", "revenue", "recurring_revenue"], "2026-10")
    assert found["value"].round(6).tolist() == [130 + 31 + 62 * 15 / 31 + 31 * 10 / 31, 130, 93]
    assert found["n"].tolist() == [6, 3, 2]
    assert (found["low"] < found["value"]).all() and (found["value"] < found["high"]).all()


def test_months_add_up_to_their_quarter_and_days_to_their_month(catalog):
    months, quarter = values(catalog, "turnover", "2026-07..2026-09"), values(catalog, "turnover", "2026-Q3")
    assert sum(months) == quarter[0] == 3 * 62
    days = values(catalog, "turnover", "2026-10-01..2026-10-10") + values(catalog, "turnover", "2026-10-11..2026-10-31")
    assert sum(days) == pytest.approx(201)


def test_a_month_of_28_days_brings_the_monthly_price_and_is_no_change_from_one_of_31(company):
    paid = terms(*((f"c{n}", "2025-06-01", "2026-06-01", 50.0) for n in range(2500)))
    catalog = company(subscription_terms=paid, through="2026-03-31")
    assert values(catalog, "turnover", "2026-01..2026-03") == [125_000.0] * 3
    row = scorecard(catalog, "2026-03", metrics="turnover").iloc[0]
    assert row["change"] == 0 and row["verdict"] == "within noise"


def test_of_a_running_month_the_days_so_far_count_and_are_compared_with_as_many_of_a_shorter_one(company):
    paid = terms(*((f"c{n}", "2025-06-01", "2026-06-01", 50.0) for n in range(2500)))
    catalog = company(subscription_terms=paid, through="2026-03-14")
    assert values(catalog, "turnover", "2026-03") == pytest.approx([125_000 * 14 / 31])
    row = scorecard(catalog, "2026-03", metrics="turnover").iloc[0]
    assert row["previous_value"] == pytest.approx(125_000 * 14 / 28)
    assert row["verdict"] == "within noise" and row["p_value"] == pytest.approx(1.0)


def test_without_terms_turnover_is_that_of_the_shop_and_without_orders_what_is_paid_a_month(company):
    shop = company(orders=orders(("a", "2026-10-02", 100.0)), through="2026-10-31")
    assert values(shop, ["turnover", "revenue"], "2026-10") == [100, 100]
    assert evaluate(shop, "recurring_revenue", "2026-10")["reason"].item() == "needs subscription_terms"
    only = company(subscription_terms=terms(("b", "2026-01-01", "2027-01-01", 31.0)), through="2026-10-31")
    assert values(only, "turnover", "2026-10") == [31]


def test_who_moves_to_a_dearer_plan_on_the_16th_pays_half_a_month_of_each(company):
    rows = terms(("a", "2026-06-01", "2026-09-16", 10.0), ("a", "2026-09-16", "2026-12-16", 40.0))
    catalog = company(subscription_terms=rows, through="2026-10-31")
    assert values(catalog, ["turnover", "recurring_revenue"], "2026-09") == [25, 40]


def test_groups_add_up_to_the_whole(catalog, company):
    people = pd.DataFrame({"customer_id": list("abcd"), "country": ["DE", "DE", "AT", "AT"]})
    names = ("orders", "subscription_terms")
    of_both = company(**{name: catalog.frame(name) for name in names}, customers=people, through="2026-10-31")
    groups = evaluate(of_both, "turnover", "2026-10", by="country").set_index("country")["value"]
    assert groups.round(6).to_dict() == {"(unknown)": 50, "AT": 40, "DE": 111}


def test_orders_that_end_in_the_middle_leave_a_part_of_the_month_only(company):
    daily = pd.date_range("2026-01-01", "2026-09-30")
    catalog = company(
        orders=orders(*(("a", str(on), 10.0) for on in daily)),
        subscription_terms=terms(*((f"c{n}", str(on), "2027-06-01", 9.0) for n, on in enumerate(daily))),
        survey_responses=pd.DataFrame(
            {
                "response_id": ["1"],
                "responded_at": pd.to_datetime(["2026-10-31"]),
                "survey": ["nps"],
                "score": [9.0],
                "customer_id": ["a"],
            }
        ),
    )
    assert "orders end on 2026-09-30" in evaluate(catalog, "turnover", "2026-10")["reason"].item()


@pytest.mark.parametrize("period", ["2026-10", "2026-Q3", "2025", "2026-W43"])
def test_turnover_and_recurring_revenue_equal_plain_pandas_on_the_sample_company(sample, sample_tables, period):
    """Oracle: each day of each paid term brings its part of the month's price."""
    from crmkit.periods import Period

    asked = Period.parse(period)
    days = pd.date_range(str(asked.start), periods=asked.n_days)
    paid = sample_tables["subscription_terms"]
    first, last = (paid[name].dt.normalize().to_numpy() for name in ("starts_at", "ends_at"))
    level = np.array([paid["mrr"][(first <= on) & (on < last)].sum() for on in days.to_numpy()])
    sold = sample_tables["orders"]
    shop = sold["revenue"][sold["ordered_at"].dt.normalize().isin(days)].sum()
    found = evaluate(sample, ["turnover", "recurring_revenue"], period)["value"]
    assert found[0] == pytest.approx(shop + (level / days.days_in_month.to_numpy()).sum(), rel=1e-9)
    assert found[1] == pytest.approx(level[-1], rel=1e-9)
