"""The hours in which nobody is written to unasked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.clinic.quiet_hours import QuietHours

MUMBAI = ZoneInfo("Asia/Kolkata")


def quiet(hours: str, zone: str = "Asia/Kolkata") -> QuietHours:
    return QuietHours.from_mapping({"clinic": {"zone": zone}, "quiet_hours": hours})


def at(hour: int, minute: int = 0, day: int = 24) -> datetime:
    """A wall time of Mumbai's."""
    return datetime(2026, 11, day, hour, minute, tzinfo=MUMBAI)


@pytest.mark.parametrize(
    ("hour", "is_quiet"), [(20, False), (21, True), (0, True), (8, True), (9, False)]
)
def test_quiet_hours_may_run_over_midnight(hour: int, is_quiet: bool) -> None:
    assert quiet("21:00-09:00").cover(at(hour)) is is_quiet


@pytest.mark.parametrize(("hour", "is_quiet"), [(11, False), (12, True), (13, True), (14, False)])
def test_they_may_lie_within_a_day(hour: int, is_quiet: bool) -> None:
    assert quiet("12:00-14:00").cover(at(hour)) is is_quiet


def test_a_clinic_may_have_none() -> None:
    assert not quiet("").cover(at(3))
    assert quiet("").evening_before(at(3)) == at(3)


@pytest.mark.parametrize(
    ("hours", "moment", "moved"),
    [
        ("21:00-09:00", at(8), at(20, day=23)),
        ("21:00-09:00", at(21), at(20)),
        ("21:00-09:00", at(23, 30), at(20)),
        ("21:00-09:00", at(9), at(9)),
        ("12:00-14:00", at(13), at(11)),
        ("00:00-08:00", at(3), at(23, day=23)),
    ],
)
def test_what_falls_into_them_goes_an_hour_before_they_begin(
    hours: str, moment: datetime, moved: datetime
) -> None:
    assert quiet(hours).evening_before(moment) == moved


def test_the_hour_before_them_is_one_that_passes_also_when_the_clocks_change() -> None:
    # At 01:00 UTC on that night London's clocks go back from 02:00 to 01:00.
    rules = quiet("02:00-09:00", "Europe/London")
    moved = rules.evening_before(datetime(2026, 10, 25, 8, tzinfo=UTC))
    assert moved == datetime(2026, 10, 25, 1, tzinfo=UTC)
    assert moved + timedelta(hours=1) == datetime(2026, 10, 25, 2, tzinfo=UTC)
