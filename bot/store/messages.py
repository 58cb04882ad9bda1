"""Units of work on messages: in once, out at least once."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, func, select, update
from sqlalchemy.orm import Session

from bot.clinic.red_flags import DANGER
from bot.store.conversations import current_conversation, new_id
from bot.store.database import Database
from bot.store.requests import store_request
from bot.store.tables import Conversation, InboundMessage, Offer, OutboundMessage

RECEIVED, DONE = "received", "done"
QUEUED, SENDING, SENT, FAILED = "queued", "sending", "sent", "failed"
TEXT = "text"
# What came beside or instead of words and only a person can look at or hear.
MEDIA = ("image", "audio", "video", "document")
OFFERS_LAST = timedelta(hours=24)
EMAIL = "email"
# Position of the first message that goes another way; no answer has so many messages.
_ELSEWHERE = 1000


@dataclass(frozen=True)
class Inbound:
    """A stored message of a patient's."""

    id: str
    conversation_id: str
    channel: str
    person: str
    text: str = field(repr=False)
    is_new: bool
    kind: str = TEXT
    address: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Outbound:
    """A stored message to a patient."""

    id: str
    conversation_id: str
    channel: str
    person: str
    content: dict[str, Any] = field(repr=False)
    address: str | None = field(default=None, repr=False)
    attempts: int = 0
    next_try_at: datetime | None = None


@dataclass(frozen=True)
class Answer:
    """Everything that ends a turn, stored in one unit of work."""

    messages: Sequence[dict[str, Any]] = field(repr=False)
    urgency: str = "none"
    gives_notice: bool = False
    request_kind: str = ""
    intent: str = ""


def receive(
    database: Database,
    channel: str,
    person: str,
    external_id: str,
    text: str,
    at: datetime,
    silence: timedelta,
    address: str | None = None,
    kind: str = TEXT,
) -> Inbound:
    """Stores a message once; a repeated `external_id` gives the first one, `is_new` false.

    `address` is where the channel writes to, where it needs one; `kind` is what came, words or
    something else.
    """
    with database.work() as session:
        known = session.scalar(
            select(InboundMessage).where(
                InboundMessage.channel == channel, InboundMessage.external_id == external_id
            )
        )
        if known is not None:
            return Inbound(
                known.id,
                known.conversation_id,
                channel,
                person,
                known.text,
                is_new=False,
                kind=known.kind,
                address=address,
            )
        conversation = current_conversation(session, channel, person, at, silence)
        conversation.last_message_at = at
        conversation.address = address or conversation.address
        last = session.scalar(
            select(func.max(InboundMessage.position)).where(
                InboundMessage.conversation_id == conversation.id
            )
        )
        message = InboundMessage(
            id=new_id(),
            conversation_id=conversation.id,
            channel=channel,
            external_id=external_id,
            position=(last or 0) + 1,
            text=text,
            received_at=at,
            state=RECEIVED,
            kind=kind,
        )
        session.add(message)
        return Inbound(
            message.id,
            conversation.id,
            channel,
            person,
            text,
            is_new=True,
            kind=kind,
            address=conversation.address,
        )


def unanswered(database: Database) -> list[Inbound]:
    """Messages that a stop or a crash left without an answer, in the order they came."""
    with database.work() as session:
        rows = session.execute(
            select(InboundMessage, Conversation)
            .join(Conversation, Conversation.id == InboundMessage.conversation_id)
            .where(InboundMessage.state == RECEIVED)
            .order_by(InboundMessage.received_at, InboundMessage.position)
        )
        return [
            Inbound(
                row.id,
                row.conversation_id,
                row.channel,
                conversation.person,
                row.text,
                is_new=False,
                kind=row.kind,
                address=conversation.address,
            )
            for row, conversation in rows
        ]


def finish(
    database: Database,
    message_id: str,
    answer: Answer,
    at: datetime,
    rather: Callable[[Session], Answer | None] = lambda _: None,
) -> list[Outbound]:
    """Ends a turn: the answer into the outbox, its buttons into the offers, the message done.

    A photo, a recording or a file is told to staff, whatever was answered. Called a second time
    for the same message it changes nothing and gives the first answer.

    `rather` is asked inside the unit of work, once the message is claimed: what the turn has
    stored until then is all it will ever store, and the answer it gives is told instead.
    """
    with database.work() as session:
        claimed = session.execute(
            update(InboundMessage)
            .where(InboundMessage.id == message_id, InboundMessage.state == RECEIVED)
            .values(state=DONE, urgency=answer.urgency)
        )
        message = session.get_one(InboundMessage, message_id)
        if claimed.rowcount:  # type: ignore[attr-defined]
            answer = rather(session) or answer
            conversation = session.get_one(Conversation, message.conversation_id)
            _put_out(session, conversation, message_id, answer, at)
            _note(conversation, answer, at)
            if answer.request_kind:
                _ask_staff(session, message, answer.request_kind, at)
            if message.kind in MEDIA:
                _ask_staff(session, message, "media", at)
    return answers_to(database, message_id)


def _put_out(
    session: Session, conversation: Conversation, message_id: str, answer: Answer, at: datetime
) -> None:
    for position, content in enumerate(answer.messages):
        session.add(
            OutboundMessage(
                id=new_id(),
                conversation_id=conversation.id,
                reply_to=message_id,
                position=position,
                content=json.dumps(content, ensure_ascii=False),
                created_at=at,
                state=QUEUED,
            )
        )
        for button in content.get("buttons", []):
            session.merge(
                Offer(conversation_id=conversation.id, payload=button["payload"], offered_at=at)
            )


def queue_elsewhere(
    session: Session,
    message_id: str,
    channel: str,
    address: str,
    content: dict[str, Any],
    at: datetime,
) -> None:
    """Puts a message into the outbox that goes another way than its conversation, such as e-mail.

    It is no part of the answer to the patient's message `message_id`, and waits in a queue of its
    own. Inside a unit of work that is open already; called once for what should be sent once.
    """
    message = session.get_one(InboundMessage, message_id)
    last = session.scalar(
        select(func.max(OutboundMessage.position)).where(
            OutboundMessage.reply_to == message_id, OutboundMessage.channel.is_not(None)
        )
    )
    session.add(
        OutboundMessage(
            id=new_id(),
            conversation_id=message.conversation_id,
            reply_to=message_id,
            position=_ELSEWHERE if last is None else last + 1,
            content=json.dumps(content, ensure_ascii=False),
            created_at=at,
            state=QUEUED,
            channel=channel,
            address=address,
        )
    )


def _ask_staff(session: Session, message: InboundMessage, kind: str, at: datetime) -> None:
    """A request that is as urgent as the message it is about."""
    urgency = "routine" if message.urgency == "none" else message.urgency
    store_request(session, message.conversation_id, message.id, kind, urgency, at)


def _note(conversation: Conversation, answer: Answer, at: datetime) -> None:
    if answer.gives_notice:
        conversation.notice_given_at = at
    if answer.urgency == "crisis":
        conversation.crisis_at = at
    if answer.urgency == "emergency":
        conversation.emergency_at = at


def answers_to(database: Database, message_id: str) -> list[Outbound]:
    """The stored answer to a message, in order; empty while there is none."""
    with database.work() as session:
        rows = session.execute(
            select(OutboundMessage, Conversation)
            .join(Conversation, Conversation.id == OutboundMessage.conversation_id)
            .where(OutboundMessage.reply_to == message_id, OutboundMessage.channel.is_(None))
            .order_by(OutboundMessage.position)
        )
        return [_outbound(message, conversation) for message, conversation in rows]


def unsent(database: Database, channel: str, person: str) -> list[Outbound]:
    """What waits for a person on a channel, in order, over all their conversations."""
    with database.work() as session:
        rows = session.execute(
            select(OutboundMessage, Conversation)
            .join(Conversation, Conversation.id == OutboundMessage.conversation_id)
            .join(InboundMessage, InboundMessage.id == OutboundMessage.reply_to)
            .where(
                _channel() == channel,
                _whose() == person,
                OutboundMessage.state == QUEUED,
            )
            .order_by(InboundMessage.received_at, InboundMessage.position)
            .order_by(OutboundMessage.position)
        )
        return [_outbound(message, conversation) for message, conversation in rows]


def claim(database: Database, outbound_id: str) -> bool:
    """Takes a queued message for sending; false if somebody else has it or it was sent."""
    with database.work() as session:
        claimed = session.execute(
            update(OutboundMessage)
            .where(OutboundMessage.id == outbound_id, OutboundMessage.state == QUEUED)
            .values(state=SENDING)
        )
        return bool(claimed.rowcount)  # type: ignore[attr-defined]


def release(database: Database, outbound_id: str, sent_at: datetime | None) -> None:
    """Ends a claim: sent at that moment, or queued again."""
    with database.work() as session:
        session.execute(
            update(OutboundMessage)
            .where(OutboundMessage.id == outbound_id, OutboundMessage.state == SENDING)
            .values(state=SENT if sent_at else QUEUED, sent_at=sent_at)
        )


def postpone(
    database: Database, outbound_id: str, next_try_at: datetime, *, tell_staff_at: datetime | None
) -> None:
    """Ends a claim: queued again until a moment, and told to staff if they should know of it."""
    with database.work() as session:
        postponed = session.execute(
            update(OutboundMessage)
            .where(OutboundMessage.id == outbound_id, OutboundMessage.state == SENDING)
            .values(state=QUEUED, attempts=OutboundMessage.attempts + 1, next_try_at=next_try_at)
        )
        if postponed.rowcount and tell_staff_at:  # type: ignore[attr-defined]
            _not_delivered(session, outbound_id, tell_staff_at)


def give_up(database: Database, outbound_id: str, at: datetime) -> None:
    """Ends a claim: failed for good, and told to staff, so that a person answers instead."""
    with database.work() as session:
        given_up = session.execute(
            update(OutboundMessage)
            .where(OutboundMessage.id == outbound_id, OutboundMessage.state == SENDING)
            .values(state=FAILED, attempts=OutboundMessage.attempts + 1)
        )
        if given_up.rowcount:  # type: ignore[attr-defined]
            _not_delivered(session, outbound_id, at)


def _not_delivered(session: Session, outbound_id: str, at: datetime) -> None:
    outbound = session.get_one(OutboundMessage, outbound_id)
    message = session.get_one(InboundMessage, outbound.reply_to)
    _ask_staff(session, message, "not_delivered", at)


def due(database: Database, channels: Sequence[str], at: datetime) -> list[tuple[str, str]]:
    """Channel and person of everybody for whom something may be sent at this moment.

    What waits behind an earlier message of the same person is not due before that one; only an
    answer to danger is.
    """
    with database.work() as session:
        rows = session.execute(
            select(
                _channel(),
                _whose(),
                InboundMessage.urgency,
                OutboundMessage.next_try_at,
            )
            .join(Conversation, Conversation.id == OutboundMessage.conversation_id)
            .join(InboundMessage, InboundMessage.id == OutboundMessage.reply_to)
            .where(OutboundMessage.state == QUEUED, _channel().in_(channels))
            .order_by(InboundMessage.received_at, InboundMessage.position)
            .order_by(OutboundMessage.position)
        )
        found: dict[tuple[str, str], bool] = {}
        for channel, person, urgency, next_try_at in rows:
            whose = (channel, person)
            is_time = next_try_at is None or next_try_at <= at
            if whose not in found or urgency in DANGER:
                found[whose] = found.get(whose, False) or is_time
        return [whose for whose, is_due in found.items() if is_due]


def queue_again(database: Database, channel: str, person: str, since: datetime) -> None:
    """Queues again what went to a person since a moment: their connection was dead already."""
    with database.work() as session:
        theirs = select(Conversation.id).where(
            Conversation.channel == channel, Conversation.person == person
        )
        session.execute(
            update(OutboundMessage)
            .where(
                OutboundMessage.conversation_id.in_(theirs),
                OutboundMessage.channel.is_(None),
                OutboundMessage.state == SENT,
                OutboundMessage.sent_at >= since,
            )
            .values(state=QUEUED, sent_at=None)
        )


def release_all(database: Database) -> None:
    """Queues again what a crash left half sent: a doubled answer harms nobody, a lost one may.

    What was to be tried later is tried at once: a new start may have mended what was wrong.
    """
    with database.work() as session:
        session.execute(
            update(OutboundMessage)
            .where(OutboundMessage.state.in_((SENDING, QUEUED)))
            .values(state=QUEUED, next_try_at=None)
        )


def was_offered(database: Database, conversation_id: str, payload: str, at: datetime) -> bool:
    """Whether this conversation was shown a button with this payload in the last 24 hours."""
    with database.work() as session:
        offer = session.get(Offer, (conversation_id, payload))
        return offer is not None and at - offer.offered_at < OFFERS_LAST


def _channel() -> ColumnElement[str]:
    """The channel of an outgoing message."""
    return func.coalesce(OutboundMessage.channel, Conversation.channel)


def _whose() -> ColumnElement[str]:
    """In whose queue it waits: e-mail that cannot be sent keeps nobody from an answer."""
    elsewhere = OutboundMessage.channel + ":" + Conversation.person
    return case((OutboundMessage.channel.is_(None), Conversation.person), else_=elsewhere)


def _outbound(message: OutboundMessage, conversation: Conversation) -> Outbound:
    if message.channel is None:
        channel, whose, address = conversation.channel, conversation.person, conversation.address
    else:
        channel, address = message.channel, message.address
        whose = f"{message.channel}:{conversation.person}"
    return Outbound(
        message.id,
        conversation.id,
        channel,
        whose,
        json.loads(message.content),
        address,
        message.attempts,
        message.next_try_at,
    )
