"""The currency of amounts, by the signs and codes beside them."""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from crmkit.errors import CrmkitError
from crmkit.sources.files.mapping import plain_name
from crmkit.sources.sql import PART, ROW, identifier, literal

_SIGNS = {"€": {"EUR"}, "£": {"GBP", "EGP", "GIP"}, "₹": {"INR"}, "¥": {"JPY", "CNY"}, "zł": {"PLN"}, "R$": {"BRL"}}
_CURRENCY_HEADERS = frozenset(
    {"currency", "currency code", "currency_code", "currencycode", "währung", "waehrung", "devise", "moneda", "valuta"}
)
_DOLLAR_SIGN = {"$": {"USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN", "BRL", "TWD", "CLP", "COP", "ARS"}}


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
        cell = f"CAST({identifier(column)} AS VARCHAR)"
        met = con.execute(
            f"SELECT {cell}, {ROW} FROM {relation} WHERE regexp_matches({cell}, '[€£₹¥$]|zł') ORDER BY {ROW} LIMIT 1"
        ).fetchone()
        if not met:
            continue
        signs = _SIGNS | ({} if "R$" in met[0] else _DOLLAR_SIGN)
        sign = next((sign for sign in signs if sign in met[0]), None)
        if sign and currency not in signs[sign]:
            return (
                f"amounts are in {' or '.join(sorted(signs[sign]))[:30]}, such as '{met[0].strip()[:40]}' (line {met[1]}, "
                f"column '{column}'), and the company's currency is {currency}. Write currency = ... under [company], or "
                "export the file in that currency"
            )
    return None


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
    codes += [_foreign_code_of_sign(name, currency) for name in amounts]
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


def _foreign_code_of_sign(column: str, currency: str) -> str:
    cell = f"CAST({identifier(column)} AS VARCHAR)"
    foreign = {sign: codes for sign, codes in _SIGNS.items() if currency not in codes}
    cases = " ".join(
        f"WHEN contains({cell}, {literal(sign)}) THEN {literal(min(codes))}" for sign, codes in foreign.items()
    )
    if currency not in _DOLLAR_SIGN["$"]:
        cases += f" WHEN contains({cell}, '$') AND NOT contains({cell}, 'R$') THEN 'USD'"
    return f"CASE {cases} END"
