"""Units of work on requests to staff."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select, update
from sqlalchemy.orm import Session, aliased

from bot.clinic.details import phone_of
from bot.store.conversations import new_id
from bot.store.database import Database
from bot.store.drafts import BOOKING
from bot.store.tables import Conversation, Draft, InboundMessage, OutboundMessage, StaffRequest

URGENCIES = ("crisis", "emergency", "same_day", "routine")
# Among equally urgent requests it is read first.
COMPLAINT = "complaint"
# A booking, or a new time of one, waits for the desk's yes.
CONFIRM_BOOKING = "confirm_booking"
# What of a request's details says how to reach the patient, and so is true of their others too.
REACH = ("phone", "good_time", "name")
# So many messages of a patient's, with their answers, are shown with a request.
TURNS_SHOWN = 10


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


@dataclass(frozen=True)
class Turn:
    """A patient's message and what it was answered."""

    message_id: str
    at: datetime
    # text, or what came instead of words (`InboundMessage.kind`)
    kind: str
    text: str = field(repr=False)
    # {"text": ..., "buttons": [{"title": ..., "payload": ...}]}, in order
    answers: tuple[Mapping[str, Any], ...] = field(repr=False)


@dataclass(frozen=True)
class RequestInFull:
    """A request with all that helps to answer it."""

    id: str
    kind: str
    urgency: str
    created_at: datetime
    conversation_id: str
    channel: str
    # The turn it is about, which may be older than the last ones.
    about: Turn
    # The last turns of the conversation up to now, oldest first.
    turns: tuple[Turn, ...]
    # How to reach the patient (`REACH`); for a visit that they cannot change alone its id (`visit`)
    # and the beginning that they want instead (`wanted`, ISO 8601). What is not known is missing.
    details: Mapping[str, str] = field(repr=False)
    # What the patient has said so far for a booking that is not made yet.
    draft: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True)
class Waiting:
    """How many requests wait, as numbers and ids: nothing of what patients wrote."""

    count: int
    # The most urgent of them all; empty if none waits.
    urgency: str
    # The urgency of each that nobody was told of, by id, in order of time.
    new: Mapping[str, str]
    last_told_at: datetime | None


def add_request(
    database: Database,
    conversation_id: str,
    message_id: str,
    kind: str,
    urgency: str,
    at: datetime,
    details: Mapping[str, str] | None = None,
) -> None:
    """Stores a request about a message; the same kind about the same message is stored once.

    `details`: as in `RequestInFull`; how to reach the patient only once they agreed to it.
    """
    with database.work() as session:
        store_request(session, conversation_id, message_id, kind, urgency, at, details)


def store_request(
    session: Session,
    conversation_id: str,
    message_id: str,
    kind: str,
    urgency: str,
    at: datetime,
    details: Mapping[str, str] | None = None,
    *,
    again: bool = False,
) -> None:
    """`add_request` inside a unit of work that is open already.

    `again`: one of this kind that was dealt with waits anew, as for a visit that was moved, with
    these details.
    """
    if urgency not in URGENCIES:
        raise ValueError(f"{urgency!r} is no urgency of a request")
    known = session.scalar(
        select(StaffRequest).where(StaffRequest.message_id == message_id, StaffRequest.kind == kind)
    )
    if known is not None and again and known.closed_at is not None:
        known.created_at, known.closed_at, known.noticed_at = at, None, None
        if details:
            known.details = json.dumps(dict(details), ensure_ascii=False)
    if known is None:
        reached = details or _how_to_reach(session, conversation_id)
        session.add(
            StaffRequest(
                id=new_id(),
                conversation_id=conversation_id,
                message_id=message_id,
                kind=kind,
                urgency=urgency,
                created_at=at,
                details=json.dumps(reached, ensure_ascii=False) if reached else None,
            )
        )


def add_details(database: Database, conversation_id: str, details: Mapping[str, str]) -> None:
    """Adds how to reach a patient to every open request of theirs, over all conversations.

    Called once they agreed to it; what is empty leaves what was known, and only `REACH` counts.
    """
    told = _reach(details)
    with database.work() as session:
        for request in session.scalars(
            _requests_of(conversation_id).where(StaffRequest.closed_at.is_(None))
        ):
            known = json.loads(request.details or "{}")
            request.details = json.dumps({**known, **told}, ensure_ascii=False)


def details_of(database: Database, conversation_id: str) -> dict[str, str]:
    """How to reach the person behind a conversation, as told last; empty if they never said."""
    with database.work() as session:
        return _how_to_reach(session, conversation_id)


def _how_to_reach(session: Session, conversation_id: str) -> dict[str, str]:
    """What the person said last, else the number that their channel writes to."""
    told = session.scalars(
        _requests_of(conversation_id)
        .where(StaffRequest.details.is_not(None))
        .order_by(StaffRequest.created_at.desc())
    ).first()
    if told is not None:
        return _reach(json.loads(told.details or "{}"))
    address = session.get_one(Conversation, conversation_id).address or ""
    phone = phone_of(address) if address else ""
    return {"phone": phone} if phone else {}


def _reach(details: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in details.items() if name in REACH and value}


def _requests_of(conversation_id: str) -> Select[StaffRequest]:
    this = aliased(Conversation)
    return (
        select(StaffRequest)
        .join(Conversation, Conversation.id == StaffRequest.conversation_id)
        .join(this, (this.channel == Conversation.channel) & (this.person == Conversation.person))
        .where(this.id == conversation_id)
    )


def open_requests(database: Database) -> list[OpenRequest]:
    """Every open request, the most urgent first, then complaints, then by time."""
    with database.work() as session:
        rows = session.execute(
            select(StaffRequest, InboundMessage)
            .join(InboundMessage, InboundMessage.id == StaffRequest.message_id)
            .where(StaffRequest.closed_at.is_(None))
            .order_by(*_most_urgent_first())
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


def count_open_requests(database: Database) -> int:
    """How many requests nobody has dealt with."""
    with database.work() as session:
        open_ones = select(func.count()).select_from(StaffRequest)
        return session.scalar(open_ones.where(StaffRequest.closed_at.is_(None))) or 0


def waiting_requests(database: Database) -> Waiting:
    """What staff have to be told of."""
    with database.read() as session:
        rows = session.execute(
            select(StaffRequest.id, StaffRequest.urgency, StaffRequest.noticed_at)
            .where(StaffRequest.closed_at.is_(None))
            .order_by(StaffRequest.created_at, StaffRequest.id)
        ).all()
        last_told_at = session.scalar(select(func.max(StaffRequest.noticed_at)))
    return Waiting(
        len(rows),
        min((row.urgency for row in rows), key=URGENCIES.index, default=""),
        {row.id: row.urgency for row in rows if row.noticed_at is None},
        last_told_at,
    )


def note_told(database: Database, request_ids: Collection[str], at: datetime) -> None:
    """Remembers that staff were told of requests at this moment."""
    with database.work() as session:
        session.execute(
            update(StaffRequest)
            .where(StaffRequest.id.in_(request_ids), StaffRequest.noticed_at.is_(None))
            .values(noticed_at=at)
        )


def open_requests_in_full(database: Database, most: int) -> list[RequestInFull]:
    """The first `most` open requests, in the order of `open_requests`, for the desk."""
    with database.work() as session:
        found = session.execute(
            select(StaffRequest, InboundMessage)
            .join(InboundMessage, InboundMessage.id == StaffRequest.message_id)
            .where(StaffRequest.closed_at.is_(None))
            .order_by(*_most_urgent_first())
            .limit(most)
        ).all()
        conversations = {request.conversation_id for request, _ in found}
        shown = _last_messages(session, conversations)
        wanted = [*shown, *(message for _, message in found)]
        turns = {turn.message_id: turn for turn in _turns(session, wanted)}
        drafts = _drafts(session, conversations)
        return [
            RequestInFull(
                request.id,
                request.kind,
                request.urgency,
                request.created_at,
                request.conversation_id,
                message.channel,
                turns[message.id],
                tuple(
                    turns[each.id]
                    for each in shown
                    if each.conversation_id == request.conversation_id
                ),
                json.loads(request.details or "{}"),
                drafts.get(request.conversation_id, {}),
            )
            for request, message in found
        ]


def _most_urgent_first() -> tuple[ColumnElement[Any], ...]:
    urgency = case(
        {urgency: place for place, urgency in enumerate(URGENCIES)}, value=StaffRequest.urgency
    )
    complaint = case((StaffRequest.kind == COMPLAINT, 0), else_=1)
    return urgency, complaint, StaffRequest.created_at.expression, StaffRequest.id.expression


def _last_messages(session: Session, conversations: set[str]) -> list[InboundMessage]:
    """The last messages of each conversation, in the order they came."""
    newest_first = (
        func.row_number()
        .over(
            partition_by=InboundMessage.conversation_id,
            order_by=InboundMessage.position.desc(),
        )
        .label("place")
    )
    ranked = (
        select(InboundMessage.id, newest_first)
        .where(InboundMessage.conversation_id.in_(conversations))
        .subquery()
    )
    rows = session.scalars(
        select(InboundMessage)
        .join(ranked, ranked.c.id == InboundMessage.id)
        .where(ranked.c.place <= TURNS_SHOWN)
        .order_by(InboundMessage.conversation_id, InboundMessage.position)
    )
    return list(rows)


def _turns(session: Session, messages: Sequence[InboundMessage]) -> list[Turn]:
    answers: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    rows = session.scalars(
        select(OutboundMessage)
        .where(
            OutboundMessage.reply_to.in_({message.id for message in messages}),
            OutboundMessage.channel.is_(None),
        )
        .order_by(OutboundMessage.position)
    )
    for answer in rows:
        answers[answer.reply_to].append(json.loads(answer.content))
    return [
        Turn(
            message.id,
            message.received_at,
            message.kind,
            message.text,
            tuple(answers[message.id]),
        )
        for message in messages
    ]


def _drafts(session: Session, conversations: set[str]) -> dict[str, dict[str, Any]]:
    rows = session.scalars(
        select(Draft).where(Draft.conversation_id.in_(conversations), Draft.kind == BOOKING)
    )
    return {row.conversation_id: json.loads(row.content) for row in rows}


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


def close_requests_about(
    session: Session, message_ids: Sequence[str | None], kind: str, at: datetime
) -> None:
    """Inside a unit of work: what was asked about these messages is dealt with."""
    session.execute(
        update(StaffRequest)
        .where(
            StaffRequest.message_id.in_(message_ids),
            StaffRequest.kind == kind,
            StaffRequest.closed_at.is_(None),
        )
        .values(closed_at=at)
    )
