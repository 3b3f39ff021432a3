"""How long subscribers stay, by plan or channel: observed curves, and behind them the model's continuation."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from crmkit.metrics.engine.groups import check_customer_column
from crmkit.models.subscriptions.hazard import DiscreteHazard
from crmkit.models.subscriptions.sbg import tenure_curve
from crmkit.predictions.value.fitted_models import learned
from crmkit.predictions.value.forecast import ChosenRenewals, choose_renewal_model
from crmkit.predictions.value.payments import subscriptions
from crmkit.tables.as_of import takes_day
from crmkit.tables.caching.memoize import memoize
from crmkit.tables.catalog import Catalog

_MOST_GROUPS = 5
_FEWEST = 20  # subscriptions of a group that gets a curve
_AT_RISK = 10  # subscriptions below which a curve is not observed any more
_LOSSES = 10  # below which a model of one group alone would be a guess
_AHEAD = 36  # months


@takes_day
def tenure_curves(catalog: Catalog, as_of: date, by: str) -> pd.DataFrame:
    """Share of subscribers still there by months since they began, on the tenure clock.

    Kaplan-Meier while at least 10 subscriptions of the group are up for renewal; beyond, the model of renewals of the
    group alone, joined to the last observed point.

    Parameters
    ----------
    catalog : Catalog
    as_of : date
        Last day whose data is used.
    by : str
        "plan" (that of the last term), or a column of customers such as "channel".

    Returns
    -------
    DataFrame
        group (the five largest of at least 20 subscriptions), month, value, low, high (95 %) [share], at_risk [count],
        extrapolated (bool), n [subscriptions], model. Of the length of term that most subscriptions have. No rows where
        there are no such groups.

    Raises
    ------
    UnknownName
        If customers have no such column, and it is none of crmkit's.

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": list("abc"), "customer_id": list("xyz"), "revenue": 10.0, "ordered_at": "2026-09-01"})
    >>> catalog = ck.connect({"orders": orders})
    >>> tenure_curves(catalog, date(2026, 9, 30), "plan").empty  # nobody subscribes
    True
    """
    check_customer_column(catalog, by, "plan")
    return memoize(catalog, _tenure_curves, as_of, by, reads_predictions=False)


def _tenure_curves(catalog: Catalog, as_of: date, by: str) -> pd.DataFrame:
    columns = ["group", "month", "value", "low", "high", "at_risk", "extrapolated", "n", "model"]
    spells = subscriptions(catalog, as_of)
    if spells.empty:
        return pd.DataFrame(columns=columns)
    per_year = int(spells["per_year"].mode().iloc[0])
    spells = spells[spells["per_year"] == per_year].assign(group=_group_of(catalog, spells, by))
    sizes = spells["group"].value_counts()
    chosen = sizes[sizes >= _FEWEST].index[:_MOST_GROUPS]
    known = learned(catalog, as_of).renewals
    parts = [_curve(spells[spells["group"] == name], str(name), per_year, known) for name in chosen]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def _group_of(catalog: Catalog, spells: pd.DataFrame, by: str) -> pd.Series:
    if by == "plan":
        return spells["plan"]
    if "customers" not in catalog.names or by not in catalog.table("customers").columns:
        return pd.Series(None, index=spells.index, dtype=object)
    known = catalog.table("customers").select("customer_id", by).execute().set_index("customer_id")[by]
    return spells["customer_id"].map(known)


def _curve(
    spells: pd.DataFrame, name: str, per_year: int, known: list[tuple[pd.DataFrame, ChosenRenewals]]
) -> pd.DataFrame:
    same = next((chosen for own, chosen in known if own.index.equals(spells.index)), None)
    spells = spells.astype({"entry": int, "exit": int, "lost": bool})
    observed = tenure_curve(spells)
    observed = observed[observed["at_risk"] >= _AT_RISK]
    months = 12 / per_year
    rows = [observed.assign(extrapolated=False)]
    fitted = ""
    last = int(observed["period"].max()) if len(observed) else 0
    ahead = int(_AHEAD * per_year / 12) - last
    if spells["lost"].sum() >= _LOSSES and len(observed) and ahead > 0:
        chosen = same or choose_renewal_model(spells)
        fitted = chosen.name
        rows.append(_beyond(chosen.model, observed.iloc[-1], last, ahead))
    whole = pd.concat(rows, ignore_index=True)
    return whole.assign(group=name, month=whole["period"] * months, n=len(spells), model=fitted)


def _beyond(model: object, end: pd.Series, last: int, ahead: int) -> pd.DataFrame:
    """Continue from the last observed point; its own band widens by that of the model."""
    further = model.conditional_survival(last, ahead)  # type: ignore[attr-defined]
    value = end["value"] * further["value"].to_numpy()
    width = {side: end[side] * further[side].to_numpy() for side in ("low", "high")}
    return pd.DataFrame(
        {
            "period": np.arange(last, last + ahead + 1),
            "value": value,
            "low": np.minimum(width["low"], value),
            "high": np.maximum(width["high"], value),
            "at_risk": np.nan,
            "extrapolated": True,
        }
    )


# What goes with leaving sooner: odds of not renewing by plan and channel, each with the other held fixed.


_BY = ("plan", "channel")
_LOSSES_of_renewal_odds = 20  # below which odds would be a guess
_FEWEST_of_renewal_odds = 20  # subscriptions of a level that is named
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
    return memoize(catalog, _renewal_odds, as_of, reads_predictions=False)


def _renewal_odds(catalog: Catalog, as_of: date) -> pd.DataFrame:
    spells = subscriptions(catalog, as_of)
    spells = spells[spells["per_year"] == spells["per_year"].mode().iloc[0]] if len(spells) else spells
    if spells["lost"].sum() < _LOSSES_of_renewal_odds:
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
    return column.where(column.isin(sizes.index[sizes >= _FEWEST_of_renewal_odds]) | column.isna(), "other")


def _row(effects: pd.DataFrame, sizes: pd.Series, name: str, level: str) -> tuple[object, ...]:
    absent = [str(other) for other in sizes.index if f"{name} = {other}" not in effects.index]
    own = effects.loc[f"{name} = {level}"]
    return name, level, absent[0], own["odds_ratio"], own["low"], own["high"], int(sizes[level])
