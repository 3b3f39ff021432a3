"""The password of a database: from the environment, to no machine that the reader has not confirmed, and into no message."""

from __future__ import annotations

import os
from pathlib import Path

from crmkit.errors import CrmkitError
from crmkit.settings import Database
from crmkit.settings.permissions import host, require


def ask_for_host(database: Database, folder: Path) -> None:
    """Raise an error that says how to allow it, unless the settings of a folder may go to the machine of the database."""
    address = database.address
    if address.is_elsewhere:
        need = f"The settings send your password for the database {address.name} to {address.machine}"
        require(folder, host(str(address.machine)), need)


def password_of(database: Database) -> str | None:
    """Return the password; None lets the driver look for it where it does, in ~/.pgpass for example."""
    password = os.environ.get(database.password_variable)
    if password is None and "password_variable" in database.model_fields_set:
        raise CrmkitError("The environment variable that [database] password_variable names is not set.")
    return password


def refusal(database: Database, error: Exception, password: str | None) -> CrmkitError:
    """Return the error of a database that cannot be opened: the first line of what its driver says, without the password.

    Raise it outside of the handler, so that it does not carry what was sent to the driver.
    """
    said = [line.strip() for line in str(error).splitlines() if line.strip()]
    message = " ".join(said[0].split()) if said else type(error).__name__
    message = message.replace(password, "***") if password else message
    where = f"The database {database.address} cannot be opened: {message[:300].rstrip('.')}"
    if database.address.is_file:
        return CrmkitError(f"{where}. See url under [database] in the settings.")
    return CrmkitError(
        f"{where}. The password is taken from the environment variable {database.password_variable}. See also url under "
        "[database] in the settings, and whether the server runs."
    )
