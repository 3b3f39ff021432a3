"""A peak season after nine months of data: what was not seen yet makes the interval wide, and the interval holds."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

import crmkit as ck
from crmkit.predictions.futures.outcome import outcome
from crmkit.predictions.futures.possible import possible_futures
from crmkit.predictions.value.fitted_models import fitted_models
from crmkit.predictions.value.forecast_error import learned_pace

DAY, SILENT = date(2026, 8, 31), 90
PRINTED = ("order_soon", "orders_soon", "money_soon")


def season(days, peak):
    """Return by how much faster than on average customers order: fastest in the middle of October."""
    return 1 + peak * np.cos(2 * np.pi * (days.dayofyear - 288) / 365)


def firm(seed, n=300, peak=0.45, begins="2025-12-01"):
    """Return orders up to the end of November of customers who order by chance, in a season, and leave by chance."""
    random, days, rows = np.random.default_rng(seed), pd.date_range(begins, "2026-11-30"), []
    pace = season(days, peak)
    for who in range(n):
        joins = random.integers(0, 230)
        leaves = joins + random.exponential(900)
        rate = random.gamma(1.2, 1 / 50)
        here = (np.arange(len(days)) > joins) & (np.arange(len(days)) < leaves)
        bought = np.append(joins, np.nonzero(here & (random.random(len(days)) < rate * pace))[0])
        worth = random.gamma(4, 10)
        rows += [(f"c{who}", days[day], worth * random.gamma(5, 0.2)) for day in bought]
    orders = pd.DataFrame(rows, columns=["customer_id", "ordered_at", "revenue"])
    return orders.assign(order_id=[str(n) for n in range(len(orders))])


def company(orders, through):
    settings = ck.Settings(data={"through": str(through)}, company={"churn_after_days": SILENT})
    return ck.connect({"orders": orders[orders["ordered_at"] <= pd.Timestamp(through)]}, settings)


def test_the_less_of_the_year_is_on_record_the_more_may_come_otherwise():
    soon = {}
    for begins in ("2025-12-01", "2025-02-01"):
        pace = learned_pace(company(firm(1, n=60, begins=begins), DAY), DAY, 12)
        soon[begins] = (pace.soon, pace.unseen_season)
    assert soon["2025-12-01"][1] and not soon["2025-02-01"][1]
    assert soon["2025-12-01"][0] >= 0.31 and soon["2025-02-01"][0] >= 0.27


@pytest.mark.slow
def test_orders_and_money_of_an_unseen_peak_lie_in_their_intervals():
    inside = []
    for seed in range(5):
        orders = firm(seed, n=200)
        futures = possible_futures(company(orders, DAY), DAY)
        models = fitted_models(company(orders, DAY), DAY)
        came = outcome(company(orders, date(2026, 11, 30)), models.shoppers, DAY, date(2026, 11, 30), SILENT)
        for what in PRINTED:
            _, low, high = futures.number(what)
            inside.append((what, low <= came[what] <= high, came[what] / futures.number(what)[0]))
    held = pd.DataFrame(inside, columns=["what", "held", "ratio"])
    assert (held.groupby("what")["ratio"].median() > 1.05).all()  # the peak is not foreseen
    assert (held.groupby("what")["held"].mean() >= 0.8).all()  # and lies in the interval
