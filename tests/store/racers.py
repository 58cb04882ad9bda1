"""Processes that book at the same moment, as many patients of a popular doctor do."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from multiprocessing.synchronize import Barrier

from bot.clinic.availability import Availability, Option
from bot.encryption import Cipher
from bot.store.bookings import NewBooking, TimeTaken, TooManyBookings, book
from bot.store.database import Database
from bot.store.ticks import busy

PROCESSES = 20
# Seconds until a process that hangs fails the test.
PATIENCE = 120.0


@dataclass(frozen=True)
class Attempt:
    """One call of `book`."""

    new: NewBooking
    options: tuple[Option, ...]
    per_patient: int


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended: a reference, or why there is none and which times are free now."""

    start: datetime
    reference: str = ""
    refused: str = ""
    offered: tuple[datetime, ...] = ()


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
        """Deals the attempts out, lets all of them happen, and gives how they ended."""
        for number, end in enumerate(self._ends):
            end.send(Round(url, key, availability, now, attempts[number :: len(self._ends)]))
        outcomes: list[Outcome] = []
        for end in self._ends:
            assert end.poll(PATIENCE), "a process does not answer"
            outcomes += end.recv()
        return outcomes


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


def _outcome(database: Database, work: Round, attempt: Attempt) -> Outcome:
    start = attempt.options[0].starts_at
    try:
        booked = book(
            database, attempt.new, attempt.options, attempt.per_patient, "booked", (), work.now
        )
    except TooManyBookings:
        return Outcome(start, refused="too many")
    except TimeTaken:
        taken = busy(database, *work.availability.window(work.now), work.now)
        day = start.date()
        free = work.availability.free_times(attempt.new.visit, taken, work.now, day, day)
        return Outcome(start, refused="taken", offered=tuple(free))
    return Outcome(booked.starts_at, reference=booked.reference)
