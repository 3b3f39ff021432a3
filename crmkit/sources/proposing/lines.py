"""Files of lines: an order comes in as many rows as it has lines, and a table of orders is made of them by SQL.

Found by the cells: an id that repeats while product, quantity or price differ. An amount that is the same in all lines
of each order is the order's total, written again beside each line, and is not added up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import duckdb

from crmkit.sources.parsing.types import trimmed
from crmkit.sources.proposing.profile import ColumnProfile
from crmkit.sources.proposing.propose import (
    LEAST_LIKENESS,
    Wanted,
    assigned,
    fits_kind,
    fits_text,
    net_likeness,
    take_email,
)
from crmkit.sources.proposing.statuses import Status
from crmkit.sources.proposing.vocabulary import likeness, role_likeness
from crmkit.sources.sql import identifier
from crmkit.tables.schema import SCHEMAS, Kind

_OF_A_CUSTOMER = ("country", "region", "gender", "birth_year", "industry", "company_size")
_LEAST_REPEATED = 0.03  # of the ids; fewer may be the same order exported twice
_MOSTLY = 0.9
_LEAST_ORDERS = 3  # orders of several lines from which it follows that an amount is repeated


@dataclass(frozen=True)
class Lines:
    """The columns of a file of lines.

    Attributes
    ----------
    columns : dict of str to (str, float)
        Column of the file, and the likeness of the names (0..1), by what it is: canonical columns of orders, of lines and of
        customers, and ``unit_price``, ``sku``, ``status``, ``line_id``.
    line_amount : str or None
        Column with the amount of a line; None if it is quantity times price.
    order_total : str or None
        Column in which the total of the order is repeated.
    turned : bool
        Whether amounts are positive where quantities are negative.
    notes : tuple of str
        What the cells show, without full stops.
    """

    columns: dict[str, tuple[str, float]]
    line_amount: str | None
    order_total: str | None
    turned: bool = False
    notes: tuple[str, ...] = ()

    def header(self, name: str) -> str | None:
        """Return the column of the file that something is in."""
        return self.columns[name][0] if name in self.columns else None


def find_lines(con: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[ColumnProfile]) -> Lines | None:
    """Return the columns of a file of lines; None if each row is an order, or it is no file of orders.

    Parameters
    ----------
    con : duckdb connection
        With the functions ``as_number`` and ``as_time``.
    relation : str
        Its rows.
    columns : sequence of ColumnProfile
    """
    chosen = assigned(_parts_of_a_line(columns), columns)
    take_email(SCHEMAS["orders"], columns, chosen)
    headers = {name: header for name, (header, _) in chosen.items()}
    what = [headers[name] for name in ("product", "sku", "quantity", "unit_price", "line_id") if name in headers]
    if not {"order_id", "ordered_at"} <= headers.keys() or not {"product", "sku"} & headers.keys():
        return None
    n_orders, n_several, n_differing = _counted(con, relation, headers["order_id"], what)
    priced = {"quantity", "unit_price"} <= headers.keys() and "revenue" not in headers
    if not priced and (n_several < max(1, _LEAST_REPEATED * n_orders) or n_differing < 0.6 * n_several):
        return None
    amounts = _amounts(columns, set(headers.values()) - {headers.get("revenue", "")})
    return _with_amounts(con, relation, chosen, amounts, n_several)


def is_on_first_line_only(con: duckdb.DuckDBPyConnection, relation: str, order_id: str, header: str) -> bool:
    """Whether a cell of the order, such as its status, is empty in some lines of orders that have it in another one."""
    key, cell = identifier(order_id), trimmed(identifier(header))
    (found,) = con.execute(
        f"SELECT count(*) FROM (SELECT 1 FROM {relation} WHERE {key} IS NOT NULL GROUP BY {key} "
        f"HAVING count({cell}) BETWEEN 1 AND count(*) - 1)"
    ).fetchone() or (0,)
    return found > 0


def order_of_lines(lines: Lines, amount: str | None, status: Status | None) -> str | None:
    """Return the SQL of an order's revenue from the amount of its lines; None if no column says it."""
    if amount is not None:
        return f"round(sum({amount}), 6)"
    if lines.order_total is None:
        return None
    total = f"as_number({identifier(lines.order_total)})"
    return f"max({status.signed(total) if status else total})"


def amount_of_line(lines: Lines) -> str | None:
    """Return the SQL of a line's amount; None if only the order's total is known."""
    quantity, price = lines.header("quantity"), lines.header("unit_price")
    if lines.line_amount:
        amount = f"as_number({identifier(lines.line_amount)})"
        return f"sign(as_number({identifier(quantity)})) * abs({amount})" if lines.turned and quantity else amount
    if quantity and price:
        return f"as_number({identifier(quantity)}) * as_number({identifier(price)})"
    return f"as_number({identifier(price)})" if price and not lines.order_total else None


def of_a_customer(lines: Lines) -> list[str]:
    """Return what the lines say of the customer, such as the country."""
    return [name for name in _OF_A_CUSTOMER if name in lines.columns] if "customer_id" in lines.columns else []


def _parts_of_a_line(columns: Sequence[ColumnProfile]) -> list[Wanted]:
    n_rows = max((met.n_filled for met in columns), default=0)
    wanted = [
        _canonical("orders", "order_id", "id", lambda met: met.n_distinct > 1 and met.n_filled > 0.5 * n_rows),
        _canonical("orders", "customer_id", "id"),
        _canonical("orders", "ordered_at", "timestamp"),
        _canonical("order_lines", "quantity", "number"),
        _role("unit_price", "money"),
        _canonical("orders", "revenue", "money"),
        _canonical("orders", "margin", "money"),
        _role("sku", "text"),
        _canonical("order_lines", "product", "text", lambda met: not met.numbers or met.longest > 8),
        _canonical("order_lines", "category", "text"),
        _canonical("orders", "channel", "text"),
        _canonical("orders", "campaign", "text"),
        _role("line_id", "id"),
        _role("status", "text"),
    ]
    kinds: dict[str, Kind] = {"birth_year": "integer"}
    return wanted + [_canonical("customers", name, kinds.get(name, "text")) for name in _OF_A_CUSTOMER]


def _any_cells(_: ColumnProfile) -> bool:
    return True


def _canonical(table: str, name: str, kind: Kind, also: Callable[[ColumnProfile], bool] = _any_cells) -> Wanted:
    def alike(met: ColumnProfile) -> float:
        found = likeness(table, name, met.name)
        if kind == "money":
            return net_likeness(found, met.name) * (0.95 if met.whole and met.longest <= 3 else 1)
        return found * (1 if met.whole or name != "quantity" else 0.9)

    fits = (lambda met: fits_text(name, met)) if kind == "text" else (lambda met: fits_kind(met, kind))
    return Wanted(name, alike, lambda met: fits(met) and also(met))


def _role(role: str, kind: Kind) -> Wanted:
    return Wanted(role, lambda met: role_likeness(role, met.name), lambda met: fits_kind(met, kind) and not met.times)


def _counted(con: duckdb.DuckDBPyConnection, relation: str, order_id: str, what: list[str]) -> tuple[int, int, int]:
    """Return how many orders there are, how many have several rows, and in how many of these what is sold differs."""
    key = identifier(order_id)
    content = ", ".join(f"coalesce(CAST({identifier(name)} AS VARCHAR), '')" for name in what)
    counted = con.execute(
        f"SELECT count(*), count(*) FILTER (n > 1), count(*) FILTER (n > 1 AND n_content > 1) FROM (SELECT count(*) AS n, "
        f"count(DISTINCT concat_ws(chr(31), {content})) AS n_content FROM {relation} WHERE {key} IS NOT NULL GROUP BY {key})"
    ).fetchone() or (0, 0, 0)
    return counted[0], counted[1], counted[2]


def _amounts(columns: Sequence[ColumnProfile], used: set[str]) -> list[str]:
    """Return the columns that may hold amounts of lines or of orders, the most alike first."""
    met = [
        (net_likeness(likeness("orders", "revenue", each.name), each.name), each.name)
        for each in columns
        if each.name not in used and fits_kind(each, "money")
    ]
    return [name for alike, name in sorted(met, key=lambda each: -each[0]) if alike >= LEAST_LIKENESS]


def _with_amounts(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    chosen: dict[str, tuple[str, float]],
    amounts: list[str],
    n_several: int,
) -> Lines:
    headers = {name: header for name, (header, _) in chosen.items()}
    repeated = [name for name in amounts if n_several and _is_repeated(con, relation, headers["order_id"], name)]
    of_lines = [name for name in amounts if name not in repeated]
    product = _product(headers)
    proven = [name for name in amounts if product and _equals_product(con, relation, name, product)]
    line_amount = next(iter(proven or of_lines), None)
    total = next((name for name in repeated if name != line_amount), None)
    sure = n_several >= _LEAST_ORDERS
    notes = (
        [f"each row is a line of an order: '{headers['order_id']}' repeats while what is sold differs"]
        if n_several
        else []
    )
    if line_amount in proven and line_amount:
        notes.append(f"'{line_amount}' is quantity times price")
    if total:
        doubt = "" if sure else " in the few orders of several lines, please check"
        notes.append(f"'{total}' is the same in all lines of an order{doubt}: a total, which is not added up")
    if not line_amount and not product and headers.get("unit_price") and not total:
        notes.append(f"'{headers['unit_price']}' is taken for the amount of a line, as there is no quantity")
    turned = bool(line_amount and "quantity" in headers and _is_turned(con, relation, headers["quantity"], line_amount))
    if turned:
        notes.append("where a quantity is negative the amount is not: it is taken as negative, a refund")
    return Lines({**chosen}, line_amount, total, turned, tuple(notes))


def _product(headers: dict[str, str]) -> str | None:
    if {"quantity", "unit_price"} <= headers.keys():
        return f"as_number({identifier(headers['quantity'])}) * as_number({identifier(headers['unit_price'])})"
    return None


def _is_repeated(con: duckdb.DuckDBPyConnection, relation: str, order_id: str, amount: str) -> bool:
    """Whether an amount is the same in all lines of nearly every order of several lines."""
    key, cell = identifier(order_id), identifier(amount)
    (share,) = con.execute(
        f"SELECT avg(CAST(n_amounts <= 1 AS INTEGER)) FROM (SELECT count(DISTINCT {cell}) AS n_amounts FROM {relation} "
        f"WHERE {key} IS NOT NULL GROUP BY {key} HAVING count(*) > 1)"
    ).fetchone() or (None,)
    return share is not None and share >= 0.98


def _equals_product(con: duckdb.DuckDBPyConnection, relation: str, amount: str, product: str) -> bool:
    cell = f"as_number({identifier(amount)})"
    (share,) = con.execute(
        f"SELECT avg(CAST(abs(abs({cell}) - abs({product})) <= greatest(0.011, 0.001 * abs({product})) AS INTEGER)) "
        f"FROM {relation} WHERE {cell} IS NOT NULL AND {product} IS NOT NULL"
    ).fetchone() or (None,)
    return share is not None and share >= _MOSTLY


def _is_turned(con: duckdb.DuckDBPyConnection, relation: str, quantity: str, amount: str) -> bool:
    less, cell = f"as_number({identifier(quantity)}) < 0", f"as_number({identifier(amount)})"
    n_positive, n_negative = con.execute(
        f"SELECT count(*) FILTER ({less} AND {cell} > 0), count(*) FILTER ({less} AND {cell} < 0) FROM {relation}"
    ).fetchone() or (0, 0)
    return n_positive > 0 and n_negative == 0
