"""Units of work on reminders: planned with the visit, dealt with once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from bot.store.tables import Booking, Reminder


def plan_reminders(session: Session, booking: Booking, due: Sequence[datetime]) -> None:
    """Plans the reminders of a visit as it stands now, in place of those that were to come."""
    session.execute(
        delete(Reminder).where(Reminder.booking_id == booking.id, Reminder.done_at.is_(None))
    )
    session.add_all(
        Reminder(booking_id=booking.id, sequence=booking.sequence, due_at=each)
        for each in sorted(set(due))
    )
