from __future__ import annotations

import re

import pytest

from bot.clinic.booking.draft import Step
from bot.data_files import ROOT, read_yaml
from tests.clinic.booking.talk import WORDS, Talk, at_step

RESPONSES = read_yaml(ROOT / "domain.yml")["responses"]
# Filled by the engine with the clinic's facts.
FACTS = {"privacy_link", "front_desk"}


@pytest.mark.parametrize(
    ("step", "response"),
    [
        (Step.TIME, "utter_ask_booking_time"),
        (Step.WHOM, "utter_ask_booking_whom"),
        (Step.CONCERN, "utter_ask_booking_concern"),
        (Step.CONSENT, "utter_ask_booking_consent"),
        (Step.NAME, "utter_ask_booking_name"),
        (Step.PHONE, "utter_ask_booking_phone"),
        (Step.REMINDERS, "utter_ask_booking_reminders"),
        (Step.CONFIRM, "utter_ask_booking_confirm"),
    ],
)
def test_each_step_has_its_question(step: Step, response: str) -> None:
    assert at_step(step).question.response == response


def every_question() -> list[Talk]:
    """A booking at every question there is."""
    talks = [at_step(step) for step in Step]
    talks += [at_step(step).says("for my mother") for step in (Step.NAME, Step.CONFIRM)]
    talks += [at_step(Step.CONFIRM).says("my son is 12"), at_step(Step.WHOM).says("my son")]
    talks += [at_step(Step.PHONE, own_phone="+919999900071"), at_step(Step.CONFIRM).says("no")]
    talks += [at_step(Step.NAME).says("stop", intent="stop_messages"), Talk().opens("3/12")]
    return talks


@pytest.mark.parametrize("talk", every_question(), ids=lambda talk: talk.question.response)
def test_a_question_is_a_response_of_the_domain_and_fills_it(talk: Talk) -> None:
    asked = talk.question
    text = RESPONSES[asked.response][0]["text"]
    assert set(re.findall(r"{(\w+)}", text)) - FACTS <= set(asked.values)


@pytest.mark.parametrize("talk", every_question(), ids=lambda talk: talk.question.response)
def test_a_question_has_buttons_of_its_own_or_those_of_its_response(talk: Talk) -> None:
    asked = talk.question
    typed = ("_name", "_name_adult", "_name_minor", "_phone")
    if asked.response.removeprefix("utter_ask_booking") not in typed:
        assert bool(asked.buttons) != bool(RESPONSES[asked.response][0].get("buttons"))


def test_every_note_is_a_sentence_with_known_values() -> None:
    for note in WORDS["notes"].values():
        assert note.endswith((".", "?"))
        assert set(re.findall(r"{(\w+)}", note)) <= {"when", "day", "reason", "until"}


def test_the_read_back_says_everything_and_nothing_else() -> None:
    asked = at_step(Step.CONFIRM).question
    assert asked.values == {
        "booking_when": "Tuesday 24 Nov 2026 at 17:00",
        "booking_what": "Consultation for you, about skin",
        "booking_policy": "To move or cancel it is free until Monday 23 Nov 2026 at 17:00.",
        "booking_name": "Asha Rao",
        "booking_phone": "+91 99999 00071",
        "booking_reminders": "none",
        "note": "",
    }
    assert "Asha" not in repr(asked)


@pytest.mark.parametrize(
    ("concern", "about"),
    [
        ("skin", "Consultation for you, about skin"),
        ("hair", "Consultation for you, about hair"),
        ("skin and hair", "Consultation for you, about skin and hair"),
        ("a toe that hurts", "Consultation for you"),
    ],
)
def test_the_read_back_names_skin_or_hair_and_no_illness(concern: str, about: str) -> None:
    talk = at_step(Step.CONCERN).says(concern).reaches(Step.CONFIRM)
    assert talk.question.values["booking_what"] == about


@pytest.mark.parametrize(
    ("whom", "what"),
    [
        ("for my mother, she has psoriasis", "Consultation for another adult"),
        ("my son is 12 and has acne", "Consultation for a minor, with parent"),
    ],
)
def test_the_read_back_says_nothing_of_somebody_elses_health(whom: str, what: str) -> None:
    talk = at_step(Step.WHOM).says(whom).reaches(Step.CONFIRM)
    assert talk.question.values["booking_what"] == what
    assert talk.draft.concern == ""


@pytest.mark.parametrize(
    ("whom", "response"),
    [
        ("yes", "utter_ask_booking_name"),
        ("my wife", "utter_ask_booking_name_adult"),
        ("under 18", "utter_ask_booking_name_minor"),
    ],
)
def test_whose_name_is_wanted_is_said(whom: str, response: str) -> None:
    talk = at_step(Step.WHOM).says(f"for {whom}" if whom == "my wife" else whom)
    assert talk.reaches(Step.NAME).question.response == response


def test_a_channels_own_number_is_offered_and_shown() -> None:
    asked = at_step(Step.PHONE, own_phone="+12025550143").question
    assert asked.response == "utter_ask_booking_own_phone"
    assert asked.values["own_phone"] == "+1 202-555-0143"


def test_once_another_number_is_wanted_the_own_one_is_offered_no_more() -> None:
    talk = at_step(Step.PHONE, own_phone="+12025550143").says("no")
    assert talk.question.response == "utter_ask_booking_phone"


@pytest.mark.parametrize(
    ("own_phone", "ways"),
    [("", ["call", "none"]), ("+12025550143", ["whatsapp", "call", "none"])],
)
def test_the_ways_of_reminding_are_those_of_the_channel(own_phone: str, ways: list[str]) -> None:
    asked = at_step(Step.REMINDERS, own_phone=own_phone).question
    assert [given["reminders"] for _, given in asked.buttons] == ways


def test_no_button_is_longer_than_whatsapp_shows() -> None:
    for talk in every_question():
        assert all(len(title) <= 24 for title, _ in talk.question.buttons)
