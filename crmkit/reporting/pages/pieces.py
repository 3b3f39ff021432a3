"""Pieces of display and sentences that pages are put together from, under one roof: ``ck.pages`` offers them by name."""

from crmkit.insights.conventions import convention_sentences
from crmkit.insights.data_quality import quality_findings, quality_headline, quality_sentences
from crmkit.reporting.display.exports import export
from crmkit.reporting.display.figures import figure
from crmkit.reporting.display.key_numbers import key_numbers
from crmkit.reporting.display.notes import glossary_section, method, quality_notes
from crmkit.reporting.display.opening import opening
from crmkit.reporting.display.provenance import provenance
from crmkit.reporting.display.tables import table
from crmkit.reporting.display.tiles import tiles

__all__ = [
    "convention_sentences",
    "export",
    "figure",
    "glossary_section",
    "key_numbers",
    "method",
    "opening",
    "provenance",
    "quality_findings",
    "quality_headline",
    "quality_notes",
    "quality_sentences",
    "table",
    "tiles",
]
