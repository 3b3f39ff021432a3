"""Who is a customer on a day, in plain pandas: an order counts for 90 days, a paid term from its first day to its last."""

import pandas as pd

DAYS = 90


def stretches(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return one row per order and term: customer_id, first and after (the first day without activity)."""
    orders = tables["orders"].dropna(subset=["customer_id"]).query("revenue > 0")
    on = orders["ordered_at"].dt.normalize()
    bought = pd.DataFrame({"customer_id": orders["customer_id"], "first": on, "after": on + pd.Timedelta(days=DAYS)})
    terms = tables["subscription_terms"]
    paid = pd.DataFrame(
        {
            "customer_id": terms["customer_id"],
            "first": terms["starts_at"].dt.normalize(),
            "after": terms["ends_at"].dt.normalize(),
        }
    )
    return pd.concat([bought, paid[paid["first"] < paid["after"]]], ignore_index=True)


def active_on(tables: dict[str, pd.DataFrame], day: str) -> set[str]:
    """Return the customers who are active on a day."""
    rows, at = stretches(tables), pd.Timestamp(day)
    return set(rows.loc[(rows["first"] <= at) & (rows["after"] > at), "customer_id"])


def new_in(tables: dict[str, pd.DataFrame], month: str) -> set[str]:
    """Return the customers whose first activity of all is in a month."""
    first = stretches(tables).groupby("customer_id")["first"].min()
    return set(first.index[first.dt.strftime("%Y-%m") == month])
