from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timezone

import pytest

from bot.clinic.told import ToldBooking, calendar_link, response_to
from bot.data_files import DATA, ROOT, booked_responses, read_yaml

LABELS = read_yaml(DATA / "booking.yml")["labels"]
TIMES = read_yaml(DATA / "facts.yml")["times"]
TOLD = ToldBooking(read_yaml(ROOT / "clinic.yml"), LABELS, TIMES, "https://clinic.example")


@dataclass(frozen=True)
class AVisit:
    """What of a booking is told."""

    starts_at: datetime = datetime(2026, 11, 24, 11, 30, tzinfo=timezone.utc)
    doctor: str = "mehra"
    reference: str = "ABCD2345"
    calendar_key: str = "a-key"


VISIT = AVisit()


def test_a_booking_is_told_with_weekday_date_and_time_in_the_clinics_zone() -> None:
    assert TOLD.values(VISIT) == {
        "booking_when": "Tuesday 24 Nov 2026 at 17:00",
        "booking_doctor": "Dr Example Mehra",
        "booking_reference": "ABCD2345",
        "booking_calendar": "https://clinic.example/visits/a-key.ics",
    }


@pytest.mark.parametrize("doctor", ["", "who left"])
def test_without_a_known_doctor_it_is_the_clinics(doctor: str) -> None:
    assert TOLD.values(replace(VISIT, doctor=doctor))["booking_doctor"] == LABELS["any_doctor"]


def test_a_clinic_without_doctors_can_tell_a_booking() -> None:
    clinic = {**read_yaml(ROOT / "clinic.yml"), "doctors": None}
    told = ToldBooking(clinic, LABELS, TIMES, "").values(replace(VISIT, doctor=""))
    assert told["booking_doctor"] == LABELS["any_doctor"]


def test_just_after_midnight_in_the_clinic_it_is_the_next_day() -> None:
    late = replace(VISIT, starts_at=datetime(2026, 11, 24, 18, 45, tzinfo=timezone.utc))
    assert TOLD.values(late)["booking_when"] == "Wednesday 25 Nov 2026 at 00:15"


@pytest.mark.parametrize("status", ["booked", "pending"])
@pytest.mark.parametrize("whose", ["self", "adult", "minor"])
def test_every_value_of_a_booked_response_is_told(status: str, whose: str) -> None:
    text = booked_responses(read_yaml(ROOT / "domain.yml"))[response_to(status, whose)]["text"]
    for name in ("booking_when", "booking_doctor", "booking_reference"):
        assert f"{{{name}}}" in text
        assert name in TOLD.values(VISIT)


def test_the_link_to_the_calendar_holds_the_key_and_nothing_of_the_patient() -> None:
    assert calendar_link("https://clinic.example", "key") == "https://clinic.example/visits/key.ics"
