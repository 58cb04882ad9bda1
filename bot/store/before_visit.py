"""Units of work on what is said before a visit: once, by one way, or by the team."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.clinic.visits.statuses import OPEN
from bot.store.coming import Coming, ask_team, coming_of, say_unasked
from bot.store.database import Database
from bot.store.tables import Booking

# What the team has to do where the assistant may not write.
REQUEST = "before_visit"


def not_told_yet(database: Database, at: datetime, ahead: timedelta) -> list[Coming]:
    """The open visits of the next while whose patients were not told, in order of time."""
    due = (
        select(Booking)
        .where(
            Booking.before_told_at.is_(None),
            Booking.status.in_(OPEN),
            Booking.starts_at > at,
            Booking.starts_at <= at + ahead,
        )
        .order_by(Booking.starts_at, Booking.id)
    )
    with database.work() as session:
        return [coming_of(session, row, at) for row in session.scalars(due)]


def tell(
    database: Database,
    coming: Coming,
    channel: str,
    address: str,
    content: Mapping[str, Any],
    at: datetime,
) -> bool:
    """Puts what is said into the outbox; false where it was said already."""
    with database.work() as session:
        if not _claim(session, coming, at):
            return False
        say_unasked(session, coming, channel, address, content, REQUEST, at)
        return True


def leave_to_team(database: Database, coming: Coming, at: datetime) -> bool:
    """Asks the team to tell it; false where it was said or asked already."""
    with database.work() as session:
        if not _claim(session, coming, at):
            return False
        ask_team(session, coming, REQUEST, at)
        return True


def leave_out(database: Database, coming: Coming, at: datetime) -> None:
    """Remembers that nothing is to be said."""
    with database.work() as session:
        _claim(session, coming, at)


def _claim(session: Session, coming: Coming, at: datetime) -> bool:
    claimed = session.execute(
        update(Booking)
        .where(Booking.id == coming.visit.id, Booking.before_told_at.is_(None))
        .values(before_told_at=at)
    )
    return bool(claimed.rowcount)  # type: ignore[attr-defined]
