"""Discrete hazard regression against statsmodels, Kaplan-Meier, simulated truth and hostile input."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter
from scipy.special import expit, logit

from crmkit.errors import Problems
from crmkit.models.subscriptions.hazard import DiscreteHazard
from tests.models.subscribers import lifetimes, watched


def simulated(random, n, *, since=-24, until=36):
    """Monthly risk: logit = -3 - 0.4 log t + 0.5 score - 0.8 yearly; half of the customers came before the records."""
    score, yearly = random.normal(size=n), random.random(n) < 0.4
    months = np.arange(1, 80)
    risk = expit(-3 - 0.4 * np.log(months) + 0.5 * score[:, None] - 0.8 * yearly[:, None])
    lost = random.random(risk.shape) < risk
    lasts = np.where(lost.any(axis=1), lost.argmax(axis=1) + 1, 500)
    people = watched(random, lasts, since=since, until=until)
    return people.assign(score=score[people.index], plan=np.where(yearly[people.index], "yearly", "monthly"))


def true_curve(score, yearly, tenure, periods):
    months = tenure + np.arange(1, periods + 1)
    return np.cumprod(1 - expit(-3 - 0.4 * np.log(months) + 0.5 * score - 0.8 * yearly))


def exploded(people):
    """One row per customer and month at risk, written out."""
    rows = people.loc[people.index.repeat(people["exit"] - people["entry"])]
    month = rows["entry"] + rows.groupby(level=0).cumcount() + 1
    return rows.assign(month=month, gone=rows["lost"] & (month == rows["exit"]))


def test_without_a_penalty_it_is_logistic_regression_on_person_periods_written_out():
    people = simulated(np.random.default_rng(1), 700)
    rows = exploded(people)
    steps = rows["month"].to_numpy()[:, None] > np.array([1, 2, 3, 6, 12, 24])
    design = np.column_stack([np.ones(len(rows)), rows["score"], rows["plan"] == "yearly", steps]).astype(float)
    oracle = sm.GLM(rows["gone"].astype(float), design, family=sm.families.Binomial()).fit(tol=1e-12)
    model = DiscreteHazard(baseline="steps", penalty=0).fit(people)
    assert model.log_likelihood_ == pytest.approx(oracle.llf, abs=1e-8)
    assert model.effects_["coefficient"].to_numpy() == pytest.approx(oracle.params.to_numpy()[1:3], abs=1e-6)
    assert model.effects_["standard_error"].to_numpy() == pytest.approx(oracle.bse.to_numpy()[1:3], abs=1e-6)
    assert list(model.effects_.index) == ["score", "plan = yearly"]
    assert model.converged_


def test_with_a_level_per_period_and_no_covariates_it_is_the_kaplan_meier_curve_with_delayed_entry():
    random = np.random.default_rng(2)
    people = watched(random, lifetimes(random, 2000, 1.0, 5.0), since=-3, joined=3, until=4)
    people = people.assign(exit=np.minimum(people["exit"], 4), lost=people["lost"] & (people["exit"] <= 4))
    people = people[people["exit"] > people["entry"]]
    oracle = KaplanMeierFitter().fit(people["exit"], people["lost"], entry=people["entry"])
    model = DiscreteHazard(baseline="steps", penalty=0).fit(people)
    ours = model.survival(pd.DataFrame({"tenure": [0]}), 4)["value"].to_numpy()
    assert ours == pytest.approx(oracle.survival_function_at_times([1, 2, 3, 4]).to_numpy(), abs=1e-9)


def test_counts_say_the_same_as_individuals_and_the_index_does_not_matter():
    people = simulated(np.random.default_rng(3), 400).assign(score=lambda rows: rows["score"].round())
    counted = people.groupby(["entry", "exit", "lost", "score", "plan"]).size().rename("n").reset_index()
    one = DiscreteHazard().fit(people)
    for other in (DiscreteHazard().fit(counted), DiscreteHazard().fit(people.set_axis([7] * len(people)))):
        assert other.params_.to_numpy() == pytest.approx(one.params_.to_numpy(), abs=1e-8)
        assert other.log_likelihood_ == pytest.approx(one.log_likelihood_, abs=1e-8)


def test_it_finds_the_truth_and_ignoring_delayed_entry_does_not():
    people = simulated(np.random.default_rng(4), 8000)
    right, wrong = DiscreteHazard().fit(people), DiscreteHazard().fit(people.assign(entry=0))
    customer = pd.DataFrame({"tenure": [0], "score": [0.0], "plan": ["monthly"]})
    truth = true_curve(0.0, 0.0, 0, 24)[-1]
    last = right.survival(customer, 24).iloc[-1]
    assert last["value"] == pytest.approx(truth, abs=0.02)
    assert last["low"] < truth < last["high"]
    assert wrong.survival(customer, 24)["value"].iloc[-1] > truth + 0.05
    assert right.effects_.loc["score", "coefficient"] == pytest.approx(0.5, abs=0.06)
    assert right.effects_.loc["plan = yearly", "coefficient"] == pytest.approx(-0.8, abs=0.15)


@pytest.mark.slow
@pytest.mark.parametrize("n", [300, 1000])
def test_95_percent_intervals_cover_90_to_98_percent(n):
    random = np.random.default_rng(n)
    customers = pd.DataFrame({"tenure": [0, 6], "score": [0.0, 1.0], "plan": ["monthly", "yearly"]})
    truths = np.array([true_curve(0.0, 0, 0, 24), true_curve(1.0, 1, 6, 24)])
    of_effects, of_curves = [], []
    for _ in range(70):
        model = DiscreteHazard().fit(simulated(random, n))
        log_odds = np.log(model.effects_.loc[["score", "plan = yearly"], ["low", "high"]])
        of_effects.append((log_odds["low"] <= [0.5, -0.8]) & (log_odds["high"] >= [0.5, -0.8]))
        curves = model.survival(customers, 24)
        low, high = (curves[side].to_numpy().reshape(2, 24)[:, [5, 11, 23]] for side in ("low", "high"))
        actual = truths[:, [5, 11, 23]]
        of_curves.append((low <= actual) & (actual <= high))
    assert 0.90 <= np.mean(of_effects) <= 0.985
    assert 0.90 <= np.mean(of_curves) <= 0.985


def test_draws_of_the_curve_spread_as_the_delta_method_says():
    people = simulated(np.random.default_rng(5), 1500)
    model = DiscreteHazard(seed=1).fit(people)
    X = pd.DataFrame({"tenure": [0, 10], "score": [0.3, -1.0], "plan": ["monthly", "yearly"]})
    exact = model.survival(X, 24).unstack("period")
    assert model.curves(X, 24)[:, 1:] == pytest.approx(exact["value"].to_numpy())
    low, high = np.quantile(model.curves(X, 24, 4000), (0.025, 0.975), axis=0)
    assert low[:, 24] == pytest.approx(exact["low"][24].to_numpy(), abs=0.01)
    assert high[:, 24] == pytest.approx(exact["high"][24].to_numpy(), abs=0.01)


def test_the_smooth_baseline_goes_on_beyond_the_data_as_a_power_of_tenure():
    model = DiscreteHazard().fit(simulated(np.random.default_rng(6), 3000, since=0, until=24))
    X = pd.DataFrame({"tenure": [0], "score": [0.0], "plan": ["monthly"]})
    curve = model.curves(X, 400)[0]
    risk = logit(1 - curve[1:] / curve[:-1])
    slopes = np.diff(risk[[49, 99, 199, 399]])  # months 50, 100, 200, 400
    assert slopes == pytest.approx(np.full(3, slopes[0]), abs=1e-6)


def test_few_losses_shrink_towards_the_common_risk_and_separation_stays_finite():
    people = pd.DataFrame({"entry": 0, "exit": [2, 3, 4] * 5, "lost": [True, False, False] * 5})
    people["tell_tale"] = people["lost"].astype(float)  # tells the outcome itself: plain likelihood has no maximum
    model = DiscreteHazard().fit(people)
    assert model.converged_
    assert 1 < model.effects_["coefficient"].iloc[0] < 10
    assert np.isfinite(DiscreteHazard(penalty=0).fit(people).effects_).all(axis=None)


def test_levels_never_seen_and_missing_values_get_a_curve():
    model = DiscreteHazard().fit(simulated(np.random.default_rng(7), 500))
    X = pd.DataFrame({"tenure": [0, 0, 0], "score": [np.nan, 0.0, np.inf], "plan": ["weekly", None, "monthly"]})
    assert model.survival(X, 12).notna().all(axis=None)


@pytest.mark.parametrize(
    ("lost", "reason"),
    [(False, "one common risk: nobody has left yet"), (True, "one common risk: everybody left at once")],
)
def test_one_sided_outcomes_say_so_and_leave_an_interval(lost, reason):
    people = pd.DataFrame({"entry": 0, "exit": 1, "lost": lost, "score": [0.0, 1.0] * 20})
    model = DiscreteHazard().fit(people)
    assert model.simpler_model_ == reason
    first = model.survival(pd.DataFrame({"tenure": [0], "score": [0.5]}), 1).iloc[0]
    assert 0 <= first["low"] < first["value"] < first["high"] <= 1
    assert abs(first["value"] - (0 if lost else 1)) < 0.05


def test_a_column_of_names_is_refused_as_a_covariate():
    people = simulated(np.random.default_rng(9), 200).assign(
        name=lambda rows: [f"customer {i}" for i in range(len(rows))]
    )
    with pytest.raises(Problems, match="covariate 'name' has 1[0-9][0-9] levels"):
        DiscreteHazard().fit(people)


def test_a_missing_covariate_is_named():
    model = DiscreteHazard().fit(simulated(np.random.default_rng(8), 200))
    with pytest.raises(Problems, match="covariate 'score' is missing"):
        model.survival(pd.DataFrame({"tenure": [0], "plan": ["monthly"]}), 3)


ROW = st.tuples(
    st.integers(0, 30), st.integers(0, 40), st.booleans(), st.floats(-1e6, 1e6), st.sampled_from(["a", "b", None])
)


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(ROW, max_size=15), shape=st.sampled_from(["smooth", "steps"]), penalty=st.sampled_from([0.0, 1.0]))
def test_any_spells_and_covariates_give_finite_chances(rows, shape, penalty):
    people = pd.DataFrame(
        [(a, a + more, gone and more > 0, x, g) for a, more, gone, x, g in rows],
        columns=["entry", "exit", "lost", "x", "group"],
    )
    people["x"] = people["x"].astype(float)
    model = DiscreteHazard(baseline=shape, penalty=penalty).fit(people)
    assert np.isfinite(model.params_).all() and np.isfinite(model.covariance_).all(axis=None)
    chances = model.survival(pd.DataFrame({"tenure": [0, 50], "x": [0.0, 5.0], "group": ["a", "c"]}), 12)
    assert np.isfinite(chances).all(axis=None)
    assert ((chances["low"] >= 0) & (chances["low"] <= chances["value"]) & (chances["value"] <= chances["high"])).all()
    assert np.isfinite(model.curves(pd.DataFrame({"tenure": [3], "x": [1.0], "group": ["b"]}), 24, 20)).all()
