"""What no sentence may say, whatever the figures, and the sentences of a page of HTML."""

from __future__ import annotations

import re

from bs4 import BeautifulSoup

# "1 customers" but not "1 is", "1 of them was" or "1 less": words that end in s and are no plural.
_NO_PLURAL = "as|has|is|its|less|plus|this|times|us|was|across|always|basis|business|across|afterwards|perhaps|news"
FAULTS = {
    "a number that is none": re.compile(r"\b(?:NaN|nan|NaT|None|inf|infinity|null|<NA>)\b"),
    "minus zero": re.compile(r"[-−][£€$]?0(?:\.0+)?(?![\d.,])(?! to)"),
    "one of several": re.compile(
        rf"(?<![\d.,:€£$])\b(?:1|one|One) (?:more |other )?(?!(?:{_NO_PLURAL})\b)[a-z]+(?<!s)s\b"
    ),
    "one with a plural verb": re.compile(r"(?<![\d.,:€£$])\b(?:1|[Oo]ne) [a-z]+(?: [a-z]+)? (?:are|were|have)\b"),
    "more than one of one": re.compile(
        r"(?<![\d.,])\b(?:[02-9]|\d\d+|two|three|four|five) (?:customer|order|answer|day|month|deal|lead|target|number|post|row)\b"
    ),
    "two spaces": re.compile(r"\S  +\S"),
    "nothing in brackets": re.compile(r"\(\s*\)"),
    "a space before a stop": re.compile(r"\s[.,;:](?:\s|$)"),
    "two stops": re.compile(r"(?<!\.)\.\.(?!\.)|,,|;;|[,;:]\.|\. ?,"),
    "a name of the code": re.compile(r"\{\w*\}|\b[a-z]+_[a-z_]+\b(?!\.)"),
    "no days": re.compile(r"\b0 days (?:usually|on average)\b"),
    "no end": re.compile(r"(?:,|;|\bfrom|\bto|\bof|\band|\bby|\(|:)\s*$"),
}


def faults(sentence: str, *, allow: tuple[str, ...] = ()) -> list[str]:
    """Return what is wrong with a sentence: the fault and where it stands.

    Examples
    --------
    >>> faults("1 customers left, down from nan %.")
    ["a number that is none: 'nan'", "one of several: '1 customers'"]
    """
    words = sentence.replace("\N{NO-BREAK SPACE}", " ")
    found = [(name, pattern.search(words)) for name, pattern in FAULTS.items() if name not in allow]
    return [f"{name}: {match[0]!r}" for name, match in found if match]


def sentences(html: str) -> list[str]:
    """Return the texts of a piece of a page, one for each heading, paragraph, point, term and caption, and the alternatives."""
    soup = BeautifulSoup(html, "html.parser")
    told = [image.get("alt", "") for image in soup.find_all("img")]
    told += [drawing.get("aria-label", "") for drawing in soup.find_all("svg")]
    for part in soup(["style", "svg", "code"]):
        part.decompose()
    blocks = soup.find_all(["h1", "h2", "h3", "p", "li", "figcaption", "summary"])
    told += ["".join(block.get_text().splitlines()) for block in blocks if not block.find(["p", "li", "ul"])]
    return [text.strip() for text in told if text.strip()]


def cells(html: str) -> list[str]:
    """Return the texts of all cells of the tables in a piece of a page."""
    return [cell.get_text().strip() for cell in BeautifulSoup(html, "html.parser").find_all(["td", "th"])]
