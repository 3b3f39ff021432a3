"""The order of a page: what an owner reads, folds for the analyst, contents, and links from findings to their sections."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from crmkit.reporting.display.html import filled

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

FOLD_TAG = "fold"  # of a Markdown cell: from its heading on, cells are folded away, up to the next such cell
_FEWEST = 3  # headings of which contents are worth their place


def arrange_sections(soup: BeautifulSoup) -> list[dict[str, Any]]:
    """Drop folds without content, name the sections, link findings to them; return the contents of the page.

    Returns
    -------
    list of dict
        Of each section that stands open, and of each fold: href and text. Empty for a page of few sections. A fold of
        several sections gets contents of its own.
    """
    for fold in soup.select("details.fold"):
        body = fold.select_one(".folded")
        if body is None or not (body.get_text(strip=True) or body.find(["img", "svg"])):
            fold.decompose()
    taken = {str(tag["id"]) for tag in soup.find_all(id=True)}
    contents = []
    for heading in soup.select("h2"):
        if heading.find_parent("details") is None:
            contents.append(_entry(heading, taken))
        elif heading.parent is not None and heading.parent.name == "summary":
            contents.append(_entry(heading, taken))
            _give_contents(heading.find_parent("details"), taken)
    _link_findings(soup)
    return contents if len(contents) >= _FEWEST else []


def anchor_of(soup: BeautifulSoup, line: Mapping[str, Any]) -> str:
    """Return the id of the section that a line for the front page is about; empty where the page has none."""
    metric = line.get("metric")
    wanted = [line.get("anchor"), *(f"{kind}-{metric}" for kind in ("chart", "number", "tile") if metric)]
    return next((str(name) for name in wanted if name and soup.find(id=name)), "")


def _give_contents(fold: Tag | None, taken: set[str]) -> None:
    from bs4 import BeautifulSoup

    body = fold.select_one(".folded") if fold else None
    listed = [_entry(heading, taken) for heading in body.select("h2")] if body else []
    if body is not None and len(listed) > _FEWEST:
        heading = fold.find("h2") if fold else None
        label = f"In this part: {heading.get_text(strip=True)}" if heading else ""  # a page has several parts
        made = filled("contents", contents=listed, name="In this part", label=label)
        body.insert(0, BeautifulSoup(made, "html.parser"))


def _entry(heading: Tag, taken: set[str]) -> dict[str, Any]:
    """Return a line of the contents; of a message what it says before the figures."""
    text = " ".join(heading.get_text(strip=True).split()).partition(": ")[0]
    named = heading if heading.get("id") else heading.find_parent(id=True) if _begins(heading) else None
    if named is None:
        slug = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40].strip("-") or "section"
        name = next(each for each in (slug, *(f"{slug}-{n}" for n in range(2, 1000))) if each not in taken)
        heading["id"] = name
        taken.add(name)
        named = heading
    return {"href": f"#{named['id']}", "text": text}


def _begins(heading: Tag) -> bool:
    """Return whether a heading is the first in the element around it that has a name, which then is its section."""
    around = heading.find_parent(id=True)
    return around is not None and around.name in ("section", "div", "details") and around.find("h2") is heading


def _link_findings(soup: BeautifulSoup) -> None:
    for finding in soup.select(".findings > li[data-metric]"):
        anchor = anchor_of(soup, {"metric": finding["data-metric"]})
        del finding["data-metric"]
        bold = finding.find("b")
        if anchor and bold is not None and bold.find_parent("a") is None:
            bold.wrap(soup.new_tag("a", attrs={"href": f"#{anchor}", "class": "local"}))
