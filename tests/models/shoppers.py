"""Shoppers with published figures, and simulated ones whose truth is known."""

from pathlib import Path

import numpy as np
import pandas as pd

from crmkit.models.orders.beta_geometric import BGNBD, MBGNBD
from crmkit.models.orders.pareto_nbd import ParetoNBD

MODELS = [BGNBD, MBGNBD, ParetoNBD]
TRUTH = {BGNBD: (0.8, 8.0, 0.8, 2.5), MBGNBD: (0.8, 8.0, 0.9, 2.0), ParetoNBD: (0.6, 8.0, 0.7, 15.0)}


def customers(n_repeats, last_age, age) -> pd.DataFrame:
    n = len(n_repeats)
    columns = {"n_repeats": n_repeats, "last_age": np.broadcast_to(last_age, n), "age": np.broadcast_to(age, n)}
    return pd.DataFrame(columns, index=pd.Index([f"c{i}" for i in range(n)], name="customer_id")).astype(float)


def with_params(model, params):
    """A model as if it had learned ``params``."""
    ready = model()
    ready.params_ = pd.Series(params, index=list(model.names), dtype=float)
    return ready


def cdnow(folder: Path) -> tuple[pd.DataFrame, pd.Series]:
    """CDNOW's sample by week: 39 weeks to learn from, with the repeat spend; and the orders of the next 39 weeks."""
    days = pd.read_parquet(folder / "cdnow_sample.parquet").assign(date=lambda lines: pd.to_datetime(lines["date"]))
    days = days.groupby(["sample_id", "date"], as_index=False)["dollar_value"].sum()
    end = pd.Timestamp("1997-09-30")
    seen = days[days["date"] <= end]
    first = seen.groupby("sample_id")["date"].transform("min")
    weeks = seen.assign(since=(seen["date"] - first).dt.days / 7, age=(end - first).dt.days / 7)
    each = weeks.groupby("sample_id")
    repeats = weeks[weeks["since"] > 0].groupby("sample_id")["dollar_value"]
    X = pd.DataFrame({"n_repeats": each.size() - 1, "last_age": each["since"].max(), "age": each["age"].first()})
    X = X.assign(n_values=repeats.size(), mean_value=repeats.mean()).fillna({"n_values": 0, "mean_value": 0.0})
    return X, days[days["date"] > end].groupby("sample_id").size().reindex(X.index, fill_value=0)


def simulated(
    random: np.random.Generator, model: type, n: int, params=None, weeks: float = 52.0, ahead: float = 52.0
) -> tuple[pd.DataFrame, np.ndarray]:
    """Customers who behave as the model says, one event after the other; and their orders in the time ahead."""
    r, alpha, one, two = TRUTH[model] if params is None else params
    age, rate = random.uniform(weeks / 2, weeks, n), np.maximum(random.gamma(r, 1 / alpha, n), 1e-300)
    leaves_at, leaves_with = np.full(n, np.inf), np.zeros(n)
    if model is ParetoNBD:
        leaves_at = random.exponential(1 / np.maximum(random.gamma(one, 1 / two, n), 1e-300))
    else:
        leaves_with = random.beta(one, two, n)
    there = np.arange(n)
    if model is MBGNBD:
        there = there[random.random(n) >= leaves_with]
    now, last, seen, later = np.zeros((4, n))
    while len(there):
        now[there] += random.exponential(1 / rate[there])
        there = there[now[there] <= np.minimum(age + ahead, leaves_at)[there]]
        past = now[there] <= age[there]
        seen[there] += past
        later[there] += ~past
        last[there] = np.where(past, now[there], last[there])
        there = there[random.random(len(there)) >= leaves_with[there]]
    return customers(seen, last, age), later
