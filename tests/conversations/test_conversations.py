"""Plays every conversation of this folder on the website and over WhatsApp, word by word.

One file is one case and its name is the sentence. A file holds `turns`, and may hold
`only: website` (or whatsapp) where the channels differ by nature, and `clinic: closed`
(default: open). A turn is

  say: what the patient writes, or press: the title of a button of the last answer
  who: which patient, where several write (default: the first)
  answer: what must come, whole: one name or several (tests/system/texts.py), with its buttons
  note: what is said before the question about a booking or a visit, a key of `notes` of
    data/booking.yml or data/visits.yml
  language: of a safety text (default: en)
  contains, never: words that the answer holds, or does not (case ignored)
  buttons: titles, all of them in order, where `answer` does not fix them already
  request: what staff then has to read: a kind, or `kind: urgency`; none otherwise
  reach: how staff can reach the patient, as it stands with the newest request
  booked: the visit that stands in the database from this turn on, with all of `VISIT_KEYS`
  changed: what this turn changed of a booked visit: `when` or `status`, `visit` is its number
    among those booked in this conversation (default: the last one)
  holds_end: true where no chosen time is kept any more when this turn begins
  consents: everything that the patient said yes or no to so far
  check: what applies according to the newest check in the database: answers by question

`own` as a phone is the number from which a patient writes on WhatsApp.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.house import CLINIC_ZONE, House, Message, Patient, Visit
from tests.system.texts import IN_DANGER, WHATSAPP, Texts

FOLDER = Path(__file__).parent
KINDS = {
    "happy", "corrections", "digressions", "invalid_inputs", "negations", "repeat", "guards",
    "safety", "languages", "handover", "booking", "contact", "follow_ups", "several",
    "check", "visits",
}  # fmt: skip
CHANNELS = ("website", "whatsapp")
FILES = sorted(FOLDER.glob("*/*.yml"))
NEAREST = "nearest_topics"
WAYS_OUT = {"/help_menu", "/talk_to_staff"}
# Questions whose buttons hang on what is free: what each button carries.
FREE_TIMES = {
    "ask_booking_time": "start", "ask_visit_time": "start", "ask_visit_which": "visit",
    "ask_booking_which_day": "day", "ask_booking_which_clock": "clock",
}  # fmt: skip
MOST_TIMES = 6
# Under times that do not fit.
WAIT = '/inform{"then":"wait"}'
# What is told of visits, and the intents of the buttons under it, which name the visit.
ONE_VISIT = {"/reschedule_consultation", "/cancel_consultation", "/faq"}
TOLD_VISITS = {
    "visit_shown_booked": ONE_VISIT, "visit_moved": ONE_VISIT, "visit_confirmed": ONE_VISIT,
    "visit_list": ONE_VISIT - {"/faq"},
}  # fmt: skip
ENDINGS = {
    "booking_booked", "booking_booked_self", "booking_stopped", "booking_refused",
    "booking_too_many", "booking_minor_alone",
}  # fmt: skip
# What WhatsApp does not ask, because it knows it.
KNOWN_ON_WHATSAPP = "ask_contact"
# A consultation: 20 minutes and 10 for the room, in steps of five.
TICKS = 6
CASE_KEYS = {"only", "clinic", "turns"}
VISIT_KEYS = {"name", "phone", "when", "concern", "patient_is", "reminders"}
TURN_KEYS = {
    "say", "press", "who", "answer", "note", "language", "contains", "never", "buttons", "request",
    "reach", "booked", "changed", "consents", "check", "holds_end",
}  # fmt: skip


def read_case(file: Path) -> dict[str, Any]:
    case = yaml.safe_load(file.read_text("utf-8"))
    assert set(case) <= CASE_KEYS
    assert case.get("only", CHANNELS[0]) in CHANNELS
    for turn in case["turns"]:
        assert set(turn) <= TURN_KEYS, turn
        assert ("say" in turn) != ("press" in turn), turn
        assert {"answer", "contains"} & set(turn), f"nothing is expected of {turn}"
        assert set(turn.get("booked", VISIT_KEYS)) == VISIT_KEYS, turn
    return dict(case)


PLAYS = [
    pytest.param(file, channel, id=f"{file.parent.name}/{file.stem}-{channel}")
    for file in FILES
    for channel in CHANNELS
    if read_case(file).get("only", channel) == channel
]


@pytest.mark.parametrize(("file", "channel"), PLAYS)
def test_a_conversation_goes_as_written(
    file: Path,
    channel: str,
    request: pytest.FixtureRequest,
    new_patient: Callable[[str, House], Patient],
) -> None:
    case = read_case(file)
    is_closed = case.get("clinic", "open") == "closed"
    house: House = request.getfixturevalue("closed_house" if is_closed else "house")
    house.empty_calendar()
    plays: dict[str, Play] = {}
    for number, turn in enumerate(case["turns"], 1):
        who = str(turn.get("who", ""))
        if who not in plays:
            plays[who] = Play(new_patient(channel, house))
        if turn.get("holds_end"):
            house.end_holds()
        plays[who].through(turn, f"turn {number}, {turn.get('say', turn.get('press'))!r}")


class Play:
    """One patient's way through a case, with what must hold in every conversation."""

    def __init__(self, patient: Patient) -> None:
        self.patient = patient
        self.texts = Texts(patient.house, patient.channel)
        self.notice_given = self.after_crisis = False
        self.requests: list[tuple[str, str]] = []
        self.visits: list[dict[str, str]] = []

    def through(self, turn: dict[str, Any], where: str) -> None:
        if "press" in turn:
            answer = self.patient.press(str(turn["press"]))
        else:
            answer = self.patient.say(str(turn["say"]))
        self.judge(turn, self.texts.as_read(answer), where)

    def judge(self, turn: dict[str, Any], answer: list[Message], where: str) -> None:
        names = self.names(turn)
        in_danger = any(name.split("/")[0] in IN_DANGER for name in names)
        lead = "" if in_danger else self.lead()
        if names:
            self.judge_messages(turn, names, answer, lead, where)
        assert answer[0].text.startswith(lead), where
        self.judge_words(turn, answer, where)
        self.judge_requests(turn, where)
        self.judge_rows(turn, names, where)
        self.notice_given |= not in_danger
        self.after_crisis |= "crisis" in names

    def names(self, turn: dict[str, Any]) -> list[str]:
        names = turn.get("answer", [])
        names = [names] if isinstance(names, str) else names
        is_whatsapp = self.patient.channel == WHATSAPP
        return [name for name in names if not (is_whatsapp and name == KNOWN_ON_WHATSAPP)]

    def judge_messages(
        self, turn: dict[str, Any], names: list[str], answer: list[Message], lead: str, where: str
    ) -> None:
        """The whole text of each message, and its buttons."""
        language = turn.get("language", "en")
        said = [each.text for each in answer]
        assert len(said) == len(names), f"{where}: {said}"
        for name, got in zip(names, answer, strict=True):
            note = turn.get("note", "") if name.startswith("ask_") else ""
            expected = self.texts.message(name, language, note)
            text = f"{lead}\n\n{expected.text}" if lead else expected.text
            lead = ""
            assert self.texts.fits(text, got.text), f"{where}: {got.text!r} is not {text!r}"
            self.judge_buttons(name, expected.buttons, got.buttons, where)

    def judge_buttons(
        self, name: str, expected: dict[str, str], buttons: dict[str, str], where: str
    ) -> None:
        if name == NEAREST:  # which labels are near hangs on the message
            near = set(buttons.values()) - WAYS_OUT
            assert 1 <= len(near) <= 3, where
        elif name in FREE_TIMES:
            carried = f'/inform{{"{FREE_TIMES[name]}":"'
            times = set(buttons.values()) - {WAIT}
            assert 1 <= len(times) <= MOST_TIMES, where
            assert all(payload.startswith(carried) for payload in times), where
        elif name == "wish_standing":
            assert list(buttons) == ["Take me off the list"], where
        elif name in TOLD_VISITS:
            carried = {payload.partition("{")[0] for payload in buttons.values()}
            assert carried == TOLD_VISITS[name], where
        elif name.startswith("ask_check/"):
            assert all(each.startswith('/inform{"check":"') for each in buttons.values()), where
            assert len(buttons) >= 2, where
        else:
            assert buttons == self.fitting(expected), where

    def lead(self) -> str:
        """Before the first ordinary reply the notice, after a crisis the helpline."""
        return self.texts.lead(notice=not self.notice_given, helpline=self.after_crisis)

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
        if "reach" in turn:
            assert self.patient.reach[-1] == self.with_own_phone(turn["reach"]), where

    def judge_rows(self, turn: dict[str, Any], names: list[str], where: str) -> None:
        """What stands in the database about bookings: only what the case says, and all of it."""
        if "booked" in turn:
            self.visits.append({"status": "booked", **self.with_own_phone(turn["booked"])})
        if "changed" in turn:
            changed = dict(turn["changed"])
            self.visits[changed.pop("visit", 0) - 1].update(changed)
        visits = self.patient.visits
        assert [as_written(visit) for visit in visits] == self.visits, where
        assert all(visit.ticks == ticks_of(visit) for visit in visits), where
        consents = dict(self.patient.consents)
        if "booked" in turn:
            reminded = self.visits[-1]["reminders"] != "none"
            assert consents == {"contact": True, "reminders": reminded}, where
        if "check" in turn:
            assert self.patient.check == turn["check"], where
        if "consents" in turn:
            assert consents == turn["consents"], where
        if any(name.startswith("ask_booking") for name in names):
            assert {"booking", "visit"} & self.patient.drafts, where
        elif ENDINGS & set(names):
            assert "booking" not in self.patient.drafts, where

    def with_own_phone(self, written: dict[str, str]) -> dict[str, str]:
        own = {"phone": f"+{self.patient.person}"} if written.get("phone") == "own" else {}
        return {**written, **own}


def as_written(visit: Visit) -> dict[str, str]:
    """A visit as a case writes it."""
    return {key: getattr(visit, key) for key in {"status", *VISIT_KEYS}}


def ticks_of(visit: Visit) -> set[tuple[str, int]]:
    """The steps that a consultation takes from one doctor and one room; a cancelled one none."""
    if visit.status == "cancelled":
        return set()
    starts_at = datetime.fromisoformat(visit.when).replace(tzinfo=CLINIC_ZONE)
    first = int(starts_at.timestamp()) // 300
    resources = {resource for resource, _ in visit.ticks}
    assert sorted(resource.partition(":")[0] for resource in resources) == ["doctor", "room"]
    return {(resource, first + step) for resource in resources for step in range(TICKS)}


def test_the_cases_are_sorted_by_kind_of_trouble() -> None:
    assert {file.parent.name for file in FILES} == KINDS
    assert len(FILES) >= 100


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_the_name_of_a_case_is_a_sentence(file: Path) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+){3,}", file.stem)


def test_nine_cases_in_ten_are_played_on_both_channels() -> None:
    both = [file for file in FILES if "only" not in read_case(file)]
    assert len(both) * 10 >= len(FILES) * 9
