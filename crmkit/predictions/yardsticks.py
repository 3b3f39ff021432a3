"""Simpler ways to foresee what customers bring, to compare with; and what they did bring."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from crmkit.models.boosted_value import BoostedValue
from crmkit.predictions.days import months_before
from crmkit.predictions.histories import subscriptions
from crmkit.predictions.money import MONTH, Money, money
from crmkit.predictions.value import months_since
from crmkit.tables.catalog import Catalog

_FEWEST = 150  # customers from which boosted trees learn


def pace(brought: Money, customers: pd.Index, day: date, ahead: int) -> np.ndarray:
    """Expect that everybody goes on as in the last year, or since the first day if that is later."""
    recent = brought.paid[brought.paid["on"] > pd.Timestamp(months_before(day, 12))]
    sums = recent.groupby("customer_id")["money"].sum().reindex(customers).fillna(0.0)
    first = brought.paid.groupby("customer_id")["on"].min().reindex(customers)
    return (sums / months_since(first, day).clip(1, 12) * ahead).to_numpy(dtype=float)


def boosted(catalog: Catalog, day: date, ahead: int, brought: Money, customers: pd.Index) -> np.ndarray | None:
    """Expect what boosted trees say; they learn from one horizon earlier, where what came is known on the day."""
    earlier = months_before(day, ahead)
    if catalog.data_from is None or (earlier - catalog.data_from).days / MONTH < 2.5:
        return None
    then = money(catalog, earlier)
    known = pd.Index(sorted(then.paid["customer_id"].unique()))
    if len(known) < _FEWEST:
        return None
    model = BoostedValue().fit(
        _known_of(catalog, then, known, earlier), pd.Series(brought_after(catalog, known, earlier, day))
    )
    return model.predict(_known_of(catalog, brought, customers, day)).to_numpy()


def _known_of(catalog: Catalog, brought: Money, customers: pd.Index, day: date) -> pd.DataFrame:
    by = brought.paid.groupby("customer_id")
    spells = subscriptions(catalog, day)
    running = spells[spells["runs"].astype(bool)].groupby("customer_id")
    X = pd.DataFrame({
        "so_far": by["money"].sum(),
        "n_payments": by.size(),
        "since_last": months_since(by["on"].max(), day),
        "age": months_since(by["on"].min(), day),
    }).reindex(customers)  # fmt: skip
    X["last_quarter"] = (
        brought.paid[brought.paid["on"] > pd.Timestamp(months_before(day, 3))].groupby("customer_id")["money"].sum()
    )
    for name, column in (("mrr", "mrr"), ("renewals", "exit"), ("notice", "notice")):
        X[name] = running[column].max().astype(float)
    return X.fillna(0.0)


def brought_after(catalog: Catalog, customers: pd.Index, day: date, until: date) -> np.ndarray:
    """Return what each customer brought after a day, until another [money]."""
    paid = money(catalog, until, since=day).paid
    return paid.groupby("customer_id")["money"].sum().reindex(customers).fillna(0.0).to_numpy(dtype=float)
