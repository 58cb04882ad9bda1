"""Units of work on messages: in once, out at least once."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Insert,
    bindparam,
    case,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from bot.clinic.red_flags import DANGER
from bot.store.conversations import AFTER_CRISIS, Standing, current_conversation, new_id
from bot.store.database import Database
from bot.store.requests import store_request
from bot.store.tables import Conversation, InboundMessage, Offer, OutboundMessage, Words, table_of

RECEIVED, DONE = "received", "done"
QUEUED, SENDING, SENT, FAILED = "queued", "sending", "sent", "failed"
TEXT = "text"
# What came beside or instead of words and only a person can look at or hear.
MEDIA = ("image", "audio", "video", "document")
OFFERS_LAST = timedelta(hours=24)
EMAIL = "email"
# Positions of the first message that comes later than the answer, and of the first that goes
# another way; no answer has so many messages.
_LATER, _ELSEWHERE = 500, 1000

# What every turn asks is written once, against the tables: composing a statement and loading
# objects cost more than the database does (docs/benchmarks.md).
_conversations, _inbound = table_of(Conversation), table_of(InboundMessage)
_outbound_rows, _offers = table_of(OutboundMessage), table_of(Offer)
_KNOWN = select(_inbound.c.id, _inbound.c.conversation_id, _inbound.c.text, _inbound.c.kind).where(
    _inbound.c.channel == bindparam("channel"), _inbound.c.external_id == bindparam("external_id")
)
_OPEN = (
    select(
        _conversations.c.id,
        _conversations.c.last_message_at,
        _conversations.c.address,
        _conversations.c.origin,
    )
    .where(
        _conversations.c.channel == bindparam("channel"),
        _conversations.c.person == bindparam("person"),
        _conversations.c.closed_at.is_(None),
    )
    .order_by(_conversations.c.opened_at.desc())
    .limit(1)
)
_HEARD_FROM = (
    update(_conversations)
    .where(_conversations.c.id == bindparam("conversation"))
    .values(
        last_message_at=bindparam("at"),
        address=bindparam("to", type_=Words),
        origin=bindparam("came_from"),
    )
)
_of_the_same = _inbound.alias()
_STORE = insert(_inbound).values(
    position=select(func.coalesce(func.max(_of_the_same.c.position), 0) + 1)
    .where(_of_the_same.c.conversation_id == bindparam("conversation"))
    .scalar_subquery()
)
_STANDING = (
    select(
        _inbound.c.state,
        _inbound.c.position,
        _inbound.c.conversation_id,
        _conversations.c.notice_given_at,
        _conversations.c.crisis_at,
    )
    .join(_conversations, _conversations.c.id == _inbound.c.conversation_id)
    .where(_inbound.c.id == bindparam("message"))
)
_EARLIER = (
    select(_inbound.c.text, _inbound.c.urgency)
    .where(
        _inbound.c.conversation_id == bindparam("conversation"),
        _inbound.c.position < bindparam("position"),
    )
    .order_by(_inbound.c.position.desc())
    .limit(bindparam("most"))
)
_ANSWERS = (
    select(
        _outbound_rows.c.id,
        _outbound_rows.c.content,
        _outbound_rows.c.attempts,
        _outbound_rows.c.next_try_at,
        _conversations.c.id.label("conversation_id"),
        _conversations.c.channel,
        _conversations.c.person,
        _conversations.c.address,
    )
    .join(_conversations, _conversations.c.id == _outbound_rows.c.conversation_id)
    .where(_outbound_rows.c.reply_to == bindparam("message"), _outbound_rows.c.channel.is_(None))
    .order_by(_outbound_rows.c.position)
)
_END = (
    update(_inbound)
    .where(_inbound.c.id == bindparam("message"), _inbound.c.state == RECEIVED)
    .values(state=DONE, urgency=bindparam("how_urgent"))
)
_theirs = _conversations.alias()
_ENDED = (
    select(
        _inbound.c.kind,
        _conversations.c.id.label("conversation_id"),
        _conversations.c.channel,
        _conversations.c.person,
        _conversations.c.address,
        select(literal(1))
        .select_from(_outbound_rows)
        .join(_theirs, _theirs.c.id == _outbound_rows.c.conversation_id)
        .where(
            _theirs.c.channel == _conversations.c.channel,
            _theirs.c.person == _conversations.c.person,
            _outbound_rows.c.channel.is_(None),
            _outbound_rows.c.state.in_((QUEUED, SENDING)),
        )
        .exists()
        .label("others_wait"),
    )
    .join(_conversations, _conversations.c.id == _inbound.c.conversation_id)
    .where(_inbound.c.id == bindparam("message"))
)
_PUT_OUT = insert(_outbound_rows)


def _offer(insertion: sqlite.Insert | postgresql.Insert) -> Insert:
    """Adds an offer, or renews it; both databases do so in one statement, each with its own."""
    return insertion.on_conflict_do_update(
        index_elements=[_offers.c.conversation_id, _offers.c.payload],
        set_={"offered_at": insertion.excluded.offered_at},
    )


_OFFER = {
    "sqlite": _offer(sqlite.insert(_offers)),
    "postgresql": _offer(postgresql.insert(_offers)),
}
_RELEASE = (
    update(_outbound_rows)
    .where(_outbound_rows.c.id == bindparam("outbound"), _outbound_rows.c.state == SENDING)
    .values(state=bindparam("now"), sent_at=bindparam("at"))
)


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
    # Taken for sending by the unit of work that made it; nobody else will send it.
    is_claimed: bool = field(default=False, compare=False)
    # Nobody asked for it: `bot.store.unasked` takes it for sending.
    unasked: bool = False


@dataclass(frozen=True)
class Opening:
    """What is known at the beginning of a turn."""

    # Whether the message is answered already.
    is_done: bool
    standing: Standing
    # What the patient wrote before in the same conversation, the last first.
    earlier: Sequence[str] = field(repr=False)


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
    origin: str | None = None,
) -> Inbound:
    """Stores a message once; a repeated `external_id` gives the first one, `is_new` false.

    `address` is where the channel writes to, where it needs one; `kind` is what came, words or
    something else; `origin` is the keyed hash of a network address.
    """
    with database.work() as session:
        connection = session.connection()
        known = connection.execute(
            _KNOWN, {"channel": channel, "external_id": external_id}
        ).one_or_none()
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
        opened: Any = connection.execute(
            _OPEN, {"channel": channel, "person": person}
        ).one_or_none()
        if opened is None or at - opened.last_message_at > silence:
            opened = current_conversation(session, channel, person, at, silence)
        reached_at = address or opened.address
        connection.execute(
            _HEARD_FROM,
            {
                "conversation": opened.id,
                "at": at,
                "to": reached_at,
                "came_from": origin or opened.origin,
            },
        )
        message_id = new_id()
        connection.execute(
            _STORE,
            {
                "id": message_id,
                "conversation_id": opened.id,
                "conversation": opened.id,
                "channel": channel,
                "external_id": external_id,
                "text": text,
                "received_at": at,
                "state": RECEIVED,
                "kind": kind,
            },
        )
        return Inbound(
            message_id,
            opened.id,
            channel,
            person,
            text,
            is_new=True,
            kind=kind,
            address=reached_at,
        )


def open_turn(database: Database, message_id: str, earlier: int, at: datetime) -> Opening:
    """Everything that the door must know of a message's conversation before it answers.

    `earlier` is how many messages before it are read.
    """
    with database.look() as connection:
        found = connection.execute(_STANDING, {"message": message_id}).one()
        before = connection.execute(
            _EARLIER,
            {
                "conversation": found.conversation_id,
                "position": found.position,
                "most": earlier,
            },
        ).all()
    return Opening(
        is_done=found.state == DONE,
        standing=Standing(
            notice_given=found.notice_given_at is not None,
            after_crisis=found.crisis_at is not None and at - found.crisis_at < AFTER_CRISIS,
            crisis_was_last=bool(before) and before[0].urgency == "crisis",
        ),
        earlier=[row.text for row in before],
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
    *,
    claims: bool = False,
) -> list[Outbound]:
    """Ends a turn: the answer into the outbox, its buttons into the offers, the message done.

    A photo, a recording or a file is told to staff, whatever was answered. Called a second time
    for the same message it changes nothing and gives the first answer.

    `rather` is asked inside the unit of work, once the message is claimed: what the turn has
    stored until then is all it will ever store, and the answer it gives is told instead.

    `claims` takes an answer of one message for sending at once, as `claim` would, if it is about
    danger or nothing else waits for this person or is being sent to them; `is_claimed` says so.
    """
    with database.work() as session:
        connection = session.connection()
        ended = connection.execute(_END, {"message": message_id, "how_urgent": answer.urgency})
        if not ended.rowcount:
            return _answers(connection, message_id)
        answer = rather(session) or answer
        message = connection.execute(_ENDED, {"message": message_id}).one()
        is_claimed = (
            claims
            and len(answer.messages) == 1
            and (answer.urgency in DANGER or not message.others_wait)
        )
        answered = [
            Outbound(
                new_id(),
                message.conversation_id,
                message.channel,
                message.person,
                content,
                message.address,
                is_claimed=is_claimed,
            )
            for content in answer.messages
        ]
        _put_out(connection, message_id, answered, at)
        _note(session, message.conversation_id, answer, at)
        if answer.request_kind or message.kind in MEDIA:
            stored = session.get_one(InboundMessage, message_id)
            if answer.request_kind:
                _ask_staff(session, stored, answer.request_kind, at)
            if message.kind in MEDIA:
                _ask_staff(session, stored, "media", at)
        return answered


def _put_out(
    connection: Connection, message_id: str, answered: Sequence[Outbound], at: datetime
) -> None:
    if not answered:
        return
    connection.execute(
        _PUT_OUT,
        [
            {
                "id": outbound.id,
                "conversation_id": outbound.conversation_id,
                "reply_to": message_id,
                "position": position,
                "content": json.dumps(outbound.content, ensure_ascii=False),
                "created_at": at,
                "state": SENDING if outbound.is_claimed else QUEUED,
            }
            for position, outbound in enumerate(answered)
        ],
    )
    offered = {
        button["payload"]: {
            "conversation_id": outbound.conversation_id,
            "payload": button["payload"],
            "offered_at": at,
        }
        for outbound in answered
        for button in outbound.content.get("buttons", [])
    }
    if offered:
        connection.execute(_OFFER[connection.dialect.name], list(offered.values()))


def queue_elsewhere(
    session: Session,
    message_id: str,
    channel: str,
    address: str,
    content: dict[str, Any],
    at: datetime,
    *,
    unasked: bool = False,
    conversation_id: str = "",
) -> None:
    """Puts a message into the outbox that goes another way than its conversation, such as e-mail.

    It is no part of the answer to the patient's message `message_id`, and waits in a queue of its
    own. Inside a unit of work that is open already; called once for what should be sent once.

    `unasked`: nobody asked for it, so it is looked at again before it is sent
    (`bot.store.unasked`). `conversation_id`: whose it is, where not that of the message.
    """
    message = session.get_one(InboundMessage, message_id)
    goes_elsewhere = OutboundMessage.channel.is_not(None)
    session.add(
        OutboundMessage(
            id=new_id(),
            conversation_id=conversation_id or message.conversation_id,
            reply_to=message_id,
            position=_next_position(session, message_id, goes_elsewhere, _ELSEWHERE),
            content=json.dumps(content, ensure_ascii=False),
            created_at=at,
            state=QUEUED,
            channel=channel,
            address=address,
            unasked=unasked,
        )
    )


def queue_notice(
    session: Session,
    message_id: str,
    content: dict[str, Any],
    at: datetime,
    *,
    unasked: bool = False,
) -> None:
    """Puts a message into the outbox of the conversation of the patient's message `message_id`.

    It comes later than the answer and waits like one, on the website for the next connection.
    What waits there in the same words is not said twice. Inside a unit of work that is open
    already.

    `unasked`: as in `queue_elsewhere`.
    """
    message = session.get_one(InboundMessage, message_id)
    said = json.dumps(content, ensure_ascii=False)
    stays = OutboundMessage.channel.is_(None)
    waiting = select(OutboundMessage.content).where(
        OutboundMessage.reply_to == message_id, stays, OutboundMessage.state == QUEUED
    )
    if said in session.scalars(waiting).all():
        return
    session.add(
        OutboundMessage(
            id=new_id(),
            conversation_id=message.conversation_id,
            reply_to=message_id,
            position=_next_position(session, message_id, stays, _LATER),
            content=said,
            created_at=at,
            state=QUEUED,
            unasked=unasked,
        )
    )


def _next_position(
    session: Session, message_id: str, which: ColumnElement[bool], first: int
) -> int:
    last = session.scalar(
        select(func.max(OutboundMessage.position)).where(
            OutboundMessage.reply_to == message_id, which
        )
    )
    return first if last is None else max(first, last + 1)


def _ask_staff(session: Session, message: InboundMessage, kind: str, at: datetime) -> None:
    """A request that is as urgent as the message it is about."""
    urgency = "routine" if message.urgency == "none" else message.urgency
    store_request(session, message.conversation_id, message.id, kind, urgency, at)


def _note(session: Session, conversation_id: str, answer: Answer, at: datetime) -> None:
    noted: dict[str, datetime] = {}
    if answer.gives_notice:
        noted["notice_given_at"] = at
    if answer.urgency == "crisis":
        noted["crisis_at"] = at
    if answer.urgency == "emergency":
        noted["emergency_at"] = at
    if noted:
        session.execute(
            update(Conversation).where(Conversation.id == conversation_id).values(**noted)
        )


def answers_to(database: Database, message_id: str) -> list[Outbound]:
    """The stored answer to a message, in order; empty while there is none."""
    with database.look() as connection:
        return _answers(connection, message_id)


def _answers(connection: Connection, message_id: str) -> list[Outbound]:
    return [
        Outbound(
            row.id,
            row.conversation_id,
            row.channel,
            row.person,
            json.loads(row.content),
            row.address,
            row.attempts,
            row.next_try_at,
        )
        for row in connection.execute(_ANSWERS, {"message": message_id})
    ]


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
    """Ends a claim: sent at that moment, or queued again.

    A note: what a loss of power makes forget is sent once more, like after any crash.
    """
    with database.note() as connection:
        connection.execute(
            _RELEASE,
            {"outbound": outbound_id, "now": SENT if sent_at else QUEUED, "at": sent_at},
        )


def release_answer(database: Database, message_id: str) -> None:
    """Queues an answer again that may have been stored as claimed without anybody knowing."""
    with database.work() as session:
        session.execute(
            update(OutboundMessage)
            .where(
                OutboundMessage.reply_to == message_id,
                OutboundMessage.unasked.is_(False),
                OutboundMessage.state == SENDING,
            )
            .values(state=QUEUED)
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


def due(
    database: Database, channels: Sequence[str], at: datetime, *, is_quiet: bool = False
) -> list[tuple[str, str]]:
    """Channel and person of everybody for whom something may be sent at this moment.

    What waits behind an earlier message of the same person is not due before that one; only an
    answer to danger is. `is_quiet`: what nobody asked for waits, and nothing waits behind it.
    """
    waits = OutboundMessage.state == QUEUED
    if is_quiet:
        waits &= OutboundMessage.unasked.is_(False)
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
            .where(waits, _channel().in_(channels))
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

    What was to be tried later is tried at once: a new start may have mended what was wrong. What
    nobody asked for may have been sent already and is not sent again: a person looks at it.
    """
    with database.work() as session:
        unasked = select(OutboundMessage.id, OutboundMessage.created_at).where(
            OutboundMessage.state == SENDING, OutboundMessage.unasked.is_(True)
        )
        for outbound_id, created_at in session.execute(unasked).all():
            _not_delivered(session, outbound_id, created_at)
            session.execute(
                update(OutboundMessage)
                .where(OutboundMessage.id == outbound_id)
                .values(state=FAILED)
            )
        session.execute(
            update(OutboundMessage)
            .where(OutboundMessage.state.in_((SENDING, QUEUED)))
            .values(state=QUEUED, next_try_at=None)
        )


def was_offered(database: Database, conversation_id: str, payload: str, at: datetime) -> bool:
    """Whether this person was shown a button with this payload in the last 24 hours.

    Also in the conversation before: what was sent unasked is often pressed after a long silence.
    What was sent to a number counts for whoever writes from it, also under an id of the channel's.
    """
    with database.work() as session:
        this = session.get_one(Conversation, conversation_id)
        by_address = database.cipher.search_hash(f"{this.channel}:{this.address}")
        offered_at = session.scalar(
            select(func.max(Offer.offered_at))
            .join(Conversation, Conversation.id == Offer.conversation_id)
            .where(
                Conversation.channel == this.channel,
                Conversation.person.in_((this.person, by_address)),
                Offer.payload == payload,
            )
        )
        return offered_at is not None and at - offered_at < OFFERS_LAST


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
        unasked=message.unasked,
    )
