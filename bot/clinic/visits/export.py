"""Booked visits for other programs: a table, and FHIR R4 Appointments.

Who comes stands in it only where that is asked for; a patient's reference, which opens their
visit in the chat, never does.
"""

from __future__ import annotations

import csv
import io
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

# The columns of the table, in an order that other programs may rely on: new ones come last.
COLUMNS = (
    "id", "status", "visit", "start", "end", "minutes", "doctor", "room", "device", "patient_is",
    "reminders", "created", "updated", "confirmed", "sequence",
)  # fmt: skip
WITH_NAMES = ("name", "phone")

_MINOR = "minor"


class Visit(Protocol):
    """What of a booking is exported; "" stands for what it has none of."""

    @property
    def id(self) -> str:
        """The id, 32 hexadecimal digits of a UUID."""

    @property
    def status(self) -> str:
        """As in FHIR R4."""

    @property
    def visit(self) -> str:
        """The kind, a key under `visits`."""

    @property
    def starts_at(self) -> datetime:
        """The beginning, aware."""

    @property
    def ends_at(self) -> datetime:
        """The end, aware."""

    @property
    def doctor(self) -> str:
        """The doctor's id."""

    @property
    def room(self) -> str:
        """The room's id."""

    @property
    def device(self) -> str:
        """The device's id."""

    @property
    def patient_is(self) -> str:
        """self, adult or minor."""

    @property
    def name(self) -> str:
        """Who comes; of a minor the parent."""

    @property
    def phone(self) -> str:
        """E.164."""

    @property
    def reminders(self) -> str:
        """whatsapp, email, call or none."""

    @property
    def sequence(self) -> int:
        """How often it was changed."""

    @property
    def created_at(self) -> datetime:
        """When it was booked, aware."""

    @property
    def updated_at(self) -> datetime | None:
        """When it was changed last, aware; None if never."""

    @property
    def confirmed_at(self) -> datetime | None:
        """When the patient said that they come, aware; None if never."""


class Export:
    """Writes visits of one clinic.yml; times have the offset of the clinic's zone."""

    def __init__(self, clinic: Mapping[str, Any], *, with_names: bool) -> None:
        """`with_names`: whether names and phones stand in it."""
        self._zone = ZoneInfo(clinic["clinic"]["zone"])
        self._with_names = with_names
        self._visits = {key: each["name"] for key, each in clinic["visits"].items()}
        self._names = {
            kind: {each["id"]: each.get("name") or each["id"] for each in clinic.get(kind) or ()}
            for kind in ("doctors", "rooms", "devices")
        }

    def csv(self, visits: Sequence[Visit]) -> str:
        """A table with a header, as RFC 4180 has it; ids as in clinic.yml."""
        columns = (*COLUMNS, *WITH_NAMES) if self._with_names else COLUMNS
        text = io.StringIO()
        table = csv.DictWriter(text, columns, extrasaction="ignore")
        table.writeheader()
        table.writerows(map(self._row, visits))
        return text.getvalue()

    def _row(self, visit: Visit) -> dict[str, Any]:
        return {
            "id": visit.id,
            "status": visit.status,
            "visit": visit.visit,
            "start": self._say(visit.starts_at),
            "end": self._say(visit.ends_at),
            "minutes": _minutes(visit),
            "doctor": visit.doctor,
            "room": visit.room,
            "device": visit.device,
            "patient_is": visit.patient_is,
            "reminders": visit.reminders,
            "created": self._say(visit.created_at),
            "updated": self._say(visit.updated_at),
            "confirmed": self._say(visit.confirmed_at),
            "sequence": visit.sequence,
            "name": visit.name,
            "phone": visit.phone,
        }

    def fhir(self, visits: Sequence[Visit], now: datetime) -> dict[str, Any]:
        """A Bundle of Appointments (https://hl7.org/fhir/R4/appointment.html), as JSON has it.

        Our statuses are the standard's own.
        """
        bundle: dict[str, Any] = {
            "resourceType": "Bundle",
            "type": "collection",
            "timestamp": self._say(now),
        }
        # FHIR has no empty lists.
        if visits:
            bundle["entry"] = [
                {"fullUrl": _urn(visit), "resource": self._appointment(visit)} for visit in visits
            ]
        return bundle

    def _appointment(self, visit: Visit) -> dict[str, Any]:
        appointment: dict[str, Any] = {
            "resourceType": "Appointment",
            "id": visit.id,
            "meta": {"lastUpdated": self._say(visit.updated_at or visit.created_at)},
            "identifier": [{"system": "urn:ietf:rfc:3986", "value": _urn(visit)}],
            "status": visit.status,
            "serviceType": [{"text": self._visits.get(visit.visit, visit.visit)}],
            "start": self._say(visit.starts_at),
            "end": self._say(visit.ends_at),
            "minutesDuration": _minutes(visit),
            "created": self._say(visit.created_at),
            "participant": self._participants(visit),
        }
        if self._with_names:
            appointment["contained"] = [_person(visit)]
        return appointment

    def _participants(self, visit: Visit) -> list[dict[str, Any]]:
        """The patient, who asked for that time, and what the clinic has to agree to give."""
        kind = "RelatedPerson" if visit.patient_is == _MINOR else "Patient"
        who = {"reference": "#person"} if self._with_names else {"display": kind}
        found = [{"actor": {**who, "type": kind}, "required": "required", "status": "accepted"}]
        status = "needs-action" if visit.status == "pending" else "accepted"
        for actor, kinds, name in (
            ("Practitioner", "doctors", visit.doctor),
            ("Location", "rooms", visit.room),
            ("Device", "devices", visit.device),
        ):
            if name:
                display = self._names[kinds].get(name, name)
                reference = {"type": actor, "display": display}
                found.append({"actor": reference, "required": "required", "status": status})
        return found

    def _say(self, at: datetime | None) -> str:
        """A moment to the second with its offset; "" where there is none."""
        return at.astimezone(self._zone).isoformat(timespec="seconds") if at else ""


def _person(visit: Visit) -> dict[str, Any]:
    person: dict[str, Any] = {
        "resourceType": "Patient",
        "id": "person",
        "name": [{"text": visit.name}],
        "telecom": [{"system": "phone", "value": visit.phone}],
    }
    if visit.patient_is == _MINOR:
        # The name and the number are the parent's; those of the child are not kept.
        person |= {"resourceType": "RelatedPerson", "patient": {"display": "Minor"}}
    return person


def _minutes(visit: Visit) -> int:
    return int((visit.ends_at - visit.starts_at).total_seconds()) // 60


def _urn(visit: Visit) -> str:
    return uuid.UUID(visit.id).urn
