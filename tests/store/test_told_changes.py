"""What somebody else changed of a visit reaches its patient, or a person is asked to call."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.clinic.quiet_hours import QuietHours
from bot.clinic.visits.notices import VisitNotices
from bot.clinic.visits.ways import Ways
from bot.store import bookings, messages
from bot.store.bookings import Booked
from bot.store.changes import By
from bot.store.conversations import stop_unasked
from bot.store.database import Database
from bot.store.messages import FAILED, Answer
from bot.store.requests import close_request, open_requests
from bot.store.tables import OutboundMessage
from bot.store.told_changes import ChangeTeller
from bot.store.unasked import claim_unasked
from bot.store.visits import VisitChanged, move_visit, set_status
from tests.jobs.visiting import CLINIC, notices
from tests.store.conftest import NOW, Receive
from tests.store.test_bookings import TOMORROW, new_booking, options_at

PHONE = "919999900001"
EMAIL = "asha@patient.example"
STAFF, CLOCK = By("staff", staff_user="desk"), By("clock")
LATER = TOMORROW + timedelta(hours=2)
DAYS_AGO = NOW - timedelta(days=3)

Book = Callable[..., Booked]


@pytest.fixture
def book(database: Database, receive: Receive) -> Book:
    """A visit tomorrow at 10:00, by somebody who wrote at this moment or before."""

    def book_one(
        channel: str = "whatsapp", status: str = "booked", at: datetime = NOW, **said: str
    ) -> Booked:
        address = PHONE if channel == "whatsapp" else None
        message = receive("yes", channel=channel, address=address, at=at)
        new = new_booking(message, **{"reminders": "none", **said})
        visit = bookings.book(database, new, options_at(), 2, status, (), at)
        messages.finish(database, message.id, Answer([{"text": "Booked"}]), at)
        return visit

    return book_one


def teller(template: str = "", *, mails: bool = True) -> ChangeTeller:
    said: VisitNotices = notices(change=template)
    return ChangeTeller(said, Ways(mails=mails, writes=True), QuietHours.from_mapping(CLINIC))


def moved(
    database: Database, visit: Booked, by: By = STAFF, template: str = "", at: datetime = NOW
) -> Booked:
    options = options_at(LATER)
    return move_visit(
        database, visit.id, visit.sequence, options, visit.status, by, at,
        mails=True, teller=teller(template),
    )  # fmt: skip


def became(database: Database, visit: Booked, status: str, by: By = STAFF) -> Booked:
    return set_status(
        database, visit.id, visit.sequence, status, by, NOW, mails=True, teller=teller()
    )


def put_out(database: Database) -> list[tuple[str | None, dict[str, Any]]]:
    """Channel and content of what was put out beside the answer."""
    with database.work() as session:
        rows = session.scalars(
            select(OutboundMessage)
            .where(OutboundMessage.position > 0)
            .order_by(OutboundMessage.position)
        )
        return [(each.channel, json.loads(each.content)) for each in rows]


def asked(database: Database) -> list[str]:
    return [each.kind for each in open_requests(database)]


@pytest.mark.parametrize("by", [STAFF, CLOCK])
def test_on_whatsapp_a_move_is_told_with_what_can_be_done(
    database: Database, book: Book, by: By
) -> None:
    visit = book()
    moved(database, visit, by)
    [(channel, content)] = put_out(database)
    assert channel == "whatsapp"
    assert "Your visit was moved. It is now on Tuesday 24 Nov 2026 at 12:00" in content["text"]
    [move, _] = [each["payload"] for each in content["buttons"]]
    assert messages.was_offered(database, visit.conversation_id, move, LATER - timedelta(minutes=1))
    assert asked(database) == []


def waits_on_whatsapp(database: Database) -> list[messages.Outbound]:
    """What waits there beside the answers."""
    return [
        each
        for _, whose in messages.due(database, ["whatsapp"], NOW)
        for each in messages.unsent(database, "whatsapp", whose)
        if ":" in whose
    ]


@pytest.mark.parametrize("change", ["moved", "cancelled"])
def test_it_leaves_once_as_what_nobody_asked_for_and_after_a_crash_a_person_looks(
    database: Database, book: Book, change: str
) -> None:
    visit = book()
    moved(database, visit) if change == "moved" else became(database, visit, change)
    [outbound] = waits_on_whatsapp(database)
    assert (outbound.unasked, outbound.address) == (True, PHONE)
    assert claim_unasked(database, outbound.id, NOW)
    messages.release_all(database)
    assert waits_on_whatsapp(database) == []
    assert asked(database) == ["not_delivered"]


def test_a_change_that_another_one_followed_is_not_told_any_more(
    database: Database, book: Book
) -> None:
    became(database, moved(database, book()), "cancelled")
    first, second = waits_on_whatsapp(database)
    assert not claim_unasked(database, first.id, NOW)
    assert claim_unasked(database, second.id, NOW)
    assert asked(database) == []


def test_a_stop_before_it_leaves_has_a_person_call(database: Database, book: Book) -> None:
    visit = moved(database, book())
    stop_unasked(database, visit.conversation_id, NOW)
    [outbound] = waits_on_whatsapp(database)
    assert not claim_unasked(database, outbound.id, NOW)
    with database.work() as session:
        assert session.get_one(OutboundMessage, outbound.id).state == FAILED
    assert asked(database) == ["tell_change"]


def test_what_waits_for_the_end_of_the_quiet_hours_a_person_knows_of(
    database: Database, book: Book
) -> None:
    night = NOW + timedelta(hours=11)
    moved(database, book(), at=night)
    assert len(put_out(database)) == 1
    assert asked(database) == ["tell_change"]


def test_after_a_day_of_silence_it_goes_in_a_template_or_a_person_calls(
    database: Database, book: Book
) -> None:
    moved(database, book(at=DAYS_AGO), template="visit_change")
    [(_, content)] = put_out(database)
    assert content["template"]["name"] == "visit_change"
    assert content["template"]["values"] == [
        "Your visit was moved. It is now on Tuesday 24 Nov 2026 at 12:00, Consultation."
    ]
    assert asked(database) == []


def test_without_a_template_a_person_calls(database: Database, book: Book) -> None:
    moved(database, book(at=DAYS_AGO))
    assert put_out(database) == []
    assert asked(database) == ["tell_change"]


def test_on_the_website_it_waits_in_the_chat_and_a_person_calls(
    database: Database, book: Book
) -> None:
    visit = book("website")
    moved(database, visit)
    [(channel, content)] = put_out(database)
    assert channel is None
    waiting = messages.unsent(database, "website", "person")
    assert [each.content["text"] for each in waiting] == ["Booked", content["text"]]
    assert asked(database) == ["tell_change"]


@pytest.mark.parametrize("status", ["booked", "cancelled"])
def test_whoever_connects_next_on_the_website_reads_nothing_of_the_visit(
    database: Database, book: Book, status: str
) -> None:
    visit = book("website")
    visit = moved(database, visit) if status == "booked" else became(database, visit, status)
    [(_, content)] = put_out(database)
    said = json.dumps(content)
    for secret in ("Nov", "10:00", "12:00", "Consultation", visit.reference, visit.id, "Asha"):
        assert secret not in said
    assert "There is news of a visit" in content["text"]


def test_from_the_news_on_the_website_the_visit_can_be_asked_for_until_it_begins(
    database: Database, book: Book, receive: Receive
) -> None:
    visit = moved(database, book("website"))
    [(_, content)] = put_out(database)
    at = visit.starts_at - timedelta(minutes=1)
    later = receive("hello", at=at)
    [payload] = [each["payload"] for each in content["buttons"]]
    assert payload == "/check_consultation"
    assert messages.was_offered(database, later.conversation_id, payload, at)


def test_of_two_changes_the_news_waits_once(database: Database, book: Book) -> None:
    visit = moved(database, book("website"))
    became(database, visit, "cancelled")
    assert len(put_out(database)) == 1
    assert asked(database) == ["tell_change"]


def test_once_the_news_was_read_there_is_news_again(database: Database, book: Book) -> None:
    visit = moved(database, book("website"))
    for each in messages.unsent(database, "website", "person"):
        messages.claim(database, each.id)
        messages.release(database, each.id, NOW)
    became(database, visit, "cancelled")
    assert len(messages.unsent(database, "website", "person")) == 1


@pytest.mark.parametrize("channel", ["whatsapp", "website"])
def test_by_email_where_the_patient_chose_it_and_nobody_calls(
    database: Database, book: Book, channel: str
) -> None:
    visit = book(channel, reminders="email", email=EMAIL)
    moved(database, visit)
    assert put_out(database) == [("email", {"booking": visit.id, "moved": True})]
    assert asked(database) == []


def test_what_a_patient_did_is_told_to_nobody_but_by_the_letter_they_chose(
    database: Database, book: Book, receive: Receive
) -> None:
    first = book("website", reminders="email", email=EMAIL)
    second = book("website")
    for visit in (first, second):
        message = receive("move it")
        by = By("patient", message.id)
        start = LATER + timedelta(hours=1 if visit is second else 0)
        move_visit(
            database, visit.id, 0, options_at(start), "booked", by, NOW,
            mails=True, teller=teller(),
        )  # fmt: skip
    assert put_out(database) == [("email", {"booking": first.id, "moved": True})]
    assert asked(database) == []


@pytest.mark.parametrize("reminders", ["none", "email"])
def test_after_a_stop_a_person_calls(database: Database, book: Book, reminders: str) -> None:
    visit = book(reminders=reminders, email=EMAIL)
    stop_unasked(database, visit.conversation_id, NOW)
    moved(database, visit)
    assert put_out(database) == []
    assert asked(database) == ["tell_change"]


def test_after_danger_a_person_calls(database: Database, book: Book, receive: Receive) -> None:
    visit = book()
    danger = receive("help", channel="whatsapp", address=PHONE)
    messages.finish(database, danger.id, Answer([], urgency="crisis"), NOW)
    moved(database, visit)
    assert put_out(database) == []
    assert asked(database) == ["tell_change"]


def test_a_confirmation_and_a_cancellation_are_told(database: Database, book: Book) -> None:
    visit = became(database, book(status="pending"), "booked")
    became(database, visit, "cancelled")
    texts = [content["text"] for _, content in put_out(database)]
    assert ["is confirmed" in texts[0], "is cancelled" in texts[1]] == [True, True]


@pytest.mark.parametrize("status", ["arrived", "noshow"])
def test_what_happens_on_the_day_is_no_news(database: Database, book: Book, status: str) -> None:
    became(database, book(), status)
    assert put_out(database) == []
    assert asked(database) == []


def test_of_a_visit_that_is_over_nothing_is_told(database: Database, book: Book) -> None:
    visit = book()
    over = visit.ends_at
    set_status(database, visit.id, 0, "cancelled", STAFF, over, teller=teller())
    assert put_out(database) == []
    assert asked(database) == []


def test_what_was_not_changed_is_not_told(database: Database, book: Book) -> None:
    visit = book("website")
    moved(database, visit)
    with pytest.raises(VisitChanged):
        became(database, visit, "cancelled")
    assert len(put_out(database)) == 1


def test_a_call_that_was_made_is_asked_for_again_at_the_next_change(
    database: Database, book: Book
) -> None:
    visit = moved(database, book("website"))
    [request] = open_requests(database)
    close_request(database, request.id, NOW)
    became(database, visit, "cancelled")
    assert asked(database) == ["tell_change"]
