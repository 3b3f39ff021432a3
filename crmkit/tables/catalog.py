"""Tables by name: the canonical ones that the source has, and those derived from them.

One convention holds the house together: a function's parameter names are the tables it reads. Positional parameters
are tables, one with ``=None`` is optional, keyword-only parameters are switches taken from the settings.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from functools import cached_property
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
from crmkit.tables.overlay import laid_over
from crmkit.tables.schema import SCHEMAS
from crmkit.tables.span import dated, whole_span

_NOT_FOUND = re.compile(r"Column '(\w+)' is not found in table")


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
        Where results are kept; without it they are computed each time.
    """

    def __init__(
        self,
        tables: Mapping[str, ir.Table],
        settings: Settings | None = None,
        provenance: Mapping[str, Any] | None = None,
        cache: Cache | None = None,
    ) -> None:
        unknown = [name for name in tables if name not in SCHEMAS]
        if unknown:
            raise UnknownName("table", unknown[0], SCHEMAS)
        self.settings = settings or Settings()
        self.provenance = dict(provenance or {})
        self.cache = cache
        self._canonical = dict(tables)
        self._derived: dict[str, ir.Table] = {}

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
        """Return a catalog in which these frames stand for the canonical tables of their names; this one stays as it is.

        Such as predictions made just now: ``catalog.with_tables({"customer_scores": scores})``. Results computed from it
        are not kept.

        Raises
        ------
        Problems, UnknownName, CrmkitError
            If a frame has not the table's columns or types, there is no such table, or the data are in a database.
        """
        return Catalog(self._canonical | laid_over(self, frames), self.settings, self.provenance)

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
            if missing := _missing_column(error, tables):
                raise NotMeasured(missing) from None
            if misspelt := _misspelt_column(error, tables):
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

    @cached_property
    def _span(self) -> tuple[date | None, date | None]:
        days: dict[str, tuple[date, date]] = {}
        for name, clock in dated(self._canonical).items():
            table = self._canonical[name]
            at = table[clock]  # as it stands: a Parquet file and an index know its bounds
            bounds = table.aggregate(first=at.min(), last=at.max()).execute().iloc[0]
            if bounds.notna().all():
                days[name] = pd.Timestamp(bounds["first"]).date(), pd.Timestamp(bounds["last"]).date()
        return whole_span(days)

    def _table_or_none(self, name: str, optional: bool) -> ir.Table | None:
        try:
            return self.table(name)
        except NotMeasured:
            if optional:
                return None
            raise


def _missing_column(error: AttributeError | IbisTypeError, tables: Mapping[str, ir.Table | None]) -> str | None:
    """Return "table.column" if the error is a canonical column that one of the tables lacks, else None."""
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
                if origin in SCHEMAS and column in SCHEMAS[origin].names:
                    return f"{origin}.{column}"
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
