"""Net new recurring revenue and its parts, margin, repeat buying, and what sells."""

import numpy as np
import pandas as pd
import pytest

from crmkit.metrics import evaluate
from crmkit.metrics.analyses.products import what_sells
from crmkit.metrics.cards.revenue import days_between_orders

PARTS = ["new_mrr", "reactivation_mrr", "expansion_mrr", "contraction_mrr", "churned_mrr"]


def terms(rows: list[tuple[str, str, str, float]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["customer_id", "starts_at", "ends_at", "mrr"])
    frame["subscription_id"] = [f"s{i}" for i in range(len(frame))]
    return frame.assign(starts_at=pd.to_datetime(frame["starts_at"]), ends_at=pd.to_datetime(frame["ends_at"]))


def orders(rows: list[tuple[str | None, str, float]], **more: list) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["customer_id", "ordered_at", "revenue"]).assign(**more)
    return frame.assign(order_id=[f"o{i}" for i in range(len(frame))], ordered_at=pd.to_datetime(frame["ordered_at"]))


def test_30_new_50_back_60_more_40_less_and_100_left_net_to_zero(company):
    rows = [("left", "2026-01-01", "2026-10-11", 100.0), ("new", "2026-10-15", "2027-01-01", 30.0)]
    rows += [("less", "2026-01-01", "2026-10-05", 100.0), ("less", "2026-10-05", "2027-01-01", 60.0)]
    rows += [("more", "2026-01-01", "2026-10-20", 100.0), ("more", "2026-10-20", "2027-01-01", 160.0)]
    rows += [("back", "2026-01-01", "2026-03-01", 100.0), ("back", "2026-10-08", "2027-01-01", 50.0)]
    catalog = company(subscription_terms=terms(rows), through="2026-10-31")
    found = evaluate(catalog, [*PARTS, "net_new_revenue"], periods="2026-10")
    assert found["value"].tolist() == [30, 50, 60, 40, 100, 0]
    assert found["n"].tolist() == [1, 1, 1, 1, 1, 5]


def test_a_second_subscription_of_a_customer_is_expansion_and_a_move_to_another_plan_no_loss(company):
    rows = [("two", "2026-01-01", "2027-01-01", 10.0), ("two", "2026-10-09", "2027-01-01", 15.0)]
    rows += [("moves", "2026-01-01", "2026-10-09", 20.0), ("moves", "2026-10-09", "2027-01-01", 20.0)]
    catalog = company(subscription_terms=terms(rows), through="2026-10-31")
    assert evaluate(catalog, PARTS, periods="2026-10")["value"].dropna().sum() == 15
    assert evaluate(catalog, "expansion_mrr", periods="2026-10")["value"].item() == 15


def test_who_comes_and_goes_within_the_month_moves_nothing_in_it(company):
    rows = [("stays", "2026-01-01", "2027-01-01", 10.0), ("short", "2026-10-05", "2026-10-20", 99.0)]
    found = evaluate(
        company(subscription_terms=terms(rows), through="2026-10-31"), "net_new_revenue", periods="2026-10"
    )
    assert found["value"].item() == 0


@pytest.mark.parametrize("period", ["2026-10", "2026-Q3", "2025"])
def test_the_parts_equal_plain_pandas_on_the_sample_company_and_add_up(sample, sample_tables, period):
    """Oracle: each customer's recurring revenue on the eve of the period and on its last day."""
    from crmkit.periods import Period

    asked = Period.parse(period)
    frame = sample_tables["subscription_terms"]
    frame = frame.assign(first=frame["starts_at"].dt.normalize(), last=frame["ends_at"].dt.normalize())

    def on(day):
        return frame[(frame["first"] <= day) & (frame["last"] > day)].groupby("customer_id")["mrr"].sum()

    before, after = (pd.Timestamp(edge) - pd.Timedelta(days=1) for edge in (asked.start, asked.end))
    both = pd.DataFrame({"start": on(before), "end": on(after)}).fillna(0)
    known = set(frame.loc[frame["first"] < pd.Timestamp(asked.start), "customer_id"])
    change, had, has = both["end"] - both["start"], both["start"] > 0, both["end"] > 0
    old = both.index.isin(list(known))
    expected = [
        change[~had & ~old].sum(),
        change[~had & old].sum(),
        change[had & (change > 0)].sum(),
        -change[had & has & (change < 0)].sum(),
        -change[had & ~has].sum(),
    ]
    found = evaluate(sample, [*PARTS, "net_new_revenue"], periods=period)["value"].tolist()
    assert found[:5] == pytest.approx(expected, abs=1e-6)
    assert found[5] == pytest.approx(expected[0] + expected[1] + expected[2] - expected[3] - expected[4], abs=1e-6)


def test_net_new_revenue_is_split_by_the_campaign_that_won_the_customer(sample):
    by = evaluate(sample, "net_new_revenue", periods="2026-10", by="campaign")
    whole = evaluate(sample, "net_new_revenue", periods="2026-10")["value"].item()
    assert len(by) > 2
    assert by["value"].sum() == pytest.approx(whole)


def test_40_of_margin_on_100_of_revenue_are_40_percent(company):
    catalog = company(orders=orders([("a", "2026-10-01", 70.0), ("b", "2026-10-02", 30.0)], margin=[35.0, 5.0]))
    assert evaluate(catalog, ["margin", "margin_rate"], periods="2026-10")["value"].tolist() == [40, pytest.approx(0.4)]


def test_two_of_three_buyers_had_bought_before_and_one_bought_twice(company):
    rows = [("a", "2026-03-01", 1.0), ("b", "2026-08-01", 1.0), ("a", "2026-10-02", 1.0), ("b", "2026-10-03", 1.0)]
    rows += [("c", "2026-10-04", 1.0), ("a", "2026-10-09", 1.0), (None, "2026-10-09", 1.0), ("c", "2026-10-10", -1.0)]
    catalog = company(orders=orders(rows))
    found = evaluate(catalog, "repeat_rate", periods="2026-10").iloc[0]
    assert (found["value"], found["n"]) == (pytest.approx(2 / 3), 3)
    twice = evaluate(catalog, "repeat_rate", periods="2026-10", definitions={"repeat_rate": "twice_in_period"})
    assert twice["value"].item() == pytest.approx(1 / 3)


def test_gaps_of_10_20_and_40_days_have_a_median_of_20(company):
    rows = [("a", "2026-09-21", 1.0), ("a", "2026-10-01", 1.0), ("b", "2026-09-20", 1.0), ("b", "2026-10-10", 1.0)]
    rows += [("c", "2026-09-05", 1.0), ("c", "2026-10-15", 1.0), ("d", "2026-10-15", 1.0), ("d", "2026-10-15", 2.0)]
    assert days_between_orders.__name__ == "days_between_orders"
    found = evaluate(company(orders=orders(rows)), "days_between_orders", periods="2026-10").iloc[0]
    assert (found["value"], found["n"]) == (20, 3)


def test_margin_and_repeat_buying_equal_plain_pandas_on_the_sample_company(sample, sample_tables):
    found = evaluate(sample, ["margin", "margin_rate", "repeat_rate", "days_between_orders"], periods="2026-10")[
        "value"
    ].tolist()
    every = sample_tables["orders"]
    month = every[every["ordered_at"] >= "2026-10-01"]
    known = month[month["margin"].notna()]
    bought = every[every["customer_id"].notna() & (every["revenue"] > 0)].sort_values(["ordered_at", "order_id"])
    day = bought["ordered_at"].dt.normalize()
    bought = bought.assign(
        number=bought.groupby("customer_id").cumcount(), gap=day.groupby(bought["customer_id"]).diff().dt.days
    )
    now = bought[bought["ordered_at"] >= "2026-10-01"]
    repeat = now.groupby("customer_id")["number"].max().gt(0).mean()
    gap = now.loc[now["gap"] > 0, "gap"].median()
    assert found == pytest.approx([month["margin"].sum(), known["margin"].sum() / known["revenue"].sum(), repeat, gap])


def test_what_sells_equals_plain_pandas_on_the_sample_company(sample, sample_tables):
    sold = what_sells(sample, "2026-10").set_index("product")
    lines = sample_tables["order_lines"].merge(sample_tables["orders"][["order_id", "ordered_at"]], on="order_id")
    month = lines["ordered_at"].dt.strftime("%Y-%m")
    now, then = (lines[month == m].groupby("product")["revenue"].sum() for m in ("2026-10", "2026-09"))
    for product, row in sold.iterrows():
        assert row["revenue"] == pytest.approx(now[product])
        assert row["before"] == pytest.approx(then[product] * 31 / 30)
    whole = evaluate(sample, "product_revenue", periods="2026-10")["value"].item()
    assert whole == pytest.approx(now.sum())


def test_a_product_that_triples_is_a_mover_and_one_that_stopped_sells_nothing(company):
    rows, lines = [], []
    for month, n_rise, n_stop in (("09", 50, 60), ("10", 150, 0)):
        for name, n in (("rises", n_rise), ("stopped", n_stop), ("steady", 80)):
            for i in range(n):
                rows.append((f"{name}{month}{i}", f"2026-{month}-{i % 28 + 1:02d}", 10.0))
                lines.append(name)
    made = orders(rows)
    catalog = company(
        orders=made,
        order_lines=pd.DataFrame({"order_id": made["order_id"], "product": lines, "revenue": 10.0}),
        through="2026-10-31",
    )
    sold = what_sells(catalog, "2026-10").set_index("product")
    assert (sold.loc["rises", "verdict"], sold.loc["rises", "direction"]) == ("real", "better")
    assert (sold.loc["stopped", "revenue"], sold.loc["stopped", "orders"]) == (0, 0)
    assert (sold.loc["stopped", "verdict"], sold.loc["stopped", "direction"]) == ("real", "worse")
    assert sold.loc["steady", "verdict"] != "real"
    assert np.isclose(sold["share"].sum(), 1)


def test_without_order_lines_nothing_is_said_to_sell(company):
    assert what_sells(company(orders=orders([("a", "2026-10-01", 1.0)])), "2026-10").empty


def test_lines_of_8_and_5_less_a_return_of_3_are_10_of_product_revenue(company):
    made = orders([("a", "2026-10-01", 13.0), ("a", "2026-10-09", -3.0)])
    lines = pd.DataFrame({"order_id": ["o0", "o0", "o1"], "product": ["x", "y", "y"], "revenue": [8.0, 5.0, -3.0]})
    catalog = company(orders=made, order_lines=lines)
    assert evaluate(catalog, "product_revenue", periods="2026-10")["value"].item() == 10
    by = evaluate(catalog, "product_revenue", periods="2026-10", by="product").set_index("product")["value"]
    assert by.to_dict() == {"x": 8, "y": 2}
