"""The customer of a row without a customer id: found in other files by the same e-mail address or telephone number.

A person whom no file has with an id gets a pseudonym, a keyed hash of the contact, so that the contact itself is in no
table and no one without the key can test guesses. The key is the same for all files, so that they join.
"""

from __future__ import annotations

import duckdb

from crmkit.sources.sql import literal

_NONE = "NULL::VARCHAR"


def plain_email(email: str) -> str:
    """Return the SQL of an e-mail address in the form for comparisons; of several in one cell, the first."""
    return f"nullif(regexp_extract(lower(CAST({email} AS VARCHAR)), '[^\\s,;<>\"]+@[^\\s,;<>\"]+'), '')"


def plain_phone(phone: str) -> str:
    """Return the SQL of a telephone number in the form for comparisons: its digits without leading zeros, if five or more."""
    digits = f"ltrim(regexp_replace(split_part(CAST({phone} AS VARCHAR), ',', 1), '[^0-9]', '', 'g'), '0')"
    return f"CASE WHEN length({digits}) >= 5 THEN {digits} END"


def pseudonym(contact: str) -> str:
    """Return the SQL of the id of a person known by a contact only, null where there is none; see :mod:`.store.keys`."""
    return f"('person-' || left(keyed_hash({contact}), 16))"


def create_directory(con: duckdb.DuckDBPyConnection) -> None:
    """Create the empty directory of contacts: system, contact, customer id."""
    con.execute("CREATE TABLE directory (system VARCHAR, contact VARCHAR, customer_id VARCHAR)")


def add_contacts(con: duckdb.DuckDBPyConnection, prefix: str, relation: str, person: dict[str, str | None]) -> None:
    """Add the people of a file who have an id to the directory; of several ids with one contact, the first one stays.

    Parameters
    ----------
    con : duckdb connection
    prefix : str
        Prefix of the system's ids.
    relation : str
        Rows that contain the fields.
    person : dict
        SQL of ``id``, ``email`` and ``phone`` in these rows.
    """
    own = prefixed_id(prefix, person["id"] or _NONE)
    for contact in (plain_email(person["email"] or _NONE), plain_phone(person["phone"] or _NONE)):
        con.execute(
            f"INSERT INTO directory SELECT {literal(prefix)}, contact, min(id) FROM (SELECT {own} AS id, {contact} "
            f"AS contact FROM {relation}) WHERE id IS NOT NULL AND contact IS NOT NULL GROUP BY contact"
        )


def create_lookups(con: duckdb.DuckDBPyConnection) -> None:
    """Create the lookups within a system and over all systems; each contact is in them once, so no row is doubled."""
    for lookup, key in (("known_within", "system, contact"), ("known_anywhere", "contact")):
        con.execute(
            f"CREATE TABLE {lookup} AS SELECT {key}, min(customer_id) AS customer_id FROM directory GROUP BY {key}"
        )


def with_customer(relation: str, prefix: str, person: dict[str, str | None]) -> str:
    """Return the SQL of the rows with the column ``__customer``: own id, else by contact, else a pseudonym."""
    own = prefixed_id(prefix, person["id"] or _NONE)
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


def prefixed_id(prefix: str, value: str) -> str:
    """Return the SQL of an id with the prefix of its system, null where there is no id."""
    return f"({literal(f'{prefix}-')} || nullif(CAST({value} AS VARCHAR), ''))"
