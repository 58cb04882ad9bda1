"""Units of work on what is said before a visit: once, by one way, or by the team."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.clinic.visits.statuses import OPEN
from bot.store.coming import Coming, ask_team, ask_team_unread, coming_of, say_unasked
from bot.store.database import Database
from bot.store.tables import Booking

# What the team has to do where the assistant may not write.
REQUEST = "before_visit"


def not_told_yet(database: Database, at: datetime, ahead: timedelta) -> list[str]:
    """The open visits of the next while whose patients were not told, in order of time."""
    due = (
        select(Booking.id)
        .where(
            Booking.before_told_at.is_(None),
            Booking.status.in_(OPEN),
            Booking.starts_at > at,
            Booking.starts_at <= at + ahead,
        )
        .order_by(Booking.starts_at, Booking.id)
    )
    with database.read() as session:
        return list(session.scalars(due))


def read_coming(database: Database, visit_id: str, at: datetime) -> Coming:
    """What decides how the patient of one visit is told.

    A unit of work for each: a visit that cannot be read keeps nobody else waiting.

    Raises:
        bot.encryption.DataKeyError: the words of the visit cannot be read.
    """
    with database.read() as session:
        return coming_of(session, session.get_one(Booking, visit_id), at)


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
        if not _claim(session, coming.visit.id, at):
            return False
        say_unasked(session, coming, channel, address, content, REQUEST, at)
        return True


def leave_to_team(database: Database, coming: Coming, at: datetime) -> bool:
    """Asks the team to tell it; false where it was said or asked already."""
    with database.work() as session:
        if not _claim(session, coming.visit.id, at):
            return False
        ask_team(session, coming, REQUEST, at)
        return True


def leave_unread_to_team(database: Database, visit_id: str, at: datetime) -> bool:
    """`leave_to_team` for a visit that cannot be read."""
    with database.work() as session:
        if not _claim(session, visit_id, at):
            return False
        ask_team_unread(session, visit_id, REQUEST, at)
        return True


def leave_out(database: Database, coming: Coming, at: datetime) -> None:
    """Remembers that nothing is to be said."""
    with database.work() as session:
        _claim(session, coming.visit.id, at)


def _claim(session: Session, visit_id: str, at: datetime) -> bool:
    claimed = session.execute(
        update(Booking)
        .where(Booking.id == visit_id, Booking.before_told_at.is_(None), Booking.status.in_(OPEN))
        .values(before_told_at=at)
    )
    return bool(claimed.rowcount)  # type: ignore[attr-defined]
