"""The hours in which nothing goes out that a patient did not ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

# What would fall into the quiet hours is said so long before they begin.
_BEFORE_THEM = timedelta(hours=1)


@dataclass(frozen=True)
class QuietHours:
    """A span on the clinic's wall clock, which may run over midnight; None where there is none."""

    zone: ZoneInfo
    span: tuple[time, time] | None

    @classmethod
    def from_mapping(cls, clinic: Mapping[str, Any]) -> QuietHours:
        """Reads `quiet_hours` of clinic.yml, "21:00-09:00" or "", and the clinic's zone."""
        written = str(clinic.get("quiet_hours") or "")
        first, _, last = written.partition("-")
        span = (time.fromisoformat(first), time.fromisoformat(last)) if written else None
        return cls(ZoneInfo(clinic["clinic"]["zone"]), span)

    def cover(self, at: datetime) -> bool:
        """Whether nothing unasked may be sent at this moment; `at` is aware."""
        if self.span is None:
            return False
        first, last = self.span
        local = at.astimezone(self.zone).time()
        if first <= last:
            return first <= local < last
        return local >= first or local < last

    def evening_before(self, at: datetime) -> datetime:
        """An hour before the quiet hours that cover `at` begin, in UTC; `at` where none do.

        It is quiet itself where less than an hour lies between the end of the quiet hours and
        their beginning.
        """
        if self.span is None or not self.cover(at):
            return at
        local = at.astimezone(self.zone)
        began_yesterday = local.time() < self.span[0]
        day = local.date() - timedelta(days=1) if began_yesterday else local.date()
        begin = datetime.combine(day, self.span[0], self.zone).astimezone(timezone.utc)
        return begin - _BEFORE_THEM
