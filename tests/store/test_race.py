"""Many patients want the same time at the same moment; `SOAK=1` makes it ten times as long."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, timezone
from itertools import pairwise

import pytest
from sqlalchemy import func, select

from bot.clinic.availability import Availability, Option
from bot.clinic.hours import WEEKDAYS
from bot.encryption import Cipher, make_key
from bot.store.bookings import Booked, NewBooking, upcoming
from bot.store.database import Database
from bot.store.messages import RECEIVED
from bot.store.tables import BookedTick, Conversation, InboundMessage
from tests.store.racers import PROCESSES, Attempt, Crew, Outcome, racing_crew

ROUNDS = 50 if os.environ.get("SOAK") == "1" else 5
ATTEMPTS = 10 * PROCESSES
NOW = datetime(2026, 11, 23, 6, 30, tzinfo=timezone.utc)
BUFFER = timedelta(minutes=10)
# One doctor in one room, who starts a visit of 30 minutes each quarter of an hour.
AVAILABILITY = Availability.from_mapping(
    {
        "clinic": {"zone": "UTC"},
        "hours": {day: ["10:00-18:00"] for day in WEEKDAYS},
        "doctors": [{"id": "mehra", "visits": ["consultation"]}],
        "visits": {
            "consultation": {"minutes": 30, "buffer_after": 10, "needs": {"rooms": ["room_1"]}}
        },
        "booking": {"lead_minutes": 0, "horizon_days": 60, "step_minutes": 15},
    }
)


@pytest.fixture(scope="module")
def crew() -> Iterator[Crew]:
    with racing_crew() as started:
        yield started


class Clinic:
    """A database with patients who all have written "yes"."""

    def __init__(self, url: str, crew: Crew) -> None:
        self.url, self.key = url, f"first:{make_key()}"
        self.database = Database(url, Cipher(self.key))
        self.crew = crew
        self.count = 0

    def messages(self, count: int) -> list[tuple[str, str]]:
        """As many messages in conversations of their own: the ids of both."""
        ids = [f"{self.count + number:032}" for number in range(count)]
        self.count += count
        with self.database.work() as session:
            session.add_all(
                Conversation(
                    id=each, channel="website", person=each, opened_at=NOW, last_message_at=NOW
                )
                for each in ids
            )
            session.flush()
            session.add_all(
                InboundMessage(
                    id=each, conversation_id=each, channel="website", external_id=each,
                    position=1, text="yes", received_at=NOW, state=RECEIVED,
                )
                for each in ids
            )  # fmt: skip
        return [(each, each) for each in ids]

    def race(self, attempts: Sequence[Attempt]) -> list[Outcome]:
        return self.crew.race(self.url, self.key, AVAILABILITY, NOW, attempts)

    def booked(self) -> list[Booked]:
        return upcoming(self.database, NOW)

    def ticks(self) -> int:
        with self.database.work() as session:
            return session.scalar(select(func.count()).select_from(BookedTick)) or 0


@pytest.fixture
def clinic(url: str, crew: Crew) -> Iterator[Clinic]:
    opened = Clinic(url, crew)
    yield opened
    opened.database.close()


def ten_o_clock(day: int) -> datetime:
    return datetime(2026, 11, 24, 10, tzinfo=timezone.utc) + timedelta(days=day)


def options_at(start: datetime) -> tuple[Option, ...]:
    """The ways to hold a visit as they were when nobody had booked yet."""
    return tuple(AVAILABILITY.options_at("consultation", start, {}, NOW))


def attempt(ids: tuple[str, str], start: datetime, phone: str, per_patient: int = 1) -> Attempt:
    new = NewBooking(*ids, "consultation", "self", "Asha Rao", phone)
    return Attempt(new, options_at(start), per_patient)


def wins(outcomes: Sequence[Outcome]) -> list[Outcome]:
    return [each for each in outcomes if each.reference]


def test_of_200_who_want_one_time_one_gets_it_and_the_others_are_offered_others(
    clinic: Clinic,
) -> None:
    for number in range(ROUNDS):
        start = ten_o_clock(number)
        outcomes = clinic.race(
            [attempt(ids, start, f"phone {ids[0]}") for ids in clinic.messages(ATTEMPTS)]
        )

        [winner] = wins(outcomes)
        losers = [each for each in outcomes if each is not winner]
        assert [each.refused for each in losers] == ["taken"] * (ATTEMPTS - 1)
        assert [each.reference for each in clinic.booked()][number:] == [winner.reference]
        for loser in losers:
            assert len(loser.offered) > 20
            assert all(time >= start + timedelta(minutes=45) for time in loser.offered)
    assert clinic.ticks() == ROUNDS * len(options_at(ten_o_clock(0))[0].ticks)


def test_visits_that_were_booked_at_once_for_overlapping_times_never_overlap(
    clinic: Clinic,
) -> None:
    for number in range(ROUNDS):
        starts = [ten_o_clock(number) + timedelta(minutes=15 * step) for step in range(10)]
        outcomes = clinic.race(
            [
                attempt(ids, starts[place % len(starts)], f"phone {ids[0]}")
                for place, ids in enumerate(clinic.messages(ATTEMPTS // 2))
            ]
        )

        won = sorted(each.start for each in wins(outcomes))
        visits = [each for each in clinic.booked() if each.starts_at >= starts[0]]
        assert [each.starts_at for each in visits] == won
        for visit, following in pairwise(visits):
            assert visit.ends_at + BUFFER <= following.starts_at
        # Nobody lost for nothing: each start that is free no more touches a visit.
        for start in starts:
            assert any(abs(start - each) < timedelta(minutes=40) for each in won)


def test_one_yes_that_arrives_in_20_processes_books_once(clinic: Clinic) -> None:
    for number in range(ROUNDS):
        [ids] = clinic.messages(1)
        yes = attempt(ids, ten_o_clock(number), f"phone {number}")
        outcomes = clinic.race([yes] * PROCESSES)

        assert len({each.reference for each in outcomes}) == 1
        assert wins(outcomes) == outcomes
        assert len(clinic.booked()) == number + 1


def test_one_phone_in_20_processes_gets_no_more_bookings_than_allowed(clinic: Clinic) -> None:
    for number in range(ROUNDS):
        starts = [ten_o_clock(number) + timedelta(minutes=45 * step) for step in range(10)]
        outcomes = clinic.race(
            [
                attempt(ids, starts[place % len(starts)], f"phone {number}", per_patient=2)
                for place, ids in enumerate(clinic.messages(PROCESSES))
            ]
        )

        assert len(wins(outcomes)) == 2
        assert {each.refused for each in outcomes} <= {"", "taken", "too many"}
        assert len(clinic.booked()) == 2 * (number + 1)
