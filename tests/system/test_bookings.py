"""Bookings through the running system: sixty openings, and trouble in each of the steps."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import yaml

from bot.data_files import ROOT
from tests import fake_cloud_api
from tests.fake_cloud_api import FakeCloudApi
from tests.house import House, Patient, WhatsAppPatient
from tests.system.texts import Texts

OPENINGS: list[dict[str, Any]] = yaml.safe_load(
    (ROOT / "tests" / "clinic" / "openings.yml").read_text("utf-8")
)
# Openings that are no wish to book by themselves: answered otherwise, then booked on request.
MOST_ANSWERED_OTHERWISE = 20
BOOK = "book a consultation"
CONFIRM = "ask_booking_confirm"
BOOKED = "booking_booked_self"
MOST_QUESTIONS = 12
FIRST_BUTTON = "the first button"

# What a patient answers who only has to be asked.
TUESDAY = "2026-11-24T17:00"
STEPS = {
    "ask_booking_time": "tomorrow at 5 pm",
    "ask_booking_whom": "for me, 18+",
    "ask_booking_concern": "hair loss",
    "ask_booking_consent": "yes",
    "ask_booking_name": "Asha Rao",
    "ask_booking_phone": "99999 00401",
    "ask_booking_reminders": "no",
    "ask_booking_confirm": "yes",
}
VISIT = {
    "when": TUESDAY, "name": "Asha Rao", "phone": "+919999900401", "concern": "hair",
    "patient_is": "self", "reminders": "none",
}  # fmt: skip


class Booker:
    """Somebody who books, and answers each question with a fixed answer."""

    def __init__(self, patient: Patient, answers: dict[str, str]) -> None:
        self.patient, self.answers = patient, answers
        self.texts = Texts(patient.house, patient.channel)
        self.asked: list[str] = []
        # Whether the booking answered the opening itself.
        self.is_begun = False

    @property
    def question(self) -> str:
        """What the last answer asks at its end, with WhatsApp's question for the phone as ours."""
        name = self.texts.name_of(self.texts.as_read(self.patient.answer)[-1].text)
        return name.replace("ask_booking_own_phone", "ask_booking_phone")

    def say(self, text: str) -> list[str]:
        """The names of the messages that come back."""
        return self.texts.names_of(self.patient.say(text))

    def answer_until(self, *wanted: str) -> None:
        """Answers what is asked until one of these is asked or said."""
        for _ in range(MOST_QUESTIONS):
            question = self.question
            if question in wanted:
                return
            self.asked.append(question)
            answer = self.answers.get(question)
            assert answer, f"{question or self.patient.text!r} after {self.asked}"
            if answer == FIRST_BUTTON:
                self.patient.press(self.patient.titles[0])
            else:
                self.patient.say(answer)
        pytest.fail(f"{wanted} not after {self.asked}")


@pytest.fixture(autouse=True)
def _free_calendar(house: House) -> None:
    house.empty_calendar()


@pytest.fixture
def begin(house: House, new_patient: Callable[[str, House], Patient]) -> Callable[..., Booker]:
    """Brings a patient as far as one of the questions."""

    def until(step: str, channel: str = "website", answers: dict[str, str] = STEPS) -> Booker:
        booker = Booker(new_patient(channel, house), answers)
        booker.say(BOOK)
        booker.answer_until(step)
        return booker

    return until


def visits_of(booker: Booker) -> list[dict[str, str]]:
    return [{key: getattr(each, key) for key in VISIT} for each in booker.patient.visits]


# --- trouble in each of the steps ---------------------------------------------------------------


@pytest.mark.parametrize("channel", ["website", "whatsapp"])
@pytest.mark.parametrize("step", STEPS)
def test_an_emergency_in_a_step_suspends_the_booking_until_continue(
    step: str, channel: str, begin: Callable[..., Booker]
) -> None:
    booker = begin(step, channel)
    danger = Texts(booker.patient.house).message("emergency/E01")
    assert booker.patient.say("I cannot breathe")[0].text == danger.text
    assert booker.say("thank you") == ["thanks", "booking_suspended"]
    assert booker.say("yes") == ["affirm"]
    assert booker.patient.visits == []
    booker.say("continue")
    assert booker.question == step
    booker.answer_until(BOOKED)
    assert visits_of(booker) == [VISIT]
    assert booker.patient.requests == [("emergency", "emergency")]


@pytest.mark.parametrize("step", STEPS)
def test_two_questions_in_a_step_are_answered_and_the_step_is_asked_again(
    step: str, begin: Callable[..., Booker]
) -> None:
    booker = begin(step)
    assert booker.say("does it hurt") == ["faq/pain", step]
    assert booker.say("how much does it cost") == ["faq/price", step]
    booker.answer_until(BOOKED)
    assert visits_of(booker) == [VISIT]


@pytest.mark.parametrize("step", STEPS)
def test_cancel_in_a_step_ends_the_booking_and_forgets_it(
    step: str, begin: Callable[..., Booker]
) -> None:
    booker = begin(step)
    assert booker.say("cancel") == ["booking_stopped"]
    assert booker.say("continue") == ["nothing_to_continue"]
    assert not booker.patient.visits
    assert not booker.patient.drafts


@pytest.mark.parametrize("step", [*STEPS][1:])
def test_another_time_in_a_step_is_taken_and_the_step_is_asked_again(
    step: str, begin: Callable[..., Booker]
) -> None:
    booker = begin(step)
    booker.say("sorry, on friday at 6 pm please")
    if step == "ask_booking_consent":
        assert booker.question in (step, "ask_booking_name")
    else:
        assert booker.question == step
    booker.answer_until(BOOKED)
    assert visits_of(booker) == [{**VISIT, "when": "2026-11-27T18:00"}]


NONSENSE = {
    "HTML": "<img src=x onerror=alert(1)>",
    "a date that does not exist": "29 february",
    "a time that does not exist": "25:00",
    "a bare slash": "/",
    "a payload by hand": '/inform{"confirm":"maybe","whom":"nobody"}',
    "a template": "{booking_name}",
}


@pytest.mark.parametrize("kind", NONSENSE)
def test_nonsense_in_any_step_does_not_lose_the_booking(
    kind: str, begin: Callable[..., Booker]
) -> None:
    booker = begin("ask_booking_time")
    for step, answer in STEPS.items():
        if step == "ask_booking_concern":  # whatever is said there is what the visit is about
            booker.say(answer)
            continue
        assert booker.question == step
        booker.say(NONSENSE[kind])
        if not booker.question.startswith("ask_booking"):
            booker.say("go on with the booking")
        booker.answer_until(step)  # "29 february" to "shall I book it?" asks for the time again
        booker.say(answer)
    assert visits_of(booker) == [VISIT]


# --- once is once -------------------------------------------------------------------------------


def test_the_same_yes_twice_books_once_and_is_answered_alike(house: House) -> None:
    booker = Booker(Patient(house), STEPS)
    booker.say(BOOK)
    booker.answer_until(CONFIRM)
    first = booker.patient.say("yes", message_id="the yes")
    assert booker.patient.say("yes", message_id="the yes") == first
    assert visits_of(booker) == [VISIT]


def test_the_same_webhook_twice_books_once_and_is_answered_once(
    house: House, cloud_api: FakeCloudApi
) -> None:
    patient = WhatsAppPatient(house, cloud_api)
    booker = Booker(patient, STEPS)
    booker.say(BOOK)
    booker.answer_until(CONFIRM)
    confirmed = fake_cloud_api.text(patient.name, "yes")
    assert len(patient.bring(confirmed)) == 1
    assert patient.bring(confirmed) == []
    assert visits_of(booker) == [VISIT]


def test_yes_said_twice_books_once(begin: Callable[..., Booker]) -> None:
    booker = begin(CONFIRM)
    assert booker.say("yes") == [BOOKED]
    assert booker.say("yes") == ["affirm"]
    assert visits_of(booker) == [VISIT]


def test_of_ten_bookings_on_one_phone_two_are_made(house: House) -> None:
    ended = []
    for hour in ("10:00", "10:30", "11:00", "11:30", "12:00", "12:30", "16:00", "16:30", "17:00",
                 "17:30"):  # fmt: skip
        booker = Booker(Patient(house), {**STEPS, "ask_booking_time": f"tomorrow at {hour}"})
        booker.say(BOOK)
        booker.answer_until(BOOKED, "booking_too_many")
        ended.append(booker.question)
    assert ended == [BOOKED] * 2 + ["booking_too_many"] * 8


# --- sixty openings -----------------------------------------------------------------------------

OPENER = {
    "ask_booking_time": FIRST_BUTTON,
    "ask_booking_which_day": FIRST_BUTTON,
    "ask_booking_which_clock": FIRST_BUTTON,
    "ask_booking_whom": "for me, 18+",
    "ask_booking_adult": "yes, 18 or older",
    "ask_booking_concern": "something else",
    "ask_booking_consent": "yes",
    "ask_booking_name": "Qadir Quill",
    "ask_booking_name_adult": "Qadir Quill",
    "ask_booking_name_minor": "Qadir Quill",
    "ask_booking_phone": "99999 00499",
    "ask_booking_reminders": "no",
}
WHO_COMES = {
    "": "Consultation for you",
    "adult": "Consultation for another adult",
    "minor": "Consultation for a minor, with parent",
}
ABOUT = {"skin": ", about skin", "hair": ", about hair"}
HOURS_OF_PARTS = {"morning": range(14), "afternoon": range(12, 17), "evening": range(16, 24)}
MONTHS = ("", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@pytest.fixture(scope="module")
def bookers(house: House) -> dict[str, Booker]:
    """Sixty patients who have said their openings."""
    house.empty_calendar()
    found = {opening["say"]: Booker(Patient(house), OPENER) for opening in OPENINGS}
    for opening, booker in found.items():
        booker.say(opening)
        booker.is_begun = booker.question.startswith("ask_booking")
    return found


@pytest.mark.parametrize("opening", OPENINGS, ids=lambda opening: opening["say"][:40])
def test_what_an_opening_tells_is_read_back_and_nothing_else(
    opening: dict[str, Any], bookers: dict[str, Booker]
) -> None:
    booker = bookers[opening["say"]]
    if not booker.is_begun:
        # What was said before the wish to book is not read again.
        booker.say(BOOK)
        booker.answer_until(CONFIRM)
        return
    booker.answer_until(CONFIRM)
    what, when, name, phone = booker.patient.text.rpartition("Please check:\n")[2].split("\n")[:4]
    whose = opening.get("for", "")
    about = "" if whose else ABOUT.get(opening.get("concern", ""), "")
    assert what == WHO_COMES[whose] + about
    # For a child the parent's name is asked, and the child's is not kept.
    told = "" if whose == "minor" else opening.get("name", "")
    assert name == f"Name: {told or OPENER['ask_booking_name']}"
    assert re.sub(r"[ -]", "", phone) == f"Phone:{opening.get('phone', '+919999900499')}"
    assert_when(when, opening)


def assert_when(said: str, opening: dict[str, Any]) -> None:
    """The day and the time that were told, as far as the clinic is open then."""
    found = re.fullmatch(r"\w+ (\d+) (\w+) (\d+) at ((\d+):\d+)", said)
    assert found, said
    day = date(int(found[3]), MONTHS.index(found[2]), int(found[1]))
    assert day == opening.get("day", day)
    clock = opening.get("time", found[4])
    is_open = "10:00" <= clock <= "13:30" or "16:00" <= clock <= "18:30"
    assert found[4] == clock or not is_open
    if "part" in opening:
        assert int(found[5]) in HOURS_OF_PARTS[opening["part"]]


def test_two_openings_in_three_begin_a_booking_at_once(bookers: dict[str, Booker]) -> None:
    otherwise = [said for said, booker in bookers.items() if not booker.is_begun]
    assert len(otherwise) <= MOST_ANSWERED_OTHERWISE, otherwise
