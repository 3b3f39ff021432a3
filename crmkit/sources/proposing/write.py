"""Write a proposal as sections of settings, in TOML, that load as they are printed."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from crmkit.sources.proposing.lines import Lines, amount_of_line, of_a_customer, order_of_lines
from crmkit.sources.proposing.notation import Notation
from crmkit.sources.proposing.propose import CONSTANTS, Proposal
from crmkit.sources.proposing.statuses import Status
from crmkit.sources.proposing.values import Expression
from crmkit.sources.sql import identifier, literal
from crmkit.tables.schema import SCHEMAS

HEADING = (
    "# Proposed by `crmkit map`. Read every line, mend what is wrong, and move it into crmkit.toml: nothing of it is used\n"
    "# before. A percentage says how alike two names are; 50 % that nothing else in the file could be it.\n"
)
_SHOWN_UNUSED = 12


@dataclass
class FileProposal:
    """The sections of settings for one file.

    Attributes
    ----------
    name : str
        Its name under ``[files]``, and in SQL.
    head : str
        The section ``[files.NAME]``, with what is open.
    tables : dict of str to str
        The section of each table that it fills.
    order_ids : frozenset of str
        Some ids of its orders, if it holds orders.
    """

    name: str
    head: str
    tables: dict[str, str] = field(default_factory=dict)
    order_ids: frozenset[str] = frozenset()

    def text(self, taken: Collection[str] = (), order_ids: Collection[str] = ()) -> str:
        """Return the sections; those of a table that another file fills already become comments.

        With the orders go their lines and customers, unless they belong to the orders of the other file.

        Parameters
        ----------
        taken : collection of str
            Tables that other files fill.
        order_ids : collection of str
            Some ids of the orders that other files fill; none if they are not known.
        """
        parts = [self.head]
        elsewhere = bool(order_ids) and not self.order_ids & set(order_ids)
        without_orders = "orders" in self.tables and "orders" in taken and elsewhere
        for table, section in self.tables.items():
            if table in taken or without_orders:
                why = (
                    f"# {table if table in taken else 'orders'} comes from another file: choose one, "
                    "or join both with UNION ALL BY NAME (docs/how-to/lines.md)."
                )
                section = "\n".join([why, *(f"# {line}".rstrip() for line in section.rstrip("\n").splitlines()), ""])
            parts.append(section)
        return "\n".join(parts)


def file_name_in_settings(file: str, taken: Collection[str]) -> str:
    """Return a name for a file under ``[files]``: plain letters, digits and underscores, and not given twice.

    Examples
    --------
    >>> file_name_in_settings("Verkäufe 2026.csv", ["till"]), file_name_in_settings("чеки.csv", [])
    ('verkaufe_2026', 'file')
    """
    plain = unicodedata.normalize("NFKD", file.rpartition(".")[0]).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "_", plain).strip("_") or "file"
    name = f"file_{name}" if name[0].isdigit() else name
    number = 2
    free = name
    while free in taken:
        free, number = f"{name}_{number}", number + 1
    return free


def head_section(
    name: str, file: str, notation: Notation, notes: Sequence[str], sheet: str | None = None, by_sql: bool = False
) -> str:
    """Return the section ``[files.NAME]``; ``by_sql`` says whether SQL reads the file."""
    lines = [f"[files.{name}]", f"path = {quoted(file)}"]
    lines += [f"sheet = {quoted(sheet)}"] if sheet else []
    if notation.asks_decimal and by_sql:  # SQL would read the cells without a question: it is settled before
        lines.append('decimal = "?" # write "." or ","')
    elif notation.decimal == ",":
        lines.append('decimal = ","')
    lines += [f"date_format = {quoted(notation.date_format)}"] if notation.date_format else []
    lines += [f"# To be settled: {question}." for question in notation.questions]
    lines += [f"# {note}." for note in notes]
    return "\n".join([*lines, ""])


def table_section(
    name: str,
    proposed: Proposal,
    notation: Notation,
    expressions: dict[str, Expression],
    status: Status | None,
    others: Sequence[str],
) -> str:
    """Return the section of a table whose rows are the rows of the file."""
    if proposed.missing:
        return _not_complete(name, proposed, others)
    plain = not (
        proposed.constants or proposed.row_id or expressions or (status and (status.left_out or status.refunds))
    )
    notes = [f"# {status.question}" for _ in range(1) if status]
    unused = [f"# not used: {_listed(others)}"] if others else []
    if plain:
        lines = [
            *notes,
            f"[tables.{proposed.table}]",
            f"file = {quoted(name)}",
            "",
            f"[tables.{proposed.table}.columns]",
        ]
        lines += [f"{column} = {quoted(header)}{_alike(alike)}" for column, (header, alike) in proposed.columns.items()]
        return "\n".join([*lines, *unused, ""])
    return "\n".join([*notes, *_sql_section(name, proposed, notation, expressions, status, others), ""])


def lines_sections(
    name: str,
    lines: Lines,
    notation: Notation,
    status: Status | None,
    others: Sequence[str],
    carried: bool = False,
) -> dict[str, str]:
    """Return the sections of orders and order lines, and of customers if the lines say something of them.

    ``carried`` says whether the status stands on one line of each order only, and is that of its other lines, too.
    """
    order, amount = lines.header("order_id"), amount_of_line(lines)
    amount = status.signed(amount) if status and amount else amount
    revenue = order_of_lines(lines, amount, status)
    if order is None or revenue is None:
        return {}
    key, time = identifier(order), _time(lines.header("ordered_at") or "", notation)
    where = f"\nWHERE {status.condition}" if status and status.left_out else ""
    of_orders = [f"{key} AS order_id", f"min({time}) AS ordered_at", f"{revenue} AS revenue"]
    for column in ("customer_id", "channel", "campaign"):
        of_orders += [f"min({identifier(header)}) AS {column}"] if (header := lines.header(column)) else []
    if margin := lines.header("margin"):
        of_orders.append(f"round(sum(as_number({identifier(margin)})), 6) AS margin")
    of_lines = [f"{key} AS order_id", f"{_product(lines)} AS product"]
    of_lines += [f"{identifier(header)} AS category" for header in [lines.header("category")] if header]
    of_lines += [f"as_number({identifier(header)}) AS quantity" for header in [lines.header("quantity")] if header]
    of_lines += [f"{amount} AS revenue"] if amount else []
    source = _with_status_on_each_line(name, key, status) if status and carried else identifier(name)
    head = [f"# {note[:1].upper()}{note[1:]}." for note in lines.notes] + ([f"# {status.question}"] if status else [])
    head += [
        f"# {column}: {header}{_alike(alike)}" for column, (header, alike) in lines.columns.items() if alike < 0.995
    ]
    head += [f"# not used: {_listed(others)}"] if others else []
    sections = {
        "orders": _sql("orders", f"{_select(of_orders)}\nFROM {source}{where}\nGROUP BY {key}", head),
        "order_lines": _sql("order_lines", f"{_select(of_lines)}\nFROM {source}{where}"),
    }
    if known := of_a_customer(lines):
        sections["customers"] = _customers(identifier(name), lines, time, known)
    return sections


def quoted(text: str) -> str:
    """Return a text as a string of TOML: JSON's escapes are TOML's too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _customers(source: str, lines: Lines, time: str, known: Sequence[str]) -> str:
    customer = identifier(lines.header("customer_id") or "")
    cells = {name: identifier(lines.header(name) or "") for name in known}
    latest = [f"max_by({cell}, ({time}, {cell})) AS {name}" for name, cell in cells.items()]
    rows = f"FROM {source}\nWHERE {customer} IS NOT NULL\nGROUP BY {customer}"
    select = _select([f"{customer} AS customer_id", *latest])
    return _sql("customers", f"{select}\n{rows}", ["# What the latest order of each customer says."])


def _with_status_on_each_line(name: str, key: str, status: Status) -> str:
    cell = identifier(status.header)
    of_order = f"max(nullif(trim({cell}), '')) OVER (PARTITION BY {key})"
    return f"(SELECT * REPLACE (coalesce(nullif(trim({cell}), ''), {of_order}) AS {cell}) FROM {identifier(name)})"


def _not_complete(name: str, proposed: Proposal, others: Sequence[str]) -> str:
    """Return the section as comments: it would not load, as a column that the table needs is not there."""
    lines = [f"[tables.{proposed.table}]", f"file = {quoted(name)}", "", f"[tables.{proposed.table}.columns]"]
    lines += [f"{column} = {quoted(header)}{_alike(alike)}" for column, (header, alike) in proposed.columns.items()]
    lines += [f'{column} = ""' for column in proposed.missing]
    lines += [f"not used: {_listed(others)}"] if others else []
    lacking = ", ".join(proposed.missing)
    why = f"# It looks like {proposed.table}, but no column looks like {lacking}: fill it in, or leave the file out."
    return "\n".join([why, *(f"# {line}".rstrip() for line in lines), ""])


def _sql_section(
    name: str,
    proposed: Proposal,
    notation: Notation,
    expressions: dict[str, Expression],
    status: Status | None,
    others: Sequence[str],
) -> list[str]:
    schema = SCHEMAS[proposed.table]
    cells, notes = [], []
    for column, (header, alike) in proposed.columns.items():
        kind = schema.column(column).kind
        if column in expressions:
            cells.append(f"{expressions[column].sql} AS {column}")
            notes.append(f"# {expressions[column].note}.")
        elif kind in ("timestamp", "date"):
            cells.append(f"{_time(header, notation)} AS {column}")
        else:
            read = f"as_number({identifier(header)})" if kind in ("money", "number", "integer") else identifier(header)
            read = status.signed(read) if status and column == "revenue" else read
            cells.append(f"{read} AS {column}")
        notes += [f"# {column}: {header}{_alike(alike)}"] if alike < 0.995 else []
    for column in expressions.keys() - proposed.columns.keys():
        cells.append(f"{expressions[column].sql} AS {column}")
        notes.append(f"# {expressions[column].note}.")
    for column in proposed.constants:
        choices = schema.column(column).choices
        cells.append(f"{literal(_constant(proposed, column))} AS {column}")
        right = f"the right one of {', '.join(choices)}" if choices else "the right one"
        notes.append(f"# {column} is the same in all rows: write {right}.")
    if proposed.row_id:
        cells.insert(0, f"row_number() OVER (ORDER BY {_in_order(proposed)}) AS {proposed.row_id}")
        notes.append(f"# There is no {proposed.row_id}: the rows are numbered, as each of them is one.")
    own = [f"* EXCLUDE ({', '.join(identifier(header) for header in proposed.headers)})"] if others else []
    where = f"\nWHERE {status.condition}" if status and status.left_out else ""
    query = f"{_select([*cells, *own])}\nFROM {identifier(name)}{where}"
    return [_sql(proposed.table, query, notes).rstrip("\n")]


def _in_order(proposed: Proposal) -> str:
    """Return the columns by which rows are numbered: first by time, so that later rows get later numbers."""
    clock = SCHEMAS[proposed.table].clock
    first = [proposed.columns[clock][0]] if clock in proposed.columns else []
    return ", ".join(identifier(header) for header in dict.fromkeys([*first, *proposed.headers]))


def _constant(proposed: Proposal, column: str) -> str:
    named = " ".join(proposed.headers).casefold()
    if column == "survey":
        return next((each for each in ("nps", "csat", "ces") if each in named), CONSTANTS[column])
    return CONSTANTS[column]


def _product(lines: Lines) -> str:
    product, sku = lines.header("product"), lines.header("sku")
    if product and sku:
        return f"coalesce(nullif(trim({identifier(product)}), ''), {identifier(sku)})"
    return identifier(product or sku or "")


def _time(header: str, notation: Notation) -> str:
    return identifier(header) if header in notation.by_evidence else f"as_time({identifier(header)})"


def _select(cells: Sequence[str]) -> str:
    return "SELECT " + ",\n       ".join(cells)


def _sql(table: str, query: str, notes: Sequence[str] = ()) -> str:
    quote = '"""' if "'''" in query else "'''"
    text = query.replace("\\", "\\\\").replace('"""', '\\"\\"\\"') if quote == '"""' else query
    return "\n".join([*notes, f"[tables.{table}]", f"sql = {quote}", text, quote, ""])


def _alike(alike: float) -> str:
    return "" if alike >= 0.995 else f" # {alike:.0%}"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN_UNUSED} more" if len(names) > _SHOWN_UNUSED else ""
    return ", ".join(names[:_SHOWN_UNUSED]) + more
