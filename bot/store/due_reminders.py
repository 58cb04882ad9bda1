"""Units of work on reminders that are due: each is dealt with once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from bot.store.coming import Coming, ask_team, ask_team_unread, coming_of, say_unasked
from bot.store.database import Database
from bot.store.tables import Booking, Reminder

# What the team has to do where the assistant may not write.
REQUEST = "remind"
SENT, LEFT_OUT, TEAM = "sent", "left_out", "team"


@dataclass(frozen=True)
class Fallen:
    """The reminders of one visit that have fallen due."""

    visit_id: str
    # `Booking.sequence` for which they were planned.
    sequence: int
    # The last one: those before it are past and are one with it.
    due_at: datetime


@dataclass(frozen=True)
class Due:
    """The same with what decides about them."""

    fallen: Fallen
    coming: Coming
    # Whether another one of this visit is still to come.
    has_later: bool
    # Whether the team was asked to remind of this visit as it stands.
    team_knows: bool


def fallen_due(database: Database, at: datetime) -> list[Fallen]:
    """What is due at this moment, a visit at a time, in the order in which it fell due."""
    last = func.max(Reminder.due_at).label("last")
    found = (
        select(Reminder.booking_id, Reminder.sequence, last)
        .where(Reminder.done_at.is_(None), Reminder.due_at <= at)
        .group_by(Reminder.booking_id, Reminder.sequence)
        .order_by(last, Reminder.booking_id)
    )
    with database.work() as session:
        return [Fallen(*row) for row in session.execute(found).all()]


def read_due(database: Database, fallen: Fallen, at: datetime) -> Due:
    """What decides about the reminders of one visit, at this moment.

    A unit of work for each: a visit that cannot be read costs nobody else a reminder.

    Raises:
        bot.encryption.DataKeyError: the words of the visit cannot be read.
    """
    is_later = Reminder.done_at.is_(None) & (Reminder.due_at > fallen.due_at)
    with database.work() as session:
        return Due(
            fallen,
            coming_of(session, session.get_one(Booking, fallen.visit_id), at),
            has_later=_any(session, fallen, is_later),
            team_knows=_any(session, fallen, Reminder.outcome == TEAM),
        )


def _any(session: Session, fallen: Fallen, how: ColumnElement[bool]) -> bool:
    found = select(Reminder.due_at).where(
        Reminder.booking_id == fallen.visit_id, Reminder.sequence == fallen.sequence, how
    )
    return session.scalar(found.limit(1)) is not None


def remind(
    database: Database,
    due: Due,
    channel: str,
    address: str,
    content: Mapping[str, Any],
    at: datetime,
) -> bool:
    """Puts the reminder into the outbox; false where somebody dealt with it already."""
    with database.work() as session:
        if not _claim(session, due.fallen, SENT, at):
            return False
        say_unasked(session, due.coming, channel, address, content, REQUEST, at)
        return True


def leave_to_team(database: Database, due: Due, at: datetime) -> bool:
    """Asks the team to remind; false where somebody dealt with it already."""
    with database.work() as session:
        if not _claim(session, due.fallen, TEAM, at):
            return False
        ask_team(session, due.coming, REQUEST, at, again=True)
        return True


def leave_unread_to_team(database: Database, fallen: Fallen, at: datetime) -> bool:
    """`leave_to_team` for a visit that cannot be read: by its ids alone, the patient's chat."""
    with database.work() as session:
        if not _claim(session, fallen, TEAM, at):
            return False
        ask_team_unread(session, fallen.visit_id, REQUEST, at, again=True)
        return True


def leave_out(database: Database, due: Due, at: datetime) -> None:
    """Remembers that nothing is to be said."""
    with database.work() as session:
        _claim(session, due.fallen, LEFT_OUT, at)


def _claim(session: Session, fallen: Fallen, outcome: str, at: datetime) -> bool:
    """Deals with what is due of a visit, once; the earlier ones are left out."""
    theirs = (
        Reminder.booking_id == fallen.visit_id,
        Reminder.sequence == fallen.sequence,
        Reminder.done_at.is_(None),
    )
    claimed = session.execute(
        update(Reminder)
        .where(*theirs, Reminder.due_at == fallen.due_at)
        .values(done_at=at, outcome=outcome)
    )
    if not claimed.rowcount:  # type: ignore[attr-defined]
        return False
    session.execute(
        update(Reminder)
        .where(*theirs, Reminder.due_at < fallen.due_at)
        .values(done_at=at, outcome=LEFT_OUT)
    )
    return True
