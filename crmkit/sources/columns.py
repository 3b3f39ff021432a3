"""Which column of a file, a query or a frame fills which canonical column."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from crmkit.tables.schema import SCHEMAS, TableSchema

_PERSONAL = frozenset(name for table in SCHEMAS.values() if table.personal for name in table.names) - {"customer_id"}


@dataclass(frozen=True)
class Matched:
    """Met column by canonical column, met columns that nothing uses, and what is wrong, without full stops."""

    sources: dict[str, str]
    unused: tuple[str, ...]
    problems: tuple[str, ...]


def matched_columns(
    schema: TableSchema, met: Iterable[str], renamed: Mapping[str, str] | None = None, keep_extra: bool = False
) -> Matched:
    """Match the columns of a file, a query or a frame with the canonical ones.

    Names are compared without regard to case, and spaces around them do not count. Only customers keep columns
    beyond the canonical ones, to split metrics by; personal data is never among them.

    Parameters
    ----------
    schema : TableSchema
    met : iterable of str
    renamed : mapping of str to str
        Canonical column to met column, where their names differ.
    keep_extra : bool
        Whether every other column is an extra one; else only those that ``renamed`` names.

    Examples
    --------
    >>> from crmkit.tables.schema import schema
    >>> matched = matched_columns(schema("orders"), ["Order_ID", "ordered_at", "total", "note"], {"revenue": "Total"})
    >>> matched.sources
    {'order_id': 'Order_ID', 'ordered_at': 'ordered_at', 'revenue': 'total'}
    >>> matched.unused
    ('note',)
    """
    by_name = {plain(name): name for name in met}
    renamed = dict(renamed or {})
    wanted = {name: name for name in schema.names} | renamed
    if keep_extra and schema.name == "customers":
        wanted |= {
            name: name for name in by_name.values() if plain(name) not in schema.names and not name.startswith("__")
        }
    private = _PERSONAL - set(schema.names)
    sources = {name: by_name[plain(source)] for name, source in wanted.items()
               if plain(source) in by_name and plain(name) not in private}  # fmt: skip
    problems = [
        f"{name} is personal data and belongs to [tables.customer_identities]" for name in renamed if name in private
    ]
    problems += _problems(schema, renamed, sources, by_name)
    return Matched(sources, tuple(name for name in by_name.values() if name not in sources.values()), tuple(problems))


def plain(name: str) -> str:
    """Return a column name as it is compared.

    Examples
    --------
    >>> plain(" Order_ID ")
    'order_id'
    """
    return str(name).strip(" \t\r\n\u00a0\ufeff").casefold()


def _problems(
    schema: TableSchema, renamed: dict[str, str], sources: dict[str, str], by_name: dict[str, str]
) -> list[str]:
    problems = [f"there is no column '{source}' for {name} ({_near(source, by_name)})"
                for name, source in renamed.items() if plain(source) not in by_name]  # fmt: skip
    problems += [f"{name} is missing ({_near(name, by_name)})"
                 for name in schema.required if name not in sources and name not in renamed]  # fmt: skip
    absent = [name for name in schema.names if name not in sources]
    for name in sources:
        near = get_close_matches(name, absent, n=1, cutoff=0.8) if name in renamed else []
        if name not in schema.names and (near or schema.name != "customers"):
            hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(schema.names)}"
            problems.append(f"'{name}' is not a column of {schema.name} ({hint})")
    return problems


def _near(name: str, by_name: dict[str, str]) -> str:
    near = get_close_matches(plain(name), by_name, n=1, cutoff=0.6)
    return f"did you mean '{by_name[near[0]]}'?" if near else f"its columns: {', '.join(by_name.values())}"
