"""Covariates of the order rate and of leaving: the model without them as a limit, numerical derivatives, simulated truth."""

import numpy as np
import pandas as pd
import pytest

from crmkit.errors import Problems
from crmkit.models.covariate_likelihood import covariate_cost, parameters_of
from crmkit.models.order_covariates import OrderCovariates
from crmkit.models.orders.pareto_nbd import ParetoNBD
from crmkit.models.orders.summary import compress
from tests.models.shoppers import MODELS, TRUTH, simulated, with_params


def two_channels(random, model, n, faster, leaves):
    """Half of the customers come from a shop: they order ``faster`` times as often and leave ``leaves`` times as soon."""
    frames, futures = [], []
    for channel, power in (("web", 0), ("shop", 1)):
        params = list(TRUTH[model])
        for name, sign, factor in zip(model.moved_by, model.moved_by.values(), (faster, leaves), strict=True):
            params[model.names.index(name)] *= factor ** (sign * power)
        X, later = simulated(random, model, n // 2, params=params)
        frames.append(X.assign(channel=channel))
        futures.append(later)
    return pd.concat(frames, ignore_index=True), np.concatenate(futures)


@pytest.mark.parametrize("model", MODELS)
def test_rows_add_up_to_the_log_likelihood_and_gradient_of_all(model):
    counts, _ = compress(simulated(np.random.default_rng(1), model, 300)[0])
    ready, params = with_params(model, TRUTH[model]), np.array(TRUTH[model])
    value, gradient = ready.log_likelihood_of(params, counts)
    rows, slopes = ready.row_log_likelihood(params, counts)
    assert counts.n @ rows == pytest.approx(value, rel=1e-12)
    assert slopes @ counts.n == pytest.approx(gradient, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("model", MODELS)
def test_the_gradient_by_coefficients_is_that_of_numerical_differences(model):
    random = np.random.default_rng(2)
    counts, _ = compress(simulated(random, model, 60)[0])
    Z, theta = random.normal(size=(len(counts), 2)), np.append(np.log(TRUTH[model]), [0.3, -0.2, 0.4, 0.1])
    cost = covariate_cost(with_params(model, TRUTH[model]), counts, Z)
    steps = 1e-5 * np.eye(len(theta))
    numerical = [(cost(theta + step)[0] - cost(theta - step)[0]) / 2e-5 for step in steps]
    assert cost(theta)[1] == pytest.approx(np.array(numerical), rel=1e-5, abs=1e-4)


@pytest.mark.parametrize("model", MODELS)
def test_each_row_is_predicted_as_by_a_model_with_her_parameters(model):
    X, _ = simulated(np.random.default_rng(3), model, 5)
    counts, _ = compress(X)
    ready, Z = with_params(model, TRUTH[model]), np.linspace(-1, 1, len(counts))[:, None]
    params = parameters_of(ready, np.append(np.log(TRUTH[model]), [0.8, 0.5]), Z)
    together = ready.alive(params, counts), ready.orders_if_alive(params, counts, 20.0)
    for row in range(len(counts)):
        own = np.array([np.broadcast_to(param, len(counts))[row] for param in params])
        one = counts.take([row])
        alone = ready.alive(own, one), ready.orders_if_alive(own, one, 20.0)
        assert [column[row] for column in together] == pytest.approx(np.ravel(alone).tolist(), rel=1e-9)


@pytest.mark.parametrize("model", MODELS)
def test_a_channel_that_orders_2_times_as_often_and_leaves_1_6_times_as_soon_is_found(model):
    X, later = two_channels(np.random.default_rng(4), model, 3000, 2.0, 1.6)
    fitted = OrderCovariates(model=model).fit(X)
    assert fitted.converged_
    for effects, truth in ((fitted.order_effects_, 2.0), (fitted.leaving_effects_, 1.6)):
        log_ratio = np.log(effects["ratio"].iloc[0])
        sign = 1 if effects.index[0] == "channel = shop" else -1
        error = np.log(effects["high"] / effects["low"]).iloc[0] / 2 / 1.96
        assert abs(log_ratio - sign * np.log(truth)) < 3.5 * error
    futures, expected = fitted.simulate_orders(X, 52, n_draws=150), fitted.expected_orders(X, 52)
    assert futures.sum().mean() == pytest.approx(expected.sum(), rel=0.03)
    for channel in ("web", "shop"):
        of_it = (X["channel"] == channel).to_numpy()
        low, high = futures[of_it].sum().quantile([0.005, 0.995])
        assert low <= later[of_it].sum() <= high


def test_of_30_firms_95_percent_intervals_hold_both_effects_in_85_percent_or_more():
    random, held = np.random.default_rng(5), []
    for _ in range(30):
        X, _ = two_channels(random, MODELS[0], 600, 1.5, 1.0)
        fitted = OrderCovariates(model=MODELS[0], l2=0.01).fit(X)
        shop = fitted.order_effects_.index[0] == "channel = shop"
        for effects, truth in ((fitted.order_effects_, 1.5), (fitted.leaving_effects_, 1.0)):
            held.append(effects["low"].iloc[0] <= (truth if shop else 1 / truth) <= effects["high"].iloc[0])
    assert 0.85 <= np.mean(held) <= 1


def test_a_large_l2_gives_the_model_without_covariates():
    X, _ = two_channels(np.random.default_rng(6), ParetoNBD, 600, 2.0, 1.0)
    fitted, plain = OrderCovariates(l2=1e8).fit(X), ParetoNBD().fit(X)
    assert fitted.params_.to_numpy() == pytest.approx(plain.params_.to_numpy(), rel=1e-3)
    assert fitted.expected_orders(X, 30).to_numpy() == pytest.approx(plain.expected_orders(X, 30).to_numpy(), rel=1e-3)
    assert fitted.log_likelihood_ == pytest.approx(plain.log_likelihood_, abs=1e-3)


@pytest.mark.parametrize("model", MODELS)
def test_a_constant_and_a_noise_covariate_of_one_and_of_eight_customers_give_numbers(model):
    for n in (1, 8):
        X, _ = simulated(np.random.default_rng(7), model, n)
        X = X.assign(country="MY", noise=np.random.default_rng(8).normal(size=n))
        fitted = OrderCovariates(model=model).fit(X)
        numbers = [
            fitted.expected_orders(X, 10),
            fitted.probability_alive(X),
            fitted.order_effects_,
            fitted.covariance_,
        ]
        assert all(np.isfinite(np.asarray(each)).all() for each in numbers)


def test_a_covariate_that_is_not_there_is_told():
    with pytest.raises(Problems, match="covariate 'channel' is missing"):
        OrderCovariates(covariates=["channel"]).fit(simulated(np.random.default_rng(9), ParetoNBD, 30)[0])
