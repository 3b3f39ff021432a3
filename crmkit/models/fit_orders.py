"""How a model of repeat orders is fitted, and what happens at a boundary."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd

from crmkit.errors import Problems
from crmkit.models.descent import Cost, Pair
from crmkit.models.estimates import AT_BOUNDARY, BOUNDARY_PENALTY, intervals, report
from crmkit.models.maximum import Maximum, Prior, maximise
from crmkit.models.order_process import OrderProcess
from crmkit.models.purchase_counts import Array, PurchaseCounts

_ROUGH_ROWS = 15_000  # where there are more, the search begins on that many
_CRAWL = 1e-5  # of log-likelihood: a search for a boundary is over when steps gain less
_BOUNDS = {"shape": (-9.2, 9.2), "time": (-16.0, 25.0)}  # logarithms; times in mean ages


def fit_orders(model: OrderProcess, counts: PurchaseCounts) -> None:
    """Fit ``model`` and set its learned attributes."""
    if not len(counts):
        raise Problems("The customers", ["There is none to learn from."])
    unit = float(counts.n @ counts.age / counts.n_customers) or 1.0
    scaled = counts.scaled(unit)
    found = _search(model, scaled, model.penalty)
    model.penalty_, model.simpler_model_ = model.penalty, _simpler(model, found, scaled)
    if model.simpler_model_ is not None and model.penalty < BOUNDARY_PENALTY:
        model.penalty_ = BOUNDARY_PENALTY
        found = _search(model, scaled, BOUNDARY_PENALTY)
    shift = np.array([np.log(unit) if name in model.times else 0.0 for name in model.names])
    model.params_, model.covariance_, model.standard_errors_ = report(found, model.names, shift)
    model._intervals = partial(_intervals, model, scaled, replace(found, cost=None), shift, found.cost is None)
    vars(model).pop("interval_", None)  # of an earlier fit
    model.log_likelihood_ = found.log_likelihood - float(counts.n @ counts.x) * np.log(unit)
    model.n_customers_, model.converged_ = int(counts.n_customers), found.converged


def _intervals(
    model: OrderProcess, counts: PurchaseCounts, found: Maximum, shift: Array, of_part: bool
) -> pd.DataFrame:
    prior = Prior(usual_logs(model, counts), model.penalty_)
    return intervals(found, model.names, shift, None if of_part else prior.added_to(_on_logs(model, counts)))


def _search(model: OrderProcess, counts: PurchaseCounts, penalty: float) -> Maximum:
    centre = usual_logs(model, counts)
    rough = counts.thinned(_ROUGH_ROWS)
    return maximise(
        _on_logs(model, counts),
        [centre, centre + np.array([-1.0, -1.0, -0.5, 0.0])],
        bounds_of(model),
        Prior(centre, penalty),
        None if rough is counts else _on_logs(model, rough),
        crawl=_CRAWL if penalty < BOUNDARY_PENALTY else 0.0,  # at a boundary the fit is repeated with a prior
    )


def _on_logs(model: OrderProcess, counts: PurchaseCounts) -> Cost:
    parts = [part for _, part in counts.blocks(model.rows_at_once)]

    def log_likelihood(logs: Array) -> tuple[float, Array]:
        params = np.exp(logs)
        values, gradients = zip(*(model.log_likelihood_of(params, part) for part in parts), strict=True)
        return sum(values), np.sum(gradients, axis=0) * params

    return log_likelihood


def bounds_of(model: OrderProcess) -> Pair:
    """Lowest and highest logarithm of each parameter, with ages in mean ages."""
    lowest, highest = np.array([_BOUNDS["time" if name in model.times else "shape"] for name in model.names]).T
    return lowest, highest


def usual_logs(model: OrderProcess, counts: PurchaseCounts) -> Array:
    """Rates that differ as much as an exponential distribution does, with the observed mean (half an order if none)."""
    orders, exposure = max(float(counts.n @ counts.x), 0.5), max(float(counts.n @ counts.age), 1.0)
    shapes = {"r": 1.0, "alpha": exposure / orders, **model.prior_shapes}
    return np.log([shapes[name] for name in model.names])


def _simpler(model: OrderProcess, found: Maximum, counts: PurchaseCounts) -> str | None:
    """Name the simpler model nearest to the estimates, if they are at it or the data leave a direction open."""
    with np.errstate(divide="ignore"):
        nearness = model.limit(np.exp(found.logs), 1.0)
    if not (counts.x > 0).any():
        return next(iter(nearness))
    nearest = max(nearness, key=nearness.__getitem__)
    return nearest if found.flat or nearness[nearest] > AT_BOUNDARY else None
