"""Find the settings file that a command or a notebook means when it names none."""

from __future__ import annotations

import os
from pathlib import Path

from crmkit.errors import CrmkitError
from crmkit.settings import FILE_NAME, Settings, read_settings

SETTINGS_VARIABLE = "CRMKIT_SETTINGS"


def find_settings() -> Path:
    """Return the settings file: of the variable CRMKIT_SETTINGS, of the working directory or a parent, or a sample's.

    Raises
    ------
    CrmkitError
        If there is none.
    """
    if os.environ.get(SETTINGS_VARIABLE):
        return Path(os.environ[SETTINGS_VARIABLE])
    folders = [Path.cwd(), *Path.cwd().parents]
    places = [folder / FILE_NAME for folder in folders] + [folder / "sample" / FILE_NAME for folder in folders]
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        raise CrmkitError(
            f"There is no {FILE_NAME} in {Path.cwd()} or above it. Begin a folder of your own with `crmkit new FOLDER`, "
            f"or name your settings: --settings PATH, or the environment variable {SETTINGS_VARIABLE}."
        )
    return found


def settings_beside(folder: Path, which: str) -> Settings:
    """Return the settings of a parent folder that name this one as ``exports`` or ``store``; the defaults if none do."""
    for parent in folder.resolve().parents[:3]:
        if (parent / FILE_NAME).is_file():
            settings = read_settings(parent)
            return settings if settings.path(which) == folder.resolve() else Settings()
    return Settings()
