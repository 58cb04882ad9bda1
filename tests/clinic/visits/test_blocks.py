from __future__ import annotations

from datetime import datetime, timezone
from zoneinfo import ZoneInfo

import pytest

from bot.clinic.visits.blocks import read_wall_time, resources_of
from bot.data_files import ROOT, read_yaml

MUMBAI = ZoneInfo("Asia/Kolkata")


def test_every_doctor_room_and_device_of_the_clinic_can_be_blocked() -> None:
    assert resources_of(read_yaml(ROOT / "clinic.yml")) == [
        "doctor:mehra", "doctor:pinto",
        "room:consulting_1", "room:consulting_2", "room:procedure_1",
        "device:needling_1", "device:mnrf_1",
    ]  # fmt: skip
    assert resources_of({"rooms": [{"id": "one"}], "devices": None}) == ["room:one"]


def test_a_time_is_read_from_the_clinics_clock() -> None:
    expected = datetime(2026, 11, 30, 4, 30, tzinfo=timezone.utc)
    assert read_wall_time("2026-11-30T10:00", MUMBAI) == expected


def test_of_a_time_that_comes_twice_it_is_the_first() -> None:
    found = read_wall_time("2026-10-25T01:30", ZoneInfo("Europe/London"))
    assert found == datetime(2026, 10, 25, 0, 30, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("2026-03-29T01:30", "Europe/London"),
        ("2026-10-04T02:15", "Australia/Lord_Howe"),
        ("2026-11-30", "Asia/Kolkata"),
        ("2026-11-31T10:00", "Asia/Kolkata"),
        ("2026-11-30T10:00+05:30", "Asia/Kolkata"),
        ("tomorrow", "Asia/Kolkata"),
    ],
)
def test_a_time_that_the_clock_never_shows_is_refused(text: str, zone: str) -> None:
    with pytest.raises(ValueError, match=r"skip|match|day is out of range|unconverted"):
        read_wall_time(text, ZoneInfo(zone))
