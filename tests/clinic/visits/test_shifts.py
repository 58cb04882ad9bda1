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
        ("30 min late", 0, 30),
        ("30-min later", 0, 30),
        ("2 hrs earlier", 0, -120),
        ("ek hafta aage", 7, 0),
        ("ek din pehle", -1, 0),
        ("दो दिन आगे", 2, 0),
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
    ],
)
def test_what_is_no_distance_from_the_visit_is_not_read(text: str) -> None:
    assert SHIFTS.read(text) is None


def test_what_is_said_beside_it_is_left() -> None:
    assert SHIFTS.read("please a day  later at 6 pm") == Shift(1, 0, "please at 6 pm")
