"""What nobody asked for is looked at once more, right before it is sent."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.clinic.visits.statuses import CANCELLED
from bot.store import bookings, messages
from bot.store.bookings import Booked
from bot.store.changes import By
from bot.store.coming import coming_of, say_unasked
from bot.store.conversations import stop_unasked
from bot.store.database import Database
from bot.store.messages import FAILED, SENDING, Answer
from bot.store.requests import open_requests
from bot.store.tables import Booking, OutboundMessage
from bot.store.unasked import claim_unasked
from bot.store.visits import move_visit, set_status
from tests.store.conftest import NOW, SILENCE, Receive
from tests.store.test_bookings import TOMORROW, new_booking, options_at

PHONE = "919999900001"
STAFF = By("staff", staff_user="desk")

Waiting = Callable[[], tuple[Booked, str]]


@pytest.fixture
def waiting(database: Database, receive: Receive) -> Waiting:
    """A visit, and a reminder of it that waits in the outbox."""

    def one() -> tuple[Booked, str]:
        message = receive("yes", channel="whatsapp", address=PHONE)
        new = new_booking(message, reminders="whatsapp")
        visit = bookings.book(database, new, options_at(), 2, "booked", (), NOW)
        with database.work() as session:
            coming = coming_of(session, session.get_one(Booking, visit.id), NOW)
            say_unasked(session, coming, "whatsapp", PHONE, {"text": "R"}, "remind", NOW)
        with database.work() as session:
            return visit, session.scalars(select(OutboundMessage.id)).one()

    return one


def state(database: Database, outbound_id: str) -> str:
    with database.work() as session:
        return session.get_one(OutboundMessage, outbound_id).state


def test_it_is_taken_once(database: Database, waiting: Waiting) -> None:
    _, outbound = waiting()
    assert claim_unasked(database, outbound, NOW)
    assert not claim_unasked(database, outbound, NOW)
    assert state(database, outbound) == SENDING


def test_after_a_stop_it_is_withdrawn_and_nobody_is_asked(
    database: Database, waiting: Waiting
) -> None:
    visit, outbound = waiting()
    stop_unasked(database, visit.conversation_id, NOW)
    assert not claim_unasked(database, outbound, NOW)
    assert state(database, outbound) == FAILED
    assert open_requests(database) == []


def test_a_stop_in_a_later_conversation_counts(
    database: Database, waiting: Waiting, receive: Receive
) -> None:
    _, outbound = waiting()
    at = NOW + SILENCE + timedelta(minutes=1)
    later = receive("stop", channel="whatsapp", address=PHONE, at=at)
    stop_unasked(database, later.conversation_id, at)
    assert not claim_unasked(database, outbound, at)


@pytest.mark.parametrize("urgency", ["crisis", "emergency"])
def test_after_danger_the_team_is_asked_to_call_instead(
    database: Database, waiting: Waiting, receive: Receive, urgency: str
) -> None:
    _, outbound = waiting()
    danger = receive("help", channel="whatsapp", address=PHONE)
    messages.finish(database, danger.id, Answer([{"text": "112"}], urgency=urgency), NOW)
    assert not claim_unasked(database, outbound, NOW)
    assert state(database, outbound) == FAILED
    assert [each.kind for each in open_requests(database)] == ["remind"]


def test_a_day_after_danger_it_is_sent(
    database: Database, waiting: Waiting, receive: Receive
) -> None:
    _, outbound = waiting()
    at = NOW - timedelta(hours=25)
    danger = receive("help", channel="whatsapp", address=PHONE, at=at)
    messages.finish(database, danger.id, Answer([], urgency="emergency"), at)
    assert claim_unasked(database, outbound, NOW)


def test_of_a_visit_that_was_cancelled_meanwhile_nothing_is_said(
    database: Database, waiting: Waiting
) -> None:
    visit, outbound = waiting()
    set_status(database, visit.id, 0, CANCELLED, STAFF, NOW)
    assert not claim_unasked(database, outbound, NOW)
    assert state(database, outbound) == FAILED


def test_of_a_visit_that_was_moved_meanwhile_the_old_time_is_not_said(
    database: Database, waiting: Waiting
) -> None:
    visit, outbound = waiting()
    options = options_at(TOMORROW + timedelta(hours=2))
    move_visit(database, visit.id, 0, options, "booked", STAFF, NOW)
    assert not claim_unasked(database, outbound, NOW)
    assert open_requests(database) == []


def test_once_the_visit_has_begun_it_comes_too_late(database: Database, waiting: Waiting) -> None:
    visit, outbound = waiting()
    assert not claim_unasked(database, outbound, visit.starts_at)


def test_in_the_quiet_hours_it_is_not_due_and_keeps_nothing_waiting(
    database: Database, waiting: Waiting
) -> None:
    visit, _ = waiting()
    assert len(messages.due(database, ["whatsapp"], NOW)) == 1
    assert messages.due(database, ["whatsapp"], NOW, is_quiet=True) == []
    with database.work() as session:
        asked_for = {"text": "Asked for"}
        messages.queue_elsewhere(session, visit.message_id, "whatsapp", PHONE, asked_for, NOW)
    assert len(messages.due(database, ["whatsapp"], NOW, is_quiet=True)) == 1


@pytest.fixture
def of_an_older_version(database: Database, waiting: Waiting) -> str:
    """A message before a visit, as a version left it that kept nothing of what it is about."""
    _, outbound = waiting()
    with database.work() as session:
        session.get_one(OutboundMessage, outbound).content = json.dumps({"text": "Before"})
    return outbound


def test_what_an_older_version_left_is_sent_as_it_stands(
    database: Database, of_an_older_version: str
) -> None:
    assert claim_unasked(database, of_an_older_version, NOW)


def test_what_an_older_version_left_is_not_sent_after_a_stop(
    database: Database, of_an_older_version: str, receive: Receive
) -> None:
    stop = receive("stop", channel="whatsapp", address=PHONE)
    stop_unasked(database, stop.conversation_id, NOW)
    assert not claim_unasked(database, of_an_older_version, NOW)
    assert open_requests(database) == []


def test_what_an_older_version_left_is_told_by_the_team_after_danger(
    database: Database, of_an_older_version: str, receive: Receive
) -> None:
    danger = receive("help", channel="whatsapp", address=PHONE)
    messages.finish(database, danger.id, Answer([], urgency="crisis"), NOW)
    assert not claim_unasked(database, of_an_older_version, NOW)
    assert [each.kind for each in open_requests(database)] == ["before_visit"]


def test_an_answer_that_is_queued_again_leaves_it_where_it_is(
    database: Database, waiting: Waiting
) -> None:
    visit, outbound = waiting()
    claim_unasked(database, outbound, NOW)
    messages.release_answer(database, visit.message_id)
    assert state(database, outbound) == SENDING
