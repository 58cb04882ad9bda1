"""The booking on a real database: what each message leaves behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import func, select

from actions.base import FAILED, SafeAction
from actions.booking import BookingAction, BookingRules, heard_now, told_before
from bot.store import drafts, holds, messages
from bot.store.bookings import open_bookings_of
from bot.store.database import Database
from bot.store.messages import Answer
from bot.store.tables import Base, BookedTick, Booking, Consent, Reminder
from tests.actions.conftest import Turn

OPENING = "I want to book for acne, tomorrow 5 pm"
ANSWERS = ("yes", "yes", "Asha Rao", "99999 00071", "no")
# Tuesday 17:00 in Mumbai.
START = datetime(2026, 11, 24, 11, 30, tzinfo=timezone.utc)


class Patient(Turn):
    """Somebody who books; the form's rules are those of `data/rules/booking.yml`."""

    in_form = False

    async def opens(self, text: str = OPENING, intent: str = "book_consultation") -> list[str]:
        """Begins, or goes on with, a booking."""
        self.hears(text, intent)
        said = await self.acts("action_book_consultation")
        self.in_form = self.goes_on_with == ["booking_form"]
        return said + (await self.asked() if self.in_form else [])

    async def says(
        self, text: str, intent: str = "inform", given: Mapping[str, str] | None = None
    ) -> list[str]:
        """Answers the form."""
        self.hears(text, intent, given)
        return await self.listened()

    async def listened(self) -> list[str]:
        """The form at the message that was heard last."""
        await self.acts("validate_booking_form")
        if self.slots.get("booking"):
            self.in_form = False
            return await self.acts("action_booking_ended")
        return await self.asked()

    async def asked(self) -> list[str]:
        """The form's question."""
        return await self.acts("action_ask_booking")

    async def presses(self, **given: str) -> list[str]:
        """A button of the booking."""
        return await self.says("inform", "inform", given)

    async def reaches_the_read_back(self, opening: str = OPENING) -> None:
        """Everything is said, nothing is booked yet."""
        await self.opens(opening)
        for answer in ANSWERS:
            said = await self.says(answer)
        assert said == ["utter_ask_booking_confirm"]

    @property
    def draft(self) -> dict[str, Any] | None:
        """What is kept of a booking that is not made yet."""
        return drafts.read_draft(self.database, self.conversation, drafts.BOOKING)

    @property
    def conversation(self) -> str:
        """The conversation's id."""
        return self.message.conversation_id

    @property
    def visits(self) -> list[Any]:
        """The bookings of this person."""
        return open_bookings_of(self.database, self.conversation, self.clock.now())

    @property
    def ticks_of_visits(self) -> int:
        """How much time is booked, by whom ever; what is only held is not."""
        booked = select(func.count()).where(BookedTick.booking_id.is_not(None))
        with self.database.work() as session:
            return session.scalar(booked) or 0

    @property
    def consents(self) -> list[tuple[str, str, bool]]:
        """Purpose, version and answer, in the order they were given."""
        with self.database.work() as session:
            rows = session.scalars(select(Consent).order_by(Consent.at))
            return [(row.purpose, row.version, row.given) for row in rows]


def count(database: Database, table: type[Base]) -> int:
    with database.work() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


@pytest.fixture
def patient(database: Database, templates: list[SafeAction]) -> Patient:
    return Patient(database, templates)


# --- the whole way


async def test_a_booking_is_stored_and_told(patient: Patient) -> None:
    await patient.reaches_the_read_back()
    assert await patient.says("yes") == ["utter_booking_booked_self"]
    [visit] = patient.visits
    assert (visit.starts_at, visit.ends_at) == (START, START + timedelta(minutes=20))
    assert (visit.status, visit.visit, visit.patient_is) == ("booked", "consultation", "self")
    assert (visit.name, visit.phone, visit.concern) == ("Asha Rao", "+919999900071", "skin")
    assert (visit.reminders, visit.message_id) == ("none", patient.message.id)
    told = patient.said[0]
    assert told["booking_when"] == "Tuesday 24 Nov 2026 at 17:00"
    assert told["booking_doctor"] == "Dr Example Mehra"
    assert told["booking_reference"] == visit.reference
    assert told["booking_calendar"] == f"https://clinic.example/visits/{visit.calendar_key}.ics"


async def test_a_booking_leaves_its_ticks_its_consents_and_no_draft(patient: Patient) -> None:
    await patient.reaches_the_read_back()
    await patient.says("yes")
    # 20 minutes and 10 of buffer, for a doctor and a room.
    assert count(patient.database, BookedTick) == 2 * 6
    assert sorted(patient.consents) == [("contact", "1", True), ("reminders", "1", False)]
    assert patient.draft is None
    assert patient.requests == []
    assert (patient.slots["booking"], patient.slots["heard"]) == (None, None)


async def test_until_the_yes_nothing_is_booked(patient: Patient) -> None:
    await patient.reaches_the_read_back()
    assert count(patient.database, Booking) == 0
    assert patient.ticks_of_visits == 0
    assert await patient.says("yes but at 6") == ["utter_ask_booking_confirm"]
    assert patient.said[0]["booking_when"] == "Tuesday 24 Nov 2026 at 18:00"
    assert count(patient.database, Booking) == 0


async def test_each_question_is_asked_in_its_turn(patient: Patient) -> None:
    assert await patient.opens("I want to book") == ["utter_ask_booking_time"]
    asked = [
        await patient.says(answer) for answer in ("the first one", "yes", "skin", *ANSWERS[1:])
    ]
    assert [each for [each] in asked] == [
        "utter_ask_booking_whom",
        "utter_ask_booking_concern",
        "utter_ask_booking_consent",
        "utter_ask_booking_name",
        "utter_ask_booking_phone",
        "utter_ask_booking_reminders",
        "utter_ask_booking_confirm",
    ]


async def test_a_booking_by_buttons_alone_is_the_same(patient: Patient) -> None:
    await patient.opens("book an appointment")
    payload = patient.said[0]["buttons"][0]["payload"]
    assert payload.startswith('/inform{"start":"2026-11-23T')
    await patient.presses(start=START.isoformat())
    for given in ({"whom": "self"}, {"concern": "skin"}, {"consent": "yes"}):
        await patient.presses(**given)
    await patient.says("Asha Rao")
    await patient.says("99999 00071")
    await patient.presses(reminders="call")
    assert await patient.presses(confirm="yes") == ["utter_booking_booked_self"]
    [visit] = patient.visits
    assert (visit.starts_at, visit.reminders) == (START, "call")


async def test_what_was_said_before_the_booking_is_used(patient: Patient) -> None:
    patient.hears("does prp help my hair fall? i am Asha Rao", "faq")
    assert await patient.opens("book tomorrow 5 pm") == ["utter_ask_booking_whom"]
    await patient.says("yes")
    assert await patient.says("yes") == ["utter_ask_booking_phone"]
    assert patient.draft is not None
    assert (patient.draft["name"], patient.draft["concern"]) == ("Asha Rao", "hair")


async def test_a_second_booking_asks_for_no_consent_again(patient: Patient) -> None:
    await patient.reaches_the_read_back()
    await patient.says("yes")
    await patient.opens("book for acne Friday 5 pm")
    assert await patient.says("yes") == ["utter_ask_booking_name"]


async def test_where_staff_confirm_the_time_is_kept_and_pending(patient: Patient) -> None:
    with_rules(patient, is_confirmed_by_staff=True)
    await patient.reaches_the_read_back()
    assert await patient.says("yes") == ["utter_booking_pending_self"]
    assert patient.visits[0].status == "pending"


async def test_from_a_channel_with_a_number_that_number_is_offered(
    database: Database, templates: list[SafeAction]
) -> None:
    patient = Patient(database, templates, channel="whatsapp", address="12025550143")
    await patient.opens()
    for answer in ("yes", "yes"):
        await patient.says(answer)
    assert await patient.says("Asha Rao") == ["utter_ask_booking_own_phone"]
    assert await patient.says("yes") == ["utter_ask_booking_reminders"]
    titles = [button["title"] for button in patient.said[0]["buttons"]]
    assert titles == ["On WhatsApp", "By phone call", "No reminder"]
    await patient.says("on WhatsApp")
    await patient.says("yes")
    assert (patient.visits[0].phone, patient.visits[0].reminders) == ("+12025550143", "whatsapp")
    assert ("reminders", "1", True) in patient.consents


async def test_on_the_website_whatsapp_is_offered_where_the_number_can_be_asked_about(
    patient: Patient,
) -> None:
    with_rules(patient, asks_numbers=True)
    await patient.opens("book for acne Friday 5 pm")
    for answer in ("yes", "yes", "Asha Rao"):
        await patient.says(answer)
    assert await patient.says("99999 00071") == ["utter_ask_booking_reminders"]
    titles = [button["title"] for button in patient.said[0]["buttons"]]
    assert titles == ["On WhatsApp", "By phone call", "No reminder"]
    await patient.says("on WhatsApp")
    await patient.says("yes")
    assert patient.visits[0].reminders == "whatsapp"


async def test_who_wants_reminders_is_reminded_and_nobody_else(patient: Patient) -> None:
    await patient.reaches_the_read_back()
    await patient.says("yes")
    assert count(patient.database, Reminder) == 0
    await patient.opens("book for acne Friday 5 pm")
    for answer in ("yes", "Asha Rao", "99999 00071", "by phone call", "yes"):
        await patient.says(answer)
    with patient.database.work() as session:
        due = [each.due_at for each in session.scalars(select(Reminder).order_by(Reminder.due_at))]
    start = patient.visits[1].starts_at
    assert due == [start - timedelta(days=1), start - timedelta(hours=2)]


# --- what is kept, and when


async def test_before_the_consent_neither_name_nor_phone_is_kept(patient: Patient) -> None:
    await patient.opens("book tomorrow 5 pm for acne, Asha Rao, 99999 00071")
    await patient.says("yes")
    assert "Asha" not in str(patient.draft)
    assert "99999" not in str(patient.draft)
    assert patient.consents == []
    assert await patient.says("yes") == ["utter_ask_booking_reminders"]
    assert patient.draft is not None
    assert (patient.draft["name"], patient.draft["phone"]) == ("Asha Rao", "+919999900071")
    assert patient.consents == [("contact", "1", True)]


async def test_a_refused_consent_is_kept_and_nothing_else(patient: Patient) -> None:
    await patient.opens("book tomorrow 5 pm for acne, Asha Rao, 99999 00071")
    await patient.says("yes")
    assert await patient.says("no") == ["utter_booking_refused"]
    assert patient.consents == [("contact", "1", False)]
    assert patient.draft is None


async def test_cancelling_deletes_the_draft(patient: Patient) -> None:
    await patient.reaches_the_read_back()
    assert await patient.says("cancel") == ["utter_booking_stopped"]
    assert patient.draft is None
    assert count(patient.database, Booking) == 0


async def test_a_minor_who_writes_leaves_nothing(patient: Patient) -> None:
    assert await patient.opens("I'm 15, book for acne tomorrow") == ["utter_booking_minor_alone"]
    assert patient.draft is None


async def test_a_minor_who_presses_so_leaves_nothing(patient: Patient) -> None:
    await patient.opens()
    assert await patient.presses(whom="minor_writer") == ["utter_booking_minor_alone"]
    assert patient.draft is None


async def test_a_childs_visit_holds_the_parents_name_and_no_health(patient: Patient) -> None:
    await patient.opens("for my daughter Ishita, 12 years, bad acne, tomorrow 5 pm")
    for answer in ("yes", "Sunita Chavan", "99999 00071", "no", "yes"):
        await patient.says(answer)
    [visit] = patient.visits
    assert (visit.patient_is, visit.name, visit.concern) == ("minor", "Sunita Chavan", "")


async def test_another_adults_visit_holds_their_name_and_no_health(patient: Patient) -> None:
    await patient.opens("I am Asha. for my mother, she has psoriasis, tomorrow 5 pm")
    for answer in ("yes", "Kamala Rao", "99999 00071", "no", "yes"):
        await patient.says(answer)
    [visit] = patient.visits
    assert (visit.patient_is, visit.name, visit.concern) == ("adult", "Kamala Rao", "")


# --- twice, too late, too many


async def test_the_same_message_is_heard_once(patient: Patient) -> None:
    await patient.opens("I want to book for acne")
    await patient.says("no")
    before = patient.draft
    await patient.listened()
    assert patient.draft == before


async def test_the_same_yes_twice_books_once(patient: Patient) -> None:
    await patient.reaches_the_read_back()
    await patient.says("yes")
    assert await patient.listened() == ["utter_booking_booked_self"]
    assert count(patient.database, Booking) == 1


async def test_a_second_yes_books_nothing_more(patient: Patient) -> None:
    await patient.reaches_the_read_back()
    await patient.says("yes")
    patient.hears("yes", "affirm")
    assert await patient.acts("validate_booking_form") == []
    assert await patient.asked() == []
    assert patient.slots["requested_slot"] is None
    assert count(patient.database, Booking) == 1


async def test_a_time_that_somebody_else_has_is_told_at_once(
    patient: Patient, templates: list[SafeAction]
) -> None:
    other = Patient(patient.database, templates, person="faster")
    await other.reaches_the_read_back()
    await other.says("yes")
    assert await patient.opens() == ["utter_ask_booking_time"]
    assert patient.said[0]["note"].startswith("Tuesday 24 Nov 2026 at 17:00 is taken.")


async def test_a_time_that_goes_between_the_read_back_and_the_yes_is_told(
    patient: Patient, templates: list[SafeAction]
) -> None:
    other = Patient(patient.database, templates, person="faster")
    await patient.reaches_the_read_back()
    # As if ten minutes had passed.
    holds.let_go(patient.database, patient.conversation)
    await other.reaches_the_read_back()
    await other.says("yes")
    assert await patient.says("yes") == ["utter_ask_booking_time"]
    assert patient.said[0]["note"].startswith(
        "Somebody else has just taken Tuesday 24 Nov 2026 at 17:00."
    )
    *_, last = patient.said[0]["buttons"]
    assert len(patient.said[0]["buttons"]) == 5
    assert last["title"] == "Wait for a time"
    assert await patient.says("the first one") == ["utter_ask_booking_confirm"]
    assert await patient.says("yes") == ["utter_booking_booked_self"]
    assert count(patient.database, Booking) == 2


async def test_of_ten_bookings_by_one_person_the_clinics_number_is_made(
    patient: Patient,
) -> None:
    told = []
    for day in range(10):
        await patient.opens(f"book for acne on {day + 1} December 2026 11 am")
        if patient.draft is not None and not patient.draft["start"]:
            await patient.says("the first one")
        for answer in ("yes", "Asha Rao", "99999 00071", "no"):
            if day == 0 and answer == "Asha Rao":
                await patient.says("yes")
            await patient.says(answer)
        told += await patient.says("yes")
    assert told == ["utter_booking_booked_self"] * 2 + ["utter_booking_too_many"] * 8
    assert count(patient.database, Booking) == 2
    assert patient.draft is None


async def test_a_turn_that_is_over_books_nothing(patient: Patient) -> None:
    await patient.reaches_the_read_back()
    patient.hears("yes", "affirm")
    answer = Answer([{"text": "We cannot answer now."}])
    messages.finish(patient.database, patient.message.id, answer, patient.clock.now())
    assert await patient.listened() == ["utter_ask_booking_confirm"]
    assert count(patient.database, Booking) == 0
    assert await patient.says("yes") == ["utter_booking_booked_self"]


# --- something else between


async def test_a_question_between_changes_nothing_and_the_booking_is_asked_again(
    patient: Patient,
) -> None:
    await patient.opens()
    before = patient.draft
    assert await patient.says("what does it cost?", "faq") == ["utter_ask_booking_whom"]
    assert patient.returned == []
    assert without_bookkeeping(patient.draft) == without_bookkeeping(before)


@pytest.mark.parametrize("answered", range(len(ANSWERS) + 1))
async def test_after_a_danger_only_continue_goes_on_where_it_was(
    patient: Patient, answered: int
) -> None:
    said = await patient.opens()
    for answer in ANSWERS[:answered]:
        said = await patient.says(answer)
    before = patient.draft
    patient.hears("I cannot breathe", "emergency")
    danger = Answer([{"text": "Call 112"}], urgency="emergency")
    messages.finish(patient.database, patient.message.id, danger, patient.clock.now())
    assert await patient.says("yes") == ["utter_booking_suspended"]
    assert await patient.says("yes") == []
    assert count(patient.database, Booking) == 0
    assert await patient.says("continue", "continue_booking") == said
    assert without_bookkeeping(patient.draft) == without_bookkeeping(before)


async def test_after_a_danger_continue_works_at_once(patient: Patient) -> None:
    await patient.reaches_the_read_back()
    patient.hears("I want to die", "crisis")
    danger = Answer([{"text": "Call"}], urgency="crisis")
    messages.finish(patient.database, patient.message.id, danger, patient.clock.now())
    assert await patient.says("continue", "continue_booking") == ["utter_ask_booking_confirm"]
    assert await patient.says("yes") == ["utter_booking_booked_self"]


async def test_a_booking_that_waited_is_gone_on_with(patient: Patient) -> None:
    await patient.opens()
    await patient.says("yes")
    assert await patient.opens("continue", "continue_booking") == ["utter_ask_booking_consent"]


async def test_a_booking_that_waited_takes_what_is_added(patient: Patient) -> None:
    await patient.opens()
    await patient.says("yes")
    assert await patient.opens("book Friday 6 pm") == ["utter_ask_booking_consent"]
    assert patient.draft is not None
    assert patient.draft["start"] == "2026-11-27T12:30:00+00:00"


@pytest.mark.parametrize("text", ["yes book it", "ok book please"])
async def test_a_word_that_takes_a_booking_up_again_neither_agrees_nor_books(
    patient: Patient, text: str
) -> None:
    await patient.opens()
    await patient.says("yes")
    assert await patient.opens(text) == ["utter_ask_booking_consent"]
    assert patient.consents == []
    for answer in ANSWERS[1:]:
        await patient.says(answer)
    assert await patient.opens(text) == ["utter_ask_booking_confirm"]
    assert count(patient.database, Booking) == 0


async def test_a_session_of_a_plan_goes_to_the_team(patient: Patient) -> None:
    assert await patient.opens("book my next PRP session") == []
    assert patient.goes_on_with == ["action_pass_to_team"]
    assert patient.draft is None
    assert await patient.acts("action_pass_to_team") == ["utter_passed_next_session"]
    assert patient.requests == [("next_session", "routine")]


async def test_a_bare_name_that_nobody_asked_for_opens_no_booking(patient: Patient) -> None:
    assert await patient.opens("Asha Rao", "inform") == ["utter_inform"]
    assert patient.draft is None


@pytest.mark.parametrize("text", ["tomorrow 5 pm", "99999 00071"])
async def test_a_bare_time_or_phone_opens_one(patient: Patient, text: str) -> None:
    [said] = await patient.opens(text, "inform")
    assert said.startswith("utter_ask_booking_")


async def test_bad_answers_leave_nothing_bad(patient: Patient) -> None:
    await patient.opens()
    for answer in ("yes", "yes"):
        await patient.says(answer)
    for name in ("<b>Asha</b>", "A" * 500, "1234", ""):
        assert await patient.says(name) == ["utter_ask_booking_name"]
    await patient.says("Asha Rao")
    for phone in ("99999", "99999 00000" + "11", "9999O 00001"):
        assert await patient.says(phone) == ["utter_ask_booking_phone"]
        assert patient.said[0]["note"]
    assert patient.draft is not None
    assert (patient.draft["name"], patient.draft["phone"]) == ("Asha Rao", "")


# --- when the database fails


async def test_a_message_that_could_not_be_heard_is_told_by_the_question(
    patient: Patient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await patient.reaches_the_read_back()

    def fail(*_: object, **__: object) -> None:
        raise OSError("disk full for Asha Rao")

    with monkeypatch.context() as broken:
        broken.setattr("actions.booking.bookings.book", fail)
        assert await patient.says("yes") == [FAILED]
    assert "Asha" not in caplog.text
    assert await patient.says("what does it cost?", "faq") == ["utter_ask_booking_confirm"]
    assert await patient.says("yes") == ["utter_booking_booked_self"]


# --- reading the tracker


def test_a_press_has_no_words(turn: Turn) -> None:
    entities = [{"entity": "confirm", "value": "yes"}]
    tracker = turn.tracker("inform", text='inform{"confirm":"yes"}', entities=entities)
    heard = heard_now(tracker)
    assert (heard.text, heard.intent, heard.entities) == ("", "inform", {"confirm": "yes"})


@pytest.mark.parametrize("text", [None, ""])
def test_a_message_without_words_is_heard(turn: Turn, text: str | None) -> None:
    heard = heard_now(turn.tracker(text=text, entities=None, intent=None))
    assert (heard.id, heard.text, heard.intent) == (turn.message.id, "", "")


def test_of_earlier_messages_those_that_tell_something_are_read(turn: Turn) -> None:
    turn.hears("my hair falls", "faq")
    turn.hears("hello", "greet")
    turn.hears('inform{"concern":"skin"}', "inform")
    turn.hears("I am Asha", "inform")
    turn.hears("book it", "book_consultation")
    assert [each.text for each in told_before(turn.tracker())] == ["my hair falls", "I am Asha"]


def test_only_a_few_earlier_messages_are_read(turn: Turn) -> None:
    for number in range(30):
        turn.hears(f"message {number}", "inform")
    assert [each.text for each in told_before(turn.tracker())] == [
        f"message {number}" for number in range(19, 29)
    ]


def without_bookkeeping(draft: dict[str, Any] | None) -> dict[str, Any]:
    """What the patient said, without when and from which message it was kept."""
    changing = {"heard", "kept_at", "suspended", "note", "note_values", "is_newly_held"}
    return {name: value for name, value in (draft or {}).items() if name not in changing}


def with_rules(patient: Patient, **rules: Any) -> None:
    """Another clinic's rules of booking."""
    for action in patient.actions.values():
        if isinstance(action, BookingAction):
            known: BookingRules = action.rules
            action.rules = replace(known, **rules)
