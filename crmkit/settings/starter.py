"""Create a company's folder: settings with every choice explained, and a folder for the export files."""

from __future__ import annotations

import json
import os
from importlib.resources import files
from pathlib import Path

from crmkit.errors import CrmkitError
from crmkit.settings.reading import FILE_NAME, parse_settings


def write_starter(
    folder: str | Path, name: str | None = None, currency: str = "EUR", time_zone: str | None = None
) -> Path:
    """Write a commented ``crmkit.toml`` and an empty folder ``exports``.

    Parameters
    ----------
    folder : path
        Made if need be; files that are there stay.
    name : str, optional
        Of the company; without it the name of the folder.
    currency : str
        ISO 4217 code of every amount.
    time_zone : str, optional
        IANA name; without it that of this machine where it is known, else UTC.

    Returns
    -------
    Path
        The settings file.

    Raises
    ------
    Problems
        If the currency or the time zone is not one, each with the nearest that is.
    CrmkitError
        If the folder has settings already.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> from crmkit.settings import read_settings
    >>> read_settings(write_starter(mkdtemp(), "Kaldi Coffee", currency="IDR")).company.currency
    'IDR'
    """
    folder = Path(folder)
    file = folder / FILE_NAME
    if file.exists():
        raise CrmkitError(f"There is a {FILE_NAME} in {folder} already. Edit it, or name another folder.")
    company = {
        "name": name or folder.resolve().name,
        "currency": currency,
        "time_zone": time_zone or _machine_time_zone(),
    }
    parse_settings({"company": company}, folder=folder, subject=f"crmkit new {folder}")
    text = files("crmkit.settings").joinpath("starter.toml").read_text(encoding="utf-8")
    quoted = json.dumps(company["name"], ensure_ascii=False)  # TOML's basic strings are escaped as JSON's are
    one_line = " ".join(company["name"].split())
    text = text.replace("{name_quoted}", quoted).replace("{name}", one_line)
    for key in ("currency", "time_zone"):
        text = text.replace(f"{{{key}}}", company[key])
    (folder / "exports").mkdir(parents=True, exist_ok=True)
    try:
        file.write_text(text, encoding="utf-8")
    except OSError:  # a full disk: half a file would be in the way of the next try
        file.unlink(missing_ok=True)
        raise
    return file


def _machine_time_zone() -> str:
    """Return the IANA name of the machine's time zone, where the system provides it."""
    from crmkit.settings.models import time_zones

    told = os.environ.get("TZ", "").removeprefix(":")
    link = Path("/etc/localtime")
    linked = str(link.resolve()).partition("zoneinfo/")[2] if link.is_symlink() else ""
    return next((zone for zone in (told, linked) if zone in time_zones() and "/" in zone), "UTC")
