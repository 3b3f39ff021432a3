"""Simulated firms of subscribers and shoppers whose prices stand still, creep up, or rise once."""

import numpy as np
import pandas as pd

END = pd.Timestamp(2026, 11, 1)
MONTHS = 36


def price_level(kind: str, month: np.ndarray) -> np.ndarray:
    """Price at a month from the beginning, as a multiple of the first one."""
    if kind == "growing":
        return 1.06 ** (np.asarray(month) / 12)
    if kind == "one rise":
        return np.where(np.asarray(month) >= 18, 1.08, 1.0)
    return np.ones(np.shape(month))


def firm(kind: str, n: int, seed: int) -> dict[str, pd.DataFrame]:
    """Tables of a firm: two thirds subscribe by the month, one third shops; half of those who leave give notice early."""
    random = np.random.default_rng([seed, n])
    return {"subscription_terms": _terms(kind, 2 * n // 3, random), "orders": _orders(kind, n - 2 * n // 3, random)}


def _terms(kind: str, n: int, random: np.random.Generator) -> pd.DataFrame:
    begins = random.integers(0, MONTHS, n)
    stays = random.geometric(random.beta(2.0, 40.0, n))
    length = np.minimum(stays, MONTHS - begins)
    who = np.repeat(np.arange(n), length)
    nth = np.arange(len(who)) - np.repeat(np.cumsum(length) - length, length)
    month = begins[who] + nth
    edges = pd.date_range(END - pd.DateOffset(months=MONTHS), periods=MONTHS + 1, freq="MS").to_numpy()
    day = random.integers(0, 28, n).astype("timedelta64[D]")[who]
    starts, ends = edges[month] + day, edges[month + 1] + day
    lost = (nth == length[who] - 1) & (stays <= MONTHS - begins)[who] & (ends < END.to_datetime64())
    notice = starts + ((ends - starts) * random.random(len(who)))
    base = random.choice([18.0, 27.0, 39.0], n, p=[0.5, 0.35, 0.15])[who]
    return pd.DataFrame(
        {
            "subscription_id": [f"S{each}" for each in who],
            "customer_id": [f"s{each}" for each in who],
            "starts_at": starts,
            "ends_at": ends,
            "mrr": base * price_level(kind, month),
            "cancelled_at": np.where(lost, notice, np.datetime64("NaT")),
        }
    )


def _orders(kind: str, n: int, random: np.random.Generator) -> pd.DataFrame:
    begins, rate = random.uniform(0, MONTHS, n), random.gamma(1.5, 0.4, n)
    until = np.minimum(begins + random.exponential(1 / random.gamma(2.0, 1 / 30.0, n)), MONTHS)
    count = random.poisson(rate * (until - begins)) + 1
    who = np.repeat(np.arange(n), count)
    month = begins[who] + random.random(len(who)) * (until - begins)[who]
    first = np.cumsum(count) - count
    month[first] = begins
    mean = 30 * random.gamma(6.0, 1 / 6.0, n)
    amount = random.gamma(4.0, mean[who] / 4.0) * price_level(kind, month)
    days = pd.to_timedelta(np.floor(month * 30.4375).clip(max=MONTHS * 30.4), unit="D")
    at = END - pd.DateOffset(months=MONTHS) + days
    rows = pd.DataFrame({"customer_id": [f"o{each}" for each in who], "ordered_at": at, "revenue": amount})
    return rows[rows["ordered_at"] < END].assign(order_id=lambda kept: [str(k) for k in range(len(kept))])
