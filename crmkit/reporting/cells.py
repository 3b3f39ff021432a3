"""The cells of an executed notebook as the body of a page: prose and results, nothing else, nothing from outside."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crmkit.reporting.markup import THEME, plain_text

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

LEFT_OUT = {"notebook-only", "remove_cell", "remove_output", "parameters", "injected-parameters"}
_PRIORITY = ["text/html", "text/markdown", "image/svg+xml", "image/png", "image/jpeg", "image/webp", "text/plain"]
_STYLE = re.compile(r"<style data-crmkit(?:=\"\")?>.*?</style>", re.DOTALL)
_REPR = re.compile(r"\s*(?:<.*>|\[<.*>\]|Text\(.*\)|None)\s*", re.DOTALL)
# What could run, load or redirect; a page without JavaScript needs none of it.
_UNSAFE = ["script", "iframe", "object", "embed", "link", "meta", "base", "form", "noscript", "template"]


@dataclass
class Body:
    """The body of a page and what was found in it."""

    html: str
    title: str
    question: str
    headline: str
    warnings: list[str]


def body_of(notebook: Any) -> Body:
    """Return the body of the page that an executed notebook makes.

    The notebook's first heading becomes the page's name and the paragraph below it the question; both stand above
    the opening then. Cells with one of the tags in ``LEFT_OUT`` are left out.
    """
    from bs4 import BeautifulSoup

    title, question = _title_and_question(notebook)
    soup = BeautifulSoup(_STYLE.sub("", _fragment(_kept(notebook))), "html.parser")
    warnings = _make_safe(soup)
    _make_readable(soup)
    _name_pictures(soup, warnings)
    _drop_dead_links(soup)
    first = soup.select_one(".opening h1")
    if first is not None:
        for heading in soup.select(".prose h1"):
            heading.name = "h2"
    return Body(str(soup), title, question, plain_text(first.get_text()) if first else "", warnings)


def _title_and_question(notebook: Any) -> tuple[str, str]:
    first = next((cell for cell in notebook.cells if cell.cell_type == "markdown"), None)
    match = re.match(r"\s*# +(.+?)\s*(?:\n+([^\n#].*?))?(?=\n\s*\n|\Z)(.*)", first.source, re.DOTALL) if first else None
    if first is None or match is None:
        return "", ""
    first.source = match[3].strip()  # the rest stays where it is
    plain = re.compile(r"[*_`]|\[([^\]]*)\]\([^)]*\)")
    return tuple(" ".join(plain.sub(r"\1", part or "").split()) for part in match.groups()[:2])  # type: ignore[return-value]


def _kept(notebook: Any) -> Any:
    notebook.cells = [cell for cell in notebook.cells if not LEFT_OUT & set(cell.metadata.get("tags", ()))]
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if _is_shown(output)]
        for output in cell.get("outputs", []):
            _shrink(output.get("data", {}))
    return notebook


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


def _fragment(notebook: Any) -> str:
    from base64 import b64encode

    from nbconvert.exporters import HTMLExporter
    from traitlets.config import Config

    config = Config({"NbConvertBase": {"display_data_priority": _PRIORITY}})
    exporter = HTMLExporter(
        config=config, template_name="crmkit", extra_template_basedirs=[str(THEME)], exclude_anchor_links=True
    )
    exporter.register_filter("text_base64", lambda text: b64encode(str(text).encode()).decode())
    aside = _put_aside(notebook)
    html = exporter.from_notebook_node(notebook)[0]
    return re.sub(r'<i id="(aside-[0-9a-f]+-\d+)"></i>', lambda place: aside.get(place[1], place[0]), html)


def _put_aside(notebook: Any) -> dict[str, str]:
    """Leave a mark in place of each result in HTML; return the results by their marks.

    nbconvert takes apart and puts together again what it has made, which for large results takes longer than all the rest.
    """
    aside: dict[str, str] = {}
    unguessed = secrets.token_hex(8)
    for output in (output for cell in notebook.cells for output in cell.get("outputs", [])):
        if "text/html" in output.get("data", {}):
            mark = f"aside-{unguessed}-{len(aside)}"
            aside[mark] = output.data["text/html"]
            output.data["text/html"] = f'<i id="{mark}"></i>'
    return aside


def _make_safe(soup: BeautifulSoup) -> list[str]:
    warnings = []
    for tag in soup.find_all(_UNSAFE):
        warnings.append(f"a <{tag.name}> was left out: a page runs no code and loads nothing")
        tag.decompose()
    for tag in soup.find_all(True):
        for name in [name for name in tag.attrs if name.lower().startswith("on")]:
            del tag[name]
        if str(tag.get("href", "")).strip().lower().startswith(("javascript:", "data:")):
            del tag["href"]
        if tag.name != "a" and _is_outside(tag):
            warnings.append(f"a <{tag.name}> from outside was left out: a page loads nothing")
            tag.replace_with(str(tag.get("alt", "")))
    return warnings


def _is_outside(tag: Tag) -> bool:
    addresses = [str(tag.get(name, "")).strip() for name in ("src", "srcset", "poster", "href", "xlink:href", "data")]
    return any(address and not address.startswith(("data:image/", "#")) for address in addresses)


def _make_readable(soup: BeautifulSoup) -> None:
    """Make tables that others wrote scroll on a telephone, and mark their heads."""
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
        section = heading.get_text(" ", strip=True) if heading else "this page"
        picture["alt"] = f"A figure in the section “{section}”; its author gave no description."
        warnings.append(
            f"a figure in the section '{section}' has no text alternative: show it with crmkit's figure(alt=...)"
        )


def _drop_dead_links(soup: BeautifulSoup) -> None:
    known = {tag["id"] for tag in soup.find_all(id=True)}
    for link in soup.select('a[href^="#"]'):
        if str(link["href"])[1:] not in known:
            link.unwrap()
