"""Search files of any kind for a person: by id, name, e-mail address, telephone number."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

_SHORTEST_ID = 5  # characters; in a page "17" may be any number
_SHORTEST = 4


@dataclass(frozen=True)
class Person:
    """The data by which a person is found.

    Attributes
    ----------
    ids : tuple of str
        All ids of the person.
    emails, phones, names, addresses : tuple of str
        Only those that no other customer has, so that a namesake is not found.
    texts : tuple of str
        Texts that only this person wrote, such as a comment.
    """

    ids: tuple[str, ...]
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()

    def found_in(self, file: str, content: bytes, with_texts: bool = False) -> list[str]:
        """Return which data of the person a file contains: "id", "e-mail address", "telephone number", "name", "address", "text".

        Parameters
        ----------
        file : str
            Its name, whose ending distinguishes Parquet from text.
        content : bytes
        with_texts : bool
            Whether to search for the texts, too.

        Examples
        --------
        >>> ada = Person(("C-10001",), emails=("ada@b.example",), names=("Ada Müller",))
        >>> ada.found_in("page.html", "<td>C-10001</td><td>ADA M&uuml;ller</td>".encode())
        ['id', 'name']
        >>> ada.found_in("page.html", b"C-100011, AC-10001, Ada")
        []
        """
        if file.endswith(".parquet"):
            return self._in_parquet(content, with_texts)
        text = content.decode("utf-8", "replace")
        folded = "\n".join({text.casefold(), html.unescape(text).casefold(), _unescaped(text).casefold()})
        found = [
            kind for kind, needles in self._needles(with_texts).items() if any(needle in folded for needle in needles)
        ]
        return (["id"] if self._long_id and self._long_id.search(text) else []) + found

    def is_in(self, cell: str | None) -> bool:
        """Return whether a cell is one of the ids, or contains other data of the person."""
        if cell is None:
            return False
        if cell.startswith("{") and any(each in self.ids for each in _ids_of(cell)):
            return True
        folded = cell.casefold()
        known = (needle for needles in self._needles(False).values() for needle in needles)
        return (
            cell.lstrip("'") in self.ids
            or any(needle in folded for needle in known)
            or bool(self._long_id and self._long_id.search(cell))
        )

    def _needles(self, with_texts: bool) -> dict[str, list[str]]:
        kinds = {
            "e-mail address": self.emails,
            "telephone number": self.phones,
            "name": self.names,
            "address": self.addresses,
        }
        kinds |= {"text": self.texts} if with_texts else {}
        return {kind: [each.casefold() for each in texts if len(each) >= _SHORTEST] for kind, texts in kinds.items()}

    @cached_property
    def _long_id(self) -> re.Pattern[str] | None:
        ids = [re.escape(each) for each in self.ids if len(each) >= _SHORTEST_ID]
        return re.compile(rf"(?<![\w-])(?:{'|'.join(ids)})(?![\w-])") if ids else None

    def _in_parquet(self, content: bytes, with_texts: bool) -> list[str]:
        found: dict[str, None] = {}
        for name, cells in _texts_in(content):
            about_people = name.endswith("_id") or name in ("referred_by", "customer")
            if about_people and pc.any(pc.is_in(cells, value_set=pa.array(self.ids, pa.string()))).as_py():
                found["id"] = None
            folded = pc.utf8_lower(cells)
            for kind, needles in self._needles(with_texts).items():
                if any(pc.any(pc.match_substring(folded, needle.lower())).as_py() for needle in needles):
                    found[kind] = None
            if not about_people and self._long_id:
                hits = [pc.match_substring(cells, each) for each in self.ids if len(each) >= _SHORTEST_ID]
                near = [each for hit in hits for each in cells.filter(hit).to_pylist()]
                found |= {"id": None} if any(self._long_id.search(each) for each in near) else {}
        return list(found)


def files_below(folder: Path) -> list[Path]:
    """Return all files of a folder and of the folders in it; none if it does not exist."""
    return sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else []


def _texts_in(content: bytes) -> Iterator[tuple[str, pa.ChunkedArray]]:
    try:
        table = pq.read_table(BytesIO(content))
    except (pa.ArrowInvalid, OSError):  # not Parquet, whatever its name
        return
    for name in table.column_names:
        cells = table[name]
        if pa.types.is_dictionary(cells.type):
            cells = cells.cast(cells.type.value_type)
        if pa.types.is_string(cells.type) or pa.types.is_large_string(cells.type):
            yield name, cells.drop_null().cast(pa.string())


def _ids_of(row: str) -> list[str]:
    """Return the ids in a row written as JSON, as rows set aside are."""
    try:
        cells = json.loads(row)
    except ValueError:
        return []
    return [str(value) for name, value in cells.items() if name.endswith("_id") or name == "referred_by"]


def _unescaped(text: str) -> str:
    """Return a text with JSON's escapes decoded; a notebook may contain an umlaut as such an escape."""
    return re.sub(r"\\u[0-9a-fA-F]{4}", lambda match: str(json.loads(f'"{match[0]}"')), text) if "\\u" in text else text
