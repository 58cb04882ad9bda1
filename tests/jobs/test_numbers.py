"""The first message to a number that was typed on the website, and what follows its answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from bot.channels.whatsapp import calls_for
from bot.clinic.quiet_hours import QuietHours
from bot.clinic.visits.ways import Ways
from bot.jobs import numbers
from bot.jobs.numbers import Numbers
from bot.jobs.reminders import Reminders
from bot.store.bookings import Booked
from bot.store.numbers import answer_number
from tests.door.conftest import HandClock
from tests.fake_cloud_api import faults
from tests.jobs.visiting import CLINIC, LETTERS, PHONE, Visiting, notices
from tests.store.databases import opened_database

HOURS = timedelta(hours=12)


@dataclass
class Clinic(Visiting):
    """Visits booked on the website, with a number that somebody typed."""

    def book_there(self) -> Booked:
        """Reminders on WhatsApp, a day before the visit."""
        return self.book(channel="website", remind_at=(timedelta(hours=24),))

    def look(self) -> None:
        """One look of both jobs, with nothing in memory."""
        said = notices(first_message="first_message", reminder="visit_reminder")
        quiet = QuietHours.from_mapping(CLINIC)
        ways = Ways(mails=True, writes=True)
        parts = (self.database, self.clock, said, quiet)
        Numbers(*parts, HOURS).look()  # type: ignore[arg-type]
        Reminders(*parts, LETTERS["reminder"], ways).look()  # type: ignore[arg-type]

    def answers(self, visit: Booked, *, is_theirs: bool) -> None:
        """Whoever has the number presses a button."""
        person = self.database.cipher.search_hash(f"whatsapp:{PHONE}")
        conversation = self.hears("pressed", person=person).conversation_id
        answer_number(self.database, conversation, visit.id, self.clock.now(), is_theirs=is_theirs)


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    with opened_database(tmp_path / "clinic.db") as database:
        yield Clinic(database, HandClock())


def test_right_after_the_booking_the_number_is_asked_about_once(clinic: Clinic) -> None:
    clinic.book_there()
    clinic.look()
    clinic.look()
    [said] = clinic.sent()
    [call] = calls_for(said, "Choose", "Choose")
    assert call["template"]["name"] == "first_message"
    assert list(faults({"messaging_product": "whatsapp", "to": PHONE, **call})) == []
    assert clinic.asked_of_the_team == []


def test_at_night_a_stranger_is_not_woken(clinic: Clinic) -> None:
    # 23:00 in Mumbai.
    clinic.clock.pass_by(hours=11)
    clinic.book_there()
    clinic.look()
    assert clinic.sent() == []
    clinic.clock.pass_by(hours=10)
    clinic.look()
    assert len(clinic.sent()) == 1


def test_without_an_answer_the_team_reminds(clinic: Clinic) -> None:
    visit = clinic.book_there()
    clinic.look()
    clinic.comes_near(visit, hours=24)
    clinic.look()
    assert [kind for kind, _ in clinic.asked_of_the_team] == ["remind"]
    assert len(clinic.sent()) == 1


def test_whose_number_it_is_gets_the_reminder_there(clinic: Clinic) -> None:
    visit = clinic.book_there()
    clinic.look()
    clinic.answers(visit, is_theirs=True)
    clinic.comes_near(visit, hours=24)
    clinic.look()
    [_, said] = clinic.sent()
    assert said["template"]["name"] == "visit_reminder"
    assert clinic.asked_of_the_team == []


def test_a_stranger_gets_nothing_more(clinic: Clinic) -> None:
    visit = clinic.book_there()
    clinic.look()
    clinic.answers(visit, is_theirs=False)
    clinic.comes_near(visit, hours=24)
    clinic.look()
    assert len(clinic.sent()) == 1
    assert [kind for kind, _ in clinic.asked_of_the_team] == ["wrong_number"]


def test_one_that_cannot_be_asked_keeps_no_other_waiting_and_is_tried_again(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broken = clinic.book_there()
    clinic.book(channel="website", remind_at=(timedelta(hours=24),), phone="+919999900002")
    ask = numbers.ask_number

    def fails_once(database: object, visit: Booked, *given: object) -> bool:
        if visit.id == broken.id:
            raise ValueError(visit.phone)
        return ask(database, visit, *given)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(numbers, "ask_number", fails_once)
        clinic.look()
    assert len(clinic.sent()) == 1
    assert broken.id in caplog.text
    assert "99999" not in caplog.text
    clinic.look()
    assert len(clinic.sent()) == 2


def test_one_visit_that_cannot_be_read_keeps_no_other_number_waiting(
    clinic: Clinic, caplog: pytest.LogCaptureFixture
) -> None:
    broken = clinic.book_there()
    clinic.book(channel="website", remind_at=(timedelta(hours=24),), phone="+919999900002")
    clinic.spoil(broken)
    clinic.look()
    assert len(clinic.sent()) == 1
    assert broken.id in caplog.text
    assert "99999" not in caplog.text
