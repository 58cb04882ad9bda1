"""A PostgreSQL server of the tests' own: in a temporary folder, on a Unix socket, gone at the end.

It runs as a user of its own when the tests run as root, which PostgreSQL refuses.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from urllib.parse import quote

import psycopg

from bot.encryption import Cipher, make_key
from bot.store.database import Database
from bot.store.tables import Base
from tests.house import need, wait_until

MISSING = "PostgreSQL is missing: install Debian's postgresql"
# Where Debian keeps them, off PATH, the newest version first.
DEBIAN = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
# Databases of the server: without tables, and with the newest ones.
MAINTENANCE, SHARED = "postgres", "clinic"
# The tests' data may be lost: none of these waits for a disk.
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "100",
}
STARTED_WITHIN = 60.0
STOPPED_WITHIN = 20.0


class PostgreSQL:
    """A running server. A test takes the shared database, or a new one if it alters tables."""

    def __init__(self, folder: Path) -> None:
        """The folder holds the socket."""
        self._folder = folder
        self._numbers = count(1)

    def url(self, name: str) -> str:
        """The address of one of its databases, as `DATABASE_URL` takes it."""
        return f"postgresql://clinic@/{name}?host={quote(str(self._folder))}"

    def answers(self) -> bool:
        """Whether it takes connections."""
        try:
            psycopg.connect(self.url(MAINTENANCE)).close()
        except psycopg.OperationalError:
            return False
        return True

    def migrate(self) -> None:
        """Makes the shared database; a new one takes a fifth of a second, emptying it nothing."""
        self._run(MAINTENANCE, f"CREATE DATABASE {SHARED}")
        database = Database(self.url(SHARED), Cipher(f"first:{make_key()}"))
        database.migrate()
        database.close()

    @contextmanager
    def shared_database(self) -> Iterator[str]:
        """The address of a database with the newest tables; its rows are deleted at the end."""
        yield self.url(SHARED)
        tables = [table.name for table in reversed(Base.metadata.sorted_tables)]
        self._run(
            SHARED,
            # What a failed test left open would hold its locks for ever.
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()",
            *(f"DELETE FROM {table}" for table in tables),  # noqa: S608 - names of our own
        )

    @contextmanager
    def new_database(self) -> Iterator[str]:
        """The address of a database without tables; it is dropped at the end."""
        name = f"test_{next(self._numbers)}"
        self._run(MAINTENANCE, f"CREATE DATABASE {name}")
        yield self.url(name)
        self._run(MAINTENANCE, f"DROP DATABASE {name} WITH (FORCE)")

    def _run(self, database: str, *statements: str) -> None:
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())


def programs() -> tuple[str, str] | None:
    """Where `initdb` and `postgres` are; None where PostgreSQL is not installed."""
    path = os.pathsep.join([os.environ.get("PATH", ""), *map(str, DEBIAN)])
    initdb, postgres = (shutil.which(name, path=path) for name in ("initdb", "postgres"))
    return (initdb, postgres) if initdb and postgres else None


@contextmanager
def running_postgresql() -> Iterator[PostgreSQL]:
    """Starts a server and stops it; the test is skipped where PostgreSQL is not installed."""
    found = programs()
    need(found is not None, MISSING)
    assert found is not None
    initdb, postgres = found
    # Not in pytest's folder, which only the user who runs the tests may enter.
    folder = Path(mkdtemp(prefix="postgresql-"))
    as_user = _other_user() if os.geteuid() == 0 else {}
    if as_user:
        os.chown(folder, as_user["user"], as_user["group"])
    data = folder / "data"
    try:
        subprocess.run(
            [initdb, "--no-sync", "--auth=trust", "--username=clinic", "--encoding=UTF8",
             "--locale=C", f"--pgdata={data}"],
            check=True, cwd=folder, stdout=subprocess.DEVNULL, **as_user,
        )  # fmt: skip
        settings = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
        log = folder / "server.log"
        with log.open("w") as written:
            process = subprocess.Popen(
                [postgres, "-D", str(data), "-k", str(folder), *settings],
                cwd=folder, stderr=written, **as_user,
            )  # fmt: skip
        server = PostgreSQL(folder)
        try:
            wait_until(server.answers, STARTED_WITHIN, log.read_text)
            server.migrate()
            yield server
        finally:
            # SIGQUIT is the immediate shutdown, which waits for no client.
            process.send_signal(signal.SIGQUIT)
            process.wait(STOPPED_WITHIN)
    finally:
        shutil.rmtree(folder)


def _other_user() -> dict[str, Any]:
    """Debian's user for PostgreSQL, or the one for whoever needs no rights."""
    names = {each.pw_name: each for each in pwd.getpwall()}
    user = names.get("postgres") or names["nobody"]
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
