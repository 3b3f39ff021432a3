"""Write predictions into a schema of the database, where the settings name one: for others to read, beside crmkit's own files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from crmkit.errors import CrmkitError
from crmkit.settings import Settings
from crmkit.sources.databases.beside import POSTGRES_TYPES
from crmkit.sources.databases.postgres import open_postgres
from crmkit.sources.sql import identifier
from crmkit.tables.schema import SCHEMAS


def write_results(settings: Settings, files: Mapping[str, Path]) -> None:
    """Replace the rows of tables in the schema ``results`` of the settings by those of files, all or none.

    Parameters
    ----------
    settings : Settings
        Without ``results`` under ``[database]`` nothing is done.
    files : mapping of str to Path
        The Parquet file of each table of predictions.

    Raises
    ------
    CrmkitError
        If the database refuses it; the message has the right that is missing.

    Examples
    --------
    >>> write_results(Settings(), {})
    """
    database = settings.database
    if database is None or database.results is None or not files:
        return
    refused = ""
    con = open_postgres(database, settings.folder, writes=True)
    try:
        with con.transaction():
            for name, file in files.items():
                _replace(con, f"{identifier(database.results)}.{identifier(name)}", pq.read_table(file), name)
    except CrmkitError as error:
        refused = str(error).partition(" does not answer: ")[2] or str(error)
    finally:
        con.close()
    if refused:
        user = database.address.user or "the user of the url"
        raise CrmkitError(
            f"The predictions are made and kept in {settings.path('store')}, but not in schema {database.results} of the "
            f"database: {refused} It needs CREATE SCHEMA {database.results}, and GRANT USAGE, CREATE ON SCHEMA "
            f"{database.results} TO {user}."
        )


def _replace(con: Any, table: str, rows: pa.Table, name: str) -> None:
    """Make the table if it is not there, so that views of it stay, and replace its rows."""
    kinds = {column: POSTGRES_TYPES[SCHEMAS[name].column(column).kind][0] for column in rows.column_names}
    columns = ", ".join(f"{identifier(column)} {kind}" for column, kind in kinds.items())
    con.execute(f"CREATE TABLE IF NOT EXISTS {table} ({columns})")
    con.execute(f"DELETE FROM {table}")
    content = pa.BufferOutputStream()
    pyarrow.csv.write_csv(rows, content, pyarrow.csv.WriteOptions(include_header=False))
    named = ", ".join(map(identifier, kinds))
    with con.cursor().copy(f"COPY {table} ({named}) FROM STDIN (FORMAT csv)") as copy:
        copy.write(content.getvalue().to_pybytes())
