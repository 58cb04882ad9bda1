"""Every question of the check, answered by its button and in words, through the running system."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.data_files import DATA, read_yaml
from tests import fake_cloud_api
from tests.house import House, Patient, WhatsAppPatient

WORDS: dict[str, list[str]] = read_yaml(Path(__file__).parent / "check_words.yml")
QUESTIONS = read_yaml(DATA / "suitability.yml")["questions"]
NONE, NO_MORE = "None of these", "Nothing else"

New = Callable[[str, House], Patient]


def begin(patient: Patient) -> None:
    """As far as the first screen."""
    patient.say("start the suitability check")
    patient.press("Yes, I agree")


def presses_of(patient: Patient) -> dict[str, str]:
    """The present screen's buttons that name something, by title."""
    return {
        title: payload.removeprefix('/inform{"check":"').removesuffix('"}')
        for message in patient.answer
        for title, payload in message.buttons.items()
        if payload.startswith('/inform{"check":"Q')
    }


def press_all(patient: Patient) -> set[str]:
    """Presses every button of a screen but that of a minor; gives the questions."""
    pressed = set()
    while left := {t: held for t, held in presses_of(patient).items() if held != "Q01.under_18"}:
        title, held = next(iter(left.items()))
        patient.press(title)
        pressed.add(held.partition(".")[0])
        assert held.partition(".")[0] in (patient.check or {}) or presses_of(patient)
    return pressed


@pytest.mark.parametrize("channel", ["website", "whatsapp"])
def test_each_question_is_answered_once_by_its_button(
    channel: str, house: House, new_patient: New
) -> None:
    patient = new_patient(channel, house)
    begin(patient)
    pressed: set[str] = set()
    while True:
        pressed |= press_all(patient)
        if NO_MORE not in patient.titles:
            break
        patient.press(NO_MORE)
    assert pressed == set(QUESTIONS)
    assert patient.check is not None
    assert set(patient.check) == set(QUESTIONS)


@pytest.mark.parametrize("way", [0, 1])
def test_each_question_is_answered_twice_in_words(way: int, house: House, new_patient: New) -> None:
    patient = new_patient("website", house)
    begin(patient)
    missed, repeated = [], []
    for question, texts in WORDS.items():
        patient.say(texts[way])
        if question not in (patient.check or {}):
            answer_what_was_opened(patient, question)
        if question not in (patient.check or {}):
            missed.append(texts[way])
        is_private = QUESTIONS[question].get("private")
        if is_private and (texts[way] in patient.text or is_listed(patient, question)):
            repeated.append(texts[way])
    assert missed == []
    assert repeated == [], "what is private is never repeated in the chat"


def answer_what_was_opened(patient: Patient, question: str) -> None:
    """Presses the first answer to a question that was named without one, or goes on after alarm."""
    titles = [t for t, held in presses_of(patient).items() if held.startswith(f"{question}.")]
    if titles:
        patient.press(titles[0])
    elif "112" in patient.text:
        patient.say("continue")


def is_listed(patient: Patient, question: str) -> bool:
    """Whether the next question lists what the patient has just told."""
    return f"\u2022 {QUESTIONS[question].get('item')}\n" in patient.text


def test_a_photo_in_the_middle_is_told_to_staff_and_the_check_goes_on(
    house: House, new_patient: New
) -> None:
    patient = new_patient("whatsapp", house)
    begin(patient)
    patient.press("Breastfeeding")
    assert isinstance(patient, WhatsAppPatient)
    patient.bring(fake_cloud_api.image(patient.name))
    assert ("media", "routine") in patient.requests
    patient.say("nothing else")
    assert patient.check == {"Q03": "yes"}
    assert "2 of 9" in patient.text
