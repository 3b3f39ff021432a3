"""What a preset file may hold: how an export is recognised, its columns, and the canonical rows made of it.

Its SQL is plain DuckDB over the fields, and ``has(field)``, which is true where the file has a column for the field.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection
from functools import cache
from importlib.resources import files

from pydantic import Field, field_validator, model_validator

from crmkit.settings.models import Section
from crmkit.tables.schema import SCHEMAS, Kind

Aliases = tuple[str, ...]
Confidence = str
HAS = re.compile(r"\bhas\((\w+)\)")
"""In the SQL of a preset: whether the file has a column for a field."""

_STRINGS = re.compile(r"'(?:[^']|'')*'")
_AGGREGATES = re.compile(
    r"\b(sum|min|max|count|count_if|avg|any_value|arg_min|arg_max|bool_or|bool_and|string_agg)\s*\("
)


class Rule(Section):
    """A condition in SQL over the fields, and the reason why rows that fulfil it do not count."""

    where: str
    because: str


class Doubt(Section):
    """A condition in SQL over all rows of a file, and a remark for the reader if it is true."""

    when: str
    says: str


class Person(Section):
    """Which fields say who a row is about: an id of the system, else an address that other files may know."""

    id: str | None = None
    email: str | None = None
    phone: str | None = None


class Surroundings(Section):
    """The lines around the rows of a file; ``constants`` are patterns of the lines above the header."""

    comment: str | None = None
    ends_at_blank: bool = False
    footer: str | None = None
    second_header: bool = False
    constants: dict[str, str] = Field(default_factory=dict)


class Fill(Section):
    """Fields that are filled in one row of a group only, and hold for the whole group."""

    within: str
    fields: tuple[str, ...]


class Take(Section):
    """The rows of one canonical table.

    ``columns`` are SQL over the fields. Rows that do not fulfil ``where`` are ignored because of ``because``. With
    ``group``, all rows of a group are one. ``split`` rows are made in addition to those of another take of the table,
    ``supplement`` rows only for customers whom no other file knows.
    """

    table: str
    columns: dict[str, str]
    where: str | None = None
    because: str | None = None
    group: str | None = None
    split: bool = False
    supplement: bool = False
    person: Person | None = None

    @field_validator("table")
    @classmethod
    def _is_a_table(cls, name: str) -> str:
        if name not in SCHEMAS:
            raise ValueError(f"'{name}' is no canonical table")
        return name

    @model_validator(mode="after")
    def _says_why(self) -> Take:
        if self.where and not (self.because or self.split):
            raise ValueError("rows that do not fulfil where need a reason: because")
        return self


class Preset(Section):
    """One kind of export file of one system.

    Attributes
    ----------
    name : str
        Name of its file.
    prefix : str
        Stands before every id, so that those of two systems never collide.
    confidence : str
        Whether the header was seen in real exports ("verbatim"), or how else it is known.
    detect, detect_any : tuple of str
        Fields that must all be there; fields of which one must be.
    zone : str or None
        Zone of times without an offset, if it is always the same.
    day_first : bool or None
        Whether the system always writes the day before the month.
    currency : str or None
        SQL of the currency of a row's amounts.
    personal : tuple of str
        Fields that hold personal data, never shown.
    notes : tuple of str
        What was decided, for the reader.
    needs : dict of str to str
        What to do in the system if the export lacks a field.
    """

    name: str
    system: str
    export: str
    prefix: str
    confidence: Confidence
    detect: tuple[str, ...] = ()
    detect_any: tuple[str, ...] = ()
    zone: str | None = None
    day_first: bool | None = None
    currency: str | None = None
    personal: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    needs: dict[str, str] = Field(default_factory=dict)
    layout: Surroundings = Surroundings()
    fields: dict[Kind, dict[str, Aliases]]
    fill: Fill | None = None
    ignore: tuple[Rule, ...] = ()
    refuse: tuple[Rule, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    takes: tuple[Take, ...]

    @field_validator("fields", mode="before")
    @classmethod
    def _one_alias_is_a_list_of_one(
        cls, fields: dict[str, dict[str, str | list[str]]]
    ) -> dict[str, dict[str, Aliases]]:
        return {
            kind: {name: (each,) if isinstance(each, str) else tuple(each) for name, each in named.items()}
            for kind, named in fields.items()
        }

    @model_validator(mode="after")
    def _makes_each_row_once(self) -> Preset:
        tables = [take.table for take in self.takes if not take.split]
        if len(tables) != len(set(tables)):
            raise ValueError("a table has two takes: all but one must be split")
        unknown = {*self.detect, *self.detect_any, *self.personal} - set(self.kinds)
        if unknown:
            raise ValueError(f"there is no field {', '.join(sorted(unknown))}")
        return self

    @property
    def kinds(self) -> dict[str, Kind]:
        """Kind of each field."""
        return {name: kind for kind, named in self.fields.items() for name in named}

    @property
    def aliases(self) -> dict[str, Aliases]:
        """Headers of each field, the one preferred first."""
        return {name: aliases for named in self.fields.values() for name, aliases in named.items()}


@cache
def presets() -> dict[str, Preset]:
    """Return all presets by name."""
    folder = files("crmkit.sources.presets")
    found = sorted((file for file in folder.iterdir() if file.name.endswith(".toml")), key=lambda file: file.name)
    return {
        name: Preset.model_validate({"name": name, **tomllib.loads(file.read_text(encoding="utf-8"))})
        for file in found
        if (name := file.name.removesuffix(".toml"))
    }


def mentioned(expression: str, fields: Collection[str]) -> set[str]:
    """Return the fields that an expression names.

    Examples
    --------
    >>> sorted(mentioned("total - coalesce(tax, 0) || 'total'", ["total", "tax", "fee"]))
    ['tax', 'total']
    """
    return set(re.findall(r"\b\w+\b", HAS.sub(" ", _STRINGS.sub("", expression)))) & set(fields)


def in_sql(expression: str, present: Collection[str]) -> str:
    """Return the SQL of an expression for a file that has columns for some of the fields.

    Examples
    --------
    >>> in_sql("has(campaign) AND campaign IS NULL", ["cost"])
    'false AND campaign IS NULL'
    """
    return HAS.sub(lambda asked: str(asked[1] in present).lower(), expression)


def is_empty(expression: str, fields: Collection[str], present: Collection[str]) -> bool:
    """Whether an expression names fields, the file has a column for none of them, and no word stands in for them.

    Examples
    --------
    >>> is_empty("lower(survey)", ["survey"], []), is_empty("coalesce(survey, 'nps')", ["survey"], [])
    (True, False)
    """
    named = mentioned(expression, fields)
    return bool(named) and not named & set(present) and re.search(r",\s*'[^']*'\)+$", expression) is None


def is_aggregate(expression: str) -> bool:
    """Whether an expression adds up or picks from the rows of a group."""
    return _AGGREGATES.search(expression.lower()) is not None
