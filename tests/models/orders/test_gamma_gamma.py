"""Gamma-Gamma against its formula, numerical derivatives, simulated truth, another library, and hostile input."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import gamma

from crmkit.errors import Problems
from crmkit.models.orders.gamma_gamma import GammaGamma, _Likelihood

TRUTH = (4.0, 5.0, 30.0)


def spenders(random, n):
    """n_values and mean_value of ``n`` customers, and the mean of their own that is behind it."""
    p, q, scale = TRUTH
    own = p / (random.gamma(q, 1 / scale, n))
    n_values = random.poisson(2, n)
    total = random.gamma(p * np.maximum(n_values, 1)) * own / p
    X = pd.DataFrame({"n_values": n_values, "mean_value": np.where(n_values > 0, total / np.maximum(n_values, 1), 0.0)})
    return X, own


def test_the_likelihood_is_the_mean_over_people_of_gamma_densities():
    p, q, scale = TRUTH
    n, z = 3.0, 9.0

    def density(nu):
        return gamma(p * n, scale=1 / (n * nu)).pdf(z) * gamma(q, scale=1 / scale).pdf(nu)

    assert _Likelihood(np.array([n]), np.array([z]))(np.array(TRUTH))[0] == pytest.approx(
        np.log(quad(density, 0, 5)[0])
    )


@settings(max_examples=40, deadline=None)
@given(st.tuples(*[st.floats(-3, 3).map(np.exp)] * 3), st.integers(0, 2**32 - 1))
def test_the_gradient_is_that_of_numerical_differences(params, seed):
    random = np.random.default_rng(seed)
    n, z, at = random.integers(1, 40, 10).astype(float), random.gamma(2, 5, 10) + 0.01, np.array(params)
    steps = 1e-5 * np.diag(at)
    of = _Likelihood(n, z)
    difference = [of(at + s)[0] - of(at - s)[0] for s in steps]
    assert of(at)[1] * at == pytest.approx(np.array(difference) / 2e-5, rel=1e-5, abs=1e-4)


def test_without_known_amounts_the_mean_of_all_is_expected_and_with_many_the_own_mean():
    model = GammaGamma().fit(spenders(np.random.default_rng(1), 3000)[0])
    X = pd.DataFrame({"n_values": [0, 1, 1000], "mean_value": [0.0, 20.0, 20.0]})
    p, q, scale = model.params_
    new, once, often = model.expected_value(X)
    assert new == pytest.approx(p * scale / (q - 1))
    assert once == pytest.approx(p * (scale + 20) / (p + q - 1))
    assert often == pytest.approx(20, rel=0.01)


def test_who_was_refunded_more_than_she_kept_is_not_worth_as_much_as_the_others():
    """One order and a larger refund: -64.68 on balance counts as one order of nothing, ten of them as nearly nothing."""
    model = GammaGamma().fit(spenders(np.random.default_rng(1), 3000)[0])
    X = pd.DataFrame({"n_values": [0.0, 1.0, 10.0], "mean_value": [0.0, -64.68, -64.68]})
    p, q, scale = model.params_
    new, once, often = model.expected_value(X)
    assert once == pytest.approx(p * scale / (p + q - 1)) and once < new / 2
    assert often == pytest.approx(p * scale / (10 * p + q - 1)) and often < once / 4


def test_the_truth_is_recovered_and_intervals_hold_95_percent_of_customers():
    X, own = spenders(np.random.default_rng(2), 3000)
    model = GammaGamma().fit(X)
    assert np.abs((model.params_ - TRUTH) / model.standard_errors_).max() < 4
    interval = model.predict_interval(X, n_draws=300)
    assert 0.935 <= ((interval["low"] <= own) & (own <= interval["high"])).mean() <= 0.965


def test_of_200_firms_with_300_customers_95_percent_intervals_hold_each_parameter_in_90_to_98_percent():
    random = np.random.default_rng(3)
    intervals = [GammaGamma().fit(spenders(random, 300)[0]).interval_ for _ in range(200)]
    held = [(firm["low"] <= TRUTH) & (firm["high"] >= TRUTH) for firm in intervals]
    assert np.mean(held, axis=0) == pytest.approx(0.94, abs=0.04)


def test_fitting_on_a_part_first_ends_at_the_same_maximum(monkeypatch):
    X, _ = spenders(np.random.default_rng(10), 6000)
    whole = GammaGamma().fit(X)
    monkeypatch.setattr("crmkit.models.orders.gamma_gamma._SUBSAMPLE_CUSTOMERS", 1000)
    quick = GammaGamma().fit(X)
    assert quick.converged_
    assert quick.params_.to_numpy() == pytest.approx(whole.params_.to_numpy(), rel=2e-3)
    assert quick.standard_errors_.to_numpy() == pytest.approx(whole.standard_errors_.to_numpy(), rel=0.2)


def test_simulated_revenue_is_orders_times_the_expected_value_and_nothing_without_orders():
    X, _ = spenders(np.random.default_rng(4), 2000)
    model = GammaGamma().fit(X)
    orders = pd.DataFrame(np.tile([[3, 0]], (2000, 50)), index=X.index)
    revenue = model.simulate_revenue(X, orders)
    assert (revenue.iloc[:, 1] == 0).all()
    assert revenue.iloc[:, 0::2].sum().mean() == pytest.approx(3 * model.expected_value(X).sum(), rel=0.03)


def test_amounts_in_cents_instead_of_dollars_change_only_gamma():
    X, _ = spenders(np.random.default_rng(5), 1000)
    dollars, cents = GammaGamma().fit(X), GammaGamma().fit(X.assign(mean_value=X["mean_value"] * 100))
    assert cents.params_.to_numpy() == pytest.approx(dollars.params_.to_numpy() * [1, 1, 100], rel=1e-4)


@pytest.mark.parametrize(
    ("n_values", "mean_value", "simpler"),
    [
        ([], [], "nothing to learn from"),
        ([0, 2], [0.0, -5.0], "nothing to learn from"),
        ([3], [10.0], None),
        ([3] * 50, [10.0] * 50, None),
        ([50] * 300, list(np.exp(np.random.default_rng(6).normal(0, 1, 300))), None),
        ([1] * 200, list(np.random.default_rng(7).pareto(0.7, 200)), "the observed mean"),
        ([5000, 1], [1e-9, 1e9], None),
    ],
)
def test_at_a_boundary_there_is_a_number(n_values, mean_value, simpler):
    X = pd.DataFrame({"n_values": n_values, "mean_value": mean_value}, dtype=float)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = GammaGamma().fit(X)
        asked = pd.DataFrame({"n_values": [0, 2], "mean_value": [np.nan, 10.0]})
        numbers = [
            model.expected_value(asked),
            model.predict_interval(asked),
            model.params_,
            model.interval_,
            model.covariance_,
        ]
    assert all(np.isfinite(np.asarray(one)).all() for one in numbers)
    if simpler:
        assert model.simpler_model_.startswith(simpler)


def test_customers_who_spend_the_same_each_time_are_named_so():
    random = np.random.default_rng(8)
    X = pd.DataFrame({"n_values": random.integers(1, 9, 400), "mean_value": 1 / random.gamma(5, 0.01, 400)})
    assert GammaGamma().fit(X).simpler_model_ == "each customer spends the same on every order"


def test_a_missing_column_is_reported():
    with pytest.raises(Problems, match="Column mean_value is missing"):
        GammaGamma().fit(pd.DataFrame({"n_values": [1]}))


def test_the_expected_value_equals_that_of_lifetimes_to_a_millionth():
    lifetimes = pytest.importorskip("lifetimes", reason="lifetimes is not installed")
    X, _ = spenders(np.random.default_rng(9), 500)
    ours, theirs = GammaGamma().fit(X), lifetimes.GammaGammaFitter()
    theirs.params_ = pd.Series(ours.params_.to_numpy(), index=["p", "q", "v"])
    expected = theirs.conditional_expected_average_profit(X["n_values"], X["mean_value"])
    assert ours.expected_value(X).to_numpy() == pytest.approx(expected.to_numpy(), rel=1e-6)
