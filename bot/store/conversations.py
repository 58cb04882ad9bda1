"""Units of work on conversations."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session, aliased

from bot.store.database import Database
from bot.store.tables import Conversation, Draft, InboundMessage

# Unasked messages wait this long after a crisis or an emergency (brief 5.5, rule 6).
AFTER_CRISIS = timedelta(hours=24)
# Nobody writes more in one go.
_MOST_READ = 500


@dataclass(frozen=True)
class Standing:
    """What the door must know of a conversation before it replies."""

    notice_given: bool
    after_crisis: bool
    # The message before the present one was a crisis: its question still stands.
    crisis_was_last: bool = False


@dataclass(frozen=True)
class Whose:
    """Who stands behind a conversation: the newest one of the same person."""

    conversation_id: str
    channel: str
    # Keyed hash, as in `Conversation.person`.
    person: str
    address: str | None = field(repr=False)


def new_id() -> str:
    """A random id that may stand in logs."""
    return uuid.uuid4().hex


def current_conversation(
    session: Session, channel: str, person: str, at: datetime, silence: timedelta
) -> Conversation:
    """The open conversation of a person on a channel; a new one after `silence`."""
    found = session.scalar(
        select(Conversation)
        .where(
            Conversation.channel == channel,
            Conversation.person == person,
            Conversation.closed_at.is_(None),
        )
        .order_by(Conversation.opened_at.desc())
    )
    if found is not None and at - found.last_message_at <= silence:
        return found
    if found is not None:
        found.closed_at = at
    opened = Conversation(
        id=new_id(), channel=channel, person=person, opened_at=at, last_message_at=at
    )
    if found is not None:
        # A wish to hear nothing unasked, and the time of a crisis, outlive a conversation.
        opened.stopped_at = found.stopped_at
        opened.emergency_at, opened.crisis_at = found.emergency_at, found.crisis_at
    session.add(opened)
    session.flush()
    if found is not None:
        # What was begun can be gone on with, and no draft is left where nobody looks.
        session.execute(
            update(Draft).where(Draft.conversation_id == found.id).values(conversation_id=opened.id)
        )
    return opened


def standing(database: Database, conversation_id: str, at: datetime) -> Standing:
    """How a conversation stands at this moment."""
    with database.work() as session:
        found = session.get_one(Conversation, conversation_id)
        return Standing(
            notice_given=found.notice_given_at is not None,
            after_crisis=found.crisis_at is not None and at - found.crisis_at < AFTER_CRISIS,
            crisis_was_last=_urgency_before_last(session, conversation_id) == "crisis",
        )


def _urgency_before_last(session: Session, conversation_id: str) -> str:
    """The urgency of the message before the newest one."""
    newest = session.scalars(
        select(InboundMessage.urgency)
        .where(InboundMessage.conversation_id == conversation_id)
        .order_by(InboundMessage.position.desc())
        .limit(2)
    ).all()
    return newest[1] if len(newest) > 1 else ""


def stop_unasked(database: Database, conversation_id: str, at: datetime) -> None:
    """Remembers that this person wants no message they did not ask for."""
    with database.work() as session:
        session.execute(
            update(Conversation).where(Conversation.id == conversation_id).values(stopped_at=at)
        )


def channel_of(database: Database, conversation_id: str) -> str:
    """The channel of a conversation."""
    with database.work() as session:
        return session.get_one(Conversation, conversation_id).channel


def address_of(database: Database, conversation_id: str) -> str:
    """Where the channel of a conversation writes to; empty where it needs no address."""
    with database.work() as session:
        return session.get_one(Conversation, conversation_id).address or ""


def whose(database: Database, conversation_id: str) -> Whose:
    """The person behind a conversation, and the newest conversation of theirs."""
    with database.work() as session:
        this = session.get_one(Conversation, conversation_id)
        newest = session.scalars(
            select(Conversation)
            .where(Conversation.channel == this.channel, Conversation.person == this.person)
            .order_by(Conversation.opened_at.desc())
            .limit(1)
        ).one()
        return Whose(newest.id, newest.channel, newest.person, newest.address)


def in_touch_since(database: Database, conversation_id: str, silence: timedelta) -> datetime | None:
    """Since when the person behind a conversation writes without a longer silence; None if never.

    Over all their conversations on that channel.
    """
    with database.look() as connection:
        this = aliased(Conversation)
        written = connection.execute(
            select(InboundMessage.received_at)
            .join(Conversation, Conversation.id == InboundMessage.conversation_id)
            .join(
                this,
                (this.channel == Conversation.channel) & (this.person == Conversation.person),
            )
            .where(this.id == conversation_id)
            .order_by(InboundMessage.received_at.desc())
            .limit(_MOST_READ)
        )
        since: datetime | None = None
        for (at,) in written:
            if since is not None and since - at > silence:
                break
            since = at
    return since


def last_danger(database: Database, conversation_id: str) -> datetime | None:
    """When an emergency or a crisis was last answered in this conversation."""
    with database.work() as session:
        found = session.get_one(Conversation, conversation_id)
        times = [at for at in (found.emergency_at, found.crisis_at) if at is not None]
        return max(times, default=None)


def told_in_danger(database: Database, conversation_id: str, since: datetime) -> list[str]:
    """The words of messages since a moment that were answered with the text for danger alone."""
    with database.work() as session:
        found = session.scalars(
            select(InboundMessage.text)
            .where(
                InboundMessage.conversation_id == conversation_id,
                InboundMessage.received_at >= since,
                InboundMessage.urgency.in_(("emergency", "crisis")),
            )
            .order_by(InboundMessage.position)
        )
        return list(found)


def texts_of(database: Database, message_ids: Sequence[str]) -> list[str]:
    """The words of stored messages, in the given order; unknown ids are left out."""
    with database.work() as session:
        found = {
            row.id: row.text
            for row in session.scalars(
                select(InboundMessage).where(InboundMessage.id.in_(message_ids))
            )
        }
    return [found[each] for each in message_ids if each in found]
