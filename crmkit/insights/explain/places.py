"""Where a number moved: what each group added to the change, and which groups moved apart from the others beyond chance.

A sum is the sum of its groups. A rate moves because the rates of groups move (within), or because groups with another rate
become a larger part (between); both add up to the change.

References
----------
Kitagawa (1955), Journal of the American Statistical Association 50, 1168-1194; Bennet (1920), Journal of the Royal
Statistical Society 83, 455-462.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import ndtr

from crmkit.metrics.analyses.change_sums import PRODUCTS, SUMS, WHOLE
from crmkit.metrics.engine.groups import SMALL_GROUPS
from crmkit.metrics.engine.intervals import Array, Z

#: What a group did: its own sum, its own rate, or its part of all.
AMOUNT, RATE, MIX = "amount", "its own rate", "its part of all"
_FEWEST = 5.0  # customers on both sides of a comparison of rates


def without_small(sums: pd.DataFrame, smallest: int) -> pd.DataFrame:
    """Merge the groups of fewer customers than may be shown, and the next smallest where these are still too few."""
    parts = [sums[sums["column"] == WHOLE]]
    for _, groups in sums[sums["column"] != WHOLE].groupby("column", sort=False):
        ordered = groups.sort_values("units", kind="stable")
        n_small = int((ordered["units"] < smallest).sum())
        while 0 < n_small < len(ordered) and ordered["units"].iloc[:n_small].sum() < smallest:
            n_small += 1
        merged = ordered.assign(group=[SMALL_GROUPS] * n_small + ordered["group"].tolist()[n_small:])
        parts.append(merged.groupby(["column", "group"], as_index=False).sum())
    return pd.concat(parts, ignore_index=True)


def is_partition(groups: pd.DataFrame, whole: pd.Series) -> bool:
    """Return whether the groups of a column add up to the whole: each customer is in one of them, or in none twice."""
    return all(abs(groups[name].sum() - whole[name]) <= 1e-7 * max(abs(whole[name]), 1.0) for name in SUMS)


def sum_parts(sums: pd.DataFrame, *, signed: bool) -> pd.DataFrame:
    """Return what each group added to the change of a sum, and how far it moved apart from the others.

    Had all moved alike, a group's sum would have grown by the same factor as the whole; where gains and losses are added,
    its part of the change would be that of its customers.

    Parameters
    ----------
    sums : DataFrame
        As :func:`crmkit.metrics.analyses.change_sums.change_sums` returns it.
    signed : bool
        Whether gains and losses are added.

    Returns
    -------
    DataFrame
        column, group, effect, before, now, n_before, n_now, change, low, high, excess, error (of the excess), own
        (change over its standard error), pair (the place of the other of two groups, else -1).
    """
    parts = []
    whole = sums[sums["column"] == WHOLE].iloc[0]
    for column, g in _by_column(sums):
        x1, x0 = (g[name].to_numpy(dtype=float) for name in ("x1", "x0"))
        both_positive = not signed and whole["x1"] > 0 and whole["x0"] > 0 and (x1 >= 0).all() and (x0 >= 0).all()
        if both_positive:
            ratio, share = x1.sum() / x0.sum(), x0 / x0.sum()
            excess = x1 - ratio * x0
        else:
            ratio, share = 1.0, g["units"].to_numpy(dtype=float) / max(g["units"].sum(), 1.0)
            excess = (x1 - x0) - share * (x1.sum() - x0.sum())
        squares = np.maximum(_quadratic(g, {"x1": 1.0, "x0": -ratio}), 0.0)
        variance = (1 - share) ** 2 * squares + share**2 * (squares.sum() - squares)
        own = np.sqrt(np.maximum(_quadratic(g, {"x1": 1.0, "x0": -1.0}), 0.0))
        half_an_event = 0.5 * _event_size(g) * (1 - share)
        parts.append(
            _rows(column, g, AMOUNT, before=x0, now=x1, change=x1 - x0, error=own)
            .assign(excess=np.sign(excess) * np.maximum(np.abs(excess) - half_an_event, 0.0), scatter=np.sqrt(variance))
            .assign(own=np.abs(x1 - x0) / np.where(own > 0, own, np.inf))
        )
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def rate_parts(sums: pd.DataFrame, *, counts: bool) -> pd.DataFrame:
    """Return what each group added to the change of a rate X / N: by its own rate, and by its part of all.

    Parameters
    ----------
    sums : DataFrame
        As :func:`crmkit.metrics.analyses.change_sums.change_sums` returns it.
    counts : bool
        Whether X counts events, such as answers: then half of one is allowed for in small groups.

    Returns
    -------
    DataFrame
        As :func:`sum_parts`, two rows for each group.
    """
    parts = []
    for column, g in _by_column(sums):
        x1, n1, x0, n0 = (g[name].to_numpy(dtype=float) for name in SUMS)
        with np.errstate(divide="ignore", invalid="ignore"):
            rate1, rate0 = x1 / n1, x0 / n0
        rate1, rate0 = np.where(n1 == 0, rate0, rate1), np.where(n0 == 0, rate1, rate0)
        part1, part0 = n1 / n1.sum(), n0 / n0.sum()
        level = (x1.sum() / n1.sum() + x0.sum() / n0.sum()) / 2
        weight, apart = (part1 + part0) / 2, np.nan_to_num((rate1 + rate0) / 2 - level)
        within = weight * np.nan_to_num(rate1 - rate0)
        between = (part1 - part0) * apart
        error = np.sqrt(_variance_of_rates(g))
        moved, moved_error = _against_the_rest(g)
        if counts:
            with np.errstate(divide="ignore"):
                moved = np.sign(moved) * np.maximum(np.abs(moved) - 0.5 * (1 / n1 + 1 / n0), 0.0)
        mixed = np.sqrt(_variance_of_parts(g, weight))
        with np.errstate(divide="ignore", invalid="ignore"):
            own = np.abs(rate1 - rate0) / error
        parts.append(
            _rows(column, g, RATE, before=rate0, now=rate1, change=within, error=weight * error).assign(
                excess=weight * moved, scatter=weight * moved_error, own=np.nan_to_num(own)
            )
        )
        level_error = np.sqrt(_variance_of_level(g))
        larger = np.where(np.abs(apart) > Z * level_error, part1 - part0, 0.0)  # else its rate is that of all
        parts.append(
            _rows(column, g, MIX, before=part0, now=part1, change=between, error=np.abs(apart) * mixed).assign(
                excess=larger * apart,
                scatter=mixed * np.abs(apart),
                own=np.abs(part1 - part0) / np.where(mixed > 0, mixed, np.inf),
            )
        )
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def p_values(parts: pd.DataFrame) -> Array:
    """Return how likely each group's excess is by chance, not adjusted; NaN where it cannot be told."""
    excess, scatter = parts["excess"].to_numpy(dtype=float), parts["scatter"].to_numpy(dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = 2 * ndtr(-np.abs(excess / scatter))
    return np.where(scatter > 0, found, np.where(excess == 0, 1.0, np.nan))


def _by_column(sums: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    return [(str(column), g) for column, g in sums[sums["column"] != WHOLE].groupby("column", sort=False) if len(g) > 1]


def _rows(
    column: str, g: pd.DataFrame, effect: str, *, before: Array, now: Array, change: Array, error: Array
) -> pd.DataFrame:
    error = np.nan_to_num(error, posinf=np.nan)
    return pd.DataFrame(
        {
            "column": column,
            "group": g["group"].to_numpy(),
            "effect": effect,
            "before": before,
            "now": now,
            "n_before": g["n0"].to_numpy(dtype=float),
            "n_now": g["n1"].to_numpy(dtype=float),
            "change": change,
            "low": change - Z * error,
            "high": change + Z * error,
        }
    )


def _quadratic(g: pd.DataFrame, by: dict[str, Array | float]) -> Array:
    """Return the sum over customers of the square of a linear function of their sums."""
    names = [name for name in SUMS if name in by]
    total = np.zeros(len(g))
    for place, one in enumerate(names):
        for other in names[place:]:
            twice = 1.0 if one == other else 2.0
            total = total + twice * by[one] * by[other] * g[f"{one}_{other}"].to_numpy(dtype=float)
    return total


def _event_size(g: pd.DataFrame) -> Array:
    total = np.abs(g["x1"].to_numpy(dtype=float)) + np.abs(g["x0"].to_numpy(dtype=float))
    squares = g["x1_x1"].to_numpy(dtype=float) + g["x0_x0"].to_numpy(dtype=float)
    return np.divide(squares, total, out=np.zeros(len(g)), where=total > 0)


def _variance_of_rates(g: pd.DataFrame, change_of_all: Array | float = 0.0) -> Array:
    """Return the variance of rate now less rate then of each group, had its rate moved as much as given."""
    x1, n1, x0, n0 = (g[name].to_numpy(dtype=float) for name in SUMS)
    units = g["units"].to_numpy(dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        middle = (x1 + x0 - n1 * change_of_all / 2 + n0 * change_of_all / 2) / (n1 + n0)
        now, then = middle + change_of_all / 2, middle - change_of_all / 2
        squares = _quadratic(g, {"x1": 1 / n1, "n1": -now / n1, "x0": -1 / n0, "n0": then / n0})
        variance = np.maximum(squares, 0.0) * units / (units - 1)
    return np.where((n1 > 0) & (n0 > 0) & (units >= _FEWEST), variance, np.inf)


def _against_the_rest(g: pd.DataFrame) -> tuple[Array, Array]:
    """Return by how much more the rate of each group moved than that of all others, and the error of it."""
    numbers = [*SUMS, *PRODUCTS, "units"]
    rest = g.assign(**{name: g[name].sum() - g[name] for name in numbers})
    with np.errstate(divide="ignore", invalid="ignore"):
        moves = [(each["x1"] / each["n1"] - each["x0"] / each["n0"]).to_numpy(dtype=float) for each in (g, rest)]
    of_all = g["x1"].sum() / g["n1"].sum() - g["x0"].sum() / g["n0"].sum()
    variance = _variance_of_rates(g, of_all) + _variance_of_rates(rest, of_all)
    return np.nan_to_num(moves[0] - moves[1]), np.sqrt(variance)


def _variance_of_parts(g: pd.DataFrame, weight: Array) -> Array:
    """Return the variance of the change of each group's part of all, had it not changed."""
    n1, n0 = g["n1"].sum(), g["n0"].sum()
    squares = np.maximum(_quadratic(g, {"n1": 1 / n1, "n0": -1 / n0}), 0.0)
    return (1 - weight) ** 2 * squares + weight**2 * (squares.sum() - squares)


def _variance_of_level(g: pd.DataFrame) -> Array:
    """Return the variance of the rate of each group over both periods."""
    x, n = (g[f"{name}1"].to_numpy(dtype=float) + g[f"{name}0"].to_numpy(dtype=float) for name in ("x", "n"))
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = x / n
        squares = _quadratic(g, {"x1": 1 / n, "n1": -rate / n, "x0": 1 / n, "n0": -rate / n})
    return np.where(n > 0, np.maximum(squares, 0.0), np.inf)
