"""Remove the rows of people who were forgotten; rows that the accounts need stay, without the person.

The same rules hold for the rows of a load and for those of a store: a load of the same files after forgetting makes the
same store.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import duckdb

from crmkit.cleaning.checks.findings import Finding
from crmkit.cleaning.checks.kept_rows import make_table
from crmkit.cleaning.checks.parse_rows import ParsedTable
from crmkit.sources.contacts import plain_email
from crmkit.sources.sql import REASON, columns_of, identifier, literal
from crmkit.tables.schema import SCHEMAS

LEFT_OUT = "rows of people who were forgotten"
ANONYMOUS_ROWS = "rows of people who were forgotten stay without them"
ANONYMOUS = {
    "orders": "NULL",
    "deals": "NULL",
    "subscription_terms": "'forgotten-' || left(keyed_hash('forgotten:' || customer_id), 16)",
}
"""Tables whose rows are kept for accounting, and the SQL of the customer_id that takes the place of the person's."""


@dataclass(frozen=True)
class Erased:
    """What forgetting does to one table [rows]: how many rows it loses, and how many stay without the person."""

    n_dropped: int = 0
    n_anonymous: int = 0


def leave_out_forgotten(
    con: duckdb.DuckDBPyConnection, parsed: Sequence[ParsedTable], hashes: Collection[str]
) -> tuple[list[ParsedTable], list[Finding]]:
    """Leave out the rows of forgotten people, in place; they count as ignored.

    Parameters
    ----------
    con : duckdb connection
        With the function ``keyed_hash``.
    parsed : sequence of ParsedTable
    hashes : collection of str
        See :mod:`crmkit.sources.store.keys`.
    """
    if not hashes:
        return list(parsed), []
    relations = {table.staged.table: table.relation for table in parsed}
    for relation in relations.values():
        make_table(con, relation)
    list_forgotten(con, ids_of_hashes(con, relations, hashes))
    left = forget_rows(con, relations)
    findings = [
        Finding(name, ANONYMOUS_ROWS, each.n_anonymous, 0.0, "note", "They count in totals and under no customer.")
        for name, each in left.items()
        if each.n_anonymous
    ]
    return [_without(table, left[table.staged.table].n_dropped) for table in parsed], findings


def list_forgotten(con: duckdb.DuckDBPyConnection, ids: Iterable[str]) -> None:
    """Make the table of the ids to forget."""
    con.execute("CREATE OR REPLACE TEMP TABLE forgotten_ids (id VARCHAR)")
    for each in ids:
        con.execute("INSERT INTO forgotten_ids VALUES ($1)", [each])


def forget_rows(con: duckdb.DuckDBPyConnection, relations: Mapping[str, str]) -> dict[str, Erased]:
    """Forget the people of ``forgotten_ids`` in the tables named, in place.

    Parameters
    ----------
    con : duckdb connection
    relations : mapping of str to str
        DuckDB table by canonical name.

    Returns
    -------
    dict of str to Erased
    """
    columns = {name: columns_of(con, relation) for name, relation in relations.items()}
    con.execute("CREATE OR REPLACE TEMP TABLE forgotten_leads (id VARCHAR)")
    if "customer_id" in columns.get("leads", ()):
        con.execute(
            f"INSERT INTO forgotten_leads SELECT lead_id FROM {relations['leads']} WHERE {_is_forgotten('customer_id')}"
        )
    return {name: _forget_in(con, name, relation, columns[name]) for name, relation in relations.items()}


def _forget_in(con: duckdb.DuckDBPyConnection, name: str, relation: str, columns: Mapping[str, str]) -> Erased:
    of_person = _is_forgotten("customer_id") if "customer_id" in columns else "false"
    leads = "lead_id IN (SELECT id FROM forgotten_leads)" if "lead_id" in columns else "false"
    if "referred_by" in columns:
        con.execute(f"UPDATE {relation} SET referred_by = NULL WHERE {_is_forgotten('referred_by')}")
    if name not in ANONYMOUS:
        n_dropped = _changed(con, f"DELETE FROM {relation} WHERE {of_person} OR {leads}")
        return Erased(n_dropped=n_dropped)
    about = f"({of_person} OR {leads})"
    # Rows set aside are kept in their raw form, with the id in it: they are deleted.
    set_aside = f"{REASON} IS NOT NULL AND {about}" if REASON in columns else "false"
    n_dropped = _changed(con, f"DELETE FROM {relation} WHERE {set_aside}")
    # Own columns of text may identify the person; no total needs them.
    emptied = [
        f"{identifier(column)} = NULL"
        for column, kind in columns.items()
        if kind == "VARCHAR" and column not in SCHEMAS[name].names and not column.startswith("__")
    ]
    if "customer_id" in columns:
        emptied.append(f"customer_id = CASE WHEN {of_person} THEN {ANONYMOUS[name]} ELSE customer_id END")
    if "lead_id" in columns:
        emptied.append(f"lead_id = CASE WHEN {leads} THEN NULL ELSE lead_id END")
    changed = f"UPDATE {relation} SET {', '.join(emptied)} WHERE {about}"
    return Erased(n_dropped, _changed(con, changed) if emptied else 0)


def _changed(con: duckdb.DuckDBPyConnection, statement: str) -> int:
    (n_rows,) = con.execute(statement).fetchone() or (0,)
    return int(n_rows)


def _is_forgotten(column: str) -> str:
    return f"{identifier(column)} IN (SELECT id FROM forgotten_ids)"


def ids_of_hashes(con: duckdb.DuckDBPyConnection, relations: Mapping[str, str], hashes: Collection[str]) -> list[str]:
    """Return the ids whose hash is known, and those of people under an e-mail address whose hash is known."""
    columns = {name: columns_of(con, relation) for name, relation in relations.items()}
    ids = [f"SELECT customer_id AS id FROM {relations[name]}" for name in relations if "customer_id" in columns[name]]
    if not ids:
        return []
    listed = ", ".join(literal(each) for each in sorted(hashes))
    queries = [f"SELECT DISTINCT id FROM ({' UNION '.join(ids)}) WHERE keyed_hash('id:' || id) IN ({listed})"]
    if "email" in columns.get("customer_identities", ()):
        queries.append(
            f"SELECT customer_id FROM {relations['customer_identities']} WHERE customer_id IS NOT NULL "
            f"AND keyed_hash('email:' || {plain_email('email')}) IN ({listed})"
        )
    return [each for (each,) in con.execute(" UNION ".join(queries)).fetchall()]


def _without(table: ParsedTable, n_rows: int) -> ParsedTable:
    if not n_rows:
        return table
    return replace(table, staged=replace(table.staged, ignored=(*table.staged.ignored, (LEFT_OUT, n_rows))))
