"""What the settings of a folder may do only once their reader has said so.

Settings may come from somebody else. By themselves they read the exports beside them, and write the store, the cache and
the reports there. Running code of the folder, paths that leave it, values of the environment and a database on another
machine need a permission. It
is given once, on the command line or in the environment, and remembered for the folder: not in the folder, where the
settings come from, but with the user's own configuration.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

from platformdirs import user_config_path

from crmkit.errors import CrmkitError

CODE, OUTSIDE, ENVIRONMENT = "code", "outside", "environment"
VARIABLE = "CRMKIT_ALLOW"
"""Environment variable with permissions for this run, of any folder, separated by spaces: ``code outside host:NAME``."""

FOLDER_VARIABLE = "CRMKIT_CONFIG"
"""Environment variable with the folder in which permissions are remembered, if not the system's usual place."""


def host(name: str) -> str:
    """Return the permission to open a database on a machine.

    Examples
    --------
    >>> host("DB.example.com")
    'host:db.example.com'
    """
    return f"host:{name.casefold()}"


def option(permission: str) -> str:
    """Return the option of the command line that gives a permission.

    Examples
    --------
    >>> option("code"), option("host:db.example.com")
    ('--allow-code', '--allow-host db.example.com')
    """
    return f"--allow-{permission.replace(':', ' ', 1)}"


def is_allowed(folder: Path, permission: str) -> bool:
    """Return whether the settings of a folder have a permission."""
    given = os.environ.get(VARIABLE, "").split()
    return permission in given or permission in _remembered().get(str(folder.resolve()), ())


def require(folder: Path, permission: str, need: str) -> None:
    """Raise an error that says how to give it, unless the settings of a folder have a permission.

    Parameters
    ----------
    folder : Path
        Of the settings. Settings made in Python have none, and may do what the program around them may.
    permission : str
        ``code``, ``outside`` or that of a :func:`host`.
    need : str
        What the settings want to do, as a sentence without its full stop.
    """
    if folder.is_absolute() and not is_allowed(folder, permission):
        raise CrmkitError(
            f"{need}. If these settings are your own, or you trust who wrote them, run the command again with "
            f"{option(permission)}: that is remembered for this folder. (Without the command line: set the environment "
            f"variable {VARIABLE} to {permission}.)"
        )


def allow(folder: Path, permissions: Iterable[str]) -> None:
    """Remember permissions for the settings of a folder, and give them to this program and those it starts."""
    given = sorted({*os.environ.get(VARIABLE, "").split(), *permissions})
    os.environ[VARIABLE] = " ".join(given)
    remembered = _remembered()
    place = str(folder.resolve())
    remembered[place] = sorted({*remembered.get(place, ()), *permissions})
    file = _file()
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = file.with_name(f"{file.name}.{os.getpid()}")
        fresh.write_text(json.dumps(remembered, indent=1), encoding="utf-8")
        fresh.replace(file)
    except OSError:  # no home that can be written: the permission holds for this run
        return


def _file() -> Path:
    return Path(os.environ.get(FOLDER_VARIABLE) or user_config_path("crmkit", appauthor=False)) / "allowed.json"


def _remembered() -> dict[str, list[str]]:
    try:
        known = json.loads(_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(place): [str(each) for each in given] for place, given in known.items() if isinstance(given, list)}
