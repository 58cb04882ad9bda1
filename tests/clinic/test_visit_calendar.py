from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone

import pytest
from icalendar import Calendar, Event

from bot.clinic.visit_calendar import visit_calendar
from bot.data_files import DATA, ROOT, read_yaml

CLINIC = read_yaml(ROOT / "clinic.yml")
WORDS = read_yaml(DATA / "booking.yml")["calendar"]


@dataclass(frozen=True)
class Visit:
    id: str = "0123456789abcdef"
    status: str = "booked"
    sequence: int = 0
    starts_at: datetime = datetime(2026, 11, 24, 11, 30, tzinfo=timezone.utc)
    ends_at: datetime = datetime(2026, 11, 24, 11, 50, tzinfo=timezone.utc)
    created_at: datetime = datetime(2026, 11, 23, 6, tzinfo=timezone.utc)
    updated_at: datetime | None = None


def event_of(visit: Visit) -> Event:
    calendar = Calendar.from_ical(visit_calendar(visit, CLINIC, WORDS))
    (event,) = calendar.walk("VEVENT")
    return event


def test_it_stands_in_the_clinics_zone_and_names_the_zones_rules() -> None:
    file = visit_calendar(Visit(), CLINIC, WORDS)
    assert b"BEGIN:VTIMEZONE" in file
    assert b"DTSTART;TZID=Asia/Kolkata:20261124T170000" in file
    assert event_of(Visit()).start == Visit().starts_at


def test_the_zones_rules_say_when_the_clocks_change_on_the_clock_that_ends() -> None:
    london = {**CLINIC, "clinic": {**CLINIC["clinic"], "zone": "Europe/London"}}
    file = visit_calendar(Visit(), london, WORDS).decode()
    for rule in (
        "BEGIN:DAYLIGHT DTSTART:20270328T010000 TZNAME:BST TZOFFSETFROM:+0000 TZOFFSETTO:+0100",
        "BEGIN:STANDARD DTSTART:20261025T020000 TZNAME:GMT TZOFFSETFROM:+0100 TZOFFSETTO:+0000",
    ):
        assert rule.replace(" ", "\r\n") in file


def test_the_second_of_two_equal_clock_times_is_told_in_utc() -> None:
    london = {**CLINIC, "clinic": {**CLINIC["clinic"], "zone": "Europe/London"}}
    twice = [datetime(2026, 10, 25, hour, 30, tzinfo=timezone.utc) for hour in (0, 1)]
    files = [
        visit_calendar(replace(Visit(), starts_at=at, ends_at=at), london, WORDS) for at in twice
    ]
    assert b"DTSTART;TZID=Europe/London:20261025T013000" in files[0]
    assert b"DTSTART:20261025T013000Z" in files[1]


def test_the_uid_stays_and_the_sequence_counts_when_the_visit_moves() -> None:
    moved = replace(Visit(), starts_at=Visit().starts_at + timedelta(days=1), sequence=1)
    first, second = event_of(Visit()), event_of(moved)
    assert first["UID"] == second["UID"]
    assert (first["SEQUENCE"], second["SEQUENCE"]) == (0, 1)


def test_its_stamps_are_those_of_the_last_change() -> None:
    never = event_of(Visit())
    for name in ("CREATED", "DTSTAMP", "LAST-MODIFIED"):
        assert never[name].dt == Visit().created_at
    changed_at = Visit().created_at + timedelta(hours=3)
    changed = event_of(replace(Visit(), sequence=1, updated_at=changed_at))
    assert changed["CREATED"].dt == Visit().created_at
    assert changed["DTSTAMP"].dt == changed["LAST-MODIFIED"].dt == changed_at


def test_no_word_of_medicine_and_nothing_of_the_patient_stands_in_it() -> None:
    file = visit_calendar(Visit(), CLINIC, WORDS).decode().casefold()
    for word in ("exosome", "consultation", "treatment", "doctor", "skin", "hair", "clinic"):
        assert word not in file
    assert event_of(Visit())["CLASS"] == "PRIVATE"


@pytest.mark.parametrize(
    ("status", "shown", "method"),
    [
        ("booked", "CONFIRMED", "PUBLISH"),
        ("pending", "TENTATIVE", "PUBLISH"),
        ("cancelled", "CANCELLED", "CANCEL"),
    ],
)
def test_the_status_is_told_in_the_calendars_words(status: str, shown: str, method: str) -> None:
    visit = replace(Visit(), status=status)
    assert event_of(visit)["STATUS"] == shown
    assert Calendar.from_ical(visit_calendar(visit, CLINIC, WORDS))["METHOD"] == method


def test_a_visit_that_is_off_rings_no_alarm() -> None:
    assert event_of(Visit()).walk("VALARM")
    assert not event_of(replace(Visit(), status="cancelled")).walk("VALARM")


def test_lines_are_folded_and_end_as_the_standard_says() -> None:
    file = visit_calendar(Visit(), CLINIC, WORDS)
    assert all(len(line) <= 75 for line in file.split(b"\r\n"))
    assert b"\n" not in file.replace(b"\r\n", b"")
