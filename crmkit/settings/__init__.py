"""Read ``crmkit.toml`` into frozen, validated settings.

Secrets never stand in the file: write ``"${NAME}"`` and the value is taken from the environment variable NAME.
"""

from crmkit.settings.models import Company, Data, Database, Duplicates, FileMapping, Settings, TableMapping
from crmkit.settings.plans import Budget, Target, prorated
from crmkit.settings.reading import FILE_NAME, parse_settings, read_settings

__all__ = [
    "FILE_NAME",
    "Budget",
    "Company",
    "Data",
    "Database",
    "Duplicates",
    "FileMapping",
    "Settings",
    "TableMapping",
    "Target",
    "parse_settings",
    "prorated",
    "read_settings",
]
