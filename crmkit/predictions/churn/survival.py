"""How long customers stay: the survival of those active on a day, and who leaves sooner than others."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from crmkit.features.outcomes import activity_durations
from crmkit.models.subscriptions.cox import hazard_ratios
from crmkit.models.subscriptions.hazard import DiscreteHazard
from crmkit.tables.caching.memoize import memoize
from crmkit.tables.catalog import Catalog

AHEAD = 24  # months
_COVARIATES = ("plan", "channel", "country")
_LOSSES = 20  # below which no survival is estimated
_SMALLEST_LEVEL = 30  # stretches of a level that is not put together with others
_N_DRAWS = 200
_SEED = 0


def remaining(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Return how many of the customers active on a day will still be active month after month.

    A discrete-time hazard with plan, channel and country, fitted to all stretches of activity by then; the interval
    includes the uncertainty of the hazard and the chance of each customer.

    Parameters
    ----------
    catalog : Catalog
    as_of : date
        Last day whose data is used.

    Returns
    -------
    DataFrame
        month (0 to 24), value, low, high (95 %) [customers], longest [months that any stretch has been observed]. No rows
        where fewer than 20 stretches have ended.

    Raises
    ------
    NotMeasured
        If no customer is active.
    """
    return memoize(catalog, _remaining, as_of, reads_predictions=False)


def relative_risks(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Return how much sooner customers of one plan, channel or country leave than those of the most frequent one.

    Cox's hazard ratios with delayed entry; see :func:`crmkit.models.subscriptions.cox.hazard_ratios`.

    Returns
    -------
    DataFrame
        what, group, against (the most frequent group), n [stretches], hazard_ratio, low, high (95 %), p_value,
        p_constant. No rows where fewer than 20 stretches have ended.
    """
    return memoize(catalog, _relative_risks, as_of, reads_predictions=False)


def _remaining(catalog: Catalog, as_of: date) -> pd.DataFrame:
    spells = _simplified(activity_durations(catalog, as_of))
    columns = ["month", "value", "low", "high", "longest"]
    if spells["lost"].sum() < _LOSSES or not spells["runs"].any():
        return pd.DataFrame(columns=columns)
    covariates = [name for name in _COVARIATES if name in spells]
    model = DiscreteHazard(covariates=covariates).fit(spells)
    active = spells[spells["runs"]].rename(columns={"exit": "tenure"})
    groups = active.groupby(["tenure", *covariates]).size().rename("n").reset_index()
    curves, n = model.curves(groups, AHEAD, _N_DRAWS), groups["n"].to_numpy()
    random = np.random.default_rng(_SEED)
    by_chance = np.sqrt(np.einsum("g,dgm->dm", n, curves * (1 - curves)))
    total = np.einsum("g,dgm->dm", n, curves) + by_chance * random.standard_normal((_N_DRAWS, 1))
    low, high = np.quantile(np.clip(total, 0, n.sum()), [0.025, 0.975], axis=0)
    value = n @ model.curves(groups, AHEAD)
    rows = {
        "month": np.arange(AHEAD + 1),
        "value": value,
        "low": np.minimum(low, value),
        "high": np.maximum(high, value),
    }
    return pd.DataFrame(rows).assign(longest=int(spells["exit"].max()))[columns]


def _relative_risks(catalog: Catalog, as_of: date) -> pd.DataFrame:
    spells = _simplified(activity_durations(catalog, as_of)).query("exit > entry")
    columns = ["what", "group", "against", "n", "hazard_ratio", "low", "high", "p_value", "p_constant"]
    covariates = [name for name in _COVARIATES if name in spells]
    if spells["lost"].sum() < _LOSSES or not covariates:
        return pd.DataFrame(columns=columns)
    ratios = hazard_ratios(spells[["entry", "exit", "lost", *covariates]])
    rows = []
    for name, row in ratios.iterrows():
        what, group = str(name).split(" = ", 1)
        counts = spells[what].value_counts().sort_values(ascending=False, kind="stable")
        row_start = {"what": what, "group": group, "against": counts.index[0], "n": int(counts[group])}
        rows.append(row_start | {column: row[column] for column in columns[4:]})
    return pd.DataFrame(rows, columns=columns)


def _simplified(spells: pd.DataFrame) -> pd.DataFrame:
    """Return the stretches with rare levels put together, and without covariates of a single level."""
    names = [name for name in _COVARIATES if name in spells]
    for name in names:
        column = spells[name].astype(object).where(spells[name].notna(), "unknown").astype(str)
        sizes = column.value_counts()
        spells[name] = column.where(column.map(sizes) >= _SMALLEST_LEVEL, "others")
    return spells.drop(columns=[name for name in names if spells[name].nunique() < 2])
