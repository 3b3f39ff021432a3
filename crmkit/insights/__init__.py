"""Findings in sentences, from judged numbers."""

from crmkit.insights.findings import Finding, findings, headline

__all__ = ["Finding", "findings", "headline"]
