"""What all pages of a report print of the same metric, period and group, and where they do not agree."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

from bs4 import BeautifulSoup, Tag

from crmkit.insights.phrases import stated
from crmkit.words import has_message

NUMBER = re.compile(r"[-−]?\d[\d,]*(?:\.\d+)?")
BY_GROUP = re.compile(r"(?P<label>.+?) by (?P<by>[\w ]+), (?P<month>\w+ \d{4}), with 95 % intervals")
CUSTOMERS = re.compile(r"(\d[\d,]*) ([a-z ]*customers?\b(?: who ordered| at start| active at the end)?)")


def disagreements(folder: Path) -> list[str]:
    """Return a sentence for each metric, group or count of customers that pages print differently.

    Compared are the values of tiles and key numbers, what findings state of the same metric, the charts of groups, and
    under tiles how many customers of each kind there are.
    """
    printed: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for path in sorted(folder.glob("*.html")):
        page = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        for what, value in [*_tiles(page), *_key_numbers(page), *_groups(page), *_kinds_of_customers(page)]:
            printed[what][value].add(path.stem)
    stated = {what: values for what, values in printed.items() if has_message(f"phrase-{what}.states")}
    for path in sorted(folder.glob("*.html")):
        page = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        for metric in stated:
            for value in _findings(page, metric):
                printed[metric][value].add(f"a finding of {path.stem}")
    return [
        f"{what}: {'; '.join(f'{value} on {sorted(pages)}' for value, pages in values.items())}"
        for what, values in printed.items()
        if len(values) > 1
    ]


def _tiles(page: BeautifulSoup) -> list[tuple[str, str]]:
    tiles = page.select("article.tile[id^=tile-]")
    return [(str(tile["id"]).removeprefix("tile-"), _number(tile.select_one("p.value"))) for tile in tiles]


def _key_numbers(page: BeautifulSoup) -> list[tuple[str, str]]:
    found = []
    for link in page.select(".key-numbers h3 a[href*='#']"):
        tile = link.find_parent(class_="key") or link.find_parent("article")
        if tile and (value := tile.select_one(".value")):
            found.append((re.split("#(?:tile|number|chart)-", str(link["href"]))[-1], _number(value)))
    return found


def _groups(page: BeautifulSoup) -> list[tuple[str, str]]:
    found = []
    for figure in page.select("figure"):
        subtitle = figure.select_one(".subtitle")
        named = BY_GROUP.search(_text(subtitle)) if subtitle else None
        if named:
            for row in figure.select("tbody tr"):
                cells = [_text(cell) for cell in row.select("th, td")]
                found.append((f"{named['label']} by {named['by']} {cells[0]}, {named['month']}", cells[1]))
    return found


def _kinds_of_customers(page: BeautifulSoup) -> list[tuple[str, str]]:
    basis = [_text(each) for each in page.select("article.tile p.interval")]
    return [
        (match[2].strip(), match[1])
        for text in basis
        for match in CUSTOMERS.finditer(text)
        if match[2] not in ("customers", "per customer")
    ]


def _findings(page: BeautifulSoup, metric: str) -> list[str]:
    states = re.escape(stated(metric, "", "987", 987)).replace("987", r"(?P<value>[^,.]*?[\d.,]*\d[^,.]*?)")
    bold = [_text(each) for each in page.select(".findings b, .findings strong, .finding b")]
    matches = [re.fullmatch(states, text) for text in bold]
    return [found[0] for match in matches if match and (found := NUMBER.search(match["value"]))]


def _number(element: Tag | None) -> str:
    found = NUMBER.search(_text(element)) if element else None
    return found[0] if found else ""


def _text(element: Tag | None) -> str:
    return (
        " ".join(element.get_text().replace("\N{NO-BREAK SPACE}", " ").replace("\N{WORD JOINER}", "").split())
        if element
        else ""
    )
