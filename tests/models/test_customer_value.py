"""Value of each customer and of all: definitions, intervals that cover simulated money, hostile input."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmkit.errors import Problems
from crmkit.models.customer_value import customer_value, total_value
from crmkit.models.subscriptions.hazard import DiscreteHazard
from crmkit.models.subscriptions.sbg import ShiftedBetaGeometric
from crmkit.models.subscriptions.spells import spells_of_survivors
from crmkit.models.terms import Terms
from crmkit.models.value import present_value
from tests.models.subscribers import HIGH_END, lifetimes, watched

MODEL = ShiftedBetaGeometric().fit(spells_of_survivors(HIGH_END))
TENURES = pd.DataFrame({"tenure": [0, 5, 0, 40]}, index=pd.Index(["a", "b", "c", "d"], name="customer_id"))


def test_each_horizon_is_the_formula_cut_there_and_the_tail_is_what_comes_after_the_longest():
    terms = Terms(pays="end")
    values = customer_value(MODEL, TENURES, 25, terms)
    curve = MODEL.curves(TENURES, 119)
    rate = 1.1 ** (1 / 12) - 1
    for horizon in (12, 24, 36):
        expected = present_value(curve[:, :horizon], 25, rate, pays="end")
        assert values[f"within_{horizon}"].to_numpy() == pytest.approx(expected)
    assert values["value"].to_numpy() == pytest.approx(present_value(curve, 25, rate, pays="end"))
    assert values["tail_share"].to_numpy() == pytest.approx(1 - values["within_36"] / values["value"])
    assert list(values.index) == ["a", "b", "c", "d"]


def test_who_stayed_longer_is_worth_more_and_equals_are_worth_the_same():
    values = customer_value(MODEL, TENURES, 25)["value"]
    assert values["a"] == values["c"] < values["b"] < values["d"]


def test_a_customer_herself_is_less_certain_than_what_is_expected_of_her():
    values = customer_value(MODEL, TENURES, 25)
    own, expected = values["high"] - values["low"], values["expected_high"] - values["expected_low"]
    assert (own > 3 * expected).all()
    assert ((values["expected_low"] < values["value"]) & (values["value"] < values["expected_high"])).all()


def test_losses_turn_the_interval_round_and_no_margin_is_worth_nothing():
    gain, loss, none = (customer_value(MODEL, TENURES, margin) for margin in (10, -10, 0))
    assert (loss["low"] == -gain["high"]).all() and (loss["expected_high"] == -gain["expected_low"]).all()
    assert (loss["low"] <= loss["high"]).all()
    assert (none[["value", "low", "high"]] == 0).all(axis=None)


def test_the_total_is_the_sum_and_its_interval_narrows_with_the_root_of_the_number_of_customers():
    few, many = (pd.DataFrame({"tenure": [0, 3, 9] * n}) for n in (10, 1000))
    total = total_value(MODEL, many, 20)
    assert total["value"] == pytest.approx(customer_value(MODEL, many, 20)["value"].sum())
    widths = [(t["high"] - t["low"]) / t["value"] for t in (total_value(MODEL, few, 20), total)]
    assert widths[1] < widths[0] / 2


def test_a_customer_who_costs_and_one_who_brings_the_same_add_up_to_nothing_give_or_take():
    total = total_value(MODEL, pd.DataFrame({"tenure": [2, 2]}), pd.Series([10.0, -10.0]))
    assert total["value"] == pytest.approx(0)
    assert total["low"] < -50 and total["high"] > 50


def test_intervals_cover_what_customers_and_all_of_them_really_brought_in_the_next_24_months():
    """600 subscribers are learned from; those still there pay 10 a month at each renewal, discounted at 10 % a year."""
    random = np.random.default_rng(12)
    terms = Terms(pays="renewal", longest=24, horizons=(12, 24), n_draws=200)
    brings = np.concatenate([[0], np.cumsum(terms.factors)]) * 10
    own, total = [], []
    for seed in range(80):
        lasts = lifetimes(random, 600, 0.7, 6.0)
        began = random.integers(-24, 24, 600)
        entry, until = np.maximum(-began, 0), 36 - began
        seen = lasts > entry
        spells = pd.DataFrame({"entry": entry, "exit": np.minimum(lasts, until), "lost": lasts <= until})[seen]
        model = ShiftedBetaGeometric(n_draws=200, seed=seed).fit(spells)
        there = seen & (lasts > until)
        X = pd.DataFrame({"tenure": until[there]})
        actual = brings[np.minimum(lasts[there] - until[there] - 1, 24)]
        values = customer_value(model, X, 10, terms)
        own.append(((values["low"] <= actual + 1e-9) & (actual <= values["high"] + 1e-9)).mean())
        whole = total_value(model, X, 10, Terms(pays="renewal", longest=24, n_draws=200, seed=seed))
        total.append(whole["low"] <= actual.sum() <= whole["high"])
    assert 0.93 <= np.mean(own) <= 1.0  # a customer either pays all 24 or not: the interval cannot be cut finer
    assert 0.90 <= np.mean(total) <= 0.99


def test_a_regression_values_customers_by_their_covariates():
    random = np.random.default_rng(2)
    yearly = random.random(2000) < 0.5
    lasts = np.where(yearly, lifetimes(random, 2000, 2.0, 60.0), lifetimes(random, 2000, 2.0, 20.0))
    people = watched(random, lasts).assign(plan=lambda rows: np.where(yearly[rows.index], "yearly", "monthly"))
    model = DiscreteHazard().fit(people)
    X = pd.DataFrame({"tenure": [0, 0], "plan": ["monthly", "yearly"], "name": ["Ann", "Bo"]})
    values = customer_value(model, X, pd.Series([10.0, 10.0]))
    assert values["value"].iloc[1] > 1.3 * values["value"].iloc[0]
    assert (values["expected_high"] - values["expected_low"] < values["value"]).all()


def test_a_missing_column_is_named_and_no_customers_are_worth_an_empty_frame():
    with pytest.raises(Problems, match="column 'tenure' is missing"):
        customer_value(MODEL, pd.DataFrame({"age": [1]}), 1)
    assert customer_value(MODEL, TENURES.iloc[:0], 1).empty
    assert total_value(MODEL, TENURES.iloc[:0], 1).tolist() == [0, 0, 0]


@settings(max_examples=25, deadline=None)
@given(
    tenures=st.lists(st.integers(0, 400), min_size=1, max_size=6),
    margin=st.floats(-1e5, 1e5),
    rate=st.floats(0, 3),
    pays=st.sampled_from(["start", "end", "renewal", "due"]),
    longest=st.integers(1, 80),
)
def test_any_terms_give_finite_numbers_in_order(tenures, margin, rate, pays, longest):
    terms = Terms(discount_rate=rate, pays=pays, longest=longest, n_draws=50)
    X = pd.DataFrame({"tenure": tenures})
    values, total = customer_value(MODEL, X, margin, terms), total_value(MODEL, X, margin, terms)
    assert np.isfinite(values.to_numpy()).all() and np.isfinite(total).all()
    assert (values["low"] <= values["high"]).all() and total["low"] <= total["value"] <= total["high"]
    assert values["tail_share"].between(-1e-12, 1).all()
