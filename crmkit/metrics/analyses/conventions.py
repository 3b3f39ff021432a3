"""Metrics with a disputed definition, evaluated under each of its conventions."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from crmkit.metrics.card import Card, apply_definitions, cards, load_own_cards, with_convention
from crmkit.metrics.engine.evaluate import check_named, evaluate_cards, parts_of
from crmkit.periods import Period, PeriodLike
from crmkit.tables.arguments import checked
from crmkit.tables.caching.memoize import memoize_each
from crmkit.tables.catalog import Catalog


@checked
def conventions(catalog: Catalog, period: PeriodLike, *, metrics: str | Sequence[str] | None = None) -> pd.DataFrame:
    """Evaluate disputed metrics under each of their conventions.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`; its settings say which convention is in force (``[definitions]``).
    period : str, Period or pair of days
        Such as "2026-10".
    metrics : str or list of str, optional
        Names of metrics; by default all. Metrics with one definition only give no rows.

    Returns
    -------
    DataFrame
        One row per metric and convention, the one in force first: metric, label, convention, formula, in_force [flag],
        value, low, high [unit], n [count], difference from the one in force [unit], unit, status, reason.

    Examples
    --------
    >>> import crmkit as ck
    >>> terms = pd.DataFrame({"subscription_id": ["a", "b"], "customer_id": ["a", "b"], "mrr": [9.0, 9.0],
    ...     "starts_at": pd.to_datetime(["2026-01-01"] * 2), "ends_at": pd.to_datetime(["2026-12-01", "2026-10-09"])})
    >>> catalog = ck.connect({"subscription_terms": terms}, ck.Settings(data={"through": "2026-10-31"}))
    >>> ck.conventions(catalog, "2026-10", metrics="churn_rate")[["convention", "value"]].values.tolist()[:2]
    [['start_cohort', 0.5], ['all_lost_by_start', 0.5]]
    """
    check_named(metrics)
    load_own_cards(catalog.settings)
    asked = [card.name for card in cards(metrics)]
    together = (
        cards() if catalog.cache else cards(metrics)
    )  # pages ask for a few each; evaluating all at once is less work
    disputed = [card for card in apply_definitions(together, catalog.settings.definitions) if card.conventions]
    parts = [
        (part, period) for part in parts_of(disputed)
    ]  # pages that need the same numbers at the same time share the work
    rows = (
        pd.concat(memoize_each(catalog, _evaluate_conventions, parts))
        if parts
        else _evaluate_conventions(catalog, [], period)
    )
    place = {name: i for i, name in enumerate(asked)}
    rows = rows[rows["metric"].isin(asked)]
    return rows.sort_values("metric", key=lambda names: names.map(place), kind="stable", ignore_index=True)


def _evaluate_conventions(catalog: Catalog, disputed: list[Card], period: Period) -> pd.DataFrame:
    columns = [
        "metric",
        "label",
        "convention",
        "formula",
        "in_force",
        "value",
        "low",
        "high",
        "n",
        "difference",
        "unit",
    ]
    variants = [with_convention(card, name) for card in disputed for name in _in_force_first(card)]
    facts = [[card.label, card.convention, card.formula] for card in variants]
    if not variants:
        return pd.DataFrame(columns=[*columns, "status", "reason"])
    numbers = evaluate_cards(catalog, variants, [period], [], None).reset_index(drop=True)
    numbers = numbers.join(pd.DataFrame(facts, columns=["label", "convention", "formula"]))
    first = numbers.groupby("metric", sort=False)["value"].transform(lambda values: values.iloc[0])
    numbers["in_force"] = ~numbers["metric"].duplicated()
    return numbers.assign(difference=numbers["value"] - first)[[*columns, "status", "reason"]]


def _in_force_first(card: Card) -> list[str]:
    return [card.convention, *(name for name in card.conventions if name != card.convention)]
