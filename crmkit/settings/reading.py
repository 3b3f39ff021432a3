"""Read the settings file; every problem is listed at once, with a hint, and no secret is ever repeated."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from crmkit.errors import CrmkitError, Problems, did_you_mean
from crmkit.settings.models import Settings
from crmkit.settings.permissions import ENVIRONMENT, OUTSIDE, is_allowed, option

FILE_NAME = "crmkit.toml"
_SECRET_KEY = re.compile(r"password|passwd|secret|token|api[-_]?key", re.IGNORECASE)
_VARIABLE = re.compile(r"\$\{(\w+)\}")
_NAMES_A_SECRET = "database.password_variable"
_MAY_HOLD_A_SECRET = "database.url"


def read_settings(path: str | Path | None = None) -> Settings:
    """Read settings from a file or a folder that holds ``crmkit.toml``; without a path from the working directory.

    Parameters
    ----------
    path : str or path, optional
        The file, or the folder that holds it.

    Raises
    ------
    Problems
        With every problem of the file: unknown keys, wrong types, values out of range, missing environment variables.
    CrmkitError
        If there is no such file, or it is not TOML.

    Examples
    --------
    >>> read_settings("no/such/folder")
    Traceback (most recent call last):
    crmkit.errors.CrmkitError: There is no settings file no/such/folder. Begin one with `crmkit new FOLDER`.
    """
    file = Path(path) if path is not None else Path.cwd()
    file = file / FILE_NAME if file.is_dir() else file
    if not file.is_file():
        raise CrmkitError(f"There is no settings file {file}. Begin one with `crmkit new FOLDER`.")
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8-sig"))  # Notepad puts a byte order mark first
    except (ValueError, RecursionError) as error:  # also numbers of thousands of digits, and lists in lists in lists
        raise Problems(str(file), [f"it is not valid TOML: {error}."]) from None
    try:
        settings = parse_settings(raw, folder=file.parent.resolve(), subject=str(file))
        _check_permissions(settings, raw, str(file))
    except RecursionError:
        raise Problems(str(file), ["it has tables in tables, deeper than any setting is."]) from None
    return settings


def _check_permissions(settings: Settings, raw: dict[str, Any], subject: str) -> None:
    """Raise Problems with what the settings want to do and may not; see :mod:`crmkit.settings.permissions`."""
    wanted = [(f"{where} leads out of the folder of these settings", OUTSIDE) for where in paths_outside(settings)]
    wanted += [
        (f"{key} takes a value from the environment, which reports may show", ENVIRONMENT)
        for key, value in _leaves(raw)
        if _VARIABLE.search(str(value)) and not key.startswith("database.")
    ]
    refused = [(what, permission) for what, permission in wanted if not is_allowed(settings.folder, permission)]
    if refused:
        raise Problems(
            subject,
            [
                f"{what}. If you wrote it, or trust who did, run the command again with {option(permission)}: that is "
                "remembered for this folder."
                for what, permission in refused
            ],
        )


def paths_outside(settings: Settings) -> list[str]:
    """Return the settings whose paths leave the folder of the settings file.

    Examples
    --------
    >>> paths_outside(Settings(folder=Path("/home/ada/kaldi"), data={"store": "../store"}))
    ['data.store']
    """
    below = settings.folder.resolve()
    paths = {f"data.{which}": settings.path(which) for which in ("exports", "store", "cache", "reports")}
    paths["duplicates.file"] = settings.folder / settings.duplicates.file
    paths |= {f"metric_modules: {name}": settings.folder / name for name in settings.metric_modules}
    address = settings.database.address if settings.database else None
    paths |= {"database.url": address.file(settings.folder)} if address and address.is_file else {}
    options = address.options if address else ()
    paths |= {f"database.url: {key}": settings.folder / value for key, value in options if key == "sslrootcert"}
    found = [where for where, path in paths.items() if not path.resolve().is_relative_to(below)]
    patterns = {f"files.{name}.path": Path(mapping.path) for name, mapping in settings.files.items()}
    return found + [where for where, path in patterns.items() if path.is_absolute() or ".." in path.parts]


def parse_settings(raw: dict[str, Any], folder: Path = Path(), subject: str = FILE_NAME) -> Settings:
    """Validate settings given as nested dictionaries, as they come from TOML.

    Examples
    --------
    >>> parse_settings({"company": {"name": "Kaldi Coffee", "fiscal_year": 4}})
    Traceback (most recent call last):
    crmkit.errors.Problems: crmkit.toml has 1 problem:
      - company.fiscal_year: there is no such setting. Did you mean 'fiscal_year_start'?
    """
    problems = [
        f'{key}: a secret does not belong in this file. Set an environment variable and write "${{NAME}}".'
        for key, value in _leaves(raw)
        if _SECRET_KEY.search(key) and key != _NAMES_A_SECRET and not _VARIABLE.fullmatch(str(value))
    ]
    problems += [
        f"{key}: the environment variable {name} is not set."
        for key, value in _leaves(raw)
        for name in _VARIABLE.findall(str(value))
        if name not in os.environ
    ]
    if "folder" in raw:  # the file's own folder, never written in it
        problems.append(f"folder: there is no such setting. {did_you_mean('folder', _known_keys(()))}")
    try:
        settings = Settings.model_validate(_filled_in(raw) | {"folder": folder})
    except ValidationError as error:
        problems += [_worded(fault, raw) for fault in error.errors() if not _is_unset(_as_written(raw, fault["loc"]))]
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


def _as_written(raw: Any, place: tuple[int | str, ...]) -> Any:
    """Return what stands in the file at a place, with its ${NAME}; None if nothing does."""
    for part in place:
        try:
            raw = raw[part]
        except (KeyError, IndexError, TypeError):
            return None
    return raw


def _is_unset(written: Any) -> bool:
    return isinstance(written, str) and any(name not in os.environ for name in _VARIABLE.findall(written))


def _worded(fault: Any, raw: dict[str, Any]) -> str:
    place = fault["loc"]
    where = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")
    if fault["type"] == "extra_forbidden":
        return f"{where}: there is no such setting. {did_you_mean(str(place[-1]), _known_keys(place[:-1]))}"
    # Only what stands in the file is repeated, never what was filled in from the environment, nor a secret.
    secret = _SECRET_KEY.search(where) or where == _MAY_HOLD_A_SECRET
    written = None if secret else _as_written(raw, place)
    value = written if isinstance(written, str | int | float | date) else None
    message = (
        _PATTERNS.get(str(place[-1]), fault["msg"]) if fault["type"] == "string_pattern_mismatch" else fault["msg"]
    )
    message = message.removeprefix("Value error, ").rstrip(".")
    if message.startswith("is not"):
        return f"{where}: {value!r} {message}.".replace("?.", "?")
    met = "" if value is None else f" (it is {value!r})" if isinstance(value, str) else f" (it is {value})"
    return f"{where}: {message[0].lower()}{message[1:]}{met}."


_PATTERNS = {
    "decimal": 'must be "." or ",", the mark before the cents',
    "source": "must be a name of letters, digits, spaces, dots and hyphens, or * for what the * of the path stands for",
}
"""What a text must be like, in words, by the last part of the setting's name."""


def _known_keys(place: tuple[int | str, ...]) -> list[str]:
    """Return the settings known at a place: of the whole file, or of the section or list that its first part names."""
    annotation: Any = Settings.model_fields[str(place[0])].annotation if place else Settings
    candidates = (annotation, *get_args(annotation))
    model = next(each for each in candidates if isinstance(each, type) and issubclass(each, BaseModel))
    return [field.alias or name for name, field in model.model_fields.items() if name != "folder"]
