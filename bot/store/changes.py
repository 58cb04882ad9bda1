"""The history of bookings: what changed, when and by whom; it only grows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.store.database import Database
from bot.store.tables import Booking, BookingChange

PATIENT, STAFF, CLOCK = "patient", "staff", "clock"


@dataclass(frozen=True)
class By:
    """Who changes a booking.

    `who` is patient, staff or clock; `message_id` the patient's message, which changes only once;
    `staff_user` who was logged in; `policy` the version of the rules that the patient was told.
    """

    who: str
    message_id: str = ""
    staff_user: str = ""
    policy: str = ""


@dataclass(frozen=True)
class Change:
    """One line of a booking's history; "" and None stand before it was booked."""

    at: datetime
    by: str
    staff_user: str
    status_before: str
    status_after: str
    starts_before: datetime | None
    starts_after: datetime
    policy: str


def add_change(
    session: Session,
    booking: Booking,
    status_before: str | None,
    starts_before: datetime | None,
    by: By,
    at: datetime,
) -> None:
    """Adds a line for a booking as it stands now; the rest is as it stood before."""
    session.add(
        BookingChange(
            booking_id=booking.id,
            at=at,
            by=by.who,
            staff_user=by.staff_user or None,
            message_id=by.message_id or None,
            status_before=status_before,
            status_after=booking.status,
            starts_before=starts_before,
            starts_after=booking.starts_at,
            policy=by.policy or None,
        )
    )


def history_of(database: Database, booking_id: str) -> list[Change]:
    """Everything that happened to a booking, the oldest first."""
    with database.read() as session:
        rows = session.scalars(
            select(BookingChange)
            .where(BookingChange.booking_id == booking_id)
            .order_by(BookingChange.id)
        )
        return [as_change(row) for row in rows]


def as_change(row: BookingChange) -> Change:
    """A row as the rest of the house takes it."""
    return Change(
        row.at,
        row.by,
        row.staff_user or "",
        row.status_before or "",
        row.status_after,
        row.starts_before,
        row.starts_after,
        row.policy or "",
    )
