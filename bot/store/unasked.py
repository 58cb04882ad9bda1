"""The last look at a message that nobody asked for, right before it is sent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from bot.clinic.visits.statuses import OPEN, PROPOSED
from bot.store.coming import ask_team, coming_of, how_they_are
from bot.store.database import Database
from bot.store.messages import FAILED, QUEUED, SENDING
from bot.store.tables import Booking, Conversation, OutboundMessage, Wish
from bot.store.wishes import ask_to_call


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
    if "wish" in content:
        return _may_be_offered(session, content["wish"], at)
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


def _may_be_offered(session: Session, wish_id: str, at: datetime) -> bool:
    """Whether an offer from the wait list still stands, and its patient may be written to."""
    wish = session.get(Wish, wish_id)
    if wish is None or wish.status != PROPOSED:
        return False
    where = session.get_one(Conversation, wish.conversation_id)
    stopped, in_danger = how_they_are(session, at, (where.channel, where.person))
    if in_danger:
        ask_to_call(session, wish, at)
    return not (stopped or in_danger)
