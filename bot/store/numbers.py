"""Units of work on numbers that were typed on the website: asked once whether they are theirs.

Anybody can type any number, so whoever has it is asked before a word of a visit goes there.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, exists, or_, select, update
from sqlalchemy.orm import Session, aliased

from bot.clinic.visits.statuses import OPEN
from bot.clinic.visits.ways import EMAIL, WHATSAPP
from bot.store.bookings import Booked, as_booked
from bot.store.coming import how_they_are, offer_until
from bot.store.conversations import current_conversation
from bot.store.database import Database
from bot.store.due_reminders import LEFT_OUT
from bot.store.messages import queue_elsewhere
from bot.store.requests import store_request
from bot.store.tables import Booking, Conversation, Reminder

# What the team has to do where a number is somebody else's.
REQUEST = "wrong_number"


def numbers_to_ask(database: Database, at: datetime) -> list[str]:
    """The ids of the visits whose patients want reminders on a number that nobody was asked about.

    One question at a time goes to a number, until its visit, and none after somebody said that it
    is not theirs.
    """
    other = aliased(Booking)
    is_in_doubt = exists().where(
        other.phone_hash == Booking.phone_hash,
        other.number_asked_at.is_not(None),
        or_(
            other.number_is_theirs.is_(False),
            and_(other.number_is_theirs.is_(None), other.starts_at > at),
        ),
    )
    has_reminders = exists().where(
        Reminder.booking_id == Booking.id, Reminder.done_at.is_(None), Reminder.due_at > at
    )
    to_ask = (
        _typed_elsewhere()
        .where(
            Booking.reminders == WHATSAPP,
            Booking.number_asked_at.is_(None),
            Booking.number_is_theirs.is_(None),
            Booking.starts_at > at,
            has_reminders,
            ~is_in_doubt,
        )
        .order_by(Booking.created_at, Booking.id)
        .with_only_columns(Booking.id, Booking.phone_hash)
    )
    with database.read() as session:
        found = session.execute(to_ask).all()
    first_of_each = {phone_hash: visit_id for visit_id, phone_hash in reversed(found)}
    return [*first_of_each.values()]


def ask_number(
    database: Database, visit: Booked, content: Mapping[str, Any], at: datetime, silence: timedelta
) -> bool:
    """Puts the question into a conversation on WhatsApp with the number of a visit, once.

    False where it was asked already, or where whoever has the number must not be written to now:
    they want nothing unasked, or were in danger in the last 24 hours.
    """
    digits = visit.phone.lstrip("+")
    # As the door names whoever writes from that number.
    person = database.cipher.search_hash(f"{WHATSAPP}:{digits}")
    with database.work() as session:
        if any(how_they_are(session, at, (WHATSAPP, person))):
            return False
        claimed = session.execute(
            update(Booking)
            .where(
                Booking.id == visit.id,
                Booking.number_asked_at.is_(None),
                Booking.status.in_(OPEN),
            )
            .values(number_asked_at=at)
        )
        if not claimed.rowcount:  # type: ignore[attr-defined]
            return False
        where = current_conversation(session, WHATSAPP, person, at, silence)
        where.address = where.address or digits
        session.get_one(Booking, visit.id).number_conversation_id = where.id
        queue_elsewhere(
            session,
            visit.message_id,
            WHATSAPP,
            digits,
            {**content, "visit": visit.id},
            at,
            unasked=True,
            conversation_id=where.id,
        )
        offer_until(session, where.id, visit.starts_at, content, at)
        return True


def answer_number(
    database: Database, conversation_id: str, visit_id: str, at: datetime, *, is_theirs: bool
) -> Booked | None:
    """Keeps the answer of whoever has the number of a visit; the visit, as it stands.

    Theirs: reminders of the visits that were booked together with it go to this conversation. Not
    theirs: nothing of any visit with this number goes there any more, and the team is told; this
    answer stands.

    None where it is not theirs to answer, or where it was answered with no before.
    """
    with database.work() as session:
        row = session.get(Booking, visit_id)
        this = session.get_one(Conversation, conversation_id)
        if row is None or not _has_the_number(database, session, row, this):
            return None
        if not is_theirs:
            _stop(session, row, at)
        elif row.number_is_theirs is False:
            return None
        else:
            _believe(session, row, conversation_id)
        return as_booked(row)


def _has_the_number(database: Database, session: Session, row: Booking, this: Conversation) -> bool:
    if row.number_conversation_id is None or this.channel != WHATSAPP:
        return False
    asked = session.get_one(Conversation, row.number_conversation_id)
    # Meta may name who writes by an id of its own; the number is then the address.
    by_address = database.cipher.search_hash(f"{WHATSAPP}:{this.address}")
    return asked.person in (this.person, by_address)


def _believe(session: Session, row: Booking, conversation_id: str) -> None:
    who_booked = session.get_one(Conversation, row.conversation_id)
    theirs = _typed_elsewhere().where(
        Booking.phone_hash == row.phone_hash,
        Conversation.channel == who_booked.channel,
        Conversation.person == who_booked.person,
        Booking.number_is_theirs.is_(None),
    )
    for each in {row, *session.scalars(theirs)}:
        each.number_is_theirs, each.number_conversation_id = True, conversation_id


def _stop(session: Session, row: Booking, at: datetime) -> None:
    of_this_number = _typed_elsewhere().where(Booking.phone_hash == row.phone_hash)
    for each in {row, *session.scalars(of_this_number)}:
        each.number_is_theirs = False
        if each.reminders != EMAIL:
            session.execute(
                update(Reminder)
                .where(Reminder.booking_id == each.id, Reminder.done_at.is_(None))
                .values(done_at=at, outcome=LEFT_OUT)
            )
        # The number is no way to reach them.
        named = {"name": each.name}
        store_request(session, each.conversation_id, each.message_id, REQUEST, "routine", at, named)


def _typed_elsewhere() -> Select[Booking]:
    """The open visits that were not booked on WhatsApp, so that their number is only typed."""
    return (
        select(Booking)
        .join(Conversation, Conversation.id == Booking.conversation_id)
        .where(Conversation.channel != WHATSAPP, Booking.status.in_(OPEN))
    )
