"""The window of the next order: holds what it says on simulated firms, and beats the customer's own mean gap."""

import numpy as np
import pandas as pd
import pytest

from crmkit.models.orders.affinity import Affinity
from crmkit.models.orders.next_order import InterpurchaseTimes, NextOrder

HORIZON = 90


def day_lists(n: int, seed: int, gone: float = 0.3) -> list[np.ndarray]:
    """Order days of customers with log-normal gaps around a mean of their own; some stop."""
    random = np.random.default_rng(seed)
    lists = []
    for _ in range(n):
        mean, stop = random.normal(3.6, 0.5), random.uniform(100, 700) if random.uniform() < gone else 1e9
        days = np.cumsum(np.r_[random.uniform(0, 300), np.exp(random.normal(mean, 0.6, 60))])
        lists.append(np.unique(days[days < stop].astype(int)))
    return lists


def known(lists: list[np.ndarray], day: int) -> tuple[pd.DataFrame, pd.Series]:
    rows, until = [], []
    for days in lists:
        before, after = days[days <= day], days[(days > day) & (days <= day + HORIZON)]
        if len(before):
            gaps = np.log(np.diff(before))
            rows.append((float(len(gaps)), gaps.sum(), (gaps**2).sum(), float(day - before[-1])))
            until.append(float(after[0] - day) if len(after) else np.nan)
    return pd.DataFrame(rows, columns=["n_gaps", "sum_log", "sum_log_squared", "days_since"]), pd.Series(until)


@pytest.fixture(scope="module")
def judged():
    lists = day_lists(1500, 0)
    past = [known(lists, day) for day in (310, 400, 490)]
    now, days = known(lists, 600)
    return NextOrder(HORIZON).fit(past, now).predict(now), now, days


def test_four_of_five_next_orders_come_within_their_window(judged):
    told, _, days = judged
    came = days.notna()
    inside = ((days >= told["earliest"]) & (days <= told["latest"]))[came].mean()
    assert 0.76 <= inside <= 0.86


def test_the_day_is_predicted_better_than_by_the_customers_own_mean_gap(judged):
    told, now, days = judged
    some = days.notna() & (now["n_gaps"] > 0)
    own = (np.exp(now["sum_log"] / now["n_gaps"].clip(lower=1)) - now["days_since"]).clip(1, HORIZON)
    assert (told["days"] - days)[some].abs().mean() < 0.95 * (own - days)[some].abs().mean()


def test_the_chance_adds_up_to_those_who_came_and_separates_them_from_the_others(judged):
    told, _, days = judged
    came = days.notna()
    assert told["chance"].sum() == pytest.approx(came.sum(), rel=0.1)
    assert told.loc[came, "chance"].mean() > told.loc[~came, "chance"].mean() + 0.3


def test_interpurchase_times_of_all_are_recovered_from_gaps():
    random = np.random.default_rng(2)
    means = random.normal(3.0, 0.4, 3000)
    gaps = means[:, None] + 0.7 * random.normal(size=(3000, 6))
    found = InterpurchaseTimes.learned(
        pd.DataFrame({"n_gaps": 6.0, "sum_log": gaps.sum(axis=1), "sum_log_squared": (gaps**2).sum(axis=1)})
    )
    assert (found.mean, found.between, found.within) == pytest.approx((3.0, 0.4, 0.7), abs=0.03)


def test_a_customer_with_one_order_has_the_mean_gap_of_all_and_one_with_many_the_own_mean():
    times = InterpurchaseTimes(3.0, 0.5, 0.5)
    mean, spread = times.own(pd.DataFrame({"n_gaps": [0.0, 1.0, 99.0], "sum_log": [0.0, 5.0, 495.0]}))
    assert mean == pytest.approx([3.0, 4.0, 4.98]) and spread[0] == pytest.approx(np.sqrt(0.5))


def test_the_concentration_of_a_dirichlet_is_recovered():
    random = np.random.default_rng(0)
    for truth in (2.0, 20.0):
        shares = random.dirichlet(truth * np.array([0.6, 0.3, 0.1]), 2000)
        n = np.array([random.multinomial(8, each) for each in shares])
        counts = pd.DataFrame(n, columns=["a", "b", "c"]).rename_axis("customer_id").stack().rename("n").reset_index()
        counts = counts.rename(columns={"level_1": "level"})
        model = Affinity().fit(counts[counts["n"] > 0])
        assert model.concentration_ == pytest.approx(truth, rel=0.2)
        assert model.popular_["a"] == pytest.approx(0.6, abs=0.02)


def test_one_purchase_makes_no_taste_and_ninety_do():
    counts = pd.DataFrame(
        {"customer_id": ["x", *"abcdefghij", "y"], "level": ["tea", *["coffee"] * 10, "tea"], "n": [1, *[9] * 10, 90]}
    )
    model = Affinity().fit(counts)
    model.popular_, model.concentration_ = pd.Series({"coffee": 0.8, "tea": 0.2}), 10.0
    told = model.favourites(counts)
    assert told.loc["x", "level"] == "coffee" and told.loc["x", "share"] == pytest.approx(8 / 11)
    assert (
        told.loc["y", "level"] == "tea" and told.loc["y", "share"] == pytest.approx(92 / 100) and told.loc["y", "own"]
    )
