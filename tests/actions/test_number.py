"""The answer to the first message to a number that was typed on the website."""

from __future__ import annotations

from datetime import timedelta

import pytest
from rasa_sdk.executor import CollectingDispatcher

from actions.base import SafeAction
from actions.booking import BookConsultation
from actions.number import answer_number
from bot.store import bookings
from bot.store.bookings import Booked, NewBooking
from bot.store.changes import By
from bot.store.database import Database
from bot.store.numbers import ask_number
from bot.store.visits import set_status
from tests.actions.conftest import SILENCE, Turn
from tests.store.test_bookings import AVAILABILITY

DIGITS = "919999900001"


class Number:
    """A visit that was booked on the website, and whoever has its number."""

    def __init__(self, database: Database, templates: list[SafeAction]) -> None:
        self.database = database
        visitor = Turn(database, templates, person="visitor")
        now = visitor.clock.now()
        start = now.replace(hour=4, minute=30, second=0, microsecond=0) + timedelta(days=7)
        new = NewBooking(
            visitor.message.conversation_id, visitor.message.id, "consultation", "self",
            name="Asha Rao", phone=f"+{DIGITS}", reminders="whatsapp",
        )  # fmt: skip
        options = AVAILABILITY.options_at("consultation", start, {}, now)
        remind_at = [start - timedelta(days=1)]
        self.visit: Booked = bookings.book(
            database, new, options, 2, "booked", (), now, remind_at=remind_at
        )
        ask_number(database, self.visit, {"text": "Is that you?"}, now, SILENCE)
        person = database.cipher.search_hash(f"whatsapp:{DIGITS}")
        self.turn = Turn(database, templates, person, "whatsapp", DIGITS)
        self.said: list[dict[str, object]] = []

    def press(self, answer: str, visit: str = "") -> list[str]:
        """Answers; the responses that were chosen."""
        given = {"visit": visit or self.visit.id, **({"number": answer} if answer else {})}
        self.turn.hears("pressed", "check_consultation", given)
        dispatcher = CollectingDispatcher()
        tracker = self.turn.tracker(**self.turn.latest)
        booking = self.turn.actions["action_book_consultation"]
        assert isinstance(booking, BookConsultation)
        told = booking.rules.told
        is_answer = answer_number(dispatcher, tracker, self.database, self.turn.clock, told)
        self.said = dispatcher.messages
        assert is_answer is bool(dispatcher.messages)
        return [str(each["response"]) for each in self.said]


@pytest.fixture
def number(database: Database, templates: list[SafeAction]) -> Number:
    return Number(database, templates)


def test_whose_number_it_is_is_told_when_the_visit_is(number: Number) -> None:
    assert number.press("mine") == ["utter_number_mine"]
    assert number.said[0]["booking_when"] == "Monday 30 Nov 2026 at 10:00"


def test_a_stranger_is_told_nothing_of_it(number: Number) -> None:
    assert number.press("not_mine") == ["utter_number_not_mine"]
    assert "booking_when" not in number.said[0]
    assert number.turn.requests == [("wrong_number", "routine")]


def test_a_yes_after_a_no_tells_nothing(number: Number) -> None:
    number.press("not_mine")
    assert number.press("mine") == ["utter_number_noted"]


def test_of_a_visit_that_was_cancelled_no_time_is_told(number: Number) -> None:
    staff = By("staff", staff_user="desk")
    now = number.turn.clock.now()
    set_status(number.database, number.visit.id, 0, "cancelled", staff, now)
    assert number.press("mine") == ["utter_number_noted"]


def test_an_answer_about_no_visit_is_thanked_for_and_changes_nothing(number: Number) -> None:
    assert number.press("mine", visit="another") == ["utter_number_noted"]


@pytest.mark.parametrize("answer", ["", "perhaps"])
def test_what_holds_no_answer_is_none(number: Number, answer: str) -> None:
    assert number.press(answer) == []
