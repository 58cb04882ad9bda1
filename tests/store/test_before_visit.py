from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from bot.encryption import DataKeyError
from bot.store import before_visit, bookings, messages
from bot.store.before_visit import (
    REQUEST,
    leave_out,
    leave_to_team,
    leave_unread_to_team,
    not_told_yet,
    read_coming,
    tell,
)
from bot.store.bookings import Booked
from bot.store.checks import FINISHED, begin_check
from bot.store.coming import Coming
from bot.store.conversations import stop_unasked
from bot.store.database import Database
from bot.store.messages import Answer
from bot.store.requests import open_requests
from bot.store.tables import Booking, OutboundMessage
from tests.store.conftest import NOW, Receive, write
from tests.store.test_bookings import new_booking, options_at

TWO_DAYS = timedelta(days=2)
PHONE = "919999900001"
UNCHANGED = '/start_suitability_check{"visit":"b","changed":"no"}'
SAID = {"text": "Your visit", "buttons": [{"title": "Nothing changed", "payload": UNCHANGED}]}

Book = Callable[..., Booked]


@pytest.fixture
def book(database: Database, receive: Receive) -> Book:
    """A visit tomorrow at 10:00, told by a patient on WhatsApp."""

    def book_one(at: datetime = NOW, **said: str) -> Booked:
        message = receive("yes", channel="whatsapp", address=PHONE, at=at)
        new = new_booking(message, reminders="whatsapp", **said)
        return bookings.book(database, new, options_at(), 2, "booked", (), at)

    return book_one


def coming(database: Database, at: datetime = NOW) -> list[Coming]:
    due = not_told_yet(database, at, TWO_DAYS)
    return [read_coming(database, each, at) for each in due]


def test_a_visit_of_the_next_two_days_is_found_with_how_to_reach_its_patient(
    database: Database, book: Book
) -> None:
    visit = book()
    [found] = coming(database)
    assert (found.visit.id, found.channel, found.address) == (visit.id, "whatsapp", PHONE)
    assert found.last_heard_at == NOW
    assert (found.wants_nothing_unasked, found.in_danger, found.has_check) == (False,) * 3


@pytest.mark.parametrize("ahead", [timedelta(hours=1), timedelta(days=-1)])
def test_a_visit_further_away_or_over_is_not(
    database: Database, book: Book, ahead: timedelta
) -> None:
    visit = book()
    at = NOW if ahead > timedelta() else visit.starts_at
    assert not_told_yet(database, at, max(ahead, timedelta(hours=1))) == []


@pytest.mark.parametrize("status", ["cancelled", "fulfilled", "noshow", "entered-in-error"])
def test_a_visit_that_is_not_to_come_is_not(database: Database, book: Book, status: str) -> None:
    visit = book()
    with database.work() as session:
        session.get_one(Booking, visit.id).status = status
    assert coming(database) == []


def test_of_a_visit_that_cannot_be_read_the_team_learns_once(
    database: Database, book: Book
) -> None:
    visit = book()
    with database.work() as session:
        session.execute(text("UPDATE bookings SET name = 'x' WHERE id = :id"), {"id": visit.id})
    assert not_told_yet(database, NOW, TWO_DAYS) == [visit.id]
    with pytest.raises(DataKeyError):
        read_coming(database, visit.id, NOW)
    assert leave_unread_to_team(database, visit.id, NOW)
    assert not leave_unread_to_team(database, visit.id, NOW)
    assert [each.kind for each in open_requests(database)] == [REQUEST]
    assert not_told_yet(database, NOW, TWO_DAYS) == []


def test_it_is_told_once(database: Database, book: Book) -> None:
    book()
    [found] = coming(database)
    assert tell(database, found, "whatsapp", PHONE, SAID, NOW)
    assert not tell(database, found, "whatsapp", PHONE, SAID, NOW)
    assert not leave_to_team(database, found, NOW)
    assert coming(database) == []
    with database.work() as session:
        assert len(session.scalars(select(OutboundMessage)).all()) == 1


def test_what_is_told_leaves_in_a_queue_of_its_own(database: Database, book: Book) -> None:
    visit = book()
    messages.finish(database, visit.message_id, Answer([{"text": "Booked"}]), NOW)
    [found] = coming(database)
    tell(database, found, "whatsapp", PHONE, SAID, NOW)
    assert [each.content["text"] for each in messages.answers_to(database, visit.message_id)] == [
        "Booked"
    ]
    assert len(messages.due(database, ["whatsapp"], NOW)) == 2


def test_its_buttons_can_be_pressed_until_the_visit_also_in_a_new_conversation(
    database: Database, book: Book, receive: Receive
) -> None:
    visit = book()
    [found] = coming(database)
    tell(database, found, "whatsapp", PHONE, SAID, NOW)
    almost = visit.starts_at - timedelta(minutes=1)
    later = receive("x", channel="whatsapp", address=PHONE, at=almost)
    assert later.conversation_id != visit.conversation_id
    assert messages.was_offered(database, later.conversation_id, UNCHANGED, almost)
    over = NOW + timedelta(days=1)
    assert not messages.was_offered(database, later.conversation_id, UNCHANGED, over)


def test_nobody_else_can_press_them(database: Database, book: Book, receive: Receive) -> None:
    book()
    [found] = coming(database)
    tell(database, found, "whatsapp", PHONE, SAID, NOW)
    other = receive("x", channel="whatsapp", person="other")
    assert not messages.was_offered(database, other.conversation_id, UNCHANGED, NOW)


def test_the_team_is_asked_with_name_and_phone(database: Database, book: Book) -> None:
    book()
    [found] = coming(database)
    assert leave_to_team(database, found, NOW)
    [request] = open_requests(database)
    assert (request.kind, request.urgency) == (REQUEST, "routine")
    assert coming(database) == []


def test_what_is_left_out_does_not_come_again(database: Database, book: Book) -> None:
    book()
    [found] = coming(database)
    leave_out(database, found, NOW)
    assert coming(database) == []


def test_a_finished_check_of_this_visit_is_known(database: Database, book: Book) -> None:
    visit = book()
    check = begin_check(database, visit.conversation_id, visit.id, {}, NOW)
    assert [each.has_check for each in coming(database)] == [False]
    write(database, check, {}, FINISHED, NOW)
    assert [each.has_check for each in coming(database)] == [True]


def test_a_wish_to_hear_nothing_and_a_danger_of_the_last_day_are_known(
    database: Database, book: Book, receive: Receive
) -> None:
    visit = book()
    stop_unasked(database, visit.conversation_id, NOW)
    danger = receive("help", channel="whatsapp", address=PHONE)
    messages.finish(database, danger.id, Answer([{"text": "112"}], urgency="emergency"), NOW)
    [found] = coming(database)
    assert found.wants_nothing_unasked
    assert found.in_danger


def test_two_fronts_that_look_at_once_tell_it_once(database: Database, book: Book) -> None:
    book()
    first, second = coming(database), coming(database)
    told: list[Any] = [
        before_visit.tell(database, each[0], "whatsapp", PHONE, SAID, NOW)
        for each in (first, second)
    ]
    assert told == [True, False]


def test_after_a_crash_what_may_have_left_is_not_sent_again_but_looked_at(
    database: Database, book: Book
) -> None:
    visit = book()
    messages.finish(database, visit.message_id, Answer([{"text": "Booked"}]), NOW)
    [found] = coming(database)
    tell(database, found, "whatsapp", PHONE, SAID, NOW)
    answer, unasked = waiting(database)
    for each in (answer, unasked):
        assert messages.claim(database, each)
    messages.release_all(database)
    assert waiting(database) == [answer]
    assert [each.kind for each in open_requests(database)] == ["not_delivered"]


def test_after_a_crash_what_had_not_left_is_sent(database: Database, book: Book) -> None:
    book()
    [found] = coming(database)
    tell(database, found, "whatsapp", PHONE, SAID, NOW)
    messages.release_all(database)
    assert len(waiting(database)) == 1
    assert open_requests(database) == []


def waiting(database: Database) -> list[str]:
    """What waits to be sent on WhatsApp, answers first."""
    whose = sorted(each for _, each in messages.due(database, ["whatsapp"], NOW))
    return [one.id for each in whose for one in messages.unsent(database, "whatsapp", each)]
