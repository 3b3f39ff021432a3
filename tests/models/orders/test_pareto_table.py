"""The table of the integral of Pareto/NBD against the integral of each customer by itself."""

import numpy as np
import pytest

from crmkit.models.orders import pareto_nbd as pareto_integral
from crmkit.models.orders.pareto_nbd import LeavingTable, ParetoNBD, is_table_faster
from crmkit.models.orders.summary import PurchaseCounts, compress
from tests.models.shoppers import customers, simulated


@pytest.fixture(scope="module")
def counts():
    """Thirty thousand different rows on the days of a year; some order up to 900 times, some on the last day."""
    random = np.random.default_rng(4)
    age = np.floor(random.uniform(0, 365, 60_000)) / 7
    x = np.append(np.floor(random.exponential(3, 59_990)), np.full(10, 900.0))
    last = np.where(x > 0, np.floor(age * 7 * random.random(len(x)) ** 0.2) / 7, 0)
    return compress(customers(x, last, age))[0]


@pytest.mark.parametrize(
    "params", [(0.6, 8.0, 0.7, 15.0), (2.0, 0.5, 0.3, 50.0), (0.6, 80.0, 3.0, 0.2), (9.0, 3.0, 40.0, 900.0)]
)
def test_odds_and_slopes_are_those_of_each_customers_own_integral_to_ten_digits(counts, params, monkeypatch):
    assert is_table_faster(counts)
    table, table_slopes = pareto_integral.log_odds_gone(np.array(params), counts, True)
    monkeypatch.setattr(pareto_integral, "is_table_faster", lambda _: False)
    own, slopes = pareto_integral.log_odds_gone(np.array(params), counts, True)
    open_ = counts.age > counts.last_age
    assert np.abs(table - own)[open_].max() < 1e-10
    assert (np.abs(table_slopes - slopes)[:, open_] / (1 + np.abs(slopes[:, open_]))).max() < 1e-10
    assert (table[~open_] < -600).all() and np.isfinite(table_slopes).all()


def test_where_the_table_would_underflow_each_customer_has_an_own_integral(counts):
    table = LeavingTable(np.array([2.0, 0.5, 0.3, 50.0]), counts)
    held = table.holds()
    assert not held[counts.x == 900].any() and held[counts.x < 20].all()


def test_ages_that_all_differ_get_no_table():
    X, _ = simulated(np.random.default_rng(5), ParetoNBD, 40_000)
    assert not is_table_faster(compress(X)[0])


def test_few_customers_get_no_table():
    assert not is_table_faster(PurchaseCounts(*np.ones((4, 100))))
