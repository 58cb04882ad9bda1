"""When a patient is reminded of a visit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Any

from bot.clinic.booking.draft import NO_REMINDER
from bot.clinic.quiet_hours import QuietHours

_HOURS_A_DAY = 24
# A reminder so soon says nothing that the confirmation has not said just now: one of the days
# before, and one of the day itself, which is there so that nobody forgets to leave.
_TOO_SOON = timedelta(hours=3)
_TOO_SOON_ON_THE_DAY = timedelta(hours=1)


@dataclass(frozen=True)
class ReminderPlan:
    """How many hours before a visit its patient is reminded, around the quiet hours."""

    hours_before: Sequence[int]
    quiet: QuietHours

    @classmethod
    def from_mapping(cls, clinic: Mapping[str, Any]) -> ReminderPlan:
        """Reads `reminders.hours_before`, `quiet_hours` and the zone of clinic.yml."""
        rules = clinic.get("reminders") or {}
        return cls(tuple(rules.get("hours_before") or ()), QuietHours.from_mapping(clinic))

    def due_by(self, way: str, starts_at: datetime, now: datetime) -> tuple[datetime, ...]:
        """`due` for a patient who chose that way of being reminded; nothing for "none"."""
        return () if way == NO_REMINDER else self.due(starts_at, now)

    def due(self, starts_at: datetime, now: datetime) -> tuple[datetime, ...]:
        """The moments of the reminders that are to come, in order, in UTC.

        What would fall into the quiet hours goes the evening before, and every other reminder of
        that same day is one with it: a patient who hears in the evening needs no second message.
        What is past, or so soon after the booking that its confirmation has said all of it, is
        left out.

        Args:
            starts_at: the beginning of the visit, aware.
            now: the moment of the booking or the change, aware.
        """
        kept: list[datetime] = []
        evenings: dict[date, datetime] = {}
        for hours in self.hours_before:
            planned = self._before(starts_at, hours)
            at = self.quiet.evening_before(planned)
            soon = _TOO_SOON if hours >= _HOURS_A_DAY else _TOO_SOON_ON_THE_DAY
            if at - now < soon or at >= starts_at or self.quiet.cover(at):
                continue
            kept.append(at)
            if at != planned:
                evenings[self._day(at)] = at
        return tuple(sorted({evenings.get(self._day(at), at) for at in kept}))

    def _before(self, starts_at: datetime, hours: int) -> datetime:
        """So many hours before, in UTC.

        Whole days are days of the wall clock: a visit at 10:00 is reminded of at 10:00 on the day
        before, also where the clocks change in between, because that is how a day before is said
        and how the quiet hours are meant. The hours that are left are counted as they pass: two
        hours before is the time that a patient has to get ready.
        """
        days, rest = divmod(hours, _HOURS_A_DAY)
        local = starts_at.astimezone(self.quiet.zone) - timedelta(days=days)
        # Arithmetic with a zone is done on the wall clock; in UTC it counts what passes.
        wall = local if days else starts_at
        return wall.astimezone(timezone.utc) - timedelta(hours=rest)

    def _day(self, at: datetime) -> date:
        return at.astimezone(self.quiet.zone).date()
