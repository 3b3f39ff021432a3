"""Write who was merged into a store, and ask about the others: ids into the store, names into the analyst's own file."""

from __future__ import annotations

from pathlib import Path

import duckdb

from crmkit.cleaning.people_state import BEFORE, write_people_state
from crmkit.cleaning.review_file import write_review
from crmkit.cleaning.twice_people import TwicePeople
from crmkit.settings import Settings
from crmkit.sources.store_writing import write_table


def write_people(con: duckdb.DuckDBPyConnection, store: Path, settings: Settings, told: TwicePeople | None) -> None:
    """Write answers, merges and the rows of before into the folder of a store, and the questions into the review file.

    Parameters
    ----------
    con : duckdb connection
        In which the people were merged.
    store : Path
        Folder of the store that is being written.
    settings : Settings
    told : TwicePeople or None
        None where nobody looked, and nobody ever did.
    """
    if told is None:
        return
    write_people_state(store, told.state)
    (store / "personal").mkdir(mode=0o700, exist_ok=True)
    write_rows_before(con, store)
    if len(told.people):
        write_review(settings.folder / settings.duplicates.file, told.state.questions, told.people, told.state.answered)


def write_rows_before(con: duckdb.DuckDBPyConnection, store: Path) -> None:
    """Write the rows of before that are in the tables ``before_<table>`` of a connection."""
    named = con.execute("SELECT table_name FROM duckdb_tables() WHERE starts_with(table_name, 'before_')").fetchall()
    for (name,) in named:
        file = store / "personal" / BEFORE / f"{name.removeprefix('before_')}.parquet"
        write_table(con, f"FROM {name} ORDER BY position", file, private=True)
