"""What the run itself says in words; nothing here imports the libraries that numbers need."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

_PATH = re.compile(r"(?:^|(?<=[\s=:,'\"(]))(?:~|[A-Za-z]:)?[\\/][^\s,'\")]+")


def without_paths(text: str) -> str:
    """Return text in which a path is cut down to its last part: a page must not tell where it was made.

    Examples
    --------
    >>> without_paths("crmkit report --settings /home/ada/kaldi/crmkit.toml --period 2026-10")
    'crmkit report --settings crmkit.toml --period 2026-10'
    """
    return _PATH.sub(lambda match: PurePosixPath(match[0].replace("\\", "/")).name, text)


def capitalised(text: str) -> str:
    """Return the text with a capital first letter."""
    return text[:1].upper() + text[1:]


def some(n: int, noun: str) -> str:
    """Return a number of things.

    Examples
    --------
    >>> some(0, "page"), some(1, "page"), some(12, "page")
    ('no pages', '1 page', '12 pages')
    """
    return f"{n or 'no'} {noun}{'' if n == 1 else 's'}"
