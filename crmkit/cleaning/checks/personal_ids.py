"""Ids that say who somebody is: an e-mail address, a telephone number or a name as the id becomes a keyed pseudonym.

The pseudonym is the one that a person known by a contact only gets (:mod:`crmkit.sources.contacts`), so that rows join
whether a file has the address as an id or as a contact. Every other id stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from crmkit.cleaning.checks.findings import Finding
from crmkit.cleaning.checks.kept_rows import change_rows
from crmkit.cleaning.checks.parse_rows import ParsedTable
from crmkit.settings import Settings
from crmkit.sources.contacts import plain_email, plain_phone, pseudonym
from crmkit.sources.masking import EMAIL_IN_ID, PHONE_AS_ID
from crmkit.sources.sql import REASON, identifier, literal
from crmkit.sources.store.keys import key_for, use_key

_OF_PEOPLE = ("customer_id", "referred_by", "lead_id", "user_id")  # an order or a deal may be called by several words
_UNUSUAL = r"[@+ ()/]"  # no id without one of these is an address, a number as people write it, or two words
_NAME = r"\pL[\pL'’.-]+( +\pL[\pL'’.-]*)+"
_LEAST_LETTERS, _LEAST_DIGITS = 5, 7  # of a name or a number in an id, below which they may agree by chance


def hide_personal_ids(
    con: duckdb.DuckDBPyConnection, parsed: Sequence[ParsedTable], settings: Settings
) -> list[Finding]:
    """Give ids that hold an e-mail address, a telephone number or a name their pseudonyms, in place, in all tables alike.

    What a name or a number is shows in the id itself, or in the customer's own name and telephone number.

    Parameters
    ----------
    con : duckdb connection
    parsed : sequence of ParsedTable
    settings : Settings
        Their key makes the pseudonyms.

    Returns
    -------
    list of Finding
        One for each column with such ids.
    """
    columns = [(table, column.name) for table in parsed for column in table.columns if _is_id(column.name, column.kind)]
    met = [query for table, name in columns if (query := _ids_in(con, table, name))]
    met += [_known_by_name(table) for table in parsed if table.staged.schema.personal]
    if not met:
        return []
    use_key(con, key_for(settings))
    each = f"({' UNION ALL '.join(met)}) WHERE who IS NOT NULL GROUP BY id"
    con.execute(f"CREATE OR REPLACE TABLE personal_ids AS SELECT id, min({pseudonym('who')}) AS pseudonym FROM {each}")
    (n,) = con.execute("SELECT count(*) FROM personal_ids").fetchone() or (0,)
    return [finding for table, name in columns if n and (finding := _replaced(con, table, name))]


def _is_id(name: str, kind: str) -> bool:
    return kind == "id" or name == "referred_by"


def _ids_in(con: duckdb.DuckDBPyConnection, table: ParsedTable, name: str) -> str:
    """Return the SQL of the ids of a column that say themselves what they are: id, who; empty if none is unusual."""
    cell, relation = identifier(name), table.relation
    unusual = f"{cell} IS NOT NULL AND regexp_matches({cell}, {literal(_UNUSUAL)})"
    if con.execute(f"SELECT 1 FROM {relation} WHERE {unusual} LIMIT 1").fetchone() is None:
        return ""
    is_name = f"regexp_full_match(id, {literal(_NAME)})" if name in _OF_PEOPLE else "false"
    who = (
        f"CASE WHEN regexp_matches(id, {literal(EMAIL_IN_ID)}, 'i') THEN {plain_email('id')} "
        f"WHEN regexp_full_match(id, {literal(PHONE_AS_ID)}) THEN {plain_phone('id')} "
        f"WHEN {is_name} THEN lower(id) END"
    )
    return f"SELECT id, {who} AS who FROM (SELECT DISTINCT {cell} AS id FROM {relation} WHERE {unusual})"


def _known_by_name(table: ParsedTable) -> str:
    """Return the SQL of the ids that end with their customer's own name or are the own telephone number: id, who."""
    names = {column.name for column in table.columns}
    letters = "regexp_replace(lower({}), '[^\\pL]', '', 'g')"
    cases = []
    if "name" in names:
        own, of_id = letters.format("name"), letters.format("customer_id")
        cases.append(f"WHEN length({own}) >= {_LEAST_LETTERS} AND ends_with({of_id}, {own}) THEN lower(name)")
    if "phone" in names:
        own = plain_phone("phone")
        same = f"length({own}) >= {_LEAST_DIGITS} AND {plain_phone('customer_id')} = {own}"
        cases.append(f"WHEN {same} AND regexp_full_match(customer_id, '[0-9 ()/.+-]+') THEN {own}")
    who = f"CASE {' '.join(cases)} END" if cases else "NULL::VARCHAR"
    return f"SELECT customer_id AS id, {who} AS who FROM {table.relation} WHERE customer_id IS NOT NULL"


def _replaced(con: duckdb.DuckDBPyConnection, table: ParsedTable, name: str) -> Finding | None:
    cell, relation = identifier(name), table.relation
    changes = f"SELECT r.rowid AS id, p.pseudonym AS {cell} FROM {relation} r JOIN personal_ids p ON r.{cell} = p.id"
    change_rows(con, relation, changes, [name])
    (n_rows,) = con.execute(
        f"SELECT count(*) FROM {relation} WHERE {REASON} IS NULL AND {cell} IN (SELECT pseudonym FROM personal_ids)"
    ).fetchone() or (0,)
    if not n_rows:
        return None
    finding = f"{name} held e-mail addresses, telephone numbers or names, now pseudonyms"
    consequence = "Each is replaced by a pseudonym, a keyed hash, the same in all tables."
    return Finding(table.staged.table, finding, int(n_rows), 0.0, "note", consequence)
