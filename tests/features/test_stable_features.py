"""The digits in which engines differ reach no model."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

import crmkit as ck
from crmkit.features import snapshot as snapshots
from crmkit.features.snapshot import snapshot, stable_features
from crmkit.models.additive.classifier import ChurnClassifier
from crmkit.models.additive.splines import SplineColumns
from crmkit.predictions.segments.assignment import customers_on

DAY = date(2026, 6, 30)


def stirred(features, seed=0):
    """The same, each float off by up to 1e-15 of its size: as if the engine had had another number of threads."""
    random, floats = np.random.default_rng(seed), features.select_dtypes("float64")
    return features.assign(**(floats * (1 + random.uniform(-1e-15, 1e-15, floats.shape))))


def few_values(n=600):
    """A firm of few prices: order values of thirds and sevenths, in which the last digit decides who is equal to whom."""
    random = np.random.default_rng(1)
    value = random.choice([10 / 3, 20 / 3, 100 / 7, 0.1 + 0.2, 25.0], n)
    left = random.random(n) < np.where(value > 6, 0.5, 0.2)
    return pd.DataFrame({"order_value": value, "days": random.integers(0, 4, n) / 3}), left


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (1 / 3, 0.333333333333),
        (200 / 3, 66.6666666667),
        (1234.56789012345, 1234.56789012),
        (-2e-7 / 3, -6.66666666667e-8),
        (2e20 / 3, 66666666666700000000.0),
        (0.0, 0.0),
        (1e-300, 1e-300),
        (np.inf, np.inf),
    ],
)
def test_twelve_digits_are_kept(given, kept):
    assert stable_features(pd.DataFrame({"x": [given]}))["x"].iloc[0] == kept


def test_whole_numbers_texts_gaps_and_days_stay():
    frame = pd.DataFrame({"n": [12345678901234567], "plan": ["a"], "gap": [np.nan], "on": [pd.Timestamp("2026-01-01")]})
    pd.testing.assert_frame_equal(stable_features(frame), frame)


def test_values_of_ten_digits_stay_to_the_last_bit():
    cents = np.random.default_rng(2).integers(1, 10**9, 10_000) / 100
    assert (stable_features(pd.DataFrame({"revenue": cents}))["revenue"] == cents).all()


@pytest.mark.parametrize("seed", range(5))
def test_what_is_off_by_1e_15_gives_the_same_columns_and_the_same_chances(seed):
    features, left = few_values()
    other = stirred(features, seed)
    assert other["order_value"].nunique() > features["order_value"].nunique()  # else nothing is shown
    columns = [SplineColumns().fit_transform(stable_features(each))[0] for each in (features, other)]
    assert (columns[0] == columns[1]).all()
    chances = [
        ChurnClassifier(n_trees=20).fit(stable_features(each), left).predict_proba(stable_features(each))
        for each in (features, other)
    ]
    assert (chances[0] == chances[1]).all()


def bought():
    prices = [3.35, 3.1, 9.99, 7.77, 1.1, 2.2, 3.3]
    return pd.DataFrame(
        {
            "order_id": [str(i) for i in range(70)],
            "customer_id": [f"c{i % 10}" for i in range(70)],
            "ordered_at": pd.date_range("2026-01-01", periods=70, freq="2D"),
            "revenue": [prices[i % 7] for i in range(70)],
        }
    )


def test_a_snapshot_is_the_same_whatever_the_last_digit_of_the_engine(monkeypatch):
    catalog = ck.connect({"orders": bought()}, ck.Settings(data={"through": "2026-06-30"}))
    once, asked = snapshot(catalog, DAY), snapshots.execute_for_day
    monkeypatch.setattr(snapshots, "execute_for_day", lambda *question: stirred(asked(*question)))
    assert not once.empty
    pd.testing.assert_frame_equal(snapshot(catalog, DAY), once, check_exact=True)


def test_what_segments_are_made_of_has_twelve_digits():
    customers = customers_on(ck.connect({"orders": bought()}), DAY)
    floats = customers.select_dtypes("float64")
    assert len(floats.columns) and all(float(f"{each:.12g}") == each for each in floats.to_numpy().ravel())
