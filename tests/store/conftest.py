"""A database of the clinic in a file of its own, with the newest tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from bot.store import messages
from bot.store.database import Database
from bot.store.messages import Inbound
from tests.store.databases import opened_database

# A Monday, 12:00 in Mumbai.
NOW = datetime(2026, 11, 23, 6, 30, tzinfo=timezone.utc)
SILENCE = timedelta(hours=12)

Receive = Callable[..., Inbound]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "clinic.db"


@pytest.fixture
def database(file: Path) -> Iterator[Database]:
    with opened_database(file) as opened:
        yield opened


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
    ) -> Inbound:
        nonlocal count
        count += 1
        known = external_id or f"id-{count}"
        return messages.receive(database, channel, person, known, text, at, SILENCE)

    return receive_one
