"""DuckDB for several threads: one connection answers one question at a time, so they take turns.

Two threads in one connection take each other's answers away. A connection for each would not do: it would not see the
temporary tables and views of the others. The lock is held while DuckDB works and never while anything else is waited
for, so that nobody can wait for somebody who waits for her.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import RLock
from typing import Any

import duckdb
import ibis.expr.types as ir
from ibis.backends.duckdb import Backend


class InTurn(Backend):
    """Ibis' backend of DuckDB whose every use of the connection waits for the one before; see :func:`backend_of`."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.turn = RLock()  # again by the same thread: to make a table is a use of several uses

    def execute(self, expr: ir.Expr, /, **options: Any) -> Any:
        """Return the answer to an expression."""
        with self.turn:
            return super().execute(expr, **options)

    def to_pyarrow(self, expr: ir.Expr, /, **options: Any) -> Any:
        """Return the answer to an expression as an Arrow table."""
        with self.turn:
            return super().to_pyarrow(expr, **options)

    def raw_sql(self, query: Any, **options: Any) -> Any:
        """Run SQL; whoever reads what it gives holds the turn meanwhile."""
        with self.turn:
            return super().raw_sql(query, **options)

    def create_table(self, *arguments: Any, **options: Any) -> ir.Table:
        """Make a table."""
        with self.turn:
            return super().create_table(*arguments, **options)

    def get_schema(self, *arguments: Any, **options: Any) -> Any:
        """Return the columns of a table and their types."""
        with self.turn:
            return super().get_schema(*arguments, **options)

    def list_tables(self, **options: Any) -> list[str]:
        """Return the names of the tables."""
        with self.turn:
            return list(super().list_tables(**options))

    @contextmanager
    def _safe_raw_sql(self, *arguments: Any, **options: Any) -> Iterator[Any]:
        with self.turn:
            yield self.raw_sql(*arguments, **options)


def backend_of(con: duckdb.DuckDBPyConnection) -> InTurn:
    """Return a connection as Ibis' backend, for any number of threads.

    Examples
    --------
    >>> import pandas as pd
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> numbers = backend_of(duckdb.connect()).create_table("numbers", pd.DataFrame({"n": range(100)}))
    >>> with ThreadPoolExecutor(8) as threads:
    ...     set(threads.map(lambda _: int(numbers.n.sum().execute()), range(100)))
    {4950}
    """
    backend: InTurn = InTurn.from_connection(con)
    return backend


def turn_of(backend: object) -> AbstractContextManager[Any]:
    """Return what holds a backend for the length of a block; nothing where threads do not share it."""
    return backend.turn if isinstance(backend, InTurn) else nullcontext()
