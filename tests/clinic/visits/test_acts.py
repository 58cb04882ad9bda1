"""What staff may make of a visit, and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clinic.visits.acts import acts
from bot.clinic.visits.statuses import STATUSES, may_follow

ZONE = ZoneInfo("Asia/Kolkata")
# Tuesday, 11:00 in Mumbai.
STARTS = datetime(2026, 11, 24, 5, 30, tzinfo=UTC)
ENDS = STARTS + timedelta(minutes=20)
THE_DAY_BEFORE, THAT_MORNING = STARTS - timedelta(days=1), STARTS - timedelta(hours=2)
BEGUN, OVER, NEXT_DAY = STARTS, ENDS, STARTS + timedelta(days=1)


def may(status: str, now: datetime) -> tuple[str, ...]:
    return acts(status, STARTS, ENDS, now, ZONE)


@pytest.mark.parametrize(
    ("status", "now", "expected"),
    [
        ("pending", THE_DAY_BEFORE, ("booked", "cancelled")),
        ("pending", THAT_MORNING, ("booked", "arrived", "cancelled")),
        ("pending", BEGUN, ("booked", "arrived", "noshow", "cancelled")),
        ("pending", OVER, ("arrived", "noshow")),
        ("pending", NEXT_DAY, ("arrived", "noshow")),
        ("booked", THE_DAY_BEFORE, ("cancelled",)),
        ("booked", THAT_MORNING, ("arrived", "cancelled")),
        ("booked", BEGUN, ("arrived", "noshow", "cancelled")),
        ("booked", OVER, ("arrived", "noshow")),
        ("booked", NEXT_DAY, ("arrived", "noshow")),
        ("arrived", THAT_MORNING, ("booked", "cancelled")),
        ("arrived", BEGUN, ("booked", "fulfilled", "cancelled")),
        ("arrived", NEXT_DAY, ("booked", "fulfilled")),
        ("noshow", OVER, ("arrived",)),
        ("noshow", NEXT_DAY, ("arrived",)),
        ("fulfilled", OVER, ("arrived",)),
        ("fulfilled", NEXT_DAY, ("arrived",)),
        ("cancelled", THAT_MORNING, ()),
        ("entered-in-error", THAT_MORNING, ()),
    ],
)
def test_what_staff_may_do(status: str, now: datetime, expected: tuple[str, ...]) -> None:
    assert may(status, now) == expected


def test_the_day_is_the_clinics_and_not_that_of_utc() -> None:
    late = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
    after_midnight = datetime(2026, 11, 23, 19, 0, tzinfo=UTC)
    assert "arrived" not in acts("booked", STARTS, ENDS, late, ZONE)
    assert "arrived" in acts("booked", STARTS, ENDS, after_midnight, ZONE)


@given(st.sampled_from(STATUSES), st.timedeltas(timedelta(days=-3), timedelta(days=3)))
def test_staff_do_nothing_that_the_statuses_do_not_allow(
    status: str, from_start: timedelta
) -> None:
    found = may(status, STARTS + from_start)
    assert set(found) <= set(may_follow(status))
    if from_start < timedelta():
        assert not {"noshow", "fulfilled"} & set(found)
