"""What a spreadsheet would take for a formula is made text before a page's lists are written."""

from crmkit.sources.spreadsheet import formula_safe

__all__ = ["formula_safe"]
