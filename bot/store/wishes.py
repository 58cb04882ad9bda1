"""Units of work on the wait list: a wish is left once, and ends once."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session, aliased

from bot.clinic.times import TimeWish
from bot.clinic.visits.statuses import BOOKED, CANCELLED, PROPOSED, WAITLIST
from bot.clinic.visits.wishes import is_over
from bot.encryption import DataKeyError
from bot.store.conversations import new_id
from bot.store.database import Database
from bot.store.messages import FAILED, QUEUED
from bot.store.requests import store_request
from bot.store.tables import Conversation, OfferedTime, OutboundMessage, Wish

logger = logging.getLogger(__name__)

# What the team has to do where the assistant may not write.
REQUEST = "offer_wish"
# On the wait list, with a time offered or without.
OPEN = (WAITLIST, PROPOSED)


@dataclass(frozen=True)
class Wished:
    """A wish as it stands; `phone` is E.164, `patient_is` self, adult or minor."""

    id: str
    conversation_id: str
    message_id: str
    status: str
    visit: str
    patient_is: str
    wish: TimeWish = field(repr=False)
    name: str = field(repr=False)
    phone: str = field(repr=False)
    created_at: datetime
    offered_at: datetime | None
    offered_start: datetime | None
    # Until when the offer stands; None for one that a person made.
    offer_ends: datetime | None = None


def leave_wish(
    database: Database,
    conversation_id: str,
    message_id: str,
    visit: str,
    patient_is: str,
    wish: TimeWish,
    name: str,
    phone: str,
    at: datetime,
) -> Wished:
    """Puts a person on the wait list; an older wish of theirs for that kind of visit is replaced.

    Called again for the same message it changes nothing and gives the wish as it stands.

    Raises:
        sqlalchemy.exc.IntegrityError: there is no such conversation or message.
    """
    with database.work() as session:
        known = session.scalar(select(Wish).where(Wish.message_id == message_id))
        if known is not None:
            return _as_wished(known)
        this = aliased(Conversation)
        theirs = (
            select(Conversation.id)
            .join(
                this, (this.channel == Conversation.channel) & (this.person == Conversation.person)
            )
            .where(this.id == conversation_id)
        )
        older = select(Wish.id).where(
            Wish.conversation_id.in_(theirs), Wish.visit == visit, Wish.status.in_(OPEN)
        )
        for wish_id in session.scalars(older).all():
            close_wish(session, wish_id, CANCELLED)
        row = Wish(
            id=new_id(),
            conversation_id=conversation_id,
            message_id=message_id,
            status=WAITLIST,
            visit=visit,
            patient_is=patient_is,
            wish=json.dumps(wish.to_json(), ensure_ascii=False),
            name=name,
            phone=phone,
            created_at=at,
        )
        session.add(row)
        session.flush()
        return _as_wished(row)


def open_wishes(database: Database, today: date) -> list[Wished]:
    """The wait list, first left first; `today`, in the clinic's zone, decides which are over."""
    found = select(Wish.id).where(Wish.status.in_(OPEN)).order_by(Wish.created_at, Wish.id)
    with database.read() as session:
        ids = session.scalars(found).all()
        wishes = [wish for each in ids if (wish := _readable(session, each)) is not None]
    return [each for each in wishes if not is_over(each.wish, today)]


def _readable(session: Session, wish_id: str) -> Wished | None:
    """One that cannot be read must not hide the others."""
    try:
        return _as_wished(session.get_one(Wish, wish_id))
    except DataKeyError as error:
        logger.error("wish %s cannot be read: %s", wish_id, error)
        return None


def wish_with(database: Database, wish_id: str) -> Wished | None:
    """The wish with an id, open or not; None if there is none."""
    with database.read() as session:
        row = session.get(Wish, wish_id)
        return None if row is None else _as_wished(row)


def wish_of(database: Database, conversation_id: str) -> Wished | None:
    """The newest open wish of the person behind a conversation; None if they wait for nothing."""
    this = aliased(Conversation)
    theirs = (
        select(Wish)
        .join(Conversation, Conversation.id == Wish.conversation_id)
        .join(this, (this.channel == Conversation.channel) & (this.person == Conversation.person))
        .where(this.id == conversation_id, Wish.status.in_(OPEN))
        .order_by(Wish.created_at.desc())
        .limit(1)
    )
    with database.read() as session:
        row = session.scalar(theirs)
        return None if row is None else _as_wished(row)


def wish_for(
    database: Database, conversation_id: str, wish_id: str, start: datetime | None = None
) -> Wished | None:
    """The open wish with an id, if it is that of the person behind a conversation.

    `start`: a time that must be offered for it; an offer that was taken back stands for nobody.
    """
    found = wish_with(database, wish_id)
    if found is None or found.status not in OPEN:
        return None
    if start is not None and (found.status, found.offered_start) != (PROPOSED, start):
        return None
    with database.read() as session:
        this = session.get_one(Conversation, conversation_id)
        left = session.get_one(Conversation, found.conversation_id)
        is_theirs = (this.channel, this.person) == (left.channel, left.person)
    return found if is_theirs else None


def propose(
    session: Session, wish_id: str, start: datetime, at: datetime, ends: datetime | None = None
) -> Wish | None:
    """Inside a unit of work: a time is offered for a wish; None where it waits no longer."""
    offered = {"offered_at": at, "offered_start": start, "offer_ends": ends}
    if not _become(session, wish_id, (WAITLIST,), PROPOSED, **offered):
        return None
    session.merge(OfferedTime(wish_id=wish_id, start=start))
    return session.get_one(Wish, wish_id)


def take_back(where: Database | Session, wish_id: str, over_at: datetime | None = None) -> bool:
    """Takes an offer back, so that another time can be offered; false where there is none.

    `where` may be a unit of work that is open already; `over_at`: only an offer that has ended by
    then.
    """
    if isinstance(where, Database):
        with where.work() as session:
            return take_back(session, wish_id, over_at)
    still = () if over_at is None else (Wish.offer_ends <= over_at,)
    nothing = dict.fromkeys(("offered_at", "offered_start", "offer_ends"))
    if not _become(where, wish_id, (PROPOSED,), WAITLIST, *still, **nothing):
        return False
    _withdraw(where, wish_id)
    return True


def close_wish(where: Database | Session, wish_id: str, status: str) -> bool:
    """Ends a wish; false where it has ended already.

    Args:
        where: may be a unit of work that is open already, such as that of the booking.
        wish_id: which.
        status: "booked" where the time was taken, else "cancelled".

    Raises:
        ValueError: a wish does not end so.
    """
    if status not in (BOOKED, CANCELLED):
        raise ValueError(f"a wish does not end as {status!r}")
    if isinstance(where, Database):
        with where.work() as session:
            return close_wish(session, wish_id, status)
    _withdraw(where, wish_id)
    return _become(where, wish_id, OPEN, status)


def _withdraw(session: Session, wish_id: str) -> None:
    """An offer that has not left yet, and stands no longer, is not sent."""
    left_with = select(Wish.message_id).where(Wish.id == wish_id).scalar_subquery()
    session.execute(
        update(OutboundMessage)
        .where(
            OutboundMessage.reply_to == left_with,
            OutboundMessage.unasked.is_(True),
            OutboundMessage.state == QUEUED,
        )
        .values(state=FAILED)
    )


def _become(
    session: Session,
    wish_id: str,
    before: tuple[str, ...],
    status: str,
    *only: ColumnElement[bool],
    **more: Any,
) -> bool:
    changed = session.execute(
        update(Wish)
        .where(Wish.id == wish_id, Wish.status.in_(before), *only)
        .values(status=status, **more)
    )
    return bool(changed.rowcount)  # type: ignore[attr-defined]


def ask_to_call(session: Session, wish: Wish, at: datetime) -> None:
    """A request to call; one that was dealt with is opened again for another time."""
    store_request(
        session,
        wish.conversation_id,
        wish.message_id,
        REQUEST,
        "routine",
        at,
        {"phone": wish.phone, "name": wish.name},
        again=True,
    )


def _as_wished(row: Wish) -> Wished:
    return Wished(
        id=row.id,
        conversation_id=row.conversation_id,
        message_id=row.message_id,
        status=row.status,
        visit=row.visit,
        patient_is=row.patient_is,
        wish=TimeWish.from_json(json.loads(row.wish)),
        name=row.name,
        phone=row.phone,
        created_at=row.created_at,
        offered_at=row.offered_at,
        offered_start=row.offered_start,
        offer_ends=row.offer_ends,
    )
