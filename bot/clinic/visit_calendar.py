"""The calendar file of a booking: when and where, and no word of medicine (RFC 5545)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from icalendar import Alarm, Calendar, Event

# FHIR's statuses in iCalendar's words (RFC 5545, 3.8.1.11).
_STATUS = {"pending": "TENTATIVE", "cancelled": "CANCELLED", "entered-in-error": "CANCELLED"}
_PRODUCT = "-//Dermatology front desk//EN"
_REMIND_BEFORE = timedelta(hours=2)


class Visit(Protocol):
    """What of a booking stands in its calendar file."""

    @property
    def id(self) -> str:
        """Random; the UID hangs on it and never changes."""

    @property
    def status(self) -> str:
        """As in FHIR R4."""

    @property
    def sequence(self) -> int:
        """How often the visit was changed since (RFC 5545, 3.8.7.4)."""

    @property
    def starts_at(self) -> datetime:
        """The beginning, aware."""

    @property
    def ends_at(self) -> datetime:
        """The end, aware."""

    @property
    def created_at(self) -> datetime:
        """When it was booked, aware."""


def visit_calendar(visit: Visit, clinic: Mapping[str, Any], words: Mapping[str, Any]) -> bytes:
    """The file as a calendar reads it.

    Whoever sees a phone's calendar learns a place and a number to call, not who comes or why; the
    clinic's name often says what it treats, so it is left out.
    METHOD is PUBLISH, or CANCEL for a visit that was given back (RFC 5546, 3.2).

    Args:
        visit: the booking.
        clinic: the content of clinic.yml.
        words: the block `calendar` of `data/booking.yml`.
    """
    who = clinic["clinic"]
    zone = ZoneInfo(who["zone"])
    status = _STATUS.get(visit.status, "CONFIRMED")
    event = Event()
    event.add("uid", f"{visit.id}@front-desk")
    event.add("dtstamp", visit.created_at)
    event.add("dtstart", visit.starts_at.astimezone(zone))
    event.add("dtend", visit.ends_at.astimezone(zone))
    event.add("summary", words["summary"])
    if who.get("address"):
        event.add("location", who["address"])
    if clinic["phones"].get("front_desk"):
        event.add("description", clinic["phones"]["front_desk"])
    event.add("status", status)
    event.add("sequence", visit.sequence)
    event.add("class", "PRIVATE")
    if status != "CANCELLED":
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", words["summary"])
        alarm.add("trigger", -_REMIND_BEFORE)
        event.add_component(alarm)
    calendar = Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if status == "CANCELLED" else "PUBLISH")
    calendar.add_component(event)
    calendar.add_missing_timezones()
    return bytes(calendar.to_ical())
