"""The address of a database, as ``[database] url`` gives it: read strictly, and never with a password in it.

No message here repeats any of the address: what looks like a host may be half a password.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

PASSWORD_VARIABLE = "CRMKIT_DATABASE_PASSWORD"
_SHAPE = "postgresql://user@host:5432/database"
_URL = re.compile(
    r"postgres(?:ql)?://(?:(?P<user>[^:@/?#\s]+)@)?(?P<host>[\w.-]+|\[[0-9A-Fa-f:.]+\])?(?::(?P<port>\d{1,5}))?"
    r"/(?P<name>[^:@/?#\s]+)(?:\?(?P<options>[^@#\s]*))?"
)
_OPTIONS = ("host", "sslmode", "sslrootcert")


@dataclass(frozen=True)
class Address:
    """A PostgreSQL database: where it is and who reads it.

    Attributes
    ----------
    name : str
        Of the database.
    user, host : str or None
        None for what PostgreSQL's own library takes, such as the socket of this machine.
    port : int or None
    options : tuple of (str, str)
        sslmode, sslrootcert.
    """

    name: str
    user: str | None = None
    host: str | None = None
    port: int | None = None
    options: tuple[tuple[str, str], ...] = ()

    @property
    def is_elsewhere(self) -> bool:
        """Whether it is on another machine than this one."""
        return not (self.host is None or self.host.startswith("/") or self.host in ("localhost", "127.0.0.1", "::1"))

    def __str__(self) -> str:
        """Return the database and its host, without the user."""
        on_this_machine = self.host is None or self.host.startswith("/")
        return f"{self.name} on this machine" if on_this_machine else f"{self.name} at {self.host}"


def read_address(url: str) -> Address:
    """Read the address of a database.

    Raises
    ------
    ValueError
        If it is none, or holds a password.

    Examples
    --------
    >>> print(read_address("postgresql://analyst@db.example.com:5432/crm?sslmode=require"))
    crm at db.example.com
    >>> read_address("postgresql://analyst:hunter2@db.example.com/crm")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: must not hold a password. Write postgresql://user@host:5432/database, and put ... CRMKIT_DATABASE_PASSWORD
    """
    rest = url.partition("://")[2]
    if ":" in rest.rpartition("@")[0] or re.search(r"[?&]pass", rest):
        raise ValueError(
            f"must not hold a password. Write {_SHAPE}, and put the password into the environment "
            f"variable {PASSWORD_VARIABLE}"
        )
    parts = _URL.fullmatch(url)
    if parts is None:
        raise ValueError(f"must read {_SHAPE}; other databases than PostgreSQL cannot be read yet")
    options = [(key, unquote(value)) for key, _, value in _pairs(parts["options"])]
    unknown = [key for key, _ in options if key not in _OPTIONS]
    if unknown:
        raise ValueError("may end in ?sslmode=..., sslrootcert=... or host=..., and in no other option")
    host = dict(options).get("host", parts["host"])
    return Address(
        unquote(parts["name"]),
        user=parts["user"] and unquote(parts["user"]),
        host=host and host.strip("[]"),
        port=int(parts["port"]) if parts["port"] else None,
        options=tuple((key, value) for key, value in options if key != "host"),
    )


def _pairs(options: str | None) -> list[tuple[str, str, str]]:
    return [option.partition("=") for option in (options or "").split("&") if option]
