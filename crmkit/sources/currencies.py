"""In which currency amounts are, by the signs that stand beside them."""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from crmkit.sources.sql import ROW, identifier

_SIGNS = {"€": {"EUR"}, "£": {"GBP", "EGP", "GIP"}, "₹": {"INR"}, "¥": {"JPY", "CNY"}, "zł": {"PLN"}, "R$": {"BRL"}}
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
