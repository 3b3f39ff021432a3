"""A catalog of data that stay in a database, and the report on what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from crmkit.cleaning.in_database import Judged, judged
from crmkit.cleaning.report import LoadReport
from crmkit.settings import Settings
from crmkit.sources.database import linked_tables
from crmkit.tables.catalog import Catalog

Progress = Callable[[str, int, int], None]


class DatabaseCatalog(Catalog):
    """A catalog whose rows stay in a database; what is wrong with them is counted there, when it is first asked for."""

    def __init__(self, tables: Mapping[str, Judged], settings: Settings, provenance: Mapping[str, Any]) -> None:
        super().__init__({name: table.kept for name, table in tables.items()}, settings, provenance)
        self._judged = dict(tables)

    @cached_property
    def report(self) -> LoadReport:
        """What is wrong with the rows of every table."""
        return self.check()

    def check(self, progress: Progress | None = None) -> LoadReport:
        """Count, in each table, the rows that cannot be used and those that are odd."""
        counts, findings = {}, []
        for done, (name, table) in enumerate(self._judged.items()):
            if progress:
                progress(f"Checking {name}", done, len(self._judged))
            counts[name], found = table.counted()
            findings += found
        return LoadReport(counts, tuple(findings), data_through=self.data_through)


def catalog_of_database(settings: Settings, personal: bool = False) -> DatabaseCatalog:
    """Open the tables of the database that the settings name; nothing is loaded.

    Raises
    ------
    Problems
        With every table that is not there and every column that is missing or of a wrong type.
    CrmkitError
        If the database cannot be opened, or has none of crmkit's tables.
    """
    linked, place = linked_tables(settings, personal)
    now = datetime.now(ZoneInfo(settings.company.time_zone))
    end = settings.data.through or now.date()
    known: dict[str, Any] = {
        "database": place,
        "relations": {table.schema.name: table.origin for table in linked},
        "files": [],
        "input_sha256": None,  # it could only be known by reading every row
        "read_at": now.isoformat(timespec="seconds"),
    }
    return DatabaseCatalog({table.schema.name: judged(table, end) for table in linked}, settings, known)
