"""How messages and reports name a file of the exports folder: by its name, inside of a zip file with that of the zip."""

from __future__ import annotations

from pathlib import Path, PurePath

UNPACKED = "unpacked"
"""Folder for the files of zip files, in that for the temporary files of a connection (`crmkit-...`)."""


def shown_name(path: Path) -> str:
    """Return the name of a file of the exports folder.

    Examples
    --------
    >>> shown_name(Path("exports/orders.csv")), shown_name(Path("x/crmkit-71-0a/unpacked/export.zip/2026/orders.csv"))
    ('orders.csv', 'export.zip/2026/orders.csv')
    """
    inside = _inside(path)
    if inside is None or inside.parts[0].lower().endswith(".gz"):
        return path.name if inside is None else inside.parts[0]
    return inside.as_posix()


def is_unpacked(path: Path) -> bool:
    """Whether a file stands in a zip file of the exports folder."""
    return _inside(path) is not None


def is_named_by(path: Path, pattern: str) -> bool:
    """Whether a pattern of the settings names a file: its own name, that of its zip file, or both.

    Examples
    --------
    >>> member = Path("x/crmkit-71-0a/unpacked/export.zip/orders.csv")
    >>> [is_named_by(member, pattern) for pattern in ("orders.csv", "export.zip", "export.zip/o*.csv", "leads.csv")]
    [True, True, True, False]
    """
    inside = _inside(path)
    try:
        return path.match(pattern) or (inside is not None and PurePath(inside.parts[0]).match(pattern))
    except ValueError:  # an empty pattern
        return False


def _inside(path: Path) -> PurePath | None:
    """Return the path of an unpacked file from its zip file on; None for any other file."""
    parts = path.parts
    at = next(
        (n for n, part in enumerate(parts[1:], 1) if part == UNPACKED and parts[n - 1].startswith("crmkit-")), None
    )
    return None if at is None or at + 2 >= len(parts) else PurePath(*parts[at + 1 :])
