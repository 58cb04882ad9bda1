"""What the desk may make of a visit, by its status, its time and the clock."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from bot.clinic.visits.statuses import (
    ARRIVED,
    BOOKED,
    CANCELLED,
    FULFILLED,
    NOSHOW,
    PENDING,
    may_follow,
)

# Nobody waits for such a visit any more.
OVER = (FULFILLED, NOSHOW, CANCELLED)


def acts(
    status: str, starts_at: datetime, ends_at: datetime, now: datetime, zone: ZoneInfo
) -> tuple[str, ...]:
    """The statuses that staff may give a visit now, in the order of the day.

    Nobody has failed to come, or is done, before a visit has begun, and nobody arrives before its
    day. What was not pressed on the day is pressed later. What is over is neither confirmed nor
    cancelled: the patient would be told of a visit that is none. A press that was wrong is taken
    back at any time.

    Args:
        status: as it is (FHIR R4, Appointment.status).
        starts_at: the beginning, aware.
        ends_at: the end, aware.
        now: the present instant, aware.
        zone: the clinic's, in which days are counted.
    """
    begun, over = now >= starts_at, now >= ends_at
    is_its_day_or_later = now.astimezone(zone).date() >= starts_at.astimezone(zone).date()
    may = {
        BOOKED: status != PENDING or not over,
        ARRIVED: is_its_day_or_later,
        FULFILLED: begun,
        NOSHOW: begun,
        CANCELLED: not over,
    }
    return tuple(each for each in may_follow(status) if may.get(each, False))
