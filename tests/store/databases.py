"""Databases for tests: each in a file of its own, with the newest tables."""

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
    file.write_bytes(_migrated())
    database = Database(f"sqlite:///{file}", Cipher(f"first:{make_key()}"))
    yield database
    database.close()


@cache
def _migrated() -> bytes:
    """An empty database; the migrations take a fifth of a second, a copy takes nothing."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "clinic.db"
        database = Database(f"sqlite:///{file}", Cipher(f"first:{make_key()}"))
        database.migrate()
        database.close()
        return file.read_bytes()
