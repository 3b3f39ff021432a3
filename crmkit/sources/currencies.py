"""In which currency amounts are, by the signs that stand beside them."""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from crmkit.errors import CrmkitError
from crmkit.sources.columns import plain
from crmkit.sources.sql import PART, ROW, identifier, literal

_SIGNS = {"€": {"EUR"}, "£": {"GBP", "EGP", "GIP"}, "₹": {"INR"}, "¥": {"JPY", "CNY"}, "zł": {"PLN"}, "R$": {"BRL"}}
_HEADERS = frozenset(
    {"currency", "currency code", "currency_code", "currencycode", "währung", "waehrung", "devise", "moneda", "valuta"}
)
_DOLLARS = {"$": {"USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN", "BRL", "TWD", "CLP", "COP", "ARS"}}


def foreign_sign(con: duckdb.DuckDBPyConnection, relation: str, columns: Iterable[str], currency: str) -> str | None:
    """Return what is wrong where amounts carry the sign of another currency than the company's, without full stop.

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
        met = con.execute(f"SELECT {cell}, {ROW} FROM {relation} WHERE regexp_matches({cell}, '[€£₹¥$]|zł') "
                          f"ORDER BY {ROW} LIMIT 1").fetchone()  # fmt: skip
        if not met:
            continue
        signs = _SIGNS | ({} if "R$" in met[0] else _DOLLARS)
        sign = next((sign for sign in signs if sign in met[0]), None)
        if sign and currency not in signs[sign]:
            return (f"amounts are in {' or '.join(sorted(signs[sign]))[:30]}, such as '{met[0].strip()[:40]}' (line {met[1]}, "
                    f"column '{column}'), and the company's currency is {currency}. Write currency = ... under [company], or "
                    "export the file in that currency")  # fmt: skip
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
        All columns; one called "currency", or so, tells of its row.
    amounts : iterable of str
        Columns of amounts that are text; a sign in them tells of their row.
    currency : str
        ISO 4217 code of the company's currency.

    Raises
    ------
    CrmkitError
        If most rows are in another currency: then it is the setting that is wrong, or the export.
    """
    told = [_foreign_code(name, currency) for name in names if plain(name) in _HEADERS]
    told += [_foreign_sign(name, currency) for name in amounts]
    if not told:
        return []
    other = f"coalesce({', '.join(told)})"
    met = con.execute(
        f"SELECT count(*), count({other}), min({other}), min({ROW}) FILTER ({other} IS NOT NULL) FROM {relation}"
    )
    n_rows, n_foreign, code, line = met.fetchone() or (0, 0, "", 0)
    if n_foreign * 2 > n_rows:
        raise CrmkitError(f"its amounts are in {code} in {n_foreign:,} of {n_rows:,} rows, such as line {line}, and the "
                          f'company\'s currency is {currency}. Write currency = "{code}" under [company], or export the '
                          f"file in {currency}.")  # fmt: skip
    reason = f"'the amount is in ' || {other} || {literal(f', and the company counts in {currency}')}"
    return con.execute(f"SELECT {PART}, {ROW}, {reason} FROM {relation} WHERE {other} IS NOT NULL "
                       f"ORDER BY {PART}, {ROW}").fetchall()  # fmt: skip


def _foreign_code(column: str, currency: str) -> str:
    code = f"upper(trim(CAST({identifier(column)} AS VARCHAR)))"
    return f"CASE WHEN regexp_full_match({code}, '[A-Z]{{3}}') AND {code} <> {literal(currency)} THEN {code} END"


def _foreign_sign(column: str, currency: str) -> str:
    cell = f"CAST({identifier(column)} AS VARCHAR)"
    foreign = {sign: codes for sign, codes in _SIGNS.items() if currency not in codes}
    cases = " ".join(
        f"WHEN contains({cell}, {literal(sign)}) THEN {literal(min(codes))}" for sign, codes in foreign.items()
    )
    if currency not in _DOLLARS["$"]:
        cases += f" WHEN contains({cell}, '$') AND NOT contains({cell}, 'R$') THEN 'USD'"
    return f"CASE {cases} END"
