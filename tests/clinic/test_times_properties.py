"""Properties of the days and times read from any text.

Apart from test_times.py because that one also runs in the engine's environment, which has no
hypothesis.
"""

from __future__ import annotations

import string
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

pytest.importorskip("hypothesis", reason="hypothesis is not in this environment")

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.clinic.times import TimeReading, read_times
from tests.clinic.test_times import TABLE, WORDS, opening_hours, read

ZONES = ("Asia/Kolkata", "Europe/London", "America/New_York", "Australia/Lord_Howe")
MONTHS = "January February March April May June July August September October November December"

MOMENTS = st.datetimes(
    datetime(2026, 1, 1), datetime(2028, 12, 31), timezones=st.just(timezone.utc)
)
KNOWN = st.sampled_from([case["text"] for case in TABLE if case["text"]])
PIECES = st.sampled_from(
    "5 17 31st 3/12 pm at after not next or to - monday sun tomorrow kal baje ish".split()
    + ", . : / ½ ² बजे".split()
)
TEXTS = st.one_of(
    st.text(max_size=80),
    st.lists(st.one_of(PIECES, KNOWN), max_size=8).map(" ".join),
    st.lists(PIECES, max_size=8).map("".join),
)


def read_in(zone: str, text: str, now: datetime) -> TimeReading:
    return read_times(text, now, opening_hours(zone=zone), WORDS)


@settings(max_examples=400, deadline=None)
@given(text=TEXTS, now=MOMENTS, zone=st.sampled_from(ZONES))
def test_any_text_is_read_and_what_is_covered_lies_in_order_inside_it(
    text: str, now: datetime, zone: str
) -> None:
    reading = read_in(zone, text, now)

    ends = [0, *(edge for span in reading.covered for edge in span), len(text)]
    assert ends == sorted(ends)
    assert all(start < end for start, end in reading.covered)
    assert reading.covered or reading.wish.is_empty


@settings(max_examples=400, deadline=None)
@given(text=TEXTS, now=MOMENTS, zone=st.sampled_from(ZONES))
def test_a_wish_names_no_past_day_no_time_outside_a_day_and_no_question_without_choices(
    text: str, now: datetime, zone: str
) -> None:
    wish = read_in(zone, text, now).wish

    today = now.astimezone(ZoneInfo(zone)).date()
    assert all(day >= today for day in wish.days)
    assert not set(wish.days) & set(wish.not_days)
    times = (wish.exact, wish.earliest, wish.latest)
    assert all(0 <= minute < 24 * 60 for minute in times if minute is not None)
    assert bool(wish.unclear) == (len(wish.choices) > 1)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("start", ["2026-11-23", "2026-02-20", "2028-01-01", "2026-10-01"])
def test_every_date_of_the_next_sixty_days_is_read_in_five_forms(zone: str, start: str) -> None:
    now = datetime.fromisoformat(f"{start}T09:00").replace(tzinfo=ZoneInfo(zone))
    for ahead in range(60):
        day = now.date() + timedelta(days=ahead)
        for text in forms_of(day):
            assert read_in(zone, f"can i come {text} please", now).wish.days == (day,), text


def forms_of(day: date) -> list[str]:
    month = MONTHS.split()[day.month - 1]
    ending = {1: "st", 2: "nd", 3: "rd"}.get(day.day % 10, "th")
    ordinal = f"{day.day}{'th' if day.day in (11, 12, 13) else ending}"
    return [
        day.isoformat(),
        f"{day.day} {month}",
        f"{month[:3].lower()} {ordinal}",
        f"on {day.strftime('%A')}, {ordinal} of {month} {day.year}",
        f"{day.day}-{month[:3]}-{day.year}",
    ]


DIGITS = st.text(string.digits, min_size=9, max_size=9)
GROUPINGS = ((10,), (5, 5), (3, 3, 4), (2, 4, 4), (4, 3, 3), (2, 2, 2, 2, 2))


@settings(max_examples=300, deadline=None)
@given(
    first=st.sampled_from("6789"),
    rest=DIGITS,
    groups=st.sampled_from(GROUPINGS),
    joint=st.sampled_from(" -."),
    code=st.sampled_from(["", "+91 ", "+91-", "91", "0", "0091 "]),
    around=st.sampled_from(["{}", "my number is {}", "call {} please", "Asha {}, thanks"]),
)
def test_no_indian_phone_number_is_a_time(
    first: str, rest: str, groups: tuple[int, ...], joint: str, code: str, around: str
) -> None:
    digits, parts = first + rest, []
    for length in groups:
        parts.append(digits[:length])
        digits = digits[length:]

    reading = read(around.format(code + joint.join(parts)))

    assert reading.wish.is_empty


@given(last=st.integers(100, 199), joint=st.sampled_from([" ", "-", "."]))
def test_no_american_phone_number_is_a_time(last: int, joint: str) -> None:
    assert read(joint.join(["+1", "202", "555", f"0{last}"])).wish.is_empty
