from __future__ import annotations

from datetime import timedelta

import pytest

from bot.store.database import Database
from bot.store.messages import Inbound
from bot.store.requests import URGENCIES, add_request, close_request, open_requests
from tests.store.conftest import NOW, Receive


def add(
    database: Database,
    message: Inbound,
    kind: str = "talk_to_staff",
    urgency: str = "routine",
    minutes: int = 0,
) -> None:
    add_request(
        database,
        message.conversation_id,
        message.id,
        kind,
        urgency,
        NOW + timedelta(minutes=minutes),
    )


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
