"""Units of work on bookings: a time is given once, a message books once."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Select, or_, select, update
from sqlalchemy.orm import Session, aliased

from bot.clinic.availability import Option
from bot.clinic.references import new_reference
from bot.clinic.visits.statuses import BOOKED, ENTERED_IN_ERROR, GIVEN_BACK, OPEN
from bot.store.changes import By, add_change
from bot.store.checks import bind_check
from bot.store.consents import GivenConsent, store_consent
from bot.store.conversations import new_id
from bot.store.database import Database
from bot.store.drafts import BOOKING, delete_draft
from bot.store.holds import release_hold
from bot.store.messages import EMAIL, RECEIVED, queue_elsewhere
from bot.store.reminders import plan_reminders
from bot.store.tables import Booking, Conversation, InboundMessage
from bot.store.ticks import forget_expired_holds, take
from bot.store.wishes import close_wish

# Who comes is who wrote.
SELF = "self"


class TimeTaken(Exception):  # noqa: N818 - what happened, not a fault
    """None of the options is free any more."""


class TooManyBookings(Exception):  # noqa: N818
    """This phone has as many open bookings as the clinic allows."""


class TurnIsOver(Exception):  # noqa: N818
    """The message was answered meanwhile, so the patient would not learn of a booking."""


@dataclass(frozen=True)
class NewBooking:
    """What a patient said for a booking; `message_id` is their yes.

    `patient_is` is self, adult or minor; `phone` is E.164; `reminders` is whatsapp, email, call or
    none; "" stands where nothing was said.
    """

    conversation_id: str
    message_id: str
    visit: str
    patient_is: str
    name: str = field(repr=False)
    phone: str = field(repr=False)
    concern: str = field(default="", repr=False)
    reminders: str = "none"
    email: str = field(default="", repr=False)


@dataclass(frozen=True)
class Booked:
    """A booking as it is stored; "" stands for what it has none of."""

    id: str
    conversation_id: str
    message_id: str
    reference: str = field(repr=False)
    status: str
    visit: str
    starts_at: datetime
    ends_at: datetime
    doctor: str
    room: str
    device: str
    patient_is: str
    name: str = field(repr=False)
    phone: str = field(repr=False)
    concern: str = field(repr=False)
    reminders: str
    email: str = field(repr=False)
    calendar_key: str = field(repr=False)
    sequence: int
    created_at: datetime
    updated_at: datetime | None = None
    confirmed_at: datetime | None = None


def book(
    database: Database,
    new: NewBooking,
    options: Sequence[Option],
    per_patient: int,
    status: str,
    consents: Sequence[GivenConsent],
    at: datetime,
    *,
    mails: bool = False,
    remind_at: Sequence[datetime] = (),
    policy: str = "",
    wish_id: str = "",
) -> Booked:
    """Books the first option that is still free, with the patient's consents; forgets the draft.

    The conversation's own hold ends, so a time that was held for it is free for it. A patient who
    wants to be written to by e-mail gets the confirmation that way too.

    All of it is one unit of work. Called again for the same message it changes nothing and gives
    the first booking.

    Args:
        database: where to.
        new: what the patient said.
        options: the ways to hold the visit, the best first (`Availability.options_at`).
        per_patient: how many open bookings one phone may have, this one included.
        status: "booked", or "pending" while the desk has to confirm.
        consents: what the patient agreed to, or refused, with this message.
        at: the present instant.
        mails: whether the clinic can send e-mail; without, none is queued.
        remind_at: when the patient is reminded.
        policy: the version of the rules for changes that they were told.
        wish_id: the wish on the wait list that this visit fulfils.

    Raises:
        TimeTaken: somebody else has the time.
        TooManyBookings: the phone has `per_patient` open bookings.
        TurnIsOver: the message is answered already.
        sqlalchemy.exc.NoResultFound: there is no such message.
    """

    def work(session: Session) -> Booked:
        return _book(
            session,
            database,
            new,
            options,
            per_patient,
            status,
            consents,
            at,
            mails=mails,
            remind_at=remind_at,
            policy=policy,
            wish_id=wish_id,
        )

    # Another booking may take this place of the phone or, once in billions, the reference.
    return database.race(work, TimeTaken, concurrent=True)


def _book(
    session: Session,
    database: Database,
    new: NewBooking,
    options: Sequence[Option],
    per_patient: int,
    status: str,
    consents: Sequence[GivenConsent],
    at: datetime,
    *,
    mails: bool,
    remind_at: Sequence[datetime],
    policy: str,
    wish_id: str,
) -> Booked:
    # Who gives the turn up waits for this lock, and we for theirs: one of the two comes first.
    message = session.get_one(InboundMessage, new.message_id, with_for_update={"key_share": True})
    known = booking_made_by(session, new.message_id)
    if known is not None:
        return known
    if message.state != RECEIVED:
        raise TurnIsOver
    if not options:
        raise TimeTaken
    booking = _add(session, database, new, options[0], per_patient, status, at)
    # Nobody who has ticks waits for a row of `bookings` or `holds`, and all take ticks in the same
    # order, so PostgreSQL has hardly a deadlock to resolve.
    release_hold(session, new.conversation_id)
    forget_expired_holds(session, at)
    option = take(session, options, booking_id=booking.id)
    if option is None:
        raise TimeTaken
    hold_as(booking, option)
    add_change(session, booking, None, None, By("patient", new.message_id, policy=policy), at)
    plan_reminders(session, booking, remind_at)
    for consent in consents:
        store_consent(session, new.conversation_id, new.message_id, consent, at)
    delete_draft(session, new.conversation_id, BOOKING)
    if wish_id:
        close_wish(session, wish_id, BOOKED)
    if new.patient_is == SELF:
        bind_check(session, new.conversation_id, booking.id, at)
    if mails and new.reminders == EMAIL and new.email:
        queue_elsewhere(session, new.message_id, EMAIL, new.email, {"booking": booking.id}, at)
    session.flush()
    return as_booked(booking)


def _add(
    session: Session,
    database: Database,
    new: NewBooking,
    option: Option,
    per_patient: int,
    status: str,
    at: datetime,
) -> Booking:
    phone_hash = _phone_hash(database, new.phone)
    reference = new_reference()
    booking = Booking(
        id=new_id(),
        conversation_id=new.conversation_id,
        message_id=new.message_id,
        reference=reference,
        reference_hash=database.cipher.search_hash(f"reference:{reference}"),
        status=status,
        visit=new.visit,
        patient_is=new.patient_is,
        name=new.name,
        phone=new.phone,
        phone_hash=phone_hash,
        place=_free_place(session, phone_hash, per_patient, at),
        concern=new.concern or None,
        reminders=new.reminders,
        email=new.email or None,
        calendar_key=secrets.token_urlsafe(32),
        sequence=0,
        created_at=at,
    )
    hold_as(booking, option)
    session.add(booking)
    session.flush()
    return booking


def _free_place(session: Session, phone_hash: str, per_patient: int, at: datetime) -> int:
    """The lowest place of a phone that no open booking has."""
    places = places_of(session, phone_hash, at)
    if len(places) >= per_patient:
        raise TooManyBookings
    return next(place for place in range(1, per_patient + 1) if place not in places)


def places_of(session: Session, phone_hash: str, at: datetime) -> set[int]:
    """The places that a phone's open bookings have; what is over gives its place back."""
    session.execute(
        update(Booking)
        .where(
            Booking.phone_hash == phone_hash,
            Booking.place.is_not(None),
            or_(Booking.ends_at <= at, Booking.status.not_in(OPEN)),
        )
        .values(place=None)
    )
    taken = select(Booking.place).where(
        Booking.phone_hash == phone_hash, Booking.place.is_not(None)
    )
    return {place for place in session.scalars(taken) if place is not None}


def hold_as(booking: Booking, option: Option) -> None:
    """Puts a visit at the time and place of an option."""
    booking.starts_at, booking.ends_at = option.starts_at, option.ends_at
    booking.doctor = option.doctor or None
    booking.room = option.room or None
    booking.device = option.device or None


def booking_made_by(where: Database | Session, message_id: str) -> Booked | None:
    """The booking that a message made; `where` may be a unit of work that is open already."""
    if isinstance(where, Database):
        with where.read() as session:
            return booking_made_by(session, message_id)
    found = where.scalar(select(Booking).where(Booking.message_id == message_id))
    return None if found is None else as_booked(found)


def booking_behind(database: Database, calendar_key: str) -> Booked | None:
    """The booking whose calendar link holds this key; None if there is none."""
    with database.read() as session:
        found = session.scalar(select(Booking).where(Booking.calendar_key == calendar_key))
        return None if found is None else as_booked(found)


def booking_with(database: Database, booking_id: str) -> Booked | None:
    """The booking with an id, as it stands now."""
    with database.read() as session:
        found = session.get(Booking, booking_id)
        return None if found is None else as_booked(found)


def open_bookings_of(
    database: Database, conversation_id: str, at: datetime, own_phone: str = ""
) -> list[Booked]:
    """The visits to come of the person behind a conversation, over all their conversations.

    `own_phone`: the number that the channel has proven to be theirs. Visits that were booked
    elsewhere for it are theirs too, once they have said there that the number is right.
    """
    this = aliased(Conversation)
    written_by_them = (this.channel == Conversation.channel) & (this.person == Conversation.person)
    whose: ColumnElement[bool] = this.id.is_not(None)
    if own_phone:
        is_theirs = Booking.phone_hash == _phone_hash(database, own_phone)
        whose = or_(whose, is_theirs & Booking.number_is_theirs.is_(True))
    theirs = (
        _in_order()
        .join(Conversation, Conversation.id == Booking.conversation_id)
        .outerjoin(this, written_by_them & (this.id == conversation_id))
        .where(whose, Booking.ends_at > at, Booking.status.in_(OPEN))
    )
    with database.read() as session:
        return [as_booked(row) for row in session.scalars(theirs)]


def last_start_of(database: Database, conversation_id: str) -> datetime | None:
    """When the person behind a conversation came before, or comes; None where nobody knows.

    Of visits that were not cancelled, the one that was booked last.
    """
    this = aliased(Conversation)
    theirs = (
        select(Booking.starts_at)
        .join(Conversation, Conversation.id == Booking.conversation_id)
        .join(this, (this.channel == Conversation.channel) & (this.person == Conversation.person))
        .where(this.id == conversation_id, Booking.status.not_in(GIVEN_BACK))
        .order_by(Booking.created_at.desc())
        .limit(1)
    )
    with database.read() as session:
        return session.scalar(theirs)


def booking_named(database: Database, reference: str, phone: str, at: datetime) -> Booked | None:
    """The visit to come with a reference, if that phone is the one it was booked with.

    Nobody learns which of the two was wrong, nor how long the answer takes to be no.
    """
    found = select(Booking).where(
        Booking.reference_hash == database.cipher.search_hash(f"reference:{reference}"),
        Booking.phone_hash == _phone_hash(database, phone),
        Booking.ends_at > at,
        Booking.status.in_(OPEN),
    )
    with database.read() as session:
        row = session.scalar(found)
        return None if row is None else as_booked(row)


def _phone_hash(database: Database, phone: str) -> str:
    return database.cipher.search_hash(f"phone:{phone}")


def upcoming(database: Database, at: datetime) -> list[Booked]:
    """Every visit that is not over and was not given back, in order of time: for the desk."""
    coming = _in_order().where(Booking.ends_at > at, Booking.status.not_in(GIVEN_BACK))
    with database.read() as session:
        return [as_booked(row) for row in session.scalars(coming)]


def day_list(database: Database, begins: datetime, ends: datetime) -> list[Booked]:
    """The open visits since a day began, and all that were due on it, in order of time.

    `begins`, `ends`: of the present day in the clinic's zone. What was entered by mistake is left
    out.
    """
    is_today = (Booking.starts_at < ends) & (Booking.status != ENTERED_IN_ERROR)
    listed = _in_order().where(Booking.starts_at >= begins, or_(Booking.status.in_(OPEN), is_today))
    with database.read() as session:
        return [as_booked(row) for row in session.scalars(listed)]


def bookings_between(database: Database, first: datetime, last: datetime) -> list[Booked]:
    """Every visit that begins in a time, of any status, in order of time; `last` not included."""
    found = _in_order().where(Booking.starts_at >= first, Booking.starts_at < last)
    with database.read() as session:
        return [as_booked(row) for row in session.scalars(found)]


def _in_order() -> Select[Booking]:
    return select(Booking).order_by(Booking.starts_at, Booking.created_at, Booking.id)


def as_booked(row: Booking) -> Booked:
    """A row as the rest of the house takes it."""
    return Booked(
        id=row.id,
        conversation_id=row.conversation_id,
        message_id=row.message_id,
        reference=row.reference,
        status=row.status,
        visit=row.visit,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        doctor=row.doctor or "",
        room=row.room or "",
        device=row.device or "",
        patient_is=row.patient_is,
        name=row.name,
        phone=row.phone,
        concern=row.concern or "",
        reminders=row.reminders,
        email=row.email or "",
        calendar_key=row.calendar_key,
        sequence=row.sequence,
        created_at=row.created_at,
        updated_at=row.updated_at,
        confirmed_at=row.confirmed_at,
    )
