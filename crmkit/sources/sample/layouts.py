"""How the firm's tools write their exports: headers, delimiters, decimal marks and dates of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from crmkit.tables.schema import schema

TIME_ZONE = "Europe/Berlin"


@dataclass(frozen=True)
class Layout:
    """The layout of one export file.

    Attributes
    ----------
    name, table : str
        The file without ``.csv``, and the canonical table whose rows it holds.
    headers : mapping of str to str
        Canonical column to header, in the order of the file; empty for the canonical layout.
    delimiter, decimal, encoding, date_format : str
    time_zone : str or None
        Zone of its times, if not the company's.
    note : str
        What crmkit.toml says about it.
    category : tuple of str
        For costs: the categories that are booked in this file.
    """

    name: str
    table: str
    headers: Mapping[str, str] = field(default_factory=dict)
    delimiter: str = ","
    decimal: str = "."
    encoding: str = "utf-8"
    date_format: str = "%Y-%m-%d %H:%M:%S"
    time_zone: str | None = None
    note: str = ""
    category: tuple[str, ...] = ()

    def text(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Write the rows as this file does: every value as text, "" where there is none; text stays as it is."""
        names = list(self.headers) or list(schema(self.table).names)
        kinds = {name: schema(self.table).column(name).kind for name in names}
        written = {self.headers.get(name, name): self._column(rows[name], kinds[name]) for name in names}
        return pd.DataFrame(written)

    def _column(self, values: pd.Series, kind: str) -> pd.Series:
        ready = values.map(lambda value: isinstance(value, str))  # dirt is text already
        good = values[~ready & values.notna()]
        written = values.where(ready, "").astype(object)
        if kind in ("timestamp", "date"):
            written[good.index] = self._moments(good.astype("datetime64[us]"), kind)
        elif kind == "money":
            written[good.index] = [f"{value:.2f}".replace(".", self.decimal) for value in good]
        elif kind in ("number", "integer"):
            written[good.index] = [f"{value:g}".replace(".", self.decimal) for value in good]
        elif kind == "flag":
            written[good.index] = ["true" if value else "false" for value in good]
        return written

    def _moments(self, moments: pd.Series, kind: str) -> pd.Series:
        if self.time_zone:
            moments = moments.dt.tz_localize(TIME_ZONE).dt.tz_convert(self.time_zone)
        return moments.dt.strftime(self.date_format.split(" ")[0] if kind == "date" else self.date_format)


FOREIGN = (
    Layout(
        "shop_orders",
        "orders",
        {
            "order_id": "Order",
            "ordered_at": "Created at",
            "revenue": "Total net",
            "customer_id": "Customer",
            "margin": "Margin",
            "channel": "Sales channel",
            "campaign": "Campaign",
        },
        delimiter=";",
        decimal=",",
        date_format="%d.%m.%Y %H:%M:%S",
        note="The shop writes for German spreadsheets: semicolons, decimal commas, the day first.",
    ),
    Layout(
        "shop_order_lines",
        "order_lines",
        {"order_id": "Order", "product": "Item", "category": "Group", "quantity": "Qty", "revenue": "Net amount"},
        delimiter=";",
        decimal=",",
    ),
    Layout(
        "survey_tool",
        "survey_responses",
        {
            "response_id": "Response ID",
            "responded_at": "Completed (UTC)",
            "survey": "Question",
            "score": "Answer",
            "scale_min": "Lowest",
            "scale_max": "Highest",
            "low_is_good": "Reversed",
            "touchpoint": "Touchpoint",
            "comment": "Comment",
            "language": "Language",
            "weight": "Weight",
            "customer_id": "Respondent",
        },
        time_zone="UTC",
        note="The survey tool writes its times in UTC; time_zone below says so, and crmkit converts them.",
    ),
    Layout(
        "crm_opportunities",
        "deals",
        {
            "deal_id": "Opportunity",
            "created_at": "Created",
            "closed_at": "Closed",
            "won": "Won",
            "amount": "Amount",
            "stage": "Stage",
            "owner": "Owner",
            "channel": "Lead source",
            "product": "Product",
            "lead_id": "Lead",
            "customer_id": "Account",
        },
        delimiter="|",
        encoding="latin-1",
        date_format="%m/%d/%Y %H:%M:%S",
        note="The CRM writes upright bars, the month first, and an old character set.",
    ),
    Layout(
        "media_costs",
        "costs",
        {"spent_at": "Day", "channel": "Channel", "campaign": "Campaign", "amount": "Spend"},
        date_format="%Y-%m-%d",
        category=("media",),
    ),
    Layout(
        "staff_costs",
        "costs",
        {
            "spent_at": "Booked on",
            "category": "Cost type",
            "purpose": "Purpose",
            "channel": "Channel",
            "campaign": "Campaign",
            "amount": "Net amount",
        },
        delimiter=";",
        decimal=",",
        date_format="%d.%m.%Y",
        category=("staff", "software", "training", "mailings", "fairs", "gifts", "referral bonus"),
    ),
)

COSTS_SQL = """
SELECT CAST("Day" AS TIMESTAMP) AS spent_at, TRY_CAST("Spend" AS DOUBLE) AS amount, 'acquisition' AS purpose,
       'media' AS category, "Channel" AS channel, "Campaign" AS campaign
FROM media_costs
UNION ALL
SELECT strptime("Booked on", '%d.%m.%Y'), TRY_CAST(replace("Net amount", ',', '.') AS DOUBLE), "Purpose",
       "Cost type", "Channel", "Campaign"
FROM staff_costs
"""


def layouts(tables: Mapping[str, pd.DataFrame]) -> tuple[Layout, ...]:
    """The layouts of all files: the foreign ones, and the canonical one for every other table."""
    mapped = {layout.table for layout in FOREIGN}
    return FOREIGN + tuple(Layout(name, name) for name in tables if name not in mapped)
