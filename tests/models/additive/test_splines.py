"""Splines are those of scikit-learn, and so are folds and the logistic regression: only sooner."""

import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import SplineTransformer

from crmkit.models.additive.splines import SplineColumns, SplineCurve


@pytest.mark.parametrize("knots", [[0.0, 1.0, 5.0], [-3.0, 0.5, 0.6, 2.0, 100.0, 101.0]])
def test_a_curve_has_the_columns_of_scikit_learn_inside_and_beyond_its_knots(knots):
    numbers = np.concatenate([np.linspace(knots[0], knots[-1], 200), knots, [knots[0] - 50, knots[-1] + 1e4]])
    theirs = SplineTransformer(knots=np.array(knots)[:, None], extrapolation="linear", include_bias=False)
    expected = theirs.fit(np.array(knots)[:, None]).transform(numbers[:, None])
    assert SplineCurve(np.array(knots))(numbers) == pytest.approx(expected, rel=1e-12, abs=1e-12)


def test_columns_of_the_rows_learned_from_have_mean_0_and_spread_1_or_do_not_vary():
    random = np.random.default_rng(0)
    X = pd.DataFrame({"days": random.integers(0, 90, 300), "plan": random.choice(["a", "b"], 300), "one": 1})
    X.loc[:9, "plan"] = None
    columns, codes = SplineColumns().fit_transform(X)
    assert columns.mean(axis=0) == pytest.approx(0, abs=1e-12)
    assert set(columns.std(axis=0).round(9)) == {0.0, 1.0}
    assert (codes[:, 0] == X["days"]).all() and codes[:, 1].max() == 2


def test_a_level_never_seen_a_gap_and_a_text_in_place_of_a_number_are_reported():
    learned = SplineColumns()
    learned.fit_transform(pd.DataFrame({"days": np.arange(50.0), "plan": ["a", "b"] * 25}))
    strange = pd.DataFrame({"days": ["7", "many", None], "plan": ["b", "c", None]})
    codes = learned.codes(strange)
    assert codes[0].tolist() == [7.0, 1.0] and np.isnan(codes[1:, 0]).all() and codes[1:, 1].tolist() == [2.0, 2.0]
