"""sBG and BdW against published figures, independent likelihoods, simulated truth and hostile input."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import WeibullFitter
from scipy.optimize import minimize
from scipy.special import roots_jacobi

from crmkit.models.subscriptions.sbg import BetaDiscreteWeibull, ShiftedBetaGeometric
from crmkit.models.subscriptions.spells import spells_of_survivors
from tests.models.subscribers import HIGH_END, REGULAR, lifetimes, watched

BOTH = [ShiftedBetaGeometric, BetaDiscreteWeibull]


@pytest.mark.parametrize(
    ("survivors", "alpha", "beta", "log_likelihood"),
    [(HIGH_END, 0.668, 3.806, -1611.16), (REGULAR, 0.704, 1.182, -1680.27)],
)
def test_seven_renewals_of_fader_and_hardie_give_their_parameters(survivors, alpha, beta, log_likelihood):
    model = ShiftedBetaGeometric().fit(spells_of_survivors(survivors))
    assert model.params_.round(3).to_dict() == {"alpha": alpha, "beta": beta}
    assert round(model.log_likelihood_, 2) == log_likelihood
    assert model.converged_ and model.simpler_model_ is None


@pytest.mark.parametrize(
    ("survivors", "later"), [(HIGH_END, [468, 445, 427, 409, 394]), (REGULAR, [223, 207, 194, 183, 173])]
)
def test_the_curve_meets_the_five_years_that_were_held_out_within_2_points(survivors, later):
    """Years 8 to 12 of Fader and Hardie (2007); a constant risk misses them by 9 points and more."""
    actual = np.array(later) / 1000
    model = ShiftedBetaGeometric().fit(spells_of_survivors(survivors))
    curve = model.survival(12).loc[8:]
    assert np.abs(curve["value"] - actual).max() < 0.02
    assert ((curve["low"] <= actual) & (actual <= curve["high"])).all()
    constant = sum(survivors[1:]) / sum(survivors[:-1])
    assert np.abs(constant ** np.arange(8, 13) - actual).max() > 0.09


@pytest.mark.parametrize("survivors", [HIGH_END, REGULAR])
def test_bdw_finds_the_top_of_a_likelihood_written_independently(survivors):
    """S(t) by numerical integration of (1 - theta)^(t^c) over the beta distribution, climbed without gradients."""

    def negative(logs):
        a, b, c = np.exp(logs)
        nodes, weights = roots_jacobi(60, b - 1, a - 1)  # of the beta density of theta = (1 + node) / 2
        curve = [(weights @ ((1 - nodes) / 2) ** (t**c)) / weights.sum() for t in range(8)]
        return -(np.dot(-np.diff(survivors), np.log(-np.diff(curve))) + survivors[-1] * np.log(curve[-1]))

    model = BetaDiscreteWeibull().fit(spells_of_survivors(survivors))
    start = np.log(model.params_.to_numpy())
    assert model.log_likelihood_ == pytest.approx(-negative(start), abs=1e-4)
    found = minimize(
        negative, start + 0.05, method="Nelder-Mead", options={"maxfev": 400, "xatol": 1e-4, "fatol": 1e-5}
    )
    assert model.log_likelihood_ >= -found.fun - 1e-4


def test_bdw_with_c_1_is_sbg_and_fits_no_worse():
    for survivors in (HIGH_END, REGULAR):
        spells = spells_of_survivors(survivors)
        narrow, wide = ShiftedBetaGeometric().fit(spells), BetaDiscreteWeibull().fit(spells)
        assert wide.log_likelihood_ >= narrow.log_likelihood_ - 1e-8
        params = np.array([[*narrow.params_, 1.0]])
        period = np.arange(1.0, 200)
        one, other = narrow.log_renewal(params[:, :2], period).value, wide.log_renewal(params, period).value
        assert one == pytest.approx(other, abs=1e-12)


@pytest.mark.parametrize(
    ("model", "params"),
    [
        (ShiftedBetaGeometric(), [0.7, 5.0]),
        (BetaDiscreteWeibull(), [0.7, 5.0, 1.3]),
        (BetaDiscreteWeibull(), [40.0, 900.0, 0.6]),
    ],
)
def test_the_derivatives_are_those_of_the_curve(model, params):
    params, period = np.array(params), np.array([1.0, 2.0, 7.0, 60.0])
    steps = model.log_renewal(params[None], period)
    for i, slope in enumerate(steps.slopes):
        move = 1e-4 * params * (np.arange(len(params)) == i)
        up, down = (model.log_renewal((params + sign * move)[None], period).value[0] for sign in (1, -1))
        assert slope[0] == pytest.approx((up - down) / (2 * move[i]), rel=1e-6)


def test_ignoring_who_left_before_the_records_begin_is_visibly_wrong():
    """Truth: 46 % make 12 renewals. Half of the customers joined up to 24 months before the records begin."""
    random = np.random.default_rng(1)
    truth = ShiftedBetaGeometric()
    truth.params_ = pd.Series([0.7, 6.0], index=["alpha", "beta"])
    twelve = truth.curves(pd.DataFrame({"tenure": [0]}), 12)[0, 12]
    assert round(twelve, 2) == 0.46
    people = watched(random, lifetimes(random, 4000, 0.7, 6.0))
    right = ShiftedBetaGeometric().fit(people).survival(12).loc[12]
    wrong = ShiftedBetaGeometric().fit(people.assign(entry=0)).survival(12).loc[12]
    assert right["low"] < twelve < right["high"]
    assert right["value"] == pytest.approx(twelve, abs=0.03)
    assert wrong["value"] > twelve + 0.08


def test_bdw_without_differences_between_customers_is_lifelines_weibull_on_grouped_time():
    """At that boundary S(t) = exp(-(t / scale)^rho), and c is rho: the same likelihood, by another library."""
    random = np.random.default_rng(6)
    lasts = np.ceil(10 * random.weibull(1.6, 3000)).astype(int)
    ends = np.minimum(lasts, 15)
    model = BetaDiscreteWeibull().fit(pd.DataFrame({"entry": 0, "exit": ends, "lost": lasts <= 15}))
    upper = np.where(lasts <= 15, ends, np.inf)
    lower = np.where(lasts <= 15, ends - 1, ends)
    oracle = WeibullFitter().fit_interval_censoring(np.maximum(lower, 1e-10), upper)
    assert model.simpler_model_ == "discrete Weibull: customers do not differ"
    assert model.log_likelihood_ == pytest.approx(oracle.log_likelihood_, abs=0.01)
    assert model.params_["c"] == pytest.approx(oracle.rho_, rel=1e-3)
    ours = model.survival(15)["value"].to_numpy()[1:]
    assert ours == pytest.approx(oracle.survival_function_at_times(np.arange(1, 16)).to_numpy(), abs=1e-4)


@pytest.mark.parametrize("model", BOTH)
@pytest.mark.parametrize(
    ("survivors", "simpler"),
    [
        ([100, 100, 100], "geometric: nobody has left yet"),
        ([100, 0], "geometric: everybody left at once"),
        ([400, 200, 200, 200], "two kinds: those who leave at the first chance and those who stay"),
    ],
)
def test_a_boundary_names_the_simpler_model(model, survivors, simpler):
    fitted = model().fit(spells_of_survivors(survivors))
    assert fitted.simpler_model_ == simpler
    assert fitted.converged_


def test_halving_each_time_is_geometric_and_all_leaving_at_the_third_renewal_a_fixed_term():
    halving = ShiftedBetaGeometric().fit(spells_of_survivors([800, 400, 200, 100]))
    assert halving.simpler_model_ == "geometric: customers do not differ"
    assert halving.survival(5)["value"].to_numpy() == pytest.approx(0.5 ** np.arange(6), abs=1e-4)
    term = BetaDiscreteWeibull().fit(spells_of_survivors([800, 800, 800, 0]))
    assert term.simpler_model_ == "a fixed term: all who leave do so at the same renewal"
    assert term.survival(3)["value"].round(2).tolist() == [1, 1, 1, 0]


def test_none_lost_of_100_over_two_renewals_leaves_an_interval_that_is_not_a_point():
    curve = ShiftedBetaGeometric().fit(spells_of_survivors([100, 100, 100])).survival(12).loc[12]
    assert 0.7 < curve["low"] < 0.97 < curve["value"] < curve["high"]


def test_without_any_data_the_model_says_so_and_its_interval_spans_nearly_everything():
    model = ShiftedBetaGeometric().fit(pd.DataFrame({"entry": [], "exit": [], "lost": []}))
    assert model.simpler_model_ == "nothing was observed: a guess without data"
    first = model.survival(1).loc[1]
    assert first["low"] < 0.05 and first["high"] > 0.95


@pytest.mark.parametrize("model", BOTH)
def test_survival_hazard_and_conditional_survival_agree_with_each_other(model):
    fitted = model().fit(spells_of_survivors(HIGH_END))
    curve, risk, later = fitted.survival(10), fitted.hazard(10), fitted.conditional_survival(4, 6)
    assert 1 - risk["value"].loc[5] == pytest.approx(curve["value"].loc[5] / curve["value"].loc[4])
    assert later["value"].to_numpy() == pytest.approx((curve["value"].loc[4:] / curve["value"].loc[4]).to_numpy())
    for each in (curve, risk, later):
        assert ((each["low"] <= each["value"]) & (each["value"] <= each["high"])).all()


def test_the_same_seed_gives_the_same_interval_and_another_seed_nearly_the_same():
    spells = spells_of_survivors(REGULAR)
    one, same, other = (ShiftedBetaGeometric(seed=seed).fit(spells).survival(12).loc[12] for seed in (1, 1, 2))
    assert one.equals(same)
    assert not one.equals(other)
    assert one["low"] == pytest.approx(other["low"], abs=0.01)


SPELL = st.tuples(st.integers(0, 60), st.integers(0, 90), st.booleans(), st.floats(0.1, 1e5))


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(SPELL, max_size=12), model=st.sampled_from(BOTH))
def test_any_spells_give_finite_numbers_inside_their_intervals(rows, model):
    people = pd.DataFrame(
        [(a, a + more, gone and more > 0, n) for a, more, gone, n in rows], columns=["entry", "exit", "lost", "n"]
    )
    fitted = model(n_draws=100).fit(people)
    assert np.isfinite([*fitted.params_, fitted.log_likelihood_]).all() and (fitted.params_ > 0).all()
    assert np.isfinite(fitted.covariance_.to_numpy()).all()
    for each in (fitted.survival(24), fitted.hazard(24), fitted.conditional_survival(30, 12)):
        assert np.isfinite(each.to_numpy()).all()
        assert (
            (each["low"] >= 0) & (each["low"] <= each["value"]) & (each["value"] <= each["high"]) & (each["high"] <= 1)
        ).all()
    assert fitted.survival(24)["value"].is_monotonic_decreasing


def test_risks_too_small_for_a_difference_of_gamma_functions_are_0_and_never_negative():
    model = BetaDiscreteWeibull(n_draws=100)
    model.params_ = pd.Series({"alpha": 9780.367853058753, "beta": 7351461191686801.0, "c": 0.8413402171352093})
    model.draws_ = pd.DataFrame([model.params_] * 3)
    assert (model.survival(500) <= 1).all(axis=None) and (model.hazard(500) >= 0).all(axis=None)
    assert (model.survival(500)["value"].diff().dropna() <= 0).all()
