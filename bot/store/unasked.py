"""The last look at a message that nobody asked for, right before it is sent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from bot.clinic.visits.statuses import OPEN, PROPOSED
from bot.store.before_visit import REQUEST as BEFORE_VISIT
from bot.store.coming import ask_team, coming_of, how_they_are
from bot.store.database import Database
from bot.store.messages import FAILED, QUEUED, SENDING
from bot.store.requests import store_request
from bot.store.tables import Booking, Conversation, OutboundMessage, Wish
from bot.store.told_changes import REQUEST as TELL_CHANGE
from bot.store.wishes import ask_to_call, take_back


def claim_unasked(database: Database, outbound_id: str, at: datetime) -> bool:
    """Takes a queued message for sending if it may still be sent; false if it is not to be.

    It is withdrawn after a STOP, where its visit was changed since or has begun, and after a sign
    of danger, when the team is asked to call instead. Of a change that somebody else made the team
    tells also after a STOP.
    """
    with database.work() as session:
        if not _became(session, outbound_id, QUEUED, SENDING):
            return False
        row = session.get_one(OutboundMessage, outbound_id)
        if _may_be_sent(session, row, at):
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


def _may_be_sent(session: Session, outbound: OutboundMessage, at: datetime) -> bool:
    content = json.loads(outbound.content)
    if "wish" in content:
        return _may_be_offered(session, content["wish"], at)
    if "visit" in content:
        return _may_be_told(session, content, at)
    return _may_be_written_to(session, outbound, at)


def _may_be_told(session: Session, content: Mapping[str, Any], at: datetime) -> bool:
    """Whether what is said of a visit is still so, and its patient may be written to."""
    row = session.get(Booking, content["visit"])
    if row is None or row.starts_at <= at or not _is_as_it_was(row, content):
        return False
    coming = coming_of(session, row, at)
    is_unwanted = coming.wants_nothing_unasked or coming.number_is_wrong
    if not (is_unwanted or coming.in_danger):
        return True
    instead = content.get("instead", "")
    # A patient has to learn of a change, whatever they want.
    if instead and (instead == TELL_CHANGE or not is_unwanted):
        ask_team(session, coming, instead, at, again=True)
    return False


def _is_as_it_was(row: Booking, content: Mapping[str, Any]) -> bool:
    """Every change counts the sequence: it alone tells, also of a visit that is cancelled."""
    if "sequence" in content:
        return bool(content["sequence"] == row.sequence)
    return row.status in OPEN


def _may_be_written_to(session: Session, outbound: OutboundMessage, at: datetime) -> bool:
    """Whether the person may be; an older version kept nothing of what the message is about."""
    where = session.get_one(Conversation, outbound.conversation_id)
    stopped, in_danger = how_they_are(session, at, (where.channel, where.person))
    if in_danger and not stopped:
        # It wrote by itself only before a visit.
        asked = (outbound.conversation_id, outbound.reply_to, BEFORE_VISIT)
        store_request(session, *asked, "routine", at)
    return not (stopped or in_danger)


def _may_be_offered(session: Session, wish_id: str, at: datetime) -> bool:
    """Whether an offer from the wait list still stands, and its patient may be written to.

    One that does not leave is told by the team after danger; else the wish waits on.
    """
    wish = session.get(Wish, wish_id)
    if wish is None or wish.status != PROPOSED:
        return False
    where = session.get_one(Conversation, wish.conversation_id)
    stopped, in_danger = how_they_are(session, at, (where.channel, where.person))
    is_late = wish.offered_start is None or wish.offered_start <= at
    # One that ends goes on to the next by itself, and nobody is called for it.
    goes_on = wish.offer_ends is not None and (in_danger or wish.offer_ends <= at)
    if is_late or goes_on or (stopped and not in_danger):
        take_back(session, wish_id)
        return False
    if in_danger:
        ask_to_call(session, wish, at)
    return not in_danger
