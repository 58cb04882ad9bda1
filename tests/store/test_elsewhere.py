"""What goes another way than its conversation, and what staff are told of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.store import bookings, messages
from bot.store.bookings import Booked, TimeTaken, booking_with
from bot.store.database import Database
from bot.store.messages import EMAIL, Answer, Inbound
from bot.store.requests import (
    Waiting,
    add_request,
    close_request,
    note_told,
    open_requests_in_full,
    waiting_requests,
)
from bot.store.tables import OutboundMessage
from tests.store.conftest import NOW, Receive
from tests.store.test_bookings import new_booking, options_at
from tests.store.test_database import stored

ADDRESS = "asha@patient.example"
WANTED = {"reminders": "email", "email": ADDRESS}

Book = Callable[..., Booked]


@pytest.fixture
def book(database: Database) -> Book:
    """Books with what the patient said, where the clinic can send e-mail."""

    def book_one(message: Inbound, *, mails: bool = True, **said: str) -> Booked:
        return bookings.book(
            database,
            new_booking(message, **said),
            options_at(),
            2,
            "booked",
            (),
            NOW,
            mails=mails,
        )

    return book_one


def mails(database: Database) -> list[messages.Outbound]:
    """What waits to be sent by e-mail, over everybody."""
    return [
        outbound
        for whose in messages.due(database, [EMAIL], NOW)
        for outbound in messages.unsent(database, *whose)
    ]


def positions(database: Database) -> list[int]:
    with database.work() as session:
        return list(session.scalars(select(OutboundMessage.position).order_by("position")))


def test_a_booking_with_an_address_queues_one_confirmation(
    database: Database, receive: Receive, book: Book
) -> None:
    booked = book(receive("yes"), **WANTED)
    [mail] = mails(database)
    assert (mail.channel, mail.address) == (EMAIL, ADDRESS)
    assert mail.content == {"booking": booked.id}


@pytest.mark.parametrize(
    "said",
    [
        {"reminders": "email"},
        {"reminders": "whatsapp", "email": ADDRESS},
        {"reminders": "none", "email": ADDRESS},
    ],
)
def test_who_did_not_ask_for_email_gets_none(
    database: Database, receive: Receive, book: Book, said: dict[str, str]
) -> None:
    book(receive("yes"), **said)
    assert positions(database) == []


def test_where_the_clinic_sends_no_email_none_is_queued(
    database: Database, receive: Receive, book: Book
) -> None:
    book(receive("yes"), mails=False, **WANTED)
    assert positions(database) == []


def test_a_yes_that_comes_twice_queues_one_confirmation(
    database: Database, receive: Receive, book: Book
) -> None:
    message = receive("yes")
    book(message, **WANTED)
    book(message, **WANTED)
    assert len(mails(database)) == 1


def test_a_booking_that_is_refused_queues_nothing(
    database: Database, receive: Receive, book: Book
) -> None:
    for phone in ("+919999900002", "+919999900003"):
        book(receive("yes"), phone=phone)
    with pytest.raises(TimeTaken):
        book(receive("yes"), **WANTED)
    assert mails(database) == []


def test_a_confirmation_is_no_answer_to_the_patients_message(
    database: Database, receive: Receive, book: Book
) -> None:
    message = receive("yes")
    book(message, **WANTED)
    assert messages.answers_to(database, message.id) == []
    answered = messages.finish(
        database, message.id, Answer([{"text": "one"}, {"text": "two"}], request_kind="x"), NOW
    )
    assert [each.content["text"] for each in answered] == ["one", "two"]
    [request] = open_requests_in_full(database, most=1)
    assert [each["text"] for each in request.about.answers] == ["one", "two"]
    assert positions(database) == [0, 1, 1000]


def test_a_second_message_that_goes_elsewhere_has_a_place_of_its_own(
    database: Database, receive: Receive
) -> None:
    message = receive()
    for number in range(2):
        with database.work() as session:
            content = {"booking": str(number)}
            messages.queue_elsewhere(session, message.id, EMAIL, ADDRESS, content, NOW)
    assert [each.content["booking"] for each in mails(database)] == ["0", "1"]


def test_the_conversations_own_channel_does_not_send_it(
    database: Database, receive: Receive, book: Book
) -> None:
    message = receive("yes")
    book(message, **WANTED)
    messages.finish(database, message.id, Answer([{"text": "booked"}]), NOW)
    assert messages.due(database, ["website"], NOW) == [("website", "person")]
    [answer] = messages.unsent(database, "website", "person")
    assert (answer.content, answer.address) == ({"text": "booked"}, None)


def test_it_waits_in_a_queue_of_its_own(database: Database, receive: Receive, book: Book) -> None:
    book(receive("yes"), **WANTED)
    [(channel, whose)] = messages.due(database, [EMAIL, "website"], NOW)
    assert channel == EMAIL
    assert whose != "person"
    [mail] = mails(database)
    assert mail.person == whose


def test_a_dead_connection_sends_no_email_again(
    database: Database, receive: Receive, book: Book
) -> None:
    book(receive("yes"), **WANTED)
    [mail] = mails(database)
    messages.claim(database, mail.id)
    messages.release(database, mail.id, NOW)
    messages.queue_again(database, "website", "person", NOW - timedelta(minutes=1))
    assert mails(database) == []


def test_an_address_is_not_in_clear_on_disk(
    database: Database, receive: Receive, book: Book, file: Path
) -> None:
    book(receive("yes"), **WANTED)
    assert ADDRESS.encode() not in stored(file)


def test_a_booking_is_found_by_its_id(database: Database, receive: Receive, book: Book) -> None:
    booked = book(receive("yes"))
    assert booking_with(database, booked.id) == booked
    assert booking_with(database, "another") is None


# --- what staff are told of ---------------------------------------------------------------------


def ask(database: Database, message: Inbound, urgency: str = "routine", minutes: int = 0) -> str:
    """Stores a request and gives its id."""
    known = set(waiting_requests(database).new)
    at = NOW + timedelta(minutes=minutes)
    add_request(database, message.conversation_id, message.id, urgency, urgency, at)
    [made] = set(waiting_requests(database).new) - known
    return made


def test_nobody_waits_at_first(database: Database) -> None:
    assert waiting_requests(database) == Waiting(0, "", {}, None)


def test_what_waits_is_counted_with_the_most_urgent(database: Database, receive: Receive) -> None:
    routine = ask(database, receive(), minutes=2)
    crisis = ask(database, receive(), "crisis", minutes=1)
    waiting = waiting_requests(database)
    assert (waiting.count, waiting.urgency) == (2, "crisis")
    assert list(waiting.new.items()) == [(crisis, "crisis"), (routine, "routine")]


def test_what_was_told_is_new_no_more_and_still_waits(database: Database, receive: Receive) -> None:
    told, new = ask(database, receive()), ask(database, receive(), minutes=1)
    note_told(database, [told], NOW)
    assert waiting_requests(database) == Waiting(2, "routine", {new: "routine"}, NOW)


def test_when_it_was_told_is_kept_as_it_was_first(database: Database, receive: Receive) -> None:
    told = ask(database, receive())
    note_told(database, [told], NOW)
    note_told(database, [told], NOW + timedelta(hours=1))
    assert waiting_requests(database).last_told_at == NOW


def test_what_is_dealt_with_waits_no_longer(database: Database, receive: Receive) -> None:
    told, untold = ask(database, receive()), ask(database, receive(), minutes=1)
    note_told(database, [told], NOW)
    close_request(database, told, NOW)
    close_request(database, untold, NOW)
    assert waiting_requests(database) == Waiting(0, "", {}, NOW)
