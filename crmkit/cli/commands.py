"""All commands, in the order in which the help lists them."""

from crmkit.cli.actions import actions
from crmkit.cli.ahead import ahead
from crmkit.cli.app import app
from crmkit.cli.customers import duplicates, forget, unmerge
from crmkit.cli.data import check, history, load, map_folder, new, sample, tables
from crmkit.cli.reports import explain, glossary, metrics, predict, report

__all__ = [
    "actions",
    "ahead",
    "app",
    "check",
    "duplicates",
    "explain",
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
    "unmerge",
]
