from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from bot.clinic.hours import Closure, OpeningHours, Span, overlapping, read_week

WORDS = yaml.safe_load(Path("data/facts.yml").read_text(encoding="utf-8"))["times"]
MUMBAI = ZoneInfo("Asia/Kolkata")
SECOND = timedelta(seconds=1)

LONG_DAY = ["10:00-14:00", "16:00-19:00"]
HOURS = {
    "monday": LONG_DAY,
    "tuesday": LONG_DAY,
    "wednesday": LONG_DAY,
    "thursday": LONG_DAY,
    "friday": LONG_DAY,
    "saturday": ["10:00-14:00"],
    "sunday": [],
}


def opening_hours(
    hours: dict[str, list[str]] = HOURS, zone: str = "Asia/Kolkata", **closures: Any
) -> OpeningHours:
    return OpeningHours.from_mapping(
        {"clinic": {"zone": zone}, "hours": hours, "closures": closures}
    )


def at(text: str, zone: str = "Asia/Kolkata", *, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)


# 23 Nov 2026 is a Monday.
@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-11-23T09:59:59", False),
        ("2026-11-23T10:00:00", True),
        ("2026-11-23T13:59:59", True),
        ("2026-11-23T14:00:00", False),
        ("2026-11-23T15:59:59", False),
        ("2026-11-23T16:00:00", True),
        ("2026-11-23T18:59:59.999999", True),
        ("2026-11-23T19:00:00", False),
        ("2026-11-28T14:00:00", False),
    ],
)
def test_open_at_the_first_second_and_closed_at_the_closing_second(
    moment: str, is_open: bool
) -> None:
    assert opening_hours().is_open(at(moment)) is is_open


@pytest.mark.parametrize("day", range(7))
def test_each_weekday_has_its_own_hours(day: int) -> None:
    names = list(HOURS)
    only = opening_hours({names[day]: ["10:00-14:00"]})
    noon = at("2026-11-23T12:00:00")

    assert [only.is_open(noon + timedelta(days=ahead)) for ahead in range(7)] == [
        ahead == day for ahead in range(7)
    ]


def test_the_hours_are_those_of_the_clinics_zone() -> None:
    assert opening_hours().is_open(datetime(2026, 11, 23, 4, 30, tzinfo=timezone.utc))
    assert not opening_hours().is_open(datetime(2026, 11, 23, 10, 0, tzinfo=timezone.utc))


@pytest.mark.parametrize("key", ["days", "holidays"])
@pytest.mark.parametrize("day", ["2026-11-24", date(2026, 11, 24)])
def test_a_named_day_is_closed_from_midnight_to_midnight(key: str, day: object) -> None:
    entries: dict[str, Any] = {key: [{"day": day, "reason": "Stock count"}]}
    hours = opening_hours(**entries)

    assert hours.is_open(at("2026-11-23T12:00:00"))
    assert not hours.is_open(at("2026-11-24T12:00:00"))
    assert hours.is_open(at("2026-11-25T12:00:00"))
    assert hours.next_opening(at("2026-11-23T20:00:00")) == at("2026-11-25T10:00:00")
    closure = hours.closure_on(date(2026, 11, 24))
    assert closure is not None
    assert closure.reason == "Stock count"


def test_a_range_closes_both_of_its_ends() -> None:
    hours = opening_hours(days=[{"from": "2026-11-24", "to": "2026-11-26"}])

    opened = [hours.is_open(at(f"2026-11-{day}T12:00:00")) for day in range(23, 28)]
    assert opened == [True, False, False, False, True]


def test_the_next_opening_of_each_moment() -> None:
    hours = opening_hours()

    def following(moment: str) -> datetime | None:
        return hours.next_opening(at(moment))

    assert following("2026-11-23T09:59:59") == at("2026-11-23T10:00:00")
    assert following("2026-11-23T12:00:00") == at("2026-11-23T16:00:00")
    assert following("2026-11-23T14:00:00") == at("2026-11-23T16:00:00")
    assert following("2026-11-23T19:00:00") == at("2026-11-24T10:00:00")
    assert following("2026-11-28T14:00:00") == at("2026-11-30T10:00:00")


def test_the_next_opening_is_told_in_the_clinics_zone() -> None:
    opening = opening_hours().next_opening(datetime(2026, 11, 23, 20, 0, tzinfo=timezone.utc))

    assert opening is not None
    assert opening.tzinfo == MUMBAI
    assert opening.isoformat() == "2026-11-24T10:00:00+05:30"


def test_a_clinic_without_hours_never_opens() -> None:
    hours = opening_hours({})

    assert not hours.is_open(at("2026-11-23T12:00:00"))
    assert hours.next_opening(at("2026-11-23T12:00:00")) is None
    assert hours.read_by(at("2026-11-23T12:00:00"), WORDS) is None
    assert hours.say_opening(at("2026-11-23T12:00:00"), WORDS) is None


def test_spans_that_touch_are_one_opening() -> None:
    hours = opening_hours(
        {"monday": ["10:00-14:00", "14:00-24:00"], "tuesday": ["00:00-02:00", "10:00-12:00"]}
    )

    assert hours.is_open(at("2026-11-23T14:00:00"))
    assert hours.is_open(at("2026-11-24T00:00:00"))
    assert hours.next_opening(at("2026-11-23T12:00:00")) == at("2026-11-24T10:00:00")
    assert hours.read_by(at("2026-11-23T23:00:00"), WORDS) == "today before 24:00"


@pytest.mark.parametrize(
    ("zone", "day", "span", "opens", "closes"),
    [
        # Clocks go forward: 09:00 to 17:00 is as long as ever, the night is shorter.
        ("Europe/London", "2026-03-29", "09:00-17:00", "08:00", "16:00"),
        ("Europe/London", "2026-10-25", "09:00-17:00", "09:00", "17:00"),
        ("America/New_York", "2026-03-08", "09:00-17:00", "13:00", "21:00"),
        ("America/New_York", "2026-11-01", "09:00-17:00", "14:00", "22:00"),
        # An opening in the skipped hour is the moment of the jump.
        ("Europe/London", "2026-03-29", "01:30-05:00", "01:00", "04:00"),
        ("America/New_York", "2026-03-08", "02:15-05:00", "07:00", "09:00"),
        # A closing in the skipped hour too.
        ("Europe/London", "2026-03-29", "00:30-01:30", "00:30", "01:00"),
        # A wall-clock time that happens twice is the first one.
        ("Europe/London", "2026-10-25", "01:30-05:00", "00:30", "05:00"),
        ("Europe/London", "2026-10-25", "00:30-01:30", "23:30", "00:30"),
        # Lord Howe moves its clocks by half an hour, at 02:00 local time.
        ("Australia/Lord_Howe", "2026-10-04", "02:15-05:00", "15:30", "18:00"),
        ("Australia/Lord_Howe", "2026-04-05", "01:45-05:00", "14:45", "18:30"),
    ],
)
def test_days_on_which_the_clocks_change(
    zone: str, day: str, span: str, opens: str, closes: str
) -> None:
    weekday = date.fromisoformat(day).strftime("%A").lower()
    hours = opening_hours({weekday: [span]}, zone)

    (instants,) = hours.instants_on(date.fromisoformat(day))

    assert [moment.strftime("%H:%M") for moment in instants] == [opens, closes]
    start, end = instants
    assert not hours.is_open(start - SECOND)
    assert hours.is_open(start)
    assert hours.is_open(end - SECOND)
    assert not hours.is_open(end)
    opening = hours.next_opening(start - SECOND)
    # Python calls a time that happens twice unequal to any time of another zone: compare in UTC.
    assert opening is not None
    assert opening.astimezone(timezone.utc) == start


def test_a_span_inside_the_skipped_hour_does_not_happen() -> None:
    hours = opening_hours({"sunday": ["01:10-01:50"]}, "Europe/London")

    assert hours.instants_on(date(2026, 3, 29)) == []
    opening = hours.next_opening(at("2026-03-28T12:00:00", "Europe/London"))
    assert opening == at("2026-04-05T01:10:00", "Europe/London")


def test_an_hour_that_happens_twice_is_open_once_and_in_one_piece() -> None:
    hours = opening_hours({"sunday": ["01:30-03:00"]}, "Europe/London")

    assert hours.is_open(at("2026-10-25T01:30:00", "Europe/London"))
    # The wall clock shows 01:10 for the second time; the door has not closed in between.
    assert hours.is_open(at("2026-10-25T01:10:00", "Europe/London", fold=1))


def test_hours_reach_into_a_day_whose_clocks_went_back_over_midnight() -> None:
    # In St. John's, clocks went back from 00:01 to 23:01 of the day before until 2011.
    hours = opening_hours({"sunday": ["00:00-02:00"]}, "America/St_Johns")
    second_evening = at("2010-11-06T23:30:00", "America/St_Johns", fold=1)

    assert hours.is_open(second_evening)
    assert hours.read_by(second_evening, WORDS) == "today before 02:00"


@pytest.mark.parametrize("method", ["is_open", "next_opening"])
def test_a_time_without_a_zone_is_refused(method: str) -> None:
    with pytest.raises(ValueError, match="needs a time zone"):
        getattr(opening_hours(), method)(datetime(2026, 11, 23, 12, 0))


def test_equal_neighbouring_days_share_a_line() -> None:
    assert opening_hours().say_hours(WORDS) == [
        "Mon to Fri: 10:00 to 14:00, 16:00 to 19:00",
        "Sat: 10:00 to 14:00",
        "Sun: closed",
    ]


def test_two_equal_days_are_joined_and_far_ones_are_not() -> None:
    hours = opening_hours({"monday": LONG_DAY, "tuesday": ["09:00-12:00"], "wednesday": LONG_DAY})

    assert hours.say_hours(WORDS) == [
        "Mon: 10:00 to 14:00, 16:00 to 19:00",
        "Tue: 09:00 to 12:00",
        "Wed: 10:00 to 14:00, 16:00 to 19:00",
        "Thu to Sun: closed",
    ]
    weekend = opening_hours({"saturday": LONG_DAY, "sunday": LONG_DAY})
    assert weekend.say_hours(WORDS)[-1] == "Sat and Sun: 10:00 to 14:00, 16:00 to 19:00"


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        ("2026-11-23T16:00:00", "today at 16:00"),
        ("2026-11-24T10:00:00", "tomorrow at 10:00"),
        ("2026-11-25T10:00:00", "on Wednesday at 10:00"),
        ("2026-11-29T10:00:00", "on Sunday at 10:00"),
        ("2026-11-30T10:00:00", "on Mon 30 Nov at 10:00"),
        ("2026-11-20T10:00:00", "on Fri 20 Nov at 10:00"),
    ],
)
def test_a_time_as_a_patient_says_it(moment: str, said: str) -> None:
    now = at("2026-11-23T12:00:00")

    assert opening_hours().say_when(at(moment), now, WORDS) == said


def test_today_is_the_clinics_today() -> None:
    # 20:00 in London is already tomorrow in Mumbai.
    now = datetime(2026, 11, 23, 20, 0, tzinfo=timezone.utc)

    assert opening_hours().say_when(at("2026-11-24T10:00:00"), now, WORDS) == "today at 10:00"


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ("2026-11-23T14:30:00", "today 16:00"),
        ("2026-11-23T20:00:00", "Tuesday 10:00"),
        ("2026-11-28T15:00:00", "Monday 10:00"),
    ],
)
def test_the_next_opening_as_a_phrase(now: str, said: str) -> None:
    assert opening_hours().say_opening(at(now), WORDS) == said


def test_a_far_opening_is_a_date() -> None:
    hours = opening_hours(days=[{"from": "2026-11-23", "to": "2026-12-02"}])

    assert hours.say_opening(at("2026-11-23T12:00:00"), WORDS) == "Thu 3 Dec 10:00"


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        ("2026-11-23T10:00:00", "today before 19:00"),
        ("2026-11-23T13:45:00", "today before 19:00"),
        ("2026-11-23T18:30:00", "today before 19:00"),
        # Nobody promises the last half hour.
        ("2026-11-23T18:30:01", "after we open tomorrow at 10:00"),
        ("2026-11-28T11:00:00", "today before 14:00"),
        ("2026-11-23T14:30:00", "after we open today at 16:00"),
        ("2026-11-23T19:00:00", "after we open tomorrow at 10:00"),
        ("2026-11-28T14:00:00", "after we open on Monday at 10:00"),
    ],
)
def test_when_somebody_reads_a_message(moment: str, said: str) -> None:
    assert opening_hours().read_by(at(moment), WORDS) == said


@pytest.mark.parametrize("text", ["10:00", "10-14", "25:00-26:00", "9:00-14:00", "10:00-24:30"])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no span of times"):
        Span.parse(text)


@pytest.mark.parametrize("text", ["14:00-10:00", "10:00-10:00"])
def test_a_span_ends_after_it_starts(text: str) -> None:
    with pytest.raises(ValueError, match="ends before it starts"):
        Span.parse(text)


def test_spans_overlap_only_when_they_share_a_minute() -> None:
    morning, noon, late = map(Span.parse, ("10:00-14:00", "13:59-15:00", "14:00-16:00"))

    assert overlapping([noon, morning])
    assert not overlapping([late, morning])


def test_a_week_reads_unordered_spans() -> None:
    week = read_week({"monday": list(reversed(LONG_DAY))})

    assert [span.start for span in week[0]] == [600, 960]
    assert week[1:] == ((),) * 6


def test_a_closure_without_an_end_is_one_day() -> None:
    assert Closure.from_mapping({"from": "2026-12-25", "to": None}) == Closure(
        date(2026, 12, 25), date(2026, 12, 25)
    )
