"""A lock around DuckDB's connection, so that several threads can use one catalog.

One connection runs one query at a time; two threads in it would take each other's results. A connection for each
thread would not do: it would not see the temporary tables and views of the others. The lock is held while DuckDB works
and never while waiting for anything else, so no deadlock can arise.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import RLock
from typing import Any

import duckdb
import ibis.expr.types as ir
from ibis.backends.duckdb import Backend


class LockedBackend(Backend):
    """Ibis' backend of DuckDB in which every use of the connection holds a lock; see :func:`locked_backend`."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.lock = RLock()  # reentrant: creating a table uses the connection several times

    def execute(self, expr: ir.Expr, /, **options: Any) -> Any:
        """Return the result of an expression."""
        with self.lock:
            return super().execute(expr, **options)

    def to_pyarrow(self, expr: ir.Expr, /, **options: Any) -> Any:
        """Return the result of an expression as an Arrow table."""
        with self.lock:
            return super().to_pyarrow(expr, **options)

    def raw_sql(self, query: Any, **options: Any) -> Any:
        """Run SQL; a caller that reads its result holds the lock meanwhile."""
        with self.lock:
            return super().raw_sql(query, **options)

    def create_table(self, *arguments: Any, **options: Any) -> ir.Table:
        """Create a table."""
        with self.lock:
            return super().create_table(*arguments, **options)

    def get_schema(self, *arguments: Any, **options: Any) -> Any:
        """Return the columns of a table and their types."""
        with self.lock:
            return super().get_schema(*arguments, **options)

    def list_tables(self, **options: Any) -> list[str]:
        """Return the names of the tables."""
        with self.lock:
            return list(super().list_tables(**options))

    @contextmanager
    def _safe_raw_sql(self, *arguments: Any, **options: Any) -> Iterator[Any]:
        with self.lock:
            yield self.raw_sql(*arguments, **options)


def locked_backend(con: duckdb.DuckDBPyConnection) -> LockedBackend:
    """Return a connection as an Ibis backend that any number of threads may use.

    Examples
    --------
    >>> import pandas as pd
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> numbers = locked_backend(duckdb.connect()).create_table("numbers", pd.DataFrame({"n": range(100)}))
    >>> with ThreadPoolExecutor(8) as threads:
    ...     set(threads.map(lambda _: int(numbers.n.sum().execute()), range(100)))
    {4950}
    """
    backend: LockedBackend = LockedBackend.from_connection(con)
    return backend


def connection_lock(backend: object) -> AbstractContextManager[Any]:
    """Return the lock of a backend's connection; a context that does nothing where threads do not share one."""
    return backend.lock if isinstance(backend, LockedBackend) else nullcontext()
