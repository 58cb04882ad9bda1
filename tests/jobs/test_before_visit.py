"""What goes out two days before a visit: real visits in a real database, and what is sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.channels.whatsapp import calls_for
from bot.clinic.before_visit import BeforeVisit
from bot.clinic.visits.ways import Ways
from bot.data_files import DATA, read_yaml
from bot.jobs.before_visit import BeforeVisits
from bot.store import checks, messages
from bot.store.conversations import stop_unasked
from bot.store.messages import Answer
from bot.store.tables import Booking
from tests.door.conftest import HandClock
from tests.fake_cloud_api import faults
from tests.jobs.visiting import CLINIC, FACTS, LETTERS, PHONE, TOLD, Visiting
from tests.store.databases import opened_database

TEMPLATE = {"before_visit": "before_visit", "language": "en"}
NO_TEMPLATE = {"before_visit": "", "language": "en"}


@dataclass
class Clinic(Visiting):
    """Visits that come, and the job that tells of them."""

    template: Mapping[str, str]

    def look(self) -> None:
        """One look of the job, with nothing in memory."""
        BeforeVisits(
            self.database,
            self.clock,  # type: ignore[arg-type]
            BeforeVisit(CLINIC, read_yaml(DATA / "before_visit.yml"), FACTS, TOLD),
            self.template,
            LETTERS["before_visit"],
            "https://clinic.example",
            Ways(mails=True, writes=True),
        ).look()


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


def test_one_visit_that_cannot_be_read_keeps_no_other_waiting(
    clinic: Clinic, caplog: pytest.LogCaptureFixture
) -> None:
    broken, visit = clinic.book(), clinic.book()
    clinic.spoil(broken)
    clinic.comes_near(visit, hours=47)
    clinic.hears("hello")
    clinic.look()
    clinic.look()
    assert len(clinic.sent()) == 1
    assert [kind for kind, _ in clinic.asked_of_the_team] == ["before_visit"]
    [said] = [each.getMessage() for each in caplog.records if each.levelname == "ERROR"]
    assert broken.id in said
    assert "Asha" not in caplog.text
