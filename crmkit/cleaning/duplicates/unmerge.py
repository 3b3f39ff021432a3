"""Undo a merge: the account becomes a customer of its own again, and later loads do not merge it.

The rows as they were before the merge are restored exactly: each value, each row, and their order.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from crmkit.cleaning.duplicates.decide import cluster_pairs, pair_of
from crmkit.cleaning.duplicates.merge import merge_rows, ranked_accounts, write_rows_before
from crmkit.cleaning.duplicates.review import change_answers
from crmkit.cleaning.duplicates.state import (
    BEFORE,
    MERGED_ROWS,
    now,
    read_state,
    with_answers,
    with_merges,
    write_state,
)
from crmkit.errors import CrmkitError, UnknownName
from crmkit.settings import Settings
from crmkit.sources.sql import columns_of, identifier, open_duckdb, parquet
from crmkit.sources.store.store import found_store, new_store, read_manifest, table_files, write_manifest, write_table


def merge_log(settings: Settings) -> pd.DataFrame:
    """Return every merge of two customers so far, also those undone.

    Parameters
    ----------
    settings : Settings

    Returns
    -------
    DataFrame
        One row per merge: from_id, into_id, merged_at, score [0..1], why, undone_at (empty while it holds).

    Raises
    ------
    CrmkitError
        If there is no store.
    """
    return read_state(_store(settings)).merges


def unmerge(settings: Settings, customer: str) -> str:
    """Undo a merge in the store; the accounts are noted as different people, so that no load merges them again.

    Parameters
    ----------
    settings : Settings
    customer : str
        Id of the account to take out, or of the person if there is only one account to take out.

    Returns
    -------
    str
        A sentence that says what was done.

    Raises
    ------
    UnknownName
        If no customer was merged under that id.
    CrmkitError
        If the person stands for several accounts, or the store was changed since the load.
    """
    store = _store(settings)
    state = read_state(store)
    account, others = _taken_out(state.merges, customer)
    answers = {pair_of(account, other): "different" for other in others}
    links = state.links[[pair_of(*ids) not in answers for ids in _ids(state.links)]]
    with closing(open_duckdb()) as con:
        manifest = read_manifest(store)
        tables = rows_before(con, store, manifest["tables"])
        people = cluster_pairs(_ids(links), [], [], lambda pairs: set()).people
        accounts = ranked_accounts(con, tables, people)
        dropped = merge_rows(con, tables, accounts) if len(accounts) else {}
        left = replace(
            state,
            answers=with_answers(state.answers, answers, now()),
            merges=with_merges(state.merges, accounts, links, now()),
            links=links,
        )
        with new_store(settings.path("store")) as fresh:
            _rewrite(con, store, fresh, {name: tables[name] for name in files_before(store)}, dropped)
            write_state(fresh, left)
            write_manifest(fresh, _recounted(con, manifest, store, dropped))
    change_answers(settings.folder / settings.duplicates.file, answers)
    return f"{account} is a customer of its own again, and will not be merged with {', '.join(others)}."


def rows_before(con: duckdb.DuckDBPyConnection, store: Path, tables: Iterable[str]) -> dict[str, str]:
    """Return the SQL of the rows of each table as they were before people were merged, in order.

    Parameters
    ----------
    con : duckdb connection
    store : Path
    tables : iterable of str
        Canonical names of the tables that a load wrote.

    Raises
    ------
    CrmkitError
        If a table is not the one that the merge left.
    """
    files = {name: file for name, file in table_files(store, personal=True).items() if name in set(tables)}
    kept = files_before(store)
    return {
        name: _restored(con, name, file, kept[name]) if name in kept else f"FROM {parquet(file)}"
        for name, file in files.items()
    }


def files_before(store: Path) -> dict[str, Path]:
    """Return the file with the rows of before of each table that the merges changed."""
    return {file.stem: file for file in sorted((store / "personal" / BEFORE).glob("*.parquet"))}


def _store(settings: Settings) -> Path:
    store = found_store(settings.path("store"))
    if store is None:
        raise CrmkitError(f"There is no store {settings.path('store')} yet. Run `crmkit load` first.")
    return store


def _taken_out(merges: pd.DataFrame, customer: str) -> tuple[str, list[str]]:
    """Return the account to take out of its person, and the person's other accounts."""
    standing = merges[merges["undone_at"].isna()]
    person_of = dict(zip(standing["from_id"], standing["into_id"], strict=True))
    accounts = [account for account, person in person_of.items() if person == customer]
    if customer not in person_of and not accounts:
        raise UnknownName("merged customer", customer, person_of)
    if len(accounts) > 1:
        raise CrmkitError(f"{customer} stands for {', '.join(sorted(accounts))}. Name the one to take out.")
    account = customer if customer in person_of else accounts[0]
    person = person_of[account]
    return account, [person, *sorted(each for each, into in person_of.items() if into == person and each != account)]


def _ids(rows: pd.DataFrame) -> list[tuple[str, str]]:
    return list(zip(rows["customer_id"], rows["other_id"], strict=True))


def _rewrite(
    con: duckdb.DuckDBPyConnection, store: Path, fresh: Path, changed: Mapping[str, str], dropped: Mapping[str, int]
) -> None:
    """Copy the store and write the tables anew that the merges had changed."""
    shutil.copytree(store, fresh, dirs_exist_ok=True)
    shutil.rmtree(fresh / "personal" / BEFORE)
    files = table_files(fresh, personal=True)
    for name, rows in changed.items():
        merged = f"SELECT * EXCLUDE (position) FROM merged_{name} ORDER BY position"
        write_table(con, merged if name in dropped else rows, files[name])
    write_rows_before(con, fresh)


def _recounted(
    con: duckdb.DuckDBPyConnection, manifest: Mapping[str, Any], store: Path, dropped: Mapping[str, int]
) -> dict[str, Any]:
    """Return the manifest with the counts after rows were unmerged."""
    counts = {name: dict(each) for name, each in manifest["tables"].items()}
    findings = [dict(finding) for finding in manifest["findings"]]
    for name, file in files_before(store).items():
        query = "SELECT count(*) FROM read_parquet($file) WHERE merged_position IS NULL"
        (n_before,) = con.execute(query, {"file": str(file)}).fetchone() or (0,)
        fewer = int(n_before) - dropped.get(name, 0)
        counts[name]["n_kept"] += fewer
        counts[name]["n_merged"] -= fewer
        for finding in findings:
            if finding["table"] == name and finding["finding"] in MERGED_ROWS:
                finding["n_rows"] -= fewer
                finding["share"] = finding["n_rows"] / max(counts[name]["n_in"], 1)
    kept = [each for each in findings if each["finding"] not in MERGED_ROWS or each["n_rows"]]
    return {**manifest, "tables": counts, "findings": kept}


def _restored(con: duckdb.DuckDBPyConnection, name: str, file: Path, before: Path) -> str:
    con.execute(f"CREATE OR REPLACE TABLE now_{name} AS FROM {parquet(file)}")
    con.execute(f"CREATE OR REPLACE TABLE old_{name} AS FROM {parquet(before)}")
    columns = ", ".join(identifier(column) for column in columns_of(con, f"now_{name}"))
    untouched = f"""SELECT row_number() OVER (ORDER BY rowid) AS nth, {columns} FROM now_{name}
                    WHERE rowid + 1 NOT IN (SELECT merged_position FROM old_{name} WHERE merged_position IS NOT NULL)"""
    n_rows = f"(SELECT count(*) FROM ({untouched})) + (SELECT count(*) FROM old_{name})"
    free = f"""SELECT row_number() OVER (ORDER BY position) AS nth, position FROM (
                   SELECT unnest(range(1, {n_rows} + 1)) AS position) WHERE position NOT IN (SELECT position FROM old_{name})"""
    con.execute(f"""CREATE OR REPLACE TABLE restored_{name} AS
                    SELECT position, {columns} FROM ({untouched}) JOIN ({free}) USING (nth)
                    UNION ALL SELECT position, {columns} FROM old_{name}""")
    _check(con, name)
    return f"SELECT {columns} FROM restored_{name} ORDER BY position"


def _check(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """Stop where the table has fewer or more rows than the merge left."""
    counted = f"""SELECT count(*), max(position), (SELECT count(*) FROM now_{name}) + (SELECT count(*) FROM old_{name}
                  WHERE merged_position IS NULL) FROM restored_{name}"""
    n_rows, last, expected = con.execute(counted).fetchone() or (0, 0, 0)
    if n_rows != expected or (last or 0) != n_rows:
        raise CrmkitError(f"The table {name} has changed since the load. Run `crmkit load`, then try again.")
