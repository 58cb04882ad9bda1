"""The safety text is the next reply, whatever the assistant was doing."""

from __future__ import annotations

import signal

import pytest

from tests import fake_cloud_api
from tests.house import House, HouseInParts, Patient, WhatsAppPatient
from tests.system.texts import Texts

SIGN, TEXT = "my lips and tongue are swelling", "emergency/E02"
CRISIS = "I want to die"
# The way to each question of each form; "press: " is a button.
BOOKING = [
    "book a consultation", "press: first", "press: Yes, for me, 18+", "press: Skin",
    "press: Yes, I agree", "Meena Iyer", "99999 00002", "press: No reminder",
]  # fmt: skip
CONTACT = ["agent", "+91 99999 00003"]
REACTION = ["my face is red since the treatment you did", "press: Microneedling"]
CHECK = [
    "start the suitability check", "press: Yes, I agree", "press: None of these",
    "press: Acne now", "press: A few mild spots",
]  # fmt: skip
# A visit that stands: to be moved, to be cancelled, or to be proven by its reference.
BOOKED = [*BOOKING, "press: Yes, book it"]
VISITS = [
    [*BOOKED, "move my visit"], [*BOOKED, "move my visit", "press: first"],
    [*BOOKED, "cancel my visit"], ["cancel my appointment"],
]  # fmt: skip
STATES = [
    *(BOOKING[:length] for length in range(1, len(BOOKING) + 1)),
    *(CONTACT[:length] for length in range(1, len(CONTACT) + 1)),
    *(REACTION[:length] for length in range(1, len(REACTION) + 1)),
    *(CHECK[:length] for length in range(1, len(CHECK) + 1)),
    *VISITS,
]


def brought_to(patient: Patient, way: list[str]) -> Patient:
    """The patient after these messages; the last question stands open."""
    for step in way:
        title = step.removeprefix("press: ")
        if title == step:
            patient.say(step)
        else:
            patient.press(patient.titles[0] if title == "first" else title)
    is_asked = "?" in patient.text or "please send me its reference" in patient.text
    assert is_asked, f"no question stands open: {patient.text}"
    return patient


@pytest.mark.parametrize("sign", [SIGN, CRISIS])
@pytest.mark.parametrize("way", STATES, ids=lambda way: way[-1])
def test_danger_is_heard_at_each_question_of_each_form(
    way: list[str], sign: str, house: House
) -> None:
    house.empty_calendar()
    patient, texts = brought_to(Patient(house), way), Texts(house)
    said = patient.say(sign)
    name = TEXT if sign == SIGN else "crisis/CRISIS"
    assert [each.text for each in said] == [texts.message(name).text]


def test_danger_is_heard_in_the_very_first_message(patient: Patient) -> None:
    (said,) = patient.say(SIGN)
    assert said.text == Texts(patient.house).message(TEXT).text


@pytest.mark.parametrize("kind", ["image", "video", "document"])
def test_danger_is_heard_in_a_caption(kind: str, whatsapp_patient: WhatsAppPatient) -> None:
    message = fake_cloud_api.message(whatsapp_patient.name, kind, {"id": "1", "caption": SIGN})
    said = whatsapp_patient.bring(message)
    assert said[0].text == Texts(whatsapp_patient.house).message(TEXT).text
    assert ("emergency", "emergency") in whatsapp_patient.requests


def test_danger_is_heard_in_an_edited_message(whatsapp_patient: WhatsAppPatient) -> None:
    whatsapp_patient.say("hello")
    edit = {
        "original_message_id": "wamid.1",
        "message": {"type": "text", "text": {"body": SIGN}},
    }
    said = whatsapp_patient.bring(fake_cloud_api.message(whatsapp_patient.name, "edit", edit))
    assert said[0].text == Texts(whatsapp_patient.house).message(TEXT).text


@pytest.mark.parametrize("part", ["engine", "actions"])
def test_danger_is_heard_with_a_process_down(part: str, house_in_parts: HouseInParts) -> None:
    house_in_parts.end_part(part, signal.SIGKILL)
    (said,) = Patient(house_in_parts).say(SIGN)
    assert said.text == Texts(house_in_parts).message(TEXT).text


def test_a_same_day_sign_is_a_call_today_with_the_engine_down(
    house_in_parts: HouseInParts,
) -> None:
    house_in_parts.end_part("engine", signal.SIGKILL)
    patient, texts = Patient(house_in_parts), Texts(house_in_parts)
    (said,) = patient.say("yellow pus on my cheek since the session")
    assert texts.without_lead(said.text) == texts.message("same_day").text
    assert patient.requests == [("report_reaction", "same_day")]


def test_a_question_about_the_risk_is_answered_and_ends_with_the_emergency_line(
    patient: Patient,
) -> None:
    (said,) = patient.say("can exosomes cause breathing trouble?")
    texts = Texts(patient.house)
    assert texts.name_of(said.text.rpartition("\n")[0]).startswith("faq/")
    assert said.text.endswith(texts.asked())
    assert patient.requests == []
