"""Read ``crmkit.toml`` into frozen, validated settings; every problem is listed at once, with a hint.

Secrets never stand in the file: write ``"${NAME}"`` and the value is taken from the environment variable NAME.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from babel.numbers import list_currencies
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from crmkit.errors import CrmkitError, Problems, did_you_mean

FILE_NAME = "crmkit.toml"
_SECRET_KEY = re.compile(r"password|passwd|secret|token|api_?key", re.IGNORECASE)
_VARIABLE = re.compile(r"\$\{(\w+)\}")


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, populate_by_name=True)


class Company(_Section):
    """Who the report is about, and the conventions of its calendar and money."""

    name: str = Field("My company", min_length=1)
    currency: str = "EUR"
    time_zone: str = "UTC"
    fiscal_year_start: int = Field(1, ge=1, le=12)
    churn_after_days: int = Field(90, ge=1, le=3660)
    lead_conversion_days: int = Field(30, ge=1, le=3660)

    @field_validator("currency")
    @classmethod
    def _is_a_currency(cls, code: str) -> str:
        if code not in list_currencies():
            raise ValueError(f"is not a currency code. {did_you_mean(code.upper(), list_currencies())}")
        return code

    @field_validator("time_zone")
    @classmethod
    def _is_a_time_zone(cls, name: str) -> str:
        if name not in available_timezones():
            raise ValueError(f"is not a time zone such as Europe/Berlin. {did_you_mean(name, available_timezones())}")
        return name


class Data(_Section):
    """Where the export files, the store and the reports are; relative paths start at the settings file."""

    exports: Path = Path("exports")
    store: Path = Path("store")
    reports: Path = Path("reports")
    through: date | None = None


class Target(_Section):
    """A target for a metric in the metric's own unit (shares 0 to 1), in force from a day on, and until one if given."""

    metric: str
    value: float
    starts: date = Field(date(1900, 1, 1), alias="from")
    ends: date = Field(date(2999, 12, 31), alias="until")

    @model_validator(mode="after")
    def _runs_forward(self) -> Target:
        if self.starts >= self.ends:
            raise ValueError(f"until ({self.ends}) must be after from ({self.starts})")
        return self


class FileMapping(_Section):
    """How to read one export file: a glob inside the exports folder and the file's dialect."""

    path: str
    encoding: str = "utf-8"
    delimiter: str | None = None
    decimal: str = Field(".", pattern=r"^[.,]$")
    date_format: str | None = None


class TableMapping(_Section):
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


class Settings(_Section):
    """The whole of ``crmkit.toml``.

    Examples
    --------
    >>> Settings().company.currency
    'EUR'
    """

    company: Company = Company()
    data: Data = Data()
    targets: tuple[Target, ...] = ()
    smallest_change_that_matters: dict[str, float] = {}
    files: dict[str, FileMapping] = {}
    tables: dict[str, TableMapping] = {}
    metric_modules: tuple[str, ...] = ()
    folder: Path = Field(Path(), exclude=True)

    def path(self, which: str) -> Path:
        """Return the absolute path of ``exports``, ``store`` or ``reports``."""
        return (self.folder / getattr(self.data, which)).resolve()

    def target(self, metric: str, day: date) -> float | None:
        """Return the target in force on ``day``, the one that started last, or None."""
        dated = [t for t in self.targets if t.metric == metric and t.starts <= day < t.ends]
        return max(dated, key=lambda t: t.starts).value if dated else None


def read_settings(path: str | Path | None = None) -> Settings:
    """Read settings from a file or a folder that holds ``crmkit.toml``; without a path from the working directory.

    Raises
    ------
    Problems
        With every problem of the file: unknown keys, wrong types, values out of range, missing environment variables.
    CrmkitError
        If there is no such file, or it is not TOML.
    """
    file = Path(path) if path is not None else Path.cwd()
    file = file / FILE_NAME if file.is_dir() else file
    if not file.is_file():
        raise CrmkitError(f"There is no settings file {file}. Write one, or run `crmkit sample` for an example.")
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Problems(str(file), [f"it is not valid TOML: {error}."]) from None
    return parse_settings(raw, folder=file.parent.resolve(), subject=str(file))


def parse_settings(raw: dict[str, Any], folder: Path = Path(), subject: str = FILE_NAME) -> Settings:
    """Validate settings given as nested dictionaries, as they come from TOML.

    Examples
    --------
    >>> parse_settings({"company": {"name": "Kaldi Coffee", "fiscal_year": 4}})
    Traceback (most recent call last):
    crmkit.errors.Problems: crmkit.toml has 1 problem:
      - company.fiscal_year: there is no such setting. Did you mean 'fiscal_year_start'?
    """
    problems = [f"{key}: a secret does not belong in this file. Set an environment variable and write \"${{NAME}}\"."
                for key, value in _leaves(raw) if _SECRET_KEY.search(key) and not _VARIABLE.fullmatch(str(value))]  # fmt: skip
    problems += [f"{key}: the environment variable {name} is not set."
                 for key, value in _leaves(raw) for name in _VARIABLE.findall(str(value)) if name not in os.environ]  # fmt: skip
    try:
        settings = Settings.model_validate(_filled_in(raw) | {"folder": folder})
    except ValidationError as error:
        problems += [_worded(fault) for fault in error.errors()]
    if problems:
        raise Problems(subject, problems)
    return settings


def _leaves(raw: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(raw, dict):
        for key, value in raw.items():
            yield from _leaves(value, f"{prefix}.{key}" if prefix else str(key))
    elif isinstance(raw, list):
        for number, value in enumerate(raw, start=1):
            yield from _leaves(value, f"{prefix}[{number}]")
    else:
        yield prefix, raw


def _filled_in(raw: Any) -> Any:
    if isinstance(raw, dict):
        return {key: _filled_in(value) for key, value in raw.items()}
    if isinstance(raw, list):
        return [_filled_in(value) for value in raw]
    if isinstance(raw, str):
        return _VARIABLE.sub(lambda match: os.environ.get(match[1], match[0]), raw)
    return raw


def _worded(fault: Any) -> str:
    *parents, last = fault["loc"] or ("settings",)
    where = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in fault["loc"]).lstrip(".")
    where = where or "settings"
    if fault["type"] == "extra_forbidden":
        return f"{where}: there is no such setting. {did_you_mean(str(last), _known_keys(parents))}"
    message = fault["msg"].removeprefix("Value error, ").rstrip(".")
    met = "" if isinstance(fault["input"], dict) else f" (it is {fault['input']!r})"
    joint = " " if message.startswith("is not") else ": "
    if joint == " ":
        return f"{where}: {fault['input']!r} {message}.".replace("?.", "?")
    return f"{where}: {message[0].lower()}{message[1:]}{met}."


def _known_keys(parents: list[Any]) -> list[str]:
    model: Any = Settings
    for part in parents:
        if isinstance(part, int) or not (isinstance(model, type) and issubclass(model, BaseModel)):
            continue
        annotation: Any = model.model_fields[part].annotation
        arguments = getattr(annotation, "__args__", ())
        model = next((a for a in (annotation, *arguments) if isinstance(a, type) and issubclass(a, BaseModel)), None)
        if model is None:
            return []
    return [field.alias or name for name, field in model.model_fields.items() if name != "folder"]
