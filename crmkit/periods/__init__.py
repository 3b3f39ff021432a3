"""Calendar periods written as text: "2026-10", "2026-Q4", "2026-W43", "2026", "FY2026", "2026-03-01..2026-03-15"."""

from crmkit.periods.grains import CALENDAR_GRAINS, Grain, blocks_of
from crmkit.periods.parsing import parse_period, parse_periods
from crmkit.periods.period import MONTH_NAMES, Period, day_in_words, days_in_words

__all__ = [
    "CALENDAR_GRAINS",
    "MONTH_NAMES",
    "Grain",
    "Period",
    "blocks_of",
    "day_in_words",
    "days_in_words",
    "parse_period",
    "parse_periods",
]
