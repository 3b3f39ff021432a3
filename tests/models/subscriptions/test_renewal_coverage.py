"""95 % intervals of sBG and BdW cover the truth of simulated subscribers, half of whom joined before the records."""

import numpy as np
import pandas as pd
import pytest

from crmkit.models.subscriptions.sbg import BetaDiscreteWeibull, ShiftedBetaGeometric
from tests.models.subscribers import lifetimes, watched

PERIODS = [1, 6, 12, 24, 36]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "truth", "n", "repeats"),
    [
        (ShiftedBetaGeometric, (0.7, 6.0), 300, 150),
        (ShiftedBetaGeometric, (0.7, 6.0), 1000, 150),
        (BetaDiscreteWeibull, (0.7, 6.0, 1.3), 300, 50),
        (BetaDiscreteWeibull, (0.7, 6.0, 1.3), 1000, 50),
    ],
)
def test_95_percent_intervals_cover_90_to_98_percent(model, truth, n, repeats):
    random = np.random.default_rng(n)
    known = model()
    known.params_ = pd.Series(truth, index=model.names)
    actual = known.curves(pd.DataFrame({"tenure": [0]}), 36)[0, PERIODS]
    of_params, of_curve = [], []
    for seed in range(repeats):
        fitted = model(n_draws=500, seed=seed).fit(watched(random, lifetimes(random, n, *truth)))
        of_params.append((fitted.interval_["low"] <= truth) & (truth <= fitted.interval_["high"]))
        curve = fitted.survival(36).loc[PERIODS]
        of_curve.append((curve["low"] <= actual) & (actual <= curve["high"]))
    # The rounds are few: the mean over parameters, and over periods, has a chance error of its own of about 2 points.
    assert 0.90 <= np.mean(of_params) <= 0.985
    assert 0.90 <= np.mean(of_curve) <= 0.985
    assert np.mean(of_params, axis=0).min() > 0.86


def test_estimates_come_nearer_to_the_truth_the_more_customers_there_are():
    random = np.random.default_rng(8)
    errors = {}
    for n in (300, 30_000):
        fits = [
            ShiftedBetaGeometric(n_draws=10).fit(watched(random, lifetimes(random, n, 0.7, 6.0))).params_
            for _ in range(12)
        ]
        errors[n] = np.sqrt(np.mean([np.log(params / [0.7, 6.0]) ** 2 for params in fits]))
    assert errors[30_000] < errors[300] / 5  # ten times closer by theory
    assert errors[30_000] < 0.1
