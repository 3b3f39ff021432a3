"""The same sums in polars, lazily, its streaming engine choosing the order; only where polars is installed."""

from pathlib import Path

import pandas as pd
import polars as pl
from by_hand import cards
from orders import CHURN_AFTER_DAYS


def numbers(file: Path) -> pd.DataFrame:
    """Return one row per month and one column per card."""
    orders = pl.scan_parquet(file)
    bought = orders.filter((pl.col("revenue") > 0) & pl.col("customer_id").is_not_null())
    sales, moved = pl.collect_all([_sales(orders), _movements(bought)], engine="streaming")
    return cards(*(frame.to_pandas().set_index("period").sort_index() for frame in (sales, moved)))


def _sales(orders: pl.LazyFrame) -> pl.LazyFrame:
    sold, known = pl.col("revenue") > 0, pl.col("customer_id").is_not_null()
    who = pl.coalesce("customer_id", "guest " + pl.col("order_id"))
    each = orders.group_by(_month("ordered_at").alias("period"), who.alias("who")).agg(
        net=pl.col("revenue").sum(),
        n=pl.len(),
        sold=pl.col("revenue").filter(sold).sum(),
        n_sold=sold.sum(),
        n_known=(sold & known).sum(),
    )
    of = pl.col
    return each.group_by("period").agg(
        of("net").sum().alias("revenue"),
        (of("net") ** 2).sum().alias("net_net"),
        of("n").sum(),
        of("n_sold").sum().alias("n_orders"),
        (of("n_sold") ** 2).sum().alias("n_sold_n_sold"),
        of("sold").sum(),
        (of("sold") ** 2).sum().alias("sold_sold"),
        (of("sold") * of("n_sold")).sum().alias("sold_n_sold"),
        (of("n_sold") > 0).sum().alias("buyers"),
        of("n_known").sum(),
        (of("n_known") ** 2).sum().alias("n_known_n_known"),
        (of("n_known") > 0).sum().alias("known_buyers"),
    )


def _movements(orders: pl.LazyFrame) -> pl.LazyFrame:
    gap = pl.duration(days=CHURN_AFTER_DAYS)
    days = orders.select(who="customer_id", day=pl.col("ordered_at").dt.date()).sort("who", "day")
    same_before, same_after = pl.col("who") == pl.col("who").shift(1), pl.col("who") == pl.col("who").shift(-1)
    rows = days.with_columns(
        before=pl.when(same_before).then(pl.col("day").shift(1)),
        after=pl.when(same_after).then(pl.col("day").shift(-1)),
    ).with_columns(
        begins=pl.col("before").is_null() | (pl.col("day") - pl.col("before") > gap),
        ends=pl.col("after").is_null() | (pl.col("after") - pl.col("day") > gap),
    )
    rows = rows.with_columns(since=pl.when("begins").then("day").forward_fill(), until=pl.col("day") + gap)
    came = rows.filter("begins").select(
        period=_month("day"), change=pl.lit(1), joined=pl.col("before").is_null(), lost=pl.lit(False)
    )
    left = rows.filter("ends").select(
        period=_month("until"),
        change=pl.lit(-1),
        joined=pl.lit(False),
        lost=(_month("since") < _month("until")) & (pl.col("after").is_null() | (_month("after") > _month("until"))),
    )
    every = pl.concat([came, left])
    return every.group_by("period").agg(
        pl.col("change").sum(), new_customers=pl.col("joined").sum(), lost=pl.col("lost").sum()
    )


def _month(at: str) -> pl.Expr:
    return pl.col(at).dt.year() * 12 + pl.col(at).dt.month().cast(pl.Int32) - 1
