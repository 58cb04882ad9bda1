"""Properties of the reminders over zones, quiet hours and moments."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.clinic.visits.reminders import ReminderPlan

# Zones whose clocks change at 01:00, at 02:00, by half an hour, at midnight, and by a whole day.
ZONES = (
    "Asia/Kolkata",
    "Europe/London",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Africa/Cairo",
    "Pacific/Apia",
)
CHANGES = ("2011-12-30", "2026-03-08", "2026-03-29", "2026-04-05", "2026-10-04", "2026-10-25")
CLOCK = st.builds(
    lambda hour, minute: f"{hour:02}:{minute:02}",
    st.integers(0, 23),
    st.sampled_from((0, 15, 30, 45)),
)
QUIET = st.one_of(
    st.just(""),
    st.just("21:00-09:00"),
    st.tuples(CLOCK, CLOCK).filter(lambda ends: ends[0] != ends[1]).map("-".join),
)
PLANS = st.builds(
    lambda zone, quiet, hours: ReminderPlan.from_mapping(
        {
            "clinic": {"zone": zone},
            "quiet_hours": quiet,
            "reminders": {"hours_before": hours},
        }
    ),
    st.sampled_from(ZONES),
    QUIET,
    st.lists(st.integers(1, 72), max_size=4) | st.just([24, 2]),
)
# Around the days on which clocks change somewhere, to the minute.
VISITS = st.builds(
    lambda day, minutes: (
        datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(minutes=minutes)
    ),
    st.sampled_from(CHANGES),
    st.integers(-2 * 24 * 60, 4 * 24 * 60),
)
BOOKED = st.timedeltas(timedelta(minutes=1), timedelta(days=9))


@settings(max_examples=500)
@given(PLANS, VISITS, BOOKED)
def test_reminders_are_few_in_order_and_at_a_decent_time(
    plan: ReminderPlan, visit: datetime, ago: timedelta
) -> None:
    now = visit - ago
    due = plan.due(visit, now)
    assert list(due) == sorted(set(due))
    assert len(due) <= len(plan.hours_before)
    for each in due:
        assert now + timedelta(hours=1) <= each < visit
        assert not plan.quiet.cover(each)
        assert each.tzinfo is not None


@settings(max_examples=500)
@given(PLANS, VISITS)
def test_on_a_day_to_which_one_was_moved_there_is_no_other(
    plan: ReminderPlan, visit: datetime
) -> None:
    due = plan.due(visit, visit - timedelta(days=9))
    zone = plan.quiet.zone
    loud = ReminderPlan(plan.hours_before, type(plan.quiet)(zone, None))
    moved = set(due) - set(loud.due(visit, visit - timedelta(days=9)))
    days = [each.astimezone(zone).date() for each in due]
    for each in moved:
        assert days.count(each.astimezone(zone).date()) == 1


@settings(max_examples=500)
@given(PLANS, VISITS)
def test_without_quiet_hours_each_goes_at_its_own_time(plan: ReminderPlan, visit: datetime) -> None:
    zone = plan.quiet.zone
    loud = ReminderPlan(plan.hours_before, type(plan.quiet)(zone, None))
    for hours in loud.hours_before:
        alone = ReminderPlan((hours,), loud.quiet).due(visit, visit - timedelta(days=9))
        assert set(alone) <= set(loud.due(visit, visit - timedelta(days=9)))
        for each in alone:
            # Clocks change by an hour at most, but for the day that Samoa left out.
            assert abs(visit - each - timedelta(hours=hours)) <= timedelta(days=1)


@settings(max_examples=300)
@given(PLANS, VISITS, BOOKED, BOOKED)
def test_who_books_later_is_reminded_of_nothing_more(
    plan: ReminderPlan, visit: datetime, one: timedelta, other: timedelta
) -> None:
    early, late = sorted((visit - one, visit - other))
    days_of_early = {each.astimezone(plan.quiet.zone).date() for each in plan.due(visit, early)}
    assert {
        each.astimezone(plan.quiet.zone).date() for each in plan.due(visit, late)
    } <= days_of_early
