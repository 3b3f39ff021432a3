"""Who is still there: by hand, and against an independent library, delayed entry included."""

import numpy as np
import pandas as pd
import pytest
from lifelines import KaplanMeierFitter

from crmkit.models.additive.trees import BoostedValue
from crmkit.models.subscriptions.kaplan_meier import tenure_curve


def test_four_of_ten_lost_and_half_of_the_six_leave_30_percent():
    rows = pd.DataFrame({"entry": 0, "exit": [1] * 4 + [2] * 3 + [2] * 3, "lost": [True] * 7 + [False] * 3})
    curve = tenure_curve(rows)
    assert curve["value"].tolist() == pytest.approx([1.0, 0.6, 0.3]) and curve["at_risk"].tolist() == [10, 10, 6]


@pytest.mark.parametrize("seed", [0, 1])
def test_the_curve_and_its_band_are_those_of_lifelines_with_late_entries(seed):
    random = np.random.default_rng(seed)
    entry = np.concatenate([np.zeros(60, dtype=int), random.integers(0, 4, 140)])
    rows = pd.DataFrame({"entry": entry, "exit": entry + random.integers(1, 9, 200), "lost": random.random(200) < 0.5})
    curve = tenure_curve(rows).set_index("period")
    peer = KaplanMeierFitter().fit(rows["exit"], rows["lost"], entry=rows["entry"])
    at = [t for t in curve.index if t > 0 and curve.loc[t, "value"] > 0]
    assert curve.loc[at, "value"].to_numpy() == pytest.approx(peer.survival_function_at_times(at).to_numpy(), abs=1e-9)
    band = peer.confidence_interval_.reindex(at).to_numpy()
    known = np.isfinite(band).all(axis=1)
    assert curve.loc[at, ["low", "high"]].to_numpy()[known] == pytest.approx(band[known], abs=1e-6)


def test_none_lost_is_a_flat_line():
    curve = tenure_curve(pd.DataFrame({"entry": [0, 0], "exit": [3, 2], "lost": [False, False]}))
    assert curve[["value", "low", "high"]].to_numpy().tolist() == [[1.0] * 3] * 4


def test_boosted_trees_learn_a_step():
    X = pd.DataFrame({"mrr": [0.0, 10.0] * 100})
    assert BoostedValue().fit(X, X["mrr"] * 12).predict(X.head(2)).round(0).tolist() == [0.0, 120.0]
