"""How many of those who would leave an action keeps: measured on customers drawn for it, against those held out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from crmkit.features.labels import labels
from crmkit.tables.catalog import Catalog
from crmkit.tables.remembering import remember

_FEWEST = 20  # losses among those held out, below which a share of them is a guess
_Z, _MINUS = 1.96, "\N{MINUS SIGN}"
_AGAINST = "against customers left out for comparison"


@dataclass(frozen=True)
class SaveRate:
    """The share of those who would leave that a contact keeps.

    Attributes
    ----------
    value : float
        The one to reckon with [share].
    measured : bool
        Whether it comes from actions with a holdout; otherwise from the settings.
    words : str
        Where it comes from: the end of a sentence about it.
    """

    value: float
    measured: bool
    words: str


UNKNOWN = SaveRate(0.0, False, "nothing is known of it")


def save_rate(catalog: Catalog, as_of: date) -> SaveRate:
    """Return the save rate: measured where actions with a holdout tell it from nothing, else that of the settings.

    Parameters
    ----------
    catalog : Catalog
    as_of : date
        Last day whose data is used.

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1"], "customer_id": "a", "ordered_at": ["2026-09-01"], "revenue": 10.0})
    >>> save_rate(ck.connect({"orders": orders}), date(2026, 9, 30)).words
    'from your settings; no action of yours has been measured against customers left out for comparison'
    """
    setting = catalog.settings.retention.save_rate
    told = remember(catalog, _trials, as_of, reads_predictions=False)
    lost = told.set_index("treated")["lost"] if len(told) else pd.Series(dtype=float)
    n = told.set_index("treated")["n"] if len(told) else pd.Series(dtype=float)
    if len(told) < 2 or lost[False] < _FEWEST or lost[True] < 1:
        return SaveRate(setting, False, f"from your settings; no action of yours has been measured {_AGAINST}")
    held_out, treated = lost[False] / n[False], lost[True] / n[True]
    error = np.sqrt(1 / lost[True] - 1 / n[True] + 1 / lost[False] - 1 / n[False])  # of the log of the ratio of risks
    value = 1 - treated / held_out
    low, high = (1 - treated / held_out * np.exp(side * _Z * error) for side in (1, -1))
    between = f"{100 * value:.0f} % ({100 * low:.0f} to {100 * high:.0f} %)".replace("-", _MINUS)
    if low > 0:
        return SaveRate(float(value), True, f"measured {_AGAINST}: {between}")
    found = f"your own test {_AGAINST} found {between}, which may be chance"
    return SaveRate(setting, False, f"from your settings; {found}")


def _trials(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Return treated, n (active customers drawn), lost (of them within the horizon), where that is known by the day."""
    columns = ["treated", "n", "lost"]
    if "treatments" not in catalog.names:
        return pd.DataFrame(columns=columns)
    drawn = catalog.frame("treatments")[["customer_id", "assigned_at", "treated"]].dropna()
    drawn = drawn.assign(day=pd.to_datetime(drawn["assigned_at"]).dt.date)
    horizon = timedelta(days=catalog.settings.company.churn_after_days)
    rows = []
    for day in sorted(set(drawn["day"])):
        if day > as_of - horizon:
            continue
        each, became = drawn[drawn["day"] == day], labels(catalog, day)
        became = became.loc[became["kind"] == "at risk", ["lost"]]
        rows.append(each.drop_duplicates("customer_id").join(became, on="customer_id", how="inner").dropna())
    if not rows:
        return pd.DataFrame(columns=columns)
    known = pd.concat(rows)
    return known.groupby(known["treated"].astype(bool))["lost"].agg(n="size", lost="sum").reset_index()
