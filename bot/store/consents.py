"""Units of work on consents: to what a patient said yes or no, in which wording, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session, aliased

from bot.store.conversations import new_id
from bot.store.database import Database
from bot.store.tables import Consent, Conversation, InboundMessage

PURPOSES = ("contact", "reminders", "health", "media")


@dataclass(frozen=True)
class GivenConsent:
    """An answer to one question: `purpose` is one of `PURPOSES`, `version` its wording's."""

    purpose: str
    version: str
    given: bool = True


def add_consent(
    database: Database,
    conversation_id: str,
    message_id: str,
    purpose: str,
    version: str,
    given: bool,
    at: datetime,
) -> None:
    """Stores the answer that a message gave; a second one to the same purpose changes nothing.

    Raises:
        sqlalchemy.exc.IntegrityError: there is no such message.
        ValueError: nobody asks for that purpose.
    """
    with database.work() as session:
        store_consent(
            session, conversation_id, message_id, GivenConsent(purpose, version, given), at
        )


def store_consent(
    session: Session, conversation_id: str, message_id: str, consent: GivenConsent, at: datetime
) -> None:
    """`add_consent` inside a unit of work that is open already."""
    if consent.purpose not in PURPOSES:
        raise ValueError(f"{consent.purpose!r} is no purpose of a consent")
    known = session.scalar(
        select(Consent.id).where(
            Consent.message_id == message_id, Consent.purpose == consent.purpose
        )
    )
    if known is None:
        session.add(
            Consent(
                id=new_id(),
                conversation_id=conversation_id,
                message_id=message_id,
                purpose=consent.purpose,
                version=consent.version,
                given=consent.given,
                at=at,
            )
        )


def has_consent(
    database: Database, conversation_id: str, purpose: str, version: str
) -> bool | None:
    """The last answer of a conversation to this wording; None if it was never asked.

    A yes that was taken back is a no.
    """
    with database.work() as session:
        last = session.scalar(
            select(Consent)
            .join(InboundMessage, InboundMessage.id == Consent.message_id)
            .where(
                Consent.conversation_id == conversation_id,
                Consent.purpose == purpose,
                Consent.version == version,
            )
            .order_by(InboundMessage.position.desc())
            .limit(1)
        )
        return None if last is None else last.given and last.withdrawn_at is None


def withdraw(database: Database, conversation_id: str, purpose: str, at: datetime) -> bool:
    """Takes back every yes to a purpose of the person behind a conversation; false if none stood.

    Earlier conversations of the person are included, since a yes to reminders outlives its own.
    """
    this = aliased(Conversation)
    theirs = (
        select(Conversation.id)
        .join(this, (this.channel == Conversation.channel) & (this.person == Conversation.person))
        .where(this.id == conversation_id)
    )
    with database.work() as session:
        withdrawn = session.execute(
            update(Consent)
            .where(
                Consent.conversation_id.in_(theirs),
                Consent.purpose == purpose,
                Consent.given,
                Consent.withdrawn_at.is_(None),
            )
            .values(withdrawn_at=at)
            .execution_options(synchronize_session=False)
        )
        return bool(withdrawn.rowcount)  # type: ignore[attr-defined]
