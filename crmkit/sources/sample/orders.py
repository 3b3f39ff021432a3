"""Orders and refunds as the shop books them: an order's revenue is the sum of its lines, a refund is negative."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmkit.sources.sample.gaps import only_where
from crmkit.sources.sample.world import World

REFUNDED, REFUNDED_WHEN_BAD = 0.022, 0.065  # share of orders
WHOLE = 0.6  # share of refunds that pay back the whole order, not its first line only


def order_tables(
    world: World, people: pd.DataFrame, orders: pd.DataFrame, lines: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Build ``orders`` (with person and day) and ``order_lines`` from the orders that happened, refunds included."""
    rng = world.rng("refunds")
    placed = _placed(people, orders[orders["happened"]], rng)
    refunds = _refunds(world, placed, rng)
    paid = lines[lines["order"].isin(placed.index)]
    paid = paid.assign(order_id=placed["order_id"].loc[paid["order"]].to_numpy())
    back = refunds[["order", "order_id", "whole"]].merge(lines, on="order")
    back = back[back["whole"] | ~back.duplicated("order")]
    back = back.assign(**{name: -back[name] for name in ("quantity", "revenue", "margin")})
    all_lines = pd.concat([paid, back], ignore_index=True).drop(columns=["order", "whole"])
    sums = all_lines.groupby("order_id")[["revenue", "margin"]].sum().round(2)
    heads = pd.concat([placed, refunds.drop(columns=["order", "whole"])], ignore_index=True)
    heads = heads.sort_values("day", kind="stable", ignore_index=True)
    heads[["revenue", "margin"]] = sums.loc[heads["order_id"]].to_numpy()
    return heads.assign(ordered_at=world.at(heads["day"])), all_lines


def _placed(people: pd.DataFrame, orders: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Give each order its number, the channel where it was sold, and on a first one the campaign that brought it."""
    office = people["kind"].eq("office").reindex(orders["person"], fill_value=False).to_numpy()
    consumer = rng.choice(np.array(["web shop", "app", "roastery"], dtype=object), len(orders), p=[0.78, 0.14, 0.08])
    first = (orders["person"] >= 0) & ~orders.duplicated("person")
    return orders[["person", "day"]].assign(
        order_id=[f"O-{100_000 + number}" for number in range(1, len(orders) + 1)],
        channel=np.where(office, "phone", consumer),
        campaign=only_where(first, people["campaign"].reindex(orders["person"])),
    )


def _refunds(world: World, placed: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Choose the orders that are paid back, three days to three weeks after: more of the beans roasted badly."""
    bad = placed["day"] >= world.bad_day - 5
    back = placed[rng.random(len(placed)) < np.where(bad, REFUNDED_WHEN_BAD, REFUNDED)]
    refunds = back.reset_index(names="order").assign(whole=rng.random(len(back)) < WHOLE)
    refunds["day"] = world.clocked(refunds["day"] + rng.integers(3, 22, len(refunds)), rng)
    refunds["order_id"] = refunds["order_id"].str.replace("O-", "R-")
    return refunds[refunds["day"] < world.n_days]
