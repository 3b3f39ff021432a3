"""Fail if a page of the site loads anything from another host: ``python docs/check_offline.py docs/build/html``."""

from __future__ import annotations

import re
import sys
from pathlib import Path

LOADED = re.compile(
    r"""<(?:script|img|link|iframe|source)\b[^>]*?(?:src|href)=["'](?:https?:)?//[^"']+|@import\s+url\(["']?https?://[^)]+"""
)


def main(folder: Path) -> int:
    """Print what is loaded from outside; return 1 if anything is, or if there are no pages."""
    pages = [*folder.rglob("*.html"), *folder.rglob("*.css")]
    found = [f"{page}: {match[0]}" for page in pages for match in LOADED.finditer(page.read_text(encoding="utf-8"))]
    print("\n".join(found) or f"{len(pages)} files of the site load nothing from another host.")
    return 1 if found or not pages else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
