"""Find a person in a store, and remove everything about this person from it."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb

from crmkit.cleaning.duplicates.state import BEFORE, read_state
from crmkit.cleaning.loading.forgotten_rows import Erased, forget_rows, ids_of_hashes, list_forgotten
from crmkit.errors import CrmkitError, did_you_mean
from crmkit.settings import Settings
from crmkit.sources.contacts import plain_email, pseudonym
from crmkit.sources.person_search import Person
from crmkit.sources.sql import ROW, columns_of, identifier, literal, open_duckdb, parquet
from crmkit.sources.store.changes import INPUTS
from crmkit.sources.store.keys import (
    forgotten_digest,
    forgotten_hashes,
    hashes_of,
    key_for,
    record_forgotten,
    take_back_record,
    unfinished_hashes,
    use_key,
)
from crmkit.sources.store.store import found_store, new_store, read_manifest, table_files, write_manifest, write_table
from crmkit.sources.store.trial_book import book_lock, list_files, read_drawn, write_drawn

_CONTACTS = {"emails": "email", "phones": "phone", "names": "name", "addresses": "address"}
_OWN_TEXTS = {"survey_responses": "comment", "social_posts": "text"}


def find_person(settings: Settings, customer: str) -> Person:
    """Return what the store knows of a customer.

    Parameters
    ----------
    settings : Settings
    customer : str
        Id or e-mail address. All ids with the same e-mail address are the same person.

    Raises
    ------
    CrmkitError
        If there is no store, or the customer is not in it or was forgotten already.
    """
    store = found_store(settings.path("store"))
    if store is None:
        raise CrmkitError(f"There is no store {settings.path('store')} yet. Run `crmkit load` first.")
    key = key_for(settings)
    with closing(_open_tables(store, key)) as con:
        con.execute("CREATE TEMP TABLE given (who VARCHAR)")
        con.execute("INSERT INTO given VALUES ($1)", [customer.strip()])
        ids = _with_merged(store, customer.strip(), _matching_ids(con))
        if not ids:
            known = hashes_of(key, [customer.strip()], [customer.strip().lower()])
            raise CrmkitError(_not_found_message(con, customer, bool(forgotten_hashes(settings) & set(known))))
        list_forgotten(con, ids)
        known_by = {
            what: (*_own_values(con, column), *_contacts_before_merging(con, store, column))
            for what, column in _CONTACTS.items()
        }
        texts = [text for table, column in _OWN_TEXTS.items() for text in _own_values(con, column, table)]
        return Person(tuple(ids), texts=tuple(texts), **known_by)


def emails_of(settings: Settings, person: Person) -> list[str]:
    """Return a person's e-mail addresses as they are hashed, those included that others have too."""
    store = found_store(settings.path("store"))
    with closing(_open_tables(store or Path(), key_for(settings))) as con:
        list_forgotten(con, person.ids)
        return [each.lower() for each in _contacts(con, plain_email("email"))] if _has(con, "email") else []


def forget_in_store(settings: Settings, person: Person, dry_run: bool = False) -> dict[str, Erased]:
    """Remove a person from every table of the store and from the rows set aside, in one swap.

    Returns
    -------
    dict of str to Erased
        By table; "aside/<table>" for rows set aside.
    """
    store = found_store(settings.path("store"))
    if store is None:
        return {}
    with closing(_open_tables(store, key_for(settings))) as con:
        list_forgotten(con, person.ids)
        left = forget_rows(con, {name: identifier(name) for name in table_files(store, personal=True)})
        others = {path: rows for path in _other_tables(store) if (rows := _rows_about(con, path, person))}
        removed = left | {
            str(path.relative_to(store).with_suffix("")): Erased(len(rows)) for path, rows in others.items()
        }
        drawn = read_drawn(settings)
        of_person = drawn["customer_id"].isin(person.ids) if len(drawn) else drawn
        if len(of_person) and of_person.any():
            removed["trials"] = Erased(int(of_person.sum()))
        if dry_run:
            return removed
        if "trials" in removed:  # before the store: where it is interrupted, the ids are still found there
            with book_lock(settings):
                drawn = read_drawn(settings)
                of_person = drawn["customer_id"].isin(person.ids)
                write_drawn(settings, drawn[~of_person])
            for trial in drawn.loc[of_person, "trial"].unique():  # `crmkit actions draw` writes such a list again
                for file in list_files(settings, str(trial)):
                    file.unlink(missing_ok=True)
        with new_store(settings.path("store")) as fresh:
            shutil.copytree(store, fresh, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".*"))
            for name, file in table_files(fresh, personal=True).items():
                if left[name] != Erased() or name in (
                    "customers",
                    "deals",
                ):  # other columns of these may name the person
                    query = f"SELECT * EXCLUDE ({ROW}) FROM {identifier(name)} ORDER BY {ROW}"
                    write_table(con, query, file)
            for path, about in others.items():
                _write_without(con, path, fresh / path.relative_to(store), about)
            write_manifest(fresh, _corrected(read_manifest(store), removed, settings))
        return removed


def forget_recorded(settings: Settings, person: Person | None, hashes: Iterable[str]) -> dict[str, Erased]:
    """Remove a person from the store and record the hashes, so that no later load takes the person in; both or neither.

    Parameters
    ----------
    settings : Settings
    person : Person or None
        None if nothing about the person is left in the store.
    hashes : iterable of str
        See :func:`crmkit.sources.store.keys.hashes_of`.
    """
    hashes = sorted(hashes)
    record_forgotten(settings, hashes, finished=False)
    try:
        removed = forget_in_store(settings, person) if person else {}
    except BaseException:
        if _ids_in_store(settings, hashes):
            take_back_record(settings, hashes)
        raise
    record_forgotten(settings, hashes, finished=True)
    return removed


def finish_forgetting(settings: Settings) -> None:
    """Remove those people from the store whose forgetting was interrupted after it had been recorded."""
    for hashes in unfinished_hashes(settings):
        ids = _ids_in_store(settings, hashes)
        forget_recorded(settings, find_person(settings, ids[0]) if ids else None, hashes)


def _ids_in_store(settings: Settings, hashes: Iterable[str]) -> list[str]:
    store = found_store(settings.path("store"))
    if store is None:
        return []
    with closing(_open_tables(store, key_for(settings))) as con:
        tables = {name: identifier(name) for name in table_files(store, personal=True)}
        return sorted(ids_of_hashes(con, tables, set(hashes)))


def _open_tables(store: Path, key: bytes) -> duckdb.DuckDBPyConnection:
    """Return a connection that holds every table of a store, each row with its number."""
    con = open_duckdb()
    use_key(con, key)
    for name, file in table_files(store, personal=True).items():
        con.execute(f"CREATE TABLE {identifier(name)} AS SELECT *, row_number() OVER () AS {ROW} FROM {parquet(file)}")
    return con


def _with_merged(store: Path, given: str, ids: list[str]) -> list[str]:
    """Return the ids, and those of the accounts that were merged into them."""
    merges = read_state(store).merges
    standing = merges[merges["undone_at"].isna()]
    people = {*ids, *standing.loc[standing["from_id"] == given, "into_id"]}
    return sorted(people | set(standing.loc[standing["into_id"].isin(people), "from_id"]))


def _matching_ids(con: duckdb.DuckDBPyConnection) -> list[str]:
    tables = [name for (name,) in con.execute("SELECT table_name FROM duckdb_tables() WHERE NOT temporary").fetchall()]
    everybody = " UNION ".join(
        f"SELECT customer_id FROM {identifier(name)}"
        for name in tables
        if "customer_id" in columns_of(con, identifier(name))
    )
    if not everybody:
        return []
    con.execute(
        f"CREATE TEMP TABLE everybody AS SELECT DISTINCT customer_id AS id FROM ({everybody}) WHERE id IS NOT NULL"
    )
    given = plain_email("who")
    queries = [
        "SELECT id FROM everybody SEMI JOIN given ON id = who",
        f"SELECT id FROM everybody SEMI JOIN given ON id = {pseudonym(given)}",
    ]
    if _has(con, "email"):
        email = plain_email("email")
        queries.append(f"SELECT customer_id FROM customer_identities SEMI JOIN given ON {email} = {given}")
        own = f"SELECT {email} FROM customer_identities SEMI JOIN given ON customer_id = who"
        queries.append(f"SELECT customer_id FROM customer_identities WHERE {email} IN ({own})")
        queries.append(f"SELECT id FROM everybody WHERE id IN (SELECT {pseudonym('own')} FROM ({own}) emails(own))")
    return sorted(each for (each,) in con.execute(" UNION ".join(queries)).fetchall())


def _has(con: duckdb.DuckDBPyConnection, column: str, table: str = "customer_identities") -> bool:
    there = f"SELECT 1 FROM duckdb_columns() WHERE table_name = {literal(table)} AND column_name = {literal(column)}"
    return con.execute(there).fetchone() is not None


def _not_found_message(con: duckdb.DuckDBPyConnection, customer: str, forgotten: bool) -> str:
    if forgotten:
        return f"The customer '{customer}' was forgotten before: nothing about this customer is in the store."
    ids = [each for (each,) in con.execute("SELECT id FROM everybody").fetchall()] if "@" not in customer else []
    hint = did_you_mean(customer, ids)
    near = f" {hint}" if hint.startswith("Did") else ""
    return (
        f"There is no customer '{customer}' in the store.{near} Give the id, as in the table customers, or the e-mail "
        "address. Who is in the export files alone is found after `crmkit load`."
    )


def _own_values(con: duckdb.DuckDBPyConnection, column: str, table: str = "customer_identities") -> tuple[str, ...]:
    if not (_has(con, column, table) and _has(con, "customer_id", table)):
        return ()
    others = {each.casefold() for each in _contacts(con, identifier(column), table, "NOT IN")}
    return tuple(each for each in _contacts(con, identifier(column), table) if each.casefold() not in others)


def _contacts(
    con: duckdb.DuckDBPyConnection, value: str, table: str = "customer_identities", membership: str = "IN"
) -> list[str]:
    chosen = f"FROM {table} WHERE customer_id {membership} (FROM forgotten_ids)"
    query = f"SELECT DISTINCT CAST({value} AS VARCHAR) AS contact {chosen}"
    return [each for (each,) in con.execute(f"FROM ({query}) WHERE contact IS NOT NULL ORDER BY contact").fetchall()]


def _contacts_before_merging(con: duckdb.DuckDBPyConnection, store: Path, column: str) -> tuple[str, ...]:
    """Return the contact data of the accounts before merging that no other person has."""
    file = store / "personal" / BEFORE / "customer_identities.parquet"
    if not file.is_file() or column not in columns_of(con, f"FROM {parquet(file)}") or not _has(con, column):
        return ()
    name = identifier(column)
    others = f"SELECT lower({name}) FROM customer_identities WHERE customer_id NOT IN (FROM forgotten_ids) AND {name} IS NOT NULL"
    rows = con.execute(
        f"SELECT DISTINCT CAST({name} AS VARCHAR) FROM {parquet(file)} "
        f"WHERE customer_id IN (FROM forgotten_ids) AND lower({name}) NOT IN ({others})"
    )
    return tuple(sorted(each for (each,) in rows.fetchall() if each is not None))


def _other_tables(store: Path) -> list[Path]:
    """Return the Parquet files of a store that are no canonical tables: rows set aside, logs of merged customers."""
    known = set(table_files(store, personal=True).values())
    return [path for path in sorted(store.rglob("*.parquet")) if path not in known]


def _rows_about(con: duckdb.DuckDBPyConnection, path: Path, person: Person) -> list[int]:
    texts = [name for name, kind in columns_of(con, f"FROM {parquet(path)}").items() if kind == "VARCHAR"]
    if not texts:
        return []
    cells = con.execute(f"SELECT {', '.join(map(identifier, texts))} FROM {parquet(path)}").fetchall()
    return [number for number, row in enumerate(cells) if any(person.is_in(cell) for cell in row)]


def _write_without(con: duckdb.DuckDBPyConnection, old: Path, new: Path, rows: Iterable[int]) -> None:
    listed = ", ".join(map(str, rows))
    kept = f"FROM {parquet(old, ', file_row_number = true')} WHERE file_row_number NOT IN ({listed})"
    write_table(con, f"SELECT * EXCLUDE (file_row_number) {kept} ORDER BY file_row_number", new)


def _corrected(manifest: dict[str, Any], left: dict[str, Erased], settings: Settings) -> dict[str, Any]:
    """Return the manifest with the counts that a load of the same files would give now."""
    tables = {name: dict(counts) for name, counts in manifest["tables"].items()}
    for name, counts in tables.items():
        n_rows, n_aside = (left.get(each, Erased()).n_dropped for each in (name, f"aside/{name}"))
        counts["n_kept"] -= n_rows
        counts["n_aside"] -= n_aside
        counts["n_ignored"] = counts.get("n_ignored", 0) + n_rows + n_aside
    inputs = manifest.get(INPUTS)
    known = {INPUTS: inputs | {"forgotten": forgotten_digest(settings)}} if inputs else {}
    return {key: value for key, value in manifest.items() if key != "schema_version"} | {"tables": tables} | known
