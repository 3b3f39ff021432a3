"""How long subscribers stay, by plan or channel: observed curves continued by a model, and the odds of not renewing."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from crmkit.metrics.engine.groups import check_customer_column
from crmkit.models.subscriptions.hazard import DiscreteHazard
from crmkit.models.subscriptions.kaplan_meier import tenure_curve
from crmkit.periods import DayLike
from crmkit.predictions.value.fitted_models import fitted_models
from crmkit.predictions.value.forecast import ChosenRenewals, choose_renewal_model
from crmkit.predictions.value.payments import subscriptions
from crmkit.tables.arguments import checked
from crmkit.tables.caching.memoize import memoize
from crmkit.tables.catalog import Catalog

_MOST_GROUPS = 5
_FEWEST = 20  # subscriptions of a group with a curve, or of a level with odds
_AT_RISK = 10  # subscriptions up for renewal, below which a curve is no longer observed
_LOSSES_FOR_MODEL, _LOSSES_FOR_ODDS = 10, 20  # below which nothing is fitted
_AHEAD = 36  # months
_COVARIATES = ("plan", "channel")
_ODDS_COLUMNS = ["covariate", "level", "compared_with", "odds_ratio", "low", "high", "n"]


@checked
def tenure_curves(catalog: Catalog, by: str, as_of: DayLike) -> pd.DataFrame:
    """Return the share of subscribers who are still there, by months since they began.

    Kaplan-Meier while at least 10 subscriptions of the group are up for renewal, continued from the last observed point
    by the model of renewals of the group alone.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    as_of : str or date
        Last day whose data is used, such as "2026-10-31".
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
    >>> tenure_curves(catalog, "plan", date(2026, 9, 30)).empty  # nobody subscribes
    True
    """
    check_customer_column(catalog, by, "plan")
    return memoize(catalog, _tenure_curves, as_of, by, reads_predictions=False)


def renewal_odds(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Compare the odds that a subscription is not renewed, by plan and channel in one model, at the same tenure.

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
        where fewer than 20 were lost, or all have the same plan and channel.

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": list("abc"), "customer_id": list("xyz"), "revenue": 10.0, "ordered_at": "2026-09-01"})
    >>> renewal_odds(ck.connect({"orders": orders}), date(2026, 9, 30)).empty  # nobody subscribes
    True
    """
    return memoize(catalog, _renewal_odds, as_of, reads_predictions=False)


def _tenure_curves(catalog: Catalog, as_of: date, by: str) -> pd.DataFrame:
    columns = ["group", "month", "value", "low", "high", "at_risk", "extrapolated", "n", "model"]
    spells = subscriptions(catalog, as_of)
    if spells.empty:
        return pd.DataFrame(columns=columns)
    per_year = int(spells["per_year"].mode().iloc[0])
    groups = spells["plan"] if by == "plan" else _customer_column(catalog, spells["customer_id"], by)
    spells = spells.assign(group=groups)[spells["per_year"] == per_year]
    sizes = spells["group"].value_counts()
    chosen = sizes[sizes >= _FEWEST].index[:_MOST_GROUPS]
    known = fitted_models(catalog, as_of).renewals
    parts = [_curve(spells[spells["group"] == name], str(name), per_year, known) for name in chosen]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


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
    if spells["lost"].sum() >= _LOSSES_FOR_MODEL and len(observed) and ahead > 0:
        chosen = same or choose_renewal_model(spells)
        fitted = chosen.name
        rows.append(_continued(chosen.model, observed.iloc[-1], last, ahead))
    whole = pd.concat(rows, ignore_index=True)
    return whole.assign(group=name, month=whole["period"] * months, n=len(spells), model=fitted)


def _continued(model: object, end: pd.Series, last: int, ahead: int) -> pd.DataFrame:
    """Continue a curve from its last observed point, whose interval is widened by that of the model."""
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


def _renewal_odds(catalog: Catalog, as_of: date) -> pd.DataFrame:
    spells = subscriptions(catalog, as_of)
    spells = spells[spells["per_year"] == spells["per_year"].mode().iloc[0]] if len(spells) else spells
    if spells["lost"].sum() < _LOSSES_FOR_ODDS:
        return pd.DataFrame(columns=_ODDS_COLUMNS)
    known = pd.DataFrame(
        {"plan": spells["plan"], "channel": _customer_column(catalog, spells["customer_id"], "channel")}
    )
    covariates = known.apply(_rare_levels_together).dropna(axis=1, how="all")
    varied = [name for name in _COVARIATES if name in covariates and covariates[name].nunique() > 1]
    if not varied:
        return pd.DataFrame(columns=_ODDS_COLUMNS)
    X = pd.concat(
        [spells[["entry", "exit", "lost"]].astype({"entry": int, "exit": int, "lost": bool}), covariates], axis=1
    )
    effects = DiscreteHazard(covariates=varied).fit(X).effects_
    sizes = {name: covariates[name].value_counts() for name in varied}
    levels = [(name, level) for name in varied for level in sizes[name].index if f"{name} = {level}" in effects.index]
    rows = [_odds_row(effects, sizes[name], name, str(level)) for name, level in levels]
    return pd.DataFrame(rows, columns=_ODDS_COLUMNS).sort_values("odds_ratio", ascending=False, ignore_index=True)


def _rare_levels_together(column: pd.Series) -> pd.Series:
    """Return a column in which levels with few subscriptions are put together as "other"."""
    sizes = column.value_counts()
    return column.where(column.isin(sizes.index[sizes >= _FEWEST]) | column.isna(), "other")


def _odds_row(effects: pd.DataFrame, sizes: pd.Series, name: str, level: str) -> tuple[object, ...]:
    absent = [str(other) for other in sizes.index if f"{name} = {other}" not in effects.index]
    own = effects.loc[f"{name} = {level}"]
    return name, level, absent[0], own["odds_ratio"], own["low"], own["high"], int(sizes[level])


def _customer_column(catalog: Catalog, customers: pd.Series, column: str) -> pd.Series:
    """Return a column of the table of customers for each subscription; missing where there is none."""
    if "customers" not in catalog.names or column not in catalog.table("customers").columns:
        return pd.Series(None, index=customers.index, dtype=object)
    known = catalog.table("customers").select("customer_id", column).execute().set_index("customer_id")[column]
    return customers.map(known)
