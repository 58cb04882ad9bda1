"""A clinic with visits that come: a real database, a clock turned by hand, and what is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any

from sqlalchemy import text as sql

from bot.clinic.told import ToldBooking
from bot.clinic.visits.notices import VisitNotices
from bot.clinic.visits.policy import ChangePolicy
from bot.data_files import DATA, ROOT, read_yaml
from bot.store import bookings, messages
from bot.store.bookings import Booked
from bot.store.database import Database
from bot.store.requests import open_requests_in_full
from tests.door.conftest import NOW, HandClock
from tests.store.test_bookings import AVAILABILITY, new_booking

CLINIC = read_yaml(ROOT / "clinic.yml")
FACTS, LETTERS = read_yaml(DATA / "facts.yml"), read_yaml(DATA / "email.yml")
LABELS = read_yaml(DATA / "booking.yml")["labels"]
TOLD = ToldBooking(CLINIC, LABELS, FACTS["times"], "https://clinic.example")
PHONE = "919999900001"
_ids = count(1)


def notices(**templates: str) -> VisitNotices:
    """What is said of visits, with the templates that Meta has approved."""
    whatsapp = {"templates": {**CLINIC["whatsapp"]["templates"], **templates}}
    words = read_yaml(DATA / "reminders.yml")
    policy = ChangePolicy(CLINIC, read_yaml(DATA / "visits.yml")["policy"], FACTS["times"])
    return VisitNotices({**CLINIC, "whatsapp": whatsapp}, words, FACTS, TOLD, policy)


@dataclass
class Visiting:
    """Visits that come, patients who write, and what reaches whom."""

    database: Database
    clock: HandClock

    def book(
        self,
        reminders: str = "whatsapp",
        status: str = "booked",
        channel: str = "whatsapp",
        remind_at: tuple[timedelta, ...] = (),
        **said: str,
    ) -> Booked:
        """A visit in seven days at 10:00; `remind_at`: so long before it."""
        message = self.hears("yes", channel=channel)
        start = NOW.replace(hour=4, minute=30, second=0, microsecond=0) + timedelta(days=7)
        options = AVAILABILITY.options_at("consultation", start, {}, NOW)
        new = new_booking(message, reminders=reminders, **said)
        due = [start - each for each in remind_at]
        return bookings.book(
            self.database, new, options, 2, status, (), self.clock.now(), remind_at=due
        )

    def hears(self, text: str, channel: str = "whatsapp", person: str = "asha") -> messages.Inbound:
        """A message of a patient's."""
        address = PHONE if channel == "whatsapp" else None
        return messages.receive(
            self.database, channel, person, f"id {next(_ids)}", text,
            self.clock.now(), timedelta(hours=12), address,
        )  # fmt: skip

    def comes_near(self, visit: Booked, **left: float) -> None:
        """Time passes until so long before the visit."""
        at = visit.starts_at - timedelta(**left)
        self.clock.pass_by(seconds=(at - self.clock.now()).total_seconds())

    def spoil(self, visit: Booked) -> None:
        """The row of a visit can be read no more."""
        with self.database.work() as session:
            session.execute(sql("UPDATE bookings SET name = 'x' WHERE id = :id"), {"id": visit.id})

    def sent(self, channel: str = "whatsapp") -> list[dict[str, Any]]:
        """What waits in the outbox beside the answers."""
        return [
            each.content
            for _, whose in messages.due(self.database, [channel], self.clock.now())
            for each in messages.unsent(self.database, channel, whose)
        ]

    @property
    def asked_of_the_team(self) -> list[tuple[str, Mapping[str, str]]]:
        """Kind of each request, and how to reach the patient."""
        return [(each.kind, each.details) for each in open_requests_in_full(self.database, 10)]
