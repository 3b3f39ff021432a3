"""Parametric lifetimes by lifelines: the right model is found, what is left follows from it, and ratios are those put in."""

import numpy as np
import pandas as pd
import pytest

from crmkit.errors import Problems, UnknownName
from crmkit.models.subscriptions.lifetimes import conditional_survival, fit_lifetimes, lifetime_models, time_ratios


def lives(draw, n=4_000, censored_at=400, seed=0):
    days = draw(np.random.default_rng(seed), n)
    watched = pd.DataFrame({"days": np.minimum(days, censored_at).astype(int), "lost": days < censored_at})
    return watched.groupby(["days", "lost"]).size().rename("n").reset_index()


DRAWS = {
    "Weibull": lambda random, n: 250 * random.weibull(2.0, n),
    "log-normal": lambda random, n: np.exp(5 + 0.8 * random.normal(size=n)),
    "exponential": lambda random, n: random.exponential(200, n),
}


@pytest.mark.parametrize("name", ["Weibull", "log-normal"])
def test_the_model_that_made_the_lives_has_the_lowest_criterion(name):
    table = lifetime_models(lives(DRAWS[name]))
    assert table.iloc[0]["model"] == name
    assert table.iloc[0]["furthest"] < 0.03 < table.set_index("model")["furthest"]["exponential"]
    median = {"Weibull": 250 * np.log(2) ** 0.5, "log-normal": np.exp(5)}[name]
    assert table.iloc[0]["median"] == pytest.approx(median, rel=0.05)


def test_counts_give_what_single_customers_give_and_entry_is_allowed_for():
    counted = lives(DRAWS["exponential"])
    single = counted.loc[counted.index.repeat(counted["n"])].drop(columns="n")
    assert fit_lifetimes(counted, "Weibull").lambda_ == pytest.approx(
        fit_lifetimes(single, "Weibull").lambda_, rel=1e-4
    )
    late = counted[counted["days"] > 150].assign(entry=150)  # those who left before were never seen
    assert fit_lifetimes(late, "exponential").lambda_ == pytest.approx(200, rel=0.08)
    assert fit_lifetimes(late.drop(columns="entry"), "exponential").lambda_ > 300


def test_what_is_left_of_a_weibull_life_is_the_ratio_of_its_curve():
    fitter = fit_lifetimes(lives(DRAWS["Weibull"]), "Weibull")
    curve = lambda day: np.exp(-((day / fitter.lambda_) ** fitter.rho_))  # noqa: E731
    left = conditional_survival(fitter, [0, 100, 300], [0, 50])
    assert left[0.0].tolist() == [1, 1, 1]
    assert left[50.0].tolist() == pytest.approx([curve(50), curve(150) / curve(100), curve(350) / curve(300)])
    assert left[50.0].is_monotonic_decreasing  # the risk rises with age


def test_time_ratios_find_lives_that_last_half_as_long_again_also_with_late_entry():
    random = np.random.default_rng(3)
    plan = random.choice(["basic", "full"], 3_000)
    length = np.where(plan == "full", 1.5, 1.0) * 20 * random.weibull(1.5, 3_000)
    entry = random.choice([0, 0, 6], 3_000)
    X = pd.DataFrame(
        {"entry": entry, "exit": np.ceil(np.minimum(length, 36)).astype(int), "lost": length < 36, "plan": plan}
    )
    found = time_ratios(X[X["exit"] > X["entry"]])
    row = found.iloc[0]
    truth = 1.5 if "full" in found.index[0] else 1 / 1.5
    assert row["low"] < truth < row["high"] and row["high"] / row["low"] < 1.2 and row["p_value"] < 1e-6
    assert 0.5 < found.attrs["concordance"] < 0.7


def test_what_is_no_lifetime_and_no_model_is_refused():
    with pytest.raises(Problems, match="column 'days' is missing"):
        lifetime_models(pd.DataFrame({"lost": [True]}))
    with pytest.raises(UnknownName, match="Did you mean 'Weibull'"):
        fit_lifetimes(pd.DataFrame({"days": [1], "lost": [True]}), "Weibul")
    assert lifetime_models(pd.DataFrame({"days": [3, 4], "lost": True})).empty
