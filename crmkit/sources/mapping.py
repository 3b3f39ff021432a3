"""Which canonical table comes from which files: by the settings, or by the file's name and its own header."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import available_timezones

from crmkit.errors import did_you_mean
from crmkit.settings import Settings
from crmkit.sources.files import FileSet, find
from crmkit.tables.schema import SCHEMAS


@dataclass(frozen=True)
class Origin:
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
        Whether the settings name it; else the file's name does.
    """

    table: str
    files: tuple[FileSet, ...]
    sql: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    time_zone: str | None = None
    mapped: bool = False

    @property
    def shown(self) -> str:
        """How a message names it."""
        return f"The sql of [tables.{self.table}]" if self.sql else self.files[0].shown


def origins(settings: Settings, sets: dict[str, FileSet]) -> tuple[list[Origin], list[str]]:
    """Return the origin of every table that has one, and what is wrong with the settings of the others."""
    problems = [f"[tables.{name}]: there is no such table. {did_you_mean(name, SCHEMAS)}"
                for name in settings.tables if name not in SCHEMAS]  # fmt: skip
    found = []
    by_table = {re.sub(r"[\s-]+", "_", name): files for name, files in sets.items()}
    for table in SCHEMAS:
        mapped = table in settings.tables
        origin = _mapped(settings, sets, table) if mapped else _canonical(table, by_table)
        if isinstance(origin, str):
            problems.append(origin)
        elif origin is not None:
            found.append(origin)
    return found, problems


def not_used(listed: Iterable[Path], found: Iterable[Origin]) -> list[str]:
    """Return a sentence for each file that no table comes from, with the table's name that is close to its own."""
    used = {path for origin in found for files in origin.files for path in files.paths}
    hints = {path.name: did_you_mean(path.stem, SCHEMAS) for path in listed if path not in used}
    return [f"no table uses {name}. {hint if hint.startswith('Did') else ''}".rstrip() for name, hint in hints.items()]


def _canonical(table: str, by_table: dict[str, FileSet]) -> Origin | None:
    return Origin(table, (by_table[table],)) if table in by_table else None


def _mapped(settings: Settings, sets: dict[str, FileSet], table: str) -> Origin | str:
    mapping = settings.tables[table]
    if mapping.time_zone is not None and mapping.time_zone not in available_timezones():
        hint = did_you_mean(mapping.time_zone, available_timezones())
        return f"[tables.{table}]: '{mapping.time_zone}' is not a time zone. {hint if hint.startswith('Did') else ''}".rstrip()
    if mapping.sql is not None:
        read = {files.name: files for name, files in sets.items() if _names(mapping.sql, name)}
        return Origin(table, tuple(read.values()), sql=mapping.sql, time_zone=mapping.time_zone, mapped=True)
    files = find(sets, mapping.file or "")
    if files is None:
        hint = did_you_mean(mapping.file or "", [s.name for s in sets.values()])
        return f"[tables.{table}]: there is no file '{mapping.file}' in the exports or under [files]. {hint}"
    turned = [f"{column} = {name!r}" for name, column in mapping.columns.items()
              if name not in SCHEMAS[table].names and column in SCHEMAS[table].names]  # fmt: skip
    if turned:
        return f"[tables.{table}]: columns are written the other way round: {', '.join(turned)}."
    return Origin(table, (files,), columns=mapping.columns, time_zone=mapping.time_zone, mapped=True)


def _names(sql: str, name: str) -> bool:
    """Whether a text of SQL may read the file of that name; one too many is read, never one too few."""
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", sql, flags=re.IGNORECASE) is not None
