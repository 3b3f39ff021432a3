"""Write aside and swap in whole: a reader never meets half a month or half a page, and a failed run changes nothing."""

from __future__ import annotations

import html
import json
import re
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from markupsafe import Markup

from crmkit.errors import CrmkitError
from crmkit.periods import Period
from crmkit.reporting.display.html import capitalised, filled, page_css, some
from crmkit.sources.store.temporary_paths import is_abandoned, split_temporary_path, temporary_path


@contextmanager
def swapped_in(folder: Path, *, keep: bool) -> Iterator[Path]:
    """Yield an empty folder beside ``folder`` that takes its place when the block ends well.

    Parameters
    ----------
    folder : path
        The folder to replace; it need not exist.
    keep : bool
        Start from a copy of what the folder holds now.

    Yields
    ------
    path
        The folder to write into, ``<name>.tmp-...``. It is gone after the block, whatever happens.

    Raises
    ------
    CrmkitError
        If the folder cannot be written or replaced.
    """
    aside = temporary_path(folder, "tmp")
    try:
        shutil.rmtree(aside, ignore_errors=True)
        if keep and folder.is_dir():
            shutil.copytree(folder, aside)
        else:
            aside.mkdir(parents=True)
    except OSError as error:
        shutil.rmtree(aside, ignore_errors=True)
        reason = error.strerror or "not all pages of the last run could be copied"
        raise CrmkitError(f"{folder.parent} cannot be written ({reason}). Make room or name another folder.") from None
    try:
        yield aside
        _swap(aside, folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def write_whole(file: Path, content: bytes) -> None:
    """Write a file so that there is the old one or the new one at any moment, and never half of one."""
    aside = temporary_path(file, "tmp")
    try:
        aside.write_bytes(content)
        aside.replace(file)
    except BaseException:
        with suppress(OSError):
            aside.unlink(missing_ok=True)
        raise


def tidy(folder: Path) -> None:
    """Put back what a run that was killed was about to replace, and remove what it left half written.

    Parameters
    ----------
    folder : path
        The folder of all reports. What a run writes just now is left alone, and so is what others keep there.
    """
    left = [path for pattern in ("*.tmp-*", "*.old-*", "*/*.tmp-*") for path in folder.glob(pattern)]
    for path in left:
        known = split_temporary_path(path)
        if known is None or not is_abandoned(path):
            continue
        name, kind = known
        with suppress(OSError):
            former = path.with_name(name)
            if kind == "old" and not former.exists():
                path.rename(former)
            elif path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


def _swap(aside: Path, folder: Path) -> None:
    former = temporary_path(folder, "old")
    try:
        if folder.exists():
            folder.rename(former)
        aside.rename(folder)
    except OSError as error:  # Windows does not let go of a folder while a program has a file of it open
        if former.exists() and not folder.exists():
            former.rename(folder)
        raise CrmkitError(
            f"{folder} could not be replaced ({error.strerror}). Close the programs that show it and run again."
        ) from None
    shutil.rmtree(former, ignore_errors=True)


# The index of a period, the archive of all periods, and the links between them.


_LAST = ("data_quality.html", "glossary.html")


def write_index(
    folder: Path | str, period: Period | str, pages: Sequence[PageSummary] | None = None, *, company: str
) -> PageSummary:
    """Write ``index.html`` of one period: each page's name, headline, question and status.

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
    # A page about the firm comes before one about its data: that is what an owner opens first.
    listed.sort(key=lambda page: _place(page, reported))
    of_status = Counter(page.status for page in listed)
    status = f"{of_status['complete']} of {some(len(listed), 'page')} complete" if listed else "No pages yet"
    body = filled("index", status=status, pages=[_entry(page, reported) for page in listed])
    news = [
        page.headline
        for page in listed
        if page.status == "complete" and page.headline.startswith(f"{reported.label}: ")
    ]
    headline = news[0] if news else f"{reported.label}: all pages"
    summary = PageSummary(
        title=f"All pages of {reported.label}",
        headline=headline,
        question=status,
        period=str(reported),
        status=next((each for each in ("failed", "not made") if of_status[each]), "complete"),
        kind="index",
        company=company,
    )
    return write_page(folder / "index.html", summary, body, h1=headline, kicker="Report")


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
    body = filled("index", status=f"{some(len(periods), 'period')} reported", pages=entries)
    summary = PageSummary(title="All periods", headline="All reports", kind="archive", company=company)
    written = write_page(reports_folder / "index.html", summary, body, h1="All reports", kicker="Archive")
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
                index=None if page.name == "index.html" else Link("All pages", "index.html"),
                archive=Link("All periods", "../index.html"),
            )
            changed += replace_navigation(page, navigation)
    return changed


def _place(page: PageSummary, reported: Period) -> tuple[bool, bool]:
    follows = page.status == "complete" and not page.headline.startswith(f"{reported.label}: ")
    return follows, follows and page.file in _LAST


def _link(reports_folder: Path, to: Period, name: str, beside: Period) -> Link:
    there = name if (reports_folder / str(to) / name).is_file() else "index.html"
    return Link(to.label_beside(beside), f"../{to}/{there}")


def _periods_in(reports_folder: Path) -> list[Period]:
    found = []
    for index in reports_folder.glob("*/index.html"):
        try:
            period = Period.parse(index.parent.name)
        except CrmkitError:
            continue  # somebody else's folder
        if str(period) == index.parent.name:
            found.append(period)
    return sorted(found, key=lambda period: (period.start, period.grain))


def _pages_in(folder: Path) -> list[PageSummary]:
    # A second dot marks a page that is kept for later: scorecard.last-good.html.
    pages = [read_summary(path) for path in sorted(folder.glob("*.html")) if "." not in path.stem]
    return [page for page in pages if page.kind == "page"]


def _entry(page: PageSummary, period: Period) -> dict[str, str]:
    return {
        "href": page.file,
        "title": page.title,
        "headline": _without_label(page.headline, period) if page.file else "",
        "question": page.question,
        **_status(page.status),
    }


def _status(word: str) -> dict[str, str]:
    tone = {"complete": "", "not made": "few"}.get(word, "worse")
    return {"status": capitalised(word), "tone": tone, "sign": "✕" if tone == "worse" else ""}


def _without_label(headline: str, period: Period) -> str:
    return capitalised(headline.removeprefix(f"{period.label}: "))


# What every page has: one file with its style inside, a header, and a summary that an index can read back.


_SUMMARY = re.compile(r'<meta name="crmkit" content="([^"]*)"')
_NAVIGATION = re.compile(r'<nav class="periods".*?</nav>', re.DOTALL)


@dataclass(frozen=True)
class Link:
    """A text and where it leads, relative to the page."""

    label: str
    href: str


@dataclass(frozen=True)
class Navigation:
    """The links of a page's header; what is None is left out."""

    previous: Link | None = None
    current: str = ""
    next: Link | None = None
    index: Link | None = None
    archive: Link | None = None


@dataclass(frozen=True)
class PageSummary:
    """What an index says about a page; it stands in the page itself, see :func:`read_summary`.

    Attributes
    ----------
    title, headline, question : str
        The page's name, its first heading, the question it answers.
    period : str
        Such as "2026-10", empty for the archive.
    status : {"complete", "failed", "not made"}
    kind : {"page", "index", "archive"}
    company : str
    file : str
        Name of the file, without its folder.
    key : str
        Hash of all that the page was made from; empty if it is not known, see :mod:`crmkit.reporting.runner.reuse`.
    n_bytes : int
        Size of the file [bytes].
    warnings : tuple of str
        What the renderer had to leave out or could not know, for the log.
    """

    title: str
    headline: str
    question: str = ""
    period: str = ""
    status: Literal["complete", "failed", "not made"] = "complete"
    kind: Literal["page", "index", "archive"] = "page"
    company: str = ""
    file: str = ""
    key: str = ""
    n_bytes: int = 0
    warnings: tuple[str, ...] = field(default=())


def write_page(
    path: Path | str,
    summary: PageSummary,
    body: str,
    *,
    h1: str = "",
    kicker: str = "",
    question: str = "",
    navigation: Navigation | None = None,
) -> PageSummary:
    """Write one self-contained page.

    Parameters
    ----------
    path : Path or str
        The file to write; its folder is made.
    summary : PageSummary
        Stands in the page, for the index.
    body : str
        Safe HTML.
    h1, kicker, question : str
        First heading, where the body has none; the page's name above it; the question the page answers.
    navigation : Navigation or None
        Links of the header.

    Returns
    -------
    PageSummary
        With file and n_bytes filled in.
    """
    path = Path(path)
    stored = asdict(summary) | {"file": path.name, "n_bytes": 0, "warnings": ()}
    label = Period.parse(summary.period).label if summary.period else ""
    page = filled(
        "page",
        version=crmkit_version(),
        summary=json.dumps(stored, ensure_ascii=False),
        title=summary.title,
        period_label="" if label and label in summary.title else label,
        company=summary.company,
        css=Markup(page_css()),
        navigation=drawn_navigation(navigation or Navigation(current=label)),
        kicker=kicker,
        question=question,
        h1=h1,
        body=Markup(body),
    )
    content = page.encode("utf-8")
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, content)
    return PageSummary(**stored | {"n_bytes": len(content), "warnings": summary.warnings})


def read_summary(path: Path | str) -> PageSummary:
    """Read back what a page says about itself.

    Raises
    ------
    CrmkitError
        If the file is not a page written by crmkit.
    """
    path = Path(path)
    found = _SUMMARY.search(path.read_text(encoding="utf-8"))
    if found is None:
        raise CrmkitError(f"{path.name} is not a report page: it has no summary. Render it again.")
    stored = json.loads(html.unescape(found[1]))
    return PageSummary(**stored | {"file": path.name, "n_bytes": path.stat().st_size, "warnings": ()})


def drawn_navigation(navigation: Navigation) -> Markup:
    """Return the header's links as HTML."""
    return filled("navigation", nav=navigation)


def replace_navigation(path: Path, navigation: Navigation) -> bool:
    """Set the links of a page that stands already; tell whether they changed."""
    before = path.read_text(encoding="utf-8")
    links = str(drawn_navigation(navigation)).strip()
    after = _NAVIGATION.sub(lambda _: links, before, count=1)
    if after != before:
        write_whole(path, after.encode("utf-8"))
    return after != before


def crmkit_version() -> str:
    """Return the version of crmkit, or "unknown" where it was never installed."""
    try:
        return version("crmkit")
    except PackageNotFoundError:  # run from a folder that was never installed
        return "unknown"
