"""The crmkit.toml of the sample company: the first one that users read, so it explains itself."""

from __future__ import annotations

from crmkit.periods import Period
from crmkit.sources.sample.layouts import COSTS_SQL, FOREIGN, TIME_ZONE, Layout

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
