"""The actions on a real database, called as the engine calls them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import copy
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.__main__ import all_actions
from actions.base import SafeAction
from bot.clinic.clock import Clock, offset_for
from bot.settings import read_settings
from bot.store import messages
from bot.store.database import Database
from bot.store.messages import Inbound
from bot.store.requests import open_requests
from tests.store.databases import opened_database

SILENCE = timedelta(hours=12)
# A Monday morning in Mumbai: the clinic is open.
NOW = "2026-11-23T11:00:00+05:30"


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[SafeAction]]:
    """Every action, made once: the words of times take a second to compile."""
    folder = tmp_path_factory.mktemp("actions")
    settings = read_settings({"VAR_DIR": str(folder), "PUBLIC_URL": "https://clinic.example"})
    with opened_database(folder / "clinic.db") as database:
        yield all_actions(database, Clock(), settings)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with opened_database(tmp_path / "clinic.db") as opened:
        yield opened


class Turn:
    """A patient's stored messages, the tracker that the engine sends, and what an action said."""

    def __init__(
        self,
        database: Database,
        templates: list[SafeAction],
        person: str = "person",
        channel: str = "website",
        address: str | None = None,
    ) -> None:
        self.database = database
        self.person, self.channel, self.address = person, channel, address
        self.clock = Clock(offset_for(NOW, datetime.now(timezone.utc)))
        self.actions: dict[str, SafeAction] = {}
        for template in templates:
            action = copy(template)
            action.database, action.clock = database, self.clock
            self.actions[action.name()] = action
        self.events: list[dict[str, Any]] = []
        self.slots: dict[str, Any] = {}
        self.said: list[dict[str, Any]] = []
        self.returned: list[dict[str, Any]] = []
        self.count = 0
        self.latest: dict[str, Any] = {}
        self.message: Inbound = self.receives("I need help")

    def receives(self, text: str) -> Inbound:
        """Stores a message, as the door does before anything else."""
        self.count += 1
        self.message = messages.receive(
            self.database,
            self.channel,
            self.person,
            f"{self.person}-{self.count}",
            text,
            self.clock.now(),
            SILENCE,
            self.address,
        )
        return self.message

    def hears(self, text: str, intent: str, given: Mapping[str, str] | None = None) -> None:
        """The next message, as the engine understood it; `given` is what a button holds."""
        self.receives(text)
        self.latest = {
            "intent": intent,
            "entities": [{"entity": name, "value": value} for name, value in (given or {}).items()],
        }
        self.events.append(
            {
                "event": "user",
                "text": text,
                "parse_data": {"intent": {"name": intent}},
                "metadata": {"message": self.message.id},
            }
        )

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
            self.message.conversation_id,
            self.slots,
            latest_message,
            self.events,
            False,
            None,
            {},
            None,
        )

    async def run(self, name: str | SafeAction, intent: str = "", **latest: Any) -> list[str]:
        """Runs an action and gives the names of the responses it chose."""
        action = self.actions[name] if isinstance(name, str) else name
        dispatcher = CollectingDispatcher()
        self.returned = await action.run(dispatcher, self.tracker(intent, **latest), {})
        self.said = dispatcher.messages
        return [each["response"] for each in self.said]

    async def acts(self, name: str) -> list[str]:
        """Runs an action at the message that was heard last, and sets the slots it sets."""
        said = await self.run(name, **{"intent": "", **self.latest})
        for event in self.returned:
            if event["event"] == "slot":
                self.slots[event["name"]] = event["value"]
        return said

    @property
    def goes_on_with(self) -> list[str]:
        """The actions that the last one asked for."""
        return [each["name"] for each in self.returned if each["event"] == "followup"]

    @property
    def requests(self) -> list[tuple[str, str]]:
        """Kind and urgency of what staff have to read."""
        return [(each.kind, each.urgency) for each in open_requests(self.database)]


@pytest.fixture
def turn(database: Database, templates: list[SafeAction]) -> Turn:
    return Turn(database, templates)
