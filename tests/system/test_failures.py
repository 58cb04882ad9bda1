"""What breaks, and that nobody is left without an answer."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

from bot import run
from bot.data_files import ROOT
from tests.house import ANSWER_WITHIN, House, HouseInParts, Patient, WebsitePatient, wait_until
from tests.system.texts import Texts

PHONE = "+91 99999 00001"
# Seconds: an emergency waits for no other process.
AT_ONCE = 2.0
UNCLEAR = ("that one over by the blue", "hmm the usual of the other")


def answer_in_time(patient: Patient, text: str) -> str:
    """The answer, which must come within the door's limit."""
    began = time.monotonic()
    patient.say(text)
    assert time.monotonic() - began < ANSWER_WITHIN
    return patient.text


def assert_phone_and_team(patient: Patient, asked: str) -> None:
    answer, texts = answer_in_time(patient, asked), Texts(patient.house)
    assert texts.without_lead(answer) == texts.message("unavailable").text
    assert PHONE in answer
    assert patient.requests == [("unanswered", "routine")]


def test_without_actions_the_clinic_phone_is_given_and_the_team_asked(
    house_in_parts: HouseInParts,
) -> None:
    house_in_parts.end_part("actions")
    assert_phone_and_team(Patient(house_in_parts), "agent")


def test_without_engine_the_phone_is_given_and_an_emergency_still_answered(
    house_in_parts: HouseInParts,
) -> None:
    house_in_parts.end_part("engine")
    assert_phone_and_team(Patient(house_in_parts), "does it hurt")
    house_in_parts.end_part("actions")
    assert_phone_and_team(Patient(house_in_parts), "agent")
    patient = Patient(house_in_parts)
    began = time.monotonic()
    patient.say("my lips are swelling")
    assert time.monotonic() - began < AT_ONCE
    assert patient.text == Texts(house_in_parts).message("emergency/E02").text
    assert patient.requests == [("emergency", "emergency")]


def test_an_emergency_is_not_held_up_by_an_engine_that_hangs(
    house_in_parts: HouseInParts,
) -> None:
    patient, texts = Patient(house_in_parts), Texts(house_in_parts)
    house_in_parts.pause("engine")
    began = time.monotonic()
    patient.say("my lips are swelling")
    assert time.monotonic() - began < AT_ONCE
    assert patient.text == texts.message("emergency/E02").text


def test_an_engine_that_hangs_is_not_waited_for_and_then_goes_on(
    house_in_parts: HouseInParts,
) -> None:
    patient, texts = Patient(house_in_parts), Texts(house_in_parts)
    patient.say("does it hurt")
    house_in_parts.pause("engine")
    assert answer_in_time(patient, "how much does it cost") == texts.message("unavailable").text
    house_in_parts.resume("engine")
    house_in_parts.wait_for("engine")
    patient.say("does it hurt")
    assert texts.name_of(patient.text) == "faq/pain"
    assert patient.requests == [("unanswered", "routine")]


@pytest.mark.parametrize("part", ["engine", "actions", "front"])
def test_a_conversation_survives_the_restart_of_any_process(
    part: str, house_in_parts: HouseInParts
) -> None:
    patient, texts = Patient(house_in_parts), Texts(house_in_parts)
    patient.say(UNCLEAR[0])
    assert texts.name_of(patient.text) == "nearest_topics"
    house_in_parts.end_part(part, signal.SIGTERM)
    house_in_parts.start_part(part)
    patient.say(UNCLEAR[1])
    assert patient.answer[0].text == texts.message("asked_the_team").text
    assert patient.requests == [("not_understood", "routine")]


def test_a_button_offered_before_a_crash_can_be_pressed_after_it(
    house_in_parts: HouseInParts,
) -> None:
    patient, texts = Patient(house_in_parts), Texts(house_in_parts)
    patient.say("What are exosomes?")
    house_in_parts.end_part("front")
    house_in_parts.start_part("front")
    patient.press("Where from?")
    assert patient.answer == [texts.message("faq/exosome_sources")]


def test_what_a_crash_left_unanswered_is_answered_at_the_next_start(
    house_in_parts: HouseInParts, open_website: Callable[..., WebsitePatient]
) -> None:
    visitor = open_website(at=house_in_parts)
    house_in_parts.pause("engine")
    assert visitor.call("user_uttered", visitor.body("does it hurt")) == {"status": "received"}
    house_in_parts.end_part("front")
    house_in_parts.resume("engine")
    house_in_parts.start_part("front")
    wait_until(
        lambda: house_in_parts.messages_of("website", visitor.person) == ["done"],
        ANSWER_WITHIN,
        "the message answered",
    )
    again = open_website(at=house_in_parts, session=visitor.session)
    answer = again.next_message(ANSWER_WITHIN)
    assert Texts(house_in_parts).name_of(answer.text) == "faq/pain"


@dataclass(frozen=True)
class Refusal:
    """How a house that could not start has ended."""

    status: int
    said: str


@pytest.fixture
def refused(tmp_path: Path) -> Callable[..., Refusal]:
    """Tries to start a house that must refuse."""

    def start(**environment: str) -> Refusal:
        house = House(tmp_path, **environment)
        return Refusal(house.end_of_start(), house.log_text())

    return start


def assert_refused(refusal: Refusal, *words: str) -> None:
    """One plain sentence and a status that says no."""
    assert refusal.status != 0
    assert len(refusal.said.strip().splitlines()) == 1, refusal.said
    assert "Traceback" not in refusal.said
    for word in words:
        assert word in refusal.said


@pytest.fixture
def used_port() -> Iterator[str]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield str(taken.getsockname()[1])


@pytest.mark.parametrize("name", ["FRONT_PORT", "ACTIONS_PORT", "ENGINE_PORT"])
def test_a_port_in_use_stops_the_start(
    name: str, used_port: str, refused: Callable[..., Refusal]
) -> None:
    assert_refused(refused(**{name: used_port}), used_port, name)


@pytest.mark.parametrize("port", ["0", "65536", "abc", ""])
def test_a_port_that_is_none_stops_the_start(port: str, refused: Callable[..., Refusal]) -> None:
    assert_refused(refused(FRONT_PORT=port), "FRONT_PORT")


WRONG_CLINICS: dict[str, Callable[[str], str]] = {
    "an unknown key": lambda text: f"{text}\nopening_hours: always\n",
    "a missing block": lambda text: text.replace("\nphones:", "\ntelephones:"),
    "a wrong time": lambda text: text.replace('monday: ["10:00-14:00"', 'monday: ["10 to 2"'),
    "no YAML": lambda text: f"{text}\n  : [\n",
    "nothing": lambda _: "",
}


@pytest.mark.parametrize("kind", WRONG_CLINICS)
def test_a_wrong_clinic_file_stops_the_start(
    kind: str, tmp_path: Path, refused: Callable[..., Refusal]
) -> None:
    file = tmp_path / "wrong.yml"
    file.write_text(WRONG_CLINICS[kind]((ROOT / "clinic.yml").read_text("utf-8")), "utf-8")
    assert_refused(refused(CLINIC_FILE=str(file)))


def test_a_clinic_file_that_is_not_there_stops_the_start(
    tmp_path: Path, refused: Callable[..., Refusal]
) -> None:
    assert_refused(refused(CLINIC_FILE=str(tmp_path / "none.yml")), "CLINIC_FILE")


def test_a_wrong_time_of_the_clinic_stops_the_start(
    refused: Callable[..., Refusal],
) -> None:
    assert_refused(refused(CLINIC_NOW="tomorrow"), "CLINIC_NOW")


def test_a_wrong_key_stops_the_start(
    refused: Callable[..., Refusal],
) -> None:
    assert_refused(refused(DATA_KEY="dev:short"), "DATA_KEY")


def test_a_full_disk_stops_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    house = House(tmp_path)
    house.http.close()
    for name, value in house.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1024))
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    assert run.main() != 0
    said = capsys.readouterr().err
    assert len(said.strip().splitlines()) == 1
    assert "disk" in said


def test_when_the_engine_dies_it_is_started_again_and_the_front_goes_on(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.start()
    patient = Patient(house)
    kill(house, "bot.engine")
    assert "112" in patient.say("my lips are swelling")[0].text
    wait_until(lambda: house.http.get("/health").status_code == 200, 60.0, house.log_tail)
    assert "engine ended unexpectedly; starting it again" in house.log_text()
    assert house.stop() == 0


def test_when_the_front_dies_the_house_ends_and_leaves_none(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.start()
    kill(house, "bot front")
    assert house.wait_for_end() != 0
    assert not house.processes_left()
    assert "front ended unexpectedly" in house.log_text()


def kill(house: House, named: str) -> None:
    [pid] = [pid for pid, command in house.processes_left().items() if named in command]
    os.kill(pid, signal.SIGKILL)
