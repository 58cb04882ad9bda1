"""The calendar file as another library reads it, in every kind and in zones of all sorts."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import vobject
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.clinic.visit_calendar import visit_calendar
from tests.clinic.test_visit_calendar import CLINIC, WORDS, Visit

# By an hour and by half an hour, at night and at midnight, in the north and in the south; and two
# that stay.
ZONES = (
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Europe/London",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Africa/Cairo",
)
METHODS = {"cancelled": "CANCEL", "entered-in-error": "CANCEL"}
STATUSES = {"pending": "TENTATIVE", "cancelled": "CANCELLED", "entered-in-error": "CANCELLED"}
# Days on which the clocks of one of the zones change, and any day.
CHANGES = (
    "2027-03-14", "2027-03-28", "2027-04-04", "2027-04-30", "2027-09-05", "2027-10-03",
    "2027-10-29", "2027-10-31", "2027-11-07",
)  # fmt: skip
MINUTES = st.integers(0, 2 * 24 * 12).map(lambda fives: timedelta(minutes=5 * fives))
MOMENTS = st.one_of(
    st.builds(
        lambda day, after: (
            datetime.fromisoformat(f"{day}T00:00:00+00:00") - timedelta(days=1) + after
        ),
        st.sampled_from(CHANGES),
        MINUTES,
    ),
    st.datetimes(datetime(2026, 1, 1), datetime(2032, 1, 1), timezones=st.just(timezone.utc)).map(
        lambda at: at.replace(second=0, microsecond=0)
    ),
)


@st.composite
def visits(draw: st.DrawFn) -> Visit:
    start = draw(MOMENTS)
    created = start - timedelta(days=draw(st.integers(1, 60)))
    sequence = draw(st.integers(0, 9))
    return Visit(
        id=draw(st.uuids()).hex,
        status=draw(st.sampled_from(("booked", "pending", "cancelled", "entered-in-error"))),
        sequence=sequence,
        starts_at=start,
        ends_at=start + timedelta(minutes=draw(st.sampled_from((5, 20, 90)))),
        created_at=created,
        updated_at=created + timedelta(hours=1) if sequence else None,
    )


def read(visit: Visit, zone: str = "Asia/Kolkata") -> Any:
    """The file as the other library has it."""
    clinic = {**CLINIC, "clinic": {**CLINIC["clinic"], "zone": zone}}
    # It remembers the rules of a zone; each file has to bring its own.
    vobject.icalendar.registerTzid(zone, None)
    return vobject.readOne(visit_calendar(visit, clinic, WORDS).decode())


@settings(max_examples=200, deadline=None)
@given(visit=visits(), zone=st.sampled_from(ZONES))
def test_another_library_reads_the_same(visit: Visit, zone: str) -> None:
    calendar = read(visit, zone)
    event = calendar.vevent
    assert calendar.method.value == METHODS.get(visit.status, "PUBLISH")
    assert event.uid.value == f"{visit.id}@front-desk"
    assert event.sequence.value == str(visit.sequence)
    assert event.status.value == STATUSES.get(visit.status, "CONFIRMED")
    changed = visit.updated_at or visit.created_at
    assert event.dtstamp.value == event.last_modified.value == changed
    assert event.created.value == visit.created_at
    for said, expected in ((event.dtstart, visit.starts_at), (event.dtend, visit.ends_at)):
        assert said.value.astimezone(timezone.utc) == expected


def test_what_a_calendar_shows_is_read_too() -> None:
    event = read(Visit()).vevent
    assert event.summary.value == WORDS["summary"]
    assert event.location.value == CLINIC["clinic"]["address"]
    assert event.contents["class"][0].value == "PRIVATE"
    assert event.valarm.trigger.value == -timedelta(hours=2)


def test_a_moved_and_then_cancelled_visit_is_one_entry_with_growing_numbers() -> None:
    first = Visit()
    moved = Visit(
        starts_at=first.starts_at + timedelta(days=1),
        ends_at=first.ends_at + timedelta(days=1),
        sequence=1,
        updated_at=first.created_at + timedelta(hours=1),
    )
    off = Visit(
        starts_at=moved.starts_at,
        ends_at=moved.ends_at,
        status="cancelled",
        sequence=2,
        updated_at=first.created_at + timedelta(hours=2),
    )
    files = [read(visit) for visit in (first, moved, off)]
    assert len({file.vevent.uid.value for file in files}) == 1
    assert [file.vevent.sequence.value for file in files] == ["0", "1", "2"]
    assert [file.method.value for file in files] == ["PUBLISH", "PUBLISH", "CANCEL"]
    stamps = [file.vevent.dtstamp.value for file in files]
    assert stamps == sorted(set(stamps))
