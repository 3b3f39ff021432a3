"""What is wrong with the data: checks, rows kept aside with a reason, spellings, repeats, the quality report."""

from crmkit.cleaning.loading.reports import quality_report, table_report

__all__ = ["quality_report", "table_report"]
