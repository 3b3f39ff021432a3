"""What goes with leaving sooner: odds of not renewing by plan and channel, each with the other held fixed."""

from __future__ import annotations

from datetime import date

import pandas as pd

from crmkit.models.discrete_hazard import DiscreteHazard
from crmkit.predictions.histories import subscriptions
from crmkit.tables.catalog import Catalog
from crmkit.tables.remembering import remember

_BY = ("plan", "channel")
_LOSSES = 20  # below which odds would be a guess
_FEWEST = 20  # subscriptions of a level that is named
_COLUMNS = ["covariate", "level", "compared_with", "odds_ratio", "low", "high", "n"]


def renewal_odds(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Compare the odds that a subscription is not renewed, by plan and channel together, at the same tenure.

    Parameters
    ----------
    catalog : Catalog
    as_of : date
        Last day whose data is used.

    Returns
    -------
    DataFrame
        covariate ("plan" or "channel"), level, compared_with (the most frequent level), odds_ratio, low, high (95 %), n
        [subscriptions of the level], the highest odds first. Of the length of term that most subscriptions have. No rows
        where fewer than 20 were lost, or all are alike.

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": list("abc"), "customer_id": list("xyz"), "revenue": 10.0, "ordered_at": "2026-09-01"})
    >>> renewal_odds(ck.connect({"orders": orders}), date(2026, 9, 30)).empty  # nobody subscribes
    True
    """
    return remember(catalog, _renewal_odds, as_of, reads_predictions=False)


def _renewal_odds(catalog: Catalog, as_of: date) -> pd.DataFrame:
    spells = subscriptions(catalog, as_of)
    spells = spells[spells["per_year"] == spells["per_year"].mode().iloc[0]] if len(spells) else spells
    if spells["lost"].sum() < _LOSSES:
        return pd.DataFrame(columns=_COLUMNS)
    known = pd.DataFrame({"plan": spells["plan"], "channel": _channels(catalog, spells["customer_id"])})
    told = known.apply(_told).dropna(axis=1, how="all")
    varied = [name for name in _BY if name in told and told[name].nunique() > 1]
    if not varied:
        return pd.DataFrame(columns=_COLUMNS)
    X = pd.concat([spells[["entry", "exit", "lost"]].astype({"entry": int, "exit": int, "lost": bool}), told], axis=1)
    effects = DiscreteHazard(covariates=varied).fit(X).effects_
    sizes = {name: told[name].value_counts() for name in varied}
    levels = [(name, level) for name in varied for level in sizes[name].index if f"{name} = {level}" in effects.index]
    rows = [_row(effects, sizes[name], name, str(level)) for name, level in levels]
    return pd.DataFrame(rows, columns=_COLUMNS).sort_values("odds_ratio", ascending=False, ignore_index=True)


def _channels(catalog: Catalog, customers: pd.Series) -> pd.Series:
    if "customers" not in catalog.names or "channel" not in catalog.table("customers").columns:
        return pd.Series(None, index=customers.index, dtype=object)
    won = catalog.table("customers").select("customer_id", "channel").execute().set_index("customer_id")["channel"]
    return customers.map(won)


def _told(column: pd.Series) -> pd.Series:
    """Levels with few subscriptions are taken together."""
    sizes = column.value_counts()
    return column.where(column.isin(sizes.index[sizes >= _FEWEST]) | column.isna(), "other")


def _row(effects: pd.DataFrame, sizes: pd.Series, name: str, level: str) -> tuple[object, ...]:
    absent = [str(other) for other in sizes.index if f"{name} = {other}" not in effects.index]
    own = effects.loc[f"{name} = {level}"]
    return name, level, absent[0], own["odds_ratio"], own["low"], own["high"], int(sizes[level])
