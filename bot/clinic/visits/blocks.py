"""What of a clinic staff can keep from being booked for a time, and how they name it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

# Every doctor, room and device at once.
CLINIC = "clinic"
# Each five minutes of a block are stored; what is longer belongs into `closures` or `hours`.
LONGEST = timedelta(days=31)


def resources_of(clinic: Mapping[str, Any]) -> list[str]:
    """The doctors, rooms and devices of clinic.yml as `bot.clinic.availability.Option` has them."""
    return [
        f"{kind}:{each['id']}"
        for kind in ("doctor", "room", "device")
        for each in clinic.get(f"{kind}s") or ()
    ]


def read_wall_time(text: str, zone: ZoneInfo) -> datetime:
    """The instant (UTC) at which the clinic's clock shows "2026-11-30T10:00".

    Of a time that comes twice, because the clocks go back, it is the first.

    Raises:
        ValueError: the text has another form, or the clocks skip that time.
    """
    wall = datetime.strptime(text, "%Y-%m-%dT%H:%M")
    instant = wall.replace(tzinfo=zone).astimezone(timezone.utc)
    if instant.astimezone(zone).replace(tzinfo=None) != wall:
        raise ValueError("The clocks skip that time.")
    return instant
