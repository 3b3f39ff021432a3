"""What ``crmkit.toml`` may hold: frozen models, each field with its bounds."""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated
from zoneinfo import available_timezones

from babel.numbers import list_currencies
from pydantic import BaseModel, Field, StringConstraints, ValidationInfo, field_validator, model_validator

from crmkit.errors import did_you_mean
from crmkit.periods import Period
from crmkit.settings.address import PASSWORD_VARIABLE, Address, read_address
from crmkit.settings.plans import STRICT, Budget, Target, in_force, prorated


class Revenue(BaseModel):
    """What of an order counts as revenue beside the goods, where the export tells it apart; always net of tax."""

    model_config = STRICT

    shipping: bool = True
    tips: bool = True


class Duplicates(BaseModel):
    """Customers who are in the data twice: whether to find and merge them, from which probability on, where to ask."""

    model_config = STRICT

    find: bool = True
    merge: bool = True  # certain pairs; otherwise the analyst is asked about them like about the others
    ask: float = Field(0.5, gt=0, le=1)  # probability from which the analyst is asked about a pair
    sure: float = Field(0.95, gt=0, le=1)  # probability from which a pair may be merged without a question
    most_questions: int = Field(200, ge=1, le=100_000)
    file: Path = Path("duplicates_to_review.csv")  # beside the settings file

    @field_validator("sure")
    @classmethod
    def _is_not_below_ask(cls, sure: float, info: ValidationInfo) -> float:
        if sure < info.data.get("ask", 0):
            raise ValueError("sure must not be below ask")
        return sure


FEWEST_POINTS, MOST_POINTS = 3, 15


class Segments(BaseModel):
    """The features that k-means uses, and the number of segments.

    ``features`` are columns of :func:`crmkit.features.customer_summaries.purchase_summary`, of
    :mod:`crmkit.features.feature_sets` (channel, country, gender, age, click_share, ...), or ``engagement``. ``number``
    asks for that many segments, whether they are separate or not.
    """

    model_config = STRICT

    features: tuple[str, ...] = Field(("days_since_order", "n_orders", "average_order_value"), min_length=1)
    number: int | None = Field(None, ge=2, le=12)

    @field_validator("features")
    @classmethod
    def _are_named_once(cls, features: tuple[str, ...]) -> tuple[str, ...]:
        twice = sorted({name for name in features if features.count(name) > 1})
        if twice:
            raise ValueError(f"names {', '.join(twice)} more than once: name each feature once")
        return features


class Loyalty(BaseModel):
    """The points at which each tier begins: 3 to 15, up to 5 each for tenure, value and engagement."""

    model_config = STRICT

    tiers: dict[str, int] = {"Gold": 12, "Silver": 9, "Bronze": 6}

    @field_validator("tiers")
    @classmethod
    def _can_be_reached(cls, tiers: dict[str, int]) -> dict[str, int]:
        faults = [f"{name} = {points}" for name, points in tiers.items() if not FEWEST_POINTS <= points <= MOST_POINTS]
        if faults:
            raise ValueError(f"has {', '.join(faults)}: points are {FEWEST_POINTS} to {MOST_POINTS}")
        if len(set(tiers.values())) < len(tiers):
            raise ValueError("has two tiers that begin at the same points: give each its own")
        return dict(sorted(tiers.items(), key=lambda each: -each[1]))


class Value(BaseModel):
    """Assumptions on customer value: margin, discount rate and horizon."""

    model_config = STRICT

    margin_rate: float | None = Field(None, gt=0, le=1)  # of revenue; where orders have no margin, and of subscriptions
    discount_rate: float = Field(0.10, ge=0, le=1)  # per year
    horizon_months: int = Field(36, ge=1, le=120)


class Retention(BaseModel):
    """Assumptions on retention: what it costs to contact a customer about to leave, and how often that keeps them."""

    model_config = STRICT

    contact_cost: float = Field(5.0, ge=0)  # money for one contact
    save_rate: float = Field(0.10, ge=0, le=1)  # of those who would leave, how many a contact keeps


@cache
def time_zones() -> frozenset[str]:
    """Return the names of all time zones; cached, as listing them takes longer than reading the settings."""
    return frozenset(available_timezones())


@cache
def _countries() -> frozenset[str]:
    """Return the codes of ISO 3166 of all countries."""
    from babel import Locale

    return frozenset(code for code in map(str, Locale("en").territories) if len(code) == 2 and code.isalpha())


class Section(BaseModel):
    """What all sections have in common: frozen, strict, no unknown keys."""

    model_config = STRICT


class Company(Section):
    """The company: its name, and the conventions of its calendar and money."""

    name: str = Field("My company", min_length=1)
    currency: str = "EUR"
    time_zone: str = "UTC"
    country: str = ""  # whose public holidays the forecasts of months count, such as DE; none if it is empty
    fiscal_year_start: int = Field(1, ge=1, le=12)
    churn_after_days: int = Field(90, ge=1, le=3660)
    renewal_grace_days: int = Field(0, ge=0, le=366)
    lead_conversion_days: int = Field(30, ge=1, le=3660)
    lead_abandonment_days: int = Field(90, ge=1, le=3660)
    win_within_days: int = Field(90, ge=1, le=3660)
    cost_lag_days: int = Field(30, ge=1, le=3660)
    smallest_group: int = Field(5, ge=1, le=1000)
    segment_model: str = "rfm"
    segments_learned_on: date | None = None
    segment_rules: dict[str, str] = {}

    @field_validator("currency")
    @classmethod
    def _is_a_currency(cls, code: str) -> str:
        if code not in list_currencies():
            raise ValueError(f"is not a currency code. {did_you_mean(code.upper(), list_currencies())}")
        return code

    @field_validator("country")
    @classmethod
    def _is_a_country(cls, code: str) -> str:
        if code and code not in _countries():
            raise ValueError(
                f"is not the two letters of a country, such as DE. {did_you_mean(code.upper(), _countries())}"
            )
        return code

    @field_validator("time_zone")
    @classmethod
    def _is_a_time_zone(cls, name: str) -> str:
        if name not in time_zones():
            raise ValueError(f"is not a time zone such as Europe/Berlin. {did_you_mean(name, time_zones())}")
        return name


class Data(Section):
    """Where the export files, the store, the cache and the reports are; relative paths start at the settings file."""

    exports: Path = Path("exports")
    store: Path = Path("store")
    cache: Path = Path("cache")
    reports: Path = Path("reports")
    through: date | None = None


class Reports(Section):
    """What reports show: with ``mask_ids`` only the ends of customers' ids, as long as they differ within a list."""

    mask_ids: bool = False


_SCALE = r"\d+(\.\d+)?-\d+(\.\d+)?"
ScaleText = Annotated[str, StringConstraints(pattern=f"^{_SCALE}$")]
"""Lowest and highest answer, such as "0-10"."""


_LETTERS_OF_TIMES = "aAwdbBmyYHIMSfpzZjUWVuGgncxX%"


class FileMapping(Section):
    """How to read one export file: a glob inside the exports folder, the file's dialect, the system it comes from.

    The header is found by evidence unless ``header`` says in which line it stands, or ``skip_lines`` how many lines stand
    above it. A file without a header has its names in ``header``, a list.
    """

    path: str
    preset: str | None = Field(None, min_length=1)
    sheet: str | None = Field(None, min_length=1)
    encoding: str = "utf-8"
    delimiter: Annotated[str, StringConstraints(strip_whitespace=False, min_length=1)] | None = None
    decimal: str = Field(".", pattern=r"^[.,]$")
    date_format: str | None = None
    exact_ids: bool = False
    skip_lines: int | None = Field(None, ge=0, le=10_000)
    header: int | tuple[str, ...] | None = None
    scale: ScaleText | dict[str, ScaleText] | None = None  # of survey answers: lowest and highest, such as "0-10"
    source: str | None = Field(None, pattern=r"^(\*|[\w][\w .-]*)$")  # which shop or account; * is that of the path
    source_column: str | None = Field(None, min_length=1)  # column that says of each row which shop or account it is of

    @field_validator("date_format")
    @classmethod
    def _says_how_a_day_is_written(cls, form: str | None) -> str | None:
        letters = re.findall(r"%-?(.)", form or "")
        if form is not None and not (set(letters) & set("dmbBjcx") and set(letters) <= set(_LETTERS_OF_TIMES)):
            raise ValueError(
                'must say how a day is written, in the letters of strptime, such as "%d.%m.%Y" for 31.10.2026'
            )
        return form

    @field_validator("scale", mode="before")
    @classmethod
    def _has_two_ends(cls, scale: object) -> object:
        each = list(scale.values()) if isinstance(scale, dict) else [scale]
        if any(not isinstance(one, str) or not re.fullmatch(_SCALE, one) for one in each if scale is not None):
            raise ValueError(
                'must be the lowest and the highest answer, such as "0-10", or that of each survey by its name'
            )
        return scale

    @field_validator("header")
    @classmethod
    def _names_columns_or_a_line(cls, header: int | tuple[str, ...] | None) -> int | tuple[str, ...] | None:
        if isinstance(header, int) and not 1 <= header <= 10_000:
            raise ValueError("must be the number of a line from 1 on, or the list of the names of all columns")
        if isinstance(header, tuple):
            folded = [name.strip().casefold() for name in header]
            twice = [name for name in header if not name.strip() or folded.count(name.strip().casefold()) > 1]
            if twice or not header:
                raise ValueError("must name every column of the file once, none of them empty")
        return header

    @model_validator(mode="after")
    def _says_once_where_the_header_is(self) -> FileMapping:
        if isinstance(self.header, int) and self.skip_lines is not None:
            raise ValueError("write either header = the line of the header or skip_lines, not both")
        return self


class ActionRule(Section):
    """An action: whom it is for, on which channel, what to say, what it costs, and what is expected of it untried.

    ``who`` compares columns with numbers, joined by and, or, not; ``crmkit actions --columns`` lists them. ``lift`` and
    ``lift_spread`` are the expected rise of what such people bring in ``window_days``, and how unsure it is.
    """

    title: str = Field(min_length=1)
    who: str = Field(min_length=1)
    channel: str = "email"
    message: str = ""
    cost: float | None = Field(None, ge=0)  # for one person; without it contact_cost of [retention]
    window_days: int = Field(60, ge=7, le=366)
    lift: float = Field(0.05, ge=-1, le=10)
    lift_spread: float = Field(0.1, gt=0, le=10)
    needs_consent: bool = True
    rest_days: int = Field(14, ge=0, le=366)  # nobody who was contacted within so many days
    saves: bool = False  # what it keeps is the worth of those who would leave, at the save rate
    propose: bool = True


class TableMapping(Section):
    """How one canonical table comes from the files: renamed columns of one file, or SQL over all of them."""

    file: str | None = None
    columns: dict[str, str] = {}
    sql: str | None = None
    time_zone: str | None = None

    @model_validator(mode="after")
    def _has_one_origin(self) -> TableMapping:
        if (self.file is None) == (self.sql is None):
            raise ValueError("write either file = ... (with columns) or sql = ..., not both and not neither")
        if self.sql is not None and self.columns:
            raise ValueError("columns belong to file = ...; in sql name the columns with AS")
        return self


class Database(Section):
    """Where the canonical tables are, if not in export files: a database, which is only read.

    Predictions are kept beside the settings; in PostgreSQL they are also written into the schema ``results``, if it is given.
    The password never stands here: it comes from the environment variable that ``password_variable`` names. At most
    ``most_rows`` rows are fetched from a database that cannot compute what crmkit asks for.
    """

    url: str
    namespace: str | None = Field(None, alias="schema", min_length=1)
    preset: str | None = Field(None, min_length=1)  # tables as a loader leaves them, such as "fivetran_shopify"
    tables: dict[str, Annotated[str, Field(min_length=1)]] = {}  # by name, or as a query
    results: str | None = Field(None, min_length=1)  # schema of predictions
    password_variable: str = PASSWORD_VARIABLE
    most_rows: int = Field(5_000_000, ge=1)

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, url: str) -> str:
        read_address(url)
        return url

    @field_validator("password_variable")
    @classmethod
    def _is_a_name(cls, name: str) -> str:
        if not re.fullmatch(r"[A-Za-z_]\w*", name):
            raise ValueError(
                f"must be the name of an environment variable, such as {PASSWORD_VARIABLE}; "
                "the password itself does not belong in this file"
            )
        return name

    @model_validator(mode="after")
    def _can_be_written_to(self) -> Database:
        if self.results and self.address.engine != "postgresql":
            raise ValueError(
                f"results: predictions are written into PostgreSQL alone, and this is {self.address.label}. Take the line "
                "away: they are kept beside the settings"
            )
        return self

    @property
    def address(self) -> Address:
        """The address in its parts."""
        return read_address(self.url)


class Settings(Section):
    """The whole of ``crmkit.toml``.

    Examples
    --------
    >>> Settings().company.currency
    'EUR'
    """

    company: Company = Company()
    data: Data = Data()
    reports: Reports = Reports()
    value: Value = Value()
    revenue: Revenue = Revenue()
    retention: Retention = Retention()
    duplicates: Duplicates = Duplicates()
    segments: Segments = Segments()
    loyalty: Loyalty = Loyalty()
    targets: tuple[Target, ...] = ()
    budgets: tuple[Budget, ...] = ()
    actions: dict[Annotated[str, StringConstraints(pattern=r"^[\w][\w -]{0,60}$")], ActionRule] = {}
    smallest_change_that_matters: dict[str, float] = {}
    definitions: dict[str, str] = {}
    files: dict[str, FileMapping] = {}
    tables: dict[str, TableMapping] = {}
    words: dict[str, dict[str, dict[str, str]]] = {}  # by preset and field: what a word of a tool means
    database: Database | None = None
    metric_modules: tuple[str, ...] = ()
    folder: Path = Field(Path(), exclude=True)

    @field_validator("database")
    @classmethod
    def _is_the_only_origin(cls, database: Database | None, info: ValidationInfo) -> Database | None:
        written = [f"[{name}]" for name in ("files", "tables") if info.data.get(name)]
        if database and written:
            raise ValueError(
                f"{' and '.join(written)} map export files, and the data are in a database. Take them away, "
                "or this section; tables of other names go under [database.tables]"
            )
        return database

    def path(self, which: str) -> Path:
        """Return the absolute path of ``exports``, ``store``, ``cache`` or ``reports``."""
        return (self.folder / getattr(self.data, which)).resolve()

    def target(self, metric: str, day: date) -> float | None:
        """Return the target in force on ``day``, the one that started last, or None."""
        found = in_force([target for target in self.targets if target.metric == metric], day)
        return None if found is None else found.value

    def target_for(self, metric: str, period: Period, end: date, *, is_sum: bool) -> float | None:
        """Return the target for a period until the day before ``end``: that of a sum prorated, any other as it is.

        Parameters
        ----------
        metric : str
        period : Period
        end : date
            End of the period, or the day after the last data of one that is running.
        is_sum : bool
            Whether the values of two halves of a period add up to that of the whole.
        """
        own = [target for target in self.targets if target.metric == metric]
        if is_sum:
            return prorated([(target, target.value, target.per or "month") for target in own], period.start, end)
        found = in_force([target for target in own if target.per in (None, period.noun)], period.start)
        return None if found is None else found.value
