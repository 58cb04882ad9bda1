"""Rasa's tracker store with every patient's word encrypted on disk."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.constants import INTENT_NAME_KEY

from bot.encryption import Cipher
from bot.settings import read_settings

SQLITE_FILE = "tracker.db"


class EncryptedTrackerStore(SQLTrackerStore):
    """Stores an event's `data` and `intent_name` encrypted; type, time and sender id are not.

    Rasa selects by those three. The sender id is a conversation's random id. It reads the
    project's settings itself, because a `${VARIABLE}` in endpoints.yml has no default.
    """

    def __init__(
        self,
        domain: Domain | None = None,
        host: str | None = None,
        event_broker: EventBroker | None = None,
        **kwargs: Any,
    ) -> None:
        """Opens the database of `DATABASE_URL`, or a SQLite file of its own in `VAR_DIR`."""
        settings = read_settings()
        self._cipher = Cipher(settings.data_key)
        url = settings.database_url
        if url.startswith("sqlite"):
            settings.var_dir.mkdir(parents=True, exist_ok=True)
            url = f"sqlite:///{settings.var_dir / SQLITE_FILE}"
        super().__init__(domain=domain, host=url, event_broker=event_broker, **kwargs)
        if self.engine.dialect.name == "sqlite":
            with self.engine.connect() as connection:
                connection.execute(sa.text("PRAGMA journal_mode=WAL"))

    async def _retrieve(
        self, sender_id: str, fetch_events_from_all_sessions: bool
    ) -> DialogueStateTracker | None:
        with self.session_scope() as session:
            rows = self._event_query(
                session, sender_id, fetch_events_from_all_sessions=fetch_events_from_all_sessions
            ).all()
            stored = [row.data for row in rows]
        # Outside the scope: in it Rasa takes any ValueError for a missing schema, and exits.
        events = [json.loads(self._cipher.decrypt(data)) for data in stored]
        if not self.domain or not events:
            return None
        return DialogueStateTracker.from_dict(sender_id, events, self.domain.slots)

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Appends the events that are not stored yet, encrypted."""
        await self.stream_events(tracker)
        with self.session_scope() as session:
            for event in self._additional_events(session, tracker):
                data = event.as_dict()
                intent = data.get("parse_data", {}).get("intent", {}).get(INTENT_NAME_KEY)
                session.add(
                    self.SQLEvent(
                        sender_id=tracker.sender_id,
                        type_name=event.type_name,
                        timestamp=data.get("timestamp"),
                        intent_name=self._cipher.encrypt(intent) if intent else None,
                        action_name=data.get("name"),
                        data=self._cipher.encrypt(json.dumps(data)),
                    )
                )
            session.commit()
