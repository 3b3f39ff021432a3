"""Hazard ratios by lifelines' Cox regression: where it is right, and where it is not to be trusted."""

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter, WeibullAFTFitter
from lifelines.statistics import proportional_hazard_test
from statsmodels.duration.hazard_regression import PHReg

from crmkit.models.subscriptions.cox import hazard_ratios
from crmkit.models.subscriptions.hazard import DiscreteHazard
from tests.models.subscribers import watched


def simulated(seed, n):
    """A risk of 3 % a month for ever, twice as high for customers on trial; most joined before the records began."""
    random = np.random.default_rng(seed)
    trial = (random.random(n) < 0.5).astype(float)
    lasts = random.geometric(1 - 0.97 ** (1 + trial))
    people = watched(random, lasts, since=-36, joined=12)
    return people.assign(trial=trial[people.index])


def test_twice_the_risk_is_a_hazard_ratio_of_2():
    row = hazard_ratios(simulated(1, 6000)).loc["trial"]
    assert row["low"] < 2 < row["high"]
    assert row["hazard_ratio"] == pytest.approx(2, abs=0.15)
    assert row["p_value"] < 1e-6


def test_ratios_with_delayed_entry_are_those_of_statsmodels():
    people = simulated(2, 1500)  # statsmodels has who enters at 3 at risk at 3 already: hence the half
    oracle = PHReg(
        people["exit"], people[["trial"]], status=people["lost"].astype(int), entry=people["entry"] + 0.5, ties="efron"
    ).fit()
    row = hazard_ratios(people).loc["trial"]
    assert np.log(row["hazard_ratio"]) == pytest.approx(oracle.params[0], abs=1e-5)
    assert np.log(row["high"] / row["low"]) / (2 * 1.959964) == pytest.approx(oracle.bse[0], abs=1e-4)


def test_lifelines_cox_ignores_entry_in_its_baseline_survival_which_is_why_no_curve_is_taken_from_it():
    """Issue 1416 of lifelines. Truth: 0.97^12 = 69 % make 12 renewals; if this fails lifelines has been mended."""
    people = simulated(3, 6000)
    truth = 0.97**12
    cox = CoxPHFitter().fit(people, "exit", "lost", entry_col="entry")
    customer = pd.DataFrame({"trial": [0.0]})
    theirs = cox.predict_survival_function(customer, times=[12]).iloc[0, 0]
    ours = DiscreteHazard().fit(people).survival(customer.assign(tenure=0), 12).iloc[-1]
    assert theirs > truth + 0.08
    assert ours["low"] < truth < ours["high"]
    assert ours["value"] == pytest.approx(truth, abs=0.02)


def test_lifelines_weibull_aft_is_right_with_delayed_entry_and_agrees_with_the_discrete_hazard():
    """Continuous lifetimes, Weibull with rho 1.3: both curves must meet the truth, so no wrapper of our own is needed."""
    random = np.random.default_rng(7)
    scale = np.where(random.random(5000) < 0.5, 20.0, 40.0)
    exact = scale * random.weibull(1.3, 5000)
    entry = random.integers(0, 20, 5000)
    seen = exact > entry
    end = entry + 24
    spans = pd.DataFrame({"entry": entry, "span": np.minimum(exact, end), "lost": exact <= end, "long": scale == 40})[
        seen
    ].astype(float)
    aft = WeibullAFTFitter().fit(spans, "span", "lost", entry_col="entry")
    months = pd.DataFrame(
        {"entry": entry, "exit": np.minimum(np.ceil(exact), end), "lost": exact <= end, "long": scale == 40}
    )[seen]
    ours = DiscreteHazard().fit(months.assign(long=months["long"].astype(float)))
    for long, true_scale in ((0.0, 20.0), (1.0, 40.0)):
        truth = np.exp(-((18 / true_scale) ** 1.3))
        theirs = aft.predict_survival_function(pd.DataFrame({"long": [long]}), times=[18]).iloc[0, 0]
        assert theirs == pytest.approx(truth, abs=0.03)
        assert ours.survival(pd.DataFrame({"tenure": [0], "long": [long]}), 18)["value"].iloc[-1] == pytest.approx(
            truth, abs=0.03
        )


def test_no_losses_or_no_variation_gives_no_rows_and_perfect_separation_stays_finite():
    people = simulated(5, 60)
    assert hazard_ratios(people.assign(lost=False)).empty
    assert hazard_ratios(people.assign(trial=1.0)).empty
    telling = hazard_ratios(people.assign(trial=people["lost"].astype(float)))
    assert np.isfinite(telling).all(axis=None)


def exponential(seed, n, entry=0.0):
    """Lives of mean 20, half as long for customers on trial, seen from a day on: proportional at every age."""
    random = np.random.default_rng(seed)
    trial = (random.random(n) < 0.5).astype(float)
    exact, entry = random.exponential(20.0 / (1 + trial)), np.floor(random.uniform(0, entry, n) * 50)
    lives = pd.DataFrame({"entry": entry, "exit": np.ceil(exact * 50), "lost": random.random(n) < 0.8, "trial": trial})
    return lives[lives["exit"] > lives["entry"]].drop_duplicates("exit").sort_values("exit").reset_index(drop=True)


def test_the_check_of_proportional_hazards_is_that_of_lifelines_where_all_are_seen_from_the_start():
    lives = exponential(11, 400)
    cox = CoxPHFitter().fit(lives.drop(columns="entry"), "exit", "lost")
    theirs = proportional_hazard_test(cox, lives.drop(columns="entry"), time_transform="rank")
    ours = hazard_ratios(lives).loc["trial", "p_constant"]
    assert ours == pytest.approx(float(theirs.p_value[0]), abs=1e-4)


def test_the_check_is_quiet_where_hazards_are_proportional_also_with_delayed_entry():
    """Of 60 firms about 3 lie below .05; lifelines takes those not yet entered for at risk."""
    p = [hazard_ratios(exponential(seed, 300, entry=15.0)).loc["trial", "p_constant"] for seed in range(60)]
    assert np.mean(np.array(p) < 0.05) <= 0.15
    assert np.mean(np.array(p) < 0.5) == pytest.approx(0.5, abs=0.2)


def test_a_ratio_that_changes_with_age_is_found():
    """On trial three times the risk in the first half year, a third of it after."""
    random = np.random.default_rng(12)
    trial = (random.random(2000) < 0.5).astype(float)
    early, late = (
        random.exponential(20 / np.where(trial, 3.0, 1.0)),
        random.exponential(20 / np.where(trial, 1 / 3, 1.0)),
    )
    exact = np.where(early < 6, early, 6 + late)
    lives = pd.DataFrame({"entry": 0, "exit": np.ceil(np.minimum(exact, 40)), "lost": exact < 40, "trial": trial})
    assert hazard_ratios(lives).loc["trial", "p_constant"] < 1e-6
