"""Which model: the one under which customers it has not seen are likeliest; with few customers, the one that needs least."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from crmkit.models.beta_discrete_weibull import BetaDiscreteWeibull
from crmkit.models.bg_nbd import BGNBD
from crmkit.models.mbg_nbd import MBGNBD
from crmkit.models.pareto_nbd import ParetoNBD
from crmkit.models.renewals import RenewalModel
from crmkit.models.repeat_buying import RepeatBuyingModel
from crmkit.models.shifted_beta_geometric import ShiftedBetaGeometric
from crmkit.models.spells import read_spells, risk_table

FEW = 300  # customers below which a prior steadies the fit, and the page says so
PRIOR = 0.3
_MOST = 20_000  # customers to choose with
_TOO_FEW = 40  # repeat orders, or losses, below which the data cannot choose
_FOLDS = 2

ORDER_MODELS: dict[str, type[RepeatBuyingModel]] = {"BG/NBD": BGNBD, "MBG/NBD": MBGNBD, "Pareto/NBD": ParetoNBD}
RENEWAL_MODELS: dict[str, type[RenewalModel]] = {"sBG": ShiftedBetaGeometric, "BdW": BetaDiscreteWeibull}


class Chosen(NamedTuple):
    """A fitted model and how it was chosen.

    Attributes
    ----------
    name : str
    model : fitted model
    held_out : DataFrame
        model, log_likelihood (of customers held out, per customer); empty where there were too few to choose.
    """

    name: str
    model: Any
    held_out: pd.DataFrame


def choose_order_model(customers: pd.DataFrame) -> Chosen:
    """Choose and fit a model of repeat orders.

    Parameters
    ----------
    customers : DataFrame
        n_repeats [count], last_age, age [months].
    """
    penalty = PRIOR if len(customers) < FEW else 0.0

    def score(name: str, known: pd.DataFrame, others: pd.DataFrame) -> float:
        return ORDER_MODELS[name](penalty=max(penalty, 0.01)).fit(known).log_likelihood(others)

    enough = customers["n_repeats"].sum() >= _TOO_FEW and len(customers) >= _TOO_FEW
    scores = _held_out(customers, list(ORDER_MODELS), score) if enough else _none()
    name = _best(scores, "MBG/NBD")
    return Chosen(name, ORDER_MODELS[name](penalty=penalty).fit(customers), scores)


def choose_renewal_model(spells: pd.DataFrame) -> Chosen:
    """Choose and fit a model of renewals.

    Parameters
    ----------
    spells : DataFrame
        entry, exit [renewals], lost.
    """

    def score(name: str, known: pd.DataFrame, others: pd.DataFrame) -> float:
        model = RENEWAL_MODELS[name](n_draws=20).fit(known)
        table = risk_table(read_spells(others))
        kept = model.log_renewal(model.params_.to_numpy(dtype=float)[None, :], table.period).value[0]
        return float(table.lost @ np.log(np.maximum(-np.expm1(kept), 1e-12)) + table.kept @ np.minimum(kept, 0))

    enough = spells["lost"].sum() >= _TOO_FEW
    scores = _held_out(spells, list(RENEWAL_MODELS), score) if enough else _none()
    name = _best(scores, "sBG")
    return Chosen(name, RENEWAL_MODELS[name](n_draws=400).fit(spells), scores)


def _held_out(
    rows: pd.DataFrame, names: list[str], score: Callable[[str, pd.DataFrame, pd.DataFrame], float]
) -> pd.DataFrame:
    random = np.random.default_rng(0)
    if len(rows) > _MOST:
        rows = rows.iloc[np.sort(random.permutation(len(rows))[:_MOST])]
    fold = random.integers(0, _FOLDS, len(rows))
    sums = [sum(score(name, rows[fold != k], rows[fold == k]) for k in range(_FOLDS)) for name in names]
    return pd.DataFrame({"model": names, "log_likelihood": np.array(sums) / len(rows)})


def _best(scores: pd.DataFrame, simplest: str) -> str:
    known = scores[np.isfinite(scores["log_likelihood"])]
    return str(known.loc[known["log_likelihood"].idxmax(), "model"]) if len(known) else simplest


def _none() -> pd.DataFrame:
    return pd.DataFrame({"model": pd.Series(dtype=object), "log_likelihood": pd.Series(dtype=float)})
