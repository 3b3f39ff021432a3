"""Texts that a spreadsheet runs, a browser runs, a terminal obeys, a parser trips over; and where they must not get."""

from __future__ import annotations

import csv
import io
import json
import random
import re
import unicodedata

from bs4 import BeautifulSoup

MARK = "zq7"
"""Part of every text, so that it can be found again."""

KINDS = [
    "<script>alert({m})</script>",
    "<img src=x onerror=alert('{m}')>",
    "\"><svg onload=alert('{m}')>",
    "'><a href=javascript:alert({m})>x</a>",
    "</style></title><body onload={m}()>",
    "{{{{7*7}}}}{m}",
    "{{% raw %}}{m}",
    "${{{m}}}`{m}`",
    '=HYPERLINK("http://example.org/{m}")',
    "+{m}+cmd|' /C calc'!A0",
    "@SUM({m})",
    "-2+3+{m}",
    "\t={m}",
    "\x1b[2J\x1b[1;31m{m}\x1b[0m",
    "\x1b]0;{m}\x07",
    "\x9b31m{m}",
    "\u202e{m}\u202c",
    "{m}\u2066x\u2069",
    "{m}\x00after",
    "{m}\r\nX: y",
    "{m}\n# heading\n|a|b|",
    "'; DROP TABLE orders; -- {m}",
    '" OR 1=1 {m} ""',
    "$1 {m} \\1 %s %(x)s",
    "[bold]{m}[/] [link=x]y[/link]",
    "$\\frac{{{m}}}{{0}}$",
    "{m}\ufeff\u200b\u00ad",
    "𝕫{m}\U0001f4a9é́́́",
    "nan {m}",
    "../../{m}/etc/passwd",
    "&lt;b&gt;{m}&amp;amp;",
    "<!--{m}--!><![CDATA[x]]>",
    "]]>{m}</script><script>",
    "{m}" + "a" * 5000,
    "__{m}__ `x` **y** <u>z</u>",
    "{m},;|\t\"'",
    "#REF! {m}",
    "javascript:{m}",
    "data:text/html,{m}",
    "{m}\u2028\u2029x",
]


def hostile(n: int, seed: int = 15) -> list[str]:
    """Return so many different hostile texts, made of one or two kinds."""
    chance = random.Random(seed)
    texts = [kind.format(m=f"{MARK}{number}") for number, kind in enumerate(KINDS)]
    while len(texts) < n:
        one, other = (chance.choice(KINDS).format(m=f"{MARK}{len(texts)}") for _ in range(2))
        texts.append(one + other)
    return texts[:n]


def faults_of_text(text: str) -> list[str]:
    """Return what a terminal would obey."""
    found = sorted({f"U+{ord(letter):04X}" for letter in text if _steers(letter)})
    return [f"holds {', '.join(found)}"] if found else []


def faults_of_csv(text: str) -> list[str]:
    """Return what a terminal or a spreadsheet would run of a CSV text."""
    rows = list(csv.reader(io.StringIO(text, newline="")))
    cells = [cell for row in rows for cell in row if MARK in cell and cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    widths = {len(row) for row in rows}
    return faults_of_text(text) + [f"formula {cell[:40]!r}" for cell in cells] + ([] if len(widths) < 2 else ["ragged"])


def faults_of_json(text: str) -> list[str]:
    """Return what is wrong with a JSON text."""
    json.loads(text)
    return faults_of_text(text)


def faults_of_html(html: str) -> list[str]:
    """Return where a hostile text became part of the page's own tags, attributes or scripts."""
    soup = BeautifulSoup(html, "html.parser")
    found = [f"script {tag.get_text()[:60]!r}" for tag in soup.find_all(["script", "style"]) if MARK in tag.get_text()]
    for tag in soup.find_all(True):
        for name, value in tag.attrs.items():
            text = " ".join(value) if isinstance(value, list) else str(value)
            runs = name.startswith("on") or (
                name in ("href", "src", "srcdoc") and re.match(r"\s*(javascript|data:text)", text)
            )
            if MARK in name or (runs and MARK in text):
                found.append(f"<{tag.name} {name}={text[:60]!r}>")
    return found + [fault for fault in faults_of_text(html)]


def _steers(letter: str) -> bool:
    return (
        unicodedata.category(letter) == "Cc" and letter not in "\n\t"
    ) or letter in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
