"""The calendar file of a booking: when and where, and no word of medicine (RFC 5545)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from icalendar import (
    Alarm,
    Calendar,
    Component,
    Event,
    Timezone,
    TimezoneDaylight,
    TimezoneStandard,
)

# FHIR's statuses in iCalendar's words (RFC 5545, 3.8.1.11).
_STATUS = {"pending": "TENTATIVE", "cancelled": "CANCELLED", "entered-in-error": "CANCELLED"}
_PRODUCT = "-//Dermatology front desk//EN"
# So far from the visit the file knows when the clocks change.
_AROUND = timedelta(days=366)
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

    @property
    def updated_at(self) -> datetime | None:
        """When it was changed last, aware; None if never."""


def visit_calendar(visit: Visit, clinic: Mapping[str, Any], words: Mapping[str, Any]) -> bytes:
    """The file as a calendar reads it.

    Whoever sees a phone's calendar learns a place and a number to call, not who comes or why; the
    clinic's name often says what it treats, so it is left out.
    METHOD is PUBLISH, or CANCEL for a visit that was given back (RFC 5546, 3.2). UID stays, and
    SEQUENCE, LAST-MODIFIED and DTSTAMP grow with each change (RFC 5545, 3.8.7.2 to 3.8.7.4), so a
    calendar takes the newest of several files, in whatever order it gets them.

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
    changed_at = visit.updated_at or visit.created_at
    event.add("created", visit.created_at)
    event.add("dtstamp", changed_at)
    event.add("last-modified", changed_at)
    event.add("dtstart", _on_the_clock(visit.starts_at, zone))
    event.add("dtend", _on_the_clock(visit.ends_at, zone))
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
    calendar.add_component(_rules_of(zone, visit.starts_at))
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def _on_the_clock(at: datetime, zone: ZoneInfo) -> datetime:
    """A moment on the clinic's clock; in UTC in the hour that comes a second time.

    A time that comes twice is read as the first one (RFC 5545, 3.3.5).
    """
    local = at.astimezone(zone)
    return at.astimezone(timezone.utc) if local.fold else local


def _rules_of(zone: ZoneInfo, at: datetime) -> Timezone:
    """The zone around a moment, with an observance for each change of its clocks.

    icalendar would list the changes of 68 years, of which some calendars read only the first, and
    has those of spring an hour late (3.6.5 counts them on the clock that ends).
    """
    rules = Timezone()
    rules.add("tzid", zone.key)
    day = at.astimezone(timezone.utc) - _AROUND
    rules.add_component(_observance(zone, day, day))
    while day < at + _AROUND:
        following = day + timedelta(days=1)
        if _offset(zone, day) != _offset(zone, following):
            rules.add_component(_observance(zone, day, _change_between(zone, day, following)))
        day = following
    return rules


def _change_between(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The second from which the clocks show another offset."""
    while after - before > timedelta(seconds=1):
        middle = (before + (after - before) // 2).replace(microsecond=0)
        if _offset(zone, middle) == _offset(zone, after):
            after = middle
        else:
            before = middle
    return after


def _observance(zone: ZoneInfo, before: datetime, onset: datetime) -> Component:
    local = onset.astimezone(zone)
    observance = TimezoneDaylight() if local.dst() else TimezoneStandard()
    observance.add("dtstart", onset.replace(tzinfo=None) + _offset(zone, before))
    observance.add("tzname", local.tzname())
    observance.add("tzoffsetfrom", _offset(zone, before))
    observance.add("tzoffsetto", _offset(zone, onset))
    return observance


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()
