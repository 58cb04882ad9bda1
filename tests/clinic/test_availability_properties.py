"""Properties of the free times over zones, hours and bookings.

Apart from test_availability.py because that one also runs in the engine's environment, which has
no hypothesis.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

pytest.importorskip("hypothesis", reason="hypothesis is not in this environment")

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.clinic.availability import Availability
from bot.clinic.hours import WEEKDAYS, OpeningHours
from bot.clinic.schema import Booking

# Zones whose clocks change at 01:00, at 02:00, by half an hour, and at midnight.
ZONES = (
    "Asia/Kolkata",
    "Europe/London",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Africa/Cairo",
)
SECOND = timedelta(seconds=1)


def spans_of(edges: list[int]) -> list[str]:
    """Pairs of edges, in quarters of an hour, as spans that do not overlap."""
    times = [f"{edge // 4:02}:{edge % 4 * 15:02}" for edge in sorted(edges)]
    return [f"{start}-{end}" for start, end in zip(times[::2], times[1::2], strict=False)]


SPANS = st.lists(st.integers(0, 96), max_size=6, unique=True).map(spans_of)
WEEK = st.fixed_dictionaries(dict.fromkeys(WEEKDAYS, SPANS))
DAYS = st.dates(datetime(2026, 1, 1).date(), datetime(2026, 12, 31).date())
# Half of them in the weeks in which clocks change somewhere.
MOMENTS = st.one_of(
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(timezone.utc)),
    st.sampled_from(["2026-03-06", "2026-03-27", "2026-04-03", "2026-10-02", "2026-10-23"])
    .map(datetime.fromisoformat)
    .map(lambda moment: moment.replace(tzinfo=timezone.utc)),
)


@st.composite
def clinics(draw: st.DrawFn) -> dict[str, Any]:
    doctors = [
        {
            "id": name,
            "hours": draw(st.none() | WEEK),
            "breaks": draw(st.just([]) | SPANS),
            "visits": ["consultation"],
        }
        for name in ("mehra", "pinto")
    ]
    return {
        "clinic": {"zone": draw(st.sampled_from(ZONES))},
        "hours": draw(WEEK),
        "closures": {
            "days": [{"day": day.isoformat()} for day in draw(st.lists(DAYS, max_size=3))]
        },
        "doctors": doctors,
        "devices": [],
        "visits": {
            "consultation": {
                "minutes": draw(st.sampled_from([5, 20, 30, 90])),
                "buffer_before": draw(st.sampled_from([0, 10])),
                "buffer_after": draw(st.sampled_from([0, 7])),
                "needs": {"doctor": True, "rooms": ["room_1", "room_2"], "devices": []},
            }
        },
        "booking": {
            "lead_minutes": draw(st.sampled_from([0, 120, 2000])),
            "horizon_days": draw(st.sampled_from([1, 5])),
            "step_minutes": draw(st.sampled_from([15, 20, 45])),
        },
    }


def test_rules_that_the_file_leaves_out_are_those_of_its_schema() -> None:
    clinic = {
        "clinic": {"zone": "Asia/Kolkata"},
        "hours": {"monday": ["10:00-14:00"]},
        "visits": {"consultation": {"minutes": 20, "needs": {"doctor": False}}},
    }
    now = datetime(2026, 11, 23, 5, tzinfo=timezone.utc)
    by_schema = Availability.from_mapping({**clinic, "booking": Booking().model_dump()})
    expected = by_schema.free_times("consultation", {}, now)
    assert Availability.from_mapping(clinic).free_times("consultation", {}, now) == expected


@settings(max_examples=150, deadline=None)
@given(clinic=clinics(), now=MOMENTS)
def test_every_free_time_lies_in_the_hours_and_keeps_the_rules(
    clinic: dict[str, Any], now: datetime
) -> None:
    found = Availability.from_mapping(clinic).free_times("consultation", {}, now)

    hours = OpeningHours.from_mapping(clinic)
    length = timedelta(minutes=clinic["visits"]["consultation"]["minutes"])
    lead = timedelta(minutes=clinic["booking"]["lead_minutes"])
    last_day = now.astimezone(hours.zone).date() + timedelta(days=clinic["booking"]["horizon_days"])
    assert found == sorted(set(found))
    for start in found:
        assert start >= now + lead
        assert start.astimezone(hours.zone).date() <= last_day
        for minute in range(0, int(length.total_seconds()), 300):
            assert hours.is_open(start + timedelta(seconds=minute))
        assert hours.is_open(start + length - SECOND)


@settings(max_examples=75, deadline=None)
@given(clinic=clinics(), now=MOMENTS)
def test_every_free_time_has_options_and_no_reason_against_it(
    clinic: dict[str, Any], now: datetime
) -> None:
    availability = Availability.from_mapping(clinic)
    for start in availability.free_times("consultation", {}, now)[::7]:
        assert availability.why_not("consultation", start, {}, now) == ""
        for option in availability.options_at("consultation", start, {}, now):
            assert option.starts_at == start
            assert list(option.ticks) == sorted(set(option.ticks))


@settings(max_examples=75, deadline=None)
@given(clinic=clinics(), now=MOMENTS, minutes=st.integers(-60, 8 * 24 * 60))
def test_a_time_without_a_reason_is_one_of_the_free_times(
    clinic: dict[str, Any], now: datetime, minutes: int
) -> None:
    availability = Availability.from_mapping(clinic)
    start = now.replace(second=0, microsecond=0) + timedelta(minutes=minutes - minutes % 5)
    free = availability.free_times("consultation", {}, now)
    reason = availability.why_not("consultation", start, {}, now)
    assert (reason == "") is (start in free)


@settings(max_examples=75, deadline=None)
@given(clinic=clinics(), now=MOMENTS, data=st.data())
def test_whatever_is_booked_never_shares_a_tick(
    clinic: dict[str, Any], now: datetime, data: st.DataObject
) -> None:
    availability = Availability.from_mapping(clinic)
    busy: dict[str, set[int]] = {}
    for _ in range(4):
        free = availability.free_times("consultation", busy, now)
        if not free:
            return
        start = data.draw(st.sampled_from(free[:20]))
        option = data.draw(
            st.sampled_from(availability.options_at("consultation", start, busy, now))
        )
        for resource, tick in option.ticks:
            assert tick not in busy.setdefault(resource, set())
            busy[resource].add(tick)
