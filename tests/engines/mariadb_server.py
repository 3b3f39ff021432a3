"""A MariaDB server of the tests' own, from Debian's package mariadb-server, and frames put into it."""

import getpass
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pandas as pd
import pymysql

from crmkit.tables.schema import SCHEMAS

PASSWORD = "correct-h0rse"
TYPES = {
    "id": "varchar(64)",
    "text": "text",
    "timestamp": "datetime(6)",
    "date": "date",
    "money": "double",
    "number": "double",
    "integer": "bigint",
    "flag": "boolean",
}
_PATIENCE = 60  # s


@dataclass(frozen=True)
class MariaServer:
    """A running server; the user ``analyst`` may read the databases that the tests make, and write nothing."""

    socket: Path

    def url(self, database: str, user: str = "analyst") -> str:
        """Return an address for the settings, without a password."""
        return f"mysql://{user}@/{database}?host={quote(str(self.socket), safe='')}"

    def owner(self) -> pymysql.Connection:
        """Return a connection on which anything may be done."""
        return pymysql.connect(unix_socket=str(self.socket), user=getpass.getuser(), charset="utf8mb4", autocommit=True)

    def run(self, database: str, *statements: str) -> None:
        """Make a database if there is none, run statements in it, and let the analyst read it."""
        with self.owner() as con, con.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE IF NOT EXISTS {database} CHARACTER SET utf8mb4")
            cursor.execute(f"USE {database}")
            for statement in statements:
                cursor.execute(statement)
            cursor.execute(f"GRANT SELECT ON {database}.* TO analyst@localhost")

    def store(self, database: str, tables: dict[str, pd.DataFrame]) -> None:
        """Make a database of canonical tables, and let the analyst read it."""
        for name, rows in tables.items():
            kinds = {column.name: column.kind for column in SCHEMAS[name].columns}
            columns = ", ".join(f"`{column}` {TYPES[kinds.get(column, 'text')]}" for column in rows)
            self.run(database, f"CREATE TABLE `{name}` ({columns})")
            with self.owner() as con, con.cursor() as cursor:
                places = ", ".join(["%s"] * rows.shape[1])
                cells = rows.astype(object).where(rows.notna(), None).itertuples(index=False, name=None)
                cursor.executemany(f"INSERT INTO {database}.`{name}` VALUES ({places})", list(cells))


@contextmanager
def running_mariadb(folder: Path) -> Iterator[MariaServer]:
    """Start a server in a folder, reached by a socket alone; stop it in the end."""
    program = shutil.which("mariadbd", path="/usr/sbin:/usr/bin:/usr/local/bin")
    if program is None:
        raise FileNotFoundError("there is no mariadbd: install mariadb-server")
    data, socket = folder / "data", folder / "m.sock"
    me = getpass.getuser()
    plain = ["--no-defaults", f"--datadir={data}", f"--user={me}"]
    made = ["mariadb-install-db", *plain, f"--auth-root-socket-user={me}", "--skip-test-db"]
    subprocess.run(made, check=True, capture_output=True, timeout=_PATIENCE)
    with (folder / "log").open("wb") as log:
        started = subprocess.Popen(
            [program, *plain, f"--socket={socket}", "--skip-networking", f"--pid-file={folder / 'pid'}"],
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        server = MariaServer(socket)
        _wait_for(server, started)
        with server.owner() as con, con.cursor() as cursor:
            cursor.execute("CREATE USER analyst@localhost IDENTIFIED BY %s", [PASSWORD])
            cursor.execute("SET GLOBAL time_zone = '+09:00'")  # the session is to bring its own
        yield server
    finally:
        started.terminate()
        started.wait(_PATIENCE)


def _wait_for(server: MariaServer, started: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            server.owner().close()
            return
        except pymysql.Error as error:
            if started.poll() is not None or time.monotonic() > until:
                raise OSError(f"the server does not start: {error}") from None
            time.sleep(0.1)
