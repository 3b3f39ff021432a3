"""A small firm's spending and orders by campaign, for numbers worked by hand."""

import pandas as pd


def costs_of(*rows: tuple) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["spent_at", "amount", "purpose", "category", "channel", "campaign"])
    return frame.assign(spent_at=pd.to_datetime(frame["spent_at"]))


def orders_of(*rows: tuple) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["ordered_at", "revenue", "margin", "customer_id", "campaign"])
    ids = [str(place) for place in range(len(frame))]
    return frame.assign(
        ordered_at=pd.to_datetime(frame["ordered_at"]), order_id=ids, campaign=frame["campaign"].astype("string")
    )


COSTS = costs_of(
    ("2026-10-02", 300.0, "acquisition", "media", "search", "beans"),
    ("2026-10-03", 100.0, "acquisition", "media", "social", "reels"),
    ("2026-10-27", 200.0, "acquisition", "staff", None, None),
    ("2026-10-28", 999.0, "retention", "staff", None, None),
)
