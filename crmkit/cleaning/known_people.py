"""Find a person in a store: her ids, and what she alone is known by."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import duckdb

from crmkit.cleaning.forgotten import name_people
from crmkit.cleaning.people_state import BEFORE, read_people_state
from crmkit.errors import CrmkitError, did_you_mean
from crmkit.settings import Settings
from crmkit.sources.contacts import plain_email, pseudonym
from crmkit.sources.forgotten import forgotten_hashes, hashes_of
from crmkit.sources.keys import key_for, use_key
from crmkit.sources.searching import Person
from crmkit.sources.sql import ROW, columns_of, identifier, literal, open_duckdb, parquet
from crmkit.sources.store import found_store, table_files

_CONTACTS = {"emails": "email", "phones": "phone", "names": "name", "addresses": "address"}
_WRITTEN = {"survey_responses": "comment", "social_posts": "text"}


def find_person(settings: Settings, customer: str) -> Person:
    """Return what the store knows of a customer.

    Parameters
    ----------
    settings : Settings
    customer : str
        Her id, or her e-mail address. Ids under the same e-mail address are hers too.

    Raises
    ------
    CrmkitError
        If there is no store, the customer is not in it, or she was forgotten already.
    """
    store = found_store(settings.path("store"))
    if store is None:
        raise CrmkitError(f"There is no store {settings.path('store')} yet. Run `crmkit load` first.")
    key = key_for(settings)
    with closing(opened(store, key)) as con:
        con.execute("CREATE TEMP TABLE given (who VARCHAR)")
        con.execute("INSERT INTO given VALUES ($1)", [customer.strip()])
        ids = _with_merged(store, customer.strip(), _ids(con))
        if not ids:
            known = hashes_of(key, [customer.strip()], [customer.strip().lower()])
            raise CrmkitError(_nobody(con, customer, bool(forgotten_hashes(settings) & set(known))))
        name_people(con, ids)
        known_by = {what: (*_hers_alone(con, column), *_before_merging(con, store, column))
                    for what, column in _CONTACTS.items()}  # fmt: skip
        texts = [text for table, column in _WRITTEN.items() for text in _written_by_her(con, table, column)]
        return Person(tuple(ids), texts=tuple(texts), **known_by)


def emails_of(settings: Settings, person: Person) -> list[str]:
    """Return a person's e-mail addresses as they are hashed, those included that others have too."""
    store = found_store(settings.path("store"))
    with closing(opened(store or Path(), key_for(settings))) as con:
        name_people(con, person.ids)
        return [each.lower() for each in _contacts(con, plain_email("email"))] if _has(con, "email") else []


def opened(store: Path, key: bytes) -> duckdb.DuckDBPyConnection:
    """Return a connection that holds every table of a store, each row with its number."""
    con = open_duckdb()
    use_key(con, key)
    for name, file in table_files(store, personal=True).items():
        con.execute(f"CREATE TABLE {identifier(name)} AS SELECT *, row_number() OVER () AS {ROW} FROM {parquet(file)}")
    return con


def _ids(con: duckdb.DuckDBPyConnection) -> list[str]:
    tables = [name for (name,) in con.execute("SELECT table_name FROM duckdb_tables() WHERE NOT temporary").fetchall()]
    everybody = " UNION ".join(f"SELECT customer_id FROM {identifier(name)}" for name in tables
                               if "customer_id" in columns_of(con, identifier(name)))  # fmt: skip
    if not everybody:
        return []
    con.execute(
        f"CREATE TEMP TABLE everybody AS SELECT DISTINCT customer_id AS id FROM ({everybody}) WHERE id IS NOT NULL"
    )
    given = plain_email("who")
    queries = ["SELECT id FROM everybody SEMI JOIN given ON id = who",
               f"SELECT id FROM everybody SEMI JOIN given ON id = {pseudonym(given)}"]  # fmt: skip
    if _has(con, "email"):
        email = plain_email("email")
        queries.append(f"SELECT customer_id FROM customer_identities SEMI JOIN given ON {email} = {given}")
        hers = f"SELECT {email} FROM customer_identities SEMI JOIN given ON customer_id = who"
        queries.append(f"SELECT customer_id FROM customer_identities WHERE {email} IN ({hers})")
        queries.append(f"SELECT id FROM everybody WHERE id IN (SELECT {pseudonym('hers')} FROM ({hers}) her(hers))")
    return sorted(each for (each,) in con.execute(" UNION ".join(queries)).fetchall())


def _with_merged(store: Path, given: str, ids: list[str]) -> list[str]:
    """Return the ids, and those of the accounts that were merged into them."""
    merges = read_people_state(store).merges
    standing = merges[merges["undone_at"].isna()]
    people = {*ids, *standing.loc[standing["from_id"] == given, "into_id"]}
    return sorted(people | set(standing.loc[standing["into_id"].isin(people), "from_id"]))


def _before_merging(con: duckdb.DuckDBPyConnection, store: Path, column: str) -> tuple[str, ...]:
    """Return what stood in her accounts before they were merged, and nobody else has."""
    file = store / "personal" / BEFORE / "customer_identities.parquet"
    if not file.is_file() or column not in columns_of(con, f"FROM {parquet(file)}") or not _has(con, column):
        return ()
    name = identifier(column)
    others = f"SELECT lower({name}) FROM customer_identities WHERE customer_id NOT IN (FROM forgotten_ids) AND {name} IS NOT NULL"
    rows = con.execute(f"SELECT DISTINCT CAST({name} AS VARCHAR) FROM {parquet(file)} "
                       f"WHERE customer_id IN (FROM forgotten_ids) AND lower({name}) NOT IN ({others})")  # fmt: skip
    return tuple(sorted(each for (each,) in rows.fetchall() if each is not None))


def _nobody(con: duckdb.DuckDBPyConnection, customer: str, forgotten: bool) -> str:
    if forgotten:
        return f"The customer '{customer}' was forgotten before: nothing of hers is in the store."
    ids = [each for (each,) in con.execute("SELECT id FROM everybody").fetchall()] if "@" not in customer else []
    hint = did_you_mean(customer, ids)
    near = f" {hint}" if hint.startswith("Did") else ""
    return (f"There is no customer '{customer}' in the store.{near} Give the id, as in the table customers, or the e-mail "
            "address. Who is in the export files alone is found after `crmkit load`.")  # fmt: skip


def _has(con: duckdb.DuckDBPyConnection, column: str, table: str = "customer_identities") -> bool:
    there = f"SELECT 1 FROM duckdb_columns() WHERE table_name = {literal(table)} AND column_name = {literal(column)}"
    return con.execute(there).fetchone() is not None


def _contacts(
    con: duckdb.DuckDBPyConnection, value: str, table: str = "customer_identities", hers: str = "IN"
) -> list[str]:
    query = (
        f"SELECT DISTINCT CAST({value} AS VARCHAR) AS told FROM {table} WHERE customer_id {hers} (FROM forgotten_ids)"
    )
    return [each for (each,) in con.execute(f"FROM ({query}) WHERE told IS NOT NULL ORDER BY told").fetchall()]


def _hers_alone(con: duckdb.DuckDBPyConnection, column: str, table: str = "customer_identities") -> tuple[str, ...]:
    if not (_has(con, column, table) and _has(con, "customer_id", table)):
        return ()
    others = {each.casefold() for each in _contacts(con, identifier(column), table, "NOT IN")}
    return tuple(each for each in _contacts(con, identifier(column), table) if each.casefold() not in others)


def _written_by_her(con: duckdb.DuckDBPyConnection, table: str, column: str) -> tuple[str, ...]:
    return _hers_alone(con, column, table)
