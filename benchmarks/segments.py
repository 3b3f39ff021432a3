"""Segments: how many customers they move from month to month, for seeds and samples, and a million customers.

    PYTHONPATH=. OMP_NUM_THREADS=1 python benchmarks/segments.py --data ../shared/data

Processor seconds, so that a busy machine does not count; memory is the process's peak. Online Retail is left out where
its file is not there.
"""

from __future__ import annotations

import argparse
import resource
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from time import process_time

import numpy as np
import pandas as pd
from tests.models.test_customer_segments import planted

import crmkit as ck
from crmkit.errors import NotMeasured
from crmkit.models.segments.kmeans import CustomerSegments
from crmkit.models.segments.matching import match_labels
from crmkit.models.segments.rfm import RFM
from crmkit.periods import Period
from crmkit.predictions.segments.assignment import fit_rfm, fit_segmentation
from crmkit.predictions.segments.migration import assigned, movement
from crmkit.settings import Settings, read_settings
from crmkit.tables.catalog import Catalog

EXAMPLE = Path(__file__).parents[1] / "examples" / "online_retail"


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--customers", type=int, nargs="+", default=[50, 1000, 50_000, 1_000_000])
    parser.add_argument("--only", choices=["seeds", "size", "firm", "retail"], nargs="+")
    asked = parser.parse_args()
    wanted = asked.only or ["seeds", "size", "firm", "retail"]
    if "seeds" in wanted:
        print(f"planted segments, share of customers in another one: {seeds_and_samples()}", flush=True)
    if "size" in wanted:
        for n in asked.customers:
            print(size(n), flush=True)
    if "firm" in wanted:
        firm = ck.connect({"orders": simulated()}, ruled(Settings(), date(2025, 12, 31)))
        ends = [period.end - timedelta(days=1) for period in Period.parse("2026-09").run_up(9)]
        print("simulated firm, month to month\n", months(firm, ends).to_string(index=False), flush=True)
    if "retail" in wanted and (asked.data / "online_retail_2010_2011.parquet").exists():
        shop = ck.connect(asked.data, ruled(read_settings(EXAMPLE), date(2011, 2, 28)))
        ends = [period.end - timedelta(days=1) for period in Period.parse("2011-11").run_up(10)]
        print("Online Retail, month to month\n", months(shop, ends).to_string(index=False), flush=True)
        print("Online Retail, the next order\n", timing(shop, ends).to_string(index=False), flush=True)


def ruled(settings: Settings, day: date) -> Settings:
    """Fix the day of the ruler, and ask k-means for four segments, whether they are set apart or not."""
    company = settings.company.model_copy(update={"segments_learned_on": day})
    segments = settings.segments.model_copy(update={"number": 4})
    return settings.model_copy(update={"company": company, "segments": segments})


def seeds_and_samples() -> dict[str, float]:
    """Four planted segments: the share of customers that another seed, or a sample with replacement, puts elsewhere."""
    customers, _ = planted(2000, 3)
    model = CustomerSegments().fit(customers)
    told: dict[str, list[float]] = {"seed": [], "sample": []}
    for seed in range(1, 6):
        sample = customers.sample(frac=1, replace=True, random_state=seed)
        for name, rows in (("seed", customers), ("sample", sample)):
            other = CustomerSegments(random_state=seed).fit(rows)
            labels = other.predict(customers)
            matched = dict(enumerate(match_labels(model.labels_, labels, model.n_segments_, other.n_segments_)))
            told[name].append(float((pd.Series(model.labels_).map(matched) != labels).mean()))
    return {f"{name}, most of 5": round(max(shares), 4) for name, shares in told.items()}


def size(n: int) -> str:
    """Learn and assign n customers by RFM and by k-means."""
    customers = planted(n, 1)[0]
    customers = customers.assign(revenue=customers["n_orders"] * customers["average_order_value"])
    start = process_time()
    RFM().fit(customers).predict(customers)
    rfm = process_time() - start
    start = process_time()
    found = CustomerSegments().fit(customers.drop(columns="revenue")).n_segments_
    took = process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return f"{n} customers: RFM {rfm:.2f} s, k-means {took:.2f} s ({found} segments), peak {peak:.0f} MB"


def simulated() -> pd.DataFrame:
    """Orders of a firm of four kinds of customers, from October 2024 to September 2026; some leave, new ones come."""
    random, rows = np.random.default_rng(0), []
    for customer in range(1500):
        kind = customer % 4
        start, life = random.uniform(-400, 730), random.exponential((300, 900, 500, 700)[kind])
        gap, amount = (
            (60, 12, 150, 25)[kind] * random.gamma(5, 0.2),
            (20, 25, 60, 120)[kind] * np.exp(random.normal(0, 0.3)),
        )
        days = start + np.cumsum(np.r_[0, random.exponential(gap, 400)])
        days = days[(days >= 0) & (days < min(730, start + life))].astype(int)
        rows += [(f"c{customer}", day, amount * np.exp(random.normal(0, 0.2))) for day in days]
    frame = pd.DataFrame(rows, columns=["customer_id", "day", "revenue"])
    at = pd.Timestamp(2024, 10, 1) + pd.to_timedelta(frame.pop("day"), unit="D")
    return frame.assign(ordered_at=at, order_id=np.arange(len(frame)).astype(str))


def months(catalog: Catalog, ends: list[date]) -> pd.DataFrame:
    """One row per month: the share of the customers of both ends that is called otherwise at its end."""
    rows, matched = [], fit_segmentation(catalog, ends[0])
    for before, now in pairwise(ends):
        both = assigned(catalog, [before, now], "rfm").dropna()
        frozen = movement(catalog, before, now)
        plain = [fit_segmentation(catalog, day) for day in (before, now)]
        earlier, matched = matched, fit_segmentation(catalog, now, before=matched)
        old, new = (fit_rfm(catalog, day) for day in (before, now))
        there = [plain[0].customers(catalog, day).loc[both.index] for day in (before, now)]
        rows.append(
            {
                "month": f"{now:%Y-%m}",
                "customers": len(both),
                "RFM frozen": (both[before] != both[now]).mean(),
                "RFM relearned": (old.predict(there[0]) != new.predict(there[1])).mean(),
                "k-means frozen": frozen["frozen"],
                "of it sure": frozen["sure"],
                "moved centres": frozen["refitted"],
                "relearned, matched": (earlier.named(there[0]) != matched.named(there[1])).mean(),
                "relearned, by name": (plain[0].named(there[0]) != plain[1].named(there[1])).mean(),
            }
        )
    return pd.DataFrame(rows).round(3)


def timing(catalog: Catalog, ends: list[date]) -> pd.DataFrame:
    """One row per month: the back-test of the next order at its end."""
    rows = []
    for day in ends:
        try:
            tested = ck.next_order_backtest(catalog, day).set_index("method")
        except NotMeasured as error:
            print(f"{day}: {error}")
            continue
        ours = tested.loc["crmkit"]
        rows.append(
            {
                "judged to": day,
                "n": int(ours["n"]),
                "inside the 80 % window": ours["inside"],
                **{f"error, {name} [days]": tested.loc[name, "error"] for name in tested.index},
                "Brier": ours["brier"],
                "Brier, same for all": tested.loc["same for all", "brier"],
            }
        )
    return pd.DataFrame(rows).round(3)


if __name__ == "__main__":
    main()
