"""When a patient is reminded of a visit."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.clinic.visits.reminders import ReminderPlan
from bot.data_files import ROOT, read_yaml

MUMBAI = ZoneInfo("Asia/Kolkata")


def plan(hours: list[int] | None = None, **clinic: Any) -> ReminderPlan:
    """The rules of the clinic of clinic.yml, or others."""
    rules = read_yaml(ROOT / "clinic.yml")
    if hours is not None:
        rules["reminders"] = {"hours_before": hours}
    return ReminderPlan.from_mapping({**rules, **clinic})


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A wall time of November 2026 in Mumbai."""
    return datetime(2026, 11, day, hour, minute, tzinfo=MUMBAI)


LONG_AGO = at(1, 12)


def test_a_day_and_two_hours_before() -> None:
    assert plan().due(at(24, 17), LONG_AGO) == (at(23, 17), at(24, 15))


def test_what_would_fall_into_the_night_is_one_with_the_day_before_and_goes_in_the_evening() -> (
    None
):
    assert plan().due(at(24, 10), LONG_AGO) == (at(23, 20),)


def test_a_visit_at_the_end_of_the_night_is_reminded_of_on_the_evening_before_the_day_before() -> (
    None
):
    early = plan(quiet_hours="21:00-11:30")
    assert early.due(at(24, 11), LONG_AGO) == (at(22, 20), at(23, 20))


def test_without_quiet_hours_nothing_is_moved() -> None:
    assert plan(quiet_hours="").due(at(24, 10), LONG_AGO) == (at(23, 10), at(24, 8))


@pytest.mark.parametrize(
    ("booked", "due"),
    [
        # Booked 27 hours before: the day before is 3 hours away.
        (at(23, 14), (at(23, 17), at(24, 15))),
        (at(23, 14, 1), (at(24, 15),)),
        (at(24, 14), (at(24, 15),)),
        (at(24, 14, 1), ()),
        (at(24, 16), ()),
    ],
)
def test_what_the_confirmation_has_just_said_is_left_out(
    booked: datetime, due: tuple[datetime, ...]
) -> None:
    assert plan().due(at(24, 17), booked) == due


@pytest.mark.parametrize(
    ("booked", "due"),
    [(at(23, 19), (at(23, 20),)), (at(23, 19, 1), ()), (at(23, 22), ())],
)
def test_an_evening_that_is_past_is_made_up_for_by_nothing(
    booked: datetime, due: tuple[datetime, ...]
) -> None:
    assert plan().due(at(24, 10), booked) == due


def test_a_clinic_may_remind_of_nothing() -> None:
    assert plan([]).due(at(24, 17), LONG_AGO) == ()


def test_a_day_before_is_the_same_time_of_day_where_the_clocks_change_in_between() -> None:
    # Clocks go forward on 29 March and back on 25 October.
    london = ZoneInfo("Europe/London")
    rules = plan([24, 2], clinic={"zone": "Europe/London"}, quiet_hours="")
    for month, day in ((3, 29), (10, 25)):
        visit = datetime(2026, month, day, 15, tzinfo=london)
        before, late = rules.due(visit, visit - timedelta(days=9))
        assert before == datetime(2026, month, day - 1, 15, tzinfo=london)
        assert late == datetime(2026, month, day, 13, tzinfo=london)


def test_hours_are_counted_as_they_pass_over_a_change_of_the_clocks() -> None:
    london = ZoneInfo("Europe/London")
    rules = plan([2], clinic={"zone": "Europe/London"}, quiet_hours="")
    # 03:00 in summer; at 01:00 the clocks jumped to 02:00.
    visit = datetime(2026, 3, 29, 3, tzinfo=london)
    [late] = rules.due(visit, visit - timedelta(days=9))
    assert late == datetime(2026, 3, 29, 0, tzinfo=london)


def test_where_less_than_an_hour_of_the_day_is_not_quiet_nothing_is_planned() -> None:
    assert plan(quiet_hours="21:00-20:30").due(at(24, 10), LONG_AGO) == ()
