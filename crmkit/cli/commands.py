"""All commands, in the order in which the help lists them."""

from crmkit.cli.app import app
from crmkit.cli.data import check, history, load, map_folder, new, sample, tables
from crmkit.cli.duplicates import duplicates, take_apart
from crmkit.cli.people import forget
from crmkit.cli.predictions import predict
from crmkit.cli.reports import glossary, metrics, report

__all__ = [
    "app",
    "check",
    "duplicates",
    "forget",
    "glossary",
    "history",
    "load",
    "map_folder",
    "metrics",
    "new",
    "predict",
    "report",
    "sample",
    "tables",
    "take_apart",
]
