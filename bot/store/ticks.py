"""The taken time of doctors, rooms and devices, in ticks that the primary key gives only once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from itertools import count, groupby

from sqlalchemy import delete, func, insert, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.clinic.availability import TICK, Option
from bot.clinic.visits.blocks import CLINIC
from bot.clinic.visits.statuses import OPEN
from bot.store.database import Database
from bot.store.tables import Block, BookedTick, Booking, Hold, table_of

_TICK_SECONDS = int(TICK.total_seconds())
# PostgreSQL's advisory lock of whoever takes or frees time; the other number is the database's own.
_TICKS = 2
# No visit, with its buffers, is as long as this; nor is any zone as far from UTC.
_MARGIN = timedelta(days=1)


def busy(
    where: Database | Session,
    first: datetime,
    last: datetime,
    at: datetime,
    *,
    but_held_by: str = "",
    but_booking: str = "",
    with_holds: bool = True,
) -> dict[str, set[int]]:
    """The taken ticks and places of each resource, at least all between the two instants.

    See `bot.clinic.availability.Availability.window` for the instants, `Option` for the rest.

    Args:
        where: the database, or a unit of work that is open already.
        first: the earliest instant.
        last: the latest instant.
        at: the present instant: a hold that is over by then takes nothing.
        but_held_by: a conversation for which its own hold is free.
        but_booking: a visit that is being moved: its own time is free, unless staff have blocked
            it since.
        with_holds: false to see only what is booked or blocked.
    """
    if isinstance(where, Database):
        with where.read() as session:
            return busy(
                session,
                first,
                last,
                at,
                but_held_by=but_held_by,
                but_booking=but_booking,
                with_holds=with_holds,
            )
    first, last = first - _MARGIN, last + _MARGIN
    ticks = BookedTick.tick.between(
        int(first.timestamp()) // _TICK_SECONDS, int(last.timestamp()) // _TICK_SECONDS
    )
    # The places among a day's visits are counted from 1 (`Option.places`).
    days = BookedTick.resource.between(f"day:{first.date()}", f"day:{last.date() + _MARGIN}")
    taken = (
        select(BookedTick.resource, BookedTick.tick)
        .outerjoin(Hold, Hold.conversation_id == BookedTick.held_by)
        .where(or_(ticks, days))
    )
    if with_holds:
        taken = taken.where(or_(BookedTick.held_by.is_(None), Hold.expires_at > at))
    else:
        taken = taken.where(BookedTick.held_by.is_(None))
    if but_held_by:
        taken = taken.where(or_(BookedTick.held_by.is_(None), BookedTick.held_by != but_held_by))
    if but_booking:
        taken = taken.where(
            or_(BookedTick.booking_id.is_(None), BookedTick.booking_id != but_booking)
        )
    found: dict[str, set[int]] = {}
    for resource, tick in where.execute(taken):
        found.setdefault(resource, set()).add(tick)
    if but_booking:
        own = select(BookedTick.resource, BookedTick.tick).where(
            BookedTick.booking_id == but_booking
        )
        for resource, tick in _blocks_over(where, where.execute(own).all()):
            found.setdefault(resource, set()).add(tick)
    return found


def lock_ticks(session: Session, *, alone: bool = False) -> None:
    """Keeps whoever takes or frees time waiting while staff block some, and the other way round.

    A block takes what is free at its moment, and what a visit gives back later: with both at once
    a tick would be left to nobody. SQLite has one writer at a time anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        lock = func.pg_advisory_xact_lock if alone else func.pg_advisory_xact_lock_shared
        session.execute(select(lock(_TICKS)))


def take(
    session: Session, options: Iterable[Option], *, booking_id: str = "", held_by: str = ""
) -> Option | None:
    """Takes the time of the first option that is free, for a booking or a hold; None if none is.

    Where a day's visits are counted it takes one of the places too; one that somebody else took
    meanwhile is no reason to refuse while there are others. All take ticks in the same order, so
    PostgreSQL has few deadlocks to resolve.
    """
    lock_ticks(session)
    owner = {"booking_id": booking_id or None, "held_by": held_by or None}
    return next((each for each in options if _take(session, each, owner)), None)


def _take(session: Session, option: Option, owner: dict[str, str | None]) -> bool:
    """Takes the ticks of an option and its places, or none of them."""
    ticks = sorted(option.ticks)
    if not option.places:
        return _insert(session, ticks, owner)
    whole = session.begin_nested()
    if _insert(session, ticks, owner) and all(
        any(_insert(session, [(day, place)], owner) for place in free)
        for day, free in option.places
    ):
        whole.commit()
        return True
    whole.rollback()
    return False


def _insert(
    session: Session, ticks: Sequence[tuple[str, int]], owner: Mapping[str, str | None]
) -> bool:
    """Inserts all of the rows, or none of them when one is somebody else's."""
    rows = [{"resource": resource, "tick": tick, **owner} for resource, tick in ticks]
    if not rows:
        return True
    try:
        with session.begin_nested():
            # One statement for all rows: psycopg sends many as a pipeline, and warns in the log
            # when that is refused.
            session.execute(insert(BookedTick).values(rows))
    except IntegrityError:
        return False
    return True


def count_visits(
    database: Database, days_of: Callable[[datetime, str], Iterable[str]], at: datetime
) -> None:
    """Gives every visit to come its place in its days, after a limit was set in clinic.yml.

    A visit that is one too many keeps its time, and gets a place above the limit.
    `days_of` is `bot.clinic.availability.Availability.counted_days`.
    """
    coming = select(Booking).where(Booking.ends_at > at, Booking.status.in_(OPEN))
    with database.work() as session:
        for visit in session.scalars(coming.order_by(Booking.starts_at, Booking.id)).all():
            days = set(days_of(visit.starts_at, visit.doctor or ""))
            counted = select(BookedTick.resource).where(
                BookedTick.booking_id == visit.id, BookedTick.resource.in_(days)
            )
            for day in sorted(days - set(session.scalars(counted))) if days else ():
                owner = {"booking_id": visit.id}
                next(place for place in count(1) if _insert(session, [(day, place)], owner))


def give_back(
    session: Session, *, booking_id: str = "", held_by: str = "", block_id: str = ""
) -> None:
    """Frees the ticks of a booking, a hold or a block; what another block covers is then its own.

    A hold has no tick inside a block.
    """
    lock_ticks(session)
    if held_by:
        session.execute(delete(BookedTick).where(BookedTick.held_by == held_by))
        return
    ticks = table_of(BookedTick)
    owner = ticks.c.booking_id == booking_id if booking_id else ticks.c.block_id == block_id
    freed = session.execute(delete(ticks).where(owner).returning(ticks.c.resource, ticks.c.tick))
    blocked = _blocks_over(session, freed.all(), but=block_id)
    for block, owned in groupby(sorted(blocked, key=blocked.__getitem__), blocked.__getitem__):
        insert_blocked(session, owned, block)


def insert_blocked(session: Session, ticks: Iterable[tuple[str, int]], block_id: str) -> None:
    """Gives a block ticks that are free.

    Raises:
        sqlalchemy.exc.IntegrityError: one of them is not.
    """
    rows = [{"resource": resource, "tick": tick, "block_id": block_id} for resource, tick in ticks]
    if rows:
        # Many thousands for a month, which one statement would take seconds to name.
        session.execute(insert(table_of(BookedTick)), rows)


def ticks_between(starts_at: datetime, ends_at: datetime) -> range:
    """The ticks of a time; one that it only touches is in it."""
    first = int(starts_at.timestamp()) // _TICK_SECONDS
    return range(first, -(-int(ends_at.timestamp()) // _TICK_SECONDS))


def _blocks_over(
    session: Session, ticks: Sequence[tuple[str, int]], but: str = ""
) -> dict[tuple[str, int], str]:
    """Those of the ticks that lie inside a block, with its id."""
    # A day's visits are counted whether or not there is a block.
    times = [each for each in ticks if not each[0].startswith("day:")]
    if not times:
        return {}
    first, last = (
        datetime.fromtimestamp(pick(tick for _, tick in times) * _TICK_SECONDS, timezone.utc)
        for pick in (min, max)
    )
    found: dict[tuple[str, int], str] = {}
    blocks = select(Block).where(Block.starts_at < last + TICK, Block.ends_at > first)
    for block in session.scalars(blocks.where(Block.id != but).order_by(Block.id)):
        covered = ticks_between(block.starts_at, block.ends_at)
        for resource, tick in times:
            if block.resource in (CLINIC, resource) and tick in covered:
                found.setdefault((resource, tick), block.id)
    return found


def forget_expired_holds(session: Session, at: datetime) -> None:
    """Frees the time of every hold that is over.

    One that somebody else frees at this moment is left to them: whoever wants its ticks waits.
    """
    lock_ticks(session)
    over = list(
        session.scalars(
            select(Hold.conversation_id)
            .where(Hold.expires_at <= at)
            .with_for_update(skip_locked=True)
        )
    )
    if over:
        session.execute(delete(BookedTick).where(BookedTick.held_by.in_(over)))
        session.execute(delete(Hold).where(Hold.conversation_id.in_(over)))
