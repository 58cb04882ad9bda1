"""The tables. Every column that holds a patient's words is encrypted (`Words`)."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from bot.encryption import Cipher

_cipher: list[Cipher] = []


def use_cipher(cipher: Cipher) -> None:
    """Gives the encrypted columns their keys; called once when the database is opened."""
    _cipher[:] = [cipher]


class Words(TypeDecorator[str]):
    """Text that is encrypted on its way to disk and decrypted on its way back."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Encrypts."""
        return None if value is None else _cipher[0].encrypt(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        """Decrypts."""
        return None if value is None else _cipher[0].decrypt(value)


class Instant(TypeDecorator[datetime]):
    """A moment in UTC; a naive value is refused, because nobody knows its zone."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turns the moment into UTC without a zone, as both databases store it alike."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone cannot be stored")
        return value.astimezone(timezone.utc).replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Gives the moment its zone back."""
        return None if value is None else value.replace(tzinfo=timezone.utc)


class Base(DeclarativeBase):
    """The root of the tables; constraints have names so that migrations can speak of them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
        }
    )


def table_of(entity: type[Base]) -> Table:
    """The table behind a class, for statements that load no objects."""
    return Base.metadata.tables[entity.__tablename__]


class Conversation(Base):
    """One conversation on one channel; its id is random and may stand in logs."""

    __tablename__ = "conversations"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    channel: Mapped[str] = mapped_column(String(16))
    # Keyed hash of who writes: a session on the website, a number on WhatsApp.
    person: Mapped[str] = mapped_column(String(64))
    opened_at: Mapped[datetime] = mapped_column(Instant)
    last_message_at: Mapped[datetime] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    notice_given_at: Mapped[datetime | None] = mapped_column(Instant)
    stopped_at: Mapped[datetime | None] = mapped_column(Instant)
    emergency_at: Mapped[datetime | None] = mapped_column(Instant)
    crisis_at: Mapped[datetime | None] = mapped_column(Instant)
    # Where the channel writes to, a number on WhatsApp; the website needs none.
    address: Mapped[str | None] = mapped_column(Words)
    # Keyed hash of the network address that a website's visitor writes from.
    origin: Mapped[str | None] = mapped_column(String(64))

    __table_args__ = (Index(None, "channel", "person", "closed_at"),)


class InboundMessage(Base):
    """A patient's message, stored once under the id that the channel gave it."""

    __tablename__ = "inbound_messages"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), index=True)
    channel: Mapped[str] = mapped_column(String(16))
    external_id: Mapped[str] = mapped_column(String(128))
    position: Mapped[int] = mapped_column(Integer)
    text: Mapped[str] = mapped_column(Words)
    received_at: Mapped[datetime] = mapped_column(Instant)
    # received -> done; a message that is still `received` at a start is worked off then.
    state: Mapped[str] = mapped_column(String(16), index=True)
    urgency: Mapped[str] = mapped_column(String(16), default="none")
    # text, or what came instead of words: image, audio, video, document, sticker, location, other
    kind: Mapped[str] = mapped_column(String(16), default="text")

    __table_args__ = (
        UniqueConstraint("channel", "external_id"),
        UniqueConstraint("conversation_id", "position"),
    )


class OutboundMessage(Base):
    """The outbox: a text to a patient, kept until its channel has sent it."""

    __tablename__ = "outbound_messages"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), index=True)
    reply_to: Mapped[str] = mapped_column(ForeignKey("inbound_messages.id"))
    position: Mapped[int] = mapped_column(Integer)
    # JSON: {"text": ..., "buttons": [{"title": ..., "payload": ...}]}
    content: Mapped[str] = mapped_column(Words)
    created_at: Mapped[datetime] = mapped_column(Instant)
    # queued -> sending -> sent; failed when trying again cannot help
    state: Mapped[str] = mapped_column(String(16), index=True)
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    next_try_at: Mapped[datetime | None] = mapped_column(Instant)
    # Empty: the conversation's own. What goes another way, such as email, is no part of the answer.
    channel: Mapped[str | None] = mapped_column(String(16))
    # Nobody asked for it: after a STOP or a sign of danger it is not sent.
    unasked: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    address: Mapped[str | None] = mapped_column(Words)

    __table_args__ = (UniqueConstraint("reply_to", "position"),)


class Offer(Base):
    """A button that a conversation was shown; only such a payload is taken as a press."""

    __tablename__ = "offers"

    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), primary_key=True)
    payload: Mapped[str] = mapped_column(String(255), primary_key=True)
    offered_at: Mapped[datetime] = mapped_column(Instant)


class StaffRequest(Base):
    """Something a person of the clinic has to read; one a message and kind."""

    __tablename__ = "staff_requests"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), index=True)
    message_id: Mapped[str] = mapped_column(ForeignKey("inbound_messages.id"))
    kind: Mapped[str] = mapped_column(String(32))
    # crisis, emergency, same_day or routine: the order in which they are read
    urgency: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    # JSON: how to reach the patient, {"phone": ..., "good_time": ...}, once they agreed to it.
    details: Mapped[str | None] = mapped_column(Words)
    # When somebody of the clinic was told by e-mail that it waits.
    noticed_at: Mapped[datetime | None] = mapped_column(Instant)

    __table_args__ = (UniqueConstraint("message_id", "kind"),)


class Draft(Base):
    """What a conversation has said so far and is not done with."""

    __tablename__ = "drafts"

    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), primary_key=True)
    # booking, contact, reaction, visit or proof
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    content: Mapped[str] = mapped_column(Words)
    updated_at: Mapped[datetime] = mapped_column(Instant)


class Booking(Base):
    """A visit: who comes, when, and which doctor, room and device are theirs until it ends.

    The statuses are those of FHIR R4's Appointment.
    """

    __tablename__ = "bookings"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), index=True)
    # The patient's "yes": a message that comes twice books once.
    message_id: Mapped[str] = mapped_column(ForeignKey("inbound_messages.id"), unique=True)
    reference: Mapped[str] = mapped_column(Words)
    reference_hash: Mapped[str] = mapped_column(String(64), unique=True)
    # As in bot/clinic/visits/statuses.py
    status: Mapped[str] = mapped_column(String(16), index=True)
    visit: Mapped[str] = mapped_column(String(64))
    doctor: Mapped[str | None] = mapped_column(String(64))
    room: Mapped[str | None] = mapped_column(String(64))
    device: Mapped[str | None] = mapped_column(String(64))
    starts_at: Mapped[datetime] = mapped_column(Instant, index=True)
    ends_at: Mapped[datetime] = mapped_column(Instant)
    # self, adult (another one) or minor (with a parent, whose name stands here)
    patient_is: Mapped[str] = mapped_column(String(8))
    name: Mapped[str] = mapped_column(Words)
    phone: Mapped[str] = mapped_column(Words)
    phone_hash: Mapped[str] = mapped_column(String(64))
    # Which of the open bookings of this phone it is, from 1 on; empty once it is over.
    place: Mapped[int | None] = mapped_column(Integer)
    concern: Mapped[str | None] = mapped_column(Words)
    # whatsapp, email, call or none
    reminders: Mapped[str] = mapped_column(String(16))
    email: Mapped[str | None] = mapped_column(Words)
    # Behind the link to the calendar file; the link itself cannot be guessed.
    calendar_key: Mapped[str] = mapped_column(String(64), unique=True)
    # How often time or status changed, as in iCalendar; who changes it names the one they saw.
    sequence: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[datetime] = mapped_column(Instant)
    # When it was changed last; empty if never.
    updated_at: Mapped[datetime | None] = mapped_column(Instant)
    # When the patient said that they come to the visit as it stands.
    confirmed_at: Mapped[datetime | None] = mapped_column(Instant)
    # When the patient, or the team for them, was told what to prepare; told once.
    before_told_at: Mapped[datetime | None] = mapped_column(Instant)
    # A number typed on the website: when it was asked whether it is the patient's, and the answer.
    number_asked_at: Mapped[datetime | None] = mapped_column(Instant)
    number_is_theirs: Mapped[bool | None] = mapped_column(Boolean)
    # The conversation on WhatsApp in which it was asked, or from which it was answered.
    number_conversation_id: Mapped[str | None] = mapped_column(ForeignKey("conversations.id"))

    __table_args__ = (UniqueConstraint("phone_hash", "place"),)


class Hold(Base):
    """A time that is kept for a conversation while the patient decides: at most one each."""

    __tablename__ = "holds"

    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), primary_key=True)
    visit: Mapped[str] = mapped_column(String(64))
    starts_at: Mapped[datetime] = mapped_column(Instant, index=True)
    ends_at: Mapped[datetime] = mapped_column(Instant)
    doctor: Mapped[str | None] = mapped_column(String(64))
    room: Mapped[str | None] = mapped_column(String(64))
    device: Mapped[str | None] = mapped_column(String(64))
    # The visit that is moved. No foreign key: who holds a time should not wait for who changes it.
    but_booking: Mapped[str | None] = mapped_column(String(32))
    held_at: Mapped[datetime] = mapped_column(Instant)
    # From then on anybody may take the time, whether or not the row is still there.
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)


class Block(Base):
    """A time in which staff keep a doctor, a room or a device from being booked."""

    __tablename__ = "blocks"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    # doctor:<id>, room:<id>, device:<id>, or clinic for all of them
    resource: Mapped[str] = mapped_column(String(80))
    starts_at: Mapped[datetime] = mapped_column(Instant, index=True)
    ends_at: Mapped[datetime] = mapped_column(Instant)
    reason: Mapped[str] = mapped_column(Words)
    # Who was logged in, or "command".
    created_by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(Instant)


class BookedTick(Base):
    """Five minutes of a doctor, a room or a device; the primary key refuses a second visit.

    Exactly one of visit, hold and block has it.
    """

    __tablename__ = "booked_ticks"

    # doctor:<id>, room:<id> or device:<id>; day:<date> where the visits of a day are counted
    resource: Mapped[str] = mapped_column(String(80), primary_key=True)
    # Five-minute steps since 1970-01-01T00:00Z; of a day the place among its visits.
    tick: Mapped[int] = mapped_column(Integer, primary_key=True)
    booking_id: Mapped[str | None] = mapped_column(ForeignKey("bookings.id"), index=True)
    held_by: Mapped[str | None] = mapped_column(ForeignKey("holds.conversation_id"), index=True)
    block_id: Mapped[str | None] = mapped_column(ForeignKey("blocks.id"), index=True)

    __table_args__ = (
        CheckConstraint(
            "(CASE WHEN booking_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN held_by IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN block_id IS NULL THEN 0 ELSE 1 END) = 1",
            name="one_owner",
        ),
        Index(None, "tick"),
    )


class BookingChange(Base):
    """What happened to a booking, by whom: the history only grows and holds ids only."""

    __tablename__ = "booking_changes"

    # Counts up, so that of two changes at one moment the later one is known.
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    booking_id: Mapped[str] = mapped_column(ForeignKey("bookings.id"), index=True)
    at: Mapped[datetime] = mapped_column(Instant)
    # patient, staff or clock
    by: Mapped[str] = mapped_column(String(16))
    # Who was logged in at the desk.
    staff_user: Mapped[str | None] = mapped_column(String(64))
    # The patient's message: one that comes twice changes once.
    message_id: Mapped[str | None] = mapped_column(ForeignKey("inbound_messages.id"), unique=True)
    # Empty for a booking that was just made.
    status_before: Mapped[str | None] = mapped_column(String(16))
    status_after: Mapped[str] = mapped_column(String(16))
    starts_before: Mapped[datetime | None] = mapped_column(Instant)
    starts_after: Mapped[datetime] = mapped_column(Instant)
    # Version of the rules for changes that the patient was told before the act.
    policy: Mapped[str | None] = mapped_column(String(64))


class Reminder(Base):
    """A reminder that is planned, and what came of it; planned anew when the visit moves."""

    __tablename__ = "reminders"

    booking_id: Mapped[str] = mapped_column(ForeignKey("bookings.id"), primary_key=True)
    # `Booking.sequence` for which it was planned.
    sequence: Mapped[int] = mapped_column(Integer, primary_key=True)
    due_at: Mapped[datetime] = mapped_column(Instant, primary_key=True)
    # When it was dealt with; empty while it is to come.
    done_at: Mapped[datetime | None] = mapped_column(Instant, index=True)
    # sent, left_out (nothing unasked is wanted, or too late) or team (a person was asked to call)
    outcome: Mapped[str | None] = mapped_column(String(16))


class Mark(Base):
    """That somebody did something that is limited by the hour, such as guessing a reference."""

    __tablename__ = "marks"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    # hold or guess
    kind: Mapped[str] = mapped_column(String(16))
    # Keyed hash of a person of a channel, or of a network address.
    whose: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (Index(None, "kind", "whose", "at"),)


class Wish(Base):
    """A patient on the wait list: nothing fitted, and they want to be told of a freed time."""

    __tablename__ = "wishes"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), index=True)
    # The message that left it: one that comes twice leaves one wish.
    message_id: Mapped[str] = mapped_column(ForeignKey("inbound_messages.id"), unique=True)
    # waitlist, proposed, booked or cancelled, as in bot/clinic/visits/statuses.py
    status: Mapped[str] = mapped_column(String(16), index=True)
    visit: Mapped[str] = mapped_column(String(64))
    # self, adult or minor
    patient_is: Mapped[str] = mapped_column(String(8))
    # A `TimeWish` as JSON; what a patient wishes says something of them.
    wish: Mapped[str] = mapped_column(Words)
    name: Mapped[str] = mapped_column(Words)
    phone: Mapped[str] = mapped_column(Words)
    created_at: Mapped[datetime] = mapped_column(Instant)
    offered_at: Mapped[datetime | None] = mapped_column(Instant)
    # The beginning of the time that was offered.
    offered_start: Mapped[datetime | None] = mapped_column(Instant)
    # Until when the offer stands; empty for one that a person made.
    offer_ends: Mapped[datetime | None] = mapped_column(Instant)


class OfferedTime(Base):
    """A time that was offered for a wish: by itself none is offered twice."""

    __tablename__ = "offered_times"

    wish_id: Mapped[str] = mapped_column(ForeignKey("wishes.id"), primary_key=True)
    start: Mapped[datetime] = mapped_column(Instant, primary_key=True)


class Check(Base):
    """The suitability check of one patient; `content` is `bot.clinic.suitability.check.Check`.

    The label is not stored: it follows from the answers, and is health data like them.
    """

    __tablename__ = "checks"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), index=True)
    # Empty until the patient has a visit of their own.
    booking_id: Mapped[str | None] = mapped_column(ForeignKey("bookings.id"), index=True)
    # open, stopped (by the patient) or finished; an open one that nobody goes on with is shown
    # to staff as incomplete, like a stopped one
    state: Mapped[str] = mapped_column(String(16))
    content: Mapped[str] = mapped_column(Words)
    started_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)
    finished_at: Mapped[datetime | None] = mapped_column(Instant)
    # When "has anything changed?" was last answered to its end.
    renewed_at: Mapped[datetime | None] = mapped_column(Instant)


class CheckLink(Base):
    """A link to the check's page, for one patient and one browser."""

    __tablename__ = "check_links"

    # Keyed hash of what stands in the address.
    key_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), index=True)
    # The message that asked for it, on which a consent given on the page stands.
    message_id: Mapped[str] = mapped_column(ForeignKey("inbound_messages.id"))
    booking_id: Mapped[str | None] = mapped_column(ForeignKey("bookings.id"))
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    # Keyed hash of the cookie of the browser that opened it first.
    browser_hash: Mapped[str | None] = mapped_column(String(64))


class Consent(Base):
    """A yes or a no of a patient's: to what, in which wording, when, and when it was taken back."""

    __tablename__ = "consents"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), index=True)
    message_id: Mapped[str] = mapped_column(ForeignKey("inbound_messages.id"))
    # contact, reminders, health or media
    purpose: Mapped[str] = mapped_column(String(16))
    version: Mapped[str] = mapped_column(String(16))
    given: Mapped[bool] = mapped_column(Boolean)
    at: Mapped[datetime] = mapped_column(Instant)
    withdrawn_at: Mapped[datetime | None] = mapped_column(Instant)

    __table_args__ = (UniqueConstraint("message_id", "purpose"),)


class StaffUser(Base):
    """Somebody who may open the desk."""

    __tablename__ = "staff_users"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    # argon2id, with its parameters and salt
    password_hash: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(Instant)


class ContentDecision(Base):
    """A doctor's decision on one text: the history only grows, and holds no word of a patient's."""

    __tablename__ = "content_decisions"

    # Counts up, so that of two decisions at one moment the later one is known.
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    content_id: Mapped[str] = mapped_column(String(128), index=True)
    # SHA-256 of what a patient reads, as the files had it when it was decided.
    content_hash: Mapped[str] = mapped_column(String(64))
    # approved, edited or rejected
    verdict: Mapped[str] = mapped_column(String(16))
    # What the doctor saw, or wrote: filled with the clinic's facts.
    text: Mapped[str] = mapped_column(Text)
    short: Mapped[str] = mapped_column(Text)
    # An edit's own words, with names of facts in braces; else empty.
    wording: Mapped[str] = mapped_column(Text)
    short_wording: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    doctor: Mapped[str] = mapped_column(String(128))
    registration: Mapped[str] = mapped_column(String(64))
    # Who was logged in at the desk.
    decided_by: Mapped[str] = mapped_column(String(64))
    decided_at: Mapped[datetime] = mapped_column(Instant)
