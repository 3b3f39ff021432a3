"""Render an executed notebook as one self-contained page, and a failed one as a page that says what to do.

Of the notebook's cells the page shows prose and results, nothing else, and nothing from outside.
"""

from __future__ import annotations

import html
import json
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crmkit.periods import Period
from crmkit.reporting.display.exports import with_links_to_files
from crmkit.reporting.display.front import FRONT_KIND
from crmkit.reporting.display.html import THEME, capitalised, filled, plain_text, without_paths
from crmkit.reporting.runner.page import Link, Navigation, PageSummary, write_page
from crmkit.reporting.runner.sections import anchor_of, arrange_sections
from crmkit.sources.masking import redacted, without_addresses
from crmkit.words import say

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

MOST_BYTES = 500_000
_MOST_CHARACTERS = {"text": 20_000, "text/plain": 20_000, "text/markdown": 100_000, "text/html": 4_000_000}
_TEXTS = {"alt", "title", "aria-label", "placeholder", "value"}
LEFT_OUT = {"notebook-only", "remove_cell", "remove_output", "parameters", "injected-parameters"}
_PRIORITY = ["text/html", "text/markdown", "image/svg+xml", "image/png", "image/jpeg", "image/webp", "text/plain"]
_NEEDS = re.compile(r'<div class="opening" data-needs="([^"]+)"')
_STYLE = re.compile(r"<style data-crmkit(?:=\"\")?>.*?</style>", re.DOTALL)
_REPR = re.compile(r"\s*(?:<.*>|\[<.*>\]|Text\(.*\)|None)\s*", re.DOTALL)
# What could run, load or redirect: a page has one script, its own, which is not among what cells show.
_UNSAFE = ["script", "iframe", "object", "embed", "link", "meta", "base", "form", "noscript", "template"]


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
    """Render an executed notebook as one file that needs no network, and its script for nothing that is to be read.

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
        Links of the header; :func:`crmkit.reporting.runner.index.write_archive` sets them for all pages at once.
    key : str
        Hash of all that the page is made from, kept in its summary.

    Returns
    -------
    PageSummary
        With warnings about what was left out and about a page that has grown too large.
    """
    import nbformat

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
        front=tuple(body.front),
    )
    written = write_page(
        html_path,
        summary,
        body.html,
        contents=body.contents,
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
    fallback: Link | None = None,
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
    fallback : Link or None
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
    headline = say("run-failed", period=reported.label)
    body = filled(
        "stub",
        heading=say("run-failed-heading"),
        cause=redacted(without_paths(cause)),
        next_step=without_paths(next_step),
        fallback=fallback,
    )
    summary = PageSummary(title=title, headline=headline, period=str(reported), status="failed", company=company)
    return write_page(html_path, summary, body, h1=headline, kicker=title, navigation=navigation)


def not_made_page(
    html_path: Path | str, title: str, needs: str, *, company: str, period: Period | str, key: str = ""
) -> PageSummary:
    """Write a page in place of one for which the firm has no data.

    Parameters
    ----------
    html_path : Path or str
        The file to write.
    title : str
        The page's name.
    needs : str
        The tables of which the data must have one, such as "orders or subscription_terms".
    company, period, key
        See :func:`render_page`.

    Returns
    -------
    PageSummary
        With status "not made".
    """
    reported = Period.parse(str(period))
    first = needs.replace(",", " ").split()[0]
    headline = say("run-not-made", period=reported.label, needs=needs)
    body = filled(
        "stub",
        cause=say("run-not-made-cause", needs=needs),
        next_step=say("run-not-made-next", table=first),
        fallback=None,
        heading=say("run-not-made-heading"),
    )
    summary = PageSummary(title, headline, period=str(reported), status="not made", company=company, key=key)
    return write_page(html_path, summary, body, h1=headline, kicker=title)


def needs_in(notebook: Path) -> str:
    """Return the tables that an executed notebook says it lacks to show anything; empty if it lacks none."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    outputs = [output.get("data", {}).get("text/html", "") for cell in cells for output in cell.get("outputs", [])]
    texts = ("".join(each) for each in outputs)
    return next((html.unescape(found[1]) for text in texts if (found := _NEEDS.search(text))), "")


def name_of(path: Path | str) -> str:
    """Return a notebook's name in words.

    Examples
    --------
    >>> name_of("notebooks/02_who_leaves.ipynb")
    'Who leaves'
    """
    words = re.sub(r"^\d+[_-]", "", Path(path).stem)
    return capitalised(re.sub(r"[_-]+", " ", words).strip()) or "Report"


@dataclass
class Body:
    """The body of a page and what was found in it."""

    html: str
    title: str
    question: str
    headline: str
    warnings: list[str]
    contents: list[dict[str, Any]] = field(default_factory=list)
    front: list[dict[str, Any]] = field(default_factory=list)


def body_of(notebook: Any) -> Body:
    """Return the body of the page that an executed notebook makes.

    The notebook's first heading becomes the page's name and the paragraph below it the question; both stand above
    the opening then. Cells with one of the tags in ``LEFT_OUT`` are left out.
    """
    from bs4 import BeautifulSoup

    title, question = _title_and_question(notebook)
    shown = _kept(notebook)
    warnings = _cut_long_outputs(shown)
    soup = BeautifulSoup(_STYLE.sub("", _fragment(shown)), "html.parser")
    warnings += _make_safe(soup)
    _hide_addresses(soup)
    _make_readable(soup)
    _name_pictures(soup, warnings)
    _tell_charts_apart(soup)
    first = soup.select_one(".opening h1")
    if first is not None:
        for heading in soup.select(".prose h1"):
            heading.name = "h2"
    contents = arrange_sections(soup)
    _drop_dead_links(soup)
    headline = plain_text(first.get_text()) if first else ""
    return Body(str(soup), title, question, headline, warnings, contents, _front_lines(shown, soup))


def _front_lines(notebook: Any, soup: BeautifulSoup) -> list[dict[str, Any]]:
    """Return what the cells have for the front page, safe as the page itself, each with the place that it leads to."""
    outputs = [output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", [])]
    lines = [line for data in outputs for line in data.get(FRONT_KIND, ())]
    return [_safe(line) | {"anchor": anchor_of(soup, line)} for line in lines]


def _safe(value: Any) -> Any:
    from bs4 import BeautifulSoup

    if isinstance(value, dict):
        return {name: _safe(each) for name, each in value.items()}
    if not isinstance(value, str):
        return value
    if not value.startswith("<svg"):
        return without_addresses(value)
    drawing = BeautifulSoup(value, "html.parser")
    _make_safe(drawing)
    _hide_addresses(drawing)
    return str(drawing)


def _noted_period(notebook: Any) -> str:
    parameters = notebook.metadata.get("papermill", {}).get("parameters", {})
    return str(parameters.get("period", ""))


def _with_size_warning(page: PageSummary) -> PageSummary:
    if page.n_bytes <= MOST_BYTES:
        return page
    from dataclasses import replace

    size = say("run-too-large", size=f"{page.n_bytes / 1000:,.0f}", most=f"{MOST_BYTES // 1000}")
    return replace(page, warnings=(*page.warnings, size))


def _title_and_question(notebook: Any) -> tuple[str, str]:
    first = next((cell for cell in notebook.cells if cell.cell_type == "markdown"), None)
    match = re.match(r"\s*# +(.+?)\s*(?:\n+([^\n#].*?))?(?=\n\s*\n|\Z)(.*)", first.source, re.DOTALL) if first else None
    if first is None or match is None:
        return "", ""
    first.source = match[3].strip()  # the rest stays where it is
    plain = re.compile(r"[*_`]|\[([^\]]*)\]\([^)]*\)")
    return tuple(" ".join(plain.sub(r"\1", part or "").split()) for part in match.groups()[:2])  # type: ignore[return-value]


def _fragment(notebook: Any) -> str:
    from base64 import b64encode

    from nbconvert.exporters import HTMLExporter
    from traitlets.config import Config

    config = Config({"NbConvertBase": {"display_data_priority": _PRIORITY}})
    exporter = HTMLExporter(
        config=config, template_name="crmkit", extra_template_basedirs=[str(THEME)], exclude_anchor_links=True
    )
    exporter.register_filter("text_base64", lambda text: b64encode(str(text).encode()).decode())
    results = _replace_results(notebook)
    html = exporter.from_notebook_node(notebook)[0]
    return re.sub(r'<i id="(aside-[0-9a-f]+-\d+)"></i>', lambda place: results.get(place[1], place[0]), html)


def _replace_results(notebook: Any) -> dict[str, str]:
    """Leave a mark in place of each result in HTML; return the results by their marks.

    nbconvert takes apart and puts together again what it has made, which for large results takes longer than all the rest.
    """
    results: dict[str, str] = {}
    token = secrets.token_hex(8)
    for output in (output for cell in notebook.cells for output in cell.get("outputs", [])):
        if "text/html" in output.get("data", {}):
            mark = f"aside-{token}-{len(results)}"
            results[mark] = output.data["text/html"]
            output.data["text/html"] = f'<i id="{mark}"></i>'
    return results


def _kept(notebook: Any) -> Any:
    notebook.cells = [cell for cell in notebook.cells if not LEFT_OUT & set(cell.metadata.get("tags", ()))]
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if _is_shown(output)]
            for output in cell.outputs:
                if "text/html" in (data := output.get("data", {})):
                    data["text/html"] = with_links_to_files(data["text/html"])
        for output in cell.get("outputs", []):
            _shrink(output.get("data", {}))
    return notebook


def _cut_long_outputs(notebook: Any) -> list[str]:
    """Cut long printed text and leave out huge tables, which would make a page nobody can open; return what to tell."""
    warnings = []
    for output in (output for cell in notebook.cells for output in cell.get("outputs", [])):
        held = output if "text" in output else output.get("data", {})
        for kind, most in _MOST_CHARACTERS.items():
            length = len(held.get(kind, ""))
            if length > most:
                warnings.append(say("run-cut", n=length))
                rest = "" if kind == "text/html" else held[kind][:most]
                held[kind] = f"{rest} {say('run-cut-here', n=length)}"
    return warnings


def _is_shown(output: Any) -> bool:
    if output.output_type == "stream":
        return bool(output.name == "stdout")
    kinds = set(output.get("data", {})) & set(_PRIORITY)
    if kinds == {"text/plain"}:
        return _REPR.fullmatch(str(output.data["text/plain"])) is None  # "<Axes: >" is what a plot returns, no result
    return bool(kinds)


def _shrink(data: dict[str, Any]) -> None:
    if "image/png" not in data:
        return
    from base64 import b64decode, b64encode
    from io import BytesIO

    from PIL import Image

    raw, smaller = b64decode(data["image/png"]), BytesIO()
    Image.open(BytesIO(raw)).save(smaller, format="WEBP", lossless=True, quality=100, method=6)
    if len(smaller.getvalue()) < len(raw):
        del data["image/png"]
        data["image/webp"] = b64encode(smaller.getvalue()).decode()


def _make_safe(soup: BeautifulSoup) -> list[str]:
    warnings = []
    for tag in soup.find_all(_UNSAFE):
        warnings.append(say("run-unsafe", tag=tag.name))
        tag.decompose()
    for tag in soup.find_all(True):
        for name in [name for name in tag.attrs if name.lower().startswith("on")]:
            del tag[name]
        if str(tag.get("href", "")).strip().lower().startswith(("javascript:", "data:")):
            del tag["href"]
        if tag.name != "a" and _is_outside(tag):
            warnings.append(say("run-outside", tag=tag.name))
            tag.replace_with(str(tag.get("alt", "")))
    return warnings


def _hide_addresses(soup: BeautifulSoup) -> None:
    """Mask e-mail addresses wherever they came from: a column that was mapped wrongly, the output of a cell."""
    for text in soup.find_all(string=True):
        if without_addresses(text) != text:
            text.replace_with(without_addresses(text))
    for tag in soup.find_all(True):
        for name in _TEXTS & set(tag.attrs):
            tag[name] = without_addresses(str(tag[name]))


def _is_outside(tag: Tag) -> bool:
    addresses = [str(tag.get(name, "")).strip() for name in ("src", "srcset", "poster", "href", "xlink:href", "data")]
    return any(address and not address.startswith(("data:image/", "#")) for address in addresses)


def _make_readable(soup: BeautifulSoup) -> None:
    """Make tables not written by crmkit scroll on a telephone, and mark their header cells."""
    foreign = [table for table in soup.find_all("table") if table.find_parent(class_="scroll") is None]
    for number, table in enumerate(foreign, start=1):
        name = f"Table {number}" if len(foreign) > 1 else "Table"
        box = soup.new_tag("div", attrs={"class": "scroll", "role": "region", "tabindex": "0", "aria-label": name})
        table.attrs.pop("border", None)
        table.wrap(box)
        for cell in table.select("thead th"):
            if cell.get_text(strip=True):
                cell["scope"] = "col"
            else:
                cell.name = "td"  # an empty heading names nothing
        for cell in table.select("tbody th"):
            cell["scope"] = "row"


def _name_pictures(soup: BeautifulSoup, warnings: list[str]) -> None:
    for picture in soup.find_all("img"):
        if str(picture.get("alt", "")).strip() not in ("", "No description has been provided for this image"):
            continue
        heading = picture.find_previous(["h1", "h2", "h3"])
        section = heading.get_text(" ", strip=True) if heading else say("run-this-page")
        picture["alt"] = say("run-no-description", section=section)
        warnings.append(say("run-no-alternative", section=section))


def _tell_charts_apart(soup: BeautifulSoup) -> None:
    """Give a chart that is on the page twice names of its own: what one refers to must not stand in the other."""
    taken: set[str] = set()
    for number, chart in enumerate(soup.select("svg.chart")):
        named = chart.find_all(id=True)
        if any(part["id"] in taken for part in named):
            for part in chart.find_all(True):
                for name in {"id", "href", "clip-path"} & set(part.attrs):
                    part[name] = re.sub(r"^(url\(#|#|)(?=\w)", rf"\g<1>n{number}-", str(part[name]))
        taken |= {str(part["id"]) for part in named}


def _drop_dead_links(soup: BeautifulSoup) -> None:
    known = {tag["id"] for tag in soup.find_all(id=True)}
    for link in soup.select('a[href^="#"]'):
        if str(link["href"])[1:] not in known:
            link.unwrap()
