"""Cells for display: however long a cell is, it is masked at once."""

import time

from crmkit.sources.masking import masked_cell
from crmkit.sources.presets.words import _PERSONAL


def test_a_cell_of_half_a_million_letters_is_masked_within_a_second():
    begun = time.process_time()
    assert masked_cell("Campaign", "x" * 500_000) == "x" * 23 + "…"
    assert masked_cell("Campaign", "x" * 500_000 + " ada@firm.example")[:3] == "xxx"
    assert _PERSONAL.sub("***", "x" * 500_000) == "x" * 500_000
    assert time.process_time() - begun < 1


def test_each_address_in_a_cell_is_masked():
    assert masked_cell("Campaign", "to a@b.example, c@d.example") == "to *** ***"
