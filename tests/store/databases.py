"""Databases for tests: each of its own, with the newest tables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.encryption import Cipher, make_key
from bot.store.database import Database


@contextmanager
def opened_database(file: Path) -> Iterator[Database]:
    """A database as `Database.migrate` makes it, closed at the end."""
    with opened(migrated_file(file)) as database:
        yield database


@contextmanager
def opened(url: str) -> Iterator[Database]:
    """The database at an address, with a key of its own, closed at the end."""
    database = Database(url, Cipher(f"first:{make_key()}"))
    yield database
    database.close()


def migrated_file(file: Path) -> str:
    """Writes a new SQLite database and gives its address."""
    file.write_bytes(_migrated())
    return f"sqlite:///{file}"


@cache
def _migrated() -> bytes:
    """An empty database; the migrations take a fifth of a second, a copy takes nothing."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "clinic.db"
        with opened(f"sqlite:///{file}") as database:
            database.migrate()
        return file.read_bytes()
