"""Clean the data: checks, rows set aside with a reason, spellings, repeats, duplicate customers, the quality report."""

from crmkit.cleaning.loading.reports import quality_report, table_report

__all__ = ["quality_report", "table_report"]
