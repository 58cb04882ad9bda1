"""Opens the database: SQLite in `VAR_DIR` by default, PostgreSQL by `DATABASE_URL`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session, sessionmaker

from bot.encryption import Cipher
from bot.store.tables import use_cipher

MIGRATIONS = Path(__file__).parent / "migrations"
# How long a writer waits for another process before SQLite gives up, in milliseconds.
BUSY_TIMEOUT = 5000
# Seconds to connect, and milliseconds for a statement.
POSTGRESQL_LIMITS = {"connect_timeout": 3, "options": "-c statement_timeout=4000"}


class Database:
    """A connection pool and units of work; safe to use from several threads."""

    def __init__(self, url: str, cipher: Cipher) -> None:
        """Opens lazily: nothing is read or written yet."""
        self.cipher = cipher
        parsed = make_url(url)
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        self._url = parsed
        is_sqlite = parsed.get_backend_name() == "sqlite"
        # A server that does not answer must not hold a patient's message for minutes.
        limits = {} if is_sqlite else POSTGRESQL_LIMITS
        self._engine = create_engine(parsed, pool_pre_ping=True, connect_args=limits)
        if is_sqlite:
            event.listen(self._engine, "connect", _prepare_sqlite)
            # pysqlite's own BEGIN comes late and takes a read lock first, which two writers
            # cannot both upgrade; ours takes the write lock at once and waits for it.
            event.listen(self._engine, "begin", _begin_immediate)
        self._sessions = sessionmaker(self._engine, expire_on_commit=False)
        use_cipher(cipher)

    @contextmanager
    def work(self) -> Iterator[Session]:
        """One unit of work: committed at the end, rolled back when anything is raised."""
        with self._sessions.begin() as session:
            yield session

    def migrate(self) -> None:
        """Brings the tables to the newest migration."""
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["engine"] = self._engine
        command.upgrade(config, "head")

    def close(self) -> None:
        """Gives every connection back."""
        self._engine.dispose()


def _prepare_sqlite(connection: Any, _: Any) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT}")


def _begin_immediate(connection: Any) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
