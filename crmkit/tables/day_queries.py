"""Queries that are executed for one day after another: compiled to SQL once, with a variable for the day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import count
from weakref import WeakKeyDictionary

import ibis.expr.operations as ops
import ibis.expr.types as ir
import pandas as pd

from crmkit.tables.catalog import Catalog
from crmkit.tables.connection_lock import connection_lock
from crmkit.tables.expressions import Day, constant_day

DayQuery = Callable[[Catalog, Day], ir.Table]

_VARIABLE = "crmkit_day"
_PLACEHOLDER = date(9876, 5, 4)  # replaced by the variable; no other constant in a query has this text
_VIEW_NUMBERS = count(1)
_VIEWS: WeakKeyDictionary[Catalog, dict[DayQuery, ir.Table]] = WeakKeyDictionary()


def execute_for_day(catalog: Catalog, query: DayQuery, day: date) -> pd.DataFrame:
    """Return the result of a query for a day.

    Compiling a large query takes several times as long as executing it. On DuckDB it is compiled once for an open
    catalog, with a variable for the day; on other engines for each day, with the day in it.

    Parameters
    ----------
    catalog : Catalog
    query : function
        ``(catalog, day) -> table``, of a file; it uses the day only through
        :func:`crmkit.tables.expressions.constant_day`.
    day : date

    Examples
    --------
    >>> import crmkit as ck
    >>> from crmkit.tables.expressions import constant_day
    >>> def orders_by(catalog, day):
    ...     orders = catalog.table("orders")
    ...     return orders.filter(orders.ordered_at <= constant_day(day)).select("order_id")
    >>> catalog = ck.connect({"orders": pd.DataFrame({"order_id": ["1", "2"], "ordered_at": ["2026-09-01", "2026-09-20"],
    ...                                            "revenue": 10.0})})
    >>> [len(execute_for_day(catalog, orders_by, date(2026, 9, last))) for last in (10, 30)]
    [1, 2]
    """
    views = _VIEWS.setdefault(catalog, {})
    if query not in views and not _create_view(catalog, query, day):
        return query(catalog, day).execute()
    backend = views[query].get_backend()
    with connection_lock(backend):  # no other thread may set another day meanwhile
        backend.raw_sql(f"SET VARIABLE {_VARIABLE} = {_day_sql(day)}")
        return views[query].execute()


def _create_view(catalog: Catalog, query: DayQuery, day: date) -> bool:
    """Create a view of the query for the day that a variable holds; return False where that is not possible."""
    backend = catalog.table(catalog.names[0]).get_backend() if catalog.names else None
    if backend is None or backend.name != "duckdb":
        return False
    table = query(catalog, constant_day(_PLACEHOLDER))
    sql = backend.compile(table)
    frames = table.op().find(ops.InMemoryTable)  # a view would outlive the frame that it reads
    if frames or not sql.count(str(_PLACEHOLDER.year)) == sql.count(_day_sql(_PLACEHOLDER)) > 0:
        return False
    name = f"crmkit_{query.__name__.strip('_')}_{next(_VIEW_NUMBERS)}"
    sql = sql.replace(_day_sql(_PLACEHOLDER), f"getvariable('{_VARIABLE}')")
    with connection_lock(backend):
        backend.raw_sql(f"SET VARIABLE {_VARIABLE} = {_day_sql(day)}")  # creating the view needs the variable's type
        backend.raw_sql(f"CREATE TEMP VIEW {name} AS {sql}")
        view = backend.table(name, database=("temp", "main"))
    _VIEWS[catalog][query] = view.cast(table.schema())
    return True


def _day_sql(day: date) -> str:
    """Return a day as Ibis writes it for DuckDB."""
    return f"MAKE_DATE({day.year}, {day.month}, {day.day})"
