"""Winning customers, what marketing brings, who leaves, what customers are worth: plain pandas on the sample company."""

import numpy as np
import pandas as pd
import pytest

from crmkit.metrics import evaluate
from tests.metrics.plain_activity import active_on, new_in


def of_october(frame: pd.DataFrame, at: str) -> pd.DataFrame:
    return frame[frame[at].dt.strftime("%Y-%m") == "2026-10"]


def numbers(catalog, *names: str) -> dict[str, float]:
    return evaluate(catalog, list(names), periods="2026-10").set_index("metric")["value"].to_dict()


def test_new_customers_their_cost_and_the_payback_equal_plain_pandas_on_the_sample_company(sample, sample_tables):
    names = ["new_customers", "customer_acquisition_cost", "monthly_margin_per_customer", "payback_months"]
    new, active = len(new_in(sample_tables, "2026-10")), len(active_on(sample_tables, "2026-10-31"))
    costs, orders = of_october(sample_tables["costs"], "spent_at"), of_october(sample_tables["orders"], "ordered_at")
    cost = costs.loc[costs["purpose"] == "acquisition", "amount"].sum() / new
    margin = orders.loc[orders["customer_id"].notna(), "margin"].sum() / active
    assert numbers(sample, *names) == pytest.approx(dict(zip(names, [new, cost, margin, cost / margin], strict=True)))


def test_the_share_of_customers_lost_equals_plain_pandas_on_the_sample_company(sample, sample_tables):
    start, end = (active_on(sample_tables, day) for day in ("2026-09-30", "2026-10-31"))
    assert numbers(sample, "churn_rate")["churn_rate"] == pytest.approx(len(start - end) / len(start))


def test_spending_and_what_campaigns_bring_equal_plain_pandas_on_the_sample_company(sample, sample_tables):
    costs, orders = of_october(sample_tables["costs"], "spent_at"), of_october(sample_tables["orders"], "ordered_at")
    winning = costs[costs["purpose"] == "acquisition"]
    every = sample_tables["costs"]
    paid_for = set(every.loc[every["purpose"] == "acquisition", "campaign"].dropna())
    paid = winning.loc[winning["campaign"].notna(), "amount"].sum()
    brought = orders[orders["campaign"].isin(paid_for)]
    expected = {
        "acquisition_spend": winning["amount"].sum(),
        "marketing_roi": brought["margin"].sum() / paid - 1,
        "return_on_ad_spend": brought["revenue"].sum() / paid,
    }
    assert numbers(sample, *expected) == pytest.approx(expected)


def test_the_share_of_the_budget_equals_plain_pandas_on_the_sample_company(sample, sample_tables):
    from crmkit.settings import parse_settings
    from crmkit.tables.catalog import Catalog

    settings = parse_settings({"data": {"through": "2026-10-31"}, "budgets": [{"amount": 8000}]})
    winning = of_october(sample_tables["costs"], "spent_at").query("purpose == 'acquisition'")
    catalog = Catalog({"costs": sample.table("costs")}, settings)
    assert numbers(catalog, "budget_used")["budget_used"] == pytest.approx(winning["amount"].sum() / 8000)


def test_the_worth_of_customers_equals_plain_pandas_on_the_sample_company(sample, sample_tables):
    ids = sample_tables["customers"]["customer_id"]
    worth = pd.Series(np.random.default_rng(4).gamma(2.0, 30.0, len(ids)), index=ids)
    scores = [
        worth.mul(times)
        .rename("value")
        .reset_index()
        .assign(model=model, as_of=pd.Timestamp("2026-10-31"), model_version="1")
        for model, times in (("value", 1.0), ("lifetime_value", 1.5))
    ]
    catalog = sample.with_tables({"customer_scores": pd.concat(scores, ignore_index=True)})
    new = new_in(sample_tables, "2026-10")
    costs = of_october(sample_tables["costs"], "spent_at").query("purpose == 'acquisition'")["amount"].sum()
    of_new = 1.5 * worth[worth.index.isin(new)].mean()
    expected = {"residual_value": worth.mean(), "new_customer_value": of_new, "clv_to_cac": of_new / (costs / len(new))}
    assert numbers(catalog, *expected) == pytest.approx(expected)
