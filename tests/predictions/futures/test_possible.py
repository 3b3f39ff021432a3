"""One future per customer: what is counted in the same futures agrees, and pages print what the futures say."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup

import crmkit as ck
from crmkit.insights.churn import churn_findings, churn_headline, churn_summary
from crmkit.models.orders.beta_geometric import BGNBD, MBGNBD
from crmkit.models.orders.pareto_nbd import ParetoNBD
from crmkit.predictions.futures.backtest import futures_backtest, in_words
from crmkit.predictions.futures.outcome import outcome
from crmkit.predictions.futures.pace import Pace
from crmkit.predictions.futures.possible import matched, possible_futures
from crmkit.predictions.next_purchase import next_orders
from crmkit.predictions.value.customer_values import valuation
from crmkit.predictions.value.fitted_models import fitted_models
from crmkit.reporting.pages import revenue

DAY, SILENT = date(2026, 6, 30), 60


def shop(n=150, seed=0, days=500):
    """Shoppers who order every 20 to 60 days, come and go, and stop for good at a random day."""
    random, rows = np.random.default_rng(seed), []
    for who in range(n):
        start = random.integers(0, days)
        stop, gap = start + random.exponential(300), random.choice([20, 40, 60])
        at = float(start)
        while at < min(stop, days):
            rows.append((f"c{who}", pd.Timestamp(DAY) - pd.Timedelta(days=days - int(at)), 20.0 + gap / 10))
            at += max(1.0, random.exponential(gap))
    orders = pd.DataFrame(rows, columns=["customer_id", "ordered_at", "revenue"])
    return orders.assign(order_id=[str(i) for i in range(len(orders))])


@pytest.fixture(scope="module")
def catalog():
    return ck.connect({"orders": shop()}, ck.Settings(data={"through": str(DAY)}, company={"churn_after_days": SILENT}))


@pytest.fixture(scope="module")
def futures(catalog):
    return possible_futures(catalog, DAY)


def test_in_every_future_those_who_order_and_those_who_do_not_add_up(futures):
    t = futures.totals
    assert (t["stay"] + t["leave"] == futures.n_active).all()
    assert (t["order_soon"] == t["stay"] + t["leave_order_soon"] + t["others_order_soon"]).all()
    assert (t["leave_order_soon"] <= t["leave_back"]).all() and (t["leave_back"] <= t["leave"]).all()
    assert (t["order_soon"] <= t["order_year"]).all() and (t["order_year"] <= futures.n).all()
    assert (t["order_soon"] <= t["orders_soon"]).all() and (t["orders_soon"] <= t["orders_year"]).all()
    assert (t["money_soon"] <= t["money_year"] + 1e-9).all()


def test_chances_of_the_customers_add_up_to_the_totals(futures):
    sums = futures.customers.sum()
    for name in ("stay", "order_soon", "order_year"):
        assert sums[name] == pytest.approx(futures.number(name).value)


def test_the_same_futures_come_again(catalog, futures):
    again = ck.connect({"orders": shop()}, catalog.settings)
    pd.testing.assert_frame_equal(possible_futures(again, DAY).totals, futures.totals)


def test_each_page_prints_the_number_of_the_futures(catalog, futures):
    summary = churn_summary(catalog, DAY)
    leave, low, high = (round(each) for each in futures.number("leave"))
    assert (
        churn_headline(summary) == f"About {leave} customers will stop ordering for 60 days, between {low} and {high}"
    )
    back = [min(round(each), leave) for each in futures.number("leave_back")]  # not more than leave
    first = churn_findings(summary)[0].text
    assert f"Of {futures.n_active} customers who may leave {leave} are expected to within 60 days" in first
    assert f"Of them {back[0]} ({back[1]} to {back[2]}) will be back within a year" in first
    order, fewest, most = (round(each) for each in futures.number("order_soon"))
    html = revenue.next_order_table(catalog, ck.covered_period(catalog, "2026-06"))._repr_html_()
    text = BeautifulSoup(html, "html.parser").get_text(" ").replace("\N{NO-BREAK SPACE}", " ")
    assert f"About {order} of {futures.n} customers will order within 60 days, between {fewest} and {most}" in text
    assert f"The other {futures.n - order} will not" in text
    assert next_orders(catalog, DAY)["chance"].sum() == pytest.approx(futures.number("order_soon").value)


def test_the_list_of_leavers_adds_up_to_the_headline_and_to_the_money_at_risk(catalog, futures):
    summary = churn_summary(catalog, DAY)
    assert summary.outlook.scores["value"].sum() == pytest.approx(futures.number("leave").value)
    stakes = futures.stakes.reindex(summary.at_risk.index)
    assert summary.at_risk["worth"].tolist() == pytest.approx(stakes.tolist())
    assert summary.total[0] == pytest.approx((summary.at_risk["chance"] * stakes).sum())
    assert summary.total[0] < valuation(catalog, DAY).forecast.within(36).sum()


def test_the_value_of_a_year_is_the_money_of_the_same_futures(catalog):
    """Prices stand still in this shop, and nothing is discounted."""
    terms = catalog.settings.value.model_copy(update={"horizon_months": 12, "discount_rate": 0.0})
    yearly = ck.connect({"orders": shop()}, catalog.settings.model_copy(update={"value": terms}))
    money = possible_futures(yearly, DAY).totals["money_year"].to_numpy()
    assert valuation(yearly, DAY).forecast.draws.sum(axis=0) == pytest.approx(money, rel=0.01)


def test_what_is_printed_is_tried_on_past_days_in_the_same_form(catalog):
    rows = futures_backtest(catalog, DAY)
    last = rows[(rows["day"] == "2026-05-01") & (rows["what"] == "leave")].iloc[0]
    cut = ck.connect(
        {"orders": shop()[lambda orders: orders["ordered_at"] <= "2026-05-01"]},
        ck.Settings(data={"through": "2026-05-01"}, company={"churn_after_days": SILENT}),
    )
    printed = possible_futures(cut, "2026-05-01").number("leave")
    assert tuple(last[["foreseen", "low", "high"]]) == pytest.approx(printed)
    assert in_words(rows, "leave").startswith("On 4 past days") and in_words(rows, "none") == ""


def test_an_order_of_the_day_61_comes_too_late_to_stay():
    """Four customers on 1 March, 60 days: a orders in time, b too late, c never, d had left and comes back."""
    placed = [
        ("a", "2026-02-20"),
        ("a", "2026-04-21"),  # 60 days after the last one
        ("b", "2026-01-20"),
        ("b", "2026-03-22"),  # 61 days after the last one
        ("c", "2026-02-01"),
        ("d", "2025-11-01"),
        ("d", "2026-04-30"),
    ]
    orders = pd.DataFrame(placed, columns=["customer_id", "ordered_at"]).assign(revenue=10.0, order_id=list("1234567"))
    catalog = ck.connect({"orders": orders}, ck.Settings(data={"through": "2027-03-01"}))
    day = date(2026, 3, 1)
    counts = outcome(catalog, fitted_models(catalog, day).shoppers, day, date(2027, 3, 1), 60)
    assert {name: counts[name] for name in ("stay", "leave", "leave_order_soon", "leave_back")} == {
        "stay": 1,
        "leave": 2,
        "leave_order_soon": 1,
        "leave_back": 1,
    }
    assert (counts["order_soon"], counts["others_order_soon"], counts["orders_soon"]) == (3, 1, 3)
    assert (counts["money_year"], counts["order_year"]) == (30.0, 3)


@pytest.mark.parametrize("kind", [ParetoNBD, BGNBD, MBGNBD])
def test_orders_drawn_by_steps_are_as_many_as_those_expected(kind):
    random = np.random.default_rng(0)
    X = pd.DataFrame({"n_repeats": random.poisson(2.0, 500).astype(float), "age": random.uniform(5, 40, 500)})
    X["last_age"] = np.where(X["n_repeats"] > 0, X["age"] * random.random(500), 0.0)
    model = kind(penalty=1.0).fit(X)
    from crmkit.models.orders.summary import compress

    counts, position = compress(X)
    params, each = model.params_.to_numpy(), counts.take(position)
    alive, ends = model.alive(params, counts)[position], np.tile([2.0, 9.0], (500, 1))
    drawn = []
    for _ in range(300):
        means, most = model.rates_if_alive(params, each, ends, random)
        orders = np.minimum(np.cumsum(random.poisson(np.diff(means, axis=1, prepend=0.0)), axis=1).T, most).T
        drawn.append((alive[:, None] * orders).sum(axis=0))
    expected = model.expected_orders(X, [2.0, 9.0]).sum().to_numpy()
    assert np.mean(drawn, axis=0) == pytest.approx(expected, rel=0.03)


def test_a_pace_moves_all_alike_and_keeps_the_mean():
    factors = Pace(0.3, 0.2).factors(4000)
    assert factors.mean(axis=0) == pytest.approx(np.ones(3), abs=0.01)
    assert np.log(factors).std(axis=0) == pytest.approx([0.3, 0.2, 0.2], rel=0.03)


def test_chances_are_moved_to_a_total_in_their_order():
    moved = matched(np.array([0.1, 0.5, 0.9]), 2.0)
    assert moved.sum() == pytest.approx(2.0) and (np.diff(moved) > 0).all()
    assert matched(np.array([0.2, 0.4]), 0.0).tolist() == [0.0, 0.0] and len(matched(np.array([]), 0.0)) == 0
