"""The same question asked of one day after another: put into SQL once, where the engine can be told the day afterwards."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import count
from weakref import WeakKeyDictionary

import ibis.expr.operations as ops
import ibis.expr.types as ir
import pandas as pd

from crmkit.tables.catalog import Catalog
from crmkit.tables.expressions import Day, constant_day
from crmkit.tables.in_turn import turn_of

Question = Callable[[Catalog, Day], ir.Table]

_VARIABLE = "crmkit_day"
_NO_DAY = date(9876, 5, 4)  # stands for the day while SQL is made: an unlikely one, so that its text is nothing else's
_NUMBER = count(1)
_VIEWS: WeakKeyDictionary[Catalog, dict[Question, ir.Table]] = WeakKeyDictionary()


def answer(catalog: Catalog, question: Question, day: date) -> pd.DataFrame:
    """Return the answer to a question on a day.

    To make SQL of a large question takes several times as long as to answer it. On DuckDB it is made once for an open
    catalog, with a variable for the day; on other engines for each day, with the day in it.

    Parameters
    ----------
    catalog : Catalog
    question : function
        ``(catalog, day) -> table``, of a file; it uses the day by :func:`crmkit.tables.expressions.constant_day` alone.
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
    >>> [len(answer(catalog, orders_by, date(2026, 9, last))) for last in (10, 30)]
    [1, 2]
    """
    views = _VIEWS.setdefault(catalog, {})
    if question not in views and not _viewed(catalog, question, day):
        return question(catalog, day).execute()
    backend = views[question].get_backend()
    with turn_of(backend):  # no other thread may ask of another day meanwhile
        backend.raw_sql(f"SET VARIABLE {_VARIABLE} = {_text_of(day)}")
        return views[question].execute()


def _viewed(catalog: Catalog, question: Question, day: date) -> bool:
    """Make a view of the question, on the day that a variable holds; tell whether that can be done."""
    backend = catalog.table(catalog.names[0]).get_backend() if catalog.names else None
    if backend is None or backend.name != "duckdb":
        return False
    table = question(catalog, constant_day(_NO_DAY))
    sql = backend.compile(table)
    in_frames = table.op().find(ops.InMemoryTable)  # a view would outlive the frame that it looks at
    if in_frames or not sql.count(str(_NO_DAY.year)) == sql.count(_text_of(_NO_DAY)) > 0:
        return False
    name = f"crmkit_{question.__name__.strip('_')}_{next(_NUMBER)}"
    sql = sql.replace(_text_of(_NO_DAY), f"getvariable('{_VARIABLE}')")
    with turn_of(backend):
        backend.raw_sql(f"SET VARIABLE {_VARIABLE} = {_text_of(day)}")  # the view asks for its type
        backend.raw_sql(f"CREATE TEMP VIEW {name} AS {sql}")
        view = backend.table(name, database=("temp", "main"))
    _VIEWS[catalog][question] = view.cast(table.schema())
    return True


def _text_of(day: date) -> str:
    """Return a day as Ibis writes it for DuckDB."""
    return f"MAKE_DATE({day.year}, {day.month}, {day.day})"
