from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from rasa.core.tracker_store import FailSafeTrackerStore, TrackerStore
from rasa.core.utils import AvailableEndpoints
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    BotUttered,
    Event,
    SessionStarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker

from bot.data_files import ROOT
from bot.encryption import DataKeyError, make_key
from bot.engine.tracker_store import SQLITE_FILE, EncryptedTrackerStore
from bot.settings import read_settings

# Words that stand nowhere else; what of a conversation must not be readable on disk.
SAID = "zebrafinch"
ANSWERED = "quokka"
INTENT = "intent_of_the_platypus"
SLOT = "value_of_the_axolotl"


@pytest.fixture
def domain() -> Domain:
    return Domain.load(str(ROOT / "domain.yml"))


@pytest.fixture
def opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, domain: Domain
) -> Iterator[list[EncryptedTrackerStore]]:
    """Stores that `store` opened, closed at the end."""
    monkeypatch.setenv("VAR_DIR", str(tmp_path))
    found: list[EncryptedTrackerStore] = []
    yield found
    for store in found:
        store.engine.dispose()


@pytest.fixture
def store(opened: list[EncryptedTrackerStore], domain: Domain) -> EncryptedTrackerStore:
    return another(opened, domain)


def another(opened: list[EncryptedTrackerStore], domain: Domain) -> EncryptedTrackerStore:
    """A store as the next start of the engine opens it."""
    opened.append(EncryptedTrackerStore(domain))
    return opened[-1]


def events() -> list[Event]:
    now = time.time()
    intent = {"name": INTENT, "confidence": 0.9}
    parse = {"intent": intent, "entities": [], "judgement": {"urgency": "none", "sign": ""}}
    return [
        SessionStarted(timestamp=now),
        ActionExecuted(ACTION_LISTEN_NAME, timestamp=now + 2),
        UserUttered(SAID, intent, [], parse, timestamp=now + 3, message_id="m1"),
        SlotSet("anything", SLOT, timestamp=now + 4),
        BotUttered(ANSWERED, {"buttons": [{"title": "t", "payload": "/p"}]}, timestamp=now + 5),
    ]


def conversation(domain: Domain, of: list[Event], name: str = "c1") -> DialogueStateTracker:
    return DialogueStateTracker.from_events(name, of, domain.slots, domain=domain)


def as_dicts(tracker: DialogueStateTracker | None) -> list[dict[str, object]]:
    assert tracker is not None
    return [event.as_dict() for event in tracker.events]


def rows(folder: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(folder / SQLITE_FILE)) as database:
        return database.execute(query).fetchall()


def on_disk(folder: Path) -> bytes:
    """Everything that SQLite has written, its write-ahead log included."""
    return b"".join(file.read_bytes() for file in folder.glob(f"{SQLITE_FILE}*"))


async def test_a_conversation_comes_back_as_it_was(
    store: EncryptedTrackerStore, opened: list[EncryptedTrackerStore], domain: Domain
) -> None:
    tracker = conversation(domain, events())
    await store.save(tracker)
    assert as_dicts(await another(opened, domain).retrieve("c1")) == as_dicts(tracker)
    assert as_dicts(await store.retrieve_full_tracker("c1")) == as_dicts(tracker)


async def test_what_was_parsed_comes_back_with_its_judgement(
    store: EncryptedTrackerStore, domain: Domain
) -> None:
    await store.save(conversation(domain, events()))
    tracker = await store.retrieve("c1")
    assert tracker is not None
    assert tracker.latest_message is not None
    assert tracker.latest_message.parse_data["judgement"] == {"urgency": "none", "sign": ""}
    assert tracker.latest_message.intent_name == INTENT


async def test_saving_again_adds_only_what_is_new(
    store: EncryptedTrackerStore, domain: Domain, tmp_path: Path
) -> None:
    tracker = conversation(domain, events())
    await store.save(tracker)
    await store.save(tracker)
    assert rows(tmp_path, "SELECT count(*) FROM events") == [(5,)]
    tracker.update(BotUttered("one more", timestamp=time.time() + 6))
    await store.save(tracker)
    assert rows(tmp_path, "SELECT count(*) FROM events") == [(6,)]


async def test_conversations_are_kept_apart(store: EncryptedTrackerStore, domain: Domain) -> None:
    await store.save(conversation(domain, events(), "c1"))
    await store.save(conversation(domain, events()[:2], "c2"))
    assert len(as_dicts(await store.retrieve("c1"))) == 5
    assert len(as_dicts(await store.retrieve("c2"))) == 2
    assert await store.retrieve("c3") is None


async def test_nothing_on_disk_holds_a_word_an_intent_or_a_slots_value(
    store: EncryptedTrackerStore, domain: Domain, tmp_path: Path
) -> None:
    await store.save(conversation(domain, events()))
    content = on_disk(tmp_path)
    for word in (SAID, ANSWERED, INTENT, SLOT):
        assert word.encode() not in content, word
    # What Rasa selects by stays readable; without it this test would see nothing at all.
    assert ("user",) in rows(tmp_path, "SELECT type_name FROM events WHERE sender_id = 'c1'")


async def test_an_intents_name_is_stored_encrypted_and_other_events_have_none(
    store: EncryptedTrackerStore, domain: Domain, tmp_path: Path
) -> None:
    await store.save(conversation(domain, events()))
    stored = rows(tmp_path, "SELECT type_name, intent_name FROM events")
    assert {kind for kind, intent in stored if intent} == {"user"}


async def test_the_wrong_key_raises_instead_of_forgetting(
    store: EncryptedTrackerStore,
    opened: list[EncryptedTrackerStore],
    domain: Domain,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await store.save(conversation(domain, events()))
    for key in (f"test:{make_key()}", f"new:{make_key()}"):
        monkeypatch.setenv("DATA_KEY", key)
        with pytest.raises(DataKeyError) as raised:
            await another(opened, domain).retrieve("c1")
        assert SAID not in str(raised.value)
        assert key.partition(":")[2] not in str(raised.value)


async def test_a_value_that_was_changed_on_disk_raises(
    store: EncryptedTrackerStore,
    opened: list[EncryptedTrackerStore],
    domain: Domain,
    tmp_path: Path,
) -> None:
    await store.save(conversation(domain, events()))
    with closing(sqlite3.connect(tmp_path / SQLITE_FILE)) as database:
        database.execute("UPDATE events SET data = replace(data, 'A', 'B')")
        database.commit()
    with pytest.raises(DataKeyError):
        await another(opened, domain).retrieve("c1")


async def test_a_new_key_in_front_of_the_old_one_reads_everything(
    store: EncryptedTrackerStore,
    opened: list[EncryptedTrackerStore],
    domain: Domain,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    old = events()
    await store.save(conversation(domain, old[:3]))
    monkeypatch.setenv("DATA_KEY", f"next:{make_key()},{store_key()}")
    renewed = another(opened, domain)
    await renewed.save(conversation(domain, old))
    assert as_dicts(await renewed.retrieve("c1")) == as_dicts(conversation(domain, old))
    keys = {str(data).partition(".")[0] for (data,) in rows(tmp_path, "SELECT data FROM events")}
    assert keys == {"test", "next"}


def store_key() -> str:
    """The key of this run."""
    return read_settings().data_key


async def test_rasa_finds_the_store_by_the_name_in_endpoints(
    opened: list[EncryptedTrackerStore], domain: Domain
) -> None:
    endpoint = AvailableEndpoints.read_endpoints(str(ROOT / "endpoints.yml")).tracker_store
    made = TrackerStore.create(endpoint, domain=domain)
    wrapped = made._tracker_store if isinstance(made, FailSafeTrackerStore) else made
    assert isinstance(wrapped, EncryptedTrackerStore)
    opened.append(wrapped)


async def test_several_writers_do_not_wait_for_readers(
    store: EncryptedTrackerStore, tmp_path: Path
) -> None:
    assert rows(tmp_path, "PRAGMA journal_mode") == [("wal",)]


async def test_a_kept_conversation_is_the_one_that_another_start_reads(
    store: EncryptedTrackerStore, opened: list[EncryptedTrackerStore], domain: Domain
) -> None:
    await store.save(conversation(domain, events()))
    kept, read = await store.retrieve("c1"), await another(opened, domain).retrieve("c1")
    assert kept is not None
    assert read is not None
    assert kept == read
    assert kept.current_state() == read.current_state()
    assert kept.past_states(domain) == read.past_states(domain)


async def test_a_kept_conversation_is_not_changed_by_a_turn_that_was_not_saved(
    store: EncryptedTrackerStore, domain: Domain
) -> None:
    await store.save(conversation(domain, events()))
    tracker = await store.retrieve("c1")
    assert tracker is not None
    tracker.update(BotUttered("never saved", timestamp=time.time() + 6))
    assert len(as_dicts(await store.retrieve("c1"))) == 5


async def test_what_another_engine_added_is_read(
    store: EncryptedTrackerStore, opened: list[EncryptedTrackerStore], domain: Domain
) -> None:
    await store.save(conversation(domain, events()))
    other = another(opened, domain)
    tracker = await other.retrieve("c1")
    assert tracker is not None
    tracker.update(BotUttered("one more", timestamp=time.time() + 6))
    await other.save(tracker)
    assert as_dicts(await store.retrieve("c1")) == as_dicts(tracker)


async def test_what_was_erased_is_gone(
    store: EncryptedTrackerStore, domain: Domain, tmp_path: Path
) -> None:
    await store.save(conversation(domain, events()))
    with closing(sqlite3.connect(tmp_path / SQLITE_FILE)) as database:
        database.execute("DELETE FROM events")
        database.commit()
    assert await store.retrieve("c1") is None


async def test_a_new_session_begins_without_the_old_one(
    store: EncryptedTrackerStore, opened: list[EncryptedTrackerStore], domain: Domain
) -> None:
    old, now = events(), time.time() + 10
    await store.save(conversation(domain, old))
    again = [SessionStarted(timestamp=now), ActionExecuted(ACTION_LISTEN_NAME, timestamp=now + 1)]
    await store.save(conversation(domain, [*old, *again]))
    read = as_dicts(await another(opened, domain).retrieve("c1"))
    assert as_dicts(await store.retrieve("c1")) == read
    assert len(read) == 2
    assert len(as_dicts(await store.retrieve_full_tracker("c1"))) == 7


async def test_only_so_many_conversations_are_kept(
    store: EncryptedTrackerStore, domain: Domain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.engine.tracker_store.KEPT_CONVERSATIONS", 2)
    for number in range(4):
        await store.save(conversation(domain, events(), f"c{number}"))
    assert list(store._kept) == ["c2", "c3"]
    assert len(as_dicts(await store.retrieve("c0"))) == 5


async def test_what_was_kept_long_ago_is_dropped_with_the_next_message(
    store: EncryptedTrackerStore, domain: Domain, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.save(conversation(domain, events(), "c1"))
    monkeypatch.setattr("bot.engine.tracker_store.KEPT_FOR", 0.0)
    await store.save(conversation(domain, events(), "c2"))
    assert list(store._kept) == ["c2"]
