"""Every sign of the brief is reachable in a conversation, on both channels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.data_files import read_yaml
from tests.house import House, Patient
from tests.system.texts import Texts

SIGNS: dict[str, Any] = read_yaml(Path(__file__).with_name("every_id.yml"))
CHANNELS = ("website", "whatsapp")
DANGER = [
    pytest.param(kind, sign, channel, id=f"{sign}-{channel}")
    for kind in ("emergency", "crisis")
    for sign in SIGNS[kind]
    for channel in CHANNELS
]
SAME_DAY = [(sign, channel) for sign in SIGNS["same_day"] for channel in CHANNELS]
EXPECTED = [(sign, channel) for sign in SIGNS["expected"] for channel in CHANNELS]
NewPatient = Callable[[str, House], Patient]


@pytest.mark.parametrize(("kind", "sign", "channel"), DANGER)
def test_danger_is_answered_by_its_own_text(
    kind: str, sign: str, channel: str, house: House, new_patient: NewPatient
) -> None:
    patient = new_patient(channel, house)
    (answer,) = patient.say(SIGNS[kind][sign])
    assert answer.text == Texts(house, channel).message(f"{kind}/{sign}").text
    assert not answer.buttons
    assert patient.requests == [(kind, kind)]


@pytest.mark.parametrize(("sign", "channel"), SAME_DAY)
def test_a_same_day_sign_is_a_call_today(
    sign: str, channel: str, house: House, new_patient: NewPatient
) -> None:
    patient, texts = new_patient(channel, house), Texts(house, channel)
    first, *_ = texts.as_read(patient.say(SIGNS["same_day"][sign]))
    assert texts.without_lead(first.text) == texts.message("report_reaction").text
    assert patient.requests == [("report_reaction", "same_day")]


@pytest.mark.parametrize(("sign", "channel"), EXPECTED)
def test_an_expected_sign_is_told_with_when_to_call(
    sign: str, channel: str, house: House, new_patient: NewPatient
) -> None:
    patient, texts = new_patient(channel, house), Texts(house, channel)
    said, until = SIGNS["expected"][sign]["say"], SIGNS["expected"][sign]["until"]
    first, *_ = texts.as_read(patient.say(said))
    assert texts.without_lead(first.text) == texts.expected(sign, until)
    assert patient.requests == []


def test_every_id_of_the_brief_is_here() -> None:
    every = [sign for kind in SIGNS.values() for sign in kind]
    numbered = {"E": 15, "D": 17, "X": 8}
    named = [
        f"{kind}{number:02}" for kind, most in numbered.items() for number in range(1, most + 1)
    ]
    assert sorted(every) == sorted([*named, "CRISIS"])
