"""Units of work on what is limited by the hour: holds, and wrong guesses at a reference."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from bot.store.database import Database
from bot.store.tables import Conversation, Mark

HOLD, GUESS = "hold", "guess"
_HOUR = timedelta(hours=1)


def may_again(
    session: Session, kind: str, conversation_id: str, most: Mapping[str, int], at: datetime
) -> bool:
    """Whether the person and the network address behind a conversation are under their limits.

    `most`: how often in an hour, for `person` and for `origin`, which many people may share.
    """
    for whose, limit in _whose(session, conversation_id, most).items():
        marked = select(func.count()).where(
            Mark.kind == kind, Mark.whose == whose, Mark.at > at - _HOUR
        )
        if (session.scalar(marked) or 0) >= limit:
            return False
    return True


def mark(session: Session, kind: str, conversation_id: str, at: datetime) -> None:
    """Remembers that they did it; what is older than an hour is forgotten."""
    session.execute(delete(Mark).where(Mark.kind == kind, Mark.at <= at - _HOUR))
    everybody = {"person": 0, "origin": 0}
    for whose in _whose(session, conversation_id, everybody):
        session.add(Mark(kind=kind, whose=whose, at=at))
    session.flush()


def _whose(session: Session, conversation_id: str, most: Mapping[str, int]) -> dict[str, int]:
    found = session.get_one(Conversation, conversation_id)
    theirs = {found.person: most["person"]}
    return {**theirs, found.origin: most["origin"]} if found.origin else theirs


def may_guess(
    database: Database, conversation_id: str, most: Mapping[str, int], at: datetime
) -> bool:
    """Whether one more reference may be looked up: fewer than `most` were wrong in the last hour.

    Only `note_miss` counts. Of two who ask at once before the last allowed miss each may look.
    """
    with database.read() as session:
        return may_again(session, GUESS, conversation_id, most, at)


def note_miss(database: Database, conversation_id: str, at: datetime) -> None:
    """Counts a reference that was not the patient's; who finds their own visit is never counted.

    Many patients of one mobile network share an address, and those who look up their own visit
    should not keep the others from theirs.
    """
    with database.work() as session:
        mark(session, GUESS, conversation_id, at)
