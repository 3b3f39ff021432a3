"""What the marks of a chart show when they are pointed at."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from weakref import WeakKeyDictionary

from matplotlib.artist import Artist
from matplotlib.figure import Figure

_SHOWN: WeakKeyDictionary[Artist, list[str]] = WeakKeyDictionary()
_numbers = count(1)


def with_values(artist: Artist, values: Sequence[str]) -> None:
    """Give marks the words that a page shows when one of them is pointed at.

    Parameters
    ----------
    artist : matplotlib Artist
        A line with markers, a collection, a bar.
    values : sequence of str
        One for each mark that is drawn, in their order; a single one for a line or an area.
    """
    artist.set_gid(f"values-{next(_numbers)}")
    _SHOWN[artist] = list(values)


def values_of(figure: Figure) -> dict[str, list[str]]:
    """Return the words of all marks of a figure by the id of the artist, as it stands in an SVG.

    Examples
    --------
    >>> figure = Figure()
    >>> (line,) = figure.subplots().plot([1, 2], "o")
    >>> with_values(line, ["one", "two"])
    >>> list(values_of(figure).values())
    [['one', 'two']]
    """
    return {str(artist.get_gid()): _SHOWN[artist] for artist in figure.findobj() if artist in _SHOWN}
