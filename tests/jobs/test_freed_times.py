"""A time that somebody gives back reaches who waits for it, one after the other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.clinic.quiet_hours import QuietHours
from bot.clinic.times import TimeWish
from bot.clinic.visits.statuses import CANCELLED, PROPOSED, WAITLIST
from bot.clinic.visits.wishes import TimeOffer
from bot.data_files import DATA, read_yaml
from bot.jobs import freed_times
from bot.jobs.freed_times import FreedTimes
from bot.store.bookings import Booked, TimeTaken
from bot.store.changes import STAFF, By
from bot.store.conversations import stop_unasked
from bot.store.tables import OutboundMessage, Wish
from bot.store.visits import move_visit, set_status
from bot.store.wishes import Wished, close_wish, leave_wish, take_back, wish_with
from tests.door.conftest import HandClock
from tests.jobs.visiting import CLINIC, FACTS, Visiting
from tests.store.databases import opened_database
from tests.store.test_bookings import AVAILABILITY

OFFER = TimeOffer(CLINIC, read_yaml(DATA / "wishes.yml")["offer"], FACTS["times"])
STANDS = timedelta(minutes=30)
BY = By(STAFF, staff_user="desk")


@dataclass
class Clinic(Visiting):
    """A clinic whose day in a week is wished for by several people."""

    def waits(self, person: str, channel: str = "website", **wish: Any) -> Wished:
        """Somebody wishes for the day of the visits; "left" a minute after whoever came before."""
        self.clock.pass_by(minutes=1)
        left = self.hears("tell me", channel=channel, person=person)
        day = (self.clock.now() + timedelta(days=7)).date()
        return leave_wish(
            self.database, left.conversation_id, left.id, "consultation", "self",
            TimeWish(days=(day,), **wish), "Ravi Iyer", "+919999900002", self.clock.now(),
        )  # fmt: skip

    def gives_back(self, visit: Booked) -> None:
        """A visit is cancelled, a minute later."""
        self.clock.pass_by(minutes=1)
        set_status(self.database, visit.id, visit.sequence, CANCELLED, BY, self.clock.now())

    def look(self) -> None:
        """One look, with nothing in memory."""
        quiet = QuietHours.from_mapping(CLINIC)
        FreedTimes(
            self.database, self.clock, AVAILABILITY, OFFER, quiet, STANDS, has_whatsapp=True
        ).look()

    def stands(self, *wishes: Wished) -> list[tuple[str, datetime | None]]:
        """How each wish stands, with the time that is offered for it."""
        found = [wish_with(self.database, each.id) for each in wishes]
        return [(each.status, each.offered_start) for each in found if each is not None]

    def said(self) -> list[str]:
        """Everything that was put out and not asked for."""
        with self.database.work() as session:
            found = session.scalars(
                select(OutboundMessage)
                .where(OutboundMessage.unasked)
                .order_by(OutboundMessage.position)
            )
            return [each.content for each in found]


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    with opened_database(tmp_path / "clinic.db") as database:
        yield Clinic(database, HandClock())


def test_a_time_that_is_given_back_is_offered_to_who_waited_first(clinic: Clinic) -> None:
    visit = clinic.book()
    first, second = clinic.waits("ravi"), clinic.waits("meera")
    clinic.gives_back(visit)
    clinic.look()
    clinic.look()
    assert clinic.stands(first, second) == [(PROPOSED, visit.starts_at), (WAITLIST, None)]
    [said] = clinic.said()
    assert "Please answer until" in said
    assert "Ravi" not in said


def test_after_a_while_the_next_one_is_asked_and_then_nobody(clinic: Clinic) -> None:
    visit = clinic.book()
    first, second = clinic.waits("ravi"), clinic.waits("meera")
    clinic.gives_back(visit)
    clinic.look()
    clinic.clock.pass_by(minutes=29)
    clinic.look()
    assert clinic.stands(first, second) == [(PROPOSED, visit.starts_at), (WAITLIST, None)]
    clinic.clock.pass_by(minutes=1)
    clinic.look()
    assert clinic.stands(first, second) == [(WAITLIST, None), (PROPOSED, visit.starts_at)]
    clinic.clock.pass_by(minutes=30)
    clinic.look()
    clinic.look()
    assert clinic.stands(first, second) == [(WAITLIST, None), (WAITLIST, None)]
    assert len(clinic.said()) == 2


def test_who_does_not_want_it_makes_room_at_once(clinic: Clinic) -> None:
    visit = clinic.book()
    first, second = clinic.waits("ravi"), clinic.waits("meera")
    clinic.gives_back(visit)
    clinic.look()
    assert take_back(clinic.database, first.id)
    clinic.look()
    assert clinic.stands(second) == [(PROPOSED, visit.starts_at)]


def test_what_was_free_when_they_wished_is_not_offered(clinic: Clinic) -> None:
    visit = clinic.book()
    clinic.gives_back(visit)
    wish = clinic.waits("ravi")
    clinic.look()
    assert clinic.stands(wish) == [(WAITLIST, None)]
    assert clinic.said() == []


def test_a_time_that_a_visit_moved_away_from_counts_too(clinic: Clinic) -> None:
    visit = clinic.book()
    wish = clinic.waits("ravi", exact=10 * 60)
    later = visit.starts_at + timedelta(days=1)
    now = clinic.clock.now()
    options = AVAILABILITY.options_at("consultation", later, {}, now)
    move_visit(
        clinic.database, visit.id, visit.sequence, options, "booked",
        BY, now + timedelta(minutes=1), remind_at=(),
    )  # fmt: skip
    clinic.clock.pass_by(minutes=2)
    clinic.look()
    assert clinic.stands(wish) == [(PROPOSED, visit.starts_at)]


def test_a_time_that_does_not_suit_is_offered_to_nobody(clinic: Clinic) -> None:
    visit = clinic.book()
    wish = clinic.waits("ravi", earliest=17 * 60)
    clinic.gives_back(visit)
    clinic.look()
    assert clinic.stands(wish) == [(WAITLIST, None)]


def test_a_time_that_somebody_took_meanwhile_is_offered_to_nobody(clinic: Clinic) -> None:
    visit = clinic.book()
    wish = clinic.waits("ravi", exact=10 * 60)
    clinic.gives_back(visit)
    with pytest.raises(TimeTaken):
        for number in range(20):
            clinic.book(phone=f"+{919999900100 + number}")
    clinic.look()
    assert clinic.stands(wish) == [(WAITLIST, None)]


def test_who_left_the_list_is_not_asked(clinic: Clinic) -> None:
    visit = clinic.book()
    first, second = clinic.waits("ravi"), clinic.waits("meera")
    clinic.gives_back(visit)
    close_wish(clinic.database, first.id, CANCELLED)
    clinic.look()
    assert clinic.stands(second) == [(PROPOSED, visit.starts_at)]


def test_who_may_not_be_written_to_is_left_to_the_team_and_the_next_one_asked(
    clinic: Clinic,
) -> None:
    visit = clinic.book()
    first, second = clinic.waits("ravi"), clinic.waits("meera")
    stop_unasked(clinic.database, first.conversation_id, clinic.clock.now())
    clinic.gives_back(visit)
    clinic.look()
    assert clinic.stands(first, second) == [(WAITLIST, None), (PROPOSED, visit.starts_at)]
    assert clinic.asked_of_the_team == []


def test_in_the_night_it_waits_for_the_morning(clinic: Clinic) -> None:
    visit = clinic.book()
    wish = clinic.waits("ravi")
    # 23:00 in Mumbai.
    clinic.clock.pass_by(hours=11)
    clinic.gives_back(visit)
    clinic.look()
    assert clinic.stands(wish) == [(WAITLIST, None)]
    clinic.clock.pass_by(hours=10)
    clinic.hears("good morning", channel="website", person="ravi")
    clinic.look()
    assert clinic.stands(wish) == [(PROPOSED, visit.starts_at)]


def test_who_has_closed_the_chat_is_left_to_the_team_and_the_next_one_asked(
    clinic: Clinic,
) -> None:
    visit = clinic.book()
    away = clinic.waits("ravi")
    clinic.clock.pass_by(hours=2)
    here = clinic.waits("meera")
    clinic.gives_back(visit)
    clinic.look()
    assert clinic.stands(away, here) == [(WAITLIST, None), (PROPOSED, visit.starts_at)]


def test_nobody_is_offered_the_time_that_they_gave_back(clinic: Clinic) -> None:
    visit = clinic.book(channel="website")
    own = clinic.waits("asha")
    clinic.gives_back(visit)
    clinic.look()
    assert clinic.stands(own) == [(WAITLIST, None)]


def test_a_time_that_can_hardly_be_booked_any_more_is_offered_to_nobody(clinic: Clinic) -> None:
    visit = clinic.book()
    clinic.comes_near(visit, hours=2, minutes=6)
    wish = clinic.waits("ravi")
    with clinic.database.work() as session:
        day = TimeWish(days=(visit.starts_at.date(),))
        session.get_one(Wish, wish.id).wish = json.dumps(day.to_json())
    clinic.gives_back(visit)
    clinic.look()
    assert clinic.stands(wish) == [(WAITLIST, None)]


def test_where_somebody_was_faster_nobody_else_is_asked(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = clinic.book()
    first, second = clinic.waits("ravi"), clinic.waits("meera")
    clinic.gives_back(visit)
    offer = freed_times.offer

    def after_the_other_front(database: Any, wish_id: str, *given: Any, **more: Any) -> bool:
        assert offer(database, wish_id, *given, **more)
        return offer(database, wish_id, *given, **more)

    with monkeypatch.context() as patched:
        patched.setattr(freed_times, "offer", after_the_other_front)
        clinic.look()
    assert clinic.stands(first, second) == [(PROPOSED, visit.starts_at), (WAITLIST, None)]
    assert len(clinic.said()) == 1


def test_one_time_that_cannot_be_offered_keeps_no_other_waiting(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    visit, wish = clinic.book(), clinic.waits("ravi")
    later = clinic.book(phone="+919999900002")
    clinic.gives_back(later)
    clinic.gives_back(visit)
    reached = freed_times.reach_of
    calls: list[str] = []

    def fails_once(database: Any, conversation_id: str, at: datetime) -> Any:
        calls.append(conversation_id)
        if len(calls) == 1:
            raise ValueError("Asha")
        return reached(database, conversation_id, at)

    monkeypatch.setattr(freed_times, "reach_of", fails_once)
    clinic.look()
    assert clinic.stands(wish) == [(PROPOSED, visit.starts_at)]
    assert "a time given back was not offered" in caplog.text
    assert "Asha" not in caplog.text
