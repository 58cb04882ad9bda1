"""Units of work that offer a freed time to who waits: one time for a wish at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select

from bot.clinic.visits.statuses import CANCELLED, PROPOSED
from bot.clinic.visits.ways import WHATSAPP
from bot.clinic.visits.wishes import TEAM
from bot.store.coming import how_they_are, offer_until
from bot.store.database import Database
from bot.store.messages import queue_elsewhere, queue_notice
from bot.store.tables import (
    Booking,
    BookingChange,
    Conversation,
    InboundMessage,
    OfferedTime,
    Wish,
)
from bot.store.wishes import OPEN, ask_to_call, propose


@dataclass(frozen=True)
class Freed:
    """The span of a visit that was cancelled, or moved away, at a moment, and by whose change."""

    at: datetime
    starts: datetime
    ends: datetime
    # Channel and person of whoever had booked it.
    by: tuple[str, str]


@dataclass(frozen=True)
class Reach:
    """How the person who left a wish can be told of a time."""

    channel: str
    address: str = field(repr=False)
    person: str
    # When they last wrote on that channel.
    last_heard_at: datetime
    # Neither a STOP nor a sign of danger in the last 24 hours.
    may_write: bool


def reach_of(database: Database, conversation_id: str, at: datetime) -> Reach:
    """How the person behind a conversation can be told something now, over all they wrote."""
    with database.read() as session:
        where = session.get_one(Conversation, conversation_id)
        heard = session.scalar(
            select(func.max(InboundMessage.received_at))
            .join(Conversation, Conversation.id == InboundMessage.conversation_id)
            .where(Conversation.channel == where.channel, Conversation.person == where.person)
        )
        stopped, in_danger = how_they_are(session, at, (where.channel, where.person))
    return Reach(
        where.channel,
        where.address or "",
        where.person,
        heard or where.last_message_at,
        may_write=not stopped and not in_danger,
    )


def offer(
    database: Database,
    wish_id: str,
    start: datetime,
    content: Mapping[str, Any],
    at: datetime,
    *,
    way: str,
    address: str = "",
    ends: datetime | None = None,
) -> bool:
    """Offers a time for a wish that waits; false where it waits no longer, and nothing is sent.

    The message stands in the outbox, or the request to call on the desk, from the moment on at
    which the wish is "proposed". Its buttons count as offered until the visit.

    Args:
        database: where the wish is.
        wish_id: which.
        start: the beginning of the time.
        content: the message with its buttons (`bot.clinic.visits.wishes.TimeOffer`).
        at: the present instant.
        way: `WHATSAPP`, `WEBSITE` or `TEAM`, as `bot.clinic.visits.wishes.way_to` says.
        address: where WhatsApp writes to.
        ends: until when it stands; without it until a person takes it back.
    """
    with database.work() as session:
        row = propose(session, wish_id, start, at, ends)
        if row is None:
            return False
        if way == TEAM:
            ask_to_call(session, row, at)
            return True
        if way == WHATSAPP:
            queue_elsewhere(
                session, row.message_id, WHATSAPP, address, dict(content), at, unasked=True
            )
        else:
            # For the next connection of the patient's browser.
            queue_notice(session, row.message_id, dict(content), at, unasked=True)
        offer_until(session, row.conversation_id, start, content, at)
        return True


def freed_since(database: Database, since: datetime, at: datetime) -> list[Freed]:
    """The spans to come that were given back from a moment on, in order of time."""
    was_given_back = or_(
        BookingChange.status_after == CANCELLED,
        BookingChange.starts_before != BookingChange.starts_after,
    )
    found = (
        select(
            BookingChange.at,
            BookingChange.starts_before,
            Booking.starts_at,
            Booking.ends_at,
            Conversation.channel,
            Conversation.person,
        )
        .join(Booking, Booking.id == BookingChange.booking_id)
        .join(Conversation, Conversation.id == Booking.conversation_id)
        .where(BookingChange.at >= since, BookingChange.starts_before > at, was_given_back)
        .order_by(BookingChange.starts_before, BookingChange.id)
    )
    with database.read() as session:
        rows = session.execute(found).all()
    return [
        Freed(when, begins, begins + (end - start), (channel, person))
        for when, begins, start, end, channel, person in rows
        if begins is not None
    ]


def times_offered(database: Database) -> set[tuple[str, datetime]]:
    """Every time that was offered for an open wish, with the wish's id."""
    found = (
        select(OfferedTime.wish_id, OfferedTime.start)
        .join(Wish, Wish.id == OfferedTime.wish_id)
        .where(Wish.status.in_(OPEN))
    )
    with database.read() as session:
        return {(wish_id, start) for wish_id, start in session.execute(found)}


def lapsed_offers(database: Database, at: datetime) -> list[str]:
    """The wishes whose offer stands no longer."""
    found = select(Wish.id).where(Wish.status == PROPOSED, Wish.offer_ends <= at)
    with database.read() as session:
        return list(session.scalars(found))
