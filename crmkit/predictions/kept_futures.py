"""The possible futures of a day, kept between the prediction that looks ahead first and the page that shows them."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from crmkit.predictions.futures import Futures
from crmkit.predictions.learned import Learned, futures_of, learned, n_draws_of
from crmkit.tables.catalog import Catalog
from crmkit.tables.remembering import remember

_MOST = 2_000_000  # draws that are worth their room among the kept results; 16 MB


def kept_futures(catalog: Catalog, known: Learned, horizon: int, discount_rate: float) -> Futures:
    """Look ahead as :func:`crmkit.predictions.learned.futures_of` does, from what is kept if somebody has before.

    Raises
    ------
    NotMeasured
        If there are fewer than three customers.
    """
    if n_draws_of(known) * len(known.first_on) > _MOST:
        return futures_of(catalog, known, horizon, discount_rate)
    rows = remember(catalog, _rows, known.as_of, horizon, discount_rate, reads_predictions=False)
    months = np.array(rows.attrs["months"])
    numbers = rows["number"].to_numpy(dtype=float).reshape(len(known.first_on), -1)
    models = [*(known.orders[:1] if known.orders else ()), *(chosen for _, chosen in known.renewals)]
    return Futures(
        pd.Index(known.first_on.index),
        months,
        numbers[:, : len(months)],
        numbers[:, len(months) :],
        list(zip(rows.attrs["chosen"], models, strict=True)),
        list(rows.attrs["few"]),
        list(rows.attrs["notes"]),
    )


def _rows(catalog: Catalog, as_of: date, horizon: int, discount_rate: float) -> pd.DataFrame:
    """Of each customer what is expected by each month, then the draws; one column is quicker to keep than hundreds."""
    futures = futures_of(catalog, learned(catalog, as_of), horizon, discount_rate)
    numbers = np.column_stack([futures.expected, futures.draws])
    rows = pd.DataFrame({"number": numbers.ravel()})
    rows.attrs["months"] = futures.months.tolist()
    rows.attrs |= {"chosen": [what for what, _ in futures.chosen], "few": futures.few, "notes": futures.notes}
    return rows
