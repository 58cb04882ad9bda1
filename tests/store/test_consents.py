from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from bot.store.consents import add_consent, has_consent, withdraw
from bot.store.database import Database
from bot.store.messages import Inbound
from bot.store.tables import Consent
from tests.store.conftest import NOW, SILENCE, Receive

LATER = NOW + timedelta(hours=1)


def answer(
    database: Database,
    message: Inbound,
    given: bool = True,
    purpose: str = "reminders",
    version: str = "1",
) -> None:
    add_consent(database, message.conversation_id, message.id, purpose, version, given, NOW)


def stands(
    database: Database, message: Inbound, purpose: str = "reminders", version: str = "1"
) -> bool | None:
    return has_consent(database, message.conversation_id, purpose, version)


def test_who_was_never_asked_said_neither_yes_nor_no(database: Database, receive: Receive) -> None:
    assert stands(database, receive()) is None


@pytest.mark.parametrize("given", [True, False])
def test_an_answer_is_remembered(database: Database, receive: Receive, given: bool) -> None:
    message = receive()
    answer(database, message, given)
    assert stands(database, message) is given


def test_the_last_answer_counts(database: Database, receive: Receive) -> None:
    answer(database, receive(), True)
    message = receive()
    answer(database, message, False)
    assert stands(database, message) is False
    answer(database, receive(), True)
    assert stands(database, message) is True


def test_a_yes_to_one_purpose_is_none_to_another(database: Database, receive: Receive) -> None:
    message = receive()
    answer(database, message, purpose="contact")
    assert stands(database, message, purpose="media") is None


def test_a_yes_to_an_old_wording_is_none_to_a_new_one(database: Database, receive: Receive) -> None:
    message = receive()
    answer(database, message, version="1")
    assert stands(database, message, version="2") is None


def test_one_message_may_answer_two_questions(database: Database, receive: Receive) -> None:
    message = receive()
    answer(database, message, True, "contact")
    answer(database, message, False, "reminders")
    assert stands(database, message, "contact") is True
    assert stands(database, message, "reminders") is False


def test_a_message_answers_a_question_once(database: Database, receive: Receive) -> None:
    message = receive()
    answer(database, message, True)
    answer(database, message, False)
    assert stands(database, message) is True
    with database.work() as session:
        assert len(session.scalars(select(Consent.id)).all()) == 1


def test_an_answer_keeps_its_wording_and_its_time(database: Database, receive: Receive) -> None:
    answer(database, receive(), version="2026-11")
    with database.work() as session:
        [row] = session.scalars(select(Consent))
        assert (row.version, row.at, row.withdrawn_at) == ("2026-11", NOW, None)


def test_what_was_taken_back_is_a_no(database: Database, receive: Receive) -> None:
    message = receive()
    answer(database, message)
    assert withdraw(database, message.conversation_id, "reminders", LATER)
    assert stands(database, message) is False
    with database.work() as session:
        assert session.scalars(select(Consent.withdrawn_at)).all() == [LATER]


def test_taking_back_is_noted_once(database: Database, receive: Receive) -> None:
    message = receive()
    answer(database, message)
    withdraw(database, message.conversation_id, "reminders", NOW)
    assert not withdraw(database, message.conversation_id, "reminders", LATER)
    with database.work() as session:
        assert session.scalars(select(Consent.withdrawn_at)).all() == [NOW]


def test_a_new_yes_counts_after_an_old_one_was_taken_back(
    database: Database, receive: Receive
) -> None:
    message = receive()
    answer(database, message)
    withdraw(database, message.conversation_id, "reminders", LATER)
    answer(database, receive())
    assert stands(database, message) is True


def test_a_no_is_nothing_to_take_back(database: Database, receive: Receive) -> None:
    message = receive()
    answer(database, message, False)
    assert not withdraw(database, message.conversation_id, "reminders", LATER)


def test_taking_back_one_purpose_leaves_the_others(database: Database, receive: Receive) -> None:
    message = receive()
    answer(database, message, purpose="contact")
    assert not withdraw(database, message.conversation_id, "reminders", LATER)
    assert stands(database, message, "contact") is True


def test_a_persons_yes_of_an_earlier_conversation_is_taken_back_too(
    database: Database, receive: Receive
) -> None:
    before = receive()
    answer(database, before)
    now = receive(at=NOW + SILENCE + timedelta(seconds=1))
    assert now.conversation_id != before.conversation_id
    assert withdraw(database, now.conversation_id, "reminders", LATER)
    assert stands(database, before) is False


@pytest.mark.parametrize("other", [{"person": "other"}, {"channel": "whatsapp"}])
def test_nobody_takes_back_what_somebody_else_said(
    database: Database, receive: Receive, other: dict[str, str]
) -> None:
    theirs = receive(**other)
    answer(database, theirs)
    assert not withdraw(database, receive().conversation_id, "reminders", LATER)
    assert stands(database, theirs) is True


def test_an_unknown_purpose_is_refused(database: Database, receive: Receive) -> None:
    with pytest.raises(ValueError, match="'marketing' is no purpose"):
        answer(database, receive(), purpose="marketing")


def test_an_answer_of_no_message_is_refused(database: Database, receive: Receive) -> None:
    with pytest.raises(IntegrityError):
        add_consent(database, receive().conversation_id, "none", "contact", "1", True, NOW)
