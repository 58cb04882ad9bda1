"""Processes that want a time at the same moment, as many patients of a popular doctor do."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from multiprocessing.synchronize import Barrier
from typing import Protocol

from bot.clinic.availability import Availability, Option
from bot.encryption import Cipher
from bot.store import database as opening
from bot.store.bookings import NewBooking, TimeTaken, TooManyBookings, book, booking_with
from bot.store.changes import PATIENT, By
from bot.store.database import Database
from bot.store.holds import HoldTaken, NotHeld, hold, let_go
from bot.store.ticks import busy
from bot.store.visits import move_visit, set_status

PROCESSES = 20
# Seconds until a process that hangs fails the test.
PATIENCE = 120.0
VISIT = "consultation"
TEN_MINUTES = timedelta(minutes=10)


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended: a reference, or why there is none and which times are free now.

    Of a hold the reference is the conversation that has it.
    """

    start: datetime
    reference: str = ""
    refused: str = ""
    offered: tuple[datetime, ...] = ()


class Attempt(Protocol):
    """What one patient tries, once."""

    @property
    def options(self) -> tuple[Option, ...]:
        """The ways to hold the visit, all at one time."""

    def make(self, database: Database, rules: Availability, now: datetime) -> Outcome:
        """Tries it; raises what the store raises to those who lose."""


@dataclass(frozen=True)
class Booker:
    """Books; with a second message, thinks better of it and cancels at once."""

    new: NewBooking
    options: tuple[Option, ...]
    per_patient: int
    cancels_with: str = ""

    def make(self, database: Database, rules: Availability, now: datetime) -> Outcome:
        """`book`, and perhaps `set_status`."""
        booked = book(database, self.new, self.options, self.per_patient, "booked", (), now)
        if self.cancels_with:
            by = By(PATIENT, self.cancels_with)
            set_status(database, booked.id, booked.sequence, "cancelled", by, now)
        return Outcome(booked.starts_at, reference=booked.reference)


@dataclass(frozen=True)
class Holder:
    """Has the time kept, and perhaps lets it go at once; `also` is what was kept before."""

    conversation_id: str
    options: tuple[Option, ...]
    also: tuple[Option, ...] = ()
    lets_go: bool = False

    def make(self, database: Database, rules: Availability, now: datetime) -> Outcome:
        """`hold`, and perhaps `let_go`."""
        if self.also:
            self._hold(database, rules, now, self.also)
        self._hold(database, rules, now, self.options)
        if self.lets_go:
            let_go(database, self.conversation_id)
        return Outcome(self.options[0].starts_at, reference=self.conversation_id)

    def _hold(
        self, database: Database, rules: Availability, now: datetime, options: tuple[Option, ...]
    ) -> None:
        is_fair = partial(rules.is_fair_hold, VISIT, options[0].starts_at, now=now)
        hold(
            database, self.conversation_id, VISIT, options, rules.window(now), is_fair, now,
            TEN_MINUTES,
        )  # fmt: skip


@dataclass(frozen=True)
class Mover:
    """Moves a visit of their own, and perhaps back again with a second message."""

    visit_id: str
    message_id: str
    options: tuple[Option, ...]
    back_with: str = ""
    back: tuple[Option, ...] = ()

    def make(self, database: Database, rules: Availability, now: datetime) -> Outcome:
        """`move_visit`, once or twice."""
        visit = booking_with(database, self.visit_id)
        assert visit is not None
        ways = [(self.message_id, self.options)]
        ways += [(self.back_with, self.back)] if self.back else []
        for message_id, options in ways:
            by = By(PATIENT, message_id)
            visit = move_visit(database, visit.id, visit.sequence, options, "booked", by, now)
        return Outcome(self.options[0].starts_at, reference=visit.reference)


@dataclass(frozen=True)
class Round:
    """What a process needs for its attempts, which it makes one after the other."""

    url: str
    key: str
    availability: Availability
    now: datetime
    attempts: Sequence[Attempt]


class Crew:
    """Twenty processes, started once; in each round all begin at the same moment."""

    def __init__(self, ends: Sequence[Connection]) -> None:
        """Takes our ends of the pipes to the processes."""
        self._ends = ends

    def race(
        self,
        url: str,
        key: str,
        availability: Availability,
        now: datetime,
        attempts: Sequence[Attempt],
    ) -> list[Outcome]:
        """Deals the attempts out, lets all of them happen, and gives how each ended, in order."""
        for number, end in enumerate(self._ends):
            end.send(Round(url, key, availability, now, attempts[number :: len(self._ends)]))
        ended: dict[int, Outcome] = {}
        for number, end in enumerate(self._ends):
            assert end.poll(PATIENCE), "a process does not answer"
            ended |= zip(range(number, len(attempts), len(self._ends)), end.recv(), strict=True)
        return [ended[number] for number in range(len(attempts))]


@contextmanager
def racing_crew() -> Iterator[Crew]:
    """Starts the processes from one that has imported everything, which takes a second in all."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    barrier = context.Barrier(PROCESSES, timeout=PATIENCE)
    pipes = [context.Pipe() for _ in range(PROCESSES)]
    processes = [_started(context, barrier, theirs) for _, theirs in pipes]
    try:
        yield Crew([ours for ours, _ in pipes])
    finally:
        for ours, _ in pipes:
            ours.close()
        for process in processes:
            process.join(PATIENCE)


def _started(
    context: ForkServerContext, barrier: Barrier, end: Connection
) -> multiprocessing.context.ForkServerProcess:
    process = context.Process(target=_race, args=(barrier, end), daemon=True)
    process.start()
    # The process has its own copy; once it is gone, this end must be closed for ours to notice.
    end.close()
    return process


def _race(barrier: Barrier, end: Connection) -> None:
    """What a process does until our end of the pipe is closed."""
    _wait_longer()
    key, database = "", None
    while True:
        try:
            work: Round = end.recv()
        except EOFError:
            return
        # Every test has a key of its own, and keeps its database open for all of its rounds.
        if database is None or work.key != key:
            if database is not None:
                database.close()
            key, database = work.key, Database(work.url, Cipher(work.key))
        barrier.wait()
        end.send([_outcome(database, work, attempt) for attempt in work.attempts])


def _wait_longer() -> None:
    """Raises the limits of this process: twenty writers wait longer than the house's few.

    What is tested is who gets a time, on machines of any speed, and not how soon.
    """
    milliseconds = int(1000 * PATIENCE)
    opening.BUSY_TIMEOUT = milliseconds
    opening.POSTGRESQL_LIMITS |= {"options": f"-c statement_timeout={milliseconds}"}


def _outcome(database: Database, work: Round, attempt: Attempt) -> Outcome:
    start = attempt.options[0].starts_at
    try:
        return attempt.make(database, work.availability, work.now)
    except TooManyBookings:
        return Outcome(start, refused="too many")
    except NotHeld:
        return Outcome(start, refused="not held")
    except (TimeTaken, HoldTaken):
        taken = busy(database, *work.availability.window(work.now), work.now)
        day = start.date()
        free = work.availability.free_times(VISIT, taken, work.now, day, day)
        return Outcome(start, refused="taken", offered=tuple(free))
