"""What stays of customers, terms and recurring revenue: worked by hand, and against plain pandas."""

import numpy as np
import pandas as pd
import pytest

from crmkit.metrics import evaluate
from crmkit.periods import Period

KEPT = ["revenue_churn", "gross_revenue_retention", "net_revenue_retention"]


def terms(rows: list[tuple[str, str, str, float]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["customer_id", "starts_at", "ends_at", "mrr"])
    frame["subscription_id"] = frame["customer_id"]
    return frame.assign(starts_at=pd.to_datetime(frame["starts_at"]), ends_at=pd.to_datetime(frame["ends_at"]))


@pytest.fixture
def four_kinds(company):
    """At 100 a month each: one leaves, one pays 40 less, one 60 more, seven stay; one is new, one comes back."""
    year = ("2026-01-01", "2027-01-01", 100.0)
    rows = [("left", "2026-01-01", "2026-10-11", 100.0)]
    rows += [("less", "2026-01-01", "2026-10-05", 100.0), ("less", "2026-10-05", "2027-01-01", 60.0)]
    rows += [("more", "2026-01-01", "2026-10-20", 100.0), ("more", "2026-10-20", "2027-01-01", 160.0)]
    rows += [(f"stays{i}", *year) for i in range(7)]
    rows += [("new", "2026-10-15", "2027-01-01", 30.0)]
    rows += [("back", "2026-01-01", "2026-03-01", 100.0), ("back", "2026-10-08", "2027-01-01", 50.0)]
    return company(subscription_terms=terms(rows), through="2026-10-31")


def test_of_1000_at_start_100_left_and_40_less_are_14_percent_lost_86_gross_and_92_net(four_kinds):
    values = evaluate(four_kinds, KEPT, periods="2026-10").set_index("metric")
    assert values["value"].tolist() == pytest.approx([0.14, 0.86, 0.92])
    assert values["n"].tolist() == [10, 10, 10]
    assert (values["low"] < values["value"]).all() and (values["value"] < values["high"]).all()
    assert values.loc["gross_revenue_retention", "high"] < 1


def test_leavers_alone_are_10_percent_and_with_those_who_came_back_97_are_kept(four_kinds):
    chosen = {"revenue_churn": "leavers_only", "net_revenue_retention": "with_returners"}
    values = evaluate(four_kinds, list(chosen), periods="2026-10", definitions=chosen)["value"]
    assert values.tolist() == pytest.approx([0.10, 0.97])


def test_equal_payments_make_revenue_churn_the_share_of_customers_with_its_interval(company):
    from statsmodels.stats.proportion import proportion_confint

    rows = [(f"c{i}", "2026-01-01", "2026-10-10" if i < 8 else "2027-01-01", 20.0) for i in range(40)]
    catalog = company(subscription_terms=terms(rows), through="2026-10-31")
    row = evaluate(catalog, "revenue_churn", periods="2026-10").iloc[0]
    assert row["value"] == pytest.approx(0.2)
    assert (row["low"], row["high"]) == pytest.approx(proportion_confint(8, 40, method="wilson"), abs=1e-9)


def test_the_unit_of_money_does_not_move_an_interval(company):
    random = np.random.default_rng(4)
    prices = random.gamma(2, 30, 60)
    sides = []
    for unit in (1.0, 0.001, 1000.0):
        rows = [
            (f"c{i}", "2026-01-01", "2026-10-10" if i % 7 == 0 else "2027-01-01", p * unit)
            for i, p in enumerate(prices)
        ]
        catalog = company(subscription_terms=terms(rows), through="2026-10-31")
        sides.append(evaluate(catalog, "revenue_churn", periods="2026-10")[["value", "low", "high"]].iloc[0].tolist())
    assert sides[1] == pytest.approx(sides[0], rel=1e-6)
    assert sides[2] == pytest.approx(sides[0], rel=1e-6)


def test_three_of_four_terms_renewed_are_75_percent_and_by_value_40(company):
    """The three cost 10 each, the fourth, which is not renewed, 45; one more is still running."""
    rows = []
    for i in range(3):
        rows += [(f"c{i}", "2026-09-01", "2026-10-01", 10.0), (f"c{i}", "2026-10-01", "2026-11-01", 10.0)]
    rows += [("gone", "2026-09-05", "2026-10-05", 45.0), ("running", "2026-10-01", "2026-11-01", 5.0)]
    catalog = company(subscription_terms=terms(rows), through="2026-10-31")
    assert evaluate(catalog, "renewal_rate", periods="2026-10")[["value", "n"]].values.tolist() == [[0.75, 4]]
    by_value = evaluate(catalog, "renewal_rate", periods="2026-10", definitions={"renewal_rate": "by_value"})
    assert by_value[["value", "n"]].values.tolist() == [[pytest.approx(30 / 75), 4]]


def test_a_term_renewed_three_days_late_counts_with_days_of_grace_and_not_without(company):
    from crmkit.settings import parse_settings
    from crmkit.tables.catalog import Catalog

    rows = [("late", "2026-09-01", "2026-10-01", 10.0), ("late", "2026-10-04", "2026-11-04", 10.0)]
    table = company(subscription_terms=terms(rows), through="2026-10-31").table("subscription_terms")
    for grace, expected in ((0, 0.0), (3, 1.0)):
        settings = {"company": {"renewal_grace_days": grace}, "data": {"through": "2026-10-31"}}
        catalog = Catalog({"subscription_terms": table}, parse_settings(settings))
        assert evaluate(catalog, "renewal_rate", periods="2026-10")["value"].item() == expected


def test_300_spent_on_20_active_customers_are_15_each(company):
    rows = [(f"c{i}", "2026-01-01", "2027-01-01", 10.0) for i in range(20)] + [("n", "2026-10-10", "2027-01-01", 10.0)]
    costs = pd.DataFrame(
        {
            "spent_at": pd.to_datetime(["2026-10-03", "2026-10-20", "2026-10-20"]),
            "amount": [100.0, 200.0, 999.0],
            "purpose": ["retention", "retention", "acquisition"],
        }
    )
    catalog = company(subscription_terms=terms(rows), costs=costs, through="2026-10-31")
    rows = evaluate(catalog, ["active_customers", "customer_retention_cost"], periods="2026-10")
    assert rows["value"].tolist() == [20, 15]


def test_30_spent_against_120_of_margin_on_repeat_orders_must_have_earned_a_quarter(company):
    orders = pd.DataFrame(
        {
            "order_id": list("abcd"),
            "customer_id": ["x", "x", "y", "x"],
            "revenue": 100.0,
            "ordered_at": pd.to_datetime(["2026-09-01", "2026-10-02", "2026-10-03", "2026-10-04"]),
            "margin": [50.0, 70.0, 40.0, 50.0],
        }
    )
    costs = pd.DataFrame({"spent_at": pd.to_datetime(["2026-10-03"]), "amount": [30.0], "purpose": ["retention"]})
    catalog = company(orders=orders, costs=costs, through="2026-10-31")
    assert evaluate(catalog, "retention_break_even", periods="2026-10")["value"].item() == pytest.approx(0.25)


def test_without_margins_the_break_even_says_what_it_needs(company):
    orders = pd.DataFrame(
        {"order_id": ["a"], "customer_id": ["x"], "revenue": 9.0, "ordered_at": pd.to_datetime(["2026-10-02"])}
    )
    costs = pd.DataFrame({"spent_at": pd.to_datetime(["2026-10-03"]), "amount": [30.0], "purpose": ["retention"]})
    row = evaluate(company(orders=orders, costs=costs), "retention_break_even", periods="2026-10").iloc[0]
    reason = "needs orders.margin, or margin_rate under [value] in crmkit.toml"
    assert (row["status"], row["reason"]) == ("not measured", reason)


def _on(frame: pd.DataFrame, day: pd.Timestamp) -> pd.Series:
    there = frame[(frame["starts_at"].dt.normalize() <= day) & (frame["ends_at"].dt.normalize() > day)]
    return there.groupby("customer_id")["mrr"].sum()


def test_kept_revenue_and_renewals_equal_plain_pandas_on_the_sample_company(sample, sample_tables):
    """Oracle: what each customer pays on the eve of the month and on its last day."""
    frame = sample_tables["subscription_terms"]
    months = Period.parse("2026-10").run_up(6)
    found = evaluate(sample, [*KEPT, "renewal_rate"], periods=months).set_index(["metric", "period"])["value"]
    day = frame["ends_at"].dt.normalize()
    follows = frame.sort_values(["subscription_id", "starts_at"]).groupby("subscription_id")["starts_at"].shift(-1)
    renewed = follows.dt.normalize().reindex(frame.index) <= day
    for month in months:
        eve, last = pd.Timestamp(month.start) - pd.Timedelta(days=1), pd.Timestamp(month.end) - pd.Timedelta(days=1)
        start, end = _on(frame, eve), _on(frame, last)
        both = pd.DataFrame({"start": start, "end": end.reindex(start.index).fillna(0)})
        kept = both.min(axis=1).sum() / start.sum()
        assert found["gross_revenue_retention", str(month)] == pytest.approx(kept, rel=1e-9)
        assert found["revenue_churn", str(month)] == pytest.approx(1 - kept, rel=1e-7)
        assert found["net_revenue_retention", str(month)] == pytest.approx(both["end"].sum() / start.sum(), rel=1e-9)
        due = (day >= pd.Timestamp(month.start)) & (day < pd.Timestamp(month.end))
        assert found["renewal_rate", str(month)] == pytest.approx(renewed[due].mean(), rel=1e-12)


def test_the_costs_of_keeping_equal_plain_pandas_on_the_sample_company(sample, sample_tables):
    row = evaluate(sample, ["customer_retention_cost", "active_customers", "retention_break_even"], periods="2026-10")
    cost, active, share = row["value"]
    costs = sample_tables["costs"]
    spent = costs[(costs["purpose"] == "retention") & (costs["spent_at"] >= "2026-10-01")]["amount"].sum()
    assert cost == pytest.approx(spent / active)
    orders = sample_tables["orders"]
    bought = orders[orders["customer_id"].notna() & (orders["revenue"] > 0)].sort_values(["ordered_at", "order_id"])
    repeat = bought[bought.groupby("customer_id").cumcount() > 0]
    assert share == pytest.approx(spent / repeat.loc[repeat["ordered_at"] >= "2026-10-01", "margin"].sum())


@pytest.mark.slow
def test_the_interval_of_net_retention_holds_the_truth_in_90_to_98_of_100_simulated_months(company):
    random = np.random.default_rng(9)
    hits = 0
    for _ in range(100):
        n = 200
        price = random.choice([10.0, 20.0, 50.0, 100.0], n)
        fate = random.choice(["stay", "leave", "more"], n, p=[0.86, 0.08, 0.06])
        rows = []
        for i in range(n):
            if fate[i] == "stay":
                rows.append((f"c{i}", "2026-01-01", "2027-01-01", price[i]))
            else:
                rows.append((f"c{i}", "2026-01-01", "2026-10-10", price[i]))
                if fate[i] == "more":
                    rows.append((f"c{i}", "2026-10-10", "2027-01-01", price[i] * 1.5))
        catalog = company(subscription_terms=terms(rows), through="2026-10-31")
        row = evaluate(catalog, "net_revenue_retention", periods="2026-10").iloc[0]
        hits += row["low"] <= 1 - 0.08 + 0.03 <= row["high"]
    assert 89 <= hits <= 99
