"""What every page has: one file with its style inside, a header, and a summary that an index can read back."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

from markupsafe import Markup

from crmkit.errors import CrmkitError
from crmkit.periods import Period
from crmkit.reporting.display.html import filled, page_css, page_script, script_hash
from crmkit.reporting.runner.publish import write_atomically

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
    """What an index says about a page, which is kept in the page itself, see :func:`read_summary`.

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
        What the renderer had to leave out or could not know.
    front : tuple of dict
        The page's lines for the front page, see :class:`crmkit.reporting.display.front.FrontLine`.
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
    front: tuple[dict[str, Any], ...] = field(default=())


def write_page(
    path: Path | str,
    summary: PageSummary,
    body: str,
    *,
    h1: str = "",
    kicker: str = "",
    question: str = "",
    navigation: Navigation | None = None,
    contents: Sequence[Mapping[str, Any]] = (),
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
    contents : sequence of mapping
        The sections of the body, from :func:`crmkit.reporting.runner.sections.arrange_sections`.

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
        script=Markup(page_script()),
        script_hash=Markup(script_hash()),
        navigation=navigation_html(navigation or Navigation(current=label)),
        kicker=kicker,
        question=question,
        h1=h1,
        body=Markup(body),
        contents=filled("contents", contents=contents, name="On this page", label="") if contents else "",
    )
    content = page.encode("utf-8")
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, content)
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
    stored["front"] = tuple(stored.get("front", ()))
    return PageSummary(**stored | {"file": path.name, "n_bytes": path.stat().st_size, "warnings": ()})


def navigation_html(navigation: Navigation) -> Markup:
    """Return the header's links as HTML."""
    return filled("navigation", nav=navigation)


def replace_navigation(path: Path, navigation: Navigation) -> bool:
    """Set the links of a page that exists; return whether they changed."""
    before = path.read_text(encoding="utf-8")
    links = str(navigation_html(navigation)).strip()
    after = _NAVIGATION.sub(lambda _: links, before, count=1)
    if after != before:
        write_atomically(path, after.encode("utf-8"))
    return after != before


def crmkit_version() -> str:
    """Return the version of crmkit, or "unknown" where it was never installed."""
    try:
        return version("crmkit")
    except PackageNotFoundError:  # run from a folder that was never installed
        return "unknown"
