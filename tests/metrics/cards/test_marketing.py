"""What marketing spends and what comes back: worked by hand, and against plain pandas."""

import pandas as pd
import pytest

from crmkit.metrics import conventions, evaluate
from crmkit.settings import parse_settings
from crmkit.tables.catalog import Catalog
from tests.metrics.campaigns import COSTS, costs_of, orders_of

ORDERS = orders_of(
    ("2024-01-01", 9.0, 3.0, "old", None),
    ("2026-10-05", 500.0, 250.0, "a", "beans"),
    ("2026-10-06", 100.0, 40.0, "b", "reels"),
    ("2026-10-07", 100.0, 50.0, "a", None),
    ("2026-10-08", 100.0, 50.0, "c", "welcome"),  # nothing was paid for this campaign
)


def test_600_were_spent_on_winning_customers_without_an_interval(company):
    row = evaluate(company(costs=COSTS), "acquisition_spend", periods="2026-10").iloc[0]
    assert (row["value"], row["low"], row["high"], row["n"]) == (600, 600, 600, 3)


def test_400_for_campaigns_brought_a_margin_of_290_a_return_of_minus_27_5_percent(company):
    catalog = company(costs=COSTS, orders=ORDERS)
    rows = evaluate(catalog, ["marketing_roi", "return_on_ad_spend"], periods="2026-10").set_index("metric")["value"]
    assert rows.to_dict() == pytest.approx({"marketing_roi": 290 / 400 - 1, "return_on_ad_spend": 600 / 400})


def test_by_customer_the_order_without_a_campaign_counts_for_the_one_that_won_her(company):
    customers = pd.DataFrame({"customer_id": list("abc"), "campaign": ["beans", None, "welcome"]})
    rows = conventions(
        company(costs=COSTS, orders=ORDERS, customers=customers), "2026-10", metrics="return_on_ad_spend"
    )
    assert rows.set_index("convention")["value"].to_dict() == {"order_campaign": 1.5, "customer_campaign": 1.5}
    rows = conventions(company(costs=COSTS, orders=ORDERS, customers=customers), "2026-10", metrics="marketing_roi")
    assert rows.set_index("convention")["value"].to_dict() == pytest.approx(
        {"order_campaign": -0.275, "customer_campaign": 300 / 400 - 1}
    )


def test_a_campaign_that_brought_nothing_lost_all_that_it_cost(company):
    catalog = company(costs=COSTS, orders=ORDERS[ORDERS["campaign"] != "reels"])
    rows = evaluate(catalog, "marketing_roi", periods="2026-10", by="campaign").set_index("campaign")["value"]
    assert rows.to_dict() == pytest.approx({"beans": 250 / 300 - 1, "reels": -1.0})


def test_without_margins_the_return_is_not_measured(company):
    catalog = company(costs=COSTS, orders=ORDERS.drop(columns="margin"))
    assert evaluate(catalog, "marketing_roi", periods="2026-10")["reason"].item().startswith("needs orders.margin, or")


def budgeted(company, *budgets: dict, through: str = "2026-10-31") -> Catalog:
    catalog = company(costs=COSTS)
    return Catalog(
        {"costs": catalog.table("costs")}, parse_settings({"budgets": list(budgets), "data": {"through": through}})
    )


def test_600_of_a_budget_of_800_are_75_percent(company):
    row = evaluate(budgeted(company, {"amount": 800}), "budget_used", periods="2026-10").iloc[0]
    assert (row["value"], row["n"], row["status"]) == (0.75, 3, "ok")


def test_budgets_of_channels_are_set_against_their_own_costs(company):
    catalog = budgeted(company, {"amount": 600, "channel": "search"}, {"amount": 200, "channel": "social"})
    assert evaluate(catalog, "budget_used", periods="2026-10")["value"].item() == 0.5  # 400 of 800, the staff in none
    rows = evaluate(catalog, "budget_used", periods="2026-10", by="channel").set_index("channel")
    assert rows["value"].to_dict() == {"search": 0.5, "social": 0.5}
    by_campaign = evaluate(catalog, "budget_used", periods="2026-10", by="campaign")["reason"].unique().tolist()
    assert by_campaign == ["cannot be split by campaign: budgets are set for all, or by channel"]


def test_three_days_of_october_have_3_of_31_of_its_budget(company):
    catalog = budgeted(company, {"amount": 3100}, through="2026-10-03")
    row = evaluate(catalog, "budget_used", periods="2026-10", first_days=3).iloc[0]
    assert (row["value"], row["reason"]) == (pytest.approx(400 / 300), "so far: 3 of 31 days")


def test_a_month_before_the_first_budget_has_none(company):
    row = evaluate(budgeted(company, {"amount": 800, "from": "2026-11-01"}), "budget_used", periods="2026-10").iloc[0]
    assert (row["status"], row["reason"]) == ("no data", "no budget for these days")


def test_without_budgets_it_is_not_measured(company):
    row = evaluate(company(costs=COSTS), "budget_used", periods="2026-10").iloc[0]
    assert row["reason"] == "needs [[budgets]] in crmkit.toml"


def test_more_spent_is_a_real_change_if_it_matters_and_exact(company):
    from crmkit.metrics import scorecard

    frame = pd.concat([COSTS, costs_of(("2026-09-02", 500.0, "acquisition", "media", "search", "beans"))])
    row = scorecard(company(costs=frame, through="2026-10-31"), "2026-10", metrics="acquisition_spend").iloc[0]
    assert (row["verdict"], row["direction"]) == ("real", "changed")  # 500 in 30 days, 600 in 31
    near = pd.concat([COSTS, costs_of(("2026-09-02", 575.0, "acquisition", "media", "search", "beans"))])
    row = scorecard(company(costs=near, through="2026-10-31"), "2026-10", metrics="acquisition_spend").iloc[0]
    assert row["verdict"] == "within noise"
