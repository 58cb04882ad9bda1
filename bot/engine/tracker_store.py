"""Rasa's tracker store with every patient's word encrypted on disk."""

from __future__ import annotations

import json
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event, SessionStarted
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.constants import INTENT_NAME_KEY
from sqlalchemy.engine import Connection
from sqlalchemy.pool import QueuePool

from bot.encryption import Cipher
from bot.settings import read_settings

SQLITE_FILE = "tracker.db"
# How many conversations stay in memory as they stand on disk, and for how many seconds.
KEPT_CONVERSATIONS = 100
KEPT_FOR = 900.0
# Rows of a conversation and the newest one's id: what was kept is good while both are the same.
Mark = tuple[int, int]


@dataclass(frozen=True)
class _Kept:
    mark: Mark
    events: list[Event] = field(repr=False)
    since: float


class EncryptedTrackerStore(SQLTrackerStore):
    """Stores an event's `data` and `intent_name` encrypted; type, time and sender id are not.

    Rasa selects by those three. The sender id is a conversation's random id. It reads the
    project's settings itself, because a `${VARIABLE}` in endpoints.yml has no default.

    Rasa's own store reads, decrypts and rebuilds every event of a conversation at each message.
    Here the events that were just read or written stay in memory, as objects, which Rasa itself
    shares between trackers. The database is still asked at each message, and what another engine
    added or somebody erased is read again.
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
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        url = settings.database_url
        is_sqlite = url.startswith("sqlite")
        if is_sqlite:
            settings.var_dir.mkdir(parents=True, exist_ok=True)
            url = f"sqlite:///{settings.var_dir / SQLITE_FILE}"
        super().__init__(domain=domain, host=url, event_broker=event_broker, **kwargs)
        if is_sqlite:
            self._keep_sqlite_open(url)
        event = self.SQLEvent.__table__
        self._insert = event.insert()
        self._marked = sa.select(sa.func.count(), sa.func.max(event.c.id)).where(
            event.c.sender_id == sa.bindparam("sender_id")
        )

    def _keep_sqlite_open(self, url: str) -> None:
        """Rasa opens the file anew for each query; here connections stay open."""
        self.engine.dispose()
        self.engine = sa.create_engine(
            url, poolclass=QueuePool, connect_args={"check_same_thread": False}
        )
        sa.event.listen(self.engine, "connect", _prepare_sqlite)
        self.sessionmaker = sa.orm.session.sessionmaker(bind=self.engine)
        # The first connection turns the write-ahead log on.
        self.engine.connect().close()

    async def _retrieve(
        self, sender_id: str, fetch_events_from_all_sessions: bool
    ) -> DialogueStateTracker | None:
        with self.engine.connect() as connection:
            mark = self._mark(connection, sender_id)
        if not self.domain or not mark[0]:
            self._kept.pop(sender_id, None)
            return None
        if fetch_events_from_all_sessions:
            return self._read(sender_id, fetch_events_from_all_sessions=True)
        kept = self._kept_at(sender_id, mark)
        if kept is not None:
            return DialogueStateTracker.from_events(sender_id, kept.events, self.domain.slots)
        tracker = self._read(sender_id, fetch_events_from_all_sessions=False)
        if tracker is not None:
            self._keep(tracker, mark)
        return tracker

    def _read(
        self, sender_id: str, *, fetch_events_from_all_sessions: bool
    ) -> DialogueStateTracker | None:
        with self.session_scope() as session:
            rows = self._event_query(
                session, sender_id, fetch_events_from_all_sessions=fetch_events_from_all_sessions
            ).all()
            stored = [row.data for row in rows]
        # Outside the scope: in it Rasa takes any ValueError for a missing schema, and exits.
        events = [json.loads(self._cipher.decrypt(data)) for data in stored]
        if not events:
            return None
        return DialogueStateTracker.from_dict(sender_id, events, self.domain.slots)

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Appends the events that are not stored yet, encrypted."""
        await self.stream_events(tracker)
        with self.engine.begin() as connection:
            before = self._mark(connection, tracker.sender_id)
            kept = self._kept_at(tracker.sender_id, before)
            if kept is not None:
                new = list(tracker.events)[len(kept.events) :]
            else:
                with self.session_scope() as session:
                    new = list(self._additional_events(session, tracker))
            if not new:
                return
            connection.execute(self._insert, [self._row(tracker.sender_id, each) for each in new])
            mark = self._mark(connection, tracker.sender_id)
        is_ours = mark[0] == before[0] + len(new)
        begins_anew = len(new) < len(tracker.events) and any(
            isinstance(each, SessionStarted) for each in new
        )
        if begins_anew or not is_ours:
            # Only the newest session is read next time; or another engine wrote meanwhile.
            self._kept.pop(tracker.sender_id, None)
        else:
            self._keep(tracker, mark)

    def _row(self, sender_id: str, event: Event) -> dict[str, Any]:
        data = event.as_dict()
        intent = data.get("parse_data", {}).get("intent", {}).get(INTENT_NAME_KEY)
        return {
            "sender_id": sender_id,
            "type_name": event.type_name,
            "timestamp": data.get("timestamp"),
            "intent_name": self._cipher.encrypt(intent) if intent else None,
            "action_name": data.get("name"),
            "data": self._cipher.encrypt(json.dumps(data)),
        }

    def _mark(self, connection: Connection, sender_id: str) -> Mark:
        count, newest = connection.execute(self._marked, {"sender_id": sender_id}).one()
        return count, newest or 0

    def _kept_at(self, sender_id: str, mark: Mark) -> _Kept | None:
        kept = self._kept.get(sender_id)
        is_good = (
            kept is not None and kept.mark == mark and kept.since >= time.monotonic() - KEPT_FOR
        )
        return kept if is_good else None

    def _keep(self, tracker: DialogueStateTracker, mark: Mark) -> None:
        now = time.monotonic()
        self._kept[tracker.sender_id] = _Kept(mark, list(tracker.events), now)
        self._kept.move_to_end(tracker.sender_id)
        while len(self._kept) > KEPT_CONVERSATIONS or self._oldest().since < now - KEPT_FOR:
            self._kept.popitem(last=False)

    def _oldest(self) -> _Kept:
        return next(iter(self._kept.values()))


def _prepare_sqlite(connection: Any, _: Any) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    # A loss of power may cost the last turns of a dialogue, never a message, an answer or a
    # booking: those stand in our own database (docs/decisions.md).
    connection.execute("PRAGMA synchronous=NORMAL")
