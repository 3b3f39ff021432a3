"""What a page has for the front page of its period: findings, numbers, a reason, something to do.

A section carries such lines in its output, the renderer keeps them in the page's summary, and the index ranks those of
all pages. So the front page computes nothing, and a page that is reused or made alone still has its part in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from crmkit.reporting.display.html import Fragment

FRONT_KIND = "application/vnd.crmkit.front+json"

MEND, CALL_BACK, ACTIONS = "mend", "call back", "actions"
"""Topics of things to do: what goes wrong comes first, then who is unhappy, then what an action is expected to bring."""


@dataclass(frozen=True)
class FrontLine:
    """One line for the front page.

    Attributes
    ----------
    kind : {"finding", "number", "why", "to do", "status"}
        Where it stands there. A status is one of the facts below the headline, such as how far the data reach.
    bold, rest : str
        What it says: the first part is the link to its section.
    metric : str
        Name of the metric that it is about.
    topic : str
        Of findings on one topic the front page tells one. Of things to do, ``mend``, ``call back`` or ``actions``.
    tone : str
        ``worse``, ``better``, ``changed`` or empty.
    stake : float or None
        Money that hangs on it in a period like this [currency]; None where it has no price.
    p_value : float
        Of a finding, how rarely chance alone would give it.
    is_seasonal : bool
        Whether the same period of the year before does not confirm it.
    anchor : str
        Id of the section on its page; by default the chart of its metric or the number.
    number : mapping
        Of a number, what its tile shows.
    """

    kind: Literal["finding", "number", "why", "to do", "status"]
    bold: str
    rest: str = ""
    metric: str = ""
    topic: str = ""
    tone: str = ""
    stake: float | None = None
    p_value: float = 0.0
    is_seasonal: bool = False
    anchor: str = ""
    number: Mapping[str, Any] = field(default_factory=dict)


def reason_line(sentence: str, anchor: str) -> FrontLine:
    """Return why something happened, of which what stands before a colon is the link.

    Examples
    --------
    >>> reason_line("Revenue fell by €40: €40 less from guests", "why-revenue").rest
    ': €40 less from guests'
    """
    bold, colon, rest = sentence.partition(":")
    return FrontLine("why", bold, colon + rest, anchor=anchor)


def with_front_lines(fragment: Fragment, lines: Iterable[FrontLine]) -> Fragment:
    """Return a section that also has lines for the front page.

    Examples
    --------
    >>> section = with_front_lines(Fragment("<p>Call them.</p>"), [FrontLine("to do", "Call 7 customers back")])
    >>> section.carried[FRONT_KIND][0]["bold"]
    'Call 7 customers back'
    """
    listed = [*fragment.carried.get(FRONT_KIND, ()), *(asdict(line) for line in lines)]
    return Fragment(
        fragment.html, fragment.name, {**fragment.carried, FRONT_KIND: listed} if listed else fragment.carried
    )
