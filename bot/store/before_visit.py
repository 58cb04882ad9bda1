"""Units of work on what is said before a visit: once, by one way, or by the team."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, func, select, update
from sqlalchemy.orm import Session

from bot.clinic.visits.statuses import OPEN
from bot.store.bookings import Booked, as_booked
from bot.store.conversations import AFTER_CRISIS
from bot.store.database import Database
from bot.store.messages import OFFERS_LAST, queue_elsewhere
from bot.store.requests import store_request
from bot.store.tables import Booking, Check, Conversation, InboundMessage, Offer

# What the team has to do where the assistant may not write.
REQUEST = "before_visit"


@dataclass(frozen=True)
class Coming:
    """A visit of which its patient was not told yet, and how they can be told."""

    visit: Booked
    channel: str
    address: str = field(repr=False)
    # When the person last wrote on that channel.
    last_heard_at: datetime
    wants_nothing_unasked: bool
    # A crisis or an emergency in the last 24 hours: nothing unasked goes out without staff.
    in_danger: bool
    has_check: bool


def not_told_yet(database: Database, at: datetime, ahead: timedelta) -> list[Coming]:
    """The open visits of the next while whose patients were not told, in order of time."""
    due = (
        select(Booking, Conversation)
        .join(Conversation, Conversation.id == Booking.conversation_id)
        .where(
            Booking.before_told_at.is_(None),
            Booking.status.in_(OPEN),
            Booking.starts_at > at,
            Booking.starts_at <= at + ahead,
        )
        .order_by(Booking.starts_at, Booking.id)
    )
    with database.work() as session:
        return [_coming(session, row, where, at) for row, where in session.execute(due)]


def _coming(session: Session, row: Booking, where: Conversation, at: datetime) -> Coming:
    theirs = (Conversation.channel == where.channel) & (Conversation.person == where.person)
    stopped, emergency, crisis = session.execute(
        select(
            func.max(Conversation.stopped_at),
            func.max(Conversation.emergency_at),
            func.max(Conversation.crisis_at),
        ).where(theirs)
    ).one()
    heard = session.scalar(
        select(func.max(InboundMessage.received_at))
        .join(Conversation, Conversation.id == InboundMessage.conversation_id)
        .where(theirs)
    )
    has_check = session.scalar(
        select(exists().where(Check.booking_id == row.id, Check.finished_at.is_not(None)))
    )
    dangers = [moment for moment in (emergency, crisis) if moment is not None]
    return Coming(
        visit=as_booked(row),
        channel=where.channel,
        address=where.address or "",
        last_heard_at=heard or row.created_at,
        wants_nothing_unasked=stopped is not None,
        in_danger=any(at - moment < AFTER_CRISIS for moment in dangers),
        has_check=bool(has_check),
    )


def tell(
    database: Database,
    coming: Coming,
    channel: str,
    address: str,
    content: Mapping[str, Any],
    at: datetime,
) -> bool:
    """Puts what is said into the outbox; false where it was said already.

    Its buttons count as offered until the visit, longer than those of an answer.
    """
    with database.work() as session:
        if not _claim(session, coming, at):
            return False
        queue_elsewhere(session, coming.visit.message_id, channel, address, dict(content), at)
        offered_at = max(at, coming.visit.starts_at - OFFERS_LAST)
        for button in content.get("buttons", ()):
            session.merge(
                Offer(
                    conversation_id=coming.visit.conversation_id,
                    payload=button["payload"],
                    offered_at=offered_at,
                )
            )
        return True


def leave_to_team(database: Database, coming: Coming, at: datetime) -> bool:
    """Asks the team to tell it; false where it was said or asked already."""
    visit = coming.visit
    with database.work() as session:
        if not _claim(session, coming, at):
            return False
        details = {"phone": visit.phone, **({"name": visit.name} if visit.name else {})}
        store_request(
            session, visit.conversation_id, visit.message_id, REQUEST, "routine", at, details
        )
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
