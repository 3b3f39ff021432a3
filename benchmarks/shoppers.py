"""Fit and 12-month value of many customers: crmkit beside lifetimes, in processor seconds.

    PYTHONPATH=. OMP_NUM_THREADS=1 python benchmarks/shoppers.py --customers 10000 100000 1000000

Both fit the model, then say what each customer is expected to bring within a year (orders ahead times Gamma-Gamma). A
contestant runs in a process of its own with ``--theirs-up-to`` customers at most for lifetimes, which needs minutes for
more. Processor time, so that a busy machine does not count; memory is the most that the process has held, and what its
data took. Writes ``shoppers.png`` into ``--folder``.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import warnings
from pathlib import Path
from time import process_time

import numpy as np
import pandas as pd

from crmkit.models.orders.beta_geometric import BGNBD
from crmkit.models.orders.gamma_gamma import GammaGamma
from crmkit.models.orders.pareto_nbd import ParetoNBD
from tests.models.shoppers import simulated

MODELS = {"BG/NBD": BGNBD, "Pareto/NBD": ParetoNBD}


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--customers", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--theirs-up-to", type=int, nargs=2, default=[1_000_000, 100_000], help="of BG/NBD, Pareto/NBD")
    parser.add_argument("--folder", type=Path, default=Path("benchmarks"))
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(measured(asked.one[0], asked.one[1], int(asked.one[2]))))
        return
    most = dict(zip(MODELS, asked.theirs_up_to, strict=True))
    rows = []
    for model in MODELS:
        for n in asked.customers:
            for who in ("crmkit", "lifetimes") if n <= most[model] else ("crmkit",):
                rows.append(apart(who, model, n))
                print(rows[-1], flush=True)
    costs = pd.DataFrame(rows)
    draw(costs).savefig(asked.folder / "shoppers.png", dpi=110)


def apart(who: str, model: str, n: int) -> dict[str, object]:
    """Measure in a process of its own."""
    command = [sys.executable, __file__, "--one", who, model, str(n)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def measured(who: str, model: str, n: int) -> dict[str, object]:
    """Processor seconds and memory of one contestant."""
    warnings.filterwarnings("ignore")
    X = shoppers(MODELS[model], n)
    run = ours if who == "crmkit" else theirs
    run(MODELS[model], shoppers(MODELS[model], 500))  # imports do not count
    data, start = peak(), process_time()
    run(MODELS[model], X)
    return {
        "who": who,
        "model": model,
        "customers": n,
        "seconds": round(process_time() - start, 2),
        "peak_mb": round(peak()),
        "data_mb": round(data),
    }


def shoppers(model: type, n: int) -> pd.DataFrame:
    """Customers seen by the day for one to two years, with what they spend."""
    random = np.random.default_rng(1)
    X = simulated(random, model, n, weeks=104, ahead=0)[0].reset_index(drop=True)
    X = X.assign(age=np.ceil(X["age"] * 7) / 7, last_age=np.floor(X["last_age"] * 7) / 7, n_values=X["n_repeats"] + 1)
    return X.assign(mean_value=random.gamma(4 * X["n_values"]) / random.gamma(5, 1 / 30, n) / X["n_values"])


def ours(model: type, X: pd.DataFrame) -> pd.Series:
    """Money that each customer is expected to bring within a year."""
    return model().fit(X).expected_orders(X, 52) * GammaGamma().fit(X).expected_value(X)


def theirs(model: type, X: pd.DataFrame) -> pd.Series:
    """The same by lifetimes."""
    import lifetimes

    peer = lifetimes.BetaGeoFitter if model is BGNBD else lifetimes.ParetoNBDFitter
    x, last, age = X["n_repeats"], X["last_age"], X["age"]
    orders = peer().fit(x, last, age).conditional_expected_number_of_purchases_up_to_time(52, x, last, age)
    spend = lifetimes.GammaGammaFitter().fit(X["n_values"], X["mean_value"])
    return orders * spend.conditional_expected_average_profit(X["n_values"], X["mean_value"])


def peak() -> float:
    """Most memory of this process so far [MB]."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def draw(costs: pd.DataFrame):
    """Cost against customers, both on logarithmic scales."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.5), layout="constrained")
    ax = figure.subplots()
    for (model, who), own in costs.groupby(["model", "who"]):
        style = "-" if who == "crmkit" else "--"
        ax.plot(own["customers"], own["seconds"], style, marker="o", color="C0" if model == "BG/NBD" else "C1")
        ax.annotate(
            f"{who}, {model}", own.iloc[-1][["customers", "seconds"]], xytext=(6, 0), textcoords="offset points"
        )
    ax.set(xscale="log", yscale="log", xlabel="customers", ylabel="processor seconds, fit and 12-month value")
    ax.set_xlim(right=costs["customers"].max() * 6)
    ax.spines[["top", "right"]].set_visible(False)
    return figure


if __name__ == "__main__":
    main()
