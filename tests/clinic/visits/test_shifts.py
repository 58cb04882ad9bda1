"""A distance from the visit in words, and what only looks like one."""

from __future__ import annotations

import pytest

from bot.clinic.visits.shifts import Shift, Shifts
from tests.clinic.visits.talk import VISITS

SHIFTS = Shifts(VISITS["shifts"])


@pytest.mark.parametrize(
    ("text", "days", "minutes"),
    [
        ("postpone it by a day", 1, 0),
        ("Postpone by 1 week", 7, 0),
        ("move back by two days", 2, 0),
        ("delay my friday visit by 3 days", 3, 0),
        ("prepone by a day", -1, 0),
        ("bring forward by an hour", 0, -60),
        ("a couple of days later", 2, 0),
        ("one day earlier if possible", -1, 0),
        ("half an hour later", 0, 30),
        ("30-min later", 0, 30),
        ("2 hrs earlier", 0, -120),
        ("ek hafta aage", 7, 0),
        ("ek din pehle", -1, 0),
        ("दो दिन आगे", 2, 0),
        ("1.5 hours earlier", 0, -90),
        ("an hour and a half later", 0, 90),
        ("dedh ghanta aage", 0, 90),
        ("half hour later", 0, 30),
        ("fifteen minutes later", 0, 15),
        ("char din aage", 4, 0),
        ("move it by 2 days", 2, 0),
        ("reschedule by a day", 1, 0),
        ("later by 2 days", 2, 0),
        ("put it off by a week", 7, 0),
    ],
)
def test_a_distance_is_read(text: str, days: int, minutes: int) -> None:
    found = SHIFTS.read(text)
    assert found is not None
    assert (found.days, found.minutes) == (days, minutes)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "later",
        "after two days",
        "do din baad",
        "in a week",
        "two days after my treatment",
        "postpone to friday",
        "I bought a daylater mug",
        "postpone it please",
        "by friday",
        "earlier",
        "1.5 days later",
        "12:30 min later",
        "quarter of an hour later",
        "not a day later",
        "don't shift it by a day",
        "don’t shift it by a day",
        "remind me 2 hours earlier",
        "call me one hour earlier",
        "yes I will be 10 min late",
        "I am 2 days late on my cycle",
        "I booked it 2 days earlier",
        "2 din pehle maine book kiya tha",
        "दो दिन पहले बुक किया था",
        "move it forward by an hour",
        "push by friday",
        "shift it to 2 by 5 minutes walk",
    ],
)
def test_what_is_no_distance_from_the_visit_is_not_read(text: str) -> None:
    assert SHIFTS.read(text) is None


def test_what_is_said_beside_it_is_left() -> None:
    assert SHIFTS.read("please a day  later at 6 pm") == Shift(1, 0, "please at 6 pm")
