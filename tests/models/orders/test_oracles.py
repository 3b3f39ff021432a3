"""Models of repeat orders against integrals over people, numerical derivatives, simulation, and another library."""

from functools import lru_cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta, gamma

from crmkit.errors import Problems
from crmkit.models.orders.beta_geometric import BGNBD, MBGNBD
from crmkit.models.orders.pareto_nbd import ParetoNBD
from crmkit.models.orders.summary import compress
from tests.models.shoppers import MODELS, TRUTH, customers, simulated, with_params

PEOPLE = customers([0, 0, 1, 2, 5, 12], [0, 0, 3, 30.43, 10, 38], [39, 4, 39, 38.86, 39, 39])
SMOOTH = {BGNBD: (1.6, 8.0, 1.7, 2.5), MBGNBD: (1.6, 8.0, 1.7, 2.5), ParetoNBD: (1.6, 8.0, 1.7, 15.0)}


@lru_cache
def quantiles(model, params, n_nodes=250):
    """Order rates, and leaving rates or probabilities, at Gauss-Legendre nodes of their distributions; weights."""
    nodes, weights = np.polynomial.legendre.leggauss(n_nodes)
    leaving = gamma(params[2], scale=1 / params[3]) if model is ParetoNBD else beta(params[2], params[3])
    rate = gamma(params[0], scale=1 / params[1])
    return rate.ppf((nodes + 1) / 2)[:, None], leaving.ppf((nodes + 1) / 2)[None, :], weights / 2


def over_people(model, params, function):
    """Mean of ``function(order rate, leaving)`` over customers."""
    rate, leaving, weights = quantiles(model, params)
    return weights @ function(rate, leaving) @ weights


def of_one(model, x, t, age, horizon):
    """Likelihood of her record, the part of it in which she is there, and her orders ahead, if lambda, mu (p) are known."""

    def record(rate, leaving):
        if model is ParetoNBD:
            there = rate**x * np.exp(-(rate + leaving) * age)
            died = (
                rate**x * leaving / (rate + leaving) * (np.exp(-(rate + leaving) * t) - np.exp(-(rate + leaving) * age))
            )
            return there, died, rate / leaving * -np.expm1(-leaving * horizon)
        first = 1 if model is MBGNBD else 0
        there = rate**x * np.exp(-rate * age) * (1 - leaving) ** (x + first)
        died = rate**x * np.exp(-rate * t) * leaving * (1 - leaving) ** (x + first - 1) * (x + first > 0)
        return there, died, -np.expm1(-rate * leaving * horizon) / leaving

    return record


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("row", range(len(PEOPLE)))
def test_likelihood_and_predictions_are_the_means_over_people_of_what_is_plain_for_one(model, row):
    X, params = PEOPLE.iloc[[row]], SMOOTH[model]
    record = of_one(model, *X.iloc[0], horizon=26.0)
    there = over_people(model, params, lambda *one: record(*one)[0])
    died = over_people(model, params, lambda *one: record(*one)[1])
    orders = over_people(model, params, lambda *one: record(*one)[0] * record(*one)[2])
    ready = with_params(model, params)
    assert ready.log_likelihood(X) == pytest.approx(np.log(there + died), abs=2e-5)
    assert ready.probability_alive(X).iloc[0] == pytest.approx(there / (there + died), abs=2e-5)
    assert ready.expected_orders(X, 26).iloc[0] == pytest.approx(orders / (there + died), rel=2e-4)


positive = st.floats(-3, 3).map(np.exp)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(MODELS), st.tuples(positive, positive, positive, positive), st.integers(0, 2**32 - 1))
def test_gradients_are_those_of_numerical_differences(model, params, seed):
    random = np.random.default_rng(seed)
    x = np.floor(np.exp(random.uniform(0, 5, 12))) - 1
    age = random.uniform(0.1, 9, 12)
    counts, _ = compress(customers(x, np.where(x > 0, age * random.random(12), 0), age))
    ready, at = model(), np.array(params)
    gradient = ready.log_likelihood_of(at, counts)[1]
    steps = 1e-5 * np.diag(at)
    numerical = [
        (ready.log_likelihood_of(at + step, counts)[0] - ready.log_likelihood_of(at - step, counts)[0])
        / (2 * step.sum())
        for step in steps
    ]
    assert gradient * at == pytest.approx(np.array(numerical) * at, rel=1e-5, abs=1e-4)


@pytest.mark.parametrize("model", MODELS)
def test_the_distribution_of_orders_has_the_expected_orders_as_its_mean(model):
    ready = with_params(model, SMOOTH[model])
    shares = ready.orders_distribution(PEOPLE, 26, max_orders=400)
    assert shares.sum(axis=1).to_numpy() == pytest.approx(1)
    assert shares.to_numpy() @ np.arange(401) == pytest.approx(ready.expected_orders(PEOPLE, 26).to_numpy(), rel=1e-4)


@pytest.mark.parametrize("model", MODELS)
def test_simulated_futures_follow_the_distribution_of_orders(model):
    ready = with_params(model, SMOOTH[model])
    ready.covariance_ = pd.DataFrame(1e-12 * np.eye(4))
    one = PEOPLE.iloc[[3]]
    futures = ready.simulate_orders(pd.concat([one] * 500), 26, n_draws=100).to_numpy().ravel()
    shares = ready.orders_distribution(one, 26, max_orders=5).iloc[0]
    seen = np.bincount(np.minimum(futures, 5), minlength=6) / len(futures)
    assert seen == pytest.approx(shares.to_numpy(), abs=4 * np.sqrt(0.25 / len(futures)))


@pytest.mark.parametrize("model", MODELS)
def test_a_unit_of_days_instead_of_weeks_changes_only_the_parameters_that_are_times(model):
    X, _ = simulated(np.random.default_rng(3), model, 500)
    weeks, days = model().fit(X), model().fit(X.assign(last_age=X["last_age"] * 7, age=X["age"] * 7))
    factor = [7.0 if name in model.times else 1.0 for name in model.names]
    assert days.params_.to_numpy() == pytest.approx(weeks.params_.to_numpy() * factor, rel=1e-3)
    assert days.expected_orders(X * [1, 7, 7], 7 * 26).to_numpy() == pytest.approx(
        weeks.expected_orders(X, 26), rel=1e-3
    )
    assert days.log_likelihood_ == pytest.approx(weeks.log_likelihood_ - X["n_repeats"].sum() * np.log(7), abs=1e-5)


def test_fitting_on_a_part_first_ends_at_the_same_maximum(monkeypatch):
    X, _ = simulated(np.random.default_rng(4), BGNBD, 6000)
    whole = BGNBD().fit(X)
    monkeypatch.setattr("crmkit.models.orders.repeat_buying._SUBSAMPLE_ROWS", 1000)
    monkeypatch.setattr(BGNBD, "rows_at_once", 512)
    quick = BGNBD().fit(X)
    assert quick.converged_
    assert quick.params_.to_numpy() == pytest.approx(whole.params_.to_numpy(), rel=1e-3)
    assert quick.standard_errors_.to_numpy() == pytest.approx(whole.standard_errors_.to_numpy(), rel=0.2)


def test_a_large_penalty_pulls_to_a_dropout_of_one_in_four():
    X, _ = simulated(np.random.default_rng(5), BGNBD, 300)
    a, b = BGNBD(penalty=1e6).fit(X).params_[["a", "b"]]
    assert a / (a + b) == pytest.approx(0.25, abs=0.001)


@pytest.mark.parametrize(
    ("frame", "sentence"),
    [
        (customers([1], 5, 4), "1 have a last_age above their age"),
        (customers([0], 5, 9), "1 have no repeat order but a last_age above 0"),
        (customers([1.5], 5, 9), "1 have a fraction as n_repeats"),
        (customers([-1], 5, 9), "n_repeats: 1 of 1 values are empty, negative or not a number"),
        (customers([1], 5, 9).drop(columns="age"), "Column age is missing"),
        (customers([], 5, 9), "There is none to learn from"),
    ],
)
def test_records_that_cannot_be_are_reported_in_a_sentence(frame, sentence):
    with pytest.raises(Problems, match=sentence):
        BGNBD().fit(frame)


def _theirs(model):
    lifetimes = pytest.importorskip("lifetimes", reason="lifetimes is not installed")
    fitter = {
        BGNBD: lifetimes.BetaGeoFitter,
        MBGNBD: lifetimes.ModifiedBetaGeoFitter,
        ParetoNBD: lifetimes.ParetoNBDFitter,
    }
    return fitter[model]()


@pytest.mark.parametrize("model", MODELS)
def test_predictions_equal_those_of_lifetimes_to_a_millionth(model):
    theirs, ready = _theirs(model), with_params(model, TRUTH[model])
    theirs.params_ = ready.params_
    x, t, age = (PEOPLE[column].to_numpy() for column in ("n_repeats", "last_age", "age"))
    alive = theirs.conditional_probability_alive(x, t, age)
    assert ready.probability_alive(PEOPLE).to_numpy() == pytest.approx(np.asarray(alive), rel=1e-6)
    orders = theirs.conditional_expected_number_of_purchases_up_to_time(26, x, t, age)
    assert ready.expected_orders(PEOPLE, 26).to_numpy() == pytest.approx(np.asarray(orders), rel=1e-6)
    new = theirs.expected_number_of_purchases_up_to_time(26)
    ready.covariance_ = pd.DataFrame(1e-12 * np.eye(4))
    assert ready.expected_orders_new(26)["value"].iloc[0] == pytest.approx(float(new), rel=1e-6)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.filterwarnings("ignore")
def test_the_maximum_is_at_least_as_high_as_that_of_lifetimes(model):
    X, _ = simulated(np.random.default_rng(6), model, 2000)
    theirs = _theirs(model).fit(X["n_repeats"], X["last_age"], X["age"])
    ours = model().fit(X)
    at_theirs = with_params(model, theirs.params_[list(model.names)]).log_likelihood(X)
    assert ours.log_likelihood_ >= at_theirs - 1e-6
    assert ours.log_likelihood_ == pytest.approx(at_theirs, abs=0.01)


@pytest.mark.filterwarnings("ignore")
def test_where_lifetimes_has_no_number_there_is_one():
    often = customers([5000], 38.999, 39)
    theirs, ready = _theirs(MBGNBD), with_params(MBGNBD, [0.243, 4.414, 0.793, 2.426])
    theirs.params_ = ready.params_
    assert np.isnan(theirs.conditional_expected_number_of_purchases_up_to_time(39, 5000, 38.999, 39)).all()
    assert ready.expected_orders(often, 39).iloc[0] == pytest.approx(3427.19, abs=0.01)
    theirs, ready = _theirs(BGNBD), with_params(BGNBD, [0.243, 4.414, 1.0, 2.426])  # a = 1 is 0 / 0 in its formula
    theirs.params_ = ready.params_
    assert not np.isfinite(theirs.conditional_expected_number_of_purchases_up_to_time(39, 2, 30.43, 38.86)).all()
    near = with_params(BGNBD, [0.243, 4.414, 1.000001, 2.426]).expected_orders(PEOPLE, 39)
    assert ready.expected_orders(PEOPLE, 39).to_numpy() == pytest.approx(near.to_numpy(), rel=1e-5)


@settings(deadline=None, max_examples=60)
@given(logs=st.lists(st.floats(-3, 3), min_size=4, max_size=4), seed=st.integers(0, 99))
def test_who_is_there_in_a_possible_future_is_drawn_by_six_digits_of_the_chance(logs, seed):
    params, random = np.exp(logs) * [0.6, 10.0, 0.6, 10.0], np.random.default_rng(seed)
    x, age = random.poisson(random.gamma(1.0, 4.0, 50)), random.uniform(1, 60, 50)
    counts = compress(customers(x, np.where(x > 0, age * random.random(50), 0), age))[0]
    exact, drawn_by = ParetoNBD().alive(params, counts), ParetoNBD().alive_to_draw_by(params, counts)
    np.testing.assert_allclose(drawn_by, exact, rtol=0, atol=1e-6)
