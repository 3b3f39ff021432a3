"""An executed notebook becomes one self-contained page; a failed one becomes a page that says what to do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from crmkit.periods import Period
from crmkit.reporting.markup import filled
from crmkit.reporting.page import Link, Navigation, PageSummary, write_page
from crmkit.reporting.text import capitalised, without_paths

MOST_BYTES = 500_000


def render_page(
    notebook_path: Path | str,
    html_path: Path | str,
    *,
    company: str,
    title: str | None = None,
    period: Period | str | None = None,
    navigation: Navigation | None = None,
    key: str = "",
) -> PageSummary:
    """Render an executed notebook as one file that needs no network and no JavaScript.

    Parameters
    ----------
    notebook_path : Path or str
        Executed ``.ipynb``. Its first heading is the page's name, the paragraph below it the question.
    html_path : Path or str
        The file to write.
    company : str
        Name for the header.
    title : str or None
        The page's name, instead of the notebook's first heading.
    period : Period, str or None
        The period reported; otherwise taken from the parameters that papermill noted.
    navigation : Navigation or None
        Links of the header; :func:`crmkit.reporting.index.write_archive` sets them for all pages at once.
    key : str
        Hash of all that the page is made from, kept in its summary.

    Returns
    -------
    PageSummary
        With warnings about what was left out and about a page that has grown too large.
    """
    import nbformat

    from crmkit.reporting.cells import body_of

    notebook = nbformat.read(Path(notebook_path), as_version=4)
    noted = str(period or _noted_period(notebook) or "")
    body = body_of(notebook)
    name = title or body.title or name_of(notebook_path)
    summary = PageSummary(
        title=name,
        headline=body.headline or name,
        question=body.question,
        period=str(Period.parse(noted)) if noted else "",
        company=company,
        key=key,
        warnings=tuple(body.warnings),
    )
    written = write_page(
        html_path,
        summary,
        body.html,
        h1="" if body.headline else name,
        kicker=name if body.headline else "",
        question=body.question,
        navigation=navigation,
    )
    return _with_size_warning(written)


def stub_page(
    html_path: Path | str,
    title: str,
    cause: str,
    next_step: str,
    last_good: Link | None = None,
    *,
    company: str,
    period: Period | str,
    navigation: Navigation | None = None,
) -> PageSummary:
    """Write a page in place of one whose notebook failed.

    Parameters
    ----------
    html_path : Path or str
        The file to write.
    title : str
        The page's name.
    cause, next_step : str
        What went wrong and what to do, one sentence each; paths are cut to file names.
    last_good : Link or None
        The last period's page that was complete.
    company : str
        Name for the header.
    period : Period or str
        The period reported.
    navigation : Navigation or None
        Links of the header.

    Returns
    -------
    PageSummary
        With status "failed".
    """
    reported = Period.parse(str(period))
    headline = f"{reported.label}: this page could not be made"
    body = filled("stub", cause=without_paths(cause), next_step=without_paths(next_step), last_good=last_good)
    summary = PageSummary(title=title, headline=headline, period=str(reported), status="failed", company=company)
    return write_page(html_path, summary, body, h1=headline, kicker=title, navigation=navigation)


def name_of(path: Path | str) -> str:
    """Return a notebook's name in words.

    Examples
    --------
    >>> name_of("notebooks/02_who_leaves.ipynb")
    'Who leaves'
    """
    words = re.sub(r"^\d+[_-]", "", Path(path).stem)
    return capitalised(re.sub(r"[_-]+", " ", words).strip()) or "Report"


def _noted_period(notebook: Any) -> str:
    parameters = notebook.metadata.get("papermill", {}).get("parameters", {})
    return str(parameters.get("period", ""))


def _with_size_warning(page: PageSummary) -> PageSummary:
    if page.n_bytes <= MOST_BYTES:
        return page
    from dataclasses import replace

    size = f"the page has {page.n_bytes / 1000:,.0f} kB, more than {MOST_BYTES // 1000}: show fewer rows or simpler figures"
    return replace(page, warnings=(*page.warnings, size))
