"""Find the settings file that a command or a notebook means when it names none."""

from __future__ import annotations

import os
from pathlib import Path

from crmkit.errors import CrmkitError
from crmkit.settings import FILE_NAME, Settings, read_settings

VARIABLE = "CRMKIT_SETTINGS"


def find_settings() -> Path:
    """Return the settings file: of the variable CRMKIT_SETTINGS, of the working directory or a parent, or a sample's.

    Raises
    ------
    CrmkitError
        If there is none.
    """
    if os.environ.get(VARIABLE):
        return Path(os.environ[VARIABLE])
    folders = [Path.cwd(), *Path.cwd().parents]
    places = [folder / FILE_NAME for folder in folders] + [folder / "sample" / FILE_NAME for folder in folders]
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        raise CrmkitError(
            f"There is no {FILE_NAME} in {Path.cwd()} or above it. Run `crmkit sample` for an invented company, "
            f"or name your own settings: --settings PATH, or the environment variable {VARIABLE}."
        )
    return found


def settings_beside(folder: Path, which: str) -> Settings:
    """Return the settings near a folder that name it as their ``exports`` or ``store``; the usual ones if none do."""
    for parent in folder.resolve().parents[:3]:
        if (parent / FILE_NAME).is_file():
            settings = read_settings(parent)
            return settings if settings.path(which) == folder.resolve() else Settings()
    return Settings()
