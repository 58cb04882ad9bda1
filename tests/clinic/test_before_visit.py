"""What is said two days before a visit, and when."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.clinic.before_visit import BeforeVisit
from bot.clinic.text_checks import NeverSay, longest_sentence_words
from bot.clinic.told import ToldBooking
from bot.data_files import DATA, ROOT, read_yaml

CLINIC = read_yaml(ROOT / "clinic.yml")
WORDS, FACTS = read_yaml(DATA / "before_visit.yml"), read_yaml(DATA / "facts.yml")
LABELS = read_yaml(DATA / "booking.yml")["labels"]
# Monday, 12:00 in Mumbai.
NOW = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Visit:
    id: str = "b00"
    visit: str = "consultation"
    device: str = ""
    patient_is: str = "self"
    starts_at: datetime = NOW + timedelta(hours=47)
    created_at: datetime = NOW - timedelta(days=5)
    doctor: str = "mehra"
    reference: str = field(default="ABCD2345", repr=False)
    calendar_key: str = "key"


TALK = Visit()
SKIN = replace(TALK, visit="treatment_skin", device="mnrf_1")
SCALP = replace(TALK, visit="treatment_scalp", device="needling_1")


def before(**clinic: Any) -> BeforeVisit:
    told = ToldBooking(CLINIC, LABELS, FACTS["times"], "https://clinic.example")
    return BeforeVisit({**CLINIC, **clinic}, WORDS, FACTS, told)


def said(visit: Visit, *, has_check: bool = False, **clinic: Any) -> str:
    text: str = before(**clinic).content(visit, NOW, has_check=has_check)["text"]
    return text


@pytest.mark.parametrize(
    ("left", "due"),
    [(49, False), (48, True), (30, True), (3, False), (2, False), (-1, False)],
)
def test_it_is_said_two_days_before_and_not_at_the_last_moment(left: int, due: bool) -> None:
    assert before().is_due(replace(TALK, starts_at=NOW + timedelta(hours=left)), NOW) is due


@pytest.mark.parametrize(("hour", "quiet"), [(8, True), (9, False), (20, False), (21, True)])
def test_nothing_is_said_in_quiet_hours(hour: int, quiet: bool) -> None:
    at = datetime(2026, 11, 23, hour, tzinfo=UTC) - timedelta(hours=5, minutes=30)
    visit = replace(TALK, starts_at=at + timedelta(hours=40))
    assert before(quiet_hours="21:00-09:00").is_due(visit, at) is not quiet
    assert before(quiet_hours="").is_due(visit, at)


def test_a_talk_booked_within_two_days_needs_no_second_message() -> None:
    late = NOW - timedelta(hours=1)
    assert before().is_needless(replace(TALK, created_at=late))
    assert not before().is_needless(replace(SKIN, created_at=late))
    assert not before().is_needless(TALK)


def test_for_a_talk_it_says_what_to_bring() -> None:
    assert "Wednesday 25 Nov 2026 at 11:00, Consultation." in said(TALK)
    assert "names of your medicines" in said(TALK)


@pytest.mark.parametrize(
    ("visit", "words"),
    [(SKIN, "no make-up"), (SKIN, "metal jewellery"), (SCALP, "washed hair"), (SCALP, "waxing")],
)
def test_for_a_treatment_it_says_what_to_prepare_for_the_device(visit: Visit, words: str) -> None:
    assert words in said(visit)
    assert "Keep taking your medicines." in said(visit)


def test_the_clinics_own_values_are_said() -> None:
    assert "No alcohol for 24 to 48 hours" in said(SKIN)
    own = {**CLINIC["protocol"], "alcohol_gap": "3 days", "retinoid_pause": "10 days"}
    assert "No alcohol for 3 days" in said(SKIN, protocol=own)
    assert "in the last 10 days" in said(SKIN, protocol=own)


def titles(visit: Visit, *, has_check: bool) -> dict[str, str]:
    content = before().content(visit, NOW, has_check=has_check)
    return {each["title"]: each["payload"] for each in content["buttons"]}


def test_who_was_not_checked_is_offered_the_check() -> None:
    assert titles(TALK, has_check=False) == {
        "2-minute questions": '/start_suitability_check{"visit":"b00"}',
        "Talk to team": "/talk_to_staff",
    }


def test_who_was_checked_is_asked_what_has_changed() -> None:
    assert "Has anything changed?" in said(TALK, has_check=True)
    assert titles(TALK, has_check=True) == {
        "Nothing changed": '/start_suitability_check{"visit":"b00","changed":"no"}',
        "Something changed": '/start_suitability_check{"visit":"b00"}',
        "Talk to team": "/talk_to_staff",
    }


@pytest.mark.parametrize("whose", ["adult", "minor"])
def test_about_somebody_else_no_health_question_is_put(whose: str) -> None:
    visit = replace(TALK, patient_is=whose)
    assert titles(visit, has_check=False) == {"Talk to team": "/talk_to_staff"}
    assert "questions" not in said(visit)


@pytest.mark.parametrize("kind", [*FACTS["devices"]])
@pytest.mark.parametrize("visit", ["treatment_skin", "treatment_scalp", "consultation"])
def test_each_message_fits_and_says_nothing_forbidden(kind: str, visit: str) -> None:
    devices = [{"id": "one", "kind": kind, "name": kind, "offered": True}]
    text = said(replace(SKIN, visit=visit, device="one"), has_check=True, devices=devices)
    assert len(text) <= 1024
    assert "{" not in text
    assert longest_sentence_words(text) <= 20
    assert NeverSay.from_mapping(read_yaml(DATA / "never_say.yml")).breaches(text, "before") == []
