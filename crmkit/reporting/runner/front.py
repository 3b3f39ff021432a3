"""Choose what stands on the front page of a period from the lines that its pages keep for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from crmkit.reporting.display.front import ACTIONS, CALL_BACK, MEND
from crmkit.reporting.runner.page import PageSummary

_MOST_FACTS = 2  # how far the data reach, and how earlier forecasts have held
_MOST_FINDINGS, _MOST_NUMBERS, _MOST_REASONS, _MOST_TO_DO = 5, 5, 3, 3
Line = dict[str, Any]


@dataclass(frozen=True)
class FrontPage:
    """The lines of a front page; each has an ``href`` to the section that it is about.

    Attributes
    ----------
    facts : list of str
        How far the data reach, and the like.
    findings, numbers, why, to_do : list of dict
        In the order in which they stand there.
    """

    facts: list[str] = field(default_factory=list)
    findings: list[Line] = field(default_factory=list)
    numbers: list[Line] = field(default_factory=list)
    why: list[Line] = field(default_factory=list)
    to_do: list[Line] = field(default_factory=list)


def front_page(pages: Sequence[PageSummary]) -> FrontPage:
    """Return the front page of these pages, the first of which is the one that an owner opens first.

    Findings are ranked by the money at stake times how sure they are; those without a price follow, the surest first,
    and last what may be the season. Of one topic one finding is told, and it leads to the page that is about it.

    Examples
    --------
    >>> line = {"kind": "finding", "bold": "7 % left", "rest": "", "metric": "churn_rate", "topic": "retention", "anchor": ""}
    >>> line |= {"stake": 300.0, "p_value": 0.01, "is_seasonal": False, "tone": "worse"}
    >>> page = PageSummary("Retention", "More left", file="retention.html", front=(line,))
    >>> [(each["bold"], each["href"]) for each in front_page([page]).findings]
    [('7 % left', 'retention.html')]
    """
    lines = list(_lines_of(pages))
    return FrontPage(
        facts=list(dict.fromkeys(line["bold"] for line in lines if line["kind"] == "status"))[:_MOST_FACTS],
        findings=_findings(lines)[:_MOST_FINDINGS],
        numbers=_numbers(lines)[:_MOST_NUMBERS],
        why=[line for line in lines if line["kind"] == "why"][:_MOST_REASONS],
        to_do=_to_do(lines)[:_MOST_TO_DO],
    )


def _lines_of(pages: Sequence[PageSummary]) -> Iterator[Line]:
    for place, page in enumerate(pages):
        if page.status == "complete" and page.file:
            for line in page.front:
                anchor = line.get("anchor")
                href = f"{page.file}#{anchor}" if anchor else page.file
                yield dict(line) | {"href": href, "page": page.title, "place": place}


def _findings(lines: Sequence[Line]) -> list[Line]:
    """Return one finding a topic; where two pages tell it, the one of the later page, which goes deeper."""
    told = {line["metric"]: line for line in lines if line["kind"] == "finding"}
    first: dict[str, Line] = {}
    for line in sorted(told.values(), key=_rank):
        first.setdefault(line["topic"], line)
    return list(first.values())


def _rank(line: Mapping[str, Any]) -> tuple[bool, bool, float, float]:
    stake = line["stake"]
    return bool(line["is_seasonal"]), stake is None, -(stake or 0.0) * (1 - line["p_value"]), line["p_value"]


def _to_do(lines: Sequence[Line]) -> list[Line]:
    """Return what to do: mend what went wrong, call back who is unhappy, then what is expected to bring most.

    The page on actions knows what each brings; without it all pages propose.
    """
    listed = [line for line in lines if line["kind"] == "to do"]
    first = {line["topic"]: line for line in reversed(listed) if line["topic"] in (MEND, CALL_BACK)}
    others = [line for line in listed if line["topic"] not in (MEND, CALL_BACK)]
    rest = _by_stake([line for line in others if line["topic"] == ACTIONS] or others)
    return [*(first[topic] for topic in (MEND, CALL_BACK) if topic in first), *rest]


def _by_stake(lines: list[Line]) -> list[Line]:
    return sorted(lines, key=lambda line: (line["stake"] is None, -(line["stake"] or 0.0)))


def _numbers(lines: Sequence[Line]) -> list[Line]:
    """Return the numbers of the first page that has any, then those of the others that it lacks."""
    found: dict[str, Line] = {}
    for line in lines:
        if line["kind"] == "number":
            found.setdefault(line["metric"], dict(line["number"]) | {"href": line["href"]})
    return list(found.values())
