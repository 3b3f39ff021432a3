"""Show rows without personal data: names, addresses and free text are masked, the format of the rest remains."""

from __future__ import annotations

import re
from collections.abc import Mapping

from crmkit.tables.schema import SCHEMAS

_EMAIL = re.compile(r"[^\s@]+@[^\s@]+")
_DAY = re.compile(r"\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}")
_LONG_NUMBER = re.compile(r"\+?\d[\d\s()/-]{7,}\d")
_PERSONAL_HEADER = re.compile(
    r"name|e-?mail|phone|tel|mobil|address|street|stra(ß|ss)e|zip|plz|postcode|city|ort$|birth|geburt|\bip\b|vorname|nom\b|pr[ée]nom|käufer|^(client|kunde|customer|contact)$",
    re.IGNORECASE,
)
_FREE_TEXT = frozenset({"comment", "text", "note", "subject", "description", "kommentar", "message"})
_WIDTH = 24


def masked_id(customer_id: str) -> str:
    """Return an id of which only the end can be read: enough to find the customer in one's own list, not to identify anyone.

    Examples
    --------
    >>> masked_id("17850"), masked_id("c7")
    ('•••50', '•••')
    """
    return "•••" + (customer_id[-2:] if len(customer_id) > 4 else "")


def masked_row(row: Mapping[str, str | None], personal: bool = False) -> dict[str, str]:
    """Return a canonical row for display; of a personal table everything but the id is masked.

    Examples
    --------
    >>> masked_row({"customer_id": "shopify-1", "name": "Ada Lang"}, personal=True)
    {'customer_id': 'shopify-1', 'name': '***'}
    >>> masked_row({"order_id": "7", "channel": "asked ada@firm.example", "comment": "Very good"})
    {'order_id': '7', 'channel': 'asked ***', 'comment': '(9 letters)'}
    """
    shown = {}
    for name, cell in row.items():
        if cell is None:
            shown[name] = ""
        elif personal and name != "customer_id":
            shown[name] = "***"
        else:
            shown[name] = masked_cell(name, cell, name in _canonical_names())
    return shown


def masked_cell(header: str, cell: str, is_canonical: bool = False) -> str:
    """Return a cell for display; under a header that names personal data all of it is masked."""
    if header.casefold() in _FREE_TEXT:
        return f"({len(cell)} letters)"
    if not is_canonical and _PERSONAL_HEADER.search(header):
        return "***"
    bare = _EMAIL.sub("***", cell)
    if not is_canonical and not _DAY.search(bare):
        bare = _LONG_NUMBER.sub("***", bare)
    return bare if len(bare) <= _WIDTH else f"{bare[: _WIDTH - 1]}…"


def _canonical_names() -> set[str]:
    return {name for table in SCHEMAS.values() if not table.personal for name in table.names}
