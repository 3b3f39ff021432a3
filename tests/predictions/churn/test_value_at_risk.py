"""Does the interval of the money at risk hold what is lost, in firms made in another way than it assumes?"""

import numpy as np
import pandas as pd
import pytest

from crmkit.predictions.churn.value_at_risk import total_at_risk


def firm(random: np.random.Generator, n: int, drift: float) -> tuple[pd.DataFrame, float]:
    """Chances and worth of the customers at risk, and what was lost: Pareto's tail, a few large, a gamma-shaped common mood.

    The chances known are some way off the true ones, each by about a third, and right on the whole.
    """
    chance = random.beta(1, 9, n)
    worth = 100 * (1 + random.pareto(2.6, n)) * np.where(random.random(n) < 0.03, 15, 1)
    odds = chance / (1 - chance) * np.exp(random.normal(0, 0.3, n))
    known = odds / (1 + odds)
    common = random.gamma(1 / drift**2, drift**2)
    lost = worth[random.random(n) < np.minimum(chance * common, 1)].sum()
    return pd.DataFrame({"chance": known * chance.sum() / known.sum(), "worth": worth}), float(lost)


@pytest.mark.parametrize(("n", "drift"), [(20, 0.1), (20, 0.3), (300, 0.3)])
def test_95_percent_intervals_hold_what_was_lost_in_93_to_99_percent_of_firms(n, drift):
    random = np.random.default_rng([n, round(10 * drift)])
    rows = [(total_at_risk(known, drift), lost) for known, lost in (firm(random, n, drift) for _ in range(200))]
    held = np.mean([low <= lost <= high for (_, low, high), lost in rows])
    above = np.mean([lost > high for (_, _, high), lost in rows])
    assert held >= 0.92 and above <= 0.06  # 95 % of 200 firms are 190, and chance takes up to 6 of them


def test_one_of_two_customers_who_leave_for_sure_costs_just_that_customer():
    rows = pd.DataFrame({"chance": [1.0, 0.0], "worth": [50.0, 80.0]})
    assert total_at_risk(rows, 0.0) == (50.0, 50.0, 50.0)


def test_a_single_customer_is_lost_or_not():
    """A chance of 10 %: nothing or all of it, where a normal distribution said at most 69."""
    assert total_at_risk(pd.DataFrame({"chance": [0.1], "worth": [100.0]}), 0.0) == (10.0, 0.0, 100.0)
