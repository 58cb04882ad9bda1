"""Properties of the free times over zones, hours and bookings.

Apart from test_availability.py because that one also runs in the engine's environment, which has
no hypothesis.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta, timezone
from itertools import combinations
from typing import Any

import pytest

pytest.importorskip("hypothesis", reason="hypothesis is not in this environment")

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.clinic.availability import Availability, Option
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
    st.sampled_from(
        [
            "2026-03-06",
            "2026-03-27",
            "2026-04-03",
            "2026-04-22",
            "2026-09-04",
            "2026-10-02",
            "2026-10-23",
            "2026-10-27",
        ]
    )
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
            "visits_a_day": draw(st.sampled_from([None, 1, 2])),
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
        "devices": [
            {"id": name, "offered": draw(st.sampled_from([True, True, False]))}
            for name in ("pen", "laser")
        ],
        "visits": {
            "consultation": {
                "minutes": draw(st.sampled_from([5, 20, 30, 90])),
                "buffer_before": draw(st.sampled_from([0, 10])),
                "buffer_after": draw(st.sampled_from([0, 7])),
                "needs": {
                    "doctor": draw(st.sampled_from([True, True, False])),
                    "rooms": ["room_1", "room_2"],
                    "devices": draw(st.sampled_from([[], ["pen"], ["pen", "laser"]])),
                },
            }
        },
        "booking": {
            "lead_minutes": draw(st.sampled_from([0, 120, 2000])),
            "horizon_days": draw(st.sampled_from([1, 5])),
            "step_minutes": draw(st.sampled_from([15, 20, 45])),
            "visits_a_day": draw(st.sampled_from([None, 1, 3])),
        },
    }


def minutes(clinic: dict[str, Any], key: str) -> timedelta:
    return timedelta(minutes=clinic["visits"]["consultation"][key])


def breaks_of(clinic: dict[str, Any], doctor: str) -> OpeningHours:
    """The breaks of a doctor as hours of their own."""
    [spans] = [each["breaks"] for each in clinic["doctors"] if each["id"] == doctor]
    return OpeningHours.from_mapping(
        {"clinic": clinic["clinic"], "hours": dict.fromkeys(WEEKDAYS, spans)}
    )


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
        options = availability.options_at("consultation", start, {}, now)
        assert options
        for option in options:
            assert option.starts_at == start
            assert list(option.ticks) == sorted(set(option.ticks))
            assert bool(option.doctor) is clinic["visits"]["consultation"]["needs"]["doctor"]


@settings(max_examples=75, deadline=None)
@given(clinic=clinics(), now=MOMENTS)
def test_nobody_is_offered_in_a_break_or_out_of_hours_and_nothing_that_is_not_offered(
    clinic: dict[str, Any], now: datetime
) -> None:
    availability = Availability.from_mapping(clinic)
    offered = {each["id"] for each in clinic["devices"] if each["offered"]}
    for start in availability.free_times("consultation", {}, now)[::7]:
        for option in availability.options_at("consultation", start, {}, now):
            assert availability.why_outside(option.doctor, start, option.ends_at) == ""
            if option.device:
                assert option.device in offered
            if not option.doctor:
                continue
            pauses = breaks_of(clinic, option.doctor)
            for minute in range(0, int(minutes(clinic, "minutes").total_seconds()), 300):
                assert not pauses.is_open(start + timedelta(seconds=minute))
            assert not pauses.is_open(option.ends_at - SECOND)


def openings(hours: OpeningHours, first: datetime, last: datetime) -> list[tuple[datetime, int]]:
    """Each opening's beginning and length in quarters of an hour, as somebody at the door sees it.

    At midnight one ends and another begins.
    """
    quarter = timedelta(minutes=15)
    found: list[tuple[datetime, int]] = []
    at = first
    while at < last:
        if hours.is_open(at):
            begun = found and found[-1][0] + found[-1][1] * quarter == at
            same_day = found and (
                found[-1][0].astimezone(hours.zone).date() == at.astimezone(hours.zone).date()
            )
            if begun and same_day:
                found[-1] = (found[-1][0], found[-1][1] + 1)
            else:
                found.append((at, 1))
        at += quarter
    return found


@settings(max_examples=40, deadline=None)
@given(
    week=WEEK,
    zone=st.sampled_from(["Asia/Kolkata", "Europe/London", "Australia/Lord_Howe"]),
    day=st.sampled_from(["2026-03-28", "2026-04-04", "2026-10-03", "2026-10-24", "2026-11-24"]),
    length=st.sampled_from([15, 30, 75]),
    step=st.sampled_from([15, 45]),
)
def test_every_step_of_an_opening_is_a_free_time_while_the_visit_ends_in_it(
    week: dict[str, Any], zone: str, day: str, length: int, step: int
) -> None:
    clinic = {
        "clinic": {"zone": zone},
        "hours": week,
        "visits": {"consultation": {"minutes": length, "needs": {"doctor": False}}},
        "booking": {"lead_minutes": 0, "horizon_days": 1, "step_minutes": step},
    }
    hours = OpeningHours.from_mapping(clinic)
    midnight = datetime.fromisoformat(day).replace(tzinfo=hours.zone).astimezone(timezone.utc)
    last = datetime.fromisoformat(day).replace(tzinfo=hours.zone) + timedelta(days=2)
    expected = [
        begins + timedelta(minutes=after)
        for begins, quarters in openings(hours, midnight, last.astimezone(timezone.utc))
        for after in range(0, quarters * 15 - length + 1, step)
    ]
    found = Availability.from_mapping(clinic).free_times("consultation", {}, midnight)
    assert found == expected


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


@settings(max_examples=100, deadline=None)
@given(clinic=clinics(), now=MOMENTS, data=st.data())
def test_whatever_is_booked_never_shares_a_tick_a_buffer_or_a_place_of_its_day(
    clinic: dict[str, Any], now: datetime, data: st.DataObject
) -> None:
    availability = Availability.from_mapping(clinic)
    zone = OpeningHours.from_mapping(clinic).zone
    busy: dict[str, set[int]] = {}
    booked: list[Option] = []
    for _ in range(5):
        free = availability.free_times("consultation", busy, now)
        if not free:
            break
        start = data.draw(st.sampled_from(free[:20]))
        option = data.draw(
            st.sampled_from(availability.options_at("consultation", start, busy, now))
        )
        places = [(day, data.draw(st.sampled_from(places))) for day, places in option.places]
        for resource, tick in (*option.ticks, *places):
            assert tick not in busy.setdefault(resource, set())
            busy[resource].add(tick)
        booked.append(option)

    before, after = minutes(clinic, "buffer_before"), minutes(clinic, "buffer_after")
    for one, other in combinations(sorted(booked), 2):
        shared = {one.doctor, one.room, one.device} & {other.doctor, other.room, other.device}
        if shared - {""}:
            assert one.ends_at + after <= other.starts_at - before
    most = {each["id"]: each["visits_a_day"] for each in clinic["doctors"]}
    days = Counter(each.starts_at.astimezone(zone).date() for each in booked)
    theirs = Counter((each.starts_at.astimezone(zone).date(), each.doctor) for each in booked)
    assert all(count <= (clinic["booking"]["visits_a_day"] or 5) for count in days.values())
    assert all(count <= (most.get(doctor) or 5) for (_, doctor), count in theirs.items())


@settings(max_examples=50, deadline=None)
@given(clinic=clinics(), now=MOMENTS, data=st.data())
def test_a_full_day_says_so_at_each_of_its_times_and_leaves_other_days_alone(
    clinic: dict[str, Any], now: datetime, data: st.DataObject
) -> None:
    availability = Availability.from_mapping(clinic)
    zone = OpeningHours.from_mapping(clinic).zone
    free = availability.free_times("consultation", {}, now)
    if not free:
        return
    day = data.draw(st.sampled_from(free)).astimezone(zone).date()
    limits = [clinic["booking"]["visits_a_day"], *(d["visits_a_day"] for d in clinic["doctors"])]
    full = {
        name: set(range(1, 4)) for name in (f"day:{day}", f"day:{day}:mehra", f"day:{day}:pinto")
    }
    left = availability.free_times("consultation", full, now)
    is_counted = limits[0] or (
        clinic["visits"]["consultation"]["needs"]["doctor"] and all(limits[1:])
    )
    for start in free:
        if start.astimezone(zone).date() != day:
            assert start in left
        elif is_counted:
            assert availability.why_not("consultation", start, full, now) == "full"
