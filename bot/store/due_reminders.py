"""Units of work on reminders that are due: each is dealt with once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from bot.store.coming import Coming, ask_team, coming_of, say_unasked
from bot.store.database import Database
from bot.store.tables import Booking, Reminder

# What the team has to do where the assistant may not write.
REQUEST = "remind"
SENT, LEFT_OUT, TEAM = "sent", "left_out", "team"


@dataclass(frozen=True)
class Due:
    """The reminders of one visit that are due, and what decides about them."""

    coming: Coming
    # `Booking.sequence` for which they were planned.
    sequence: int
    # The last one: those before it are past and are one with it.
    due_at: datetime
    # Whether another one of this visit is still to come.
    has_later: bool
    # Whether the team was asked to remind of this visit as it stands.
    team_knows: bool


def due_reminders(database: Database, at: datetime) -> list[Due]:
    """What is due at this moment, a visit at a time, in the order in which it fell due."""
    last = func.max(Reminder.due_at).label("last")
    fallen_due = (
        select(Reminder.booking_id, Reminder.sequence, last)
        .where(Reminder.done_at.is_(None), Reminder.due_at <= at)
        .group_by(Reminder.booking_id, Reminder.sequence)
        .order_by(last, Reminder.booking_id)
    )
    with database.work() as session:
        return [_due(session, *row, at) for row in session.execute(fallen_due).all()]


def _due(session: Session, visit: str, sequence: int, last: datetime, at: datetime) -> Due:
    return Due(
        coming_of(session, session.get_one(Booking, visit), at),
        sequence,
        last,
        has_later=_any(session, visit, sequence, Reminder.done_at.is_(None), after=last),
        team_knows=_any(session, visit, sequence, Reminder.outcome == TEAM),
    )


def _any(
    session: Session,
    visit: str,
    sequence: int,
    how: ColumnElement[bool],
    after: datetime | None = None,
) -> bool:
    found = select(Reminder.due_at).where(
        Reminder.booking_id == visit, Reminder.sequence == sequence, how
    )
    if after is not None:
        found = found.where(Reminder.due_at > after)
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
        if not _claim(session, due, SENT, at):
            return False
        say_unasked(session, due.coming, channel, address, content, REQUEST, at)
        return True


def leave_to_team(database: Database, due: Due, at: datetime) -> bool:
    """Asks the team to remind; false where somebody dealt with it already."""
    with database.work() as session:
        if not _claim(session, due, TEAM, at):
            return False
        ask_team(session, due.coming, REQUEST, at, again=True)
        return True


def leave_out(database: Database, due: Due, at: datetime) -> None:
    """Remembers that nothing is to be said."""
    with database.work() as session:
        _claim(session, due, LEFT_OUT, at)


def _claim(session: Session, due: Due, outcome: str, at: datetime) -> bool:
    """Deals with what is due of a visit, once; the earlier ones are left out."""
    theirs = (
        Reminder.booking_id == due.coming.visit.id,
        Reminder.sequence == due.sequence,
        Reminder.done_at.is_(None),
    )
    claimed = session.execute(
        update(Reminder)
        .where(*theirs, Reminder.due_at == due.due_at)
        .values(done_at=at, outcome=outcome)
    )
    if not claimed.rowcount:  # type: ignore[attr-defined]
        return False
    session.execute(
        update(Reminder)
        .where(*theirs, Reminder.due_at < due.due_at)
        .values(done_at=at, outcome=LEFT_OUT)
    )
    return True
