from __future__ import annotations

from datetime import timedelta

import pytest

from bot.clinic.availability import Option
from bot.store.bookings import Booked, NewBooking, book
from bot.store.brief import MOST_WRITTEN, Background, background_of
from bot.store.consents import add_consent, withdraw
from bot.store.database import Database
from bot.store.messages import Answer, Inbound, finish
from bot.store.requests import add_request, close_request, open_requests
from tests.store.conftest import NOW, SILENCE, Receive

STARTS = NOW + timedelta(days=2)
LATER = NOW + SILENCE + timedelta(minutes=1)


def booked_by(
    database: Database,
    message: Inbound,
    name: str = "Asha Rao",
    patient_is: str = "self",
    days: int = 2,
) -> Booked:
    """A visit of half an hour, booked with this message."""
    starts = NOW + timedelta(days=days)
    first = int(starts.timestamp()) // 300
    option = Option(
        starts, starts + timedelta(minutes=30), "mehra", "consulting_1", "",
        tuple(("doctor:mehra", tick) for tick in range(first, first + 6)),
    )  # fmt: skip
    new = NewBooking(
        message.conversation_id, message.id, "consultation", patient_is, name, "+919999900001"
    )
    return book(database, new, [option], 5, "booked", [], NOW)


def known(database: Database, receive: Receive) -> Background:
    """What stands behind a visit that the same person books last."""
    return background_of(database, booked_by(database, receive("yes, book it", at=LATER)))


def written(found: Background) -> list[str]:
    return [each.words for each in found.written]


def test_who_only_booked_has_nothing_but_their_yes(database: Database, receive: Receive) -> None:
    found = known(database, receive)
    assert (found.signs, found.consents, found.is_shared) == ((), (), False)
    assert written(found) == ["yes, book it"]


@pytest.mark.parametrize("kind", ["crisis", "emergency", "report_reaction"])
def test_a_reported_sign_is_found_with_its_words(
    database: Database, receive: Receive, kind: str
) -> None:
    message = receive("My cheek burns")
    add_request(database, message.conversation_id, message.id, kind, "emergency", NOW)
    [sign] = known(database, receive).signs
    assert (sign.kind, sign.at, sign.words) == (kind, NOW, "My cheek burns")


def test_a_sign_that_staff_have_dealt_with_is_still_one(
    database: Database, receive: Receive
) -> None:
    message = receive("My cheek burns")
    add_request(database, message.conversation_id, message.id, "report_reaction", "same_day", NOW)
    close_request(database, open_requests(database)[0].id, NOW)
    assert len(known(database, receive).signs) == 1


def test_the_newest_sign_comes_first(database: Database, receive: Receive) -> None:
    for minute, text in enumerate(("older", "newer")):
        message = receive(text)
        at = NOW + timedelta(minutes=minute)
        add_request(
            database, message.conversation_id, message.id, "report_reaction", "same_day", at
        )
    assert [each.words for each in known(database, receive).signs] == ["newer", "older"]


def test_a_message_that_told_a_sign_is_shown_as_one_only(
    database: Database, receive: Receive
) -> None:
    message = receive("My cheek burns")
    add_request(database, message.conversation_id, message.id, "emergency", "emergency", NOW)
    assert written(known(database, receive)) == ["yes, book it"]


def test_another_wish_to_the_team_is_no_sign(database: Database, receive: Receive) -> None:
    message = receive("A person, please")
    add_request(database, message.conversation_id, message.id, "talk_to_staff", "routine", NOW)
    assert known(database, receive).signs == ()


def test_messages_of_all_conversations_stand_in_the_order_they_came(
    database: Database, receive: Receive
) -> None:
    receive("the first")
    receive("the second")
    assert written(known(database, receive)) == ["the first", "the second", "yes, book it"]


def test_the_last_messages_are_found_and_no_more(database: Database, receive: Receive) -> None:
    for number in range(MOST_WRITTEN + 2):
        receive(f"message {number}")
    numbers = range(3, MOST_WRITTEN + 2)
    assert written(known(database, receive)) == [
        *(f"message {each}" for each in numbers),
        "yes, book it",
    ]


def test_what_was_written_after_the_visit_began_is_left_out(
    database: Database, receive: Receive
) -> None:
    visit = booked_by(database, receive("yes, book it"))
    receive("just before", at=STARTS - timedelta(seconds=1))
    receive("too late", at=STARTS)
    assert written(background_of(database, visit)) == ["yes, book it", "just before"]


def test_a_pressed_button_and_a_photo_are_no_words(database: Database, receive: Receive) -> None:
    message = receive("How much is it?")
    button = {"title": "Price", "payload": '/faq{"topic":"price"}'}
    finish(database, message.id, Answer([{"text": "Which?", "buttons": [button]}]), NOW)
    receive('/faq{"topic":"price"}')
    receive("")
    assert written(known(database, receive)) == ["How much is it?", "yes, book it"]


def test_the_last_answer_to_each_purpose_stands(database: Database, receive: Receive) -> None:
    for minute, version, given in ((0, "1", True), (1, "2", False)):
        message = receive()
        at = NOW + timedelta(minutes=minute)
        add_consent(database, message.conversation_id, message.id, "reminders", version, given, at)
    add_consent(database, message.conversation_id, message.id, "health", "1", True, NOW)
    found = {each.purpose: each for each in known(database, receive).consents}
    assert found.keys() == {"reminders", "health"}
    assert (found["reminders"].version, found["reminders"].given) == ("2", False)
    assert (found["health"].at, found["health"].withdrawn_at) == (NOW, None)


def test_a_consent_that_was_taken_back_tells_when(database: Database, receive: Receive) -> None:
    message = receive()
    add_consent(database, message.conversation_id, message.id, "health", "1", True, NOW)
    withdraw(database, message.conversation_id, "health", LATER)
    [consent] = known(database, receive).consents
    assert (consent.given, consent.withdrawn_at) == (True, LATER)


@pytest.mark.parametrize("other", [{"person": "other"}, {"channel": "whatsapp"}])
def test_nothing_of_anybody_else_is_found(
    database: Database, receive: Receive, other: dict[str, str]
) -> None:
    theirs = receive("I am somebody else", **other)
    add_request(database, theirs.conversation_id, theirs.id, "emergency", "emergency", NOW)
    add_consent(database, theirs.conversation_id, theirs.id, "health", "1", True, NOW)
    found = known(database, receive)
    assert (found.signs, found.consents, written(found)) == ((), (), ["yes, book it"])


@pytest.mark.parametrize(
    ("name", "patient_is", "is_shared"),
    [("asha  rao", "self", False), ("Ravi Rao", "self", True), ("Asha Rao", "minor", True)],
)
def test_a_phone_that_booked_for_somebody_else_is_shared(
    database: Database, receive: Receive, name: str, patient_is: str, is_shared: bool
) -> None:
    booked_by(database, receive("yes, book it"), name, patient_is, days=3)
    assert known(database, receive).is_shared is is_shared


def test_bare_answers_are_left_out(database: Database, receive: Receive) -> None:
    for bare in ("no", "none", "34"):
        receive(bare)
    receive("Cost?")
    assert written(known(database, receive)) == ["Cost?", "yes, book it"]
