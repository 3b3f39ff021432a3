"""What is in an order: products, quantities, prices and margins."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmkit.sources.sample.world import World

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


def fill_baskets(world: World, people: pd.DataFrame, orders: pd.DataFrame) -> pd.DataFrame:
    """Draw the lines of every order: order (row number), product, category, quantity, revenue, margin [EUR net]."""
    rng = world.rng("baskets")
    n_lines = 1 + rng.poisson(0.5, len(orders))
    line = pd.DataFrame({"order": np.repeat(orders.index.to_numpy(), n_lines)})
    line["product"] = _choices(world, orders["day"].to_numpy()[line["order"]], rng)
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


def _choices(world: World, days: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Row numbers of products, drawn month by month from that month's popularity."""
    months, chosen = world.month_of(days), np.zeros(days.size, dtype=int)
    for month in np.unique(months):
        calendar_month = world.dates[world.month_edges[month]].month - 1
        season = [_SEASONS[name][calendar_month] if name in _SEASONS else 1.0 for name in PRODUCTS["product"]]
        weights = PRODUCTS["popularity"] * season * np.exp(PRODUCTS["trend"] * (month / world.months - 0.5))
        here = months == month
        chosen[here] = rng.choice(len(PRODUCTS), here.sum(), p=weights / weights.sum())
    return chosen
