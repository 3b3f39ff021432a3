"""How often nominal 95 % intervals of the models of repeat orders hold the truth, on simulated firms.

    PYTHONPATH=. python benchmarks/shopper_coverage.py --firms 200 --customers 300 1000 5000

Customers are simulated event by event as the model says. Counted are the firms whose interval holds a parameter and the
orders of all customers in the time ahead, and the customers whose interval holds their own orders.
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd

from tests.models.shoppers import MODELS, TRUTH, simulated

AHEAD = 52.0  # weeks


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--firms", type=int, default=200)
    parser.add_argument("--customers", type=int, nargs="+", default=[300, 1000, 5000])
    parser.add_argument("--models", nargs="+", default=[model.__name__ for model in MODELS])
    parser.add_argument("--penalty", type=float, default=0.0, help="precision of the prior")
    asked = parser.parse_args()
    for model in MODELS:
        for n_customers in asked.customers if model.__name__ in asked.models else []:
            held = pd.DataFrame([covered(model, n_customers, firm, asked.penalty) for firm in range(asked.firms)])
            print(f"{model.__name__} {n_customers}:", (100 * held.mean()).round(1).to_dict(), flush=True)


def covered(model: type, n_customers: int, firm: int, penalty: float) -> dict[str, float]:
    """Say for one firm which truths its intervals hold; for customers' own orders the share of them."""
    X, later = simulated(
        np.random.default_rng([n_customers, MODELS.index(model), firm]), model, n_customers, ahead=AHEAD
    )
    fitted = model(penalty=penalty).fit(X)
    low, high = fitted.interval_["low"], fitted.interval_["high"]
    params = dict(((low <= TRUTH[model]) & (TRUTH[model] <= high)).astype(float))
    total = fitted.predict_total(X, AHEAD, n_draws=400)
    own = fitted.predict_interval(X, AHEAD)
    return params | {
        "total": float(total["low"] <= later.sum() <= total["high"]),
        "above": float(later.sum() > total["high"]),
        "own orders": float(((own["low"] <= later) & (later <= own["high"])).mean()),
        "boundary": float(fitted.simpler_model_ is not None),
        "total ratio": float(total["value"] / later.sum()),
    }


if __name__ == "__main__":
    main()
