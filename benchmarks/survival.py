"""What the survival code written by hand, or wrapped around lifelines and scikit-learn, costs beside the library itself.

    PYTHONPATH=. OMP_NUM_THREADS=1 python benchmarks/survival.py

Each line times both on the same rows and gives the largest difference of their numbers. Code of one's own needs a
reason; a cost of more than five times here is one.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from time import process_time
from typing import TypeVar

import numpy as np
import pandas as pd

from crmkit.metrics.measures.durations import cumulative_incidence, kaplan_meier
from crmkit.models.additive.blend import learned_logistic, learned_weights
from crmkit.models.additive.splines import SplineCurve

T = TypeVar("T")
_ROUNDS = 10


def main() -> None:
    """Print the table."""
    warnings.simplefilter("ignore")
    rows = [each for n in (200, 5_000) for each in (_kaplan_meier(n), _incidence(n))]
    rows += [_splines(1, 30), _splines(100, 30), _splines(5_000, 30), _platt(20_000)]
    frame = pd.DataFrame(rows, columns=["what", "crmkit_ms", "library_ms", "largest_difference"])
    frame["times"] = frame["library_ms"] / frame["crmkit_ms"]
    print(frame.to_string(index=False, float_format=lambda value: f"{value:.3g}"))


def _lives(n: int) -> pd.DataFrame:
    random = np.random.default_rng(0)
    entry = np.where(random.random(n) < 0.5, 0, random.integers(0, 60, n))
    lives = pd.DataFrame({"entry": entry, "exit": entry + random.integers(0, 300, n)})
    return lives.assign(kind=random.choice([0, 1, 2], n, p=[0.4, 0.3, 0.3]))


def _sums(lives: pd.DataFrame) -> pd.DataFrame:
    """Return what the engine counts: entries, exits, events and other ends by age."""
    came = lives.groupby("entry").size().rename("entries")
    events = {"exits": lives["kind"] >= 0, "events": lives["kind"] == 1, "others": lives["kind"] == 2}
    went = pd.DataFrame(events).groupby(lives["exit"]).sum()
    return pd.concat([came, went], axis=1).fillna(0.0).astype(float).rename_axis("age").sort_index().reset_index()


def _kaplan_meier(n: int) -> tuple[str, float, float, float]:
    from lifelines import KaplanMeierFitter

    lives = _lives(n)
    sums = _sums(lives)
    own, curve = _timed(lambda: kaplan_meier(sums))
    library, fitted = _timed(
        lambda: KaplanMeierFitter().fit(lives["exit"] + 0.5, lives["kind"] == 1, entry=lives["entry"])
    )
    peer = fitted.survival_function_at_times(curve["age"] + 0.5).to_numpy()
    return f"Kaplan-Meier, {n:,} rows", own, library, _apart(curve["survival"], peer)


def _incidence(n: int) -> tuple[str, float, float, float]:
    from lifelines import AalenJohansenFitter

    lives = _lives(n).assign(entry=0)
    sums = _sums(lives)
    own, curve = _timed(lambda: cumulative_incidence(sums))
    library, fitted = _timed(lambda: AalenJohansenFitter(seed=0).fit(lives["exit"] + 0.5, lives["kind"], 1))
    place = np.searchsorted(fitted.cumulative_density_.index, curve["age"] + 1.0) - 1
    return (
        f"cumulative incidence, {n:,} rows",
        own,
        library,
        _apart(curve["incidence"], fitted.cumulative_density_.iloc[place, 0]),
    )


def _splines(n: int, n_features: int) -> tuple[str, float, float, float]:
    """Compare the columns of ``n`` customers; each feature has knots of its own, as in a classifier."""
    from sklearn.preprocessing import SplineTransformer

    numbers = np.random.default_rng(0).normal(size=(20_000, n_features))
    knots = np.quantile(numbers, np.linspace(0, 1, 6), axis=0)
    peers = [
        SplineTransformer(knots=own[:, None], include_bias=False, extrapolation="linear").fit(numbers[:, :1])
        for own in knots.T
    ]
    curves = [SplineCurve(own) for own in knots.T]
    rows = numbers[:n]
    library, peer = _timed(lambda: np.hstack([each.transform(rows[:, [i]]) for i, each in enumerate(peers)]))
    own, columns = _timed(lambda: np.hstack([curve(rows[:, i]) for i, curve in enumerate(curves)]))
    return f"splines, {n:,} rows, {n_features} features", own, library, _apart(columns, peer)


def _platt(n: int) -> tuple[str, float, float, float]:
    """Compare weights of one part with CalibratedClassifierCV's sigmoid on the frozen logistic regression."""
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.frozen import FrozenEstimator

    random = np.random.default_rng(0)
    design = random.normal(size=(n, 20))
    outcomes = (random.random(n) < 1 / (1 + np.exp(-design[:, 0]))).astype(np.intp)
    logistic = learned_logistic(design, outcomes, 20.0)
    held = logistic.decision_function(design)[:, None]
    own, weights = _timed(lambda: learned_weights(held, outcomes))
    peer = CalibratedClassifierCV(FrozenEstimator(logistic), method="sigmoid")
    library, fitted = _timed(lambda: peer.fit(design, outcomes))
    chance = 1 / (1 + np.exp(-weights.log_odds(held)))
    return f"Platt scaling, {n:,} rows", own, library, _apart(chance, fitted.predict_proba(design)[:, 1])


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    """Return the median time of several rounds after a first one [ms], and the result."""
    result, times = work(), []
    for _ in range(_ROUNDS):
        began = process_time()
        result = work()
        times.append(process_time() - began)
    return 1_000 * float(np.median(times)), result


def _apart(one: object, other: object) -> float:
    return float(np.nanmax(np.abs(np.asarray(one, dtype=float) - np.asarray(other, dtype=float))))


if __name__ == "__main__":
    main()
