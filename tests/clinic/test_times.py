"""Days and times in words. The table of messages is times.yml beside this file."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from time import perf_counter
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from bot.clinic.hours import WEEKDAYS, OpeningHours
from bot.clinic.times import TimeReading, TimeWish, TimeWords, read_times

WORDS = TimeWords(yaml.safe_load(Path("data/times.yml").read_text(encoding="utf-8")))
TABLE = yaml.safe_load(Path(__file__).with_name("times.yml").read_text(encoding="utf-8"))

LONG_DAY = ["10:00-14:00", "16:00-19:00"]
HOURS = {**dict.fromkeys(WEEKDAYS[:5], LONG_DAY), "saturday": ["10:00-14:00"]}
MONDAY = "2026-11-23T11:00"
CLOCK_FIELDS = ("exact", "earliest", "latest")


def opening_hours(hours: dict[str, list[str]] = HOURS, zone: str = "Asia/Kolkata") -> OpeningHours:
    return OpeningHours.from_mapping({"clinic": {"zone": zone}, "hours": hours})


def read(text: str, now: str = MONDAY, hours: OpeningHours | None = None) -> TimeReading:
    hours = hours or opening_hours()
    return read_times(text, datetime.fromisoformat(now).replace(tzinfo=hours.zone), hours, WORDS)


def minute(clock: str) -> int:
    hour, minutes = clock.split(":")
    return int(hour) * 60 + int(minutes)


def days_of(entry: Any) -> tuple[date, ...]:
    """The days of a table entry: a list, or from one day to another on some weekdays."""
    if isinstance(entry, list):
        return tuple(date.fromisoformat(day) for day in entry)
    first, last = date.fromisoformat(entry["from"]), date.fromisoformat(entry["to"])
    days = (first + timedelta(days=ahead) for ahead in range((last - first).days + 1))
    return tuple(day for day in days if day.weekday() in entry.get("only", range(7)))


def expected_wish(case: dict[str, Any]) -> TimeWish:
    wish = {key: case[key] for key in case if key not in ("text", "now", "hours", "covered")}
    for key in ("days", "not_days"):
        if key in wish:
            wish[key] = days_of(wish[key])
    for key in CLOCK_FIELDS:
        if key in wish:
            wish[key] = minute(wish[key])
    if "choices" in wish:
        wish["choices"] = tuple(wish["choices"])
    return TimeWish(**wish)


def hours_of(case: dict[str, Any]) -> OpeningHours:
    if "hours" not in case:
        return opening_hours()
    return opening_hours({day: [case["hours"]] if case["hours"] else [] for day in WEEKDAYS})


@pytest.mark.parametrize("case", TABLE, ids=lambda case: f"{case['text']}|{case.get('now', '')}")
def test_a_message_is_read_as_the_table_says(case: dict[str, Any]) -> None:
    reading = read(case["text"], case.get("now", MONDAY), hours_of(case))

    assert reading.wish == expected_wish(case)
    if "covered" in case:
        assert [case["text"][start:end] for start, end in reading.covered] == case["covered"]


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a time zone"):
        read_times("tomorrow", datetime(2026, 11, 23, 11), opening_hours(), WORDS)


@pytest.mark.parametrize(
    ("zone", "instant", "tomorrow"),
    [
        ("Asia/Kolkata", "2026-11-23T18:29", "2026-11-24"),
        ("Asia/Kolkata", "2026-11-23T18:30", "2026-11-25"),
        # The night on which the clocks go forward, and the one on which they go back.
        ("Europe/London", "2026-03-28T23:59", "2026-03-29"),
        ("Europe/London", "2026-10-24T23:30", "2026-10-26"),
        ("America/New_York", "2026-11-01T05:30", "2026-11-02"),
        ("Australia/Lord_Howe", "2026-10-03T15:31", "2026-10-05"),
    ],
)
def test_tomorrow_is_the_clinics_tomorrow(zone: str, instant: str, tomorrow: str) -> None:
    now = datetime.fromisoformat(instant).replace(tzinfo=timezone.utc)

    wish = read_times("tomorrow", now, opening_hours(zone=zone), WORDS).wish

    assert wish.days == (date.fromisoformat(tomorrow),)


def test_the_hours_of_the_named_day_decide_what_an_hour_means() -> None:
    hours = opening_hours({"tuesday": ["06:00-09:00"], "wednesday": ["16:00-20:00"]})

    assert read("tuesday at 7", hours=hours).wish.exact == 7 * 60
    assert read("wednesday at 7", hours=hours).wish.exact == 19 * 60
    assert read("at 7", hours=hours).wish.unclear == "time"


def test_the_caller_says_how_far_ahead_is_too_far() -> None:
    now = datetime(2026, 11, 23, 11, tzinfo=ZoneInfo("Asia/Kolkata"))

    def problem(days_ahead: int) -> str:
        wish = read_times("31 dec", now, opening_hours(), WORDS, days_ahead=days_ahead).wish
        return wish.problem

    assert problem(38) == ""
    assert problem(37) == "too_far"


@pytest.mark.parametrize(
    ("first", "then", "together"),
    [
        ("tomorrow", "after 5", "tomorrow after 5"),
        ("tomorrow at 5", "friday", "friday at 5"),
        ("tomorrow at 5", "at 6", "tomorrow at 6"),
        ("tomorrow evening", "11", "tomorrow 11"),
        ("3/12 at 5pm", "3 dec", "3 dec at 5pm"),
        ("3/12", "5pm", "3/12 5pm"),
        ("25:00", "5pm", "5pm"),
        ("tomorrow", "25:00", "tomorrow 25:00"),
        ("31 november", "30 november", "30 november"),
        ("31 november", "5pm", "31 november 5pm"),
        ("today at 10", "5pm", "today 5pm"),
        ("today at 10", "tomorrow", "tomorrow at 10"),
        ("yesterday", "5pm", "yesterday 5pm"),
        ("tomorrow at 5", "any time", "tomorrow any time"),
        ("tomorrow at 5", "any day", "any day at 5"),
        ("tomorrow", "thanks", "tomorrow"),
        ("not monday", "wednesday", "wednesday"),
    ],
)
def test_a_later_message_replaces_what_it_names_and_keeps_the_rest(
    first: str, then: str, together: str
) -> None:
    assert read(first).wish.merged_with(read(then).wish) == read(together).wish


def test_the_answer_to_an_unclear_bound_is_that_bound() -> None:
    long_hours = opening_hours({day: ["08:00-21:00"] for day in WEEKDAYS})
    asked = read("tomorrow after 8", hours=long_hours).wish

    wish = asked.merged_with(read("20:00", hours=long_hours).wish)

    assert wish == TimeWish(days=(date(2026, 11, 24),), earliest=20 * 60)


def test_another_time_than_those_asked_for_is_taken_as_it_is() -> None:
    long_hours = opening_hours({day: ["08:00-21:00"] for day in WEEKDAYS})
    asked = read("tomorrow after 8", hours=long_hours).wish

    wish = asked.merged_with(read("12:15", hours=long_hours).wish)

    assert wish == TimeWish(days=(date(2026, 11, 24),), exact=12 * 60 + 15)


@pytest.mark.parametrize("case", TABLE, ids=lambda case: f"{case['text']}|{case.get('now', '')}")
def test_a_wish_comes_back_from_json_as_it_was(case: dict[str, Any]) -> None:
    wish = expected_wish(case)

    assert TimeWish.from_json(json.loads(json.dumps(wish.to_json()))) == wish


def test_an_empty_wish_is_empty_json() -> None:
    assert TimeWish().is_empty
    assert TimeWish().to_json() == {}


@pytest.mark.parametrize(
    "text",
    ["5 " * 20_000, "tomorrow or " * 4_000, " " * 50_000, "not " * 12_000, "1/2/" * 10_000],
)
def test_a_huge_message_is_read_in_a_moment(text: str) -> None:
    started = perf_counter()

    read(text[:4_000])

    # Typical messages take two milliseconds; this guards against patterns that explode.
    assert perf_counter() - started < 2
