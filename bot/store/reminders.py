"""Units of work on reminders: planned with the visit, dealt with once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from bot.clinic.booking.draft import NO_REMINDER
from bot.clinic.visits.statuses import CHANGEABLE
from bot.store.database import Database
from bot.store.tables import Booking, Reminder


def plan_reminders(session: Session, booking: Booking, due: Sequence[datetime]) -> None:
    """Plans the reminders of a visit as it stands now, in place of those that were to come."""
    session.execute(
        delete(Reminder).where(Reminder.booking_id == booking.id, Reminder.done_at.is_(None))
    )
    _add(session, booking.id, booking.sequence, due)


def plan_missing(
    database: Database, due: Callable[[datetime, datetime], Sequence[datetime]], at: datetime
) -> None:
    """Plans the reminders of every visit to come that has none, such as one of an older version.

    `due` is `bot.clinic.visits.reminders.ReminderPlan.due`. Called again it changes nothing, but
    for a clinic that has set more reminders since.
    """
    # No words of a patient's are read: one that is unreadable keeps nobody from theirs.
    unplanned = select(Booking.id, Booking.sequence, Booking.starts_at).where(
        Booking.starts_at > at,
        Booking.status.in_(CHANGEABLE),
        Booking.reminders != NO_REMINDER,
        ~exists().where(Reminder.booking_id == Booking.id),
    )
    with database.work() as session:
        for visit, sequence, starts_at in session.execute(unplanned).all():
            _add(session, visit, sequence, due(starts_at, at))


def _add(session: Session, booking_id: str, sequence: int, due: Sequence[datetime]) -> None:
    session.add_all(
        Reminder(booking_id=booking_id, sequence=sequence, due_at=each) for each in sorted(set(due))
    )
