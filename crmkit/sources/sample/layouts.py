"""How the sample company's tools write their exports (headers, delimiters, decimal marks, dates), and its crmkit.toml.

The crmkit.toml maps these layouts. It is the first settings file that users read, so it explains itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from crmkit.periods import Period
from crmkit.tables.schema import schema

TIME_ZONE = "Europe/Berlin"
COSTS_SQL = """
SELECT CAST("Day" AS TIMESTAMP) AS spent_at, TRY_CAST("Spend" AS DOUBLE) AS amount, 'acquisition' AS purpose,
       'media' AS category, "Channel" AS channel, "Campaign" AS campaign
FROM media_costs
UNION ALL
SELECT strptime("Booked on", '%d.%m.%Y'), TRY_CAST(replace("Net amount", ',', '.') AS DOUBLE), "Purpose",
       "Cost type", "Channel", "Campaign"
FROM staff_costs
"""
_HEAD = """\
# Settings of Kaldi Coffee, the invented company that crmkit comes with. Copy this file to begin your own:
# only [company] matters at first, everything else can be left out.

[company]
name = "Kaldi Coffee"
currency = "EUR"               # of every amount; crmkit does not convert
time_zone = "{time_zone}"    # months begin and end at midnight here
fiscal_year_start = 1          # month number
churn_after_days = 90          # who has not ordered for so many days is lost; subscribers are when their term ends

[data]
exports = "exports"            # folders beside this file
store = "store"
reports = "reports"
through = {through}           # the exports are complete up to this day; leave it out to take the last day found

[value]
margin_rate = 0.40             # of revenue, where the data hold no margin: here of subscriptions

# Targets hold from a day on, until a later one for the same metric takes over. Shares are written 0 to 1.
# `crmkit glossary` lists the metrics and their units.

[[targets]]
metric = "nps"
value = 30
from = {last_year}-01-01
"""
_TARGETS = (
    ("nps", "35", "raised for this year"),
    ("csat", "0.80", ""),
    ("churn_rate", "0.06", ""),
    ("customer_acquisition_cost", "35", "EUR per new customer"),
    ("average_order_value", "39", "EUR net of tax"),
    ("new_customers", "160", "a month; of other periods their part"),
    ("lead_conversion", "0.22", ""),
    ("sales_cycle", "30", "days from deal to signature"),
)
_BUDGETS = """
# What may be spent on winning customers, a month unless per = "week", "quarter" or "year" says otherwise: in all, and
# on a channel. The page on acquisition sets what was spent against it.

[[budgets]]
amount = {whole}
from = {year}-01-01

[[budgets]]
channel = "paid social"
amount = {social}
from = {year}-01-01
"""
_LIMITS = """
# A change smaller than this does not matter to us, in the metric's unit. Where the data could not even show a change
# of this size, the report says "too few to tell".
[smallest_change_that_matters]
nps = 8
churn_rate = 0.01

# Files whose layout is not crmkit's own. A file named after a table, with the table's column names as headers, needs
# no entry here: tickets.csv, leads.csv, web_traffic.csv and the others are read as they are.
"""
_COSTS = '''
# Costs come from two files: the ads accounts by day and campaign, the books by cost type. SQL over the files, by their
# names above, makes one table of them. In SQL every column is text, so cast; TRY_CAST leaves a value that is no number
# empty, and crmkit then sets the row aside and says so.
[tables.costs]
sql = """{sql}"""
'''


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
        names = list(self.headers) or [name for name in schema(self.table).names if name in rows]
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


def layouts(tables: Mapping[str, pd.DataFrame]) -> tuple[Layout, ...]:
    """The layouts of all files: the foreign ones, and the canonical one for every other table."""
    mapped = {layout.table for layout in FOREIGN}
    return FOREIGN + tuple(Layout(name, name) for name in tables if name not in mapped)


def settings_text(last_month: str) -> str:
    """Write crmkit.toml for a company whose last month with data is ``last_month``."""
    month = Period.parse(last_month)
    last_day = f"{month.start:%Y-%m}-{month.n_days}"
    head = _HEAD.format(time_zone=TIME_ZONE, through=last_day, last_year=month.start.year - 1)
    targets = "".join(_target(*target, year=month.start.year) for target in _TARGETS)
    budgets = _BUDGETS.format(whole=5500, social=1800, year=month.start.year)
    files = "".join(_file(layout) for layout in FOREIGN)
    tables = "".join(_table(layout) for layout in FOREIGN if not layout.category)
    return head + targets + budgets + _LIMITS + files + tables + _COSTS.format(sql=COSTS_SQL)


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


def _target(metric: str, value: str, unit: str, year: int) -> str:
    remark = f"  # {unit}" if unit else ""
    per = 'per = "month"                  # in quarters and years more is lost\n' if metric == "churn_rate" else ""
    return f'\n[[targets]]\nmetric = "{metric}"\nvalue = {value}{remark}\n{per}from = {year}-01-01\n'


def _file(layout: Layout) -> str:
    lines = [f"\n# {layout.note}"] if layout.note else [""]
    lines += [f"[files.{layout.name}]", f'path = "{layout.name}.csv"']
    if layout.delimiter != ",":
        lines.append(f'delimiter = "{layout.delimiter}"')
    if layout.encoding != "utf-8":
        lines.append(f'encoding = "{layout.encoding}"')
    if layout.decimal != ".":
        lines.append(f'decimal = "{layout.decimal}"')
    if not layout.date_format.startswith("%Y"):
        lines.append(f'date_format = "{layout.date_format}"')
    return "\n".join(lines) + "\n"


def _table(layout: Layout) -> str:
    lines = [f"\n[tables.{layout.table}]", f'file = "{layout.name}"']
    if layout.time_zone:
        lines.append(f'time_zone = "{layout.time_zone}"')
    lines.append(f"[tables.{layout.table}.columns]")
    lines += [f'{column} = "{header}"' for column, header in layout.headers.items()]
    return "\n".join(lines) + "\n"
