"""Opens the database: SQLite in `VAR_DIR` by default, PostgreSQL by `DATABASE_URL`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, event, func, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from bot.encryption import Cipher
from bot.store.tables import use_cipher

MIGRATIONS = Path(__file__).parent / "migrations"
# How long a writer waits for another process before SQLite gives up, in milliseconds.
BUSY_TIMEOUT = 5000
# Seconds to connect; milliseconds for a statement and its wait for others, and until a process
# that stopped in the middle of a unit of work loses it.
POSTGRESQL_LIMITS = {
    "connect_timeout": 3,
    "options": "-c statement_timeout=4000 -c idle_in_transaction_session_timeout=10000",
}
# PostgreSQL's advisory locks have numbers; the other one is that of bot/store/ticks.py.
_ONE_AT_A_TIME = 1
_DO_NOT_WAIT_FOR_THE_DISK = text("SET LOCAL synchronous_commit TO OFF")
# What a unit of work on SQLite is for decides how it begins; one without a kind writes for good.
_KIND, _READS, _NOTES = "kind_of_work", "reads", "notes"
_LOST_RACES = (
    # PostgreSQL's SQLSTATE for unique_violation, serialization_failure and deadlock_detected
    "23505", "40001", "40P01",
    "SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY",
)  # fmt: skip

# So often a unit of work that lost a race is tried.
_TRIES = 5
Done = TypeVar("Done")


class Database:
    """A connection pool and units of work; safe to use from several threads."""

    def __init__(self, url: str, cipher: Cipher) -> None:
        """Opens lazily: nothing is read or written yet."""
        self.cipher = cipher
        parsed = make_url(url)
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        self._url = parsed
        self._is_sqlite = parsed.get_backend_name() == "sqlite"
        # A server that does not answer must not hold a patient's message for minutes.
        limits = {} if self._is_sqlite else POSTGRESQL_LIMITS
        # An error of the database holds no parameters: they are what patients wrote.
        self._engine = create_engine(
            parsed, pool_pre_ping=not self._is_sqlite, hide_parameters=True, connect_args=limits
        )
        if self._is_sqlite:
            event.listen(self._engine, "connect", _prepare_sqlite)
            event.listen(self._engine, "begin", _begin)
        self._sessions = sessionmaker(self._engine, expire_on_commit=False)
        self._reading = self._engine.execution_options(**{_KIND: _READS})
        self._readings = sessionmaker(self._reading, expire_on_commit=False)
        self._noting = self._engine.execution_options(**{_KIND: _NOTES})
        use_cipher(cipher)

    @contextmanager
    def work(self, *, concurrent: bool = False) -> Iterator[Session]:
        """One unit of work: committed at the end, rolled back when anything is raised.

        Units of work run one after the other, on PostgreSQL as on SQLite: most look for a row and
        add it when it is not there, and a clinic has a few of them a second. On PostgreSQL a unit
        that locks and refuses by itself what it must may be `concurrent`.
        """
        with self._sessions.begin() as session:
            if not concurrent and not self._is_sqlite:
                session.execute(select(func.pg_advisory_xact_lock(_ONE_AT_A_TIME)))
            yield session

    def race(
        self,
        work: Callable[[Session], Done],
        lost: type[Exception],
        *,
        concurrent: bool = False,
    ) -> Done:
        """A unit of work that is tried anew where another one came first.

        Raises:
            lost: another one came first each time.
        """
        for _ in range(_TRIES):
            try:
                with self.work(concurrent=concurrent) as session:
                    return work(session)
            except DBAPIError as error:
                if not lost_a_race(error):
                    raise
        raise lost

    @contextmanager
    def read(self) -> Iterator[Session]:
        """One unit of work that only reads: it waits for no writer, nor does one wait for it."""
        with self._readings.begin() as session:
            yield session

    @contextmanager
    def look(self) -> Iterator[Connection]:
        """`read` for what is asked every turn, without objects."""
        with self._reading.begin() as connection:
            yield connection

    @contextmanager
    def note(self) -> Iterator[Connection]:
        """One unit of work that a loss of power, and nothing less, may undo.

        For what is done again or doubled without harm, such as the note that a message was sent:
        the disk is not waited for.
        """
        with self._noting.begin() as connection:
            if not self._is_sqlite:
                connection.execute(_DO_NOT_WAIT_FOR_THE_DISK)
            yield connection

    def migrate(self) -> None:
        """Brings the tables to the newest migration."""
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["engine"] = self._engine
        command.upgrade(config, "head")

    def close(self) -> None:
        """Gives every connection back."""
        self._engine.dispose()


def lost_a_race(error: DBAPIError) -> bool:
    """Whether another unit of work came first, so that trying again may help."""
    code = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "sqlite_errorname", None)
    return code in _LOST_RACES


def _prepare_sqlite(connection: Any, _: Any) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT}")


def _begin(connection: Connection) -> None:
    """Begins a transaction on SQLite, each kind in its own way.

    pysqlite's own BEGIN comes late and takes a read lock first, which two writers cannot both
    upgrade; ours takes the write lock at once and waits for it. With FULL a commit waits for the
    disk; with NORMAL it does not, and is safe from everything but a loss of power
    (https://www.sqlite.org/pragma.html#pragma_synchronous).
    """
    kind = connection.get_execution_options().get(_KIND)
    if kind == _READS:
        connection.exec_driver_sql("BEGIN")
        return
    level = "NORMAL" if kind == _NOTES else "FULL"
    if connection.info.get("synchronous") != level:
        connection.exec_driver_sql(f"PRAGMA synchronous={level}")
        connection.info["synchronous"] = level
    connection.exec_driver_sql("BEGIN IMMEDIATE")
