"""A finding about the data, in words that a business owner understands, and the counts of a table's rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["rejected", "warning", "note"]

KEPT_ASIDE = "Kept aside with this reason; counts nowhere."
"""The consequence of every finding that rejects rows."""


@dataclass(frozen=True)
class Finding:
    """A finding on a table, and its consequence.

    Attributes
    ----------
    table : str
    finding : str
        A sentence without its full stop.
    n_rows : int
        Rows concerned [rows].
    share : float
        Of the table's rows that came in [0..1].
    severity : {"rejected", "warning", "note"}
        Rows that do not count; something to look into; something good to know.
    consequence : str
        What follows for the numbers: a sentence.
    advice : str
        What to do: a sentence, or nothing.
    """

    table: str
    finding: str
    n_rows: int
    share: float
    severity: Severity
    consequence: str
    advice: str = ""


@dataclass(frozen=True)
class Counts:
    """What became of a table's rows; ``n_in = n_kept + n_merged + n_folded + n_ignored + n_aside`` [rows].

    Attributes
    ----------
    n_in, n_kept, n_merged, n_aside : int
    n_folded : int
        Folded into the row they belong to: the lines of an order.
    n_ignored : int
        Not data of the table: totals, test payments.
    n_split : int
        Rows of ``n_in`` that were split off another row: the refund in the row of its order.
    """

    n_in: int
    n_kept: int
    n_merged: int
    n_aside: int
    n_folded: int = 0
    n_ignored: int = 0
    n_split: int = 0
