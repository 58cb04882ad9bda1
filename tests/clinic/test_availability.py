from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from bot.clinic.availability import TICK, Availability, Option
from bot.clinic.hours import WEEKDAYS

CLINIC = yaml.safe_load(Path("clinic.yml").read_text(encoding="utf-8"))
MUMBAI = ZoneInfo("Asia/Kolkata")


def at(text: str, zone: str = "Asia/Kolkata") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(timezone.utc)


# A Monday, before the clinic opens.
NOW = at("2026-11-23T07:00")
MONDAY = date(2026, 11, 23)


def clinic(
    hours: Iterable[str] = ("10:00-12:00",),
    zone: str = "Asia/Kolkata",
    doctors: list[dict[str, Any]] | None = None,
    rules: dict[str, Any] | None = None,
    closures: dict[str, Any] | None = None,
    devices: list[dict[str, Any]] | None = None,
    **visit: Any,
) -> Availability:
    """A clinic with the same hours every day, one doctor, one room and a visit of 30 minutes."""
    one = {"id": "mehra", "hours": None, "breaks": [], "visits": ["consultation"]}
    consultation = {
        "minutes": 30,
        "buffer_before": 0,
        "buffer_after": 0,
        "needs": {"doctor": True, "rooms": ["room_1"], "devices": []},
        **visit,
    }
    return Availability.from_mapping(
        {
            "clinic": {"zone": zone},
            "hours": {day: list(hours) for day in WEEKDAYS},
            "closures": closures or {},
            "doctors": [one] if doctors is None else doctors,
            "devices": devices or [],
            "visits": {"consultation": consultation},
            "booking": {"lead_minutes": 0, "horizon_days": 60, "step_minutes": 30, **(rules or {})},
        }
    )


def doctor(name: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "hours": None, "breaks": [], "visits": ["consultation"], **more}


def said(times: Iterable[datetime], zone: str = "Asia/Kolkata") -> list[str]:
    return [time.astimezone(ZoneInfo(zone)).strftime("%H:%M") for time in times]


def times_on(
    availability: Availability,
    day: date = MONDAY,
    busy: dict[str, set[int]] | None = None,
    now: datetime = NOW,
    zone: str = "Asia/Kolkata",
) -> list[str]:
    """The free times of a day on the wall clock."""
    found = availability.free_times("consultation", busy or {}, now, day, day)
    return said(found, zone)


def taken(option: Option) -> dict[str, set[int]]:
    """What is busy once an option is booked."""
    busy: dict[str, set[int]] = {}
    for resource, tick in option.ticks:
        busy.setdefault(resource, set()).add(tick)
    return busy


def book(availability: Availability, *starts: str) -> dict[str, set[int]]:
    """What is busy after the best option of each start of that Monday was booked."""
    busy: dict[str, set[int]] = {}
    for start in starts:
        [best, *_] = availability.options_at("consultation", at(f"2026-11-23T{start}"), busy, NOW)
        for resource, ticks in taken(best).items():
            busy.setdefault(resource, set()).update(ticks)
    return busy


def why_not(availability: Availability, start: str, busy: Any = None, now: datetime = NOW) -> str:
    return availability.why_not("consultation", at(start), busy or {}, now)


def test_visits_start_on_the_step_and_end_before_closing() -> None:
    assert times_on(clinic()) == ["10:00", "10:30", "11:00", "11:30"]
    assert times_on(clinic(minutes=45)) == ["10:00", "10:30", "11:00"]
    assert times_on(clinic(rules={"step_minutes": 45})) == ["10:00", "10:45", "11:30"]


def test_steps_count_from_the_start_of_each_span() -> None:
    assert times_on(clinic(["10:10-11:30", "16:05-17:05"])) == ["10:10", "10:40", "16:05", "16:35"]


def test_spans_that_touch_are_one() -> None:
    assert times_on(clinic(["10:00-11:15", "11:15-12:00"])) == ["10:00", "10:30", "11:00", "11:30"]


def test_the_days_asked_for_are_both_included() -> None:
    found = clinic().free_times("consultation", {}, NOW, date(2026, 11, 25), date(2026, 11, 26))
    assert {time.astimezone(MUMBAI).day for time in found} == {25, 26}
    assert len(found) == 8


def test_free_times_are_in_utc() -> None:
    [first, *_] = clinic().free_times("consultation", {}, NOW)
    assert first.isoformat() == "2026-11-23T04:30:00+00:00"


def test_a_visit_longer_than_every_span_never_fits() -> None:
    assert clinic(minutes=150).free_times("consultation", {}, NOW) == []


def test_a_closed_day_has_no_times() -> None:
    closed = clinic(closures={"days": [{"day": "2026-11-24"}]})
    assert times_on(closed, date(2026, 11, 24)) == []
    assert times_on(closed, date(2026, 11, 25)) == ["10:00", "10:30", "11:00", "11:30"]
    assert why_not(closed, "2026-11-24T10:00") == "closed"


def test_a_doctors_own_hours_count_only_while_the_clinic_is_open() -> None:
    early = clinic(doctors=[doctor("mehra", hours={"monday": ["08:00-11:00"]})])
    assert times_on(early) == ["10:00", "10:30"]
    assert times_on(early, date(2026, 11, 24)) == []


def test_steps_count_from_when_the_doctor_comes() -> None:
    late = clinic(doctors=[doctor("mehra", hours={"monday": ["10:20-12:00"]})])
    assert times_on(late) == ["10:20", "10:50", "11:20"]


def test_no_visit_touches_a_break() -> None:
    pausing = clinic(doctors=[doctor("mehra", breaks=["11:00-11:15"])])
    assert times_on(pausing) == ["10:00", "10:30", "11:30"]


def test_during_the_break_of_one_doctor_another_is_free() -> None:
    two = clinic(doctors=[doctor("mehra", breaks=["11:00-11:15"]), doctor("pinto")])
    assert times_on(two) == ["10:00", "10:30", "11:00", "11:30"]
    start = at("2026-11-23T11:00")
    assert [each.doctor for each in two.options_at("consultation", start, {}, NOW)] == ["pinto"]


def test_a_time_of_two_doctors_is_one_time() -> None:
    two = clinic(doctors=[doctor("mehra"), doctor("pinto")])
    assert times_on(two) == ["10:00", "10:30", "11:00", "11:30"]


def test_a_doctor_who_does_not_do_the_visit_is_not_asked() -> None:
    other = clinic(doctors=[doctor("mehra", visits=["treatment"])])
    assert other.free_times("consultation", {}, NOW) == []


def test_a_visit_without_a_doctor_takes_only_its_room() -> None:
    alone = clinic(doctors=[], needs={"doctor": False, "rooms": ["room_1"]})
    assert times_on(alone) == ["10:00", "10:30", "11:00", "11:30"]
    [option] = alone.options_at("consultation", at("2026-11-23T10:00"), {}, NOW)
    assert (option.doctor, option.room, option.device) == ("", "room_1", "")
    assert set(taken(option)) == {"room:room_1"}


def test_a_device_that_is_not_offered_is_no_device() -> None:
    devices = [{"id": "old", "offered": False}, {"id": "new", "offered": True}]
    needs = {"doctor": True, "rooms": ["room_1"], "devices": ["old", "new"]}
    start = at("2026-11-23T10:00")

    both = clinic(devices=devices, needs=needs)
    assert [each.device for each in both.options_at("consultation", start, {}, NOW)] == ["new"]
    only_old = clinic(devices=devices[:1], needs={**needs, "devices": ["old"]})
    assert only_old.free_times("consultation", {}, NOW) == []


def test_a_booked_time_is_free_no_more() -> None:
    one = clinic()
    busy = book(one, "10:30")
    assert times_on(one, busy=busy) == ["10:00", "11:00", "11:30"]
    assert one.options_at("consultation", at("2026-11-23T10:30"), busy, NOW) == []


def test_a_visit_that_would_overlap_a_booked_one_has_no_time() -> None:
    quarters = clinic(rules={"step_minutes": 15})
    assert times_on(quarters, busy=book(quarters, "10:30")) == ["10:00", "11:00", "11:15", "11:30"]


def test_buffers_keep_neighbours_away() -> None:
    buffered = clinic(buffer_before=5, buffer_after=10, rules={"step_minutes": 15})
    # 10:45 to 11:15 with its buffers is 10:40 to 11:25; what ends at 10:40 may end 10:30 at best.
    assert times_on(buffered, busy=book(buffered, "10:45")) == ["10:00", "11:30"]


def test_buffers_may_lie_outside_the_hours() -> None:
    buffered = clinic(buffer_before=60, buffer_after=60)
    assert times_on(buffered) == ["10:00", "10:30", "11:00", "11:30"]


def test_ticks_hold_the_buffers_of_every_resource_in_order() -> None:
    needs = {"doctor": True, "rooms": ["room_1"], "devices": ["pen"]}
    one = clinic(minutes=15, buffer_before=5, buffer_after=10, needs=needs, devices=[{"id": "pen"}])
    start = at("2026-11-23T10:00")
    [option] = one.options_at("consultation", start, {}, NOW)

    first = int(start.timestamp()) // 300
    assert option.ticks == tuple(
        (resource, tick)
        for resource in ("device:pen", "doctor:mehra", "room:room_1")
        for tick in range(first - 1, first + 5)
    )
    assert option.ends_at - option.starts_at == timedelta(minutes=15)


def test_a_visit_that_starts_between_two_ticks_holds_both() -> None:
    odd = clinic(["10:02-11:00"], minutes=5)
    [option] = odd.options_at("consultation", at("2026-11-23T10:02"), {}, NOW)
    first = int(at("2026-11-23T10:00").timestamp() / TICK.total_seconds())
    assert taken(option)["room:room_1"] == {first, first + 1}


def test_every_free_combination_is_an_option() -> None:
    many = clinic(
        doctors=[doctor("mehra"), doctor("pinto")],
        devices=[{"id": "pen"}, {"id": "laser"}],
        needs={"rooms": ["room_1", "room_2"], "devices": ["pen", "laser"]},
    )
    start = at("2026-11-23T10:00")
    options = many.options_at("consultation", start, {}, NOW)
    assert len({(each.doctor, each.room, each.device) for each in options}) == len(options) == 8
    assert (options[0].doctor, options[0].room, options[0].device) == ("mehra", "room_1", "pen")

    rest = many.options_at("consultation", start, taken(options[0]), NOW)
    assert [(each.doctor, each.room, each.device) for each in rest] == [
        ("pinto", "room_2", "laser")
    ]


def test_the_doctor_with_the_least_booked_that_day_comes_first() -> None:
    two = clinic(doctors=[doctor("mehra"), doctor("pinto")], needs={"rooms": ["room_1", "room_2"]})
    options = two.options_at("consultation", at("2026-11-23T11:00"), book(two, "10:00"), NOW)
    assert (options[0].doctor, options[0].room) == ("pinto", "room_2")
    # The next day everybody is free again, and the order is that of the file.
    options = two.options_at("consultation", at("2026-11-24T11:00"), book(two, "10:00"), NOW)
    assert (options[0].doctor, options[0].room) == ("mehra", "room_1")


@pytest.mark.parametrize(
    ("now", "first"),
    [
        ("2026-11-23T08:30", "10:30"),
        ("2026-11-23T08:00", "10:00"),
        ("2026-11-23T08:00:01", "10:30"),
        ("2026-11-23T08:00:00.000001", "10:30"),
    ],
)
def test_no_visit_starts_sooner_than_the_lead(now: str, first: str) -> None:
    two_hours = clinic(rules={"lead_minutes": 120})
    assert times_on(two_hours, now=at(now))[0] == first


def test_the_last_day_of_the_horizon_is_bookable_and_the_next_is_not() -> None:
    near = clinic(rules={"horizon_days": 3})
    found = near.free_times("consultation", {}, NOW)
    assert found[-1] == at("2026-11-26T11:30")
    assert why_not(near, "2026-11-26T11:30") == ""
    assert why_not(near, "2026-11-27T10:00") == "too_far"


def test_todays_date_is_the_clinics() -> None:
    # 20:00 in London is already Tuesday in Mumbai.
    near = clinic(rules={"horizon_days": 0})
    found = near.free_times("consultation", {}, datetime(2026, 11, 23, 20, tzinfo=timezone.utc))
    assert {time.astimezone(MUMBAI).date() for time in found} == {date(2026, 11, 24)}


@pytest.mark.parametrize(
    ("start", "reason"),
    [
        ("2026-11-23T10:00", "past"),
        ("2026-11-23T10:59:59", "past"),
        ("2026-11-23T11:00", "too_soon"),
        ("2026-11-23T11:30", "too_soon"),
        ("2027-01-23T10:00", "too_far"),
        ("2026-11-24T09:59", "closed"),
        ("2026-11-24T12:00", "closed"),
        ("2026-11-24T11:45", "closed"),
        ("2026-11-24T10:10", "off_grid"),
        ("2026-11-24T10:00:01", "off_grid"),
        ("2026-11-24T10:00", ""),
    ],
)
def test_the_reason_why_a_time_is_not_free(start: str, reason: str) -> None:
    one = clinic(rules={"lead_minutes": 60})
    assert why_not(one, start, now=at("2026-11-23T11:00")) == reason


def test_a_booked_time_is_taken() -> None:
    one = clinic()
    assert why_not(one, "2026-11-23T10:30", book(one, "10:30")) == "taken"


@pytest.mark.parametrize("resource", ["doctor:mehra", "room:room_1", "device:pen"])
def test_one_busy_resource_is_enough_to_be_taken(resource: str) -> None:
    needs = {"rooms": ["room_1"], "devices": ["pen"]}
    one = clinic(needs=needs, devices=[{"id": "pen"}])
    tick = int(at("2026-11-23T10:55").timestamp()) // 300
    assert why_not(one, "2026-11-23T10:30", {resource: {tick}}) == "taken"
    assert why_not(one, "2026-11-23T10:30", {resource: {tick + 1}}) == ""


def test_while_the_clinic_is_open_without_the_doctor_a_time_is_taken_and_not_closed() -> None:
    half = clinic(doctors=[doctor("mehra", hours={"monday": ["10:00-11:00"]})])
    assert why_not(half, "2026-11-23T11:30") == "taken"
    assert why_not(half, "2026-11-24T10:00") == "taken"


def test_a_break_is_taken_too() -> None:
    pausing = clinic(doctors=[doctor("mehra", breaks=["11:00-11:15"])])
    assert why_not(pausing, "2026-11-23T11:00") == "taken"


def test_what_has_a_reason_has_no_options() -> None:
    one = clinic(rules={"lead_minutes": 120})
    for start in ("2026-11-22T10:00", "2026-11-23T08:00", "2026-11-24T10:10"):
        assert one.options_at("consultation", at(start), {}, NOW) == []


def test_an_unknown_visit_is_an_error() -> None:
    with pytest.raises(KeyError, match="massage"):
        clinic().free_times("massage", {}, NOW)


def test_a_moment_without_a_zone_is_refused() -> None:
    bare = datetime(2026, 11, 23, 10)
    with pytest.raises(ValueError, match="needs a time zone"):
        clinic().free_times("consultation", {}, bare)
    with pytest.raises(ValueError, match="needs a time zone"):
        clinic().why_not("consultation", bare, {}, NOW)


def counted(per_day: int | None = None, *doctors: dict[str, Any], **more: Any) -> Availability:
    """A clinic with two rooms whose visits of a day are counted."""
    own = list(doctors) or None
    rules = {"visits_a_day": per_day}
    return clinic(rules=rules, doctors=own, needs={"rooms": ["room_1", "room_2"]}, **more)


def test_without_a_limit_no_place_is_counted() -> None:
    for free in (clinic(), counted(None, doctor("mehra", visits_a_day=None))):
        [option, *_] = free.options_at("consultation", at("2026-11-23T10:00"), {}, NOW)
        assert option.places == ()
        assert free.counted_days(option.starts_at, "mehra") == []


def test_a_visit_needs_one_of_the_free_places_of_its_day_in_the_clinics_calendar() -> None:
    # 10:00 in Auckland is the evening before by UTC.
    far = counted(3, doctor("mehra", visits_a_day=2), zone="Pacific/Auckland")
    start = at("2026-11-24T10:00", "Pacific/Auckland")
    [option, *_] = far.options_at("consultation", start, {"day:2026-11-24": {2}}, NOW)
    assert option.places == (("day:2026-11-24", (1, 3)), ("day:2026-11-24:mehra", (1, 2)))
    assert far.counted_days(start, "mehra") == ["day:2026-11-24", "day:2026-11-24:mehra"]
    assert far.counted_days(start, "") == ["day:2026-11-24"]


def test_a_day_with_as_many_visits_as_it_may_have_is_full() -> None:
    two_a_day = counted(2)
    full = {"day:2026-11-23": {1, 2}}
    assert times_on(two_a_day, busy={"day:2026-11-23": {2}}) == ["10:00", "10:30", "11:00", "11:30"]
    assert times_on(two_a_day, busy=full) == []
    assert why_not(two_a_day, "2026-11-23T10:00", full) == "full"
    assert two_a_day.options_at("consultation", at("2026-11-23T10:00"), full, NOW) == []
    assert times_on(two_a_day, date(2026, 11, 24), full) == ["10:00", "10:30", "11:00", "11:30"]


def test_on_a_full_day_a_minute_at_which_no_visit_starts_is_still_none() -> None:
    assert why_not(counted(1), "2026-11-23T10:10", {"day:2026-11-23": {1}}) == "off_grid"
    assert why_not(counted(1), "2026-11-23T13:00", {"day:2026-11-23": {1}}) == "closed"


def test_a_doctor_with_enough_visits_is_left_out_and_another_comes() -> None:
    half = counted(None, doctor("mehra", visits_a_day=1), doctor("pinto"))
    busy: dict[str, set[int]] = {"day:2026-11-23:mehra": {1}}
    options = half.options_at("consultation", at("2026-11-23T10:00"), busy, NOW)
    assert {each.doctor for each in options} == {"pinto"}

    both = counted(None, doctor("mehra", visits_a_day=1), doctor("pinto", visits_a_day=1))
    assert why_not(both, "2026-11-23T10:00", busy) == ""
    assert why_not(both, "2026-11-23T10:00", {**busy, "day:2026-11-23:pinto": {1}}) == "full"


def test_a_time_at_which_the_free_doctor_has_somebody_is_taken_and_not_full() -> None:
    half = counted(None, doctor("mehra", visits_a_day=1), doctor("pinto"))
    tick = int(at("2026-11-23T10:00").timestamp()) // 300
    busy = {"day:2026-11-23:mehra": {1}, "doctor:pinto": {tick}}
    assert why_not(half, "2026-11-23T10:00", busy) == "taken"


def test_visits_of_before_a_limit_was_lowered_count_too() -> None:
    # Three a day now; two have the places 4 and 5 of the five that there were.
    lowered = counted(3)
    busy: dict[str, set[int]] = {"day:2026-11-23": {4, 5}}
    [option, *_] = lowered.options_at("consultation", at("2026-11-23T10:00"), busy, NOW)
    assert option.places == (("day:2026-11-23", (1,)),)
    assert times_on(lowered, busy={"day:2026-11-23": {4, 5, 6, 7}}) == []


def is_fair(availability: Availability, held: list[str], booked: Any = None) -> bool:
    """Whether the last of these times of that Monday may be held too."""
    with_holds = {name: set(ticks) for name, ticks in (booked or {}).items()}
    for resource, ticks in book(availability, *held).items():
        with_holds.setdefault(resource, set()).update(ticks)
    start = at(f"2026-11-23T{held[-1]}")
    return availability.is_fair_hold("consultation", start, booked or {}, with_holds, NOW)


def test_holds_may_keep_a_third_of_a_days_free_times_and_no_more() -> None:
    six = clinic(["10:00-13:00"])
    assert is_fair(six, ["10:00"])
    assert is_fair(six, ["10:00", "11:00"])
    assert not is_fair(six, ["10:00", "11:00", "12:00"])


def test_the_third_is_counted_of_what_is_not_booked() -> None:
    six = clinic(["10:00-13:00"])
    booked = book(six, "10:00", "10:30", "11:00", "11:30")
    assert not is_fair(six, ["12:00"], booked)
    assert is_fair(six, ["12:00"], book(six, "10:00", "10:30", "11:00"))


def test_a_hold_counts_for_every_time_that_it_takes_from_others() -> None:
    # Of 10:00, 10:15 ... 12:30 a visit at 11:00 takes 10:45, 11:00 and 11:15.
    quarters = clinic(["10:00-13:00"], rules={"step_minutes": 15})
    assert is_fair(quarters, ["11:00"])
    assert not is_fair(quarters, ["11:00", "12:00"])


def test_a_time_that_another_doctor_still_has_is_not_kept_from_anybody() -> None:
    two = clinic(doctors=[doctor("mehra"), doctor("pinto")], needs={"rooms": ["room_1", "room_2"]})
    assert is_fair(two, ["10:00", "10:30", "11:00", "11:30"])


def test_the_day_of_a_hold_is_the_clinics() -> None:
    # In Auckland this Tuesday morning is still Monday by UTC, on which everything is free.
    auckland = clinic(["08:00-11:00"], "Pacific/Auckland")
    tuesday = at("2026-11-24T08:00", "Pacific/Auckland")
    held: dict[str, set[int]] = {}
    for half in range(3):
        start = tuesday + timedelta(minutes=30 * half)
        [option] = auckland.options_at("consultation", start, {}, NOW)
        for resource, ticks in taken(option).items():
            held.setdefault(resource, set()).update(ticks)
    assert not auckland.is_fair_hold("consultation", tuesday, {}, held, NOW)
    wednesday = tuesday + timedelta(days=1)
    assert auckland.is_fair_hold("consultation", wednesday, {}, held, NOW)


@pytest.mark.parametrize(
    ("zone", "day", "hours", "expected"),
    [
        # Clocks go forward from 01:00 to 02:00 in London, and back from 02:00 to 01:00.
        (
            "Europe/London",
            "2026-03-29",
            "00:00-03:30",
            ["00:00", "00:30", "02:00", "02:30", "03:00"],
        ),
        (
            "Europe/London",
            "2026-10-25",
            "00:30-02:30",
            ["00:30", "01:00", "01:30", "01:00", "01:30", "02:00"],
        ),
        # Lord Howe moves its clocks by half an hour.
        ("Australia/Lord_Howe", "2026-10-04", "01:30-03:30", ["01:30", "02:30", "03:00"]),
        ("Europe/London", "2026-03-29", "09:00-10:00", ["09:00", "09:30"]),
    ],
)
def test_days_on_which_the_clocks_change(
    zone: str, day: str, hours: str, expected: list[str]
) -> None:
    found = clinic([hours], zone).free_times(
        "consultation",
        {},
        at(day, zone) - timedelta(days=1),
        date.fromisoformat(day),
        date.fromisoformat(day),
    )
    assert said(found, zone) == expected
    assert {later - start for start, later in pairwise(found)} == {timedelta(minutes=30)}


def test_the_lead_is_counted_in_real_hours_whatever_the_zone_of_now() -> None:
    # At 00:30 in London, one hour before the clocks go forward, 03:30 is two hours away.
    london = clinic(["00:00-06:00"], "Europe/London", rules={"lead_minutes": 120})
    now = datetime(2026, 3, 29, 0, 30, tzinfo=ZoneInfo("Europe/London"))
    day = date(2026, 3, 29)
    for same in (now, now.astimezone(timezone.utc)):
        found = london.free_times("consultation", {}, same, day, day)
        assert said(found, "Europe/London")[0] == "03:30"
        assert london.why_not("consultation", found[0], {}, same) == ""
        earlier = found[0].astimezone(now.tzinfo) - timedelta(minutes=30)
        assert london.why_not("consultation", earlier, {}, same) == "too_soon"


def test_the_window_holds_every_tick_that_can_matter() -> None:
    buffered = clinic(["00:00-24:00"], buffer_before=240, buffer_after=240)
    first, last = buffered.window(NOW)
    found = buffered.free_times("consultation", {}, NOW)
    for start in (found[0], found[-1]):
        [option] = buffered.options_at("consultation", start, {}, NOW)
        ticks = [tick for _, tick in option.ticks]
        assert first.timestamp() <= ticks[0] * 300
        assert ticks[-1] * 300 < last.timestamp()


def test_the_shipped_clinic_has_times_for_each_of_its_visits() -> None:
    shipped = Availability.from_mapping(CLINIC)
    for visit in CLINIC["visits"]:
        assert len(shipped.free_times(visit, {}, NOW)) > 100
    skin = shipped.free_times("treatment_skin", {}, NOW)
    [first, second] = shipped.options_at("treatment_skin", skin[0], {}, NOW)
    assert (first.doctor, first.room) == (second.doctor, second.room) == ("mehra", "procedure_1")
    assert [first.device, second.device] == ["needling_1", "mnrf_1"]
