"""Run the SQL of a settings file, which may come from a stranger, where it can read and write nothing else.

The text must be one SELECT over the export files, by DuckDB's own parser. It runs on a connection of its own that holds
the rows of these files and nothing besides: no key, no other table, no file, no network, no change of its settings; and
it is ended when it takes too long or makes too many rows.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

import duckdb
import pyarrow as pa

from crmkit.errors import CrmkitError, did_you_mean
from crmkit.sources.sql import identifier, open_duckdb, short_message

LONGEST = 300.0
"""How long the SQL of one table may run [s]."""

_ROWS_EACH = 100  # rows made for each row read
_ROWS_ALWAYS = 1_000_000  # rows that may be made of any files
_BATCH = 100_000  # rows
_TABLE_FUNCTIONS = frozenset({"unnest", "range", "generate_series"})


def make_table(
    con: duckdb.DuckDBPyConnection,
    table: str,
    sql: str,
    relations: Mapping[str, str],
    create_functions: Callable[[duckdb.DuckDBPyConnection], None] | None = None,
    longest: float = LONGEST,
) -> None:
    """Make a table of the rows that a SELECT returns.

    Parameters
    ----------
    con : duckdb connection
        Holds the relations, and gets the table.
    table : str
    sql : str
        One SELECT over the names of ``relations``.
    relations : mapping of str to str
        SQL of the rows by the name under which the text may read them.
    create_functions : callable, optional
        Adds to a connection the functions that the text may call beside those of DuckDB.
    longest : float
        How long it may run [s].

    Raises
    ------
    CrmkitError
        If it is anything but a SELECT over these names, is wrong, takes too long or makes too many rows.
    """
    check_is_select(sql, relations)
    with closing(open_duckdb()) as apart:
        n_read = 0
        for name, rows in relations.items():
            given = con.execute(rows).to_arrow_table()
            n_read += given.num_rows
            apart.register(name, given)
        if create_functions:
            create_functions(apart)
        apart.execute("SET enable_external_access = false; SET lock_configuration = true")
        most = max(_ROWS_ALWAYS, _ROWS_EACH * n_read)
        try:
            with _ended_after(apart, longest):
                made = _read(apart.execute(sql.strip().rstrip(";")), most)
        except duckdb.InterruptException:
            raise CrmkitError(
                f"it was stopped after {longest:.0f} seconds. See whether it joins by the right keys"
            ) from None
        except duckdb.Error as error:
            raise CrmkitError(f"it cannot run: {short_message(error)}") from None
    con.register("made_by_sql", made)
    con.execute(f"CREATE TABLE {identifier(table)} AS FROM made_by_sql")
    con.unregister("made_by_sql")


def check_is_select(sql: str, relations: Iterable[str]) -> None:
    """Raise an error unless a text is one SELECT that reads nothing but the relations named.

    Examples
    --------
    >>> check_is_select("SELECT id AS order_id FROM shop", ["shop"])
    >>> check_is_select("SELECT * FROM 'other.csv'", ["shop"])
    Traceback (most recent call last):
    crmkit.errors.CrmkitError: it reads 'other.csv', which is no export file or set of files. It may read shop.
    """
    with closing(duckdb.connect()) as con:
        try:
            statements = con.extract_statements(sql)
        except duckdb.Error as error:
            raise CrmkitError(f"it cannot run: {short_message(error)}") from None
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            kinds = " and ".join(each.type.name for each in statements) or "empty"
            raise CrmkitError(f"it must be one SELECT, and is {kinds}. Write the rows of the table as one SELECT")
        (text,) = con.execute("SELECT json_serialize_sql($1)", [sql]).fetchone() or ("{}",)
    parsed = json.loads(text)
    if parsed["error"]:  # a PRAGMA counts as a SELECT until here
        raise CrmkitError("it must be one SELECT. Write the rows of the table as one SELECT")
    known = [*relations]
    for what in _other_sources(parsed, {name.casefold() for name in known}):
        hint = did_you_mean(what, known) if known else "Did you mistype the name of a file?"
        near = f" {hint}" if hint.startswith("Did") else f" It may read {', '.join(known)}."
        raise CrmkitError(f"it reads '{what}', which is no export file or set of files.{near}")


def _other_sources(parsed: Any, known: set[str]) -> Iterator[str]:
    """Yield the tables and table functions of a parsed statement that are neither known nor defined by it."""
    nodes = list(_nodes(parsed))
    named = known | {entry["key"].casefold() for node in nodes for entry in (node.get("cte_map") or {}).get("map", ())}
    for node in nodes:
        if node.get("type") == "BASE_TABLE":
            path = [node[part] for part in ("catalog_name", "schema_name", "table_name") if node.get(part)]
            if len(path) > 1 or path[0].casefold() not in named:
                yield ".".join(path)
        elif node.get("type") == "TABLE_FUNCTION" and node["function"]["function_name"] not in _TABLE_FUNCTIONS:
            yield f"{node['function']['function_name']}()"


def _nodes(parsed: Any) -> Iterator[dict[str, Any]]:
    if isinstance(parsed, dict):
        yield parsed
    children = parsed.values() if isinstance(parsed, dict) else parsed if isinstance(parsed, list) else ()
    for child in children:
        yield from _nodes(child)


@contextmanager
def _ended_after(con: duckdb.DuckDBPyConnection, longest: float) -> Iterator[None]:
    timer = threading.Timer(longest, con.interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _read(result: duckdb.DuckDBPyConnection, most: int) -> pa.Table:
    """Return the rows of a result; an error as soon as there are too many."""
    reader = result.to_arrow_reader(_BATCH)
    batches, n_rows = [], 0
    for batch in reader:
        n_rows += batch.num_rows
        if n_rows > most:
            raise CrmkitError(
                f"it makes more than {most:,} rows of the files' rows. See whether it joins by the right keys"
            )
        batches.append(batch)
    return pa.Table.from_batches(batches, reader.schema)
