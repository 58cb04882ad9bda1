from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from bot.store.database import Database
from bot.store.drafts import BOOKING, CONTACT, drop_draft, read_draft, write_draft
from bot.store.tables import Draft
from tests.store.conftest import NOW, Receive

ASHA = {"name": "Asha Rao", "day": "2026-11-24", "unclear": ["10:00", "17:00"], "heard": None}


def test_a_draft_comes_back_as_it_was_written(database: Database, receive: Receive) -> None:
    conversation = receive().conversation_id
    write_draft(database, conversation, BOOKING, ASHA, NOW)
    assert read_draft(database, conversation, BOOKING) == ASHA


def test_a_draft_that_nobody_wrote_is_none(database: Database, receive: Receive) -> None:
    assert read_draft(database, receive().conversation_id, BOOKING) is None


def test_the_last_draft_stands(database: Database, receive: Receive) -> None:
    conversation = receive().conversation_id
    write_draft(database, conversation, BOOKING, ASHA, NOW)
    write_draft(database, conversation, BOOKING, {"name": "Ravi"}, NOW + timedelta(minutes=1))
    assert read_draft(database, conversation, BOOKING) == {"name": "Ravi"}
    with database.work() as session:
        assert session.scalars(select(Draft.updated_at)).all() == [NOW + timedelta(minutes=1)]


def test_each_kind_and_each_conversation_has_its_own(database: Database, receive: Receive) -> None:
    one, other = receive(person="one").conversation_id, receive(person="other").conversation_id
    write_draft(database, one, BOOKING, {"is": 1}, NOW)
    write_draft(database, one, CONTACT, {"is": 2}, NOW)
    write_draft(database, other, BOOKING, {"is": 3}, NOW)
    assert read_draft(database, one, BOOKING) == {"is": 1}
    assert read_draft(database, one, CONTACT) == {"is": 2}
    assert read_draft(database, other, BOOKING) == {"is": 3}


def test_a_dropped_draft_is_gone_and_the_others_stay(database: Database, receive: Receive) -> None:
    conversation = receive().conversation_id
    write_draft(database, conversation, BOOKING, ASHA, NOW)
    write_draft(database, conversation, CONTACT, ASHA, NOW)
    drop_draft(database, conversation, BOOKING)
    assert read_draft(database, conversation, BOOKING) is None
    assert read_draft(database, conversation, CONTACT) == ASHA


def test_a_draft_that_is_not_there_may_be_dropped(database: Database, receive: Receive) -> None:
    drop_draft(database, receive().conversation_id, BOOKING)


def test_a_draft_of_no_conversation_is_refused(database: Database) -> None:
    with pytest.raises(IntegrityError):
        write_draft(database, "none", BOOKING, ASHA, NOW)


def test_a_draft_keeps_every_script(database: Database, receive: Receive) -> None:
    conversation = receive().conversation_id
    write_draft(database, conversation, BOOKING, {"name": "आशा राव"}, NOW)
    assert read_draft(database, conversation, BOOKING) == {"name": "आशा राव"}


def test_a_draft_is_not_in_clear_on_disk(database: Database, receive: Receive, file: Path) -> None:
    write_draft(database, receive().conversation_id, BOOKING, ASHA, NOW)
    stored = b"".join(each.read_bytes() for each in file.parent.glob("clinic.db*"))
    assert b"booking" in stored
    assert b"Asha" not in stored
