from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from bot.clinic.visits.statuses import OPEN, STATUSES, may_become
from bot.store import bookings, visits
from bot.store.bookings import Booked, TimeTaken, TooManyBookings, TurnIsOver, booking_with
from bot.store.changes import CLOCK, PATIENT, STAFF, By, history_of
from bot.store.database import Database
from bot.store.drafts import VISIT, read_draft, write_draft
from bot.store.due_reminders import fallen_due, read_due
from bot.store.messages import DONE, Inbound
from bot.store.tables import BookedTick, Booking, BookingChange, InboundMessage, OutboundMessage
from bot.store.ticks import busy
from bot.store.visits import NotAllowed, VisitChanged, visit_changed_by
from tests.store.conftest import NOW, Receive
from tests.store.test_bookings import (
    ASHA,
    AVAILABILITY,
    TOMORROW,
    Book,
    book,  # noqa: F401 - a fixture
    later,
    options_at,
    set_status,
    ticks_of,
)

# pytest finds `book` by its name, so each test that takes it hides the import.
# ruff: noqa: F811

STAFF_USER = By(STAFF, staff_user="reception")
Move = Callable[..., Booked]
AN_HOUR_LATER = later(hours=1)


@pytest.fixture
def move(database: Database, receive: Receive) -> Move:
    """Moves a visit by the patient's next message; what a test does not name is one hour later."""

    def move_one(
        booked: Booked,
        message: Inbound | None = None,
        start: datetime = AN_HOUR_LATER,
        by: By | None = None,
        at: datetime = NOW,
        **more: Any,
    ) -> Booked:
        who = by or By(PATIENT, (message or receive("yes")).id, policy="v1")
        options = more.pop("options", options_at(start))
        status = more.pop("status", "booked")
        sequence = more.pop("sequence", booked.sequence)
        return visits.move_visit(database, booked.id, sequence, options, status, who, at, **more)

    return move_one


def changes(database: Database) -> int:
    with database.work() as session:
        return session.scalar(select(func.count()).select_from(BookingChange)) or 0


def taken(database: Database) -> dict[str, set[int]]:
    return busy(database, *AVAILABILITY.window(NOW), NOW)


def test_a_moved_visit_has_its_new_time_and_keeps_everything_else(
    database: Database, book: Book, move: Move
) -> None:
    booked = book()
    moved = move(booked, at=NOW + timedelta(minutes=1))
    assert (moved.starts_at, moved.ends_at) == (later(hours=1), later(hours=1, minutes=20))
    kept = ("id", "reference", "calendar_key", "name", "phone", "created_at", "message_id")
    assert [getattr(moved, each) for each in kept] == [getattr(booked, each) for each in kept]
    assert (moved.sequence, moved.updated_at) == (1, NOW + timedelta(minutes=1))
    assert ticks_of(database, moved) == set(options_at(later(hours=1))[0].ticks)
    assert booking_with(database, booked.id) == moved


def test_the_old_time_is_free_at_once(database: Database, book: Book, move: Move) -> None:
    one = options_at()[:1]
    booked = book(options=one)
    move(booked)
    assert book(options=one, phone="+919999900002").starts_at == TOMORROW


def test_a_visit_may_move_by_less_than_its_own_length(book: Book, move: Move) -> None:
    one = options_at()[:1]
    ticks = tuple((resource, tick + 1) for resource, tick in one[0].ticks)
    shifted = [
        type(one[0])(
            later(minutes=5), later(minutes=25), one[0].doctor, one[0].room, one[0].device, ticks
        )
    ]
    moved = move(book(options=one), options=shifted)
    assert moved.starts_at == later(minutes=5)


def test_a_time_that_is_taken_moves_nothing(database: Database, book: Book, move: Move) -> None:
    there = options_at(later(hours=1))[:1]
    book(options=there, phone="+919999900002")
    booked = book()
    before = ticks_of(database, booked)
    with pytest.raises(TimeTaken):
        move(booked, options=there)
    assert booking_with(database, booked.id) == booked
    assert ticks_of(database, booked) == before


def test_a_message_that_comes_twice_moves_once(
    database: Database, receive: Receive, book: Book, move: Move
) -> None:
    booked, yes = book(), receive("yes")
    first = move(booked, yes)
    again = move(booked, yes, start=later(hours=3))
    assert again == first
    assert changes(database) == 2
    assert visit_changed_by(database, yes.id) == first


def test_a_message_that_was_answered_already_moves_nothing(
    database: Database, receive: Receive, book: Book, move: Move
) -> None:
    booked, yes = book(), receive("yes")
    with database.work() as session:
        session.execute(
            update(InboundMessage).where(InboundMessage.id == yes.id).values(state=DONE)
        )
    with pytest.raises(TurnIsOver):
        move(booked, yes)
    assert visit_changed_by(database, yes.id) is None


def test_who_decided_on_an_old_state_is_told_so(book: Book, move: Move) -> None:
    booked = book()
    move(booked)
    with pytest.raises(VisitChanged):
        move(booked, start=later(hours=3))


def test_of_two_who_change_it_at_once_one_does(database: Database, book: Book, move: Move) -> None:
    booked = book()

    def attempt(hours: int) -> str:
        try:
            move(booked, by=STAFF_USER, start=later(hours=hours))
        except VisitChanged:
            return "changed"
        return "moved"

    with ThreadPoolExecutor(4) as threads:
        ended = list(threads.map(attempt, (1, 2, 3, 4)))
    assert sorted(ended) == ["changed", "changed", "changed", "moved"]
    assert changes(database) == 2


def test_two_who_swap_their_times_at_once_never_overlap(
    database: Database, book: Book, move: Move
) -> None:
    here, there = options_at()[:1], options_at(later(hours=1))[:1]
    for _ in range(5):
        mine, yours = book(options=here, phone="a"), book(options=there, phone="b")

        def attempt(pair: tuple[Booked, list[Any]]) -> Booked | None:
            try:
                return move(pair[0], by=STAFF_USER, options=pair[1])
            except TimeTaken:
                return None

        with ThreadPoolExecutor(2) as threads:
            list(threads.map(attempt, ((mine, there), (yours, here))))
        ticks = [ticks_of(database, each) for each in (mine, yours)]
        assert not ticks[0] & ticks[1]
        assert all(len(each) == len(here[0].ticks) for each in ticks)
        for each in (mine, yours):
            now = booking_with(database, each.id)
            assert now is not None
            visits.set_status(database, each.id, now.sequence, "cancelled", STAFF_USER, NOW)


def test_a_cancelled_visit_frees_its_time_and_its_place_of_the_phone(
    database: Database, receive: Receive, book: Book
) -> None:
    booked = book(per_patient=1)
    with pytest.raises(TooManyBookings):
        book(per_patient=1, start=later(hours=1))
    by = By(PATIENT, receive("yes").id)
    cancelled = visits.set_status(database, booked.id, 0, "cancelled", by, NOW)
    assert (cancelled.status, cancelled.sequence) == ("cancelled", 1)
    assert taken(database) == {}
    assert book(per_patient=1).reference != booked.reference


def test_a_cancelled_visit_is_cancelled_for_good(
    database: Database, book: Book, move: Move
) -> None:
    booked = book()
    gone = visits.set_status(database, booked.id, 0, "cancelled", STAFF_USER, NOW)
    with pytest.raises(NotAllowed):
        visits.set_status(database, booked.id, gone.sequence, "booked", STAFF_USER, NOW)
    with pytest.raises(NotAllowed):
        move(gone)


@pytest.mark.parametrize("status", [each for each in STATUSES if each in (*OPEN, "noshow")])
def test_a_visit_becomes_only_what_its_status_allows(
    database: Database, book: Book, status: str
) -> None:
    for other in STATUSES:
        booked = book(phone=f"{status} {other}", start=later(hours=2))
        set_status(database, booked, status)
        if may_become(status, other):
            after = visits.set_status(database, booked.id, 0, other, STAFF_USER, NOW)
            assert after.status == other
        else:
            with pytest.raises(NotAllowed):
                visits.set_status(database, booked.id, 0, other, STAFF_USER, NOW)
        with database.work() as session:
            for table in (BookedTick, BookingChange, OutboundMessage):
                session.query(table).delete()
            session.query(Booking).delete()


def test_the_history_says_who_changed_what_and_grows_only(
    database: Database, receive: Receive, book: Book, move: Move
) -> None:
    yes = receive("yes")
    booked = book(status="pending")
    confirmed = visits.set_status(database, booked.id, 0, "booked", STAFF_USER, later(hours=-5))
    moved = move(confirmed, yes, at=later(hours=-4))
    visits.set_status(database, moved.id, moved.sequence, "noshow", By(CLOCK), later(hours=2))
    lines = history_of(database, booked.id)
    assert [
        (each.by, each.staff_user, each.status_before, each.status_after) for each in lines
    ] == [
        ("patient", "", "", "pending"),
        ("staff", "reception", "pending", "booked"),
        ("patient", "", "booked", "booked"),
        ("clock", "", "booked", "noshow"),
    ]
    assert [each.starts_after for each in lines] == [TOMORROW, TOMORROW, *[later(hours=1)] * 2]
    assert [each.starts_before for each in lines] == [None, TOMORROW, TOMORROW, later(hours=1)]
    assert [each.policy for each in lines] == ["", "", "v1", ""]


def test_a_visit_is_confirmed_once_and_asked_anew_when_it_moves(
    database: Database, receive: Receive, book: Book, move: Move
) -> None:
    booked, yes = book(), receive("confirm")
    first = visits.confirm_visit(database, booked.id, 0, yes.id, NOW)
    assert (first.confirmed_at, first.sequence) == (NOW, 0)
    assert visits.confirm_visit(database, booked.id, 0, yes.id, later(hours=1)) == first
    assert move(first).confirmed_at is None


def test_nobody_confirms_a_visit_that_was_changed_or_is_not_there(
    database: Database, receive: Receive, book: Book, move: Move
) -> None:
    booked = book()
    move(booked)
    for visit_id in (booked.id, "nobody's"):
        with pytest.raises(VisitChanged):
            visits.confirm_visit(database, visit_id, 0, receive("confirm").id, NOW)


def test_what_the_patient_began_is_done_with_the_change(
    database: Database, receive: Receive, book: Book, move: Move
) -> None:
    yes = receive("yes")
    booked = book()
    write_draft(database, yes.conversation_id, VISIT, {"act": "move"}, NOW)
    move(booked, yes)
    assert read_draft(database, yes.conversation_id, VISIT) is None


def test_who_wants_e_mail_gets_the_change_by_e_mail(
    database: Database, book: Book, move: Move
) -> None:
    booked = book(reminders="email", email="asha@example.org")
    move(booked, mails=True)
    with database.work() as session:
        queued = session.scalars(select(OutboundMessage)).all()
        assert [(each.channel, each.address) for each in queued] == [("email", "asha@example.org")]


@pytest.mark.parametrize("before", ["pending", "arrived"])
def test_a_visit_that_becomes_booked_is_reminded_of(
    database: Database, book: Book, before: str
) -> None:
    booked = book()
    set_status(database, booked, before)
    soon = NOW + timedelta(hours=4)
    again = visits.set_status(
        database, booked.id, 0, "booked", STAFF_USER, NOW, remind_at=[soon, later(hours=-2)]
    )
    [fallen] = fallen_due(database, soon)
    assert (fallen.visit_id, fallen.sequence) == (booked.id, again.sequence)
    assert read_due(database, fallen, soon).has_later


def test_who_has_arrived_is_planned_no_reminder(database: Database, book: Book) -> None:
    booked = book()
    soon = NOW + timedelta(hours=4)
    visits.set_status(database, booked.id, 0, "arrived", STAFF_USER, NOW, remind_at=[soon])
    assert fallen_due(database, soon) == []


# Whose visits


def test_a_visit_is_found_by_reference_and_phone_together(database: Database, book: Book) -> None:
    booked = book()
    assert bookings.booking_named(database, booked.reference, ASHA, NOW) == booked
    other = "C" * 8 if booked.reference != "C" * 8 else "D" * 8
    assert bookings.booking_named(database, other, ASHA, NOW) is None
    assert bookings.booking_named(database, booked.reference, "+919999900002", NOW) is None


def test_a_visit_that_is_over_or_cancelled_is_not_found(database: Database, book: Book) -> None:
    booked = book()
    assert bookings.booking_named(database, booked.reference, ASHA, later(hours=1)) is None
    visits.set_status(database, booked.id, 0, "cancelled", STAFF_USER, NOW)
    assert bookings.booking_named(database, booked.reference, ASHA, NOW) is None


def test_a_number_typed_elsewhere_shows_nothing_until_its_owner_said_that_it_is_theirs(
    database: Database, receive: Receive, book: Book
) -> None:
    booked = book()
    on_whatsapp = receive(person="another", channel="whatsapp").conversation_id
    assert bookings.open_bookings_of(database, on_whatsapp, NOW, ASHA) == []
    with database.work() as session:
        session.get_one(Booking, booked.id).number_is_theirs = True
    assert bookings.open_bookings_of(database, on_whatsapp, NOW, ASHA) == [booked]
    assert bookings.open_bookings_of(database, on_whatsapp, NOW) == []


def test_the_last_visit_that_was_not_cancelled_gives_the_usual_time(
    database: Database, receive: Receive, book: Book
) -> None:
    mine = receive("hello").conversation_id
    assert bookings.last_start_of(database, mine) is None
    book()
    gone = book(start=later(hours=2), at=NOW + timedelta(minutes=1))
    assert bookings.last_start_of(database, mine) == later(hours=2)
    visits.set_status(database, gone.id, 0, "cancelled", STAFF_USER, NOW)
    assert bookings.last_start_of(database, mine) == TOMORROW


def test_who_came_after_all_counts_again_among_the_open_bookings_of_the_phone(
    database: Database, book: Book
) -> None:
    booked, other = book(), book(start=later(hours=1))
    missed = visits.set_status(database, booked.id, 0, "noshow", STAFF_USER, NOW)
    third = book(start=later(hours=2))
    visits.set_status(database, missed.id, missed.sequence, "arrived", STAFF_USER, NOW)
    visits.set_status(database, third.id, 0, "cancelled", STAFF_USER, NOW)
    with pytest.raises(TooManyBookings):
        book(start=later(hours=3))
    visits.set_status(database, other.id, 0, "cancelled", STAFF_USER, NOW)
    assert book(start=later(hours=3)).starts_at == later(hours=3)
