from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from bot.store import bookings
from bot.store.bookings import Booked
from bot.store.checks import (
    FINISHED,
    LINK_LASTS,
    OPEN,
    RESUMABLE,
    STOPPED,
    begin_check,
    check_for,
    checks_for,
    drop_check,
    end_link,
    last_check,
    latest_check,
    make_link,
    open_link,
    running_check,
    see_link,
    write_check,
)
from bot.store.conversations import texts_of
from bot.store.database import Database
from tests.store.conftest import NOW, Receive, write
from tests.store.test_bookings import new_booking, options_at

SOON = timedelta(minutes=1)
TOLD = {"answers": {"Q15": "yes"}, "words": {"Q15": "i take warfarin"}}

Begin = Callable[..., str]


@pytest.fixture
def begin(database: Database, receive: Receive) -> Begin:
    """Begins a check; what a test does not name is the same patient's and for no visit."""

    def begin_one(
        visit: str = "", at: Any = NOW, content: Any = TOLD, conversation: str = "", **who: str
    ) -> str:
        return begin_check(
            database, conversation or receive(**who).conversation_id, visit, content, at
        )

    return begin_one


def booked(database: Database, receive: Receive, **said: str) -> Booked:
    new = new_booking(receive("yes"), **said)
    return bookings.book(database, new, options_at(), 2, "booked", (), NOW)


def test_a_check_comes_back_as_it_was_told(
    database: Database, receive: Receive, begin: Begin
) -> None:
    check = begin()
    found = running_check(database, receive().conversation_id, NOW + SOON)
    assert found is not None
    assert (found.id, found.state, found.content) == (check, OPEN, TOLD)


def test_nobody_else_gets_it(database: Database, receive: Receive, begin: Begin) -> None:
    begin(person="one")
    other = receive(person="other").conversation_id
    assert running_check(database, other, NOW) is None
    assert last_check(database, other) is None
    assert latest_check(database, other, "", NOW) is None


def test_it_can_be_gone_on_with_for_a_day(
    database: Database, receive: Receive, begin: Begin
) -> None:
    begin()
    conversation = receive().conversation_id
    assert running_check(database, conversation, NOW + RESUMABLE - SOON) is not None
    assert running_check(database, conversation, NOW + RESUMABLE) is None


@pytest.mark.parametrize(("state", "runs"), [(OPEN, True), (STOPPED, True), (FINISHED, False)])
def test_a_stopped_check_can_be_gone_on_with_and_a_finished_one_cannot(
    database: Database, receive: Receive, begin: Begin, state: str, runs: bool
) -> None:
    write(database, begin(), TOLD, state, NOW + SOON)
    found = running_check(database, receive().conversation_id, NOW + SOON)
    assert (found is not None) is runs


def test_a_renewal_keeps_the_day_of_the_check(
    database: Database, receive: Receive, begin: Begin
) -> None:
    check = begin()
    write(database, check, TOLD, FINISHED, NOW + SOON)
    write(database, check, TOLD, FINISHED, NOW + 2 * SOON, is_renewal=True)
    found = last_check(database, receive().conversation_id)
    assert found is not None
    assert (found.finished_at, found.renewed_at) == (NOW + SOON, NOW + 2 * SOON)


def test_a_dropped_check_is_gone(database: Database, receive: Receive, begin: Begin) -> None:
    drop_check(database, begin())
    assert last_check(database, receive().conversation_id) is None


def test_a_check_of_no_conversation_is_refused(database: Database) -> None:
    with pytest.raises(IntegrityError):
        begin_check(database, "nobody", "", TOLD, NOW)


def test_a_booking_for_oneself_takes_the_check_of_its_conversation(
    database: Database, receive: Receive, begin: Begin
) -> None:
    check = begin()
    visit = booked(database, receive)
    found = check_for(database, visit.id)
    assert found is not None
    assert found.id == check


@pytest.mark.parametrize("whose", ["adult", "minor"])
def test_a_booking_for_somebody_else_takes_no_check(
    database: Database, receive: Receive, begin: Begin, whose: str
) -> None:
    begin()
    assert check_for(database, booked(database, receive, patient_is=whose).id) is None


def test_a_booking_takes_no_check_of_another_conversation_on_the_same_device(
    database: Database, receive: Receive, begin: Begin
) -> None:
    earlier = receive(at=NOW - timedelta(hours=13)).conversation_id
    begin(conversation=earlier)
    assert check_for(database, booked(database, receive).id) is None


def test_a_check_of_one_visit_is_not_that_of_another(
    database: Database, receive: Receive, begin: Begin
) -> None:
    first, second = booked(database, receive), booked(database, receive)
    begin(first.id)
    conversation = receive().conversation_id
    assert latest_check(database, conversation, second.id, NOW) is None
    assert set(checks_for(database, [first.id, second.id])) == {first.id}


def test_no_word_of_it_stands_in_the_file(database: Database, file: Path, begin: Begin) -> None:
    begin()
    stored = b"".join(each.read_bytes() for each in file.parent.glob("clinic.db*"))
    assert b"warfarin" not in stored
    assert b"Q15" not in stored


# --- the link to the page


def link(database: Database, receive: Receive) -> str:
    message = receive()
    return make_link(database, message.conversation_id, message.id, "", NOW)


def test_a_link_is_for_the_browser_that_opened_it_first(
    database: Database, receive: Receive
) -> None:
    key = link(database, receive)
    assert open_link(database, key, "mine", NOW) is not None
    assert open_link(database, key, "another", NOW) is None
    assert open_link(database, key, "mine", NOW + SOON) is not None


def test_a_link_ends(database: Database, receive: Receive) -> None:
    key = link(database, receive)
    assert open_link(database, key, "mine", NOW + LINK_LASTS) is None
    end_link(database, key, NOW + SOON)
    assert open_link(database, key, "mine", NOW + 2 * SOON) is None


def test_an_invented_link_leads_nowhere(database: Database) -> None:
    assert open_link(database, "invented", "mine", NOW) is None


def test_the_key_of_a_link_is_not_stored(database: Database, file: Path, receive: Receive) -> None:
    key = link(database, receive)
    stored = b"".join(each.read_bytes() for each in file.parent.glob("clinic.db*"))
    assert key.encode() not in stored


def test_looking_at_a_link_does_not_open_it(database: Database, receive: Receive) -> None:
    key = link(database, receive)
    for browser in ("a preview", "mine"):
        seen = see_link(database, key, browser, NOW)
        assert seen is not None
        assert not seen.is_opened
    open_link(database, key, "mine", NOW)
    opened = see_link(database, key, "mine", NOW)
    assert opened is not None
    assert opened.is_opened
    assert see_link(database, key, "a preview", NOW) is None


def test_a_booking_takes_the_links_of_its_conversation_along_and_no_other(
    database: Database, receive: Receive
) -> None:
    own, other = receive("the questions"), receive("the questions", person="somebody else")
    keys = [make_link(database, each.conversation_id, each.id, "", NOW) for each in (own, other)]
    visit = booked(database, receive)
    leads = [see_link(database, key, "mine", NOW) for key in keys]
    assert [each.booking_id for each in leads if each] == [visit.id, ""]


def test_who_has_read_an_older_state_writes_nothing(
    database: Database, receive: Receive, begin: Begin
) -> None:
    begin()
    read = last_check(database, receive().conversation_id)
    assert read is not None
    assert write_check(database, read, {"answers": {"Q02": "yes"}}, OPEN, NOW + SOON)
    assert not write_check(database, read, {"answers": {}}, FINISHED, NOW + 2 * SOON)
    now = last_check(database, receive().conversation_id)
    assert now is not None
    assert (now.state, now.content) == (OPEN, {"answers": {"Q02": "yes"}})


def test_of_a_minor_the_words_are_forgotten_too(
    database: Database, receive: Receive, begin: Begin
) -> None:
    before, asked = receive("hello", at=NOW - SOON), receive("i am 16")
    check = begin(conversation=asked.conversation_id)
    drop_check(database, check, forgets_words=True)
    assert texts_of(database, [before.id, asked.id]) == ["hello", ""]
