"""Orders, their lines and their refunds.

Gaps between orders are more regular than those of a Poisson process, stretched and squeezed by the seasons. An order's
revenue is the sum of its lines; a refund is an order with negative amounts.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmkit.sources.sample.world import TERM, Days, World, only_where

GAP_SHAPE = 2.2  # a gap is gamma of this shape: after an order the next one is not due at once
EXTRAS = {"subscriber": (0.30, 0.15), "office": (0.60, 0.35)}  # share who also shop, orders per 30 days
GUESTS = 0.06  # share of orders without a customer
# by calendar month, January first
_WINTER = (0.4, 0.2, 0.2, 0.2, 0.3, 0.2, 0.2, 0.2, 0.3, 0.5, 2.5, 6.0)
_SUMMER = (0.1, 0.1, 0.3, 0.8, 2.0, 3.0, 3.0, 3.0, 1.0, 0.3, 0.1, 0.1)
# category, price [EUR net], margin as a share of the price, popularity, change of popularity over the window [log]
PRODUCTS = pd.DataFrame(
    [
        ("House Espresso 1 kg", "beans", 22.90, 0.46, 20, 0.0),
        ("House Espresso 250 g", "beans", 7.90, 0.50, 14, 0.0),
        ("Ethiopia Yirgacheffe 250 g", "beans", 10.50, 0.45, 12, 0.5),
        ("Brazil Santos 1 kg", "beans", 20.50, 0.44, 11, -0.6),
        ("Colombia Huila 250 g", "beans", 9.50, 0.47, 9, 0.0),
        ("Decaf Peru 250 g", "beans", 9.20, 0.45, 6, 0.4),
        (
            "Espresso $mart $aver 2 kg",
            "beans",
            39.90,
            0.38,
            7,
            0.3,
        ),  # dollar signs: plots must not read it as a formula
        ("Christmas Blend 500 g", "beans", 15.50, 0.48, 3, 0.0),
        ("Cold Brew Bags", "beans", 13.50, 0.49, 4, 0.2),
        ("Paper Filters 100", "equipment", 5.90, 0.42, 9, 0.0),
        ("V60 Dripper", "equipment", 19.90, 0.33, 3, 0.0),
        ("French Press", "equipment", 29.90, 0.31, 2, -0.8),
        ("Hand Grinder", "equipment", 64.00, 0.27, 1.6, 0.0),
        ("Digital Scale", "equipment", 36.00, 0.29, 1.3, 0.0),
        ("Espresso Machine", "equipment", 419.00, 0.19, 0.12, 0.0),
        ("Gift Box", "gifts", 32.00, 0.41, 3, 0.0),
        ("Barista Course", "courses", 84.00, 0.52, 0.7, 0.0),
        ("Home Brewing Course", "courses", 55.00, 0.55, 0.7, 0.6),
    ],
    columns=["product", "category", "price", "margin", "popularity", "trend"],
)
_SEASONS = {"Christmas Blend 500 g": _WINTER, "Gift Box": _WINTER, "Cold Brew Bags": _SUMMER}
BEANS_RISE = 1.06  # from the price day on
REFUNDED, REFUNDED_WHEN_BAD = 0.022, 0.065  # share of orders
WHOLE = 0.6  # share of refunds that pay back the whole order, not its first line only


def simulate_orders(world: World, people: pd.DataFrame, stays: pd.DataFrame) -> pd.DataFrame:
    """Draw the moments at which shoppers, subscribers, offices and guests order.

    Returns
    -------
    pandas.DataFrame
        One row per order, in order of time: person (row number, -1 for a guest), day.
    """
    rng = world.rng("orders")
    known = people[~people["future"]]
    leaves = stays.groupby("person")["leaves"].max().loc[known.index]
    shops, rate = known["kind"].eq("shopper").to_numpy(), known["rate"].to_numpy().copy()
    extra = np.zeros(len(known), dtype=bool)
    for kind, (share, pace) in EXTRAS.items():
        chosen = known["kind"].eq(kind).to_numpy() & (rng.random(len(known)) < share)
        extra |= chosen
        rate[chosen] = pace
    first = pd.DataFrame({"person": known.index[shops], "day": known["day"][shops]})
    buyers = shops | extra
    later = _later_orders(world, known[buyers], leaves[buyers].to_numpy(), rate[buyers], rng)
    orders = pd.concat([first, later], ignore_index=True)
    guests = rng.choice(orders["day"], rng.poisson(len(orders) * GUESTS / (1 - GUESTS)))
    orders = pd.concat([orders, pd.DataFrame({"person": -1, "day": world.with_time_of_day(guests, rng)})])
    return orders.sort_values("day", kind="stable", ignore_index=True)


def fill_baskets(world: World, people: pd.DataFrame, orders: pd.DataFrame) -> pd.DataFrame:
    """Draw the lines of every order: order (row number), product, category, quantity, revenue, margin [EUR net]."""
    rng = world.rng("baskets")
    n_lines = 1 + rng.poisson(0.5, len(orders))
    line = pd.DataFrame({"order": np.repeat(orders.index.to_numpy(), n_lines)})
    line["product"] = _chosen_products(world, orders["day"].to_numpy()[line["order"]], rng)
    line = line.drop_duplicates(["order", "product"], ignore_index=True)
    product = PRODUCTS.loc[line["product"]].reset_index(drop=True)
    order = orders.loc[line["order"]].reset_index(drop=True)
    office = people["kind"].eq("office").reindex(order["person"], fill_value=False).to_numpy()
    beans = product["category"].eq("beans").to_numpy()
    line["quantity"] = np.where(beans, 1 + rng.binomial(2, 0.18, len(line)), 1) * np.where(office & beans, 4, 1)
    price = product["price"] * np.where(beans & (order["day"] >= world.price_day), BEANS_RISE, 1)
    price = price.round(2) * np.where(rng.random(len(orders)) < 0.12, 0.9, 1)[line["order"]]  # a code for 10 % off
    line["revenue"] = (line["quantity"] * price).round(2)
    line["margin"] = line["revenue"] * (product["margin"] + rng.normal(0, 0.02, len(line)))
    return line.assign(product=product["product"], category=product["category"])


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


def _later_orders(
    world: World, buyers: pd.DataFrame, leaves: Days, rate: Days, rng: np.random.Generator
) -> pd.DataFrame:
    """Let all buyers order at once, gap by gap, until the last has left or the window ends."""
    keenness = np.concatenate([[0.0], np.cumsum(world.order_season)])  # days as they feel: short ones in December
    calendar = np.arange(world.n_days + 1.0)
    person, now = buyers.index.to_numpy(), buyers["day"].to_numpy()
    until = np.minimum(leaves, world.n_days)
    found = []
    while person.size:
        gap = TERM / rate * rng.gamma(GAP_SHAPE, 1 / GAP_SHAPE, person.size)
        due = np.interp(np.interp(now, calendar, keenness) + gap, keenness, calendar, right=np.inf)
        due = np.maximum(due, np.floor(now) + 1)  # not twice a day, so that the first order stays the first
        stays = due < until
        person, rate, until, now = person[stays], rate[stays], until[stays], due[stays]
        found.append(pd.DataFrame({"person": person, "day": now}))
    later = pd.concat(found, ignore_index=True)
    moments = world.with_time_of_day(later["day"], rng)
    gone = pd.Series(leaves, buyers.index).loc[later["person"]].to_numpy()
    return later.assign(day=np.where(moments < gone, moments, later["day"]))


def _chosen_products(world: World, days: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Row numbers of products, drawn month by month from that month's popularity."""
    months, chosen = world.month_of(days), np.zeros(days.size, dtype=int)
    for month in np.unique(months):
        calendar_month = world.dates[world.month_edges[month]].month - 1
        season = [_SEASONS[name][calendar_month] if name in _SEASONS else 1.0 for name in PRODUCTS["product"]]
        weights = PRODUCTS["popularity"] * season * np.exp(PRODUCTS["trend"] * (month / world.months - 0.5))
        here = months == month
        chosen[here] = rng.choice(len(PRODUCTS), here.sum(), p=weights / weights.sum())
    return chosen


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
    refunds["day"] = world.with_time_of_day(refunds["day"] + rng.integers(3, 22, len(refunds)), rng)
    refunds["order_id"] = refunds["order_id"].str.replace("O-", "R-")
    return refunds[refunds["day"] < world.n_days]
