"""How closely two people agree in name, birth date, address, e-mail and telephone, and which pairs are looked at."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

MOST_ALIKE = 20
"""People who share a key, at most: of more, all pairs would be compared for nothing."""

_COMMON = "len(list_intersect(words_l, words_r))"
_OVERLAP = f"{_COMMON}::DOUBLE / (len(words_l) + len(words_r) - {_COMMON})"


def comparisons_of(filled: Collection[str]) -> list[Any]:
    """Return the comparisons of the things that the source knows; the levels of each from the closest down.

    Examples
    --------
    >>> len(comparisons_of(["given", "family", "birth"]))
    3
    """
    known = {"given": _name("given"), "family": _name("family"), "birth": _BIRTH, "words": _ADDRESS,
             "email": _EMAIL, "phone": _PHONE}  # fmt: skip
    silent = {"email": f" OR ({_MADE_OF_NAMES})"} if "family" in filled else {}
    return [_comparison(column, levels, silent.get(column, "")) for column, levels in known.items() if column in filled]


RARITY = {("given", 3): "given", ("given", 2): "given", ("family", 3): "family", ("family", 2): "family",
          ("words", 4): "address", ("email", 3): "email", ("email", 2): "mailbox", ("phone", 2): "phone"}  # fmt: skip
"""By comparison and level, counted from no agreement up: of what it tells how rare the thing is that two people share."""


def keys_of(filled: Collection[str]) -> list[str]:
    """Return the SQL of the keys by which pairs are found: two people are compared if they share at least one.

    A key that is shared by very many, such as a street, is no reason to compare them, and is empty.

    Examples
    --------
    >>> len(keys_of(["given", "birth"]))
    4
    """
    return [_uncommon(" || '|' || ".join(parts)) for parts, needs in _KEYS if set(needs) <= set(filled)]


def _uncommon(key: str) -> str:
    return f"CASE WHEN count(*) OVER (PARTITION BY {key}) <= {MOST_ALIKE} THEN {key} END"


def _name(column: str) -> list[str]:
    left, right = f"{column}_l", f"{column}_r"
    near = f"jaro_winkler_similarity({left}, {right}) >= 0.9 OR starts_with({left}, {right}) OR starts_with({right}, {left})"
    return [f"{left} = {right}", f"damerau_levenshtein({left}, {right}) <= 1", near]


def _same_part(start: int, length: int) -> str:
    return f"(substr(birth_l, {start}, {length}) = substr(birth_r, {start}, {length}))::INT"


_BIRTH: list[str] = [
    "birth_l = birth_r",
    "damerau_levenshtein(birth_l, birth_r) <= 1",
    f"{_same_part(1, 4)} + {_same_part(5, 2)} + {_same_part(7, 2)} = 2",  # of year, month and day
    "damerau_levenshtein(birth_l, birth_r) <= 2",
]
_ADDRESS: list[str] = [
    "address_l = address_r",
    f"{_OVERLAP} >= 0.6",
    f"{_OVERLAP} >= 0.35 OR jaro_winkler_similarity(address_l, address_r) >= 0.9",
    f"{_OVERLAP} >= 0.2",
]
# Mailboxes are made of names: those of two namesakes say nothing beyond the names, and other figures in them even tell
# two people apart.
_MADE_OF_NAMES = ("email_l <> email_r AND figures_l = '' AND figures_r = '' AND contains(mailbox_l, family_l) "
                  "AND contains(mailbox_r, family_r)")  # fmt: skip
_EMAIL: list[str] = [
    "email_l = email_r",
    "mailbox_l = mailbox_r",
    "damerau_levenshtein(mailbox_l, mailbox_r) <= 2 AND figures_l = figures_r",
]
_PHONE: list[str] = [
    "phone_l = phone_r",
    "damerau_levenshtein(phone_l, phone_r) <= 1",
]

_YEAR_MONTH, _MONTH_DAY, _YEAR_DAY = (
    "substr(birth, 1, 6)",
    "substr(birth, 5, 4)",
    "substr(birth, 1, 4) || substr(birth, 7, 2)",
)
_KEYS: list[tuple[tuple[str, ...], tuple[str, ...]]] = [
    (("birth",), ("birth",)),
    (("given", "family"), ("given", "family")),
    (("names",), ("names",)),
    *(((part, f"substr({name}, 1, 2)"), ("birth", name))
      for part in (_YEAR_MONTH, _MONTH_DAY, _YEAR_DAY) for name in ("given", "family")),
    (("address",), ("address",)),
    (("substr(address, 1, 12)",), ("address",)),
    (("substr(address, -12)",), ("address",)),
    *((("substr(address, 1, 6)", name), ("address", name)) for name in ("given", "family")),
    *((("post", name), ("post", name)) for name in ("given", "family", "house")),
    (("post", "substr(birth, 1, 4)"), ("post", "birth")),
    (("house", "substr(birth, 1, 4)"), ("house", "birth")),
    (("email",), ("email",)),
    (("mailbox",), ("mailbox",)),
    (("given", "substr(email, 1, 4)"), ("given", "email")),
    (("phone",), ("phone",)),
]  # fmt: skip


def _comparison(column: str, levels: list[str], silent: str) -> Any:
    import splink.comparison_level_library as cll
    import splink.comparison_library as cl

    nothing = f"{column}_l IS NULL OR {column}_r IS NULL{silent}"
    unknown = cll.CustomLevel(nothing, "unknown").configure(is_null_level=True)
    made = [cll.CustomLevel(condition, condition) for condition in levels]
    return cl.CustomComparison(output_column_name=column, comparison_levels=[unknown, *made, cll.ElseLevel()])
