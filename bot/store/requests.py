"""Units of work on requests to staff."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import case, select
from sqlalchemy.orm import Session

from bot.store.conversations import new_id
from bot.store.database import Database
from bot.store.tables import InboundMessage, StaffRequest

URGENCIES = ("crisis", "emergency", "same_day", "routine")


@dataclass(frozen=True)
class OpenRequest:
    """A request as staff read it."""

    id: str
    kind: str
    urgency: str
    created_at: datetime
    conversation_id: str
    channel: str
    # What the patient wrote before in this conversation, oldest first, and the message itself.
    earlier: tuple[str, ...] = field(repr=False)
    text: str = field(repr=False)


def add_request(
    database: Database,
    conversation_id: str,
    message_id: str,
    kind: str,
    urgency: str,
    at: datetime,
) -> None:
    """Stores a request about a message; the same kind about the same message is stored once."""
    with database.work() as session:
        store_request(session, conversation_id, message_id, kind, urgency, at)


def store_request(
    session: Session,
    conversation_id: str,
    message_id: str,
    kind: str,
    urgency: str,
    at: datetime,
) -> None:
    """`add_request` inside a unit of work that is open already."""
    if urgency not in URGENCIES:
        raise ValueError(f"{urgency!r} is no urgency of a request")
    known = session.scalar(
        select(StaffRequest.id).where(
            StaffRequest.message_id == message_id, StaffRequest.kind == kind
        )
    )
    if known is None:
        session.add(
            StaffRequest(
                id=new_id(),
                conversation_id=conversation_id,
                message_id=message_id,
                kind=kind,
                urgency=urgency,
                created_at=at,
            )
        )


def open_requests(database: Database) -> list[OpenRequest]:
    """Every open request, the most urgent first, then by time."""
    order = case(
        {urgency: place for place, urgency in enumerate(URGENCIES)}, value=StaffRequest.urgency
    )
    with database.work() as session:
        rows = session.execute(
            select(StaffRequest, InboundMessage)
            .join(InboundMessage, InboundMessage.id == StaffRequest.message_id)
            .where(StaffRequest.closed_at.is_(None))
            .order_by(order, StaffRequest.created_at)
        )
        return [
            OpenRequest(
                request.id,
                request.kind,
                request.urgency,
                request.created_at,
                request.conversation_id,
                message.channel,
                _earlier(session, message),
                message.text,
            )
            for request, message in rows
        ]


def _earlier(session: Session, message: InboundMessage) -> tuple[str, ...]:
    rows = session.scalars(
        select(InboundMessage)
        .where(
            InboundMessage.conversation_id == message.conversation_id,
            InboundMessage.position < message.position,
        )
        .order_by(InboundMessage.position)
    )
    return tuple(row.text for row in rows)


def close_request(database: Database, request_id: str, at: datetime) -> bool:
    """Marks a request as dealt with; false if there is no such open request."""
    with database.work() as session:
        found = session.get(StaffRequest, request_id)
        if found is None or found.closed_at is not None:
            return False
        found.closed_at = at
        return True
