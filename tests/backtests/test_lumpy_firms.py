"""Do intervals of money hold the truth in small firms whose amounts have heavy tails? A sample of benchmarks/coverage.py."""

import numpy as np
import pandas as pd
import pytest

from crmkit.metrics import evaluate
from tests.backtests.lumpy_firms import KINDS, catalog_of, months, subscriptions

MONEY = [
    "net_new_revenue",
    "new_mrr",
    "reactivation_mrr",
    "expansion_mrr",
    "contraction_mrr",
    "churned_mrr",
    "gross_revenue_retention",
    "net_revenue_retention",
]
N_FIRMS, N_MONTHS = 40, 38


@pytest.fixture(scope="module")
def numbers() -> pd.DataFrame:
    """Twenty months of 40 firms of 60 subscribers each, and the truth: the mean of 4 firms of 5,000."""
    found = []
    for size, n_firms in ((60, N_FIRMS), (5000, 4)):
        random = np.random.default_rng(size)
        tables = subscriptions(random, KINDS[0], size, n_firms, N_MONTHS, np.ones(N_MONTHS))
        catalog = catalog_of({name: tables[name] for name in ("customers", "subscription_terms")}, N_MONTHS)
        rows = evaluate(catalog, MONEY, periods=months(18, 20), by="firm")
        scale = np.where(rows["unit"] == "money", size, 1.0)
        found.append(rows.assign(size=size, scale=scale, level=rows["value"] / scale))
    rows = pd.concat(found)
    truth = rows[rows["size"] == 5000].groupby("metric")["level"].mean()
    return rows[rows["size"] == 60].assign(truth=lambda small: small["metric"].map(truth) * small["scale"])


def test_in_firms_of_60_subscribers_intervals_of_money_hold_the_truth_in_93_percent_or_more(numbers):
    """Formerly 27 to 81 %. Forty firms leave chance a point or two, so that each card alone may fall to 91 %."""
    told = numbers[numbers["status"] == "ok"]
    held = (told["low"] <= told["truth"]) & (told["truth"] <= told["high"])
    by_card = held.groupby(told["metric"]).mean()
    assert by_card.min() >= 0.91, by_card
    assert held.mean() >= 0.93
    assert len(told) > 0.98 * len(numbers)  # it is not held by saying nothing


def test_net_new_revenue_may_lie_on_either_side_of_zero(numbers):
    net = numbers[numbers["metric"] == "net_new_revenue"]
    assert ((net["low"] < 0) & (net["high"] > 0)).mean() > 0.9
    assert (net["low"] < net["value"]).all() and (net["value"] < net["high"]).all()
