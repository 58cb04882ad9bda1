"""A visit to come: how its patient can be told something of it, and how that is put out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from bot.clinic.visits.ways import EMAIL
from bot.store.bookings import Booked, as_booked
from bot.store.conversations import AFTER_CRISIS
from bot.store.messages import OFFERS_LAST, queue_elsewhere
from bot.store.requests import store_request
from bot.store.tables import Booking, Check, Conversation, InboundMessage, Offer


@dataclass(frozen=True)
class Coming:
    """A visit, and all that decides by which way its patient is told of it."""

    visit: Booked
    # Where its patient is written to: the conversation that booked it, or that of a number which
    # they typed and which is theirs.
    conversation_id: str
    channel: str
    address: str = field(repr=False)
    # When the person last wrote on that channel.
    last_heard_at: datetime
    wants_nothing_unasked: bool
    # A crisis or an emergency in the last 24 hours: nothing unasked goes out without staff.
    in_danger: bool
    has_check: bool
    # Somebody else answered on the number that was typed, and nothing else reaches the patient.
    number_is_wrong: bool = False


def coming_of(session: Session, row: Booking, at: datetime) -> Coming:
    """How the patient of a visit can be told something at this moment."""
    own = session.get_one(Conversation, row.conversation_id)
    number = None
    if row.number_conversation_id and row.number_is_theirs is not False:
        number = session.get_one(Conversation, row.number_conversation_id)
    where = number if number is not None and row.number_is_theirs else own
    heard = session.scalar(
        select(func.max(InboundMessage.received_at))
        .join(Conversation, Conversation.id == InboundMessage.conversation_id)
        .where(_is_person(where.channel, where.person))
    )
    people = [(each.channel, each.person) for each in (own, number) if each is not None]
    stopped, in_danger = how_they_are(session, at, *people)
    has_check = session.scalar(
        select(exists().where(Check.booking_id == row.id, Check.finished_at.is_not(None)))
    )
    return Coming(
        visit=as_booked(row),
        conversation_id=where.id,
        channel=where.channel,
        address=where.address or "",
        last_heard_at=heard or row.created_at,
        wants_nothing_unasked=stopped,
        in_danger=in_danger,
        has_check=bool(has_check),
        number_is_wrong=row.number_is_theirs is False and row.reminders != EMAIL,
    )


def how_they_are(session: Session, at: datetime, *people: tuple[str, str]) -> tuple[bool, bool]:
    """Whether one of these people wants nothing unasked, and whether one was in danger lately.

    Over all conversations of each; `people`: channel and person of each.
    """
    stopped, emergency, crisis = session.execute(
        select(
            func.max(Conversation.stopped_at),
            func.max(Conversation.emergency_at),
            func.max(Conversation.crisis_at),
        ).where(or_(*(_is_person(*each) for each in people)))
    ).one()
    dangers = [moment for moment in (emergency, crisis) if moment is not None]
    return stopped is not None, any(at - moment < AFTER_CRISIS for moment in dangers)


def _is_person(channel: str, person: str) -> ColumnElement[bool]:
    return and_(Conversation.channel == channel, Conversation.person == person)


def say_unasked(
    session: Session,
    coming: Coming,
    channel: str,
    address: str,
    content: Mapping[str, Any],
    instead: str,
    at: datetime,
) -> None:
    """Puts something that nobody asked for into the outbox.

    Its buttons count as offered until the visit, longer than those of an answer. It names the
    visit as it stands now, and by `instead` what the team is asked for where it may not be sent
    after all.
    """
    visit = coming.visit
    known = {**content, "visit": visit.id, "sequence": visit.sequence, "instead": instead}
    queue_elsewhere(
        session,
        visit.message_id,
        channel,
        address,
        known,
        at,
        unasked=True,
        conversation_id=coming.conversation_id,
    )
    offer_until_visit(session, coming, content, at)


def offer_until_visit(
    session: Session, coming: Coming, content: Mapping[str, Any], at: datetime
) -> None:
    """Counts the buttons of a message about a visit as offered until the visit begins."""
    offer_until(session, coming.conversation_id, coming.visit.starts_at, content, at)


def offer_until(
    session: Session,
    conversation_id: str,
    end: datetime,
    content: Mapping[str, Any],
    at: datetime,
) -> None:
    """Counts the buttons of a message as offered until a moment, and for a day at least."""
    offered_at = max(at, end - OFFERS_LAST)
    for button in content.get("buttons", ()):
        payload = button["payload"]
        session.merge(
            Offer(conversation_id=conversation_id, payload=payload, offered_at=offered_at)
        )


def ask_team(
    session: Session, coming: Coming, kind: str, at: datetime, *, again: bool = False
) -> None:
    """Asks the team to call the patient of a visit; `again` as in `store_request`.

    A number that is somebody else's is no way to reach them, and is left out.
    """
    visit = coming.visit
    is_wrong = session.get_one(Booking, visit.id).number_is_theirs is False
    known = {"phone": "" if is_wrong else visit.phone, "name": visit.name}
    details = {name: value for name, value in known.items() if value}
    store_request(
        session,
        visit.conversation_id,
        visit.message_id,
        kind,
        "routine",
        at,
        details,
        again=again,
    )


def ask_team_unread(
    session: Session, visit_id: str, kind: str, at: datetime, *, again: bool = False
) -> None:
    """`ask_team` for a visit that cannot be read: by its ids alone, the patient's chat."""
    its = select(Booking.conversation_id, Booking.message_id).where(Booking.id == visit_id)
    conversation_id, message_id = session.execute(its).one()
    store_request(session, conversation_id, message_id, kind, "routine", at, again=again)
