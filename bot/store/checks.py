"""Units of work on suitability checks: one patient's answers, never another's."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session, aliased

from bot.store.conversations import new_id
from bot.store.database import Database
from bot.store.tables import Check, CheckLink, Conversation, InboundMessage

OPEN, STOPPED, FINISHED = "open", "stopped", "finished"
# A check can be gone on with so long; then it begins anew (brief, part 4).
RESUMABLE = timedelta(days=1)
LINK_LASTS = timedelta(days=2)


@dataclass(frozen=True)
class StoredCheck:
    """A check as it is stored; `booking_id` is "" while the patient has no visit."""

    id: str
    conversation_id: str
    booking_id: str
    state: str
    started_at: datetime
    updated_at: datetime
    finished_at: datetime | None
    renewed_at: datetime | None
    content: Mapping[str, Any] = field(repr=False)

    def is_old(self, now: datetime) -> bool:
        """Whether it lies too long to be gone on with."""
        return now - self.updated_at > RESUMABLE

    def is_over(self, now: datetime) -> bool:
        """Whether it came to its end; a second round that nobody went on with leaves it so."""
        return self.state == FINISHED or (self.finished_at is not None and self.is_old(now))


@dataclass(frozen=True)
class Link:
    """Where a link to the page leads."""

    conversation_id: str
    message_id: str
    booking_id: str
    # Whether it was opened, by the browser that asks now.
    is_opened: bool


def begin_check(
    database: Database,
    conversation_id: str,
    booking_id: str,
    content: Mapping[str, Any],
    at: datetime,
) -> str:
    """Stores a new check, for a visit or "" for none yet, and gives its id.

    Raises:
        sqlalchemy.exc.IntegrityError: there is no such conversation or booking.
    """
    check_id = new_id()
    with database.work() as session:
        session.add(
            Check(
                id=check_id,
                conversation_id=conversation_id,
                booking_id=booking_id or None,
                state=OPEN,
                content=_json(content),
                started_at=at,
                updated_at=at,
            )
        )
    return check_id


def write_check(
    database: Database,
    before: StoredCheck,
    content: Mapping[str, Any],
    state: str,
    at: datetime,
    *,
    is_renewal: bool = False,
) -> bool:
    """Stores how far a check has come; `is_renewal`: it asked whether anything has changed.

    False, and nothing is stored, where somebody has written to it since it was read as `before`:
    two pages of one patient, or a page and the chat.
    """
    values: dict[str, Any] = {"content": _json(content), "state": state, "updated_at": at}
    if state == FINISHED:
        values["renewed_at" if is_renewal else "finished_at"] = at
    with database.work() as session:
        written = session.execute(
            update(Check)
            .where(Check.id == before.id, Check.updated_at == before.updated_at)
            .values(**values)
        )
        return bool(written.rowcount)  # type: ignore[attr-defined]


def drop_check(database: Database, check_id: str, *, forgets_words: bool = False) -> None:
    """Forgets a check; `forgets_words`: and what was written since it began.

    Nothing of a minor is kept (brief Q01).
    """
    with database.work() as session:
        check = session.get(Check, check_id)
        if check is None:
            return
        if forgets_words:
            session.execute(
                update(InboundMessage)
                .where(
                    InboundMessage.conversation_id == check.conversation_id,
                    InboundMessage.received_at >= check.started_at,
                )
                .values(text="")
            )
        session.delete(check)


def running_check(database: Database, conversation_id: str, at: datetime) -> StoredCheck | None:
    """The check that the person behind a conversation can go on with; None without one."""
    with database.work() as session:
        found = session.scalar(
            _theirs(conversation_id)
            .where(Check.state != FINISHED, Check.updated_at > at - RESUMABLE)
            .order_by(Check.updated_at.desc())
        )
        return None if found is None else _stored(found)


def latest_check(
    database: Database, conversation_id: str, booking_id: str, at: datetime
) -> StoredCheck | None:
    """The newest check of the person for a visit, or one of the last day that is for none.

    What is for no visit yet may be somebody else's later: a device has several users.
    """
    unbound = Check.booking_id.is_(None) & (Check.updated_at > at - RESUMABLE)
    with database.work() as session:
        found = session.scalar(
            _theirs(conversation_id)
            .where(Check.booking_id == booking_id if booking_id else unbound)
            .order_by(Check.updated_at.desc())
        )
        return None if found is None else _stored(found)


def last_check(database: Database, conversation_id: str) -> StoredCheck | None:
    """The check of the person that something was last told to."""
    with database.work() as session:
        found = session.scalar(_theirs(conversation_id).order_by(Check.updated_at.desc()))
        return None if found is None else _stored(found)


def check_for(database: Database, booking_id: str) -> StoredCheck | None:
    """The newest check for a visit: what the doctor reads before it."""
    return checks_for(database, [booking_id]).get(booking_id)


def checks_for(database: Database, booking_ids: Sequence[str]) -> dict[str, StoredCheck]:
    """The newest check of each visit that has one."""
    with database.work() as session:
        found = session.scalars(
            select(Check).where(Check.booking_id.in_(booking_ids)).order_by(Check.updated_at)
        )
        return {str(row.booking_id): _stored(row) for row in found}


def bind_check(session: Session, conversation_id: str, booking_id: str, at: datetime) -> None:
    """Gives the visit that is just being booked the check that its patient has begun without one.

    Inside the booking's own unit of work. Only of this conversation: another one on the same
    device may be somebody else's. A link that leads to the check leads to it still.
    """
    newest = session.scalar(
        select(Check)
        .where(
            Check.conversation_id == conversation_id,
            Check.booking_id.is_(None),
            Check.updated_at > at - RESUMABLE,
        )
        .order_by(Check.updated_at.desc())
        .limit(1)
    )
    if newest is not None:
        newest.booking_id = booking_id
    session.execute(
        update(CheckLink)
        .where(CheckLink.conversation_id == conversation_id, CheckLink.booking_id.is_(None))
        .values(booking_id=booking_id)
    )


def make_link(
    database: Database, conversation_id: str, message_id: str, booking_id: str, at: datetime
) -> str:
    """A new link's key, which stands nowhere but in the link itself."""
    key = secrets.token_urlsafe(32)
    with database.work() as session:
        session.add(
            CheckLink(
                key_hash=_hash(database, key),
                conversation_id=conversation_id,
                message_id=message_id,
                booking_id=booking_id or None,
                created_at=at,
                expires_at=at + LINK_LASTS,
            )
        )
    return key


def see_link(database: Database, key: str, browser: str, at: datetime) -> Link | None:
    """Where a link leads for a browser, without opening it; None where it leads nowhere.

    Messengers fetch a link before anybody presses it, so looking must not open it.
    """
    with database.work() as session:
        link = _link_for(session, database, key, browser, at)
        return None if link is None else _leads(link)


def open_link(database: Database, key: str, browser: str, at: datetime) -> Link | None:
    """Where a link leads, for the browser that opened it first; None for anybody else.

    `browser`: the secret that the browser keeps in a cookie.
    """
    with database.work() as session:
        link = _link_for(session, database, key, browser, at)
        if link is None:
            return None
        link.browser_hash = _hash(database, browser)
        return _leads(link)


def _link_for(
    session: Session, database: Database, key: str, browser: str, at: datetime
) -> CheckLink | None:
    """The link while it leads somewhere, unless another browser has opened it."""
    link = session.get(CheckLink, _hash(database, key))
    if link is None or link.expires_at <= at:
        return None
    return link if link.browser_hash in (None, _hash(database, browser)) else None


def _leads(link: CheckLink) -> Link:
    is_opened = link.browser_hash is not None
    return Link(link.conversation_id, link.message_id, link.booking_id or "", is_opened)


def end_link(database: Database, key: str, at: datetime) -> None:
    """Makes a link lead nowhere from a moment on."""
    with database.work() as session:
        link = session.get(CheckLink, _hash(database, key))
        if link is not None:
            link.expires_at = at


def _theirs(conversation_id: str) -> Select[Check]:
    """The checks of the person behind a conversation, over all their conversations."""
    this = aliased(Conversation)
    return (
        select(Check)
        .join(Conversation, Conversation.id == Check.conversation_id)
        .join(this, (this.channel == Conversation.channel) & (this.person == Conversation.person))
        .where(this.id == conversation_id)
        .limit(1)
    )


def _hash(database: Database, secret: str) -> str:
    return database.cipher.search_hash(f"check:{secret}")


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False)


def _stored(row: Check) -> StoredCheck:
    return StoredCheck(
        row.id,
        row.conversation_id,
        row.booking_id or "",
        row.state,
        row.started_at,
        row.updated_at,
        row.finished_at,
        row.renewed_at,
        dict(json.loads(row.content)),
    )
