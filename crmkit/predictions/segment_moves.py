"""Who moved up and who slid between two days, what each brought or cost, and the segments from the best down."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from crmkit.metrics import intervals
from crmkit.models.rfm import LADDER, LEVEL_WITH
from crmkit.predictions.migration import NEW, assigned
from crmkit.predictions.segment_features import customers_on
from crmkit.tables.as_of import takes_day
from crmkit.tables.catalog import Catalog
from crmkit.tables.given import check_made_by

#: What a move is called, by its direction.
DIRECTIONS = {"up": "upgraded", "down": "slid", "new": "first order", "stayed": "neither"}


def ladder(catalog: Catalog, as_of: date, model: str = "rfm") -> list[str]:
    """Return the segments of a day from the best down.

    RFM's have a fixed order; others are ordered by the mean revenue of 365 days of their customers.

    Parameters
    ----------
    catalog : Catalog
    as_of : date
    model : str
        "rfm", "segments" or "rules".
    """
    segments, revenue = assigned(catalog, [as_of], model)[as_of], customers_on(catalog, as_of)["revenue"]
    means = revenue.groupby(segments).mean().sort_index().sort_values(ascending=False, kind="stable")
    names = [str(name) for name in means.index]
    return sorted(names, key=LADDER.index) if set(names) <= set(LADDER) else names


@takes_day
def customer_moves(catalog: Catalog, before: date, now: date, model: str = "rfm") -> pd.DataFrame:
    """Return each customer's segment on two days by the ruler of the later one.

    Parameters
    ----------
    catalog : Catalog
    before, now : date
        Last days of the data used.
    model : str
        "rfm", "segments" or "rules".

    Returns
    -------
    DataFrame
        Indexed by customer_id: from ("(new)" for who had not ordered yet), to, direction ("up", "down", "new",
        "stayed"), gained [currency: change of her revenue of 365 days].

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1", "2"], "customer_id": ["a", "b"], "revenue": [30.0, 20.0],
    ...                        "ordered_at": pd.to_datetime(["2026-09-02", "2026-10-02"])})
    >>> book = ck.connect({"orders": orders})
    >>> customer_moves(book, date(2026, 9, 30), date(2026, 10, 31))[["direction", "gained"]].values.tolist()
    [['stayed', 0.0], ['new', 20.0]]
    """
    both = assigned(catalog, [before, now], model)
    both = both[both[now].notna()]
    rungs = {name: place for place, name in enumerate(_rungs(catalog, before, now, model))}
    rungs |= {name: rungs[level] for name, level in LEVEL_WITH.items() if level in rungs}
    start, end = both[before].map(rungs).astype(float), both[now].map(rungs).astype(float)
    direction = np.select([both[before].isna(), end < start, end > start], ["new", "up", "down"], "stayed")
    revenue = [customers_on(catalog, day)["revenue"].reindex(both.index).fillna(0.0) for day in (before, now)]
    return pd.DataFrame({
        "from": both[before].fillna(NEW), "to": both[now], "direction": direction, "gained": revenue[1] - revenue[0],
    })  # fmt: skip


def move_totals(moves: pd.DataFrame) -> pd.DataFrame:
    """Return what the moves of each direction brought or cost.

    Parameters
    ----------
    moves : DataFrame
        From :func:`customer_moves`.

    Returns
    -------
    DataFrame
        One row per direction that there is, in the order up, down, new, stayed: direction, n [customers], gained, low,
        high [currency: change of their revenue of 365 days, 95 % interval over customers].

    Examples
    --------
    >>> moves = pd.DataFrame({"direction": ["up", "up", "down"], "gained": [30.0, 20.0, -40.0]})
    >>> move_totals(moves)[["direction", "n", "gained"]].values.tolist()
    [['up', 2, 50.0], ['down', 1, -40.0]]
    """
    check_made_by("ck.customer_moves(...)", moves, ["direction", "gained"], "move_totals")
    rows = []
    for direction in DIRECTIONS:
        own = moves.loc[moves["direction"] == direction, "gained"].to_numpy(dtype=float)
        if len(own):
            sums = np.array([own.sum()]), np.array([own @ own]), np.ones(1)
            value, low, high = (float(each[0]) for each in intervals.total(*sums))
            rows.append((direction, len(own), value, min(low, value), max(high, value)))
    return pd.DataFrame(rows, columns=["direction", "n", "gained", "low", "high"])


def flow(moves: pd.DataFrame) -> pd.DataFrame:
    """Return the moves added up: from, to, direction, n [customers], gained [currency].

    Parameters
    ----------
    moves : DataFrame
        From :func:`customer_moves`.
    """
    whole = moves.groupby(["from", "to", "direction"])["gained"].agg(n="size", gained="sum")
    return whole.reset_index()


def _rungs(catalog: Catalog, before: date, now: date, model: str) -> list[str]:
    """Return the segments of both days from the best down; one that has emptied has the place that it had."""
    there, earlier = ladder(catalog, now, model), ladder(catalog, before, model)
    if set(there) | set(earlier) <= set(LADDER):
        return list(LADDER)
    return [*there, *(name for name in earlier if name not in there)]
