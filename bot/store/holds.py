"""Units of work on holds: a time that is kept for a conversation while its patient decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot.clinic.availability import Option
from bot.store.database import Database
from bot.store.marks import HOLD, mark, may_again
from bot.store.tables import BookedTick, Conversation, Hold
from bot.store.ticks import busy, forget_expired_holds, give_back, lock_ticks, take

Taken = Mapping[str, set[int]]
# So often in an hour a person, and everybody at one network address together, may have a time
# held anew; who wants more can still book what is free.
MOST_AN_HOUR = {"person": 4, "origin": 20}


class NotHeld(Exception):  # noqa: N818 - what happened, not a fault
    """The time is free but is not kept: too many were held, or it would be too much of the day."""


class HoldTaken(Exception):  # noqa: N818
    """None of the options is free any more."""


@dataclass(frozen=True)
class Held:
    """A time that is kept until a moment."""

    starts_at: datetime
    expires_at: datetime
    # The kind of visit, and the visit that is moved there; "" where a new one is booked.
    visit: str
    but_booking: str = ""

    def is_for(self, visit: str, starts_at: datetime, but_booking: str) -> bool:
        """Whether it keeps just that: another kind of visit needs other rooms and other time."""
        return (self.visit, self.starts_at, self.but_booking) == (visit, starts_at, but_booking)


def hold(
    database: Database,
    conversation_id: str,
    visit: str,
    options: Sequence[Option],
    window: tuple[datetime, datetime],
    is_fair: Callable[[Taken, Taken], bool],
    at: datetime,
    lasts: timedelta,
    but_booking: str = "",
) -> Held:
    """Keeps the first option that is still free, instead of what the conversation held before.

    The same time for the same visit is kept on as it is; it is not made longer by asking again.

    Args:
        database: where to.
        conversation_id: whose.
        visit: the kind of visit, a key under `visits` in clinic.yml.
        options: the ways to hold it, all at one time, the best first.
        window: the instants between which `is_fair` looks (`Availability.window`).
        is_fair: whether so much may be held: of what is booked alone, and of that with all holds.
        at: the present instant.
        lasts: how long.
        but_booking: a visit that is moved, whose own time is free for it.

    Raises:
        HoldTaken: somebody else has the time.
        NotHeld: it is free, and too much is held already.
        sqlalchemy.exc.NoResultFound: there is no such conversation.
    """

    def work(session: Session) -> Held:
        session.get_one(Conversation, conversation_id)
        lock_ticks(session)
        known = session.get(Hold, conversation_id, with_for_update=True)
        if known is not None and options and known.expires_at > at:
            held = _as_held(known)
            if held.is_for(visit, options[0].starts_at, but_booking):
                return held
        release_hold(session, conversation_id)
        forget_expired_holds(session, at)
        if not options:
            raise HoldTaken
        row = Hold(
            conversation_id=conversation_id,
            visit=visit,
            starts_at=options[0].starts_at,
            ends_at=options[0].ends_at,
            but_booking=but_booking or None,
            held_at=at,
            expires_at=at + lasts,
        )
        session.add(row)
        session.flush()
        own = _own_time_given_way(session, options, but_booking)
        option = take(session, own, held_by=conversation_id)
        if option is None:
            raise HoldTaken
        if not may_again(session, HOLD, conversation_id, MOST_AN_HOUR, at) or not is_fair(
            busy(session, *window, at, with_holds=False), busy(session, *window, at)
        ):
            raise NotHeld
        row.doctor, row.room = option.doctor or None, option.room or None
        row.device = option.device or None
        mark(session, HOLD, conversation_id, at)
        return _as_held(row)

    # Not concurrent: two holds at once could each be fair, and both together not.
    return database.race(work, HoldTaken)


def _as_held(row: Hold) -> Held:
    return Held(row.starts_at, row.expires_at, row.visit, row.but_booking or "")


def _own_time_given_way(
    session: Session, options: Sequence[Option], booking_id: str
) -> list[Option]:
    """The options without the time, and the places of a day, that the moved visit has itself."""
    if not booking_id:
        return list(options)
    rows = session.execute(
        select(BookedTick.resource, BookedTick.tick).where(BookedTick.booking_id == booking_id)
    )
    own = {(row.resource, row.tick) for row in rows}
    resources = {resource for resource, _ in own}
    return [
        replace(
            each,
            ticks=tuple(tick for tick in each.ticks if tick not in own),
            places=tuple(free for free in each.places if free[0] not in resources),
        )
        for each in options
    ]


def held_time(database: Database, conversation_id: str, at: datetime) -> Held | None:
    """What a conversation holds at this moment; None if it holds nothing."""
    with database.look() as connection:
        found = connection.execute(
            select(Hold.starts_at, Hold.expires_at, Hold.visit, Hold.but_booking).where(
                Hold.conversation_id == conversation_id, Hold.expires_at > at
            )
        ).one_or_none()
    if found is None:
        return None
    return Held(found.starts_at, found.expires_at, found.visit, found.but_booking or "")


def release_hold(session: Session, conversation_id: str) -> None:
    """Ends the hold of a conversation inside a unit of work; one that is not there is no error.

    It waits for who ends the same hold. Do it before time is taken or freed: who has changed ticks
    should wait for nothing but ticks.
    """
    lock_ticks(session)
    # The hold before its ticks, as `forget_expired_holds` locks them.
    session.execute(
        select(Hold.conversation_id)
        .where(Hold.conversation_id == conversation_id)
        .with_for_update()
    )
    give_back(session, held_by=conversation_id)
    session.execute(delete(Hold).where(Hold.conversation_id == conversation_id))


def let_go(database: Database, conversation_id: str) -> None:
    """`release_hold` as a unit of work of its own."""
    with database.work() as session:
        release_hold(session, conversation_id)
