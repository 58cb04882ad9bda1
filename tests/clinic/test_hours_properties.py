"""Properties of the opening hours over many weeks, zones and moments.

Apart from test_hours.py because that one also runs in the engine's environment, which has no
hypothesis.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

pytest.importorskip("hypothesis", reason="hypothesis is not in this environment")

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.clinic.hours import WEEKDAYS, OpeningHours

ZONES = ("Asia/Kolkata", "Europe/London", "America/New_York", "Australia/Lord_Howe")


def spans_of(edges: list[int]) -> list[str]:
    """Pairs of edges, in quarters of an hour, as spans that do not overlap."""
    times = [f"{edge // 4:02}:{edge % 4 * 15:02}" for edge in sorted(edges)]
    return [f"{start}-{end}" for start, end in zip(times[::2], times[1::2], strict=False)]


DAY = st.lists(st.integers(0, 96), max_size=6, unique=True).map(spans_of)
CLOSED_DAYS = st.dates(datetime(2026, 1, 1).date(), datetime(2026, 12, 31).date())


@st.composite
def opening_hours(draw: st.DrawFn) -> OpeningHours:
    days = [{"day": day.isoformat()} for day in draw(st.lists(CLOSED_DAYS, max_size=5))]
    return OpeningHours.from_mapping(
        {
            "clinic": {"zone": draw(st.sampled_from(ZONES))},
            "hours": {day: draw(DAY) for day in WEEKDAYS},
            "closures": {"days": days},
        }
    )


MOMENTS = st.datetimes(
    datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(timezone.utc)
)


@settings(max_examples=150, deadline=None)
@given(hours=opening_hours(), moment=MOMENTS)
def test_the_next_opening_is_open_and_the_moment_before_it_is_not(
    hours: OpeningHours, moment: datetime
) -> None:
    next_opening = hours.next_opening(moment)

    if next_opening is None:
        return
    opening = next_opening.astimezone(timezone.utc)
    assert opening > moment
    assert hours.is_open(opening)
    assert not hours.is_open(opening - timedelta(microseconds=1))


@settings(max_examples=75, deadline=None)
@given(hours=opening_hours(), moment=MOMENTS, share=st.floats(0, 1, exclude_max=True))
def test_a_closed_clinic_stays_closed_until_its_next_opening(
    hours: OpeningHours, moment: datetime, share: float
) -> None:
    next_opening = hours.next_opening(moment)

    if next_opening is None or hours.is_open(moment):
        return
    opening = next_opening.astimezone(timezone.utc)
    between = moment + (opening - moment) * share
    assert between == opening or not hours.is_open(between)
