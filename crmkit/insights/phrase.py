"""The words for one metric: stated, risen, fallen."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Phrase:
    """The words for one metric.

    Attributes
    ----------
    states : str
        A clause that states the value, with ``{value}`` in it: "{value} of customers left".
    rose, fell : str
        A clause for the page's headline, in lower case: "more customers left", "fewer customers left".
    nouns : str
        For a count, what is counted; ``{value}`` then reads "1 order", "903 orders".
    """

    states: str
    rose: str
    fell: str
    nouns: str = ""
