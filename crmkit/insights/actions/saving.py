"""How many of those who would leave a contact keeps: by the trial book, else by the settings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from crmkit.features.outcomes import churn_labels
from crmkit.insights.actions.book import drawn_people
from crmkit.insights.actions.rules import rules
from crmkit.tables.caching.memoize import memoize
from crmkit.tables.catalog import Catalog

_AGAINST = "against customers held out"
_FEWEST = 20  # losses among those held out, from which on a save rate is measured
_Z, _MINUS = 1.96, "\N{MINUS SIGN}"


@dataclass(frozen=True)
class SaveRate:
    """The share of those who would leave that a contact keeps.

    Attributes
    ----------
    value : float
        The share used [share].
    measured : bool
        Whether it comes from actions with a holdout; otherwise from the settings.
    words : str
        Where it comes from, as the end of a sentence.
    """

    value: float
    measured: bool
    words: str


UNKNOWN = SaveRate(0.0, False, "nothing is known of it")


def save_rate(catalog: Catalog, as_of: date) -> SaveRate:
    """Return the save rate: measured if actions with a holdout show it to differ from 0, else that of the settings.

    Everybody in the trial book counts but those drawn for an action whose rule says that it is for something else than
    to keep who would leave (without ``saves = true``).

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
    'from your settings; no action of yours has been measured against customers held out'
    """
    setting = catalog.settings.retention.save_rate
    trials = memoize(catalog, _treated_and_held_out, as_of, reads_predictions=False)
    lost = trials.set_index("treated")["lost"] if len(trials) else pd.Series(dtype=float)
    n = trials.set_index("treated")["n"] if len(trials) else pd.Series(dtype=float)
    if len(trials) < 2 or lost[False] < _FEWEST or lost[True] < 1:
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


def _treated_and_held_out(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Return treated, n (active customers drawn), lost (of them within the horizon), where that is known by the day."""
    columns = ["treated", "n", "lost"]
    others = [name for name, rule in rules(catalog).items() if not rule.saves]
    drawn = drawn_people(catalog)
    drawn = drawn[~drawn["action"].isin(others)]
    horizon = timedelta(days=catalog.settings.company.churn_after_days)
    rows = []
    for assigned_on, each in drawn.groupby("assigned_on"):
        day = pd.Timestamp(str(assigned_on)).date()
        if day > as_of - horizon:
            continue
        labels = churn_labels(catalog, day)
        labels = labels.loc[labels["kind"] == "at risk", ["lost"]]
        own = each[["customer_id", "treated"]].drop_duplicates("customer_id")
        rows.append(own.join(labels, on="customer_id", how="inner").dropna())
    if not rows:
        return pd.DataFrame(columns=columns)
    known = pd.concat(rows)
    return known.groupby(known["treated"].astype(bool))["lost"].agg(n="size", lost="sum").reset_index()
