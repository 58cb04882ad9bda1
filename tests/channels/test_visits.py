from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

import httpx
import pytest
from icalendar import Calendar
from starlette.applications import Starlette

from bot.channels.visits import visit_route
from bot.clinic.availability import Availability
from bot.data_files import DATA, ROOT, read_yaml
from bot.store import messages
from bot.store.bookings import Booked, NewBooking, book
from bot.store.database import Database
from bot.store.ticks import busy
from tests.store.databases import opened_database

NOW = datetime(2026, 11, 23, 6, 30, tzinfo=timezone.utc)
CLINIC = read_yaml(ROOT / "clinic.yml")
WORDS = read_yaml(DATA / "booking.yml")["calendar"]
GONE = read_yaml(DATA / "wording.yml")["no_such_visit"]


@dataclass
class Calendars:
    front: Starlette
    booked: Booked

    async def get(self, key: str) -> httpx.Response:
        transport = httpx.ASGITransport(self.front)
        async with httpx.AsyncClient(transport=transport, base_url="http://front.test") as client:
            return await client.get(f"/visits/{key}.ics")


def a_booking(database: Database) -> Booked:
    message = messages.receive(
        database, "website", "person", "id-1", "yes", NOW, timedelta(hours=12)
    )
    new = NewBooking(
        conversation_id=message.conversation_id,
        message_id=message.id,
        visit="consultation",
        patient_is="self",
        name="Asha Rao",
        phone="+919999900001",
    )
    availability = Availability.from_mapping(CLINIC)
    taken = busy(database, *availability.window(NOW), NOW)
    start = availability.free_times("consultation", taken, NOW)[0]
    options = availability.options_at("consultation", start, taken, NOW)
    return book(database, new, options, 2, "booked", [], NOW)


@pytest.fixture
def calendars(tmp_path: Path) -> Iterator[Calendars]:
    with opened_database(tmp_path / "clinic.db") as database:
        route = visit_route(database, CLINIC, WORDS, GONE)
        yield Calendars(Starlette(routes=[route]), a_booking(database))


async def test_the_link_of_a_booking_gives_its_calendar_file(calendars: Calendars) -> None:
    answer = await calendars.get(calendars.booked.calendar_key)
    assert answer.status_code == httpx.codes.OK
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    [event] = Calendar.from_ical(answer.content).walk("VEVENT")
    assert event.start == calendars.booked.starts_at


async def test_the_file_holds_nothing_of_the_patient(calendars: Calendars) -> None:
    answer = await calendars.get(calendars.booked.calendar_key)
    for word in ("Asha", "Rao", "9999900001", calendars.booked.reference):
        assert word not in answer.text


async def test_the_link_cannot_be_guessed_and_holds_no_id(calendars: Calendars) -> None:
    booked = calendars.booked
    assert len(booked.calendar_key) >= 43  # 256 bits
    for guess in (booked.id, booked.reference):
        assert (await calendars.get(guess)).status_code == httpx.codes.NOT_FOUND


async def test_an_unknown_link_is_told_in_words(calendars: Calendars) -> None:
    answer = await calendars.get("no-such-key")
    assert (answer.status_code, answer.text) == (httpx.codes.NOT_FOUND, GONE)


async def test_nobody_keeps_a_copy_on_the_way(calendars: Calendars) -> None:
    answer = await calendars.get(calendars.booked.calendar_key)
    assert answer.headers["cache-control"] == "no-store"
