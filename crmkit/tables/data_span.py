"""From which day to which the tables of a company reach, each of them and all together.

A table reaches to its latest event in any of its time columns that is known on the day of the export: a deal that was won,
an answer, a loss. What is agreed or expected beforehand, such as the end of a paid term, shows nothing by itself;
:mod:`crmkit.tables.terms_reach` says what it can show.

No Ibis and no frames here: the summary of a store uses it before either is imported.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from crmkit.tables.schema import PREDICTED, SCHEMAS

#: Paid terms may begin and end after the last day of the data.
BOOKED_AHEAD = "subscription_terms"
_WRITTEN_BY_CRMKIT = {"treatments", *PREDICTED}  # after the end of the data
#: Moments that are agreed beforehand.
_AGREED = {(BOOKED_AHEAD, "ends_at"), ("treatments", "ends_at")}
#: Moments that may be expected ones until another column says what came of it.
_TOLD_BY = {("deals", "closed_at"): "won", ("treatments", "outcome_at"): "value"}


@dataclass(frozen=True)
class TableSpan:
    """From when to when a table reaches.

    Attributes
    ----------
    first, last : date or None
        Day of its earliest and of its latest row, by the column that dates its rows; None for a table that has none.
    known : date or None
        Day of the latest event in its other time columns.
    """

    first: date | None = None
    last: date | None = None
    known: date | None = None

    @property
    def end(self) -> date | None:
        """The later of the last row and the last event."""
        return max((on for on in (self.last, self.known) if on is not None), default=None)


def time_columns(names: Iterable[str]) -> dict[str, str]:
    """Return the time column of each table whose rows show how far the data reach.

    Examples
    --------
    >>> time_columns(["orders", "customer_scores"])
    {'orders': 'ordered_at'}
    """
    clocks = {name: SCHEMAS[name].clock for name in names if name not in _WRITTEN_BY_CRMKIT}
    return {name: clock for name, clock in clocks.items() if clock is not None}


def event_columns(name: str, columns: Collection[str]) -> dict[str, str | None]:
    """Return the time columns of a table, beside the one that dates its rows, that show how far its data reach.

    Parameters
    ----------
    name : str
        Of a canonical table.
    columns : collection of str
        The columns that it has.

    Returns
    -------
    dict of str to str or None
        By name of the column another one that must be known too; None if there is none.

    Examples
    --------
    >>> event_columns("deals", ["deal_id", "created_at", "closed_at", "won"])
    {'closed_at': 'won'}
    """
    if name in PREDICTED or SCHEMAS[name].personal:
        return {}
    found = {}
    for column in SCHEMAS[name].columns:
        is_event = column.kind in ("timestamp", "date") and not column.required and (name, column.name) not in _AGREED
        told_by = _TOLD_BY.get((name, column.name))
        if is_event and {column.name, told_by or column.name} <= set(columns):
            found[column.name] = told_by
    return found


def data_span(spans: Mapping[str, TableSpan]) -> tuple[date | None, date | None]:
    """Return the first and the last day of all tables.

    Where there is anything else, the starts of paid terms, which may be booked ahead, do not count. Where nothing but other
    moments is known, as in a list of customers, the first day is not.

    Parameters
    ----------
    spans : mapping of str to TableSpan

    Examples
    --------
    >>> terms = TableSpan(date(2026, 1, 1), date(2027, 1, 1), known=date(2026, 9, 10))
    >>> orders = TableSpan(date(2026, 2, 1), date(2026, 10, 31))
    >>> data_span({"subscription_terms": terms, "orders": orders})
    (datetime.date(2026, 1, 1), datetime.date(2026, 10, 31))
    """
    firsts = [span.first for name, span in spans.items() if span.first and name not in _WRITTEN_BY_CRMKIT]
    lasts = [span.last for name, span in spans.items() if span.last and name not in (BOOKED_AHEAD, *_WRITTEN_BY_CRMKIT)]
    if not lasts:
        lasts = [span.last for span in spans.values() if span.last]
        firsts = firsts or [span.first for span in spans.values() if span.first]
    known = [span.known for span in spans.values() if span.known]
    return min(firsts, default=None), max([*lasts, *known], default=None)


def day_of_undated(provenance: Mapping[str, Any]) -> date | None:
    """Return the day of the load, as of which rows without any date are known; None if there is no row.

    Parameters
    ----------
    provenance : mapping
        What the manifest says of the input.

    Examples
    --------
    >>> day_of_undated({"n_rows": 60, "loaded_at": "2026-10-31T08:15:00+00:00"})
    datetime.date(2026, 10, 31)
    """
    loaded_at = provenance.get("loaded_at")
    return date.fromisoformat(str(loaded_at)[:10]) if loaded_at and provenance.get("n_rows") else None
