"""Simulated subscribers whose truth is known, watched through a window as a company's records would show them."""

import numpy as np
import pandas as pd

HIGH_END = [1000, 869, 743, 653, 593, 551, 517, 491]
REGULAR = [1000, 631, 468, 382, 326, 289, 262, 241]


def lifetimes(random: np.random.Generator, n: int, alpha: float, beta: float, c: float = 1.0) -> np.ndarray:
    """Number of the renewal at which each of ``n`` customers is lost."""
    theta = np.clip(random.beta(alpha, beta, n), 1e-12, 1 - 1e-12)
    return np.minimum(np.ceil((np.log(random.random(n)) / np.log1p(-theta)) ** (1 / c)), 5000).astype(int)


def watched(
    random: np.random.Generator, lasts: np.ndarray, *, since: int = -24, joined: int = 24, until: int = 36
) -> pd.DataFrame:
    """Spells of customers who joined between months ``since`` and ``joined``; the records begin with month 0."""
    began = random.integers(since, joined, len(lasts))
    entry, last = np.maximum(-began, 0), until - began
    spells = pd.DataFrame({"entry": entry, "exit": np.minimum(lasts, last), "lost": lasts <= last})
    return spells[lasts > entry]  # who left before the records begin is not in them
