"""Tables by name: the canonical ones that the source has, and those derived from them.

One convention holds the house together: a function's parameter names are the tables it reads. Positional parameters
are tables, one with ``=None`` is optional, keyword-only parameters are switches taken from the settings.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

import ibis.expr.types as ir
import pandas as pd
from ibis.common.exceptions import IbisTypeError

from crmkit.errors import NotMeasured, UnknownName
from crmkit.periods import Period
from crmkit.settings import Company, Settings
from crmkit.tables import (  # noqa: F401  they register their tables
    activity,
    answers,
    attribution,
    origins,
    pipelines,
    posts,
    purchases,
    recurring,
    states,
)
from crmkit.tables.cache import Cache
from crmkit.tables.derived import DERIVED
from crmkit.tables.lacking import missing_column, misspelt_column
from crmkit.tables.memory import Memory
from crmkit.tables.overlay import laid_over
from crmkit.tables.remembering import remember
from crmkit.tables.schema import SCHEMAS
from crmkit.tables.span import dated, whole_span


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
            rows = remember(self, _bounds).itertuples(index=False, name=None)
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
