"""Where the data ask for less than the model offers: a number with an honest interval and a name, never an exception."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from crmkit.models.orders.beta_geometric import BGNBD, MBGNBD
from crmkit.models.orders.pareto_nbd import ParetoNBD
from crmkit.models.orders.repeat_buying import shortest_range
from tests.models.shoppers import MODELS, TRUTH, customers, simulated, with_params


def everything(model, X, horizon):
    """All that a fitted model says, as one array of numbers."""
    some = X.head(4)
    said = [
        model.probability_alive(some),
        model.expected_orders(some, horizon),
        model.expected_orders(some, [horizon, 2 * horizon]),
        model.predict_interval(some, horizon, n_draws=8),
        model.predict_total(X, horizon, n_draws=20),
        model.expected_orders_new(horizon, n_draws=20),
        model.orders_distribution(some, horizon, 4),
        model.params_,
        model.interval_,
        model.covariance_,
        model.standard_errors_,
        model.draw_params(5),
        [model.log_likelihood_, model.log_likelihood(X)],
    ]
    return np.concatenate([np.asarray(one, dtype=float).ravel() for one in said])


CASES = {
    "one customer without a repeat order": (customers([0], 0, 39), "nobody comes back"),
    "one customer": (customers([3], 30, 39), None),
    "one customer who came today": (customers([0], 0, 0), "nobody comes back"),
    "fifty and no repeat order": (customers(np.zeros(50), 0, np.linspace(1, 39, 50)), "nobody comes back"),
    "everyone alive": (
        customers(np.random.default_rng(0).poisson(5, 100) + 1, 39, 39),
        "NBD: orders at random, nobody leaves",
    ),
    "all identical": (customers(np.full(200, 4), 20, 39), "one order rate for all customers"),
    "5,000 orders each": (customers(np.full(20, 5000), 38.9, 39), None),
    "5,000 orders and none": (customers([5000, 0, 3, 1, 2000], [3, 0, 20, 1, 39], 39), None),
    "ages of a billionth": (customers([0, 1, 2], [0, 1e-9, 2e-9], 1e-8), None),
    "ages of billions": (customers([0, 1, 2, 8], [0, 1e9, 2e9, 1e9], 3e9), None),
    "ages from a thousandth to 20,000": (customers([0, 1, 2, 50], [0, 1e-6, 2, 1000], [1e-3, 1e-3, 3, 20000]), None),
    "repeat orders at age 0": (customers([3, 2, 1], 0, 10), None),
}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("case", CASES)
def test_there_is_a_number_and_the_simpler_model_has_a_name(model, case):
    X, simpler = CASES[case]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted = model().fit(X)
        numbers = everything(fitted, X, max(float(X["age"].max()), 1e-9))
    assert np.isfinite(numbers).all()
    if simpler is not None and (case != "all identical" or model is not ParetoNBD):
        assert fitted.simpler_model_.startswith(simpler)
        assert fitted.penalty_ == 0.1


def test_of_fifty_without_a_repeat_order_few_are_expected_but_not_none():
    X = CASES["fifty and no repeat order"][0]
    total = BGNBD().fit(X).predict_total(X, 39)
    assert 0 < total["value"] < 0.5
    assert 1 <= total["high"] <= 50  # by the rule of three at most 3 in the time observed; the prior is vague


@pytest.mark.parametrize("model", MODELS)
def test_where_no_customer_leaves_the_past_is_expected_to_go_on(model):
    X, _ = simulated(np.random.default_rng(1), BGNBD, 2000, params=(2.0, 10.0, 1e-6, 5.0))
    fitted = model().fit(X)
    assert fitted.probability_alive(X).mean() > 0.97
    yearly = 52 * X["n_repeats"].sum() / X["age"].sum()
    assert fitted.expected_orders(X, 52).sum() == pytest.approx(2000 * yearly, rel=0.05)


positive = st.floats(-7, 7).map(np.exp)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(MODELS), st.tuples(positive, positive, positive, positive), st.integers(0, 2**32 - 1), st.booleans()
)
def test_over_a_fuzz_of_parameters_predictions_are_numbers_in_their_range(model, params, seed, long):
    random = np.random.default_rng(seed)
    x = np.floor(np.exp(random.uniform(0, 8.6, 6))) - 1
    age = np.exp(random.uniform(-5, 5, 6))
    X = customers(x, np.where(x > 0, age * random.random(6), 0), age)
    horizon = 500.0 if long else 0.01
    ready = with_params(model, params)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        alive = ready.probability_alive(X)
        orders = ready.expected_orders(X, [horizon, 2 * horizon])
        shares = ready.orders_distribution(X, horizon, 6)
        log_likelihood, gradient = ready.log_likelihood_of(np.array(params), *_counts(X))
    assert alive.between(0, 1).all()
    assert np.isfinite(orders).all(axis=None) and (orders >= 0).all(axis=None)
    assert (orders[2 * horizon] >= orders[horizon] * (1 - 1e-9)).all()
    assert shares.to_numpy().min() >= 0 and shares.sum(axis=1).to_numpy() == pytest.approx(1)
    assert np.isfinite([log_likelihood, *gradient]).all()


def _counts(X):
    from crmkit.models.orders.summary import compress

    return compress(X)[:1]


record = st.tuples(st.integers(0, 6) | st.just(5000), st.floats(0, 1), st.floats(0, 100))


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(st.sampled_from(MODELS), st.lists(record, min_size=1, max_size=8), st.sampled_from([1.0, 500.0]))
@example(BGNBD, [(0, 0.0, 2.2250738585072014e-308)], 1.0)
@example(ParetoNBD, [(5000, 0.8784328430926696, 2.2250738585072014e-308)], 500.0)
@example(ParetoNBD, [(5000, 0.5, 1e-5)], 1.0)
@example(BGNBD, [(5000, 0.5, 1e-5)], 1.0)
def test_over_a_fuzz_of_data_a_fit_gives_numbers(model, records, copies):
    x, share, age = np.repeat(np.array(records, dtype=float), int(copies) // 100 + 1, axis=0).T
    X = customers(x, np.where(x > 0, share * age, 0), age)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isfinite(everything(model().fit(X), X, 10.0)).all()


def test_the_interval_of_a_customer_who_orders_by_the_thousand_is_around_the_expected_orders():
    ready = with_params(BGNBD, TRUTH[BGNBD])
    ready.covariance_ = pd.DataFrame(1e-12 * np.eye(4))
    steady = ready.predict_interval(customers([5000], 39, 39), 13, level=0.8).iloc[0]
    assert steady["low"] > 1000 and steady["high"] == pytest.approx(5000 * 13 / 47, rel=0.08)


def test_the_shortest_range_may_exclude_zero():
    low, high = shortest_range(np.array([[0.01], [0.2], [0.6], [0.18], [0.01]]), 0.95)
    assert (low.tolist(), high.tolist()) == ([1.0], [3.0])


@pytest.mark.parametrize("model", [MBGNBD, ParetoNBD])
def test_no_customers_to_predict_for_give_empty_frames(model):
    fitted = model().fit(simulated(np.random.default_rng(2), model, 200)[0])
    nobody = customers([], 0, 0)
    assert len(fitted.expected_orders(nobody, 10)) == len(fitted.predict_interval(nobody, 10)) == 0
    assert fitted.simulate_orders(nobody, 10, n_draws=3).shape == (0, 3)
    assert fitted.predict_total(nobody, 10, n_draws=3).tolist() == [0, 0, 0]
