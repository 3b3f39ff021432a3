"""Tables by name: the canonical ones that the source has, and those derived from them.

One convention holds the house together: a function's parameter names are the tables it reads. Positional parameters
are tables, one with ``=None`` is optional, keyword-only parameters are switches taken from the settings.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from datetime import date
from functools import cached_property
from typing import Any

import ibis.expr.types as ir
import pandas as pd

from crmkit.errors import NotMeasured, UnknownName
from crmkit.settings import Settings
from crmkit.tables import activity  # noqa: F401  registers its derived tables
from crmkit.tables.derived import DERIVED
from crmkit.tables.schema import SCHEMAS

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
    """

    def __init__(
        self,
        tables: Mapping[str, ir.Table],
        settings: Settings | None = None,
        provenance: Mapping[str, Any] | None = None,
    ) -> None:
        unknown = [name for name in tables if name not in SCHEMAS]
        if unknown:
            raise UnknownName("table", unknown[0], SCHEMAS)
        self.settings = settings or Settings()
        self.provenance = dict(provenance or {})
        self._canonical = dict(tables)
        self._derived: dict[str, ir.Table] = {}

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
            elif name not in switches and hasattr(self.settings.company, name):
                switches[name] = getattr(self.settings.company, name)
        try:
            return function(**tables, **switches)
        except AttributeError as error:
            missing = _missing_column(error, tables)
            if missing is None:
                raise
            raise NotMeasured(missing) from None

    @property
    def data_through(self) -> date | None:
        """Last day with data: the setting, else the latest order, answer, lead, ... that is not in the future."""
        return self.settings.data.through or self._span[1]

    @property
    def data_from(self) -> date | None:
        """First day with data."""
        return self._span[0]

    @cached_property
    def _span(self) -> tuple[date | None, date | None]:
        days: list[date] = []
        for name, table in self._canonical.items():
            clock = SCHEMAS[name].clock
            if clock is None or name == "subscription_terms" and len(self._canonical) > 1:
                continue  # a term that starts tomorrow is a plan and not data
            column = table[clock].cast("date")
            bounds = table.aggregate(first=column.min(), last=column.max()).execute()
            days += [pd.Timestamp(bound).date() for bound in bounds.iloc[0] if pd.notna(bound)]
        return (min(days), max(days)) if days else (None, None)

    def _table_or_none(self, name: str, optional: bool) -> ir.Table | None:
        try:
            return self.table(name)
        except NotMeasured:
            if optional:
                return None
            raise


def _missing_column(error: AttributeError, tables: Mapping[str, ir.Table | None]) -> str | None:
    for name, table in tables.items():
        if table is not None and error.obj is table:
            known = SCHEMAS[name].names if name in SCHEMAS else ()
            return f"{name}.{error.name}" if error.name in known else None
    return None
