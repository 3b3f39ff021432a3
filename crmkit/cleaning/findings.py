"""One finding on the data, in words that an owner understands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["rejected", "note"]

KEPT_ASIDE = "Kept aside with this reason; counts nowhere."
"""The consequence of every finding that rejects rows."""


@dataclass(frozen=True)
class Finding:
    """What was found in a table, and what follows from it.

    Attributes
    ----------
    table : str
    finding : str
        A sentence without its full stop.
    n_rows : int
        Rows concerned [rows].
    share : float
        Of the table's rows that came in [0..1].
    severity : {"rejected", "note"}
    consequence : str
        A sentence.
    """

    table: str
    finding: str
    n_rows: int
    share: float
    severity: Severity
    consequence: str


@dataclass(frozen=True)
class Counts:
    """What became of a table's rows; ``n_in = n_kept + n_merged + n_aside`` [rows]."""

    n_in: int
    n_kept: int
    n_merged: int
    n_aside: int
