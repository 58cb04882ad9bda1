"""Many patients want the same time at the same moment; `SOAK=1` makes it ten times as long."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, timezone
from itertools import chain, pairwise
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.clinic.availability import Availability, Option
from bot.clinic.hours import WEEKDAYS
from bot.clinic.visits.statuses import OPEN
from bot.encryption import Cipher, make_key
from bot.store.bookings import Booked, NewBooking, booking_with, upcoming
from bot.store.database import Database
from bot.store.messages import RECEIVED
from bot.store.tables import (
    BookedTick,
    Booking,
    BookingChange,
    Conversation,
    Hold,
    InboundMessage,
)
from bot.store.ticks import busy
from tests.store.racers import (
    PROCESSES,
    VISIT,
    Attempt,
    Booker,
    Crew,
    Holder,
    Mover,
    Outcome,
    racing_crew,
)

ROUNDS = 50 if os.environ.get("SOAK") == "1" else 5
# Of the races in which everything is done at once, and of holds.
MORE_ROUNDS = 50 if os.environ.get("SOAK") == "1" else 2
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
        self.kind = url.partition(":")[0]
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
        return self.rows(BookedTick)

    def rows(self, table: Any) -> int:
        with self.database.work() as session:
            return session.scalar(select(func.count()).select_from(table)) or 0

    def write_again(self, conversation: str) -> str:
        """One more "yes" in a conversation that is there: the message's id."""
        message = f"{self.count:032}"
        self.count += 1
        with self.database.work() as session:
            session.add(
                InboundMessage(
                    id=message, conversation_id=conversation, channel="website",
                    external_id=message, position=self.count, text="yes", received_at=NOW,
                    state=RECEIVED,
                )
            )  # fmt: skip
        return message

    def book_all(self, starts: Sequence[datetime]) -> list[Booked]:
        """Visits of as many patients, before anybody races."""
        tried = [
            booker(ids, start, f"phone {ids[0]}")
            for ids, start in zip(self.messages(len(starts)), starts, strict=True)
        ]
        made = [each.make(self.database, AVAILABILITY, NOW).reference for each in tried]
        found = {each.reference: each for each in self.booked()}
        return [found[reference] for reference in made]

    def assert_each_tick_is_of_who_has_the_time(self) -> None:
        """Open visits and holds have exactly the ticks of their options; nobody else has any."""
        expected: dict[str, set[tuple[str, int]]] = {}
        found: dict[str, set[tuple[str, int]]] = {}
        with self.database.work() as session:
            for each in session.scalars(select(Booking).where(Booking.status.in_(OPEN))):
                expected[each.id] = set(options_at(each.starts_at)[0].ticks)
            for held in session.scalars(select(Hold)):
                expected[held.conversation_id] = set(options_at(held.starts_at)[0].ticks)
            for tick in session.scalars(select(BookedTick)):
                owner = tick.booking_id or tick.held_by or tick.block_id
                found.setdefault(str(owner), set()).add((tick.resource, tick.tick))
        assert found == expected

    def owners(self, start: datetime) -> list[str]:
        """The open visits and the holds that begin then."""
        with self.database.work() as session:
            is_open = Booking.status.in_(OPEN)
            visits = session.scalars(select(Booking.id).where(Booking.starts_at == start, is_open))
            held = session.scalars(select(Hold.conversation_id).where(Hold.starts_at == start))
            return [*visits, *held]


@pytest.fixture
def clinic(url: str, crew: Crew) -> Iterator[Clinic]:
    opened = Clinic(url, crew)
    yield opened
    opened.database.close()


def ten_o_clock(day: int) -> datetime:
    return datetime(2026, 11, 24, 10, tzinfo=timezone.utc) + timedelta(days=day)


def options_at(start: datetime) -> tuple[Option, ...]:
    """The ways to hold a visit as they were when nobody had booked yet."""
    return tuple(AVAILABILITY.options_at(VISIT, start, {}, NOW))


def booker(
    ids: tuple[str, str], start: datetime, phone: str, per_patient: int = 1, cancels_with: str = ""
) -> Booker:
    new = NewBooking(*ids, VISIT, "self", "Asha Rao", phone)
    return Booker(new, options_at(start), per_patient, cancels_with)


def wins(outcomes: Sequence[Outcome]) -> list[Outcome]:
    return [each for each in outcomes if each.reference]


def test_of_200_who_want_one_time_one_gets_it_and_the_others_are_offered_others(
    clinic: Clinic,
) -> None:
    for number in range(ROUNDS):
        start = ten_o_clock(number)
        outcomes = clinic.race(
            [booker(ids, start, f"phone {ids[0]}") for ids in clinic.messages(ATTEMPTS)]
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
                booker(ids, starts[place % len(starts)], f"phone {ids[0]}")
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
        yes = booker(ids, ten_o_clock(number), f"phone {number}")
        outcomes = clinic.race([yes] * PROCESSES)

        assert len({each.reference for each in outcomes}) == 1
        assert wins(outcomes) == outcomes
        assert len(clinic.booked()) == number + 1


def test_one_phone_in_20_processes_gets_no_more_bookings_than_allowed(clinic: Clinic) -> None:
    for number in range(ROUNDS):
        starts = [ten_o_clock(number) + timedelta(minutes=45 * step) for step in range(10)]
        outcomes = clinic.race(
            [
                booker(ids, starts[place % len(starts)], f"phone {number}", per_patient=2)
                for place, ids in enumerate(clinic.messages(PROCESSES))
            ]
        )

        assert len(wins(outcomes)) == 2
        assert {each.refused for each in outcomes} <= {"", "taken", "too many"}
        assert len(clinic.booked()) == 2 * (number + 1)


def waves(clinic: Clinic, start: datetime, movers: Sequence[Booked], first: int) -> list[Attempt]:
    """Two hundred attempts at one time, of every kind, ten of each process.

    Who gives the time back at once comes first, so that it changes hands many times; who keeps
    it comes after that. `first` says which kind of them begins.
    """
    there = options_at(start)
    there_and_back = [
        Mover(
            each.id, clinic.write_again(each.conversation_id), there,
            clinic.write_again(each.conversation_id), options_at(each.starts_at),
        )
        for each in movers
    ]  # fmt: skip
    let_go = [Holder(ids[0], there, lets_go=True) for ids in clinic.messages(2 * PROCESSES)]
    cancel = [
        booker(ids, start, f"phone {ids[0]}", cancels_with=clinic.write_again(ids[0]))
        for ids in clinic.messages(2 * PROCESSES)
    ]
    keep = [Holder(ids[0], there) for ids in clinic.messages(2 * PROCESSES)]
    book = [booker(ids, start, f"phone {ids[0]}") for ids in clinic.messages(2 * PROCESSES)]
    move = [Mover(each.id, clinic.write_again(each.conversation_id), there) for each in movers]
    first %= 3
    giving_back: list[Sequence[Attempt]] = [there_and_back, let_go, cancel]
    keeping: list[Sequence[Attempt]] = [move, keep, book]
    kinds = [each[first:] + each[:first] for each in (giving_back, keeping)]
    return [one for kind in chain(*kinds) for one in kind]


def test_a_time_that_is_held_booked_moved_to_cancelled_and_let_go_at_once_has_one_owner(
    clinic: Clinic,
) -> None:
    home = [ten_o_clock(51) + timedelta(days=n // 10, minutes=45 * (n % 10)) for n in range(20)]
    movers = clinic.book_all(home)
    # One line for each of them.
    changes, kept = len(movers), 0
    counted: Counter[str] = Counter()
    for number in range(MORE_ROUNDS):
        start = ten_o_clock(number)
        attempts = waves(clinic, start, movers, number)
        assert len(attempts) == ATTEMPTS
        outcomes = clinic.race(attempts)

        assert {each.refused for each in outcomes} == {"", "taken"}
        for each in outcomes:
            assert not each.refused or len(set(each.offered) - {start}) > 20
        won = [one for one, each in zip(attempts, outcomes, strict=True) if each.reference]
        clinic.assert_each_tick_is_of_who_has_the_time()
        keepers = [each for each in won if keeps(each)]
        assert len(keepers) == len(clinic.owners(start)) <= 1
        # A line for each change, of those who won and of nobody else.
        changes += sum(lines(each) for each in won)
        assert clinic.rows(BookingChange) == changes
        kept += sum(isinstance(each, Holder) for each in keepers)
        assert clinic.rows(Hold) == kept
        counted.update(f"{type(each).__name__} keeps" for each in keepers)
        counted.update(type(each).__name__ for each in won if not keeps(each))
        counted["refused"] += ATTEMPTS - len(won)
        movers = [booking_with(clinic.database, each.id) or each for each in movers]
    assert sum(counted.values()) == MORE_ROUNDS * ATTEMPTS
    print(f"{clinic.kind}, {MORE_ROUNDS} rounds of {ATTEMPTS} attempts: {dict(counted)}")


def keeps(attempt: Attempt) -> bool:
    """Whether the time stays with who made it."""
    if isinstance(attempt, Holder):
        return not attempt.lets_go
    return not (attempt.back if isinstance(attempt, Mover) else attempt.cancels_with)


def lines(attempt: Attempt) -> int:
    """How many lines of history it leaves."""
    return 0 if isinstance(attempt, Holder) else 1 if keeps(attempt) else 2


def test_who_holds_different_times_of_a_day_at_once_never_holds_a_third_of_it(
    clinic: Clinic,
) -> None:
    for number in range(MORE_ROUNDS):
        day = ten_o_clock(number)
        starts = [day + timedelta(minutes=15 * step) for step in range(31)]
        assert free_times(clinic, day) == starts
        outcomes = clinic.race(
            [
                Holder(ids[0], options_at(starts[place % len(starts)]))
                for place, ids in enumerate(clinic.messages(2 * PROCESSES))
            ]
        )

        assert {each.refused for each in outcomes} == {"", "taken", "not held"}
        held, left = wins(outcomes), len(free_times(clinic, day))
        assert held
        assert 3 * (len(starts) - left) <= len(starts)
        clinic.assert_each_tick_is_of_who_has_the_time()
        print(f"{clinic.kind}: {len(held)} of {len(outcomes)} held, {left} of 31 times free")


def free_times(clinic: Clinic, day: datetime) -> list[datetime]:
    taken = busy(clinic.database, *AVAILABILITY.window(NOW), NOW)
    return AVAILABILITY.free_times(VISIT, taken, NOW, day.date(), day.date())
