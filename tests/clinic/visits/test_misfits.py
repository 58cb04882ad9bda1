from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.clinic.visits.misfits import REASONS, Fitting
from bot.data_files import DATA, ROOT, read_yaml

CLINIC = read_yaml(ROOT / "clinic.yml")
MUMBAI = ZoneInfo("Asia/Kolkata")
# A Monday, when Dr Pinto is there too.
AT_TEN = datetime(2026, 11, 30, 10, tzinfo=MUMBAI)


@dataclass(frozen=True)
class Visit:
    visit: str = "consultation"
    doctor: str = "pinto"
    room: str = "consulting_1"
    device: str = ""
    starts_at: datetime = AT_TEN
    ends_at: datetime = AT_TEN + timedelta(minutes=20)


@dataclass(frozen=True)
class Block:
    resource: str
    starts_at: datetime = AT_TEN
    ends_at: datetime = AT_TEN + timedelta(hours=2)


def visit_at(hour: int, minute: int = 0, minutes: int = 20, day: int = 30, **other: str) -> Visit:
    start = AT_TEN.replace(day=day, hour=hour, minute=minute)
    return Visit(starts_at=start, ends_at=start + timedelta(minutes=minutes), **other)


SKIN = visit_at(
    11, minutes=90, visit="treatment_skin", doctor="mehra", room="procedure_1", device="mnrf_1"
)


def why_not(
    visit: Visit = Visit(), change: Callable[[Any], object] = len, *blocks: Block
) -> str:  # fmt: skip
    clinic = copy.deepcopy(CLINIC)
    change(clinic)
    return Fitting(clinic).why_not(visit, blocks)


def without(key: str, name: str) -> Callable[[Any], object]:
    def change(clinic: Any) -> None:
        clinic[key] = [each for each in clinic[key] if each["id"] != name]

    return change


@pytest.mark.parametrize(
    "visit", [Visit(), SKIN, visit_at(13, 40), replace(SKIN, device="needling_1")]
)
def test_a_visit_as_it_can_be_booked_now_fits(visit: Visit) -> None:
    assert why_not(visit) == ""


def test_what_is_no_longer_in_the_file_is_told_first() -> None:
    assert why_not(Visit(), lambda clinic: clinic["visits"].pop("consultation")) == "no_visit"
    assert why_not(Visit(), without("doctors", "pinto")) == "no_doctor"
    assert why_not(Visit(), without("rooms", "consulting_1")) == "no_room"
    assert why_not(SKIN, without("devices", "mnrf_1")) == "no_device"
    assert why_not(SKIN, without("devices", "needling_1")) == ""


def test_who_and_what_no_longer_does_the_visit_is_told() -> None:
    def change(clinic: Any) -> None:
        clinic["doctors"][1]["visits"] = ["review"]
        clinic["visits"]["review"]["needs"]["rooms"] = ["consulting_2"]
        clinic["visits"]["treatment_skin"]["needs"]["devices"] = ["needling_1"]

    assert why_not(Visit(), change) == "not_by_doctor"
    assert why_not(Visit(visit="review"), change) == "not_in_room"
    assert why_not(SKIN, change) == "not_with_device"


def test_a_device_that_is_not_offered_any_more_is_told() -> None:
    def change(clinic: Any) -> None:
        clinic["devices"][1]["offered"] = False

    assert why_not(SKIN, change) == "not_with_device"


def test_hours_and_closures_of_the_clinic_count() -> None:
    def closed_on_that_day(clinic: Any) -> None:
        clinic["closures"]["days"].append({"day": "2026-11-30", "reason": "Painting"})

    def later_on_mondays(clinic: Any) -> None:
        clinic["hours"]["monday"] = ["10:30-14:00"]

    assert why_not(Visit(), closed_on_that_day) == "closed"
    assert why_not(Visit(), later_on_mondays) == "closed"
    assert why_not(visit_at(10, 30), later_on_mondays) == ""
    assert why_not(visit_at(13, 50)) == "closed"


def test_hours_and_breaks_of_the_doctor_count() -> None:
    # Dr Pinto is not there on Tuesdays, and has a break from 11:30 to 11:45.
    assert why_not(visit_at(10, day=24)) == "away"
    assert why_not(visit_at(10, day=24, doctor="mehra")) == ""
    assert why_not(visit_at(11, 20)) == "break"
    assert why_not(visit_at(11, 10)) == ""
    assert why_not(visit_at(11, 45)) == ""


def test_a_visit_that_needs_no_doctor_fits_while_the_clinic_is_open() -> None:
    assert why_not(visit_at(10, day=24, doctor="")) == ""


@pytest.mark.parametrize(
    ("resource", "reason"),
    [
        ("clinic", "blocked"), ("doctor:pinto", "blocked"), ("room:consulting_1", "blocked"),
        ("doctor:mehra", ""), ("room:consulting_2", ""), ("device:mnrf_1", ""),
    ],
)  # fmt: skip
def test_a_block_counts_for_what_it_blocks(resource: str, reason: str) -> None:
    assert why_not(Visit(), len, Block(resource)) == reason
    device = why_not(SKIN, len, Block(resource))
    assert bool(device) is (resource in ("clinic", "doctor:mehra", "device:mnrf_1"))


def test_a_block_before_or_after_a_visit_is_no_matter() -> None:
    ends = Block("clinic", AT_TEN - timedelta(hours=1), AT_TEN)
    begins = Block("clinic", Visit().ends_at)
    assert why_not(Visit(), len, ends, begins) == ""


def test_every_reason_has_words() -> None:
    assert set(read_yaml(DATA / "misfits.yml")["reasons"]) == set(REASONS)
