"""Do 95 % intervals hold the truth, and are changes called real where nothing changed? For every card and size of firm.

    PYTHONPATH=. python benchmarks/coverage.py --firms 600

The firms (``tests/backtests/lumpy_firms.py``) are made in other ways than the intervals assume. The truth of a card is
its mean over all firms of a kind, in each month or, where months differ in length only, over the months of one length.
Shortfalls are judged together with Holm's adjustment; firms are the sampling units, as months of one firm are not
independent.
"""

from __future__ import annotations

import argparse
import sys
from time import perf_counter

import numpy as np
import pandas as pd
from scipy.stats import t as student

from crmkit.metrics import evaluate
from crmkit.metrics.card import CARDS
from crmkit.metrics.engine.chance import holm
from crmkit.metrics.engine.usual_level import LOOK_BACK
from crmkit.metrics.engine.verdict import judge_changes
from tests.backtests.lumpy_firms import KINDS, Kind, catalog_of, months, rhythm, shops, subscriptions

SIZES = (50, 300, 3000)
BEFORE, JUDGED = 26, 24  # months
OF_SHOPS = [
    "new_customers",
    "customer_acquisition_cost",
    "monthly_margin_per_customer",
    "payback_months",
    "lead_conversion",
    "time_to_purchase",
    "sales_cycle",
    "days_to_win_half",
    "win_rate",
    "deals_opened",
    "deals_won",
    "amount_won",
    "open_deals",
    "open_amount",
    "churn_rate",
    "active_customers",
    "revenue",
    "n_orders",
    "average_order_value",
    "transactions_per_customer",
    "margin",
    "margin_rate",
    "repeat_rate",
    "days_between_orders",
    "revenue_change",
    "revenue_from_new",
    "revenue_from_returning",
    "revenue_from_more",
    "revenue_lost_to_less",
    "revenue_lost_to_gone",
    "revenue_change_of_guests",
    "nps",
    "csat",
    "ces",
]
OF_SUBSCRIPTIONS = [
    "new_customers",
    "churn_rate",
    "active_customers",
    "renewal_rate",
    "revenue_churn",
    "gross_revenue_retention",
    "net_revenue_retention",
    "recurring_revenue",
    "net_new_revenue",
    "new_mrr",
    "reactivation_mrr",
    "expansion_mrr",
    "contraction_mrr",
    "churned_mrr",
    "delivery_rate",
    "click_rate",
    "email_conversion",
    "unsubscribe_rate",
    "login_frequency",
    "records_created",
]
PER_FIRM = ("money", "count")
QUOTIENTS = ("customer_acquisition_cost", "monthly_margin_per_customer", "payback_months")


def histories(kind: Kind, firms: dict[int, int], seed: int, side: str) -> pd.DataFrame:
    """Return every card of every firm of a kind by month; the parts of revenue's change also over 28 days of each month.

    Parameters
    ----------
    kind : Kind
    firms : dict of int to int
        Number of firms by their number of customers.
    seed : int
    side : {"shop", "subscription"}
    """
    n_months, asked = BEFORE + JUDGED, months(BEFORE - 13, JUDGED + 13)
    make, cards = {"shop": (shops, OF_SHOPS), "subscription": (subscriptions, OF_SUBSCRIPTIONS)}[side]
    factor = rhythm(np.random.default_rng([seed, 1]), kind, n_months)
    turnover = [name for name in cards if _is_turnover(name)]
    parts = []
    for size, n_firms in firms.items():
        began = perf_counter()
        random = np.random.default_rng([seed, size, len(side)])
        catalog = catalog_of(make(random, kind, size, n_firms, n_months, factor / factor.mean()), n_months)
        found = [evaluate(catalog, cards, periods=asked, by="firm").assign(even=False)]
        if turnover:
            found.append(evaluate(catalog, turnover, periods=asked, by="firm", first_days=28).assign(even=True))
        parts.append(pd.concat(found).assign(kind=kind.name, side=side, size=size))
        print(f"{kind.name}, {side}, {size}: {perf_counter() - began:.0f} s", file=sys.stderr)
    return pd.concat(parts, ignore_index=True)


def _is_turnover(name: str) -> bool:
    return "compared_revenue" in CARDS[name].tables


def with_truth(history: pd.DataFrame) -> pd.DataFrame:
    """Add ``truth``: the mean over all firms of the kind, per customer where the card is a sum.

    A quotient of means is biased in small firms, so that its truth is that of the largest; what users do is asked of
    the users there are, so that its truth is the firm's own.
    """
    rows = history[~history["even"]].reset_index(drop=True)
    summed = rows["metric"].isin([name for name, card in CARDS.items() if card.unit in PER_FIRM and _is_sum(name)])
    scale = np.where(summed, rows["size"], 1.0)
    weight = np.where(summed, rows["size"], rows["n"])
    value = np.where(summed, rows["value"].fillna(0.0), rows["value"]) / scale
    quotient = rows["metric"].isin(QUOTIENTS) & (rows["size"] < rows["size"].max())
    known = ~np.isnan(value) & (weight > 0) & ~quotient
    rows["moment"] = _moments(rows, summed)
    own = rows["firm"].where(rows["metric"].map(lambda name: CARDS[name].topic == "adoption"), "")
    keys = [*(rows[name] for name in ("kind", "side", "metric", "moment")), own]
    total = pd.Series(np.where(known, value * weight, 0.0)).groupby(keys).transform("sum")
    rows["truth"] = total / pd.Series(np.where(known, weight, 0.0)).groupby(keys).transform("sum") * scale
    return rows


def _is_sum(name: str) -> bool:
    return CARDS[name].additive or name.startswith(("revenue_", "active_customers", "recurring_revenue", "open_"))


def _moments(rows: pd.DataFrame, summed: pd.Series) -> pd.Series:
    """Return what months have the same truth: all; those of equal length; those of one name; or each for itself."""
    period = pd.PeriodIndex(rows["period"], freq="M")
    length = period.days_in_month.astype(str) + "," + (period - 1).days_in_month.astype(str)
    same = pd.Series(np.where(summed, length, ""), index=rows.index)
    same = same.where(rows["kind"] != "season", period.month.astype(str))
    return same.where(rows["kind"] != "common mood", rows["period"])


def coverage(rows: pd.DataFrame) -> pd.DataFrame:
    """Return coverage and share of "too few" or no value by card and size, and Holm's p of covering less than 93 %."""
    judged = rows[rows["period"] >= str(months(BEFORE, 1)[0])]
    told = judged[(judged["status"] == "ok") & judged["low"].notna() & judged["high"].notna() & judged["truth"].notna()]
    slack = 1e-9 * told["truth"].abs()
    inside = (told["low"] <= told["truth"] + slack) & (told["truth"] - slack <= told["high"])
    by_firm = told.assign(inside=inside.astype(float), months=1.0).groupby(["side", "metric", "size", "kind", "firm"])
    firms = by_firm[["inside", "months"]].sum()
    table = firms.groupby(["side", "metric", "size"]).apply(_share_over_firms)
    n = judged.groupby(["side", "metric", "size"]).size()
    table["told"] = table["months"] / n.reindex(table.index)
    table["holm"] = holm(table["p"].to_numpy())
    return table


def _share_over_firms(firms: pd.DataFrame) -> pd.Series:
    share = firms["inside"].sum() / firms["months"].sum()
    residual = firms["inside"] - share * firms["months"]
    error = np.sqrt((residual**2).sum() * len(firms) / max(len(firms) - 1, 1)) / firms["months"].sum()
    p = student.cdf((share - 0.93) / max(error, 1e-9), len(firms) - 1) if share < 0.93 else 1.0
    return pd.Series({"covered": share, "error": error, "p": p, "months": firms["months"].sum(), "firms": len(firms)})


def verdicts(history: pd.DataFrame) -> pd.DataFrame:
    """Return the verdicts of every firm, month and card against the month before and the year before, as a scorecard's."""
    chosen = history[history["even"] | ~history["metric"].map(_is_turnover)]
    keys = ["kind", "side", "size", "firm"]
    judged = [_verdicts_of_firm(firm).assign(**dict(zip(keys, key, strict=True))) for key, firm in chosen.groupby(keys)]
    return pd.concat(judged, ignore_index=True)


def _verdicts_of_firm(firm: pd.DataFrame) -> pd.DataFrame:
    months_of = pd.PeriodIndex(firm["period"], freq="M")
    card = [CARDS[name] for name in firm["metric"]]
    rows = firm.assign(
        ordinal=[month.ordinal for month in months_of],
        days=np.asarray(months_of.days_in_month),
        better=[c.better for c in card],
        family=[
            f"{'headline' if c.headline else c.topic}|{period}" for c, period in zip(card, firm["period"], strict=True)
        ],
        grows=[c.additive or c.per_day for c in card],
        matters=[c.smallest_change for c in card],
    )
    indexed = rows.set_index(["metric", "ordinal"])
    now = rows[rows["period"] >= str(months(BEFORE, 1)[0])].reset_index(drop=True)
    whole_of = [CARDS[name].part_of for name in now["metric"]]
    for against, lags in (("month", range(1, LOOK_BACK + 1)), ("year", [12])):
        earlier = [_lagged(indexed, now, lag) for lag in lags]
        whole = (
            indexed["value"].reindex(pd.MultiIndex.from_arrays([whole_of, now["ordinal"] - lags[0]])).to_numpy(float)
        )
        matters, families = now["matters"].to_numpy(float), now["family"].to_numpy()
        judged = judge_changes(now, earlier[0], matters, families, whole=whole, earlier=earlier)
        now[f"{against}_verdict"] = judged["verdict"]
    return now.assign(family=now["family"].str.partition("|")[0])


def _lagged(indexed: pd.DataFrame, now: pd.DataFrame, lag: int) -> pd.DataFrame:
    """Return the numbers of ``lag`` months earlier, of as many days where a number grows with the month."""
    then = indexed.reindex(pd.MultiIndex.from_arrays([now["metric"], now["ordinal"] - lag])).reset_index(drop=True)
    longer = np.where(now["grows"], now["days"] / then["days"], 1.0)
    then = then.assign(**{side: then[side] * longer for side in ("value", "low", "high")})
    return then.assign(status=then["status"].fillna("no data"))


def false_calls(judged: pd.DataFrame) -> pd.DataFrame:
    """Return the share of families of cards with a false "real", where the truth of the two months is the same."""
    parts = []
    for against, unchanged in (("month", ["heavy tails", "spells", "few large customers"]), ("year", None)):
        same = judged if unchanged is None else judged[judged["kind"].isin(unchanged)]
        same = same[same["kind"] != "common mood"]
        real = same[f"{against}_verdict"] == "real"
        any_real = real.groupby([same[name] for name in ("side", "kind", "size", "firm", "period", "family")]).any()
        parts.append(any_real.groupby(["side", "family", "size"]).mean().unstack("size").assign(against=against))
    return pd.concat(parts)


def blindness(judged: pd.DataFrame) -> pd.DataFrame:
    """Return the share of "too few to tell" among the verdicts of each card by size."""
    told = judged[judged["month_verdict"] != "no comparison"]
    few = told["month_verdict"] == "too few to tell"
    return few.groupby([told["side"], told["metric"], told["size"]]).mean().unstack("size")


def main() -> None:
    """Simulate, and print three tables: coverage, false "real", and "too few to tell"."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--firms", type=int, default=600, help="firms in all: six of ten have 50 customers, one 3,000")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--side", choices=("shop", "subscription"), action="append")
    asked = parser.parse_args()
    each = max(asked.firms // len(KINDS), 10)
    firms = dict(zip(SIZES, (each * 6 // 10, each * 3 // 10, each // 10), strict=True))
    history = pd.concat(
        [
            histories(kind, firms, asked.seed + place, side)
            for side in asked.side or ("shop", "subscription")
            for place, kind in enumerate(KINDS)
        ]
    )
    covered = coverage(with_truth(history))
    print(covered[["covered", "told", "holm"]].unstack("size").round(3).to_string())
    print(f"cells below 93 % by Holm's adjustment: {int((covered['holm'] <= 0.05).sum())} of {len(covered)}")
    judged = verdicts(history)
    print(false_calls(judged).round(3).to_string())
    few = blindness(judged)
    print(few.round(2).to_string(), few.mean().round(3).to_dict(), sep="\n")


if __name__ == "__main__":
    main()
