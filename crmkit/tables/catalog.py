"""Tables by name: the canonical ones that the source has, and those derived from them.

One convention holds throughout: a function's parameter names are the tables it reads. Positional parameters are
tables, one with ``=None`` is optional, keyword-only parameters are switches taken from the settings.
"""

from __future__ import annotations

import inspect
import re
import secrets
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

import duckdb
import ibis
import ibis.expr.types as ir
import pandas as pd
from ibis.common.exceptions import IbisTypeError

from crmkit.errors import CrmkitError, NotMeasured, UnknownName
from crmkit.periods import Period
from crmkit.settings import Company, Settings
from crmkit.tables.caching.cache import Cache, Memory
from crmkit.tables.caching.memoize import memoize
from crmkit.tables.conditions import Condition, Where, condition_of
from crmkit.tables.connection_lock import locked_backend
from crmkit.tables.data_span import BOOKED_AHEAD, TableSpan, data_span, day_of_undated, event_columns
from crmkit.tables.derived import DERIVED
from crmkit.tables.expressions import constant_day, day, union
from crmkit.tables.reach import members, named_in, narrowed_tables
from crmkit.tables.schema import SCHEMAS, Kind, schema
from crmkit.tables.terms_reach import LATEST, terms_in_doubt, terms_reach
from crmkit.tables.validate import typed_frames

_IBIS_TYPES: dict[Kind, str] = {
    "id": "string",
    "text": "string",
    "timestamp": "timestamp(6)",
    "date": "date",
    "money": "float64",
    "number": "float64",
    "integer": "int64",
    "flag": "boolean",
}
_COLUMN_NOT_FOUND = re.compile(r"Column '(\w+)' is not found in table")


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
        Keeps results on disk for all programs; only for a catalog opened from a store.
    memory : Memory, optional
        Keeps results in this program; only for tables that no other program can change. Without either, results are
        computed each time.
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
        self._found_spans: dict[str, TableSpan] | None = None
        self._found_end: list[date | None] = []
        self._narrowed_from: Catalog | None = None
        self._lacking: dict[str, str] = {}
        self._members: frozenset[str] | None = None
        self._narrowed: dict[str, Catalog] = {}
        self.condition: Condition | None = None

    def __repr__(self) -> str:
        span = f", {self.data_from} to {self.data_through}" if self.data_through else ""
        where = f", where {self.condition}" if self.condition else ""
        return f"<Catalog of {self.settings.company.name}: {', '.join(self.names) or 'no tables'}{span}{where}>"

    @property
    def names(self) -> list[str]:
        """Names of the canonical tables that the source has."""
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
            raise NotMeasured(self._lacking.get(name, name))
        if name not in DERIVED:
            raise UnknownName("table", name, [*SCHEMAS, *DERIVED])
        if name not in self._derived:
            self._derived[name] = self.call(DERIVED[name])
        return self._derived[name]

    def frame(self, name: str) -> pd.DataFrame:
        """Return a table as a pandas frame, one row per row of the table."""
        return self.table(name).execute()

    def with_tables(self, frames: Mapping[str, pd.DataFrame]) -> Catalog:
        """Return a catalog in which frames, such as new predictions, take the place of the tables of their names.

        They are converted to the types of their tables and their rows are not checked, as :func:`crmkit.connect` does.

        Raises
        ------
        Problems, UnknownName, CrmkitError
            If a frame lacks the table's columns or types, there is no such table, or the data are in a database.
        """
        if self.condition is not None:
            return self.whole.with_tables(frames).where(self.condition)
        memory = None if self.memory is None else Memory()
        return Catalog(self._canonical | _temporary_tables(self, frames), self.settings, self.provenance, memory=memory)

    def where(self, condition: Where | None) -> Catalog:
        """Return a catalog of the rows that meet a condition, with the same end of data, settings and models.

        A table is narrowed by its own columns and by those of its customers, as splits are. One that reaches a column
        of the condition neither way is not there: what needs it is "not measured: needs costs.country".

        Parameters
        ----------
        condition : str, mapping, list or None
            ``"country = 'DE' and channel in ('shop', 'web')"`` (see :mod:`crmkit.tables.conditions`), a mapping of
            column to value or values, or a list of which all must hold. None and "" are no condition.

        Returns
        -------
        Catalog
            A state that changes over time, such as a segment, is that of the last day with data.

        Raises
        ------
        CrmkitError
            If it is not a condition, or names a column that there is not.

        Examples
        --------
        >>> import crmkit as ck
        >>> orders = pd.DataFrame({"order_id": ["1", "2"], "ordered_at": ["2026-10-02", "2026-10-09"],
        ...                        "revenue": [30.0, 50.0], "warehouse": ["Berlin", "Hamburg"]})
        >>> catalog = ck.connect({"orders": orders})
        >>> catalog.where("warehouse = 'Berlin'").frame("orders")["revenue"].tolist()
        [30.0]
        """
        if condition is None or (isinstance(condition, str) and not condition.strip()):
            return self
        wanted = named_in(self.whole, condition_of(condition))
        if self.condition is not None:
            return self.whole.where([self.condition, wanted])
        text = str(wanted)
        if text not in self._narrowed:
            tables, lacking = narrowed_tables(self, wanted)
            narrowed = Catalog(
                tables,
                self.settings,
                {**self.provenance, "where": text},
                cache=self.cache and self.cache.narrowed(text),
                memory=None if self.memory is None else Memory(),
            )
            narrowed.condition, narrowed._narrowed_from, narrowed._lacking = wanted, self, lacking
            self._narrowed[text] = narrowed
        return self._narrowed[text]

    @property
    def whole(self) -> Catalog:
        """The catalog without a condition: itself, or the one that :meth:`where` was called on."""
        return self._narrowed_from or self

    def of_its_customers(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the rows of a frame whose customers meet the condition of the catalog; all of them without one.

        Raises
        ------
        NotMeasured
            If the condition is not one on customers.
        """
        is_index = frame.index.name == "customer_id"
        if self.condition is None or not (is_index or "customer_id" in frame):
            return frame
        if self._members is None:
            self._members = frozenset(members(self.whole, self.condition).execute()["customer_id"])
        ids = frame.index if is_index else frame["customer_id"]
        kept = frame[ids.isin(self._members)]
        kept = kept if is_index else kept.reset_index(drop=True)
        kept.attrs = dict(frame.attrs)
        return kept

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
            elif name == "margin_rate":
                switches[name] = self.settings.value.margin_rate
        try:
            return function(**tables, **switches)
        except (AttributeError, IbisTypeError) as error:
            if missing := _missing_column(error, tables, self._canonical):
                raise NotMeasured(missing) from None
            if misspelt := _misspelt_column(error, tables):
                raise misspelt from None
            raise

    @property
    def data_through(self) -> date | None:
        """Last day with data: the setting, else the day of the latest order, answer, lead, won deal, ...

        Starts of paid terms count only where there is nothing else, as they may be booked ahead; ends of terms only where
        they show how often a subscription was renewed (:mod:`crmkit.tables.terms_reach`).
        """
        return self.settings.data.through or self.whole._end or day_of_undated(self.provenance)

    @property
    def terms_in_doubt(self) -> int:
        """How many paid terms run beyond the last day with data, where nothing else shows how far the data reach [terms]."""
        end = None if self.settings.data.through else self.whole._end
        shown = {name for name, span in self.whole._spans.items() if end in (span.last, span.known)}
        if end is None or shown != {BOOKED_AHEAD} or self.whole._spans[BOOKED_AHEAD].known == end:
            return 0
        return terms_in_doubt(self.whole._terms_beyond(end), end)

    @property
    def data_from(self) -> date | None:
        """First day with data."""
        return data_span(self.whole._spans)[0]

    @property
    def table_spans(self) -> dict[str, TableSpan]:
        """From when to when each canonical table reaches, of those that have a moment at all."""
        spans, end = dict(self.whole._spans), self.whole._end
        if BOOKED_AHEAD in spans and end is not None:  # renewals may show more than starts, which may be booked ahead
            terms, shown = spans[BOOKED_AHEAD], data_span(spans)[1]
            last = min(terms.last or end, end)
            spans[BOOKED_AHEAD] = TableSpan(terms.first, last, end if shown is None or end > shown else terms.known)
        return spans

    def days_so_far(self, period: Period) -> int | None:
        """Return how many days of a period have data, if it is still running; None if it is over or not begun [days]."""
        through = self.data_through
        if through is None or not period.start <= through < period.end - timedelta(days=1):
            return None
        return (through - period.start).days + 1

    @property
    def _spans(self) -> dict[str, TableSpan]:
        if self._found_spans is None:  # no cached_property: up to Python 3.11 it locks all catalogs at once
            rows = memoize(self, _bounds).itertuples(index=False, name=None)
            self._found_spans = {name: TableSpan(*map(_day_or_none, days)) for name, *days in rows}
        return self._found_spans

    @property
    def _end(self) -> date | None:
        if not self._found_end:
            end = data_span(self._spans)[1]
            if end is not None and BOOKED_AHEAD in self._spans:
                end = terms_reach(self._terms_beyond(end), end)
            self._found_end = [end]
        return self._found_end[0]

    def _terms_beyond(self, known: date) -> list[tuple[date, date, int]]:
        rows = memoize(self, _running_terms, known).itertuples(index=False, name=None)
        return [(_day_of(start), _day_of(ends), int(n)) for start, ends, n in rows]

    def _table_or_none(self, name: str, optional: bool) -> ir.Table | None:
        try:
            return self.table(name)
        except NotMeasured:
            if optional:
                return None
            raise


def _temporary_tables(catalog: Catalog, frames: Mapping[str, pd.DataFrame]) -> dict[str, ir.Table]:
    """Return each frame as an Ibis table on the catalog's own backend, where queries can join them.

    Raises
    ------
    CrmkitError
        If the tables are in a database, in which crmkit may create none.
    Problems, UnknownName
        See :func:`crmkit.tables.validate.typed_frames`.
    """
    backend = catalog.table(catalog.names[0]).get_backend() if catalog.names else locked_backend(duckdb.connect())
    if backend.name != "duckdb":
        raise CrmkitError(
            "Tables cannot be laid over those of a database, of which crmkit is a reader only. Take the frames: "
            "ck.connect({name: catalog.frame(name) for name in catalog.names})."
        )
    tables = {}
    for name, rows in typed_frames(frames, catalog.settings.company.time_zone).items():
        kinds = {column: _IBIS_TYPES[schema(name).column(column).kind] for column in map(str, rows)}
        unique_name = f"{name}_{secrets.token_hex(4)}"  # there may already be a table of the plain name
        tables[name] = backend.create_table(unique_name, rows, schema=ibis.schema(kinds), temp=True)
    return tables


def _missing_column(
    error: AttributeError | IbisTypeError, tables: Mapping[str, ir.Table | None], canonical: Mapping[str, ir.Table]
) -> str | None:
    """Return "table.column" if the error is about a canonical column that the data lack, else None.

    A column of a derived table is looked for in the canonical tables that it is derived from.
    """
    if isinstance(error, AttributeError):
        if not isinstance(error.obj, ir.Table):
            return None
        column, read = error.name, [name for name, table in tables.items() if table is error.obj]
    else:  # table["margin"] and select("margin"): Ibis names the column only in its message
        match = _COLUMN_NOT_FOUND.match(str(error))
        column, read = match[1] if match else None, []
    for name in read or tables:
        table = tables[name]
        if name in SCHEMAS and table is not None and column in SCHEMAS[name].names and column not in table.columns:
            return f"{name}.{column}"
        if name in DERIVED and table is not None and column not in table.columns:
            for source in inspect.signature(DERIVED[name]).parameters:
                is_present = source in canonical and column in canonical[source].columns
                if source in SCHEMAS and column in SCHEMAS[source].names and not is_present:
                    return f"{source}.{column}"
    return None


def _misspelt_column(
    error: AttributeError | IbisTypeError, tables: Mapping[str, ir.Table | None]
) -> UnknownName | None:
    """Return the error to raise if a column was read that neither the table nor its schema has."""
    present = {name: table for name, table in tables.items() if table is not None}
    columns = {name: table.columns for name, table in present.items()}
    for name, table in present.items():
        if isinstance(error, AttributeError) and error.obj is table:
            return UnknownName(f"column of {name}", str(error.name), columns[name])
    return None


def _bounds(catalog: Catalog) -> pd.DataFrame:
    """Return the first and last moment of each table, and that of its latest event in another column, by one query."""
    events = {name: event_columns(name, catalog.table(name).columns) for name in catalog.names}
    events = {name: found for name, found in events.items() if found or SCHEMAS[name].clock}
    if not events:
        return pd.DataFrame(columns=["table", "first", "last", "known"])
    most = max(map(len, events.values()))
    found = union([_bounds_of(catalog, name, events[name], most) for name in events]).execute().set_index("table")
    found = found.apply(pd.to_datetime).loc[list(events)]
    known = found.drop(columns=["first", "last"]).max(axis="columns") if most else pd.NaT
    return found[["first", "last"]].assign(known=known).reset_index()


def _bounds_of(catalog: Catalog, name: str, events: Mapping[str, str | None], most: int) -> ir.Table:
    """Return one row with the bounds of a table, and of as many events as the table with most has."""
    table, clock = catalog.table(name), SCHEMAS[name].clock
    asked = {}
    if clock:  # not cast before: a Parquet file and an index know the bounds of a bare column
        asked = {"first": table[clock].min(), "last": table[clock].max()}
    for number, (column, told_by) in enumerate(events.items()):
        asked[f"known_{number}"] = table[column].max(where=table[told_by].notnull() if told_by else None)
    row = table.aggregate(**asked)
    names = ["first", "last", *(f"known_{number}" for number in range(most))]
    moments = {each: (row[each] if each in asked else ibis.null()).cast("timestamp(6)") for each in names}
    return row.select(table=ibis.literal(name), **moments)


def _running_terms(catalog: Catalog, known: date) -> pd.DataFrame:
    """Return start and end [year, month and day as one number] of the terms that end after a day, and how many there are."""
    terms = catalog.table(BOOKED_AHEAD)
    days = terms.select(starts_on=day(terms.starts_at), ends_on=day(terms.ends_at))
    days = days.filter(days.ends_on > constant_day(known))
    days = days.mutate(ends_on=ibis.least(days.ends_on, constant_day(LATEST)))
    numbered = days.select(**{name: _as_number(days[name]) for name in ("starts_on", "ends_on")})
    return numbered.group_by("starts_on", "ends_on").aggregate(n=numbered.count()).execute()


def _as_number(on: ir.DateColumn) -> ir.IntegerColumn:
    return on.year().cast("int64") * 10_000 + on.month().cast("int64") * 100 + on.day().cast("int64")


def _day_of(number: int) -> date:
    year, rest = divmod(int(number), 10_000)
    return date(year, *divmod(rest, 100))


def _day_or_none(moment: Any) -> date | None:
    return None if pd.isna(moment) else pd.Timestamp(moment).date()
