"""Reminders are planned for visits that have none, once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, text

from bot.clinic.visits.statuses import CANCELLED
from bot.store import bookings
from bot.store.bookings import Booked
from bot.store.changes import By
from bot.store.database import Database
from bot.store.reminders import plan_missing
from bot.store.tables import Reminder
from bot.store.visits import set_status
from tests.store.conftest import NOW, Receive
from tests.store.test_bookings import TOMORROW, new_booking, options_at

PLANNED = TOMORROW - timedelta(hours=2)
HOUR = timedelta(hours=1)

Book = Callable[..., Booked]


@pytest.fixture
def book(database: Database, receive: Receive) -> Book:
    """A visit tomorrow, without reminders, as an older version booked it."""

    def book_one(
        reminders: str = "whatsapp", status: str = "booked", remind_at: Sequence[datetime] = ()
    ) -> Booked:
        new = new_booking(receive("yes"), reminders=reminders)
        options = options_at()
        return bookings.book(database, new, options, 2, status, (), NOW, remind_at=remind_at)

    return book_one


def plan(database: Database, at: datetime = NOW) -> None:
    """Two hours before each visit."""
    plan_missing(database, lambda starts_at, now: [starts_at - 2 * HOUR], at)


def planned(database: Database) -> list[tuple[str, int, datetime]]:
    with database.work() as session:
        rows = session.scalars(select(Reminder).order_by(Reminder.due_at))
        return [(each.booking_id, each.sequence, each.due_at) for each in rows]


@pytest.mark.parametrize("status", ["booked", "pending"])
@pytest.mark.parametrize("reminders", ["whatsapp", "email", "call"])
def test_a_visit_that_an_older_version_booked_gets_its_reminders_once(
    database: Database, book: Book, reminders: str, status: str
) -> None:
    visit = book(reminders, status)
    plan(database)
    plan(database)
    assert planned(database) == [(visit.id, 0, PLANNED)]


def test_who_wants_none_gets_none(database: Database, book: Book) -> None:
    book("none")
    plan(database)
    assert planned(database) == []


def test_a_visit_that_is_past_or_was_given_back_gets_none(database: Database, book: Book) -> None:
    visit = book()
    plan(database, at=visit.starts_at)
    assert planned(database) == []
    set_status(database, visit.id, 0, CANCELLED, By("clock"), NOW)
    plan(database)
    assert planned(database) == []


def test_a_visit_that_has_reminders_keeps_them(database: Database, book: Book) -> None:
    visit = book(remind_at=[TOMORROW - 5 * HOUR])
    plan(database)
    assert planned(database) == [(visit.id, 0, TOMORROW - 5 * HOUR)]


def test_one_visit_that_cannot_be_read_keeps_nobody_from_their_reminders(
    database: Database, book: Book
) -> None:
    first, second = book(), book()
    with database.work() as session:
        session.execute(text("UPDATE bookings SET name = 'x' WHERE id = :id"), {"id": first.id})
    plan(database)
    assert {visit for visit, _, _ in planned(database)} == {first.id, second.id}
