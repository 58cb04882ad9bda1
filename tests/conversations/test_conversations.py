"""Plays every conversation of this folder with the running system, word by word.

One file is one case and its name is the sentence. A file holds `turns`, and may hold
`channel: website` (default: rest) and `clinic: closed` (default: open). A turn is

  say: what the patient writes, or press: the title of a button of the last answer
  answer: what must come, whole: one name or several (tests/system/texts.py), with its buttons
  language: of a safety text (default: en)
  contains, never: words that the answer holds, or does not (case ignored)
  buttons: titles, all of them in order, where `answer` does not fix them already
  request: what staff then has to read: a kind, or `kind: urgency`; none otherwise
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.house import House, Message, Patient, WebsitePatient
from tests.system.texts import IN_DANGER, Texts

FOLDER = Path(__file__).parent
KINDS = {
    "happy", "corrections", "digressions", "invalid_inputs", "negations", "repeat", "guards",
    "safety", "languages", "handover",
}  # fmt: skip
FILES = sorted(FOLDER.glob("*/*.yml"))
NEAREST = "nearest_topics"
WAYS_OUT = {"/help_menu", "/talk_to_staff"}
CASE_KEYS = {"channel", "clinic", "turns"}
TURN_KEYS = {
    "say", "press", "answer", "language", "contains", "never", "buttons", "request",
}  # fmt: skip


def read_case(file: Path) -> dict[str, Any]:
    case = yaml.safe_load(file.read_text("utf-8"))
    assert set(case) <= CASE_KEYS
    for turn in case["turns"]:
        assert set(turn) <= TURN_KEYS, turn
        assert ("say" in turn) != ("press" in turn), turn
        assert {"answer", "contains"} & set(turn), f"nothing is expected of {turn}"
    return dict(case)


@pytest.fixture
def patient_for(
    request: pytest.FixtureRequest, open_website: Callable[..., WebsitePatient]
) -> Iterator[Callable[[dict[str, Any]], Patient]]:
    def find(case: dict[str, Any]) -> Patient:
        closed = case.get("clinic", "open") == "closed"
        house: House = request.getfixturevalue("closed_house" if closed else "house")
        if case.get("channel", "rest") == "website":
            return open_website(at=house)
        return Patient(house)

    yield find


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_a_conversation_goes_as_written(
    file: Path, patient_for: Callable[[dict[str, Any]], Patient]
) -> None:
    case = read_case(file)
    patient = patient_for(case)
    Play(patient, Texts(patient.house)).through(case["turns"])


class Play:
    """One patient's way through a case, with what must hold in every conversation."""

    def __init__(self, patient: Patient, texts: Texts) -> None:
        self.patient, self.texts = patient, texts
        self.notice_given = self.after_crisis = False
        self.requests: list[tuple[str, str]] = []

    def through(self, turns: list[dict[str, Any]]) -> None:
        for number, turn in enumerate(turns, 1):
            said = str(turn.get("say", turn.get("press")))
            answer = self.patient.press(said) if "press" in turn else self.patient.say(said)
            self.judge(turn, answer, f"turn {number}, {said!r}")

    def judge(self, turn: dict[str, Any], answer: list[Message], where: str) -> None:
        names = turn.get("answer", [])
        names = [names] if isinstance(names, str) else names
        in_danger = any(name.split("/")[0] in IN_DANGER for name in names)
        lead = "" if in_danger else self.lead()
        if names:
            expected = [self.texts.message(name, turn.get("language", "en")) for name in names]
            assert [each.text for each in answer] == self.led(lead, expected), where
            if names == [NEAREST]:  # which labels are near hangs on the message
                near = set(answer[0].buttons.values()) - WAYS_OUT
                assert 1 <= len(near) <= 3, where
            else:
                buttons = [self.fitting(each.buttons) for each in expected]
                assert [each.buttons for each in answer] == buttons, where
        assert answer[0].text.startswith(lead), where
        self.judge_words(turn, answer, where)
        self.judge_requests(turn, where)
        self.notice_given |= not in_danger
        self.after_crisis |= "crisis" in names

    def lead(self) -> str:
        """Before the first ordinary reply the notice, after a crisis the helpline."""
        return self.texts.lead(notice=not self.notice_given, helpline=self.after_crisis)

    def led(self, lead: str, expected: list[Message]) -> list[str]:
        first, *rest = [each.text for each in expected]
        return [f"{lead}\n\n{first}" if lead else first, *rest]

    def fitting(self, buttons: dict[str, str]) -> dict[str, str]:
        """After a crisis nobody is offered a booking."""
        unfit = "/book_consultation" if self.after_crisis else ""
        return {title: payload for title, payload in buttons.items() if payload != unfit}

    def judge_words(self, turn: dict[str, Any], answer: list[Message], where: str) -> None:
        text = "\n".join(each.text for each in answer)
        assert not re.search(r"\{\w+\}", text), f"{where}: a hole in {text!r}"
        for words in turn.get("contains", []):
            assert str(words).casefold() in text.casefold(), where
        for words in turn.get("never", []):
            assert str(words).casefold() not in text.casefold(), where
        if "buttons" in turn:
            assert [title for each in answer for title in each.buttons] == turn["buttons"], where

    def judge_requests(self, turn: dict[str, Any], where: str) -> None:
        if "request" in turn:
            kind, _, urgency = turn["request"].partition(": ")
            self.requests.append((kind, urgency or "routine"))
        assert self.patient.requests == self.requests, where


def test_the_cases_are_sorted_by_kind_of_trouble() -> None:
    assert {file.parent.name for file in FILES} == KINDS
    assert len(FILES) >= 45


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_the_name_of_a_case_is_a_sentence(file: Path) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+){3,}", file.stem)


def test_a_third_of_the_cases_is_played_on_the_website() -> None:
    website = [file for file in FILES if read_case(file).get("channel") == "website"]
    assert len(website) * 3 >= len(FILES)
