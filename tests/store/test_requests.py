from __future__ import annotations

from datetime import timedelta

import pytest

from bot.store import messages
from bot.store.database import Database
from bot.store.drafts import BOOKING, CONTACT, write_draft
from bot.store.messages import Answer, Inbound, finish
from bot.store.requests import (
    TURNS_SHOWN,
    URGENCIES,
    RequestInFull,
    add_details,
    add_request,
    close_request,
    count_open_requests,
    details_of,
    open_requests,
    open_requests_in_full,
)
from tests.store.conftest import NOW, SILENCE, Receive


def add(
    database: Database,
    message: Inbound,
    kind: str = "talk_to_staff",
    urgency: str = "routine",
    minutes: int = 0,
    details: dict[str, str] | None = None,
) -> None:
    add_request(
        database,
        message.conversation_id,
        message.id,
        kind,
        urgency,
        NOW + timedelta(minutes=minutes),
        details,
    )


def in_full(database: Database) -> RequestInFull:
    """The only open request."""
    [request] = open_requests_in_full(database, most=10)
    return request


def test_a_request_shows_the_message_it_is_about(database: Database, receive: Receive) -> None:
    message = receive("A person, please", channel="whatsapp")
    add(database, message)
    [request] = open_requests(database)
    assert (request.kind, request.urgency, request.created_at) == ("talk_to_staff", "routine", NOW)
    assert (request.channel, request.text) == ("whatsapp", "A person, please")
    assert request.conversation_id == message.conversation_id


def test_one_kind_about_one_message_is_stored_once(database: Database, receive: Receive) -> None:
    message = receive()
    add(database, message)
    add(database, message, minutes=5)
    [request] = open_requests(database)
    assert request.created_at == NOW


def test_two_kinds_about_one_message_are_two_requests(database: Database, receive: Receive) -> None:
    message = receive()
    add(database, message, "talk_to_staff")
    add(database, message, "complaint")
    assert {each.kind for each in open_requests(database)} == {"talk_to_staff", "complaint"}


def test_one_kind_about_two_messages_is_two_requests(database: Database, receive: Receive) -> None:
    add(database, receive())
    add(database, receive())
    assert len(open_requests(database)) == 2


def test_a_closed_request_is_not_opened_again_by_the_same_message(
    database: Database, receive: Receive
) -> None:
    message = receive()
    add(database, message)
    [request] = open_requests(database)
    close_request(database, request.id, NOW)
    add(database, message)
    assert open_requests(database) == []


def test_the_most_urgent_is_read_first_and_then_the_oldest(
    database: Database, receive: Receive
) -> None:
    for minutes, urgency in enumerate((*reversed(URGENCIES), *URGENCIES)):
        add(database, receive(), urgency=urgency, minutes=minutes)
    found = [
        (each.urgency, (each.created_at - NOW) // timedelta(minutes=1))
        for each in open_requests(database)
    ]
    assert found == [
        ("crisis", 3),
        ("crisis", 4),
        ("emergency", 2),
        ("emergency", 5),
        ("same_day", 1),
        ("same_day", 6),
        ("routine", 0),
        ("routine", 7),
    ]


def test_an_unknown_urgency_is_refused(database: Database, receive: Receive) -> None:
    with pytest.raises(ValueError, match="'soon' is no urgency of a request"):
        add(database, receive(), urgency="soon")


def test_a_closed_request_is_open_no_more(database: Database, receive: Receive) -> None:
    add(database, receive())
    [request] = open_requests(database)
    assert close_request(database, request.id, NOW)
    assert open_requests(database) == []


def test_a_request_is_closed_once(database: Database, receive: Receive) -> None:
    add(database, receive())
    [request] = open_requests(database)
    close_request(database, request.id, NOW)
    assert not close_request(database, request.id, NOW)


def test_a_request_that_is_not_there_cannot_be_closed(database: Database) -> None:
    assert not close_request(database, "none", NOW)


def test_a_complaint_is_read_before_what_is_as_urgent(database: Database, receive: Receive) -> None:
    for minutes, (kind, urgency) in enumerate(
        [
            ("talk_to_staff", "routine"),
            ("report_reaction", "same_day"),
            ("complaint", "routine"),
            ("complaint", "same_day"),
        ]
    ):
        add(database, receive(), kind, urgency, minutes)
    wanted = [
        ("complaint", "same_day"),
        ("report_reaction", "same_day"),
        ("complaint", "routine"),
        ("talk_to_staff", "routine"),
    ]
    assert [(each.kind, each.urgency) for each in open_requests(database)] == wanted
    in_full_order = open_requests_in_full(database, most=10)
    assert [(each.kind, each.urgency) for each in in_full_order] == wanted


def test_a_request_in_full_holds_the_turns_of_both_sides(
    database: Database, receive: Receive
) -> None:
    first, second = receive("Good morning"), receive("A person, please")
    button = {"title": "Price", "payload": "/faq"}
    finish(database, first.id, Answer([{"text": "Hello.", "buttons": [button]}]), NOW)
    add(database, second)
    request = in_full(database)
    assert [turn.text for turn in request.turns] == ["Good morning", "A person, please"]
    assert [len(turn.answers) for turn in request.turns] == [1, 0]
    assert request.turns[0].answers[0] == {"text": "Hello.", "buttons": [button]}
    assert request.about == request.turns[1]


def test_a_request_in_full_holds_the_newest_turns_and_the_one_it_is_about(
    database: Database, receive: Receive
) -> None:
    about = receive("the first")
    add(database, about)
    for number in range(TURNS_SHOWN + 3):
        receive(f"later {number}")
    request = in_full(database)
    assert [turn.text for turn in request.turns] == [
        f"later {number}" for number in range(3, TURNS_SHOWN + 3)
    ]
    assert (request.about.message_id, request.about.text) == (about.id, "the first")


def test_a_request_in_full_holds_no_turn_of_another_conversation(
    database: Database, receive: Receive
) -> None:
    for person in ("asha", "ravi"):
        add(database, receive(f"I am {person}", person=person))
    found = open_requests_in_full(database, most=10)
    assert {tuple(turn.text for turn in each.turns) for each in found} == {
        ("I am asha",),
        ("I am ravi",),
    }


def test_a_request_in_full_tells_how_to_reach_the_patient(
    database: Database, receive: Receive
) -> None:
    details = {"phone": "+919999900001", "good_time": "शाम को"}
    add(database, receive(), details=details)
    assert in_full(database).details == details


def test_details_told_later_reach_every_open_request_of_the_person(
    database: Database, receive: Receive
) -> None:
    closed = receive()
    add(database, closed)
    close_request(database, open_requests(database)[0].id, NOW)
    add(database, receive(), minutes=1, details={"phone": "+919999900001"})
    after_silence = receive(at=NOW + 2 * SILENCE)
    add(database, after_silence, minutes=2)
    add_details(
        database, after_silence.conversation_id, {"good_time": "after 5", "phone": "", "name": ""}
    )
    everything = {"phone": "+919999900001", "good_time": "after 5"}
    assert [each.details for each in open_requests_in_full(database, most=10)] == [everything] * 2
    assert details_of(database, after_silence.conversation_id) == everything


def test_a_request_from_whatsapp_knows_the_number_that_wrote(database: Database) -> None:
    message = messages.receive(
        database, "whatsapp", "person", "id-1", "Hello", NOW, SILENCE, address="919999900001"
    )
    add(database, message)
    assert in_full(database).details == {"phone": "+919999900001"}


def test_an_id_that_is_no_number_is_shown_as_none(database: Database) -> None:
    message = messages.receive(
        database, "whatsapp", "person", "id-1", "Hello", NOW, SILENCE, address="IN.1234567890"
    )
    add(database, message)
    assert in_full(database).details == {}


def test_the_visit_of_one_request_is_not_that_of_another(
    database: Database, receive: Receive
) -> None:
    reach = {"phone": "+919999900001", "name": "Asha Rao"}
    late = receive()
    add(database, late, details={**reach, "visit": "1", "wanted": "2026-11-24T05:30:00+00:00"})
    add(database, receive(), minutes=1)
    assert details_of(database, late.conversation_id) == reach
    add_details(database, late.conversation_id, {"good_time": "after 5", "visit": "2"})
    first, second = (each.details for each in open_requests_in_full(database, most=10))
    assert first == {
        **reach, "good_time": "after 5", "visit": "1", "wanted": "2026-11-24T05:30:00+00:00",
    }  # fmt: skip
    assert second == {**reach, "good_time": "after 5"}


def test_details_reach_no_request_of_another_person(database: Database, receive: Receive) -> None:
    message, other = receive(), receive(person="other")
    add(database, message)
    add(database, other)
    add_details(database, other.conversation_id, {"phone": "+919999900001"})
    assert details_of(database, message.conversation_id) == {}
    assert details_of(database, other.conversation_id) == {"phone": "+919999900001"}


def test_how_to_reach_a_person_is_known_from_a_request_that_is_done(
    database: Database, receive: Receive
) -> None:
    message = receive()
    add(database, message, details={"phone": "+919999900001"})
    close_request(database, in_full(database).id, NOW)
    assert details_of(database, message.conversation_id) == {"phone": "+919999900001"}


def test_a_request_without_details_has_none(database: Database, receive: Receive) -> None:
    add(database, receive())
    assert in_full(database).details == {}


def test_a_request_in_full_holds_the_booking_that_was_begun(
    database: Database, receive: Receive
) -> None:
    message = receive()
    add(database, message)
    write_draft(database, message.conversation_id, BOOKING, {"name": "Asha"}, NOW)
    write_draft(database, message.conversation_id, CONTACT, {"phone": "none"}, NOW)
    assert in_full(database).draft == {"name": "Asha"}


def test_the_first_requests_are_given_and_all_are_counted(
    database: Database, receive: Receive
) -> None:
    for minutes in range(4):
        add(database, receive(), minutes=minutes)
    [closed, *_] = open_requests(database)
    close_request(database, closed.id, NOW)
    assert len(open_requests_in_full(database, most=2)) == 2
    assert count_open_requests(database) == 3


def test_no_words_stand_in_a_traceback_of_a_request(database: Database, receive: Receive) -> None:
    message = receive("my scalp itches")
    finish(database, message.id, Answer([{"text": "call us today"}]), NOW)
    add(database, message, details={"name": "Asha"})
    write_draft(database, message.conversation_id, BOOKING, {"name": "Asha"}, NOW)
    shown = repr(in_full(database))
    assert not any(word in shown for word in ("itches", "call us", "Asha"))
