"""All commands, in the order in which the help lists them."""

from crmkit.cli.app import app
from crmkit.cli.data import check, load, sample, tables
from crmkit.cli.reports import glossary, metrics, report

__all__ = ["app", "check", "glossary", "load", "metrics", "report", "sample", "tables"]
