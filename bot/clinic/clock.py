"""The clinic's clock, which every rule of the clinic reads instead of the real one.

In development `CLINIC_NOW` moves it, so that a test or a demonstration can start on a chosen
day. Tokens, time-outs and event times of the machinery stay on the real clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

_EXPECTED = "CLINIC_NOW should be a date and time with its offset, like 2026-11-23T10:00:00+05:30"


@dataclass(frozen=True)
class Clock:
    """The real clock plus a fixed offset."""

    offset: timedelta = timedelta()

    def now(self) -> datetime:
        """The clinic's present instant, in UTC."""
        return datetime.now(timezone.utc) + self.offset


def offset_for(clinic_now: str | None, real_now: datetime) -> timedelta:
    """How far the clinic's clock runs ahead of the real one.

    Args:
        clinic_now: the value of `CLINIC_NOW`, an ISO 8601 instant; empty means the real time.
        real_now: the real instant, aware.

    Raises:
        ValueError: `clinic_now` is no ISO 8601 instant, or names no offset.
    """
    if real_now.utcoffset() is None:
        raise ValueError("The real time should have a time zone.")
    text = (clinic_now or "").strip()
    if not text:
        return timedelta()
    # Python 3.10 does not read the "Z" of ISO 8601.
    readable = text[:-1] + "+00:00" if text[-1] in "zZ" else text
    try:
        instant = datetime.fromisoformat(readable)
    except ValueError:
        raise ValueError(f"{_EXPECTED}, found {text!r}.") from None
    if instant.utcoffset() is None:
        raise ValueError(f"{_EXPECTED}, found {text!r} without an offset.")
    return instant - real_now
