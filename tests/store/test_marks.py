from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from bot.store.database import Database
from bot.store.marks import may_guess, note_miss
from bot.store.tables import Conversation, Mark
from tests.store.conftest import NOW, Receive

MOST = {"person": 2, "origin": 3}
HOUR = timedelta(hours=1)


def at_one_address(database: Database, *conversations: str) -> None:
    with database.work() as session:
        for each in conversations:
            session.get_one(Conversation, each).origin = "one address"


def test_asking_whether_one_may_guess_counts_nothing(database: Database, receive: Receive) -> None:
    mine = receive().conversation_id
    assert all(may_guess(database, mine, MOST, NOW) for _ in range(9))


def test_who_was_wrong_too_often_waits_until_an_hour_is_over(
    database: Database, receive: Receive
) -> None:
    mine, other = (receive(person=name).conversation_id for name in ("one", "other"))
    note_miss(database, mine, NOW)
    assert may_guess(database, mine, MOST, NOW)
    note_miss(database, mine, NOW)
    assert not may_guess(database, mine, MOST, NOW + HOUR - timedelta(seconds=1))
    assert may_guess(database, other, MOST, NOW)
    assert may_guess(database, mine, MOST, NOW + HOUR)


def test_everybody_at_one_network_address_is_counted_together(
    database: Database, receive: Receive
) -> None:
    theirs = [receive(person=f"tab {number}").conversation_id for number in range(4)]
    elsewhere = receive(person="elsewhere").conversation_id
    at_one_address(database, *theirs)
    for each in theirs[:3]:
        assert may_guess(database, theirs[3], MOST, NOW)
        note_miss(database, each, NOW)
    assert not may_guess(database, theirs[3], MOST, NOW)
    assert may_guess(database, elsewhere, MOST, NOW)


def test_what_is_older_than_an_hour_is_forgotten(database: Database, receive: Receive) -> None:
    mine = receive().conversation_id
    for at in (NOW, NOW + HOUR):
        note_miss(database, mine, at)
    with database.work() as session:
        assert session.scalar(select(func.count()).select_from(Mark)) == 1
