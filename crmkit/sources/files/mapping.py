"""Which file and which of its columns fill which canonical table: by the settings, or by the names in the file."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from zoneinfo import available_timezones

from crmkit.errors import did_you_mean
from crmkit.settings import Settings
from crmkit.sources.files.file_sets import FileSet, find_set
from crmkit.sources.files.layout import plain_name, repeated_names
from crmkit.sources.files.names import shown_name
from crmkit.sources.parsing.own_columns import keeps_own_columns, own_names
from crmkit.tables.schema import SCHEMAS, TableSchema

_ALL_COLUMNS = "its columns: "
_PERSONAL = frozenset(name for table in SCHEMAS.values() if table.personal for name in table.names) - {"customer_id"}


@dataclass(frozen=True)
class TableSource:
    """Where one canonical table comes from.

    Attributes
    ----------
    table : str
    files : tuple of FileSet
        The one set whose columns are taken, or all that the SQL may read.
    sql : str or None
    columns : mapping of str to str
        Canonical column to the file's column, where their names differ.
    time_zone : str or None
        Zone of its times, if not the company's.
    mapped : bool
        Whether it is named in the settings; else the table is found by the file's name.
    lacks : str
        What to say where its files lack columns that the table needs, without full stop; empty if they lack none.
    """

    table: str
    files: tuple[FileSet, ...]
    sql: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    time_zone: str | None = None
    mapped: bool = False
    lacks: str = ""

    @property
    def shown(self) -> str:
        """How a message names it."""
        return f"The sql of [tables.{self.table}]" if self.sql or not self.files else self.files[0].shown


def table_sources(settings: Settings, sets: dict[str, FileSet]) -> tuple[list[TableSource], list[str]]:
    """Return the source of every table that has one, and the problems in the settings of the others."""
    problems = [
        f"[tables.{name}]: there is no such table. {did_you_mean(name, SCHEMAS)}"
        for name in settings.tables
        if name not in SCHEMAS
    ]
    found = []
    by_table = {re.sub(r"[\s-]+", "_", name): files for name, files in sets.items()}
    for table in SCHEMAS:
        mapped = table in settings.tables
        source = _mapped(settings, sets, table) if mapped else _by_name(table, by_table)
        if isinstance(source, str):
            problems.append(source)
        elif source is not None:
            found.append(source)
    return found, problems


def not_used(listed: Iterable[Path], sources: Iterable[TableSource]) -> list[str]:
    """Return a sentence for each file that no table uses, with the table whose name is close to the file's."""
    used = {path for source in sources for files in source.files for path in files.paths}
    hints = {shown_name(path): did_you_mean(path.stem, SCHEMAS) for path in listed if path not in used}
    return [f"no table uses {name}. {hint if hint.startswith('Did') else ''}".rstrip() for name, hint in hints.items()]


@dataclass(frozen=True)
class Matched:
    """The column found for each canonical column, columns that nothing uses, and problems, without full stops."""

    sources: dict[str, str]
    unused: tuple[str, ...]
    problems: tuple[str, ...]


def matched_columns(schema: TableSchema, names: Iterable[str], renamed: Mapping[str, str] | None = None) -> Matched:
    """Match the columns of a file, a query or a frame with the canonical ones.

    Names are compared without regard to case and outer spaces. Columns beyond the canonical ones are kept under their
    own names, in every table that keeps such columns; personal data is never among them.

    Parameters
    ----------
    schema : TableSchema
    names : iterable of str
    renamed : mapping of str to str
        Canonical column to the column's own name, where these differ.

    Examples
    --------
    >>> from crmkit.tables.schema import schema
    >>> matched = matched_columns(schema("orders"), ["Order_ID", "ordered_at", "total", "note"], {"revenue": "Total"})
    >>> matched.sources
    {'order_id': 'Order_ID', 'ordered_at': 'ordered_at', 'revenue': 'total', 'note': 'note'}
    """
    names = list(names)
    by_name = {plain_name(name): name for name in names}
    by_place = {plain_name(key): column for twins in repeated_names(names).values() for key, column in twins.items()}
    renamed = dict(renamed or {})
    wanted = {name: name for name in schema.names} | renamed
    private = _PERSONAL - set(schema.names)
    sources = {
        name: (by_place | by_name)[plain_name(source)]
        for name, source in wanted.items()
        if plain_name(source) in by_place | by_name and plain_name(name) not in private
    }
    if keeps_own_columns(schema):
        used = {plain_name(each) for each in (*sources.values(), *wanted.values())}
        others = [name for key, name in by_name.items() if key not in used and not name.startswith("__")]
        sources |= {name: source for name, source in own_names(schema, others).items() if name not in sources}
    problems = [
        f"{name} is personal data and belongs to [tables.customer_identities]" for name in renamed if name in private
    ]
    problems += _column_problems(schema, renamed, sources, by_name)
    problems += _twins(names, [met for name, met in sources.items() if name in schema.names])
    return Matched(sources, tuple(name for name in by_name.values() if name not in sources.values()), tuple(problems))


def _by_name(table: str, by_table: dict[str, FileSet]) -> TableSource | None:
    return TableSource(table, (by_table[table],)) if table in by_table else None


def _mapped(settings: Settings, sets: dict[str, FileSet], table: str) -> TableSource | str:
    mapping = settings.tables[table]
    if mapping.time_zone is not None and mapping.time_zone not in available_timezones():
        hint = did_you_mean(mapping.time_zone, available_timezones())
        return f"[tables.{table}]: '{mapping.time_zone}' is not a time zone. {hint if hint.startswith('Did') else ''}".rstrip()
    if mapping.sql is not None:
        read = {files.name: files for name, files in sets.items() if _mentions(mapping.sql, name)}
        return TableSource(table, tuple(read.values()), sql=mapping.sql, time_zone=mapping.time_zone, mapped=True)
    files = find_set(sets, mapping.file or "")
    if files is None:
        hint = did_you_mean(mapping.file or "", [s.name for s in sets.values()])
        return f"[tables.{table}]: there is no file '{mapping.file}' in the exports or under [files]. {hint}"
    reversed_names = [
        f"{column} = {name!r}"
        for name, column in mapping.columns.items()
        if name not in SCHEMAS[table].names and column in SCHEMAS[table].names
    ]
    if reversed_names:
        return f"[tables.{table}]: columns are written the other way round: {', '.join(reversed_names)}."
    return TableSource(table, (files,), columns=mapping.columns, time_zone=mapping.time_zone, mapped=True)


def _mentions(sql: str, name: str) -> bool:
    """Return whether SQL may read the file of that name; a false match costs time, and none is missed."""
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", sql, flags=re.IGNORECASE) is not None


def _column_problems(
    schema: TableSchema, renamed: dict[str, str], sources: dict[str, str], by_name: dict[str, str]
) -> list[str]:
    problems = [
        f"there is no column '{source}' for {name} ({_nearest(source, by_name)})"
        for name, source in renamed.items()
        if name not in sources and plain_name(name) not in _PERSONAL - set(schema.names)
    ]
    missing = [name for name in schema.required if name not in sources and name not in renamed]
    near = {name: _nearest(name, by_name) for name in missing}
    far = [name for name in missing if near[name].startswith(_ALL_COLUMNS)]
    problems += [f"{name} is missing ({near[name]})" for name in missing if name not in far]
    problems += [f"{_listed(far)} {'is' if len(far) == 1 else 'are'} missing ({near[far[0]]})"] if far else []
    absent = [name for name in schema.names if name not in sources]
    for name in sources:
        close = get_close_matches(name, absent, n=1, cutoff=0.8) if name in renamed else []
        if name not in schema.names and (close or not keeps_own_columns(schema)):
            hint = f"did you mean {close[0]}?" if close else f"known: {', '.join(schema.names)}"
            problems.append(f"'{name}' is not a column of {schema.name} ({hint})")
    return problems


def _nearest(name: str, by_name: dict[str, str]) -> str:
    near = get_close_matches(plain_name(name), by_name, n=1, cutoff=0.6)
    return f"did you mean '{by_name[near[0]]}'?" if near else f"{_ALL_COLUMNS}{', '.join(by_name.values())}"


def _listed(names: Sequence[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def _twins(names: Sequence[str], used: Iterable[str]) -> list[str]:
    """Return a problem for each column used of which there is another with the same name in other letters."""
    counts = Counter(map(plain_name, names))
    twice = dict.fromkeys(name for name in used if counts[plain_name(name)] > 1)
    return [
        f"{counts[plain_name(name)]} columns are called '{name}' but for case and spaces: keep one" for name in twice
    ]
