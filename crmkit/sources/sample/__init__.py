"""Kaldi Coffee, the sample company: simulated people, the tables they leave behind, and the truth kept apart."""

from crmkit.sources.sample.company import SampleCompany, sample_company
from crmkit.sources.sample.exports import write_exports

__all__ = ["SampleCompany", "sample_company", "write_exports"]
