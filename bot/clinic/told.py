"""What a patient is told of a booking: the same words from the action and from the door.

The door tells it where the action booked and then the engine could not answer any more.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from bot.clinic.hours import OpeningHours
from bot.clinic.visits.statuses import CANCELLED, PENDING


class Visit(Protocol):
    """What of a booking is told."""

    @property
    def starts_at(self) -> datetime:
        """The beginning, aware."""

    @property
    def doctor(self) -> str:
        """The doctor's id in clinic.yml; empty for none."""

    @property
    def reference(self) -> str:
        """Eight letters and digits."""

    @property
    def calendar_key(self) -> str:
        """Behind the link to the calendar file."""


class ToldBooking:
    """Turns a booking into the values of `utter_booking_booked` and its like."""

    def __init__(
        self,
        clinic: Mapping[str, Any],
        labels: Mapping[str, Any],
        times: Mapping[str, Any],
        public_url: str,
    ) -> None:
        """`labels`: those of `data/booking.yml`; `times`: the block of `data/facts.yml`."""
        self._hours = OpeningHours.from_mapping(clinic)
        self._doctors = {each["id"]: str(each["name"]) for each in clinic.get("doctors") or ()}
        self._labels, self._times, self._url = labels, times, public_url

    def short(self, visit: Visit) -> str:
        """When it is, as short as a button needs it."""
        return self._hours.say_short(visit.starts_at, self._times)

    def values(self, visit: Visit) -> dict[str, str]:
        """What the response's placeholders stand for."""
        return {
            "booking_when": self._hours.say_moment(visit.starts_at, self._times),
            "booking_doctor": self._doctors.get(visit.doctor, self._labels["any_doctor"]),
            "booking_reference": visit.reference,
            "booking_calendar": calendar_link(self._url, visit.calendar_key),
        }


def response_to(status: str, patient_is: str) -> str:
    """The response that tells of a new booking: who comes themselves is offered the check."""
    whose = "_self" if patient_is == "self" else ""
    return f"utter_booking_{status}{whose}"


class ToldChange(Protocol):
    """What of a change of a visit decides how it is told."""

    @property
    def status_after(self) -> str:
        """As in `bot.clinic.visits.statuses`."""

    @property
    def starts_before(self) -> datetime | None:
        """When it began before."""

    @property
    def starts_after(self) -> datetime:
        """When it begins now."""


def response_to_change(change: ToldChange) -> str:
    """The response that tells of what a patient changed."""
    if change.status_after == CANCELLED:
        return "utter_visit_cancelled"
    if change.starts_before == change.starts_after:
        return "utter_visit_confirmed"
    return "utter_visit_moved_pending" if change.status_after == PENDING else "utter_visit_moved"


def calendar_link(public_url: str, key: str) -> str:
    """Where the calendar file of a booking is; the key cannot be guessed."""
    return f"{public_url}/visits/{key}.ics"
