"""The currency of amounts, by the signs and codes beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import duckdb

from crmkit.errors import CrmkitError
from crmkit.sources.files.layout import plain_name
from crmkit.sources.parsing.cldr import currencies_of
from crmkit.sources.sql import PART, ROW, identifier, literal

_CURRENCY_HEADERS = frozenset(
    {"currency", "currency code", "currency_code", "currencycode", "währung", "waehrung", "devise", "moneda", "valuta"}
)
_BESIDE = r"[^0-9.,+()\-\s'’−–\x{a0}\x{202f}\x{2009}]"
_KNOWN_FIRST = ("USD", "EUR", "GBP", "JPY")  # of several currencies of one sign, the one to name
_MOST_SIGNS = 200


def foreign_sign(con: duckdb.DuckDBPyConnection, relation: str, columns: Iterable[str], currency: str) -> str | None:
    """Return the problem if amounts have the sign of another currency than the company's, without full stop; else None.

    Parameters
    ----------
    con : duckdb connection
    relation : str
        Raw rows of text.
    columns : iterable of str
        Columns of amounts.
    currency : str
        ISO 4217 code of the company's currency.
    """
    for column in columns:
        foreign = _foreign_signs(con, relation, column, currency)
        if not foreign:
            continue
        cell = f"CAST({identifier(column)} AS VARCHAR)"
        signs = ", ".join(map(literal, foreign))
        text, sign, line = con.execute(
            f"SELECT {cell}, {_sign(cell)}, {ROW} FROM {relation} WHERE {_sign(cell)} IN ({signs}) ORDER BY {ROW} LIMIT 1"
        ).fetchone() or ("", "", 0)
        return (
            f"amounts are in {' or '.join(sorted(foreign[sign]))[:30]}, such as '{text.strip()[:40]}' (line {line}, "
            f"column '{column}'), and the company's currency is {currency}. Write currency = ... under [company], or "
            "export the file in that currency"
        )
    return None


def own_signs(con: duckdb.DuckDBPyConnection, relation: str, columns: Iterable[str], currency: str) -> frozenset[str]:
    """Return the signs and codes beside numbers that can stand for the company's currency.

    Parameters
    ----------
    con : duckdb connection
    relation : str
        Raw rows.
    columns : iterable of str
    currency : str
        ISO 4217 code of the company's currency.
    """
    met = [_signs(con, relation, column) for column in columns]
    return frozenset(sign for signs in met for sign, codes in signs.items() if currency in codes)


def foreign_rows(
    con: duckdb.DuckDBPyConnection, relation: str, names: Iterable[str], amounts: Iterable[str], currency: str
) -> list[tuple[int, int, str]]:
    """Return the part, the line and the reason of each row whose amounts are in another currency than the company's.

    Parameters
    ----------
    con : duckdb connection
    relation : str
        Raw rows.
    names : iterable of str
        All columns; one with a name such as "currency" gives the currency of its row.
    amounts : iterable of str
        Columns of amounts that are text; a sign in them gives the currency of its row.
    currency : str
        ISO 4217 code of the company's currency.

    Raises
    ------
    CrmkitError
        If most rows are in another currency: then the setting or the export is wrong.
    """
    codes = [_foreign_code(name, currency) for name in names if plain_name(name) in _CURRENCY_HEADERS]
    signs = {name: _foreign_signs(con, relation, name, currency) for name in amounts}
    codes += [_foreign_code_of_sign(name, foreign) for name, foreign in signs.items() if foreign]
    if not codes:
        return []
    other = f"coalesce({', '.join(codes)})"
    met = con.execute(
        f"SELECT count(*), count({other}), min({other}), min({ROW}) FILTER ({other} IS NOT NULL) FROM {relation}"
    )
    n_rows, n_foreign, code, line = met.fetchone() or (0, 0, "", 0)
    if n_foreign * 2 > n_rows:
        raise CrmkitError(
            f"its amounts are in {code} in {n_foreign:,} of {n_rows:,} rows, such as line {line}, and the "
            f'company\'s currency is {currency}. Write currency = "{code}" under [company], or export the '
            f"file in {currency}."
        )
    reason = f"'the amount is in ' || {other} || {literal(f', and the company counts in {currency}')}"
    return con.execute(
        f"SELECT {PART}, {ROW}, {reason} FROM {relation} WHERE {other} IS NOT NULL ORDER BY {PART}, {ROW}"
    ).fetchall()


def _foreign_code(column: str, currency: str) -> str:
    code = f"upper(trim(CAST({identifier(column)} AS VARCHAR)))"
    return f"CASE WHEN regexp_full_match({code}, '[A-Z]{{3}}') AND {code} <> {literal(currency)} THEN {code} END"


def _foreign_signs(
    con: duckdb.DuckDBPyConnection, relation: str, column: str, currency: str
) -> dict[str, frozenset[str]]:
    """Return the signs and codes beside the amounts of a column that are not the company's, with what they stand for."""
    signs = _signs(con, relation, column)
    return {sign: codes for sign, codes in signs.items() if currency not in codes}


def _signs(con: duckdb.DuckDBPyConnection, relation: str, column: str) -> dict[str, frozenset[str]]:
    """Return the signs and codes beside the numbers of a column, with the currencies that each can stand for."""
    cell = f"CAST({identifier(column)} AS VARCHAR)"
    met = con.execute(
        f"SELECT DISTINCT {_sign(cell)} FROM {relation} WHERE regexp_matches({cell}, {literal(_BESIDE)}) "
        f"AND regexp_matches({cell}, '[0-9]') LIMIT {_MOST_SIGNS}"
    ).fetchall()
    return {sign: codes for (sign,) in met if (codes := currencies_of(sign))}


def _sign(cell: str) -> str:
    """Return the SQL of what stands beside the number of a cell; 1F.50 is a damaged number, and not one in francs."""
    beside = f"trim(regexp_replace({cell}, '[0-9][0-9.,]*|[+()''’−–-]', '', 'g'), ' .,\u00a0\u202f')"
    return f"CASE WHEN regexp_matches({cell}, '[0-9][[:alpha:]]+[.,]?[0-9]') THEN '' ELSE {beside} END"


def _foreign_code_of_sign(column: str, foreign: Mapping[str, frozenset[str]]) -> str:
    sign = _sign(f"CAST({identifier(column)} AS VARCHAR)")
    code = {
        met: next((known for known in _KNOWN_FIRST if known in codes), min(codes)) for met, codes in foreign.items()
    }
    cases = " ".join(f"WHEN {literal(met)} THEN {literal(each)}" for met, each in code.items())
    return f"CASE {sign} {cases} END"
