"""Subscriptions as spells: observed from one tenure to another, and lost there or still running.

Tenure counts whole periods (say months) since the subscription began. A spell with ``entry`` 3 and ``exit`` 7 was first
seen when it had been renewed three times; ``lost`` says that it was not renewed at its 7th chance, and not lost that it
had been renewed seven times at the end of the observation (right censoring). Those who left before the observation began
are not in the data, which is why ``entry`` must not be ignored (delayed entry, left truncation).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from crmkit.errors import Problems
from crmkit.models.arrays import Array

SPELL_COLUMNS = ("entry", "exit", "lost")
LONGEST = 10_000  # [periods]; more is a clock in seconds or a mistaken date


@dataclass(frozen=True, eq=False)
class RiskTable:
    """The numbers at risk and lost at each renewal.

    Parameters
    ----------
    period : array
        Number of the renewal, from 1 [periods]; only those that a customer reached.
    at_risk, lost : array
        Subscriptions up for renewal, and those not renewed [count].
    """

    period: Array
    at_risk: Array
    lost: Array

    @property
    def kept(self) -> Array:
        """Subscriptions renewed [count]."""
        return self.at_risk - self.lost


def read_spells(X: pd.DataFrame) -> pd.DataFrame:
    """Check spells and give them plain types.

    Parameters
    ----------
    X : DataFrame
        entry, exit [periods], lost (bool), and n [count] where a row stands for several subscriptions.

    Returns
    -------
    DataFrame
        entry, exit (int), lost (bool), n (float), with the index of X.

    Raises
    ------
    Problems
        A column is missing or holds something that cannot be; all such faults at once.

    Examples
    --------
    >>> read_spells(pd.DataFrame({"entry": [0, 2], "exit": [1, 5], "lost": [True, False]}))
       entry  exit   lost    n
    0      0     1   True  1.0
    1      2     5  False  1.0
    """
    absent = [f"column '{name}' is missing." for name in SPELL_COLUMNS if name not in X]
    if absent:
        raise Problems("The spells", absent)
    n = X["n"] if "n" in X else pd.Series(1.0, index=X.index)
    numbers = pd.DataFrame({"entry": X["entry"], "exit": X["exit"], "lost": X["lost"], "n": n})
    numbers = numbers.apply(pd.to_numeric, errors="coerce").astype(float)
    faults = _faults(numbers)
    if faults:
        raise Problems("The spells", faults)
    return numbers.astype({"entry": "int64", "exit": "int64", "lost": bool})


def risk_table(spells: pd.DataFrame) -> RiskTable:
    """Count who was at risk and who was lost at each renewal; all that a model without covariates needs.

    Examples
    --------
    >>> table = risk_table(spells_of_survivors([10, 6, 5]))
    >>> table.at_risk.tolist(), table.lost.tolist()
    ([10.0, 6.0], [4.0, 1.0])
    """
    entry, last, n = (spells[name].to_numpy() for name in ("entry", "exit", "n"))
    length = int(last.max(initial=0)) + 2
    came = np.bincount(entry + 1, n, minlength=length)[:length]
    went = np.bincount(last + 1, n, minlength=length)[:length]
    lost = np.bincount(last, n * spells["lost"].to_numpy(), minlength=length)[:length]
    at_risk = np.maximum(np.cumsum(came - went), lost)  # the sum of weights may end a hair below what is left
    period = np.arange(length, dtype=float)
    someone = (at_risk > 1e-9 * max(n.sum(), 1)) & (period >= 1)
    return RiskTable(period[someone], at_risk[someone], lost[someone])


def spells_of_survivors(survivors: Sequence[float]) -> pd.DataFrame:
    """Spells of one cohort of which only the survivors after 0, 1, 2, ... renewals are known.

    Examples
    --------
    >>> spells_of_survivors([1000, 869, 743])
       entry  exit   lost      n
    0      0     1   True  131.0
    1      0     2   True  126.0
    2      0     2  False  743.0
    """
    alive = np.asarray(survivors, dtype=float)
    last = len(alive) - 1
    exits = [*range(1, last + 1), last]
    lost = [True] * last + [False]
    return pd.DataFrame({"entry": 0, "exit": exits, "lost": lost, "n": [*(alive[:-1] - alive[1:]), alive[-1]]})


def _faults(spells: pd.DataFrame) -> list[str]:
    whole = spells[["entry", "exit"]]
    rules = {
        "have no entry, exit, lost or n, or one that is not a finite number.": ~np.isfinite(spells).all(axis=1),
        "have an entry or exit that is not in whole periods; round tenures down.": (whole % 1 > 0).any(axis=1),
        "enter before the subscription began (entry below 0).": spells["entry"] < 0,
        "end before they are first seen (exit below entry).": spells["exit"] < spells["entry"],
        "are lost at the tenure at which they are first seen; the first chance to leave is entry + 1.": (
            (spells["lost"] != 0) & (spells["exit"] == spells["entry"])
        ),
        f"last longer than {LONGEST:,} periods; give tenure in months or weeks.": spells["exit"] > LONGEST,
        "have a negative count n.": spells["n"] < 0,
    }
    return [f"{int(broken.sum())} of {len(spells)} {what}" for what, broken in rules.items() if broken.any()]
