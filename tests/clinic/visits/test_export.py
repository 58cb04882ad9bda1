from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.clinic.visits.export import COLUMNS, Export
from bot.clinic.visits.statuses import STATUSES
from bot.data_files import ROOT, read_yaml

CLINIC = read_yaml(ROOT / "clinic.yml")
NOW = datetime(2026, 11, 28, 4, 30, tzinfo=timezone.utc)
NAME, PHONE = "Asha Rao", "+919999900001"
# https://hl7.org/fhir/R4/valueset-appointmentstatus.html
APPOINTMENT_STATUSES = {
    "proposed", "pending", "booked", "arrived", "fulfilled", "cancelled", "noshow",
    "entered-in-error", "checked-in", "waitlist",
}  # fmt: skip


@dataclass(frozen=True)
class Visit:
    id: str = "0123456789abcdef0123456789abcdef"
    status: str = "booked"
    visit: str = "consultation"
    starts_at: datetime = datetime(2026, 11, 30, 4, 30, tzinfo=timezone.utc)
    ends_at: datetime = datetime(2026, 11, 30, 4, 50, tzinfo=timezone.utc)
    doctor: str = "mehra"
    room: str = "consulting_1"
    device: str = ""
    patient_is: str = "self"
    name: str = NAME
    phone: str = PHONE
    reminders: str = "call"
    sequence: int = 0
    created_at: datetime = datetime(2026, 11, 27, 6, tzinfo=timezone.utc)
    updated_at: datetime | None = None
    confirmed_at: datetime | None = None


def export(*, with_names: bool = False, clinic: dict[str, Any] = CLINIC) -> Export:
    return Export(clinic, with_names=with_names)


def rows(*visits: Visit, with_names: bool = False) -> list[dict[str, str]]:
    text = export(with_names=with_names).csv(visits)
    return list(csv.DictReader(io.StringIO(text, newline="")))


def bundle(*visits: Visit, with_names: bool = False) -> dict[str, Any]:
    """The bundle as another program reads it, after the standard's own checks."""
    text = json.dumps(export(with_names=with_names).fhir(visits, NOW))
    Bundle.model_validate_json(text)
    found: dict[str, Any] = json.loads(text)
    return found


def appointment(visit: Visit = Visit(), *, with_names: bool = False) -> dict[str, Any]:
    [entry] = bundle(visit, with_names=with_names)["entry"]
    found: dict[str, Any] = entry["resource"]
    return found


def participant(found: dict[str, Any], kind: str) -> dict[str, Any]:
    [one] = [each for each in found["participant"] if each["actor"]["type"] == kind]
    return dict(one)


def test_the_table_has_a_header_and_a_line_a_visit_on_the_clinics_clock() -> None:
    changed = replace(Visit(), sequence=1, updated_at=NOW, device="mnrf_1")
    first, second = rows(Visit(), changed)
    assert first == {
        "id": "0123456789abcdef0123456789abcdef", "status": "booked", "visit": "consultation",
        "start": "2026-11-30T10:00:00+05:30", "end": "2026-11-30T10:20:00+05:30", "minutes": "20",
        "doctor": "mehra", "room": "consulting_1", "device": "", "patient_is": "self",
        "reminders": "call", "created": "2026-11-27T11:30:00+05:30", "updated": "",
        "confirmed": "", "sequence": "0",
    }  # fmt: skip
    assert (second["updated"], second["device"]) == ("2026-11-28T10:00:00+05:30", "mnrf_1")


def test_a_table_without_visits_is_its_header() -> None:
    assert export().csv([]) == ",".join(COLUMNS) + "\r\n"


def test_names_and_phones_stand_there_only_if_asked_for() -> None:
    for text in (export().csv([Visit()]), json.dumps(bundle(Visit()))):
        assert NAME not in text
        assert PHONE not in text
    [row] = rows(Visit(), with_names=True)
    assert (row["name"], row["phone"]) == (NAME, PHONE)
    assert list(row)[: len(COLUMNS)] == list(COLUMNS)


def test_an_appointment_says_what_when_and_how_long() -> None:
    found = appointment()
    assert found["status"] == "booked"
    assert found["serviceType"] == [{"text": "Consultation"}]
    assert (found["start"], found["end"]) == (
        "2026-11-30T10:00:00+05:30", "2026-11-30T10:20:00+05:30",
    )  # fmt: skip
    assert found["minutesDuration"] == 20
    assert found["created"] == found["meta"]["lastUpdated"] == "2026-11-27T11:30:00+05:30"
    uuid = "urn:uuid:01234567-89ab-cdef-0123-456789abcdef"
    assert found["identifier"] == [{"system": "urn:ietf:rfc:3986", "value": uuid}]
    moved = appointment(replace(Visit(), updated_at=NOW))
    assert moved["meta"]["lastUpdated"] == "2026-11-28T10:00:00+05:30"


def test_doctor_room_and_device_take_part_by_their_names() -> None:
    found = appointment(replace(Visit(), device="mnrf_1"))
    shown = {each["actor"]["type"]: each["actor"]["display"] for each in found["participant"]}
    assert shown == {
        "Patient": "Patient", "Practitioner": "Dr Example Mehra",
        "Location": "Consulting room 1", "Device": "MNRF device",
    }  # fmt: skip


def test_what_is_no_longer_in_the_file_keeps_its_id() -> None:
    found = appointment(replace(Visit(), doctor="gone", room="", visit="gone_too"))
    assert participant(found, "Practitioner")["actor"]["display"] == "gone"
    assert found["serviceType"] == [{"text": "gone_too"}]
    assert len(found["participant"]) == 2


def test_until_the_desk_confirms_the_clinic_has_not_agreed_and_the_patient_has() -> None:
    found = appointment(replace(Visit(), status="pending"))
    assert participant(found, "Patient")["status"] == "accepted"
    assert participant(found, "Practitioner")["status"] == "needs-action"
    assert participant(appointment(), "Practitioner")["status"] == "accepted"


def test_a_person_asked_for_is_a_patient_inside_the_appointment() -> None:
    found = appointment(with_names=True)
    [person] = found["contained"]
    assert (person["resourceType"], person["name"]) == ("Patient", [{"text": NAME}])
    assert person["telecom"] == [{"system": "phone", "value": PHONE}]
    assert participant(found, "Patient")["actor"]["reference"] == f"#{person['id']}"


def test_of_a_minor_the_parent_is_the_person() -> None:
    found = appointment(replace(Visit(), patient_is="minor"), with_names=True)
    [person] = found["contained"]
    assert (person["resourceType"], person["name"]) == ("RelatedPerson", [{"text": NAME}])
    assert participant(found, "RelatedPerson")["actor"]["reference"] == "#person"


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_is_one_of_the_standards(status: str) -> None:
    found = appointment(replace(Visit(), status=status))
    assert found["status"] == status
    assert status in APPOINTMENT_STATUSES


def test_a_bundle_without_visits_has_no_entries() -> None:
    found = bundle()
    assert found == {
        "resourceType": "Bundle", "type": "collection", "timestamp": "2026-11-28T10:00:00+05:30",
    }  # fmt: skip


MOMENTS = st.datetimes(
    datetime(2026, 1, 1), datetime(2030, 1, 1), timezones=st.just(timezone.utc)
).map(lambda at: at.replace(microsecond=0))


@st.composite
def visits(draw: st.DrawFn) -> Visit:
    start = draw(MOMENTS)
    return Visit(
        id=draw(st.uuids()).hex,
        status=draw(st.sampled_from(STATUSES)),
        visit=draw(st.sampled_from(("consultation", "review", "gone"))),
        starts_at=start,
        ends_at=start + timedelta(minutes=draw(st.integers(5, 480))),
        doctor=draw(st.sampled_from(("", "mehra", "gone"))),
        room=draw(st.sampled_from(("", "consulting_1"))),
        device=draw(st.sampled_from(("", "mnrf_1"))),
        patient_is=draw(st.sampled_from(("self", "adult", "minor"))),
        name=draw(st.text(st.characters(categories=["L"]), min_size=1, max_size=30)),
        updated_at=draw(st.none() | MOMENTS),
    )


@settings(max_examples=100, deadline=None)
@given(
    several=st.lists(visits(), max_size=4),
    with_names=st.booleans(),
    zone=st.sampled_from(("Asia/Kolkata", "Australia/Lord_Howe", "America/New_York", "UTC")),
)
def test_another_library_reads_whatever_is_exported(
    several: list[Visit], with_names: bool, zone: str
) -> None:
    clinic = {**CLINIC, "clinic": {**CLINIC["clinic"], "zone": zone}}
    text = json.dumps(export(with_names=with_names, clinic=clinic).fhir(several, NOW))
    read = Bundle.model_validate_json(text)
    found = [entry.resource for entry in read.entry or ()]
    assert [each.start for each in found] == [each.starts_at for each in several]
    assert [each.end for each in found] == [each.ends_at for each in several]
    assert [each.status for each in found] == [each.status for each in several]
    if with_names:
        names = [each.contained[0].name[0].text for each in found]
        assert names == [each.name for each in several]
