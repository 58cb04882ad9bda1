from __future__ import annotations

from datetime import timedelta

import pytest

from bot.store import messages
from bot.store.conversations import (
    address_of,
    in_touch_since,
    last_danger,
    standing,
    stop_unasked,
    texts_of,
    whose,
)
from bot.store.database import Database
from bot.store.messages import Answer
from bot.store.tables import Conversation
from tests.store.conftest import NOW, SILENCE, Receive

A_MOMENT = timedelta(microseconds=1)


def conversation(database: Database, conversation_id: str) -> Conversation:
    with database.work() as session:
        return session.get_one(Conversation, conversation_id)


def test_a_persons_messages_are_one_conversation(receive: Receive) -> None:
    assert receive().conversation_id == receive().conversation_id


def test_two_persons_are_two_conversations(receive: Receive) -> None:
    assert receive(person="one").conversation_id != receive(person="other").conversation_id


def test_two_channels_are_two_conversations(receive: Receive) -> None:
    assert receive(channel="website").conversation_id != receive(channel="rest").conversation_id


def test_a_conversation_lasts_as_long_as_the_silence_is_not_over(receive: Receive) -> None:
    assert receive().conversation_id == receive(at=NOW + SILENCE).conversation_id


def test_silence_is_counted_from_the_last_message(receive: Receive) -> None:
    first = receive()
    receive(at=NOW + SILENCE)
    assert receive(at=NOW + 2 * SILENCE).conversation_id == first.conversation_id


def test_after_silence_a_new_conversation_begins_and_the_old_one_is_closed(
    database: Database, receive: Receive
) -> None:
    old = receive()
    begun = NOW + SILENCE + A_MOMENT
    new = receive(at=begun)
    assert new.conversation_id != old.conversation_id
    assert conversation(database, old.conversation_id).closed_at == begun
    assert conversation(database, new.conversation_id).closed_at is None


def test_a_new_conversation_gets_the_notice_again(database: Database, receive: Receive) -> None:
    old = receive()
    messages.finish(database, old.id, Answer([{"text": "Hello"}], gives_notice=True), NOW)
    new = receive(at=NOW + SILENCE + A_MOMENT)
    assert standing(database, old.conversation_id, NOW).notice_given
    assert not standing(database, new.conversation_id, NOW).notice_given


def test_the_wish_to_hear_nothing_outlives_a_conversation(
    database: Database, receive: Receive
) -> None:
    stop_unasked(database, receive().conversation_id, NOW)
    new = receive(at=NOW + SILENCE + A_MOMENT)
    assert conversation(database, new.conversation_id).stopped_at == NOW


@pytest.mark.parametrize(
    ("urgency", "column"), [("crisis", "crisis_at"), ("emergency", "emergency_at")]
)
def test_the_time_of_danger_outlives_a_conversation(
    database: Database, receive: Receive, urgency: str, column: str
) -> None:
    messages.finish(database, receive().id, Answer([{"text": "Call 112"}], urgency=urgency), NOW)
    new = receive(at=NOW + SILENCE + A_MOMENT)
    assert getattr(conversation(database, new.conversation_id), column) == NOW


def test_stopping_one_conversation_stops_no_other(database: Database, receive: Receive) -> None:
    other = receive(person="other")
    stop_unasked(database, receive().conversation_id, NOW)
    assert conversation(database, other.conversation_id).stopped_at is None


@pytest.mark.parametrize(
    ("after", "expected"),
    [(timedelta(), True), (timedelta(hours=24) - A_MOMENT, True), (timedelta(hours=24), False)],
)
def test_a_conversation_is_after_a_crisis_for_24_hours(
    database: Database, receive: Receive, after: timedelta, expected: bool
) -> None:
    message = receive()
    messages.finish(database, message.id, Answer([{"text": "Call"}], urgency="crisis"), NOW)
    stands = standing(database, message.conversation_id, NOW + after)
    assert stands.after_crisis is expected


def test_an_emergency_is_no_crisis(database: Database, receive: Receive) -> None:
    message = receive()
    messages.finish(database, message.id, Answer([{"text": "Call"}], urgency="emergency"), NOW)
    assert not standing(database, message.conversation_id, NOW).after_crisis


def test_a_channel_that_writes_to_an_address_has_one(database: Database) -> None:
    message = messages.receive(
        database, "whatsapp", "person", "id", "Hello", NOW, SILENCE, "12025550143"
    )
    assert address_of(database, message.conversation_id) == "12025550143"


def test_a_channel_that_needs_no_address_has_none(database: Database, receive: Receive) -> None:
    assert address_of(database, receive().conversation_id) == ""


def test_without_danger_there_is_no_last_one(database: Database, receive: Receive) -> None:
    message = receive()
    messages.finish(database, message.id, Answer([{"text": "Hello"}], urgency="same_day"), NOW)
    assert last_danger(database, message.conversation_id) is None


@pytest.mark.parametrize(
    "urgencies", [("crisis", "emergency"), ("emergency", "crisis"), ("crisis", "crisis")]
)
def test_the_last_danger_is_the_later_one(
    database: Database, receive: Receive, urgencies: tuple[str, str]
) -> None:
    for minutes, urgency in enumerate(urgencies):
        message = receive(at=NOW + timedelta(minutes=minutes))
        answer = Answer([{"text": "Call 112"}], urgency=urgency)
        messages.finish(database, message.id, answer, NOW + timedelta(minutes=minutes))
    assert last_danger(database, message.conversation_id) == NOW + timedelta(minutes=1)


def test_texts_come_in_the_order_in_which_they_are_asked_for(
    database: Database, receive: Receive
) -> None:
    one, two = receive("one").id, receive("two").id
    assert texts_of(database, [two, one]) == ["two", "one"]


def test_a_text_that_is_not_there_is_left_out(database: Database, receive: Receive) -> None:
    assert texts_of(database, ["unknown", receive("one").id]) == ["one"]
    assert texts_of(database, []) == []


def test_behind_a_conversation_stands_the_newest_one_of_the_same_person(
    database: Database, receive: Receive
) -> None:
    first = receive()
    receive(person="somebody else")
    newest = receive(at=NOW + 2 * SILENCE)
    theirs = whose(database, first.conversation_id)
    assert theirs.conversation_id == newest.conversation_id != first.conversation_id
    assert (theirs.channel, theirs.person) == (newest.channel, newest.person)
    assert theirs.address is None


HOUR = timedelta(hours=1)


def test_a_person_is_in_touch_since_the_first_message_without_a_longer_silence(
    database: Database, receive: Receive
) -> None:
    receive(at=NOW)
    first = NOW + 3 * HOUR
    for number in range(4):
        last = receive(at=first + number * HOUR)
    assert in_touch_since(database, last.conversation_id, HOUR) == first


def test_who_comes_back_after_a_silence_is_in_touch_since_now(
    database: Database, receive: Receive
) -> None:
    receive(at=NOW)
    back = NOW + HOUR + A_MOMENT
    assert in_touch_since(database, receive(at=back).conversation_id, HOUR) == back


def test_being_in_touch_goes_over_conversations_and_not_over_people(
    database: Database, receive: Receive
) -> None:
    receive(person="other", at=NOW)
    receive(at=NOW + HOUR)
    new = receive(at=NOW + HOUR + SILENCE + A_MOMENT)
    assert in_touch_since(database, new.conversation_id, 2 * SILENCE) == NOW + HOUR
    assert in_touch_since(database, "nobody's", HOUR) is None


def test_the_address_of_a_visitor_is_kept_as_it_was_given_and_not_lost(
    database: Database, receive: Receive
) -> None:
    first = messages.receive(
        database, "website", "person", "a", "Hello", NOW, SILENCE, origin="a keyed hash"
    )
    assert conversation(database, first.conversation_id).origin == "a keyed hash"
    receive()
    assert conversation(database, first.conversation_id).origin == "a keyed hash"
