"""Which model of renewals: the one under which subscriptions it has not seen are likeliest; with few losses, the simpler one.

The models of orders are chosen by :func:`crmkit.models.choose_orders.choose_orders`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from crmkit.models.beta_discrete_weibull import BetaDiscreteWeibull
from crmkit.models.renewals import RenewalModel
from crmkit.models.shifted_beta_geometric import ShiftedBetaGeometric
from crmkit.models.spells import read_spells, risk_table

_MOST = 20_000  # subscriptions to choose with
_TOO_FEW = 40  # losses below which the data cannot choose
_FOLDS = 2
_SIMPLEST = "sBG"

RENEWAL_MODELS: dict[str, type[RenewalModel]] = {"sBG": ShiftedBetaGeometric, "BdW": BetaDiscreteWeibull}


class ChosenRenewals(NamedTuple):
    """A fitted model of renewals and how it was chosen.

    Attributes
    ----------
    name : str
    model : RenewalModel
        Fitted.
    held_out : DataFrame
        Indexed by model: log_likelihood (of subscriptions held out, per subscription); empty where there were too few
        losses to choose by.
    """

    name: str
    model: RenewalModel
    held_out: pd.DataFrame


def choose_renewal_model(spells: pd.DataFrame) -> ChosenRenewals:
    """Choose and fit a model of renewals.

    Parameters
    ----------
    spells : DataFrame
        entry, exit [renewals], lost.
    """
    scores = _held_out(spells) if spells["lost"].sum() >= _TOO_FEW else pd.Series(dtype=float)
    known = scores[np.isfinite(scores)]
    name = str(known.idxmax()) if len(known) else _SIMPLEST
    held_out = scores.rename("log_likelihood").rename_axis("model").to_frame()
    return ChosenRenewals(name, RENEWAL_MODELS[name](n_draws=400).fit(spells), held_out)


def _held_out(spells: pd.DataFrame) -> pd.Series:
    """Return per model the log-likelihood of one half of the subscriptions under the fit to the other, per subscription."""
    random = np.random.default_rng(0)
    if len(spells) > _MOST:
        spells = spells.iloc[np.sort(random.permutation(len(spells))[:_MOST])]
    fold, read = random.integers(0, _FOLDS, len(spells)), read_spells(spells)
    halves = [(risk_table(read[fold != k]), risk_table(read[fold == k])) for k in range(_FOLDS)]
    return pd.Series({
        name: sum(model().held_out_likelihood(*pair) for pair in halves) / len(spells)
        for name, model in RENEWAL_MODELS.items()
    })  # fmt: skip
