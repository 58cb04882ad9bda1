"""A number typed on the website: who has it is asked before a word of a visit goes there."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.store import bookings, messages
from bot.store.bookings import Booked, open_bookings_of
from bot.store.coming import Coming, ask_team, coming_of
from bot.store.conversations import stop_unasked
from bot.store.database import Database
from bot.store.due_reminders import fallen_due
from bot.store.messages import Answer, Inbound
from bot.store.numbers import REQUEST, answer_number, ask_number, numbers_to_ask
from bot.store.requests import close_request, open_requests_in_full
from bot.store.tables import Booking, OutboundMessage, Reminder
from bot.store.unasked import claim_unasked
from tests.store.conftest import NOW, SILENCE, Receive
from tests.store.test_bookings import TOMORROW, new_booking, options_at

DIGITS = "919999900001"
PHONE = f"+{DIGITS}"
SCOPED = "IN.AbC123"
DUE = TOMORROW - timedelta(hours=2)
MINE = '/check_consultation{"visit":"b","number":"mine"}'
QUESTION = {"text": "Is that you?", "buttons": [{"title": "Yes", "payload": MINE}]}

Book = Callable[..., Booked]
Writes = Callable[..., Inbound]


@pytest.fixture
def book(database: Database, receive: Receive) -> Book:
    """A visit tomorrow, booked on the website with reminders on WhatsApp."""

    def book_one(
        channel: str = "website", person: str = "person", hours: int = 0, **said: str
    ) -> Booked:
        message = receive("yes", channel=channel, person=person, address=None)
        new = new_booking(message, **{"reminders": "whatsapp", **said})
        options = options_at(TOMORROW + timedelta(hours=hours))
        return bookings.book(database, new, options, 9, "booked", (), NOW, remind_at=[DUE])

    return book_one


@pytest.fixture
def writes(database: Database, receive: Receive) -> Writes:
    """Whoever has the number writes on WhatsApp, named as the door names them."""

    def write(text: str = "hello", name: str = DIGITS, digits: str = DIGITS) -> Inbound:
        person = database.cipher.search_hash(f"whatsapp:{name}")
        return receive(text, channel="whatsapp", person=person, address=digits)

    return write


def ask(database: Database, visit: Booked, at: datetime = NOW) -> bool:
    return ask_number(database, visit, QUESTION, at, SILENCE)


def answer(database: Database, visit: Booked, message: Inbound, *, is_theirs: bool) -> bool:
    conversation = message.conversation_id
    return answer_number(database, conversation, visit.id, NOW, is_theirs=is_theirs) is not None


def row_of(database: Database, visit: Booked) -> Booking:
    with database.work() as session:
        return session.get_one(Booking, visit.id)


def coming(database: Database, visit: Booked) -> Coming:
    with database.work() as session:
        return coming_of(session, session.get_one(Booking, visit.id), NOW)


def put_out(database: Database) -> list[OutboundMessage]:
    with database.work() as session:
        return list(session.scalars(select(OutboundMessage)))


def requests(database: Database) -> list[tuple[str, dict[str, Any]]]:
    return [(each.kind, dict(each.details)) for each in open_requests_in_full(database, 10)]


# --- whom to ask


def test_a_typed_number_for_reminders_on_whatsapp_is_to_be_asked(
    database: Database, book: Book
) -> None:
    visit = book()
    assert numbers_to_ask(database, NOW) == [visit.id]


@pytest.mark.parametrize("said", [{"reminders": "call"}, {"reminders": "none"}])
def test_nobody_is_asked_who_did_not_choose_it(
    database: Database, book: Book, said: dict[str, str]
) -> None:
    book(**said)
    assert numbers_to_ask(database, NOW) == []


def test_who_writes_on_whatsapp_is_not_asked(database: Database, book: Book) -> None:
    book("whatsapp")
    assert numbers_to_ask(database, NOW) == []


def test_where_no_reminder_is_to_come_there_is_nothing_to_ask_for(
    database: Database, book: Book
) -> None:
    book()
    assert numbers_to_ask(database, DUE) == []


def test_of_several_visits_with_one_number_one_is_asked_about(
    database: Database, book: Book
) -> None:
    visits = [book(), book(hours=1)]
    [first] = numbers_to_ask(database, NOW)
    ask(database, next(each for each in visits if each.id == first))
    assert numbers_to_ask(database, NOW) == []
    assert [row_of(database, each).number_asked_at for each in visits].count(None) == 1


# --- the question


def test_the_question_goes_to_the_number_once(database: Database, book: Book) -> None:
    visit = book()
    assert ask(database, visit)
    assert not ask(database, visit)
    assert numbers_to_ask(database, NOW) == []
    [row] = put_out(database)
    assert (row.channel, row.address, row.unasked) == ("whatsapp", DIGITS, True)
    assert json.loads(row.content) == {**QUESTION, "visit": visit.id}
    assert row.conversation_id != visit.conversation_id
    assert claim_unasked(database, row.id, NOW)


def test_its_buttons_can_be_pressed_from_that_number_until_the_visit(
    database: Database, book: Book, writes: Writes
) -> None:
    visit = book()
    ask(database, visit)
    pressed = writes(MINE)
    almost = visit.starts_at - timedelta(minutes=1)
    assert messages.was_offered(database, pressed.conversation_id, MINE, almost)


def test_also_where_meta_names_the_writer_by_an_id_of_its_own(
    database: Database, book: Book, writes: Writes
) -> None:
    visit = book()
    ask(database, visit)
    pressed = writes(MINE, name=SCOPED)
    assert messages.was_offered(database, pressed.conversation_id, MINE, NOW)
    assert answer(database, visit, pressed, is_theirs=True)


def test_nobody_else_can_press_them(database: Database, book: Book, writes: Writes) -> None:
    ask(database, book())
    other = writes(MINE, name="919999900002", digits="919999900002")
    assert not messages.was_offered(database, other.conversation_id, MINE, NOW)


def test_who_has_the_number_and_said_stop_is_not_asked(
    database: Database, book: Book, writes: Writes
) -> None:
    stop_unasked(database, writes("stop").conversation_id, NOW)
    visit = book()
    assert not ask(database, visit)
    assert put_out(database) == []
    assert row_of(database, visit).number_asked_at is None


def test_who_was_in_danger_is_asked_a_day_later(
    database: Database, book: Book, writes: Writes
) -> None:
    messages.finish(database, writes("help").id, Answer([], urgency="crisis"), NOW)
    visit = book()
    assert not ask(database, visit)
    assert ask(database, visit, NOW + timedelta(hours=24))


@pytest.mark.parametrize("how", ["stop", "danger"])
def test_what_comes_between_withdraws_the_question(
    database: Database, book: Book, writes: Writes, how: str
) -> None:
    ask(database, book())
    [row] = put_out(database)
    message = writes("x")
    if how == "stop":
        stop_unasked(database, message.conversation_id, NOW)
    else:
        messages.finish(database, message.id, Answer([], urgency="crisis"), NOW)
    assert not claim_unasked(database, row.id, NOW)
    assert requests(database) == []


# --- the answer


def test_until_it_is_answered_nothing_goes_to_the_number(database: Database, book: Book) -> None:
    visit = book()
    ask(database, visit)
    assert coming(database, visit).channel == "website"


def test_once_it_is_theirs_they_are_reminded_there(
    database: Database, book: Book, writes: Writes
) -> None:
    visit = book()
    ask(database, visit)
    pressed = writes(MINE)
    assert answer(database, visit, pressed, is_theirs=True)
    assert answer(database, visit, pressed, is_theirs=True)
    reached = coming(database, visit)
    assert (reached.channel, reached.address) == ("whatsapp", DIGITS)
    assert (reached.conversation_id, reached.last_heard_at) == (pressed.conversation_id, NOW)


def test_it_counts_for_what_the_same_visitor_booked_and_for_nobody_elses(
    database: Database, book: Book, writes: Writes
) -> None:
    asked, other, strangers = book(), book(hours=1), book(hours=2, person="stranger")
    ask(database, asked)
    answer(database, asked, writes(MINE), is_theirs=True)
    assert coming(database, other).channel == "whatsapp"
    assert coming(database, strangers).channel == "website"
    assert numbers_to_ask(database, NOW) == [strangers.id]


def test_after_a_no_nothing_of_any_visit_goes_there_and_the_team_knows(
    database: Database, book: Book, writes: Writes
) -> None:
    asked, other = book(), book(hours=1, person="stranger", reminders="call")
    ask(database, asked)
    pressed = writes(MINE)
    assert answer(database, asked, pressed, is_theirs=False)
    assert answer(database, asked, pressed, is_theirs=False)
    assert fallen_due(database, DUE) == []
    for visit in (asked, other):
        assert row_of(database, visit).number_is_theirs is False
        assert coming(database, visit).number_is_wrong
    assert requests(database) == [(REQUEST, {"name": "Asha Rao"})] * 2
    assert numbers_to_ask(database, NOW) == []


def test_a_later_visit_with_that_number_is_not_asked_about(
    database: Database, book: Book, writes: Writes
) -> None:
    asked = book()
    ask(database, asked)
    answer(database, asked, writes(MINE), is_theirs=False)
    book(hours=1)
    assert numbers_to_ask(database, NOW) == []


def test_reminders_by_email_go_on_after_a_no(
    database: Database, book: Book, writes: Writes
) -> None:
    by_email = book(hours=1, reminders="email", email="asha@example.org")
    asked = book()
    ask(database, asked)
    answer(database, asked, writes(MINE), is_theirs=False)
    assert [each.visit_id for each in fallen_due(database, DUE)] == [by_email.id]
    assert not coming(database, by_email).number_is_wrong


def test_a_no_stands(database: Database, book: Book, writes: Writes) -> None:
    visit = book()
    ask(database, visit)
    answer(database, visit, writes(MINE), is_theirs=True)
    answer(database, visit, writes(MINE), is_theirs=False)
    assert not answer(database, visit, writes(MINE), is_theirs=True)
    assert row_of(database, visit).number_is_theirs is False
    with database.work() as session:
        assert session.scalars(select(Reminder.outcome)).all() == ["left_out"]


def test_who_said_no_does_not_find_the_visit_by_their_number(
    database: Database, book: Book, writes: Writes
) -> None:
    visit = book()
    ask(database, visit)
    pressed = writes(MINE)
    answer(database, visit, pressed, is_theirs=True)
    found = open_bookings_of(database, pressed.conversation_id, NOW, PHONE)
    assert [each.id for each in found] == [visit.id]
    answer(database, visit, pressed, is_theirs=False)
    assert open_bookings_of(database, pressed.conversation_id, NOW, PHONE) == []
    # Who booked it still does.
    assert len(open_bookings_of(database, visit.conversation_id, NOW)) == 1


@pytest.mark.parametrize("is_theirs", [True, False])
def test_somebody_elses_answer_counts_for_nothing(
    database: Database, book: Book, writes: Writes, receive: Receive, is_theirs: bool
) -> None:
    visit = book()
    others = [writes(MINE, name="919999900002", digits="919999900002"), receive(MINE)]
    assert not answer(database, visit, writes(MINE), is_theirs=is_theirs)
    ask(database, visit)
    for other in others:
        assert not answer(database, visit, other, is_theirs=is_theirs)
    assert row_of(database, visit).number_is_theirs is None


def test_of_a_visit_that_is_not_there_nothing_is_kept(database: Database, writes: Writes) -> None:
    conversation = writes(MINE).conversation_id
    assert answer_number(database, conversation, "b", NOW, is_theirs=True) is None


def ask_to_call(database: Database, visit: Booked) -> None:
    """As where a visit was changed and nobody can be written to."""
    with database.work() as session:
        whose = coming_of(session, session.get_one(Booking, visit.id), NOW)
        ask_team(session, whose, "tell_change", NOW, again=True)


@pytest.mark.parametrize("reminders", ["whatsapp", "email"])
def test_a_number_that_is_somebody_elses_is_not_called(
    database: Database, book: Book, writes: Writes, reminders: str
) -> None:
    visit = book(reminders=reminders, email="asha@example.org")
    ask(database, visit)
    answer(database, visit, writes(MINE), is_theirs=False)
    ask_to_call(database, visit)
    named = {"name": "Asha Rao"}
    assert sorted(requests(database), key=str) == [("tell_change", named), (REQUEST, named)]


def test_a_call_that_is_asked_for_again_forgets_a_number_that_was_wrong(
    database: Database, book: Book, writes: Writes
) -> None:
    visit = book()
    ask_to_call(database, visit)
    assert requests(database) == [("tell_change", {"phone": PHONE, "name": "Asha Rao"})]
    for each in open_requests_in_full(database, 10):
        close_request(database, each.id, NOW)
    ask(database, visit)
    answer(database, visit, writes(MINE), is_theirs=False)
    ask_to_call(database, visit)
    assert ("tell_change", {"name": "Asha Rao"}) in requests(database)
