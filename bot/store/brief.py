"""What stands behind a visit's brief, beside the visit and its check: one unit of work."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, aliased

from bot.store.bookings import SELF, Booked
from bot.store.database import Database
from bot.store.tables import Booking, Consent, Conversation, InboundMessage, Offer, StaffRequest

# Requests that tell of a sign, of danger or after a treatment.
SIGNS = ("crisis", "emergency", "report_reaction")
MOST_WRITTEN = 10
# Among so many messages the typed ones are looked for; nobody presses so many buttons in a row.
_LOOKED_AT = 100


@dataclass(frozen=True)
class Sign:
    """A sign that the person reported, with the words of that message."""

    kind: str
    at: datetime
    words: str = field(repr=False)


@dataclass(frozen=True)
class Written:
    """A message that the person typed."""

    at: datetime
    words: str = field(repr=False)


@dataclass(frozen=True)
class KeptConsent:
    """The last answer to one purpose (`bot.store.consents.PURPOSES`)."""

    purpose: str
    version: str
    given: bool
    at: datetime
    withdrawn_at: datetime | None


@dataclass(frozen=True)
class Background:
    """What is known of the person who booked a visit, over all their conversations."""

    # The newest first.
    signs: tuple[Sign, ...]
    # The last before the visit, in the order they came, without those of `signs`; a pressed button
    # is no word of theirs.
    written: tuple[Written, ...]
    consents: tuple[KeptConsent, ...]
    # Whether the same phone or browser has booked for somebody else too, or under another name.
    is_shared: bool


def background_of(database: Database, visit: Booked) -> Background:
    """What the person who booked a visit reported, wrote before it and agreed to."""
    with database.read() as session:
        conversations = set(session.scalars(_conversations(visit.conversation_id)))
        return Background(
            _signs(session, conversations),
            _written(session, conversations, visit.starts_at),
            _consents(session, conversations),
            _is_shared(session, conversations, visit),
        )


def _conversations(conversation_id: str) -> Select[str]:
    """The ids of all conversations of the person behind one."""
    this = aliased(Conversation)
    return (
        select(Conversation.id)
        .join(this, (this.channel == Conversation.channel) & (this.person == Conversation.person))
        .where(this.id == conversation_id)
    )


def _signs(session: Session, conversations: set[str]) -> tuple[Sign, ...]:
    rows = session.execute(
        select(StaffRequest.kind, StaffRequest.created_at, InboundMessage.text)
        .join(InboundMessage, InboundMessage.id == StaffRequest.message_id)
        .where(StaffRequest.conversation_id.in_(conversations), StaffRequest.kind.in_(SIGNS))
        .order_by(StaffRequest.created_at.desc(), StaffRequest.kind)
    )
    return tuple(Sign(*row) for row in rows)


def _written(session: Session, conversations: set[str], before: datetime) -> tuple[Written, ...]:
    pressed = set(
        session.scalars(select(Offer.payload).where(Offer.conversation_id.in_(conversations)))
    )
    rows = session.execute(
        select(InboundMessage.received_at, InboundMessage.text)
        .where(
            InboundMessage.conversation_id.in_(conversations),
            InboundMessage.received_at < before,
            InboundMessage.id.not_in(
                select(StaffRequest.message_id).where(StaffRequest.kind.in_(SIGNS))
            ),
        )
        .order_by(InboundMessage.received_at.desc(), InboundMessage.position.desc())
        .limit(_LOOKED_AT)
    )
    typed = [
        Written(*row)
        for row in rows
        if row.text.strip() not in {"", *pressed} and _tells_something(row.text)
    ]
    return tuple(reversed(typed[:MOST_WRITTEN]))


def _consents(session: Session, conversations: set[str]) -> tuple[KeptConsent, ...]:
    rows = session.execute(
        select(Consent.purpose, Consent.version, Consent.given, Consent.at, Consent.withdrawn_at)
        .join(InboundMessage, InboundMessage.id == Consent.message_id)
        .where(Consent.conversation_id.in_(conversations))
        .order_by(Consent.at, InboundMessage.position)
    )
    return tuple({row.purpose: KeptConsent(*row) for row in rows}.values())


def _is_shared(session: Session, conversations: set[str], visit: Booked) -> bool:
    theirs = session.scalars(select(Booking).where(Booking.conversation_id.in_(conversations)))
    return any(
        each.patient_is != SELF or _plain(each.name) != _plain(visit.name) for each in theirs
    )


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())


def _tells_something(text: str) -> bool:
    """Whether it is more than one word: a check leaves a row of "no" and "none"."""
    return len(text.split()) > 1 or "?" in text
