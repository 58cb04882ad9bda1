"""Units of work on blocks: time that staff keep from being booked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, delete, select, true
from sqlalchemy.orm import Session

from bot.clinic.visits.blocks import CLINIC
from bot.clinic.visits.statuses import OPEN
from bot.store.bookings import Booked, as_booked
from bot.store.conversations import new_id
from bot.store.database import Database
from bot.store.holds import release_hold
from bot.store.tables import Block, BookedTick, Booking
from bot.store.ticks import give_back, insert_blocked, lock_ticks, ticks_between


@dataclass(frozen=True)
class Blocked:
    """A block as it is stored; `resource` is as in `add_block`."""

    id: str
    resource: str
    starts_at: datetime
    ends_at: datetime
    reason: str = field(repr=False)
    created_by: str
    created_at: datetime


def add_block(
    database: Database,
    resource: str,
    starts_at: datetime,
    ends_at: datetime,
    reason: str,
    created_by: str,
    at: datetime,
    *,
    everything: Sequence[str] = (),
) -> tuple[str, list[Booked]]:
    """Keeps a time from being booked; a hold in it ends, a visit in it stays.

    The time of such a visit becomes the block's once the visit is moved or cancelled.

    Args:
        database: where to.
        resource: "doctor:mehra", "room:consulting_1", "device:needling_1", or "clinic" for all.
        starts_at: the first instant.
        ends_at: the end, not included.
        reason: for staff.
        created_by: who was logged in, or "command".
        at: the present instant.
        everything: what there is where `resource` is "clinic" (`resources_of`).

    Returns:
        The block's id, and the open visits inside, in order of time: somebody has to decide.

    Raises:
        ValueError: it ends before it starts.
    """
    if ends_at <= starts_at:
        raise ValueError("A block should end after it starts.")
    resources = everything if resource == CLINIC else [resource]
    ticks = ticks_between(starts_at, ends_at)
    inside = (
        BookedTick.resource.in_(resources),
        BookedTick.tick.between(ticks.start, ticks.stop - 1),
    )
    with database.work() as session:
        lock_ticks(session, alone=True)
        held = select(BookedTick.held_by).where(*inside, BookedTick.held_by.is_not(None))
        for conversation in set(session.scalars(held)):
            release_hold(session, str(conversation))
        block = Block(
            id=new_id(),
            resource=resource,
            starts_at=starts_at,
            ends_at=ends_at,
            reason=reason,
            created_by=created_by,
            created_at=at,
        )
        session.add(block)
        session.flush()
        rows = session.execute(select(BookedTick.resource, BookedTick.tick).where(*inside))
        taken = {(name, tick) for name, tick in rows}
        free = [(name, tick) for name in resources for tick in ticks if (name, tick) not in taken]
        insert_blocked(session, free, block.id)
        return block.id, _visits_inside(session, block, at)


def _visits_inside(session: Session, block: Block, at: datetime) -> list[Booked]:
    kind, _, name = block.resource.partition(":")
    columns = {"doctor": Booking.doctor, "room": Booking.room, "device": Booking.device}
    needs_it: ColumnElement[bool] = columns[kind] == name if name else true()
    visits = select(Booking).where(
        needs_it,
        Booking.starts_at < block.ends_at,
        Booking.ends_at > block.starts_at,
        Booking.ends_at > at,
        Booking.status.in_(OPEN),
    )
    in_order = visits.order_by(Booking.starts_at, Booking.created_at, Booking.id)
    return [as_booked(row) for row in session.scalars(in_order)]


def remove_block(database: Database, block_id: str) -> bool:
    """Makes the time of a block free again, but for what another covers; false if it is not there.

    What a visit has is not touched.
    """
    with database.work() as session:
        lock_ticks(session, alone=True)
        if session.get(Block, block_id) is None:
            return False
        give_back(session, block_id=block_id)
        session.execute(delete(Block).where(Block.id == block_id))
        return True


def blocks_between(database: Database, first: datetime, last: datetime) -> list[Blocked]:
    """The blocks that reach into a time, in order of their beginning."""
    found = (
        select(Block)
        .where(Block.starts_at < last, Block.ends_at > first)
        .order_by(Block.starts_at, Block.id)
    )
    with database.read() as session:
        return [
            Blocked(
                row.id,
                row.resource,
                row.starts_at,
                row.ends_at,
                row.reason,
                row.created_by,
                row.created_at,
            )
            for row in session.scalars(found)
        ]
