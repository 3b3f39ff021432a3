"""Tables by name: the canonical ones that the source has, and those derived from them.

One convention holds the house together: a function's parameter names are the tables it reads. Positional parameters
are tables, one with ``=None`` is optional, keyword-only parameters are switches taken from the settings.
"""

from __future__ import annotations

import inspect
import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from typing import Any

import duckdb
import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
from ibis.common.exceptions import IbisTypeError

from crmkit.errors import CrmkitError, NotMeasured, Problems, UnknownName
from crmkit.periods import Period
from crmkit.settings import Company, Settings
from crmkit.tables.caching.cache import Cache, Memory
from crmkit.tables.caching.memoize import memoize
from crmkit.tables.derived import DERIVED
from crmkit.tables.given import check_names, fault_of, plain_rows
from crmkit.tables.in_turn import backend_of
from crmkit.tables.schema import SCHEMAS, Kind, schema


class Catalog:
    """The tables of one company: canonical and derived, resolved by name.

    Parameters
    ----------
    tables : mapping of str to ibis table
        Canonical tables that the source has; all on one backend.
    settings : Settings
        Supplies the switches, such as ``churn_after_days``.
    provenance : mapping, optional
        What is known of the input: files, hash, counts.
    cache : Cache, optional
        Where results are kept for all programs; those of a store.
    memory : Memory, optional
        Where they are kept otherwise; only for tables that nobody can change. Without either they are computed each time.
    """

    def __init__(
        self,
        tables: Mapping[str, ir.Table],
        settings: Settings | None = None,
        provenance: Mapping[str, Any] | None = None,
        cache: Cache | None = None,
        memory: Memory | None = None,
    ) -> None:
        unknown = [name for name in tables if name not in SCHEMAS]
        if unknown:
            raise UnknownName("table", unknown[0], SCHEMAS)
        self.settings = settings or Settings()
        self.provenance = dict(provenance or {})
        self.cache = cache
        self.memory = memory
        self._canonical = dict(tables)
        self._derived: dict[str, ir.Table] = {}
        self._found_span: tuple[date | None, date | None] | None = None

    def __repr__(self) -> str:
        span = f", {self.data_from} to {self.data_through}" if self.data_through else ""
        return f"<Catalog of {self.settings.company.name}: {', '.join(self.names) or 'no tables'}{span}>"

    @property
    def names(self) -> list[str]:
        """Names of the canonical tables that are there."""
        return list(self._canonical)

    def table(self, name: str) -> ir.Table:
        """Return a canonical or derived table as an Ibis table.

        Raises
        ------
        NotMeasured
            If the source lacks it, or lacks what it is derived from.
        UnknownName
            If there is no table of that name.
        """
        if name in self._canonical:
            return self._canonical[name]
        if name in SCHEMAS:
            raise NotMeasured(name)
        if name not in DERIVED:
            raise UnknownName("table", name, [*SCHEMAS, *DERIVED])
        if name not in self._derived:
            self._derived[name] = self.call(DERIVED[name])
        return self._derived[name]

    def frame(self, name: str) -> pd.DataFrame:
        """Return a table as a pandas frame, one row per row of the table."""
        return self.table(name).execute()

    def with_tables(self, frames: Mapping[str, pd.DataFrame]) -> Catalog:
        """Return a catalog in which frames, such as fresh predictions, stand for the tables of their names.

        They are given the types of their tables and else taken as they are; :func:`crmkit.connect` checks rows, too.

        Raises
        ------
        Problems, UnknownName, CrmkitError
            If a frame lacks the table's columns or types, there is no such table, or the data are in a database.
        """
        memory = None if self.memory is None else Memory()
        return Catalog(self._canonical | laid_over(self, frames), self.settings, self.provenance, memory=memory)

    def call(self, function: Callable[..., Any], **switches: Any) -> Any:
        """Call a function with the tables its parameters name and the switches that the settings hold.

        Raises
        ------
        NotMeasured
            If a table, or a canonical column that the function reads, is missing.
        """
        tables: dict[str, ir.Table | None] = {}
        for name, parameter in inspect.signature(function).parameters.items():
            if parameter.kind is not inspect.Parameter.KEYWORD_ONLY:
                tables[name] = self._table_or_none(name, optional=parameter.default is None)
            elif name not in switches and name in Company.model_fields:
                switches[name] = getattr(self.settings.company, name)
            elif name == "budgets":
                switches[name] = self.settings.budgets
        try:
            return function(**tables, **switches)
        except (AttributeError, IbisTypeError) as error:
            if missing := missing_column(error, tables, self._canonical):
                raise NotMeasured(missing) from None
            if misspelt := misspelt_column(error, tables):
                raise misspelt from None
            raise

    @property
    def data_through(self) -> date | None:
        """Last day with data: the setting, else the day of the latest order, answer, lead, ...

        Paid terms count only where there is nothing else, as they may be booked ahead.
        """
        return self.settings.data.through or self._span[1]

    @property
    def data_from(self) -> date | None:
        """First day with data."""
        return self._span[0]

    def days_so_far(self, period: Period) -> int | None:
        """Return how many days of a period have data, if it is still running; None if it is over or not begun [days]."""
        through = self.data_through
        if through is None or not period.start <= through < period.end - timedelta(days=1):
            return None
        return (through - period.start).days + 1

    @property
    def _span(self) -> tuple[date | None, date | None]:
        if self._found_span is None:  # no cached_property: up to Python 3.11 threads wait in one for all catalogs
            rows = memoize(self, _bounds).itertuples(index=False, name=None)
            days = {name: (pd.Timestamp(first).date(), pd.Timestamp(last).date()) for name, first, last in rows}
            self._found_span = whole_span(days)
        return self._found_span

    def _table_or_none(self, name: str, optional: bool) -> ir.Table | None:
        try:
            return self.table(name)
        except NotMeasured:
            if optional:
                return None
            raise


def _bounds(catalog: Catalog) -> pd.DataFrame:
    """First and last moment of each dated table that has one."""
    rows = []
    for name, clock in dated({name: catalog.table(name) for name in catalog.names}).items():
        table = catalog.table(name)
        at = table[clock]  # as it stands: a Parquet file and an index know its bounds
        bounds = table.aggregate(first=at.min(), last=at.max()).execute().iloc[0]
        if bounds.notna().all():
            rows.append((name, pd.Timestamp(bounds["first"]), pd.Timestamp(bounds["last"])))
    return pd.DataFrame(rows, columns=["table", "first", "last"])


# Which column a function has asked for in vain: one that the data lack, or one that there is not.


_NOT_FOUND = re.compile(r"Column '(\w+)' is not found in table")


def missing_column(
    error: AttributeError | IbisTypeError, tables: Mapping[str, ir.Table | None], canonical: Mapping[str, ir.Table]
) -> str | None:
    """Return "table.column" if the error is a canonical column that the data lack, else None.

    Of a derived table it is one that a canonical table behind it would have brought along.
    """
    if isinstance(error, AttributeError):
        if not isinstance(error.obj, ir.Table):
            return None
        column, read = error.name, [name for name, table in tables.items() if table is error.obj]
    else:  # table["margin"] and select("margin"): Ibis names the column in its sentence only
        met = _NOT_FOUND.match(str(error))
        column, read = met[1] if met else None, []
    for name in read or tables:
        table = tables[name]
        if name in SCHEMAS and table is not None and column in SCHEMAS[name].names and column not in table.columns:
            return f"{name}.{column}"
        if name in DERIVED and table is not None and column not in table.columns:
            for origin in inspect.signature(DERIVED[name]).parameters:
                there = origin in canonical and column in canonical[origin].columns
                if origin in SCHEMAS and column in SCHEMAS[origin].names and not there:
                    return f"{origin}.{column}"
    return None


def misspelt_column(error: AttributeError | IbisTypeError, tables: Mapping[str, ir.Table | None]) -> UnknownName | None:
    """Return the error to raise if a column was read that neither the table nor its schema has."""
    present = {name: table for name, table in tables.items() if table is not None}
    columns = {name: table.columns for name, table in present.items()}
    for name, table in present.items():
        if isinstance(error, AttributeError) and error.obj is table:
            return UnknownName(f"column of {name}", str(error.name), columns[name])
    return None


# Tables that were computed just now, laid over those of a catalog.


_TYPES: dict[Kind, str] = {
    "id": "string",
    "text": "string",
    "timestamp": "timestamp(6)",
    "date": "date",
    "money": "float64",
    "number": "float64",
    "integer": "int64",
    "flag": "boolean",
}


def typed(frame: pd.DataFrame, table: str, time_zone: str = "UTC") -> pd.DataFrame:
    """Return the canonical columns of a frame, in the order and with the types of their table.

    Times that have a zone become those of ``time_zone``, the company's.

    Raises
    ------
    Problems
        With every required column that is missing and every one whose values are of another kind.

    Examples
    --------
    >>> typed(pd.DataFrame({"value": [3], "customer_id": [7]}), "customer_scores")
    Traceback (most recent call last):
    crmkit.errors.Problems: Table 'customer_scores' has 3 problems:
      - as_of is missing.
      - model is missing.
      - model_version is missing.
    """
    known = schema(table)
    problems = [f"{name} is missing." for name in known.required if name not in frame]
    columns = {}
    for column in known.columns:
        if column.name in frame:
            try:
                columns[column.name] = _as(column.kind, frame[column.name], time_zone)
            except (TypeError, ValueError):
                met = "" if known.personal else _met(column.kind, frame[column.name], time_zone)
                problems.append(f"{column.name} holds something else than it must: {column.meaning}{met}.")
    if problems:
        raise Problems(f"Table '{table}'", problems)
    return pd.DataFrame(columns).reset_index(drop=True)


def laid_over(catalog: Catalog, frames: Mapping[str, pd.DataFrame]) -> dict[str, ir.Table]:
    """Return each frame as an Ibis table beside the catalog's own, where queries can join them.

    Raises
    ------
    CrmkitError
        If the tables are in a database, where a reader may make none.
    Problems, UnknownName
        See :func:`typed`.
    """
    backend = catalog.table(catalog.names[0]).get_backend() if catalog.names else backend_of(duckdb.connect())
    if backend.name != "duckdb":
        raise CrmkitError(
            "Tables cannot be laid over those of a database, of which crmkit is a reader only. Take the frames: "
            "ck.connect({name: catalog.frame(name) for name in catalog.names})."
        )
    tables = {}
    for name, rows in _all_typed(frames, catalog.settings.company.time_zone).items():
        kinds = {column: _TYPES[schema(name).column(column).kind] for column in map(str, rows)}
        own = f"{name}_{secrets.token_hex(4)}"  # the table of that name may be there already
        tables[name] = backend.create_table(own, rows, schema=ibis.schema(kinds), temp=True)
    return tables


def _all_typed(frames: Mapping[str, pd.DataFrame], time_zone: str) -> dict[str, pd.DataFrame]:
    """Return the canonical rows of each frame; what is wrong with any of them is told together."""
    check_names(frames)
    rows, faults = {}, []
    for name, frame in frames.items():
        if fault := fault_of(frame):
            faults.append(Problems(f"Table '{name}'", [f"{fault}."]))
            continue
        try:
            rows[name] = typed(plain_rows(frame), name, time_zone)
        except Problems as found:
            faults.append(found)
    if len(faults) > 1:
        every = [f"{found.subject}: {problem}" for found in faults for problem in found.problems]
        raise Problems("The dictionary of frames", every)
    if faults:
        raise faults[0]
    return rows


def _met(kind: Kind, values: pd.Series, time_zone: str) -> str:
    """Return the first value that cannot be read, in brackets; none if each can, but not all together."""
    while len(values) > 1:  # by halves: one bad value of a million is found in twenty steps
        half, rest = (values.iloc[places] for places in np.array_split(np.arange(len(values)), 2))
        values = rest if _is_readable(kind, half, time_zone) else half
    return "" if _is_readable(kind, values, time_zone) else f" (met: {values.iloc[0]!r:.60})"


def _is_readable(kind: Kind, values: pd.Series, time_zone: str) -> bool:
    try:
        _as(kind, values, time_zone)
    except (TypeError, ValueError):
        return False
    return True


def _as(kind: Kind, values: pd.Series, time_zone: str) -> pd.Series:
    if kind in ("id", "text"):
        return _whole(values).astype("string")
    if kind in ("timestamp", "date"):
        times = pd.to_datetime(values)
        local = times if times.dt.tz is None else times.dt.tz_convert(time_zone).dt.tz_localize(None)
        return local.dt.floor("us") if kind == "timestamp" else local.dt.date.astype(object)
    if kind == "flag":
        return values.astype("boolean")
    with np.errstate(invalid="ignore"):  # that a number is too large for an integer is told as an error
        return pd.to_numeric(values).astype("Int64" if kind == "integer" else float)


def _whole(values: pd.Series) -> pd.Series:
    """Return numbers that are all whole as such: an id that pandas has made 7.0, since others are missing, is "7"."""
    if pd.api.types.is_float_dtype(values) and (values.dropna() % 1 == 0).all():
        return values.astype("Int64")
    return values


# From which day to which the tables of a company reach, all of them together.


# By the workbook, after the data ended.
_WRITTEN_HERE = {
    "treatments",
    "customer_scores",
    "segment_assignments",
    "text_sentiments",
}
#: Paid terms begin and end when they like, after the last day of the data too.
BOOKED_AHEAD = "subscription_terms"


def dated(names: Iterable[str]) -> dict[str, str]:
    """Return the time column of each table whose rows say how far the data reach.

    Examples
    --------
    >>> dated(["orders", "customer_scores"])
    {'orders': 'ordered_at'}
    """
    clocks = {name: SCHEMAS[name].clock for name in names if name not in _WRITTEN_HERE}
    return {name: clock for name, clock in clocks.items() if clock is not None}


def whole_span(days: Mapping[str, tuple[date, date]]) -> tuple[date | None, date | None]:
    """Return the first and the last day of all tables; paid terms say how far the data reach only if they are all there is.

    Parameters
    ----------
    days : mapping of str to (date, date)
        First and last day of each table that has any.

    Examples
    --------
    >>> terms, orders = (date(2026, 1, 1), date(2027, 1, 1)), (date(2026, 2, 1), date(2026, 10, 31))
    >>> whole_span({"subscription_terms": terms, "orders": orders})
    (datetime.date(2026, 1, 1), datetime.date(2026, 10, 31))
    """
    last = {name: last for name, (_, last) in days.items() if name != BOOKED_AHEAD}
    last = last or {name: last for name, (_, last) in days.items()}
    return min((first for first, _ in days.values()), default=None), max(last.values(), default=None)
