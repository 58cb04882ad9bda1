"""What goes out two days before a visit: real visits in a real database, and what is sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from bot.channels.whatsapp import calls_for
from bot.clinic.before_visit import BeforeVisit
from bot.clinic.told import ToldBooking
from bot.data_files import DATA, ROOT, read_yaml
from bot.jobs.before_visit import BeforeVisits
from bot.store import bookings, checks, messages
from bot.store.bookings import Booked
from bot.store.conversations import stop_unasked
from bot.store.database import Database
from bot.store.messages import Answer
from bot.store.requests import open_requests_in_full
from bot.store.tables import Booking
from tests.door.conftest import NOW, HandClock
from tests.fake_cloud_api import faults
from tests.store.databases import opened_database
from tests.store.test_bookings import AVAILABILITY, new_booking

CLINIC = read_yaml(ROOT / "clinic.yml")
FACTS, LETTERS = read_yaml(DATA / "facts.yml"), read_yaml(DATA / "email.yml")
LABELS = read_yaml(DATA / "booking.yml")["labels"]
PHONE = "919999900001"
TEMPLATE = {"before_visit": "before_visit", "language": "en"}
NO_TEMPLATE = {"before_visit": "", "language": "en"}
_ids = count(1)


@dataclass
class Clinic:
    """Visits that come, and the job that tells of them."""

    database: Database
    clock: HandClock
    template: Mapping[str, str]

    def book(self, reminders: str = "whatsapp", **said: str) -> Booked:
        """A visit in six days, by somebody who writes on WhatsApp."""
        message = self.hears("yes")
        start = NOW.replace(hour=4, minute=30, second=0, microsecond=0) + timedelta(days=7)
        options = AVAILABILITY.options_at("consultation", start, {}, NOW)
        new = new_booking(message, reminders=reminders, **said)
        return bookings.book(self.database, new, options, 2, "booked", (), self.clock.now())

    def hears(self, text: str) -> messages.Inbound:
        """A message of the patient's."""
        return messages.receive(
            self.database, "whatsapp", "asha", f"id {next(_ids)}", text,
            self.clock.now(), timedelta(hours=12), PHONE,
        )  # fmt: skip

    def look(self) -> None:
        """One look of the job, with nothing in memory."""
        told = ToldBooking(CLINIC, LABELS, FACTS["times"], "https://clinic.example")
        BeforeVisits(
            self.database,
            self.clock,  # type: ignore[arg-type]
            BeforeVisit(CLINIC, read_yaml(DATA / "before_visit.yml"), FACTS, told),
            self.template,
            LETTERS["before_visit"],
            "https://clinic.example",
            mails=True,
            writes=True,
        ).look()

    def comes_near(self, visit: Booked, **left: float) -> None:
        """Time passes until so long before the visit."""
        at = visit.starts_at - timedelta(**left)
        self.clock.pass_by(seconds=(at - self.clock.now()).total_seconds())

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


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    with opened_database(tmp_path / "clinic.db") as database:
        yield Clinic(database, HandClock(), TEMPLATE)


def test_two_days_before_the_patient_is_told_once(clinic: Clinic) -> None:
    visit = clinic.book()
    clinic.comes_near(visit, hours=50)
    clinic.look()
    assert clinic.sent() == []
    clinic.comes_near(visit, hours=47)
    clinic.hears("hello")
    clinic.look()
    clinic.look()
    [said] = clinic.sent()
    assert "names of your medicines" in said["text"]
    assert "template" not in said
    assert clinic.asked_of_the_team == []


def test_after_a_day_of_silence_it_goes_in_metas_template(clinic: Clinic) -> None:
    visit = clinic.book()
    clinic.comes_near(visit, hours=47)
    clinic.look()
    [said] = clinic.sent()
    [call] = calls_for(said, "Choose", "Choose")
    assert call["template"]["name"] == "before_visit"
    assert list(faults({"messaging_product": "whatsapp", "to": PHONE, **call})) == []
    payloads = [
        each["parameters"][0]["payload"]
        for each in call["template"]["components"]
        if each["type"] == "button"
    ]
    unchanged = f'/start_suitability_check{{"visit":"{visit.id}","changed":"no"}}'
    assert payloads[0] == unchanged
    later = clinic.hears(unchanged)
    assert messages.was_offered(
        clinic.database, later.conversation_id, unchanged, clinic.clock.now()
    )


def test_without_a_template_the_team_is_asked_to_call(clinic: Clinic) -> None:
    clinic.template = NO_TEMPLATE
    visit = clinic.book()
    clinic.comes_near(visit, hours=47)
    clinic.look()
    assert clinic.sent() == []
    reached = {"phone": "+919999900001", "name": "Asha Rao"}
    assert clinic.asked_of_the_team == [("before_visit", reached)]


def test_who_wants_a_call_is_called(clinic: Clinic) -> None:
    visit = clinic.book("call")
    clinic.comes_near(visit, hours=47)
    clinic.look()
    assert [kind for kind, _ in clinic.asked_of_the_team] == ["before_visit"]


def test_by_email_it_comes_with_a_link_to_the_check(clinic: Clinic) -> None:
    visit = clinic.book("email", email="asha@example.org")
    clinic.comes_near(visit, hours=47)
    clinic.look()
    [said] = clinic.sent("email")
    body = said["letter"]["body"]
    assert "names of your medicines" in body
    key = body.partition("https://clinic.example/check/")[2].split()[0]
    opened = checks.open_link(clinic.database, key, "browser", clinic.clock.now())
    assert opened is not None
    assert opened.booking_id == visit.id
    assert "Asha" not in body


@pytest.mark.parametrize("reason", ["none", "stopped"])
def test_who_wants_nothing_is_sent_nothing_and_costs_nobody_a_call(
    clinic: Clinic, reason: str
) -> None:
    visit = clinic.book("none" if reason == "none" else "whatsapp")
    if reason == "stopped":
        stop_unasked(clinic.database, visit.conversation_id, clinic.clock.now())
    clinic.comes_near(visit, hours=47)
    clinic.look()
    assert clinic.sent() == []
    assert clinic.asked_of_the_team == []


@pytest.mark.parametrize("urgency", ["crisis", "emergency"])
def test_for_a_day_after_danger_a_person_calls_instead(clinic: Clinic, urgency: str) -> None:
    visit = clinic.book()
    clinic.comes_near(visit, hours=49)
    message = clinic.hears("help")
    messages.finish(clinic.database, message.id, Answer([], urgency=urgency), clinic.clock.now())
    clinic.comes_near(visit, hours=47)
    clinic.look()
    assert clinic.sent() == []
    assert "before_visit" in [kind for kind, _ in clinic.asked_of_the_team]


def test_in_the_night_it_waits_for_the_morning(clinic: Clinic) -> None:
    visit = clinic.book()
    with clinic.database.work() as session:
        # 03:00 in Mumbai.
        row = session.get_one(Booking, visit.id)
        row.starts_at = visit.starts_at - timedelta(hours=7)
    night: datetime = visit.starts_at - timedelta(hours=7)
    clinic.clock.pass_by(seconds=(night - timedelta(hours=48) - clinic.clock.now()).total_seconds())
    clinic.look()
    assert clinic.sent() == []
    clinic.clock.pass_by(hours=6.5)
    clinic.look()
    assert len(clinic.sent()) == 1


def test_for_a_child_nothing_is_asked_and_outside_the_day_the_team_calls(clinic: Clinic) -> None:
    visit = clinic.book(patient_is="minor")
    clinic.comes_near(visit, hours=47)
    clinic.look()
    assert clinic.sent() == []
    assert [kind for kind, _ in clinic.asked_of_the_team] == ["before_visit"]


def test_a_visit_that_is_not_confirmed_is_left_to_the_team(clinic: Clinic) -> None:
    visit = clinic.book()
    with clinic.database.work() as session:
        session.get_one(Booking, visit.id).status = "pending"
    clinic.comes_near(visit, hours=47)
    clinic.hears("hello")
    clinic.look()
    assert clinic.sent() == []
    assert [kind for kind, _ in clinic.asked_of_the_team] == ["before_visit"]


def test_one_visit_that_cannot_be_told_keeps_no_other_waiting(clinic: Clinic) -> None:
    first, second = clinic.book(), clinic.book()
    clinic.comes_near(second, hours=47)
    clinic.hears("hello")
    with pytest.MonkeyPatch.context() as patched:
        said = BeforeVisit.content

        def fails_once(self: BeforeVisit, visit: Any, *given: Any, **more: Any) -> Any:
            if visit.id == first.id:
                raise KeyError(visit.visit)
            return said(self, visit, *given, **more)

        patched.setattr(BeforeVisit, "content", fails_once)
        clinic.look()
    assert len(clinic.sent()) == 1
    assert [kind for kind, _ in clinic.asked_of_the_team] == ["before_visit"]
