"""Show rows without personal data: names, addresses and free text are masked, the format of the rest remains."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from crmkit.settings import Settings
from crmkit.sources.parsing.own_columns import is_personal_header, own_name
from crmkit.tables.schema import SCHEMAS

_EMAIL = re.compile(
    r"(?<![^\s@])[^\s@]+@[^\s@]+"
)  # from the start of a word on: else a long cell is searched for minutes
_ADDRESS = re.compile(r"(?<![\w.+%-])[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
#: An e-mail address in an id.
EMAIL_IN_ID = r"[^\s@,;<>]+@[^\s@,;<>]+\.[a-z]{2,}"
#: A telephone number as an id: with a plus, or written in groups; digits alone are an id like any other.
PHONE_AS_ID = (
    r"(?:[A-Za-z]+-)?(?:\+[1-9][0-9 ()/.-]{6,}|00[1-9][0-9]*[ ()/][0-9 ()/.-]{5,}"
    r"|\(?0[1-9][0-9]{1,4}\)?[ /]+[0-9][0-9 /-]{4,})"
)
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07]*\x07|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_DAY = re.compile(r"\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}")
_LONG_NUMBER = re.compile(r"\+?\d[\d\s()/-]{7,}\d")
_PERSON = frozenset(
    "client kunde customer contact buyer kontakt kaufer user pelanggan pembeli klant cliente klient".split()
)
_FREE_TEXT = frozenset({"comment", "text", "note", "subject", "description", "kommentar", "message"})
_WIDTH = 24


def shown_ids(ids: Iterable[object], settings: Settings) -> list[str]:
    """Return ids as a list shows them: whole, or if the settings mask them only their ends, each different from the others.

    An id that holds an e-mail address or a telephone number, as in a database that crmkit only reads, is never shown.

    Examples
    --------
    >>> shown_ids(["c-106", "c-206", "ada@firm.example"], Settings())
    ['c-106', 'c-206', '•••1']
    >>> shown_ids(["c-106", "c-206", "c-9"], Settings(reports={"mask_ids": True}))
    ['•••106', '•••206', '•••c-9']
    """
    texts = [str(each) for each in ids]
    masked = iter(_masked_ids(texts)) if settings.reports.mask_ids else iter(texts)
    hidden = {text: f"•••{place}" for place, text in enumerate(dict.fromkeys(filter(holds_contact, texts)), start=1)}
    return [hidden.get(text, each) for text, each in zip(texts, masked, strict=True)]


def holds_contact(text: str) -> bool:
    """Return whether an id holds an e-mail address or a telephone number; a plain number is an id like any other.

    Examples
    --------
    >>> holds_contact("shop-ada@firm.example"), holds_contact("+49 30 1234567"), holds_contact("4711081512345")
    (True, True, False)
    """
    return bool(re.search(EMAIL_IN_ID, text, re.IGNORECASE) or re.fullmatch(PHONE_AS_ID, text))


def _masked_ids(texts: list[str]) -> list[str]:
    """Return of each id the shortest end that no other id of the list has,."""
    different = set(texts)
    longest = max(map(len, different), default=0)
    for n in range(2, longest + 1):
        if len({text[-n:] for text in different}) == len(different):
            return [f"•••{text[-n:]}" for text in texts]
    return texts


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


def masked_cell(header: str, cell: str, is_canonical: bool = False, is_number: bool = False) -> str:
    """Return a cell for display; under a header that names personal data all of it is masked.

    Parameters
    ----------
    header, cell : str
    is_canonical : bool
        Whether the column is one of crmkit's own, whose names say what they hold.
    is_number : bool
        Whether the column holds numbers: an amount is shown, however long, and how many mails were sent, too.

    Examples
    --------
    >>> masked_cell("Total", "1250000000", is_number=True), masked_cell("Emails sent", "120", is_number=True)
    ('1250000000', '120')
    >>> masked_cell("Telepon", "081234567890", is_number=True), masked_cell("Campaign name", "Spring"), masked_cell("Nama", "Ada")
    ('***', 'Spring', '***')
    """
    if header.casefold() in _FREE_TEXT:
        return f"({len(cell)} letters)"
    if not is_canonical and _names_a_person(header) and not (is_number and _says_count_of_mails(header)):
        return "***"
    bare = _EMAIL.sub("***", cell)
    if not is_canonical and not _DAY.search(bare) and not (is_number and _is_amount(header, bare)):
        bare = _LONG_NUMBER.sub("***", bare)
    return bare if len(bare) <= _WIDTH else f"{bare[: _WIDTH - 1]}…"


def without_addresses(text: str) -> str:
    r"""Return a text without e-mail addresses, control characters and the colours of a terminal.

    Examples
    --------
    >>> without_addresses("\x1b[31masked ada@firm.example\x1b[0m: 4 of 5")
    'asked ***: 4 of 5'
    """
    return _ADDRESS.sub("***", _CONTROL.sub("", text))


def redacted(text: str, longest: int = 600) -> str:
    """Return the text of an error for a page or a log: short, without addresses and telephone numbers.

    Examples
    --------
    >>> redacted("KeyError: 'ada@firm.example, +49 30 1234567'"), redacted("x" * 9, longest=5)
    ("KeyError: '***, ***'", 'xxxx…')
    """
    bare = _LONG_NUMBER.sub("***", without_addresses(text))
    return bare if len(bare) <= longest else f"{bare[: longest - 1]}…"


def _names_a_person(header: str) -> bool:
    return is_personal_header(header) or own_name(header) in _PERSON | {
        "city",
        "ort",
        "ville",
        "ciudad",
        "kota",
        "stadt",
        "ip",
    }


def _says_count_of_mails(header: str) -> bool:
    return bool(re.search(r"e-?mails?\b", header, re.IGNORECASE))


def _is_amount(header: str, cell: str) -> bool:
    """Whether a number is no telephone number: it has decimals, groups or a sign, or the header speaks of money."""
    if re.search(r"[.,]\d|^[-(]|[^\d\s+()/.,-]", cell):
        return True
    return bool(
        re.search(
            r"total|amount|price|revenue|sum|betrag|preis|umsatz|harga|jumlah|nilai|nominal|montant|importe|valor|"
            r"cost|spend|value|belop|belopp|kwota|сума|bayar|gmv|omset|omzet",
            header,
            re.IGNORECASE,
        )
    )


def _canonical_names() -> set[str]:
    return {name for table in SCHEMAS.values() if not table.personal for name in table.names}
