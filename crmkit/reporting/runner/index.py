"""The index of a period, the archive of all periods, and the links between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from crmkit.errors import CrmkitError
from crmkit.periods import Period
from crmkit.reporting.display.html import capitalised, filled
from crmkit.reporting.runner.front import front_page
from crmkit.reporting.runner.page import Link, Navigation, PageSummary, read_summary, replace_navigation, write_page
from crmkit.words import say

_LAST_FILES = ("data_quality.html", "glossary.html")


def write_index(
    folder: Path | str, period: Period | str, pages: Sequence[PageSummary] | None = None, *, company: str
) -> PageSummary:
    """Write ``index.html`` of one period, its front page: findings, numbers, why, what to do, and all pages.

    It is made from what the pages keep in their summaries, so that it computes nothing.

    Parameters
    ----------
    folder : Path or str
        The period's folder.
    period : Period or str
        The period reported.
    pages : sequence of PageSummary or None
        In the order of their notebooks; otherwise read from the folder's files, by name. Complete pages whose headline
        is not about the period follow, and those about the data and the words come last.
    company : str
        Name for the header.

    Returns
    -------
    PageSummary
        Its headline is that of the first complete page that has one about the period.
    """
    folder, reported = Path(folder), Period.parse(str(period))
    listed = list(pages) if pages is not None else _pages_in(folder)
    # Pages about the firm come before those about its data: an owner opens them first.
    listed.sort(key=lambda page: _sort_key(page, reported))
    status = _status_of(listed)
    front = front_page(listed)
    body = filled(
        "front",
        facts=[*front.facts, status],
        front=front,
        tiles=front.numbers,
        is_front=True,
        pages=[_entry(page, reported) for page in listed],
    )
    headlines_of_period = [
        page.headline
        for page in listed
        if page.status == "complete" and page.headline.startswith(f"{reported.label}: ")
    ]
    headline = headlines_of_period[0] if headlines_of_period else say("run-index-headline", period=reported.label)
    of_status = Counter(page.status for page in listed)
    is_partial = any(page.status == "not made" and not page.file for page in listed)
    summary = PageSummary(
        title=say("run-index", period=reported.label),
        headline=headline,
        question=status,
        period=str(reported),
        status="failed" if of_status["failed"] else "not made" if is_partial else "complete",
        kind="index",
        company=company,
    )
    return write_page(folder / "index.html", summary, body, h1=headline)


def write_archive(reports_folder: Path | str, *, company: str) -> PageSummary:
    """Write ``index.html`` over all periods, and set the links of every page to what exists now.

    Parameters
    ----------
    reports_folder : Path or str
        Holds one folder per period, such as ``2026-10``; other folders are left alone.
    company : str
        Name for the header.

    Returns
    -------
    PageSummary
    """
    reports_folder = Path(reports_folder)
    periods = _periods_in(reports_folder)
    indexes = [(period, read_summary(reports_folder / str(period) / "index.html")) for period in reversed(periods)]
    entries = [
        {
            "href": f"{period}/index.html",
            "title": period.label,
            "headline": _without_label(page.headline, period),
            "question": page.question,
            **_status("complete" if page.status == "complete" else "not complete"),
        }
        for period, page in indexes
    ]
    body = filled("index", status=say("run-periods", n=len(periods)), pages=entries)
    summary = PageSummary(
        title=say("run-archive"), headline=say("run-archive-headline"), kind="archive", company=company
    )
    written = write_page(
        reports_folder / "index.html", summary, body, h1=say("run-archive-headline"), kicker=say("run-archive-kicker")
    )
    relink(reports_folder)
    return written


def relink(reports_folder: Path | str) -> int:
    """Set the header's links of every page to the periods and pages that exist; return how many pages changed."""
    reports_folder = Path(reports_folder)
    periods = _periods_in(reports_folder)
    changed = 0
    for period in periods:
        before = [other for other in periods if other.grain == period.grain and other < period]
        after = [other for other in periods if other.grain == period.grain and other > period]
        for page in sorted((reports_folder / str(period)).glob("*.html")):
            navigation = Navigation(
                previous=_link(reports_folder, max(before), page.name, period) if before else None,
                current=period.label,
                next=_link(reports_folder, min(after), page.name, period) if after else None,
                index=None if page.name == "index.html" else Link(say("run-all-pages"), "index.html"),
                archive=Link(say("run-archive"), "../index.html"),
            )
            changed += replace_navigation(page, navigation)
    return changed


def _pages_in(folder: Path) -> list[PageSummary]:
    # A second dot marks a page that is kept for later: scorecard.last-good.html.
    pages = [read_summary(path) for path in sorted(folder.glob("*.html")) if "." not in path.stem]
    return [page for page in pages if page.kind == "page"]


def _status_of(pages: Sequence[PageSummary]) -> str:
    """Return how many pages there are, and what became of the others."""
    of_status = Counter(page.status for page in pages)
    n_missing = sum(page.status == "not made" and not page.file for page in pages)
    n_without_data = of_status["not made"] - n_missing
    if not pages:
        return say("run-no-pages")
    counts = {"n": of_status["complete"], "of": len(pages)}
    return (
        say("run-without-data", without=n_without_data, **counts) if n_without_data else say("run-complete", **counts)
    )


def _sort_key(page: PageSummary, reported: Period) -> tuple[bool, bool]:
    follows = page.status == "complete" and not page.headline.startswith(f"{reported.label}: ")
    follows |= page.status == "not made" and bool(page.file)
    return follows, follows and page.file in _LAST_FILES


def _entry(page: PageSummary, period: Period) -> dict[str, str]:
    """Return the line of a page; where there is none, why."""
    note: str = "" if page.status == "complete" else page.status
    if page.status == "not made" and page.file:
        note = _without_label(page.headline, period).lower()
    return {"href": page.file, "title": page.title, "note": note}


def _without_label(headline: str, period: Period) -> str:
    return capitalised(headline.removeprefix(f"{period.label}: "))


def _status(word: str) -> dict[str, str]:
    tone = {"complete": "", "not made": "few"}.get(word, "worse")
    return {"status": capitalised(word), "tone": tone, "sign": "✕" if tone == "worse" else ""}


def _periods_in(reports_folder: Path) -> list[Period]:
    found = []
    for index in reports_folder.glob("*/index.html"):
        try:
            period = Period.parse(index.parent.name)
        except CrmkitError:
            continue  # not a folder of a period
        if str(period) == index.parent.name:
            found.append(period)
    return sorted(found, key=lambda period: (period.start, period.grain))


def _link(reports_folder: Path, to: Period, name: str, beside: Period) -> Link:
    there = name if (reports_folder / str(to) / name).is_file() else "index.html"
    return Link(to.label_beside(beside), f"../{to}/{there}")
