"""The pictures of the page about segments: where customers stand, and who moved where."""

from __future__ import annotations

import pandas as pd

from crmkit.insights.segments import last_days, moves_of, page_model
from crmkit.metrics.nouns import counted
from crmkit.metrics.wording import in_words
from crmkit.periods import Period, day_in_words
from crmkit.predictions.migration import NEW
from crmkit.predictions.segment_features import customers_on
from crmkit.predictions.segment_moves import DIRECTIONS, flow, ladder, move_totals
from crmkit.predictions.segments import segments_on
from crmkit.reporting.cell_words import rounded_together
from crmkit.reporting.figures import figure
from crmkit.reporting.markup import Fragment
from crmkit.reporting.tables import table
from crmkit.tables.catalog import Catalog

_NOTHING = Fragment("", "no section")


def segment_map(book: Catalog, period: Period) -> Fragment:
    """Return the map of customers: how long ago each ordered and what she brought, by segment; nothing with one segment.

    Parameters
    ----------
    book : Catalog
    period : Period
    """
    from crmkit.plots import plot_segment_map

    day = last_days(book, period)[1]
    model = page_model(book, day)
    customers = customers_on(book, day).join(segments_on(book, day, model).rename("segment"))
    order = ladder(book, day, model)
    if len(order) < 2:
        return _NOTHING
    customers = customers.sort_values("segment", key=lambda names: names.map(order.index), kind="stable")
    customers = customers.groupby("segment", sort=False)[["days_since_order", "revenue"]].apply(_spread_out)
    customers = customers.reset_index("segment")
    groups = customers.groupby("segment", sort=False)
    middle = groups[["days_since_order", "revenue"]].median().assign(n=groups.size()).reset_index()
    best, last = middle.iloc[0], middle.iloc[-1]
    currency = book.settings.company.currency
    brings = in_words(best["revenue"], "money", currency=currency)
    title = f"The middle one of “{best['segment']}” ordered {_ago(best)} and brings {brings} a year"
    alt = (f"Map of {counted(len(customers), 'customers')} by time since the last order and revenue of 365 days. {title}; "
           f"“{last['segment']}” ordered {_ago(last)}.")  # fmt: skip
    return figure(
        plot_segment_map(customers, currency=currency), title,
        f"Each dot is a customer on {day_in_words(day)}, placed by two of the numbers that make her segment; a name stands "
        "at the middle customer of the segment.", alt=alt, data=middle,
        caption="A projection: segments that overlap here may differ in how often their customers order.",
        units={"days_since_order": "days", "revenue": "money", "n": "count"}, settings=book.settings,
    )  # fmt: skip


def segment_flow_chart(book: Catalog, period: Period) -> Fragment:
    """Return how customers flowed between segments in a period; nothing where there was only one.

    Parameters
    ----------
    book : Catalog
    period : Period
    """
    from crmkit.plots import plot_segment_flow

    day = last_days(book, period)[1]
    moves = moves_of(book, period)
    whole, order = flow(moves), ladder(book, day, page_model(book, day))
    if not _are_several(moves):
        return _NOTHING
    counts = moves["direction"].value_counts()
    up, down = int(counts.get("up", 0)), int(counts.get("down", 0))
    title = (
        f"{counted(up, 'customers')} upgraded, {down:,} slid".capitalize()
        if up or down
        else "Nobody upgraded and nobody slid"
    )
    most = whole[whole["from"] != whole["to"]].nlargest(1, "n")
    told = "".join(
        f" Most moved from “{row['from']}” to “{row['to']}”: {row['n']:,}." for row in most.to_dict("records")
    )
    return figure(
        plot_segment_flow(whole, order), title,
        f"Customers by segment on the eve of {period.label} (left) and on its last day (right). Green went up, red down, "
        "blue ordered for the first time, the pale bands stayed.", alt=f"Flow between segments in {period.label}: {title}.{told}",
        data=whole.assign(direction=whole["direction"].map(DIRECTIONS)), units={"n": "count", "gained": "money"},
        settings=book.settings,
    )  # fmt: skip


def move_total_table(book: Catalog, period: Period) -> Fragment:
    """Return what upgrades and slides brought and cost; nothing where there was only one segment.

    Parameters
    ----------
    book : Catalog
    period : Period
    """
    moves = moves_of(book, period)
    if not _are_several(moves):
        return _NOTHING
    totals = move_totals(moves)
    shown = totals.assign(direction=totals["direction"].map(DIRECTIONS))
    amounts = ["gained", "low", "high"]
    shown[amounts] = [rounded_together(*row) for row in shown[amounts].itertuples(index=False)]
    return table(
        shown, "What the moves brought and cost",
        subtitle=f"Change of these customers' revenue of 365 days in {period.label}, with 95 % interval.",
        caption="Who slides brings less in the months after it, too: a year's revenue falls late.",
        units={"n": "count", "gained": "money", "low": "money", "high": "money"}, settings=book.settings,
        labels={"direction": "Customers who", "n": "Customers", "gained": "Revenue gained"},
    )  # fmt: skip


def _are_several(moves: pd.DataFrame) -> bool:
    """Return whether there is more than one segment to move between."""
    return len({*moves["from"], *moves["to"]} - {NEW}) > 1


def _spread_out(customers: pd.DataFrame) -> pd.DataFrame:
    """Return the customers in an order in which every so-manieth is a fair sample."""
    return customers.sort_values(["days_since_order", "revenue"])


def _ago(row: pd.Series) -> str:
    days = int(row["days_since_order"])
    return "today" if days == 0 else f"{counted(days, 'days')} ago"
