"""The actions on a real database, called as the engine calls them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.__main__ import all_actions
from actions.base import SafeAction
from bot.clinic.clock import Clock
from bot.store import messages
from bot.store.database import Database
from bot.store.messages import Inbound
from bot.store.requests import open_requests
from tests.store.databases import opened_database


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with opened_database(tmp_path / "clinic.db") as opened:
        yield opened


class Turn:
    """A patient's stored message, the tracker that the engine sends, and what an action said."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.message: Inbound = messages.receive(
            database,
            "website",
            "person",
            "id-1",
            "I need help",
            datetime.now(timezone.utc),
            timedelta(hours=12),
        )
        self.actions = {action.name(): action for action in all_actions(database, Clock())}
        self.events: list[dict[str, Any]] = []
        self.said: list[dict[str, Any]] = []
        self.returned: list[dict[str, Any]] = []

    def tracker(self, intent: str = "", **latest: Any) -> Tracker:
        """The tracker at a message with this intent; `latest` are more of its keys."""
        latest_message = {
            "text": self.message.text,
            "intent": {"name": intent},
            "entities": [],
            "metadata": {"message": self.message.id},
            **latest,
        }
        return Tracker(
            self.message.conversation_id, {}, latest_message, self.events, False, None, {}, None
        )

    async def run(self, name: str | SafeAction, intent: str = "", **latest: Any) -> list[str]:
        """Runs an action and gives the names of the responses it chose."""
        action = self.actions[name] if isinstance(name, str) else name
        dispatcher = CollectingDispatcher()
        self.returned = await action.run(dispatcher, self.tracker(intent, **latest), {})
        self.said = dispatcher.messages
        return [each["response"] for each in self.said]

    @property
    def requests(self) -> list[tuple[str, str]]:
        """Kind and urgency of what staff have to read."""
        return [(each.kind, each.urgency) for each in open_requests(self.database)]


@pytest.fixture
def turn(database: Database) -> Turn:
    return Turn(database)
