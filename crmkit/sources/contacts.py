"""Who a row is about where it has no customer id: the one whom another file knows by the same e-mail or telephone.

A person whom no file knows goes by a pseudonym, a keyed hash of the address, so that the address itself is in no table
and nobody without the key can try addresses out. The key is the same for all files, so that they join.
"""

from __future__ import annotations

import duckdb

from crmkit.sources.sql import literal

_NONE = "NULL::VARCHAR"


def plain_email(email: str) -> str:
    """Return the SQL of an e-mail address as it is compared; of several in one cell, the first."""
    return f"nullif(regexp_extract(lower(CAST({email} AS VARCHAR)), '[^\\s,;<>\"]+@[^\\s,;<>\"]+'), '')"


def plain_phone(phone: str) -> str:
    """Return the SQL of a telephone number as it is compared: its digits without zeros before them, if five or more."""
    digits = f"ltrim(regexp_replace(split_part(CAST({phone} AS VARCHAR), ',', 1), '[^0-9]', '', 'g'), '0')"
    return f"CASE WHEN length({digits}) >= 5 THEN {digits} END"


def pseudonym(contact: str) -> str:
    """Return the SQL of the id of a person known by a contact only, null where there is none; see :mod:`.keys`."""
    return f"('person-' || left(keyed_hash({contact}), 16))"


def make_directory(con: duckdb.DuckDBPyConnection) -> None:
    """Make the empty directory of contacts: system, kind of contact, contact, customer id."""
    con.execute("CREATE TABLE directory (system VARCHAR, contact VARCHAR, customer_id VARCHAR)")


def register(con: duckdb.DuckDBPyConnection, prefix: str, relation: str, person: dict[str, str | None]) -> None:
    """Enter the people of a file who have an id; who comes twice under one contact stays under the first id.

    Parameters
    ----------
    con : duckdb connection
    prefix : str
        Of the system.
    relation : str
        Rows with the fields.
    person : dict
        SQL of ``id``, ``email`` and ``phone`` in them.
    """
    own = owned(prefix, person["id"] or _NONE)
    for contact in (plain_email(person["email"] or _NONE), plain_phone(person["phone"] or _NONE)):
        con.execute(
            f"INSERT INTO directory SELECT {literal(prefix)}, contact, min(id) FROM (SELECT {own} AS id, {contact} "
            f"AS contact FROM {relation}) WHERE id IS NOT NULL AND contact IS NOT NULL GROUP BY contact"
        )


def make_lookups(con: duckdb.DuckDBPyConnection) -> None:
    """Make the two lookups: within a system, and over all of them. Each contact is there once, so no row is doubled."""
    for lookup, key in (("known_within", "system, contact"), ("known_anywhere", "contact")):
        con.execute(
            f"CREATE TABLE {lookup} AS SELECT {key}, min(customer_id) AS customer_id FROM directory GROUP BY {key}"
        )


def with_customer(relation: str, prefix: str, person: dict[str, str | None]) -> str:
    """Return the SQL of the rows with the column ``__customer``: own id, else by contact, else a pseudonym."""
    own = owned(prefix, person["id"] or _NONE)
    email, phone = plain_email(person["email"] or _NONE), plain_phone(person["phone"] or _NONE)
    found = ", ".join(f"{name}.customer_id" for name in ("we", "wp", "ae", "ap"))
    within = " ".join(
        f"LEFT JOIN known_within w{key} ON w{key}.system = {literal(prefix)} AND w{key}.contact = r.__{name}"
        for key, name in (("e", "email"), ("p", "phone"))
    )
    anywhere = " ".join(
        f"LEFT JOIN known_anywhere a{key} ON a{key}.contact = r.__{name}"
        for key, name in (("e", "email"), ("p", "phone"))
    )
    return (
        f"(SELECT r.* EXCLUDE (__own, __email, __phone), coalesce(r.__own, {found}, {pseudonym('r.__email')}, "
        f"{pseudonym('r.__phone')}) AS __customer FROM (SELECT *, {own} AS __own, {email} AS __email, {phone} AS __phone "
        f"FROM {relation}) r {within} {anywhere})"
    )


def owned(prefix: str, value: str) -> str:
    """Return the SQL of an id with the system before it, null where there is no id."""
    return f"({literal(f'{prefix}-')} || nullif(CAST({value} AS VARCHAR), ''))"
