"""How much of a page an owner reads: its visible words with the folds closed."""

from __future__ import annotations

import re

from bs4 import BeautifulSoup

MOST_WORDS = 350
_NOT_READ = "nav, footer, svg, img, picture, style, .unseen, .more, .ends"


def visible_words(html: str) -> int:
    """Return the words of the main part of a page, without closed folds, navigation and the labels of charts [words].

    Examples
    --------
    >>> visible_words("<main><h1>One 2 €3</h1><details><summary>More</summary><p>gone</p></details><nav>no</nav></main>")
    4
    """
    main = BeautifulSoup(html, "html.parser").main
    assert main is not None, "a page has a main part"
    for part in main.select(_NOT_READ):
        part.decompose()
    for fold in main.select("details:not([open])"):
        for child in fold.find_all(recursive=False):
            if child.name != "summary":
                child.decompose()
    return sum(bool(re.search(r"\w", word)) for word in main.get_text(" ").split())
