"""Reminders: real visits in a real database, and what is sent when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.channels.whatsapp import calls_for
from bot.clinic.quiet_hours import QuietHours
from bot.clinic.visits.notices import VisitNotices
from bot.clinic.visits.ways import Ways
from bot.jobs.reminders import Reminders
from bot.store import messages
from bot.store.bookings import Booked
from bot.store.changes import By
from bot.store.conversations import stop_unasked
from bot.store.messages import Answer
from bot.store.tables import Booking, Reminder
from bot.store.visits import set_status
from tests.door.conftest import HandClock
from tests.fake_cloud_api import faults
from tests.jobs.visiting import CLINIC, LETTERS, PHONE, Visiting, notices
from tests.store.databases import opened_database

DAY_BEFORE, LATE = timedelta(hours=24), timedelta(hours=1)
STAFF = By("staff", staff_user="desk")


@dataclass
class Clinic(Visiting):
    """Visits of which patients are reminded a day and an hour before."""

    notices: VisitNotices = field(default_factory=lambda: notices(reminder="visit_reminder"))

    def book(self, reminders: str = "whatsapp", **said: Any) -> Booked:
        """A visit with both reminders planned."""
        return super().book(reminders, remind_at=(DAY_BEFORE, LATE), **said)

    def look(self) -> None:
        """One look of the job, with nothing in memory."""
        Reminders(
            self.database,
            self.clock,  # type: ignore[arg-type]
            self.notices,
            QuietHours.from_mapping(CLINIC),
            LETTERS["reminder"],
            Ways(mails=True, writes=True),
        ).look()

    @property
    def outcomes(self) -> list[str | None]:
        """What came of each reminder, in order of time."""
        with self.database.work() as session:
            return list(session.scalars(select(Reminder.outcome).order_by(Reminder.due_at)))


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    with opened_database(tmp_path / "clinic.db") as database:
        yield Clinic(database, HandClock())


def test_a_patient_is_reminded_a_day_before_and_again_on_the_day(clinic: Clinic) -> None:
    visit = clinic.book()
    clinic.comes_near(visit, hours=24, seconds=1)
    clinic.look()
    assert clinic.sent() == []
    clinic.comes_near(visit, hours=24)
    clinic.hears("hello")
    clinic.look()
    clinic.look()
    [said] = clinic.sent()
    assert said["text"].startswith("Reminder of your visit: Monday 30 Nov 2026 at 10:00")
    assert "template" not in said
    clinic.comes_near(visit, hours=1)
    clinic.look()
    assert len(clinic.sent()) == 2
    assert clinic.outcomes == ["sent", "sent"]
    assert clinic.asked_of_the_team == []


def test_after_a_day_of_silence_it_goes_in_metas_template(clinic: Clinic) -> None:
    visit = clinic.book()
    clinic.comes_near(visit, hours=24)
    clinic.look()
    [said] = clinic.sent()
    [call] = calls_for(said, "Choose", "Choose")
    assert call["template"]["name"] == "visit_reminder"
    assert list(faults({"messaging_product": "whatsapp", "to": PHONE, **call})) == []
    payloads = [each["payload"] for each in said["buttons"]]
    later = clinic.hears(payloads[0])
    for payload in payloads:
        assert messages.was_offered(
            clinic.database, later.conversation_id, payload, clinic.clock.now()
        )


def test_without_a_template_the_team_is_asked_to_call_once(clinic: Clinic) -> None:
    clinic.notices = notices()
    visit = clinic.book()
    clinic.comes_near(visit, hours=24)
    clinic.look()
    reached = {"phone": f"+{PHONE}", "name": "Asha Rao"}
    assert clinic.asked_of_the_team == [("remind", reached)]
    clinic.comes_near(visit, hours=1)
    clinic.look()
    assert clinic.sent() == []
    assert clinic.outcomes == ["team", "left_out"]
    assert clinic.asked_of_the_team == [("remind", reached)]


def test_who_was_to_be_called_and_has_written_since_is_reminded_by_message(clinic: Clinic) -> None:
    clinic.notices = notices()
    visit = clinic.book()
    clinic.comes_near(visit, hours=24)
    clinic.look()
    clinic.comes_near(visit, hours=1)
    clinic.hears("is parking near?")
    clinic.look()
    assert clinic.outcomes == ["team", "sent"]


@pytest.mark.parametrize("channel", ["whatsapp", "website"])
def test_who_wants_a_call_is_called(clinic: Clinic, channel: str) -> None:
    visit = clinic.book("call", channel=channel)
    clinic.comes_near(visit, hours=24)
    clinic.look()
    assert [kind for kind, _ in clinic.asked_of_the_team] == ["remind"]
    assert clinic.sent() == []


def test_by_email_it_is_a_letter(clinic: Clinic) -> None:
    visit = clinic.book("email", channel="website", email="asha@example.org")
    clinic.comes_near(visit, hours=24)
    clinic.look()
    [said] = clinic.sent("email")
    assert "Monday 30 Nov 2026 at 10:00" in said["letter"]["body"]
    assert "Asha" not in said["letter"]["body"]
    assert clinic.asked_of_the_team == []


@pytest.mark.parametrize("reason", ["none", "stopped"])
def test_who_wants_nothing_is_sent_nothing_and_costs_nobody_a_call(
    clinic: Clinic, reason: str
) -> None:
    visit = clinic.book("none" if reason == "none" else "whatsapp")
    if reason == "stopped":
        stop_unasked(clinic.database, visit.conversation_id, clinic.clock.now())
    clinic.comes_near(visit, hours=24)
    clinic.look()
    assert clinic.sent() == []
    assert clinic.asked_of_the_team == []
    assert clinic.outcomes == ["left_out", None]


@pytest.mark.parametrize("urgency", ["crisis", "emergency"])
def test_for_a_day_after_danger_a_person_calls_instead(clinic: Clinic, urgency: str) -> None:
    visit = clinic.book()
    clinic.comes_near(visit, hours=25)
    message = clinic.hears("help")
    messages.finish(clinic.database, message.id, Answer([], urgency=urgency), clinic.clock.now())
    clinic.comes_near(visit, hours=24)
    clinic.look()
    assert clinic.sent() == []
    assert [kind for kind, _ in clinic.asked_of_the_team] == ["remind"]


def test_a_visit_that_is_not_confirmed_is_left_to_the_team(clinic: Clinic) -> None:
    visit = clinic.book(status="pending")
    clinic.comes_near(visit, hours=24)
    clinic.hears("hello")
    clinic.look()
    assert clinic.sent() == []
    assert clinic.outcomes == ["team", None]


@pytest.mark.parametrize("status", ["arrived", "noshow"])
def test_who_is_here_or_did_not_come_is_reminded_of_nothing(clinic: Clinic, status: str) -> None:
    visit = clinic.book()
    with clinic.database.work() as session:
        session.get_one(Booking, visit.id).status = status
    clinic.comes_near(visit, hours=1)
    clinic.look()
    assert clinic.outcomes == ["left_out", "left_out"]


def test_a_cancelled_visit_is_not_told(clinic: Clinic) -> None:
    visit = clinic.book()
    set_status(clinic.database, visit.id, 0, "cancelled", STAFF, clinic.clock.now())
    clinic.comes_near(visit, hours=1)
    clinic.look()
    assert clinic.sent() == []
    assert clinic.outcomes == []


# --- after a stop of hours


def test_after_a_stop_what_is_late_is_said_while_it_still_helps(clinic: Clinic) -> None:
    visit = clinic.book()
    # 20:00 on the evening before.
    clinic.comes_near(visit, hours=14)
    clinic.look()
    assert clinic.outcomes == ["sent", None]


def test_a_reminder_of_the_day_before_that_comes_near_the_visit_leaves_it_to_the_next(
    clinic: Clinic,
) -> None:
    visit = clinic.book()
    with clinic.database.work() as session:
        # 15:00: an early look on the day itself is outside the quiet hours.
        session.get_one(Booking, visit.id).starts_at = visit.starts_at + timedelta(hours=5)
        for each in session.scalars(select(Reminder)):
            session.delete(each)
            due_at = each.due_at + timedelta(hours=5)
            session.add(Reminder(booking_id=visit.id, sequence=0, due_at=due_at))
    start = visit.starts_at + timedelta(hours=5)
    clinic.clock.pass_by(
        seconds=(start - timedelta(hours=2, minutes=59) - clinic.clock.now()).total_seconds()
    )
    clinic.look()
    assert clinic.outcomes == ["left_out", None]
    clinic.clock.pass_by(hours=2)
    clinic.look()
    assert clinic.outcomes == ["left_out", "sent"]
    assert len(clinic.sent()) == 1


def test_two_that_fell_due_meanwhile_are_said_as_one(clinic: Clinic) -> None:
    visit = clinic.book()
    clinic.comes_near(visit, minutes=30)
    clinic.look()
    assert clinic.outcomes == ["left_out", "sent"]
    assert len(clinic.sent()) == 1


def test_after_the_visit_has_begun_nothing_is_said(clinic: Clinic) -> None:
    visit = clinic.book()
    clinic.comes_near(visit)
    clinic.look()
    assert clinic.outcomes == ["left_out", "left_out"]
    assert clinic.sent() == []
    assert clinic.asked_of_the_team == []


def test_in_the_night_it_waits_for_the_morning(clinic: Clinic) -> None:
    visit = clinic.book()
    # 23:00, then 09:00.
    clinic.comes_near(visit, hours=11)
    clinic.look()
    assert clinic.outcomes == [None, None]
    clinic.comes_near(visit, hours=1)
    clinic.look()
    assert clinic.outcomes == ["left_out", "sent"]


def test_one_that_cannot_be_said_keeps_no_other_waiting(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = clinic.book(), clinic.book()
    clinic.comes_near(second, hours=24)
    clinic.hears("hello")
    said = VisitNotices.reminder

    def fails_once(self: VisitNotices, visit: Any, *given: Any, **more: Any) -> Any:
        if visit.id == first.id:
            raise KeyError(visit.name)
        return said(self, visit, *given, **more)

    monkeypatch.setattr(VisitNotices, "reminder", fails_once)
    clinic.look()
    assert len(clinic.sent()) == 1
    assert [kind for kind, _ in clinic.asked_of_the_team] == ["remind"]
    assert first.id in caplog.text
    assert "Asha" not in caplog.text


def test_one_visit_that_cannot_be_read_costs_nobody_else_a_reminder(
    clinic: Clinic, caplog: pytest.LogCaptureFixture
) -> None:
    broken, visit = clinic.book(), clinic.book()
    clinic.spoil(broken)
    clinic.comes_near(visit, hours=24)
    clinic.look()
    clinic.look()
    assert len(clinic.sent()) == 1
    assert [kind for kind, _ in clinic.asked_of_the_team] == ["remind"]
    [said] = [each.getMessage() for each in caplog.records if each.levelname == "ERROR"]
    assert broken.id in said
    assert "Asha" not in caplog.text


def test_what_not_even_the_team_could_be_asked_about_keeps_nobody_waiting(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, visit = clinic.book(), clinic.book()
    clinic.spoil(broken)

    def fails(*_: Any, **__: Any) -> None:
        raise RuntimeError

    clinic.comes_near(visit, hours=24)
    with monkeypatch.context() as patched:
        patched.setattr("bot.store.coming.store_request", fails)
        clinic.look()
    assert len(clinic.sent()) == 1
    clinic.look()
    assert [kind for kind, _ in clinic.asked_of_the_team] == ["remind"]
