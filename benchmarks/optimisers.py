"""What a fit costs and how likely its estimates are: every model that is fitted by maximum likelihood.

    PYTHONPATH=. OMP_NUM_THREADS=1 python benchmarks/optimisers.py
    PYTHONPATH=../other OMP_NUM_THREADS=1 python benchmarks/optimisers.py   # the same with another checkout's optimiser

For each case: processor milliseconds of a fit (the least of several), of the profile intervals, and the log-likelihood
reached. Only names are used that every version has, so that two optimisers can be compared.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from time import process_time
from typing import Any

import numpy as np
import pandas as pd

from crmkit.models.orders.beta_geometric import BGNBD
from crmkit.models.orders.gamma_gamma import GammaGamma
from crmkit.models.subscriptions.sbg import BetaDiscreteWeibull, ShiftedBetaGeometric
from tests.models.shoppers import MODELS, customers, simulated
from tests.models.subscribers import lifetimes, watched


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--repeat", type=int, default=5)
    n_repeats = parser.parse_args().repeat
    print("| model | customers | fit [ms] | intervals [ms] | log-likelihood |\n|---|---|---:|---:|---:|")
    for kind, data, X in cases():
        fits, intervals = [], []
        for _ in range(n_repeats):
            begun = process_time()
            model = kind().fit(X)
            fits.append(process_time() - begun)
            begun = process_time()
            _ = model.interval_
            intervals.append(process_time() - begun)
        costs = " | ".join(f"{1000 * min(each):.1f}" for each in (fits, intervals))
        print(f"| {kind.__name__} | {data} | {costs} | {model.log_likelihood_:.6f} |", flush=True)


def cases() -> Iterator[tuple[Any, str, pd.DataFrame]]:
    """Yield model, a word on the data, and the data."""
    for kind in MODELS:
        for n in (100, 300, 3000, 30_000):
            yield kind, f"{n:,}", simulated(np.random.default_rng(1), kind, n)[0]
        never_leaves = simulated(np.random.default_rng(1), BGNBD, 2000, params=(2.0, 10.0, 1e-6, 5.0))[0]
        yield kind, "2,000, nobody leaves", never_leaves
        yield kind, "200, all identical", customers(np.full(200, 4), 20, 39)
    random = np.random.default_rng(2)
    for n in (100, 3000, 100_000):
        spend = random.gamma(6.0, 1 / random.gamma(4.0, 1 / 15.0, n))
        yield GammaGamma, f"{n:,}", pd.DataFrame({"n_values": random.integers(1, 6, n), "mean_value": spend})
    for kind in (ShiftedBetaGeometric, BetaDiscreteWeibull):
        for n in (200, 5000):
            yield kind, f"{n:,}", watched(np.random.default_rng(n), lifetimes(np.random.default_rng(n), n, 0.7, 6.0))
        alike = lifetimes(np.random.default_rng(3), 5000, 700.0, 6000.0)
        yield kind, "5,000 nearly alike", watched(np.random.default_rng(3), alike)


if __name__ == "__main__":
    main()
