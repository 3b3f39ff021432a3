"""Fit and 12-month value of many customers: crmkit beside lifetimes, in processor seconds.

    PYTHONPATH=. OMP_NUM_THREADS=1 python benchmarks/shoppers.py --customers 1000000 --theirs 20000

``--theirs`` customers are fitted by both; lifetimes needs minutes for more. Processor time, so that a busy machine does
not count; memory is the process's peak.
"""

from __future__ import annotations

import argparse
import resource
import warnings
from collections.abc import Callable
from time import process_time

import lifetimes
import numpy as np
import pandas as pd

from crmkit.models.bg_nbd import BGNBD
from crmkit.models.gamma_gamma import GammaGamma
from crmkit.models.pareto_nbd import ParetoNBD
from tests.models.shoppers import simulated

THEIRS = {BGNBD: lifetimes.BetaGeoFitter, ParetoNBD: lifetimes.ParetoNBDFitter}


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--customers", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--theirs", type=int, default=20_000)
    asked = parser.parse_args()
    warnings.filterwarnings("ignore")
    for model, peer in THEIRS.items():
        X = shoppers(model, asked.theirs)
        ours = seconds(lambda X=X, model=model: model().fit(X).expected_orders(X, 52))
        theirs = seconds(lambda X=X, peer=peer: fitted_by(peer, X))
        print(
            f"{model.__name__}, {asked.theirs} customers: {ours:.2f} s, lifetimes {theirs:.2f} s, {theirs / ours:.0f} times",
            flush=True,
        )
    for n in asked.customers:
        for model in THEIRS:
            X = shoppers(model, n)
            took = seconds(lambda X=X, model=model: value(model, X))
            print(
                f"{model.__name__}, {n} customers, fit and 12-month value: {took:.2f} s, peak {peak():.0f} MB",
                flush=True,
            )


def shoppers(model: type, n: int) -> pd.DataFrame:
    """Customers seen by the day for one to two years, with what they spend."""
    random = np.random.default_rng(1)
    X = simulated(random, model, n, weeks=104, ahead=0)[0].reset_index(drop=True)
    X = X.assign(age=np.ceil(X["age"] * 7) / 7, last_age=np.floor(X["last_age"] * 7) / 7, n_values=X["n_repeats"] + 1)
    return X.assign(mean_value=random.gamma(4 * X["n_values"]) / random.gamma(5, 1 / 30, n) / X["n_values"])


def value(model: type, X: pd.DataFrame) -> pd.Series:
    """Money that each customer is expected to bring within a year."""
    return model().fit(X).expected_orders(X, 52) * GammaGamma().fit(X).expected_value(X)


def fitted_by(peer: type, X: pd.DataFrame) -> None:
    """The same by lifetimes."""
    fitter = peer().fit(X["n_repeats"], X["last_age"], X["age"])
    fitter.conditional_expected_number_of_purchases_up_to_time(52, X["n_repeats"], X["last_age"], X["age"])


def seconds(run: Callable[[], object]) -> float:
    """Processor time."""
    start = process_time()
    run()
    return process_time() - start


def peak() -> float:
    """Most memory of this process so far [MB]."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
