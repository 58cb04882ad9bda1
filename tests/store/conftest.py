"""A database of a test's own with the newest tables: each test runs on SQLite and PostgreSQL.

A test that looks into `file` is one about SQLite, and runs on that only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from bot.store import messages
from bot.store.checks import StoredCheck, write_check
from bot.store.database import Database
from bot.store.messages import Inbound
from bot.store.tables import Check
from tests.postgresql import PostgreSQL, programs, running_postgresql
from tests.store.databases import migrated_file, opened

# A Monday, 12:00 in Mumbai.
NOW = datetime(2026, 11, 23, 6, 30, tzinfo=timezone.utc)
SILENCE = timedelta(hours=12)

Receive = Callable[..., Inbound]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for url in {"url", "empty_url"} & set(metafunc.fixturenames):
        # Where PostgreSQL is missing, the few tests of `postgresql` alone say so.
        only_sqlite = "file" in metafunc.fixturenames or programs() is None
        kinds = ["sqlite"] if only_sqlite else ["sqlite", "postgresql"]
        metafunc.parametrize(url, kinds, indirect=True)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    with running_postgresql() as server:
        yield server


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where SQLite keeps the database."""
    return tmp_path / "clinic.db"


@pytest.fixture
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database with the newest tables and no rows."""
    if request.param == "sqlite":
        yield migrated_file(tmp_path / "clinic.db")
    else:
        server: PostgreSQL = request.getfixturevalue("postgresql")
        with server.shared_database() as address:
            yield address


@pytest.fixture
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database without tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'clinic.db'}"
    else:
        server: PostgreSQL = request.getfixturevalue("postgresql")
        with server.new_database() as address:
            yield address


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    with opened(url) as database:
        yield database


@pytest.fixture
def receive(database: Database) -> Receive:
    """Stores a message; what a test does not name is the same patient's next message."""
    count = 0

    def receive_one(
        text: str = "Hello",
        external_id: str = "",
        person: str = "person",
        channel: str = "website",
        at: datetime = NOW,
        address: str | None = None,
    ) -> Inbound:
        nonlocal count
        count += 1
        known = external_id or f"id-{count}"
        return messages.receive(database, channel, person, known, text, at, SILENCE, address)

    return receive_one


def write(database: Database, check_id: str, *values: Any, **more: Any) -> bool:
    """Writes to a check as it stands at this moment."""
    with database.work() as session:
        row = session.get_one(Check, check_id)
        at = (row.started_at, row.updated_at, row.finished_at, row.renewed_at)
        before = StoredCheck(row.id, row.conversation_id, "", row.state, *at, {})
    return write_check(database, before, *values, **more)
