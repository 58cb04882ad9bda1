"""The last look at a message that nobody asked for, right before it is sent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from bot.clinic.visits.statuses import OPEN
from bot.store.coming import ask_team, coming_of
from bot.store.database import Database
from bot.store.messages import FAILED, QUEUED, SENDING
from bot.store.tables import Booking, OutboundMessage


def claim_unasked(database: Database, outbound_id: str, at: datetime) -> bool:
    """Takes a queued message for sending if it may still be sent; false if it is not to be.

    It is withdrawn after a STOP, where its visit was cancelled, moved or has begun, and after a
    sign of danger, when the team is asked to call instead.
    """
    with database.work() as session:
        if not _became(session, outbound_id, QUEUED, SENDING):
            return False
        row = session.get_one(OutboundMessage, outbound_id)
        if _may_be_sent(session, json.loads(row.content), at):
            return True
        _became(session, outbound_id, SENDING, FAILED)
        return False


def _became(session: Session, outbound_id: str, state: str, other: str) -> bool:
    changed = session.execute(
        update(OutboundMessage)
        .where(OutboundMessage.id == outbound_id, OutboundMessage.state == state)
        .values(state=other)
    )
    return bool(changed.rowcount)  # type: ignore[attr-defined]


def _may_be_sent(session: Session, content: Mapping[str, Any], at: datetime) -> bool:
    row = session.get(Booking, content["visit"])
    if row is None or row.status not in OPEN:
        return False
    if content.get("sequence", row.sequence) != row.sequence:
        return False
    coming = coming_of(session, row, at)
    if row.starts_at <= at or coming.wants_nothing_unasked or coming.number_is_wrong:
        return False
    if coming.in_danger and "instead" in content:
        ask_team(session, coming, content["instead"], at, again=True)
    return not coming.in_danger
