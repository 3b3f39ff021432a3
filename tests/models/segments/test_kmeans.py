"""k-means segments: planted ones are found, none are invented, seeds do not matter, odd columns are handled."""

from copy import deepcopy

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score
from sklearn.utils.estimator_checks import check_estimator
from threadpoolctl import threadpool_limits

from crmkit.models.segments.kmeans import CustomerSegments, nearest
from crmkit.models.segments.matching import match_centres


def planted(n: int, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Four groups: rare small buyers, frequent ones, lapsed small buyers, lapsing big spenders."""
    random = np.random.default_rng(seed)
    group = random.choice(4, n, p=(0.4, 0.3, 0.2, 0.1))
    customers = pd.DataFrame(
        {
            "days_since_order": np.exp(np.array([2.7, 2.7, 5.5, 4.8])[group] + 0.3 * random.normal(size=n)).round(),
            "n_orders": 1 + random.poisson(np.array([2, 20, 2, 15])[group]),
            "average_order_value": np.exp(np.array([3.0, 3.0, 3.0, 4.8])[group] + 0.25 * random.normal(size=n)),
        }
    )
    return customers, group


def crowd(n: int, seed: int) -> pd.DataFrame:
    """One crowd: how often she buys varies gradually from customer to customer."""
    random = np.random.default_rng(seed)
    rate = random.gamma(1.0, 1.0, n)
    return pd.DataFrame(
        {
            "days_since_order": random.exponential(120 / (rate + 0.3)).clip(0, 400).round(),
            "n_orders": 1 + random.poisson(rate * random.uniform(30, 365, n) / 120),
            "average_order_value": np.exp(3 + 0.6 * random.normal(size=n)),
        }
    )


@pytest.mark.parametrize("seed", range(2))
def test_four_planted_segments_are_recovered(seed):
    customers, group = planted(600, seed)
    assert adjusted_rand_score(group, CustomerSegments().fit(customers).labels_) >= 0.9


@pytest.mark.parametrize("n", [50, 1000])
def test_one_crowd_gets_one_segment_and_a_reason(n):
    model = CustomerSegments().fit(crowd(n, n))
    assert model.n_segments_ == 1 and "one crowd" in model.verdict_


def test_other_seeds_move_at_most_2_percent_and_other_samples_at_most_5():
    customers, _ = planted(600, 3)
    model = CustomerSegments().fit(customers)
    points = model.space_.matrix(customers)
    for seed in (1, 2):
        other = CustomerSegments(random_state=seed).fit(customers)
        matched = match_centres(model.centres_, other.centres_)
        assert (nearest(points, other.centres_[matched]) != model.labels_).mean() <= 0.02
        sample = customers.sample(frac=1, replace=True, random_state=seed)
        refitted = deepcopy(model).refit(sample)
        assert (refitted.predict(customers) != model.labels_).mean() <= 0.05


def test_one_customer_a_constant_and_an_empty_column_are_handled():
    assert CustomerSegments().fit(crowd(1, 0)).labels_.tolist() == [0]
    customers = planted(600, 1)[0]
    odd = customers.assign(constant=1.0, empty=np.nan, none=None, text="same")
    model = CustomerSegments().fit(odd)
    assert set(model.space_.left_out) == {"constant", "empty", "none", "text"}
    assert (model.labels_ == CustomerSegments().fit(customers).labels_).all()


def test_gaps_and_categories_are_taken_as_they_are():
    customers = planted(600, 1)[0].assign(channel=["search", "social", None] * 200)
    customers.loc[::7, "average_order_value"] = np.nan
    points = CustomerSegments(n_segments=3).fit(customers).transform(customers)
    assert points.shape == (600, 3) and np.isfinite(points).all()


@pytest.mark.slow
def test_it_passes_the_checks_of_scikit_learn():
    with threadpool_limits(1):
        check_estimator(CustomerSegments())
