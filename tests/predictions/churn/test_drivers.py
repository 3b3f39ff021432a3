"""Who was lost more often than others: the share of all who were at risk, not of each customer's last day."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

import crmkit as ck
from crmkit.predictions.churn.drivers import _share_lost, lost_by
from crmkit.predictions.churn.learning import N_LEARNED, past_days, training_rows

LAST = date(2026, 6, 30)


def orders_of(n, seed, leaving):
    """Shoppers who order every 20 days or so, and each day stop for good with a chance that is their channel's."""
    random, rows = np.random.default_rng(seed), []
    for who in range(n):
        at, stop = float(random.integers(0, 700)), random.exponential(1 / leaving[who % 2])
        begun = at
        while at < min(700, begun + stop):
            rows.append((f"c{who}", pd.Timestamp(LAST) - pd.Timedelta(days=700 - int(at)), 20.0))
            at += max(1.0, random.gamma(4, 5))
    orders = pd.DataFrame(rows, columns=["customer_id", "ordered_at", "revenue"])
    return orders.assign(order_id=[str(i) for i in range(len(orders))])


def company(leaving, n=400, seed=0):
    orders = orders_of(n, seed, leaving)
    customers = pd.DataFrame({"customer_id": [f"c{who}" for who in range(n)]})
    customers["channel"] = ["search" if who % 2 else "social" for who in range(n)]
    settings = ck.Settings(data={"through": str(LAST)}, company={"churn_after_days": 60})
    return ck.connect({"orders": orders, "customers": customers}, settings)


@pytest.fixture(scope="module")
def catalog():
    return company(leaving=(1 / 150, 1 / 500))


def test_the_shares_are_those_of_all_who_were_at_risk(catalog):
    rows = training_rows(catalog, past_days(catalog, LAST)[:N_LEARNED])
    told = lost_by(catalog, LAST).query("what == 'channel'").set_index("group")
    for group, other in (("search", "social"), ("social", "search")):
        own = rows[rows["channel"] == group]
        assert told.loc[group, "lost"] == pytest.approx(own["lost"].mean())
        assert told.loc[group, "others"] == pytest.approx(told.loc[other, "lost"])
        assert told.loc[group, "n"] == own.index.nunique()
    assert told["lost"].min() < rows["lost"].mean() < told["lost"].max()


def test_a_channel_whose_customers_leave_sooner_is_found_and_its_interval_holds_the_actual_share(catalog):
    told = lost_by(catalog, LAST).query("what == 'channel'").set_index("group")
    assert told.loc["social", "low"] > told.loc["social", "others"]
    assert (told["low"] < told["lost"]).all() and (told["lost"] < told["high"]).all()


def test_a_customers_last_day_alone_would_show_far_more_losses(catalog):
    rows = training_rows(catalog, past_days(catalog, LAST)[:N_LEARNED])
    newest = rows[~rows.index.duplicated()]
    assert newest["lost"].mean() > 1.3 * rows["lost"].mean()


def test_in_simulated_firms_without_a_difference_few_groups_differ():
    differ = []
    for seed in range(20):
        told = lost_by(company((1 / 300, 1 / 300), 200, seed), LAST).query("what == 'channel'")
        differ += ((told["low"] > told["others"]) | (told["high"] < told["others"])).tolist()
    # That the others are a sample too is not in the interval: 1 in 6 for halves, far fewer for a group among many.
    assert len(differ) == 40 and np.mean(differ) < 0.35


def test_the_interval_counts_customers_and_not_their_days():
    once = pd.Series([1.0] * 10 + [0.0] * 30, index=[f"c{who}" for who in range(40)])
    share, low, high = _share_lost(once)
    assert (share, *_share_lost(pd.concat([once] * 4))[1:]) == pytest.approx((0.25, low, high), abs=0.01)
    assert low < 0.17 and high > 0.38, "of 160 customers they would be nearer"


def test_where_none_or_all_were_lost_there_is_still_an_interval():
    share, low, high = _share_lost(pd.Series(0.0, index=[f"c{who}" for who in range(40)]))
    assert (share, low) == (0, 0) and 0.05 < high < 0.12
