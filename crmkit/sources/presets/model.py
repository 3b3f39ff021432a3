"""What a preset file may hold: how an export is recognised, its columns, and the canonical rows made of it.

Its SQL is plain DuckDB over the fields, and: ``has(field)``, true where the file has a column for the field;
``means(field)``, what the word in the field means (see :mod:`crmkit.sources.presets.words`); ``counted(field)``,
``returned(field)`` and ``line(field)``, the revenue of an order, of its refund and of its line (see
:mod:`crmkit.sources.presets.revenue`).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable
from functools import cache
from importlib.resources import files

from pydantic import Field, ValidationError, field_validator, model_validator

from crmkit.errors import CrmkitError
from crmkit.settings.models import Section
from crmkit.sources.sql import identifier
from crmkit.tables.schema import SCHEMAS, Kind

Aliases = tuple[str, ...]
Confidence = str
HAS = re.compile(r"\bhas\((\w+)\)")
"""In the SQL of a preset: whether the file has a column for a field."""

COMPUTED = re.compile(r"\b(means|counted|returned|line)\((\w+)\)")
"""In the SQL of a preset: what was found out about a field, in a column of its own."""

PAYMENT_MEANINGS = ("paid", "partly paid", "refunded", "unpaid", "void")
"""What the state of an order can mean: void is one whose payment failed or was cancelled, and never comes."""

GIFT_CARD, GOODS = "gift card", "goods"
"""What a thing sold can be whose name speaks of a gift card."""

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


class Revenue(Section):
    """What an order is made of, in SQL over the fields; the rule of what of it counts is the same for all presets.

    Attributes
    ----------
    total, tax, shipping : str or None
        What the customer is to pay, tax and shipping included; the tax and the shipping in it.
    refunded, outstanding : str or None
        What was paid back, and what is not paid yet, tax included.
    order : str or None
        Field that all lines of an order share.
    state : str or None
        Field whose words say whether the order is paid.
    unpaid, test : str or None
        Further conditions under which an order is not paid, or is a test.
    product, line : str or None
        What a line sells, and for how much.
    goods, no_goods : str or None
        Conditions under which a line can be no gift card, or something that is called so is one.
    with_tax : str
        Whether the amounts of lines and shipping hold the tax.
    """

    total: str
    tax: str | None = None
    shipping: str | None = None
    refunded: str | None = None
    outstanding: str | None = None
    order: str | None = None
    state: str | None = None
    unpaid: str | None = None
    test: str | None = None
    product: str | None = None
    line: str | None = None
    goods: str = "false"
    no_goods: str = "false"
    with_tax: str = "true"


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
    words : dict of str to dict
        By field, the words of each meaning; other words are asked for.
    like : dict of str to str
        By field, the shared vocabulary that its own words add to.
    told : dict of str to str
        By field of words, the condition under which other fields tell what the row means.
    revenue : Revenue or None
        What its orders are made of, if it has any.
    score, scale : str or None
        The field of an answer's score; the lowest and the highest score ("0-10") if the tool has only one scale.
    same : tuple of str
        Fields of a row that no later export of the same source changes: two exports with the same keys are of one
        source if these agree.
    key : str or None
        The field that identifies a row within one source.
    unique : str or None
        The field that identifies a row everywhere, not only within one source.
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
    words: dict[str, dict[str, Aliases]] = Field(default_factory=dict)
    like: dict[str, str] = Field(default_factory=dict)
    told: dict[str, str] = Field(default_factory=dict)
    revenue: Revenue | None = None
    score: str | None = None
    scale: str | None = None
    key: str | None = None
    unique: str | None = None
    same: tuple[str, ...] = ()
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

    @field_validator("words", mode="before")
    @classmethod
    def _one_word_is_a_list_of_one(cls, words: dict[str, dict[str, str | list[str]]]) -> dict[str, dict[str, Aliases]]:
        return cls._one_alias_is_a_list_of_one(words)

    @model_validator(mode="after")
    def _makes_each_row_once(self) -> Preset:
        tables = [take.table for take in self.takes if not take.split]
        if len(tables) != len(set(tables)):
            raise ValueError("a table has two takes: all but one must be split")
        named = [name for name in (self.score, self.key, self.unique, *self.same, *self.words, *self.like) if name]
        unknown = {*self.detect, *self.detect_any, *self.personal, *named} - set(self.kinds)
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
    """Return all presets by name.

    Raises
    ------
    CrmkitError
        If a preset file is faulty; the message names the file and all its faults.
    """
    folder = files("crmkit.sources.presets")
    found = sorted((file for file in folder.iterdir() if file.name.endswith(".toml")), key=lambda file: file.name)
    return {name: read_preset(name, file.read_bytes()) for file in found if (name := file.name.removesuffix(".toml"))}


def read_preset(name: str, content: bytes) -> Preset:
    r"""Return the preset that a file of that name holds.

    Raises
    ------
    CrmkitError
        If the file is no TOML, or not a preset.

    Examples
    --------
    >>> read_preset("plain", b"system = 'Plain'\nexport = 'orders'\nprefix = 'plain'\nconfidence = 'columns'")
    Traceback (most recent call last):
    crmkit.errors.CrmkitError: The preset plain.toml is faulty: fields is missing; takes is missing.
    """
    try:
        return Preset.model_validate({"name": name, **tomllib.loads(content.decode("utf-8-sig"))})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CrmkitError(f"The preset {name}.toml is not valid TOML: {error}.") from None
    except ValidationError as error:
        faults = "; ".join(_worded(each["loc"], each["type"], each["msg"]) for each in error.errors())
        raise CrmkitError(f"The preset {name}.toml is faulty: {faults}.") from None


def _worded(place: Iterable[int | str], kind: str, message: str) -> str:
    """Return what is wrong in a place of a preset file, without full stop."""
    where = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")
    if kind == "missing":
        return f"{where} is missing"
    if kind == "extra_forbidden":
        return f"there is no setting {where} in a preset"
    message = message.removeprefix("Value error, ").rstrip(".")
    return f"{where}: {message}" if where else message


def mentioned(expression: str, fields: Collection[str]) -> set[str]:
    """Return the fields that an expression names.

    Examples
    --------
    >>> sorted(mentioned("total - coalesce(tax, 0) || 'total'", ["total", "tax", "fee"]))
    ['tax', 'total']
    """
    bare = COMPUTED.sub(r" \2 ", HAS.sub(" ", _STRINGS.sub("", expression)))
    return set(re.findall(r"\b\w+\b", bare)) & set(fields)


def in_sql(expression: str, present: Collection[str]) -> str:
    r"""Return the SQL of an expression for a file that has columns for some of the fields.

    Examples
    --------
    >>> in_sql("has(campaign) AND campaign IS NULL", ["cost"])
    'false AND campaign IS NULL'
    >>> in_sql("means(stage) = 'won'", ["stage"])
    '"__means stage" = \'won\''
    """
    asked = HAS.sub(lambda asked: str(asked[1] in present).lower(), expression)
    return COMPUTED.sub(lambda met: identifier(computed(met[1], met[2])), asked)


def computed(what: str, field: str) -> str:
    """Return the name of the column with what was found out about a field."""
    return f"__{what} {field}"


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
