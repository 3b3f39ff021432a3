"""How often is a change since last month called real in firms with strong seasons where nothing else changes?

    PYTHONPATH=. python benchmarks/seasons.py --firms 80
    PYTHONPATH=. python benchmarks/seasons.py --counts

Shops (``tests/backtests/lumpy_firms.py``) whose orders swing within a year by a factor of 2.7 from low to high month, and
December half as much again. Each firm is judged once, in a month drawn for it, with 24 or 36 months before it known; its
scorecard counts as false if any number of the page is called real. The same firms are judged without the season. In a second
set of firms orders really fall by 40 % in the month judged.
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd

from crmkit.metrics import evaluate
from crmkit.metrics.card import CARDS
from crmkit.metrics.engine.usual_level import LOOK_BACK
from crmkit.metrics.engine.verdict import SEASONAL, judge_changes
from tests.backtests.lumpy_firms import Kind, catalog_of, months, rhythm, shops

KIND = Kind("strong season", tail=0.9, season=0.5)
BEFORE = 37  # months before the first that is judged
ORDERS = 3.0  # times as many as other simulated shops have: with few, no season can be seen
PAGE = [
    "new_customers",
    "lead_conversion",
    "win_rate",
    "churn_rate",
    "active_customers",
    "revenue",
    "n_orders",
    "average_order_value",
    "repeat_rate",
    "nps",
    "csat",
]


def firms_of_a_size(size: int, n_firms: int, seed: int, fall: float = 0.0) -> pd.DataFrame:
    """Return the page's numbers of simulated firms by month, of 37 months before one that is judged.

    Parameters
    ----------
    size : int
        Customers of a firm.
    n_firms : int
    seed : int
    fall : float
        By which share of orders the last month falls.
    """
    start = seed % 12  # so that each month of the year is judged
    n_months = BEFORE + start + 1
    random = np.random.default_rng([seed, size])
    factor = rhythm(random, KIND, n_months)
    factor = factor / factor.mean()
    factor[-1] *= 1 - fall
    factor *= ORDERS
    catalog = catalog_of(shops(random, KIND, size, n_firms, n_months, factor), n_months)
    asked = months(start, BEFORE + 1)
    return evaluate(catalog, PAGE, periods=asked, by="firm").assign(size=size, seed=seed)


def judged(rows: pd.DataFrame, n_known: int) -> pd.DataFrame:
    """Return the verdicts of the last month, one per firm and number; with ``n_known`` months before, 0 for no season."""
    month = pd.PeriodIndex(rows["period"], freq="M")
    card = [CARDS[name] for name in rows["metric"]]
    grows = np.array([each.additive or each.per_day for each in card])
    rows = rows.assign(
        lag=month.max().ordinal - np.array([each.ordinal for each in month]),
        better=[each.better for each in card],
    )
    days = np.where(grows, month.max().days_in_month / month.days_in_month, 1.0)
    rows[["value", "low", "high"]] = rows[["value", "low", "high"]].mul(days, axis=0)
    keys = pd.MultiIndex.from_frame(rows.loc[rows["lag"] == 0, ["firm", "metric"]])
    each = [rows[rows["lag"] == lag].set_index(["firm", "metric"]).reindex(keys) for lag in range(BEFORE + 1)]
    each = [month.assign(status=month["status"].fillna("no data")).reset_index() for month in each]
    now = each[0]
    matters = np.array([CARDS[name].smallest_change for name in now["metric"]])
    found = judge_changes(
        now, each[1], matters, now["firm"].to_numpy(), earlier=each[1 : LOOK_BACK + 1], years=each[1 : n_known + 1]
    )
    return now[["firm", "metric", "size", "seed"]].assign(verdict=found["verdict"], usual_change=found["usual_change"])


def of_counts(
    n_firms: int, mean: float, swing: float, n_years: int, *, fall: float = 0.0, mood: float = 0.0
) -> pd.Series:
    """Return how many scorecards of eight counts call one real, without the season and with it.

    Parameters
    ----------
    n_firms : int
    mean : float
        Of a month's count, which is Poisson's.
    swing : float
        Of the logarithm of the mean within a year; one month adds another half of it.
    n_years : int
        Known before the month judged.
    fall : float
        By which share the first count really falls in that month.
    mood : float
        Standard deviation of the logarithm of each month's mean.
    """
    random = np.random.default_rng([n_years, int(mean), int(10 * swing)])
    month = np.arange(12 * n_years + 1) + random.integers(0, 12, (n_firms, 1))
    means = mean * np.exp(swing * (np.sin(2 * np.pi * month / 12) + 0.5 * (month % 12 == 11)))
    counts = [means * np.exp(mood * random.standard_normal(means.shape)) for _ in range(8)]
    counts[0][:, -1] *= 1 - fall
    drawn = random.poisson(np.concatenate(counts)).astype(float)
    low, high = drawn - 1.96 * np.sqrt(drawn + 0.5), drawn + 1.96 * np.sqrt(drawn + 1)
    same = {"status": "ok", "unit": "count", "better": "higher"}
    months = [
        pd.DataFrame({"value": drawn[:, -k], "low": low[:, -k], "high": high[:, -k]} | same)
        for k in range(1, month.shape[1] + 1)
    ]
    families, matters = np.tile(np.arange(n_firms).astype(str), 8), np.full(len(drawn), 0.05)
    found = {}
    for name, years in (("without", []), ("with", months[1:])):
        verdicts = judge_changes(months[0], months[1], matters, families, earlier=months[1:13], years=years)["verdict"]
        real = (verdicts == "real").to_numpy().reshape(8, n_firms)
        found |= {f"any real, {name}": real.any(axis=0).mean(), f"first real, {name}": real[0].mean()}
    return pd.Series(found)


def print_counts() -> None:
    """Print the table of counts: 1,000 firms each."""
    rows = {
        (n_years, mean, swing, mood, fall): of_counts(1000, mean, swing, n_years, fall=fall, mood=mood)
        for fall in (0.0, 0.4)
        for mood in (0.0, 0.1)
        for n_years in (2, 3)
        for mean in (15, 60, 400)
        for swing in (0.0, 0.3, 0.6)
        if not mood or swing == 0.6
    }
    table = pd.DataFrame(rows).T.rename_axis(["years", "mean", "swing", "mood", "fall"])
    print(table.round(3).to_string())


def main() -> None:
    """Simulate and print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--firms", type=int, default=80, help="firms of each size and month of the year")
    parser.add_argument("--sizes", type=int, nargs="+", default=[50, 300, 1000])
    parser.add_argument("--counts", action="store_true", help="independent counts in place of firms: a minute")
    asked = parser.parse_args()
    if asked.counts:
        print_counts()
        return
    for fall in (0.0, 0.4):
        sets = [
            firms_of_a_size(size, max(asked.firms * 50 // size, 4) if size > 300 else asked.firms, month, fall)
            for size in asked.sizes
            for month in range(12)
        ]
        for n_known in (0, 24, 36):
            verdicts = pd.concat([judged(each, n_known) for each in sets])
            keys = [verdicts["size"], verdicts["seed"], verdicts["firm"]]
            real = (verdicts["verdict"] == "real").groupby(keys).any().groupby("size").agg(["mean", "size"])
            orders = verdicts[verdicts["metric"] == "n_orders"].groupby("size")["verdict"]
            print(f"\norders fall by {fall:.0%}, season of {n_known} months")
            print(
                pd.DataFrame(
                    {
                        "scorecards": real["size"],
                        "any real": real["mean"],
                        "orders real": orders.apply(lambda each: (each == "real").mean()),
                        "orders usual": orders.apply(lambda each: (each == SEASONAL).mean()),
                    }
                ).round(3)
            )
            if fall == 0:
                by_metric = verdicts.groupby(["metric", "size"])["verdict"].apply(lambda each: (each == "real").mean())
                print(by_metric.unstack("size").round(3))


if __name__ == "__main__":
    main()
