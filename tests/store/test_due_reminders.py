"""Reminders that are due: with all that decides, and dealt with once."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from bot.clinic.visits.statuses import CANCELLED
from bot.encryption import DataKeyError
from bot.store import bookings, messages
from bot.store.bookings import Booked
from bot.store.changes import By
from bot.store.conversations import stop_unasked
from bot.store.database import Database
from bot.store.due_reminders import (
    LEFT_OUT,
    REQUEST,
    SENT,
    Due,
    fallen_due,
    leave_out,
    leave_to_team,
    leave_unread_to_team,
    read_due,
    remind,
)
from bot.store.messages import Answer
from bot.store.requests import close_request, open_requests, open_requests_in_full
from bot.store.tables import OutboundMessage, Reminder
from bot.store.visits import move_visit, set_status
from tests.store.conftest import NOW, Receive
from tests.store.test_bookings import TOMORROW, new_booking, options_at

PHONE = "919999900001"
CONFIRM = '/check_consultation{"visit":"b","act":"confirm"}'
SAID = {"text": "Reminder", "buttons": [{"title": "Confirm", "payload": CONFIRM}]}
STAFF = By("staff", staff_user="desk")
SOON, LATE = NOW + timedelta(hours=4), TOMORROW - timedelta(hours=2)

Book = Callable[..., Booked]


@pytest.fixture
def book(database: Database, receive: Receive) -> Book:
    """A visit tomorrow at 10:00, with reminders in 4 hours and 2 hours before it."""

    def book_one(remind_at: Sequence[datetime] = (SOON, LATE), **said: str) -> Booked:
        message = receive("yes", channel="whatsapp", address=PHONE)
        new = new_booking(message, **{"reminders": "whatsapp", **said})
        return bookings.book(database, new, options_at(), 2, "booked", (), NOW, remind_at=remind_at)

    return book_one


def outcomes(database: Database) -> list[tuple[datetime, str | None]]:
    with database.work() as session:
        rows = session.scalars(select(Reminder).order_by(Reminder.due_at))
        return [(each.due_at, each.outcome) for each in rows]


def due_reminders(database: Database, at: datetime) -> list[Due]:
    return [read_due(database, each, at) for each in fallen_due(database, at)]


def only(database: Database, at: datetime) -> Due:
    [due] = due_reminders(database, at)
    return due


def put_out(database: Database) -> list[OutboundMessage]:
    with database.work() as session:
        return list(session.scalars(select(OutboundMessage).order_by(OutboundMessage.position)))


def test_nothing_is_due_before_its_time(database: Database, book: Book) -> None:
    book()
    assert due_reminders(database, SOON - timedelta(seconds=1)) == []


def test_what_is_due_comes_with_how_to_reach_the_patient(database: Database, book: Book) -> None:
    visit = book()
    due = only(database, SOON)
    assert (due.coming.visit.id, due.fallen.sequence, due.fallen.due_at) == (visit.id, 0, SOON)
    assert (due.coming.channel, due.coming.address) == ("whatsapp", PHONE)
    assert (due.has_later, due.team_knows) == (True, False)


def test_of_one_visit_the_latest_is_said_and_the_earlier_are_one_with_it(
    database: Database, book: Book
) -> None:
    book()
    due = only(database, LATE)
    assert (due.fallen.due_at, due.has_later) == (LATE, False)
    assert remind(database, due, "whatsapp", PHONE, SAID, LATE)
    assert outcomes(database) == [(SOON, LEFT_OUT), (LATE, SENT)]
    assert len(put_out(database)) == 1
    assert due_reminders(database, LATE) == []


def test_the_first_leaves_the_later_one_to_come(database: Database, book: Book) -> None:
    book()
    remind(database, only(database, SOON), "whatsapp", PHONE, SAID, SOON)
    assert outcomes(database) == [(SOON, SENT), (LATE, None)]
    assert only(database, LATE).fallen.due_at == LATE


def test_two_fronts_that_look_at_once_remind_once(database: Database, book: Book) -> None:
    book()
    first, second = only(database, SOON), only(database, SOON)
    assert remind(database, first, "whatsapp", PHONE, SAID, SOON)
    assert not remind(database, second, "whatsapp", PHONE, SAID, SOON)
    assert not leave_to_team(database, second, SOON)
    assert len(put_out(database)) == 1
    assert open_requests(database) == []


def test_what_is_put_out_says_that_nobody_asked_for_it_and_what_it_is_about(
    database: Database, book: Book
) -> None:
    visit = book()
    remind(database, only(database, SOON), "whatsapp", PHONE, SAID, SOON)
    [row] = put_out(database)
    content = json.loads(row.content)
    assert (row.unasked, row.channel, row.address) == (True, "whatsapp", PHONE)
    about = {"visit": visit.id, "sequence": 0, "instead": REQUEST}
    assert content == {**SAID, **about}


def test_its_buttons_can_be_pressed_until_the_visit(
    database: Database, book: Book, receive: Receive
) -> None:
    visit = book()
    remind(database, only(database, SOON), "whatsapp", PHONE, SAID, SOON)
    at = visit.starts_at - timedelta(minutes=1)
    later = receive("x", channel="whatsapp", address=PHONE, at=at)
    assert messages.was_offered(database, later.conversation_id, CONFIRM, at)


def test_the_team_is_asked_to_call_and_remembered(database: Database, book: Book) -> None:
    book()
    assert leave_to_team(database, only(database, SOON), SOON)
    [request] = open_requests_in_full(database, 10)
    assert (request.kind, request.urgency) == (REQUEST, "routine")
    assert request.details == {"phone": f"+{PHONE}", "name": "Asha Rao"}
    assert only(database, LATE).team_knows


def test_of_a_visit_that_moved_the_team_is_asked_again(database: Database, book: Book) -> None:
    visit = book()
    leave_to_team(database, only(database, SOON), SOON)
    [request] = open_requests(database)
    close_request(database, request.id, SOON)
    start = TOMORROW + timedelta(hours=5)
    moved = options_at(start)
    again = start - timedelta(hours=2)
    move_visit(database, visit.id, 0, moved, "booked", STAFF, SOON, remind_at=[again])
    due = only(database, again)
    assert not due.team_knows
    leave_to_team(database, due, again)
    [request] = open_requests(database)
    assert (request.kind, request.created_at) == (REQUEST, again)


def test_what_is_left_out_does_not_come_again(database: Database, book: Book) -> None:
    book()
    leave_out(database, only(database, LATE), LATE)
    assert due_reminders(database, LATE) == []
    assert [outcome for _, outcome in outcomes(database)] == [LEFT_OUT, LEFT_OUT]


def test_of_a_visit_that_cannot_be_read_the_team_learns_once(
    database: Database, book: Book
) -> None:
    visit = book()
    with database.work() as session:
        session.execute(text("UPDATE bookings SET name = 'x' WHERE id = :id"), {"id": visit.id})
    [fallen] = fallen_due(database, SOON)
    with pytest.raises(DataKeyError):
        read_due(database, fallen, SOON)
    assert leave_unread_to_team(database, fallen, SOON)
    assert not leave_unread_to_team(database, fallen, SOON)
    assert [each.kind for each in open_requests(database)] == [REQUEST]
    assert fallen_due(database, SOON) == []


def test_a_cancelled_visit_has_no_reminders(database: Database, book: Book) -> None:
    visit = book()
    due = only(database, SOON)
    set_status(database, visit.id, 0, CANCELLED, STAFF, SOON)
    assert due_reminders(database, LATE) == []
    assert not remind(database, due, "whatsapp", PHONE, SAID, SOON)


def test_a_moved_visit_has_those_of_its_new_time(database: Database, book: Book) -> None:
    visit = book()
    due = only(database, SOON)
    new = NOW + timedelta(hours=9)
    start = TOMORROW + timedelta(hours=5)
    move_visit(database, visit.id, 0, options_at(start), "booked", STAFF, NOW, remind_at=[new])
    assert not remind(database, due, "whatsapp", PHONE, SAID, SOON)
    assert due_reminders(database, SOON) == []
    found = only(database, new)
    assert (found.fallen.sequence, found.coming.visit.starts_at) == (1, start)


def test_a_wish_to_hear_nothing_and_a_danger_of_the_last_day_are_known(
    database: Database, book: Book, receive: Receive
) -> None:
    visit = book()
    stop_unasked(database, visit.conversation_id, NOW)
    danger = receive("help", channel="whatsapp", address=PHONE)
    messages.finish(database, danger.id, Answer([{"text": "112"}], urgency="emergency"), NOW)
    coming = only(database, SOON).coming
    assert (coming.wants_nothing_unasked, coming.in_danger) == (True, True)


def test_visits_come_in_the_order_in_which_they_fell_due(
    database: Database, book: Book, receive: Receive
) -> None:
    second = book([SOON + timedelta(minutes=1)])
    first = book([SOON])
    found = due_reminders(database, LATE)
    assert [each.coming.visit.id for each in found] == [first.id, second.id]


def test_a_crash_between_claim_and_outbox_leaves_it_to_come(
    database: Database, book: Book, monkeypatch: Any
) -> None:
    book()

    def fails(*_: Any, **__: Any) -> None:
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr("bot.store.due_reminders.say_unasked", fails)
        with pytest.raises(RuntimeError):
            remind(database, only(database, SOON), "whatsapp", PHONE, SAID, SOON)
    assert remind(database, only(database, SOON), "whatsapp", PHONE, SAID, SOON)


def test_what_may_have_left_before_a_crash_is_not_sent_again_on_any_way(
    database: Database, book: Book
) -> None:
    book(reminders="email", email="asha@example.org")
    remind(database, only(database, SOON), "email", "asha@example.org", {"letter": {}}, SOON)
    [row] = put_out(database)
    assert messages.claim(database, row.id)
    messages.release_all(database)
    assert [each.state for each in put_out(database)] == ["failed"]
    assert [each.kind for each in open_requests(database)] == ["not_delivered"]
