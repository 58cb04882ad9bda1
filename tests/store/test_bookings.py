from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.exc import IntegrityError, NoResultFound

from bot.clinic.availability import Availability, Option
from bot.clinic.references import normalised
from bot.store import bookings, messages
from bot.store.bookings import (
    Booked,
    NewBooking,
    TimeTaken,
    TooManyBookings,
    TurnIsOver,
    booking_made_by,
    day_list,
    open_bookings_of,
    upcoming,
)
from bot.store.consents import GivenConsent, has_consent
from bot.store.database import Database
from bot.store.drafts import BOOKING, CONTACT, read_draft, write_draft
from bot.store.messages import DONE, Answer, Inbound
from bot.store.tables import BookedTick, Booking, Consent, InboundMessage
from bot.store.ticks import busy
from tests.house import wait_until
from tests.store.conftest import NOW, SILENCE, Receive

# When the clinic opens, 10:00 in Mumbai.
TOMORROW = datetime(2026, 11, 24, 4, 30, tzinfo=timezone.utc)
ASHA = "+919999900001"

CLINIC: dict[str, Any] = {
    "clinic": {"zone": "Asia/Kolkata"},
    "hours": {day: ["10:00-18:00"] for day in ("monday", "tuesday", "wednesday")},
    "doctors": [
        {"id": "mehra", "visits": ["consultation"]},
        {"id": "pinto", "visits": ["consultation"]},
    ],
    "visits": {
        "consultation": {
            "minutes": 20,
            "buffer_after": 10,
            "needs": {"rooms": ["room_1", "room_2"]},
        }
    },
    "booking": {"lead_minutes": 0, "horizon_days": 60, "step_minutes": 30},
}
AVAILABILITY = Availability.from_mapping(CLINIC)


def options_at(start: datetime = TOMORROW) -> list[Option]:
    """Two doctors and two rooms: four options, of which two may be held at once."""
    return AVAILABILITY.options_at("consultation", start, {}, NOW)


def later(**span: float) -> datetime:
    return TOMORROW + timedelta(**span)


def new_booking(message: Inbound, **said: str) -> NewBooking:
    facts = {"patient_is": "self", "name": "Asha Rao", "phone": ASHA, **said}
    return NewBooking(message.conversation_id, message.id, "consultation", **facts)


Book = Callable[..., Booked]


@pytest.fixture
def book(database: Database, receive: Receive) -> Book:
    """Books; what a test does not name is the same patient's next message for tomorrow."""

    def book_one(
        message: Inbound | None = None,
        start: datetime = TOMORROW,
        options: list[Option] | None = None,
        per_patient: int = 2,
        status: str = "booked",
        consents: tuple[GivenConsent, ...] = (),
        at: datetime = NOW,
        **said: str,
    ) -> Booked:
        return bookings.book(
            database,
            new_booking(message or receive("yes"), **said),
            options_at(start) if options is None else options,
            per_patient,
            status,
            consents,
            at,
        )

    return book_one


def rows(database: Database, table: Any) -> int:
    with database.work() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


# How many wait for a lock of PostgreSQL's.
WAITING = text("SELECT count(*) FROM pg_locks WHERE NOT granted")


def ticks_of(database: Database, booked: Booked) -> set[tuple[str, int]]:
    with database.work() as session:
        found = session.execute(
            select(BookedTick.resource, BookedTick.tick).where(BookedTick.booking_id == booked.id)
        )
        return {(resource, tick) for resource, tick in found}


def set_status(database: Database, booked: Booked, status: str) -> None:
    with database.work() as session:
        session.execute(update(Booking).where(Booking.id == booked.id).values(status=status))


def test_a_booking_holds_what_the_patient_said_and_the_option(receive: Receive, book: Book) -> None:
    message = receive("yes")
    booked = book(
        message,
        patient_is="minor",
        name="Asha Rao",
        phone=ASHA,
        concern="hair fall",
        reminders="email",
        email="asha@example.org",
    )
    assert (booked.name, booked.phone, booked.concern) == ("Asha Rao", ASHA, "hair fall")
    assert (booked.patient_is, booked.reminders) == ("minor", "email")
    assert booked.email == "asha@example.org"
    assert (booked.visit, booked.status, booked.created_at) == ("consultation", "booked", NOW)
    assert (booked.starts_at, booked.ends_at) == (TOMORROW, later(minutes=20))
    assert (booked.doctor, booked.room, booked.device) == ("mehra", "room_1", "")
    assert (booked.conversation_id, booked.message_id) == (message.conversation_id, message.id)
    assert booked.sequence == 0


def test_a_booking_has_a_reference_and_a_link_that_nobody_guesses(book: Book) -> None:
    one, other = book(), book(start=later(hours=1))
    assert normalised(one.reference) == one.reference
    assert one.reference != other.reference
    assert len(one.calendar_key) >= 43
    assert one.calendar_key != other.calendar_key


def test_a_booking_is_read_back_as_it_was_given(database: Database, book: Book) -> None:
    booked = book(concern="hair fall", status="pending")
    assert upcoming(database, NOW) == [booked]
    assert booking_made_by(database, booked.message_id) == booked


def test_what_was_not_said_is_empty(book: Book) -> None:
    booked = book()
    assert (booked.concern, booked.email, booked.reminders) == ("", "", "none")


def test_the_ticks_of_the_option_are_taken(database: Database, book: Book) -> None:
    booked = book()
    assert ticks_of(database, booked) == set(options_at()[0].ticks)


def test_busy_tells_the_ticks_to_the_rules_that_offer_times(database: Database, book: Book) -> None:
    book()
    book()
    taken = busy(database, *AVAILABILITY.window(NOW), NOW)
    assert set(taken) == {"doctor:mehra", "doctor:pinto", "room:room_1", "room:room_2"}
    assert AVAILABILITY.why_not("consultation", TOMORROW, taken, NOW) == "taken"
    assert AVAILABILITY.why_not("consultation", later(minutes=30), taken, NOW) == ""


def test_busy_leaves_out_what_is_far_from_the_days_asked_for(
    database: Database, book: Book
) -> None:
    book()
    assert busy(database, later(days=-3), later(days=-2), NOW) == {}
    assert busy(database, later(days=2), later(days=3), NOW) == {}
    assert busy(database, later(hours=-1), later(hours=1), NOW) != {}


def test_the_first_free_option_is_booked(book: Book) -> None:
    book()
    second = book()
    # With doctor and room of the first booking gone, the other pair is the only one left.
    assert (second.doctor, second.room) == ("pinto", "room_2")


def test_a_failed_option_leaves_no_tick_behind(database: Database, book: Book) -> None:
    book()
    second = book()
    assert {resource for resource, _ in ticks_of(database, second)} == {
        "doctor:pinto",
        "room:room_2",
    }


def test_when_every_option_is_taken_nothing_is_booked(database: Database, book: Book) -> None:
    book()
    book()
    with pytest.raises(TimeTaken):
        book(phone="+12025550100")
    assert rows(database, Booking) == 2
    assert rows(database, BookedTick) == 2 * len(options_at()[0].ticks)


def test_without_an_option_there_is_nothing_to_book(database: Database, book: Book) -> None:
    with pytest.raises(TimeTaken):
        book(options=[])
    assert rows(database, Booking) == 0


@pytest.mark.parametrize("shared", [0, 5])
def test_one_shared_tick_is_enough_to_be_refused(
    database: Database, book: Book, shared: int
) -> None:
    option = options_at()[0]
    book(options=[option])
    alone = replace(option, ticks=(option.ticks[shared],))
    with pytest.raises(TimeTaken):
        book(options=[alone], phone="+12025550100")


def test_the_database_itself_refuses_a_tick_twice(database: Database, book: Book) -> None:
    booked = book()
    resource, tick = next(iter(ticks_of(database, booked)))
    with pytest.raises(IntegrityError), database.work() as session:
        session.execute(
            insert(BookedTick), [{"resource": resource, "tick": tick, "booking_id": booked.id}]
        )


def test_a_message_books_once(database: Database, receive: Receive, book: Book) -> None:
    message = receive("yes")
    first = book(message)
    again = book(message, start=later(hours=2), name="Somebody Else", phone="+12025550100")
    assert again == first
    assert rows(database, Booking) == 1


def test_a_message_that_comes_again_after_its_answer_gives_the_first_booking(
    database: Database, receive: Receive, book: Book
) -> None:
    message = receive("yes")
    first = book(message)
    messages.finish(database, message.id, Answer([{"text": "Booked"}]), NOW)
    assert book(message) == first


def test_a_turn_that_was_given_up_books_nothing(
    database: Database, receive: Receive, book: Book
) -> None:
    message = receive("yes")
    messages.finish(database, message.id, Answer([{"text": "Please call us"}]), NOW)
    with pytest.raises(TurnIsOver):
        book(message)
    assert rows(database, Booking) == rows(database, BookedTick) == 0


def test_a_turn_that_is_being_given_up_is_waited_for_and_books_nothing(
    database: Database, url: str, receive: Receive, book: Book
) -> None:
    message = receive("yes")
    with ThreadPoolExecutor(1) as pool:
        with database.work() as session:
            session.execute(
                update(InboundMessage).where(InboundMessage.id == message.id).values(state=DONE)
            )
            session.flush()
            booking = pool.submit(book, message)
            if url.startswith("postgresql"):
                wait_until(lambda: bool(session.scalar(WAITING)), 10, "the booking waits")
        with pytest.raises(TurnIsOver):
            booking.result(10)
    assert rows(database, Booking) == 0


def test_a_message_that_nobody_sent_books_nothing(receive: Receive, book: Book) -> None:
    with pytest.raises(NoResultFound):
        book(replace(receive(), id="none"))


def test_a_message_that_booked_nothing_made_no_booking(
    database: Database, receive: Receive
) -> None:
    assert booking_made_by(database, receive().id) is None


def test_a_booking_is_found_inside_a_unit_of_work(database: Database, book: Book) -> None:
    booked = book()
    with database.work() as session:
        assert booking_made_by(session, booked.message_id) == booked


def test_a_phone_has_as_many_open_bookings_as_allowed(database: Database, book: Book) -> None:
    book()
    book(start=later(hours=1))
    with pytest.raises(TooManyBookings):
        book(start=later(hours=2))
    assert rows(database, Booking) == 2


def test_another_phone_has_its_own_bookings(book: Book) -> None:
    book(per_patient=1)
    assert book(start=later(hours=1), per_patient=1, phone="+12025550100")


def test_who_has_too_many_bookings_takes_no_time_from_others(
    database: Database, book: Book
) -> None:
    book(per_patient=1)
    with pytest.raises(TooManyBookings):
        book(start=later(hours=1), per_patient=1)
    assert (
        AVAILABILITY.why_not(
            "consultation", later(hours=1), busy(database, NOW, later(days=1), NOW), NOW
        )
        == ""
    )


def test_a_visit_that_is_over_counts_no_more(book: Book) -> None:
    booked = book(per_patient=1)
    with pytest.raises(TooManyBookings):
        book(start=later(days=1), per_patient=1, at=booked.ends_at - timedelta(seconds=1))
    assert book(start=later(days=1), per_patient=1, at=booked.ends_at)


@pytest.mark.parametrize("status", ["cancelled", "entered-in-error", "noshow", "fulfilled"])
def test_a_visit_that_does_not_take_place_counts_no_more(
    database: Database, book: Book, status: str
) -> None:
    set_status(database, book(per_patient=1), status)
    assert book(start=later(hours=1), per_patient=1)


@pytest.mark.parametrize("status", ["pending", "arrived"])
def test_a_visit_that_waits_for_the_desk_or_has_begun_counts(
    database: Database, book: Book, status: str
) -> None:
    set_status(database, book(per_patient=1), status)
    with pytest.raises(TooManyBookings):
        book(start=later(hours=1), per_patient=1)


def test_the_place_of_a_visit_that_is_over_is_taken_again(database: Database, book: Book) -> None:
    first = book()
    book(start=later(hours=1))
    set_status(database, first, "cancelled")
    book(start=later(hours=2))
    with database.work() as session:
        places = session.scalars(select(Booking.place).order_by(Booking.starts_at)).all()
    assert places == [None, 2, 1]


def test_when_fewer_bookings_are_allowed_than_before_old_ones_count(book: Book) -> None:
    book(per_patient=3)
    book(start=later(hours=1), per_patient=3)
    with pytest.raises(TooManyBookings):
        book(start=later(hours=2), per_patient=1)


def test_a_reference_that_is_there_already_is_drawn_again(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = iter(["CDFH3479", "CDFH3479", "CDFH3479", "JKMN3479"])
    monkeypatch.setattr(bookings, "new_reference", lambda: next(drawn))
    assert book().reference == "CDFH3479"
    assert book(start=later(hours=1)).reference == "JKMN3479"


def test_who_loses_every_race_is_told_that_the_time_is_taken(
    database: Database, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bookings, "new_reference", lambda: "CDFH3479")
    book()
    with pytest.raises(TimeTaken):
        book(start=later(hours=1))
    assert rows(database, Booking) == 1


def test_consents_are_stored_with_the_booking(
    database: Database, receive: Receive, book: Book
) -> None:
    message = receive("yes")
    book(message, consents=(GivenConsent("contact", "1"), GivenConsent("reminders", "1", False)))
    assert has_consent(database, message.conversation_id, "contact", "1") is True
    assert has_consent(database, message.conversation_id, "reminders", "1") is False


def test_no_consent_is_stored_without_its_booking(database: Database, book: Book) -> None:
    with pytest.raises(TimeTaken):
        book(options=[], consents=(GivenConsent("contact", "1"),))
    with pytest.raises(ValueError, match="no purpose"):
        book(consents=(GivenConsent("contact", "1"), GivenConsent("marketing", "1")))
    assert rows(database, Consent) == rows(database, Booking) == rows(database, BookedTick) == 0


def test_a_booking_ends_its_draft_and_no_other(
    database: Database, receive: Receive, book: Book
) -> None:
    message = receive("yes")
    for kind in (BOOKING, CONTACT):
        write_draft(database, message.conversation_id, kind, {"name": "Asha"}, NOW)
    book(message)
    assert read_draft(database, message.conversation_id, BOOKING) is None
    assert read_draft(database, message.conversation_id, CONTACT) == {"name": "Asha"}


def test_a_draft_outlives_a_booking_that_failed(
    database: Database, receive: Receive, book: Book
) -> None:
    message = receive("yes")
    write_draft(database, message.conversation_id, BOOKING, {"name": "Asha"}, NOW)
    with pytest.raises(TimeTaken):
        book(message, options=[])
    assert read_draft(database, message.conversation_id, BOOKING) == {"name": "Asha"}


def test_the_desk_reads_visits_in_order_of_time(database: Database, book: Book) -> None:
    last, first = book(start=later(hours=2)), book()
    middle = book(start=later(hours=1), phone="+12025550100")
    assert upcoming(database, NOW) == [first, middle, last]


def test_a_visit_is_upcoming_until_it_ends(database: Database, book: Book) -> None:
    booked = book()
    assert upcoming(database, booked.ends_at - timedelta(seconds=1)) == [booked]
    assert upcoming(database, booked.ends_at) == []


def test_a_cancelled_visit_is_not_upcoming(database: Database, book: Book) -> None:
    set_status(database, book(), "cancelled")
    assert upcoming(database, NOW) == []


@pytest.mark.parametrize("status", ["cancelled", "noshow", "fulfilled"])
def test_the_day_list_keeps_what_is_over_for_as_long_as_its_day(
    database: Database, book: Book, status: str
) -> None:
    booked = book()
    begins, day = booked.starts_at - timedelta(hours=5), timedelta(days=1)
    assert day_list(database, begins, begins + day) == [booked]
    set_status(database, booked, status)
    [listed] = day_list(database, begins, begins + day)
    assert (listed.id, listed.status) == (booked.id, status)
    assert day_list(database, begins - day, begins) == []
    assert day_list(database, begins + day, begins + 2 * day) == []


def test_the_day_list_holds_open_visits_of_later_days_and_none_entered_by_mistake(
    database: Database, book: Book
) -> None:
    mistake, later_one = book(), book(start=later(hours=1))
    set_status(database, mistake, "entered-in-error")
    begins = mistake.starts_at - timedelta(hours=5)
    assert day_list(database, begins, begins + timedelta(days=1)) == [later_one]
    assert day_list(database, begins - timedelta(days=9), begins) == [later_one]


def test_a_person_sees_bookings_of_all_their_conversations(
    database: Database, receive: Receive, book: Book
) -> None:
    before = receive("yes")
    first = book(before)
    now = receive("hello", at=NOW + SILENCE + timedelta(seconds=1))
    second = book(now, start=later(hours=1))
    assert before.conversation_id != now.conversation_id
    assert open_bookings_of(database, now.conversation_id, NOW) == [first, second]


@pytest.mark.parametrize("other", [{"person": "other"}, {"channel": "whatsapp"}])
def test_a_person_sees_no_bookings_of_somebody_else(
    database: Database, receive: Receive, book: Book, other: dict[str, str]
) -> None:
    book(receive("yes", **other))
    assert open_bookings_of(database, receive().conversation_id, NOW) == []


@pytest.mark.parametrize("status", ["cancelled", "fulfilled", "noshow", "entered-in-error"])
def test_a_visit_that_is_not_to_come_is_no_open_booking(
    database: Database, book: Book, status: str
) -> None:
    booked = book()
    set_status(database, booked, status)
    assert open_bookings_of(database, booked.conversation_id, NOW) == []


def test_a_visit_that_is_over_is_no_open_booking(database: Database, book: Book) -> None:
    booked = book()
    assert open_bookings_of(database, booked.conversation_id, booked.ends_at) == []


def test_what_stands_in_a_traceback_of_a_booking_is_nobodys(receive: Receive, book: Book) -> None:
    new = new_booking(receive(), concern="hair fall", email="asha@example.org")
    booked = book(concern="hair fall", email="asha@example.org")
    shown = f"{new!r} {booked!r}"
    assert not re.search("Asha|99999|hair|asha@", shown)
    assert booked.reference not in shown
    assert booked.calendar_key not in shown


def test_an_error_of_the_database_tells_nothing_that_a_patient_said(
    database: Database, receive: Receive
) -> None:
    new = replace(new_booking(receive()), conversation_id="none")
    with pytest.raises(IntegrityError) as caught:
        bookings.book(database, new, options_at(), 2, "booked", (), NOW)
    assert not re.search("Asha|99999|first\\.", str(caught.value))


def test_nothing_personal_is_in_clear_on_disk(database: Database, book: Book, file: Path) -> None:
    booked = book(concern="hair fall", email="asha@example.org")
    stored = b"".join(each.read_bytes() for each in file.parent.glob("clinic.db*"))
    assert booked.id.encode() in stored
    for words in ("Asha", "99999", "hair fall", "asha@example.org", booked.reference):
        assert words.encode() not in stored
