"""Units of work on what doctors decided about the texts that patients read."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, inspect, select
from sqlalchemy.orm import Session

from bot.clinic.content import VERDICTS, Decision
from bot.store.database import Database
from bot.store.tables import ContentDecision


def add_decision(database: Database, decision: Decision, *, seen: int) -> bool:
    """Adds a decision to the history of its text; false if somebody decided since it was shown.

    `seen`: how many decisions on the text the doctor was shown.

    Raises:
        ValueError: nobody can decide that, or a rejection gives no reason.
    """
    if decision.verdict not in VERDICTS:
        raise ValueError(f"{decision.verdict!r} is no verdict on a text")
    if decision.verdict == "rejected" and not decision.reason.strip():
        raise ValueError("a rejection needs a reason")
    with database.work() as session:
        if _count(session, decision.content_id) != seen:
            return False
        session.add(
            ContentDecision(
                content_id=decision.content_id,
                content_hash=decision.hash,
                verdict=decision.verdict,
                text=decision.text,
                short=decision.short,
                wording=decision.wording,
                short_wording=decision.short_wording,
                reason=decision.reason,
                doctor=decision.doctor,
                registration=decision.registration,
                decided_by=decision.by,
                decided_at=decision.at,
            )
        )
    return True


def decisions(database: Database, content_id: str = "") -> list[Decision]:
    """Every decision, or those on one text, the newest last."""
    query = select(ContentDecision).order_by(ContentDecision.id)
    if content_id:
        query = query.where(ContentDecision.content_id == content_id)
    with database.read() as session:
        return _read(session.scalars(query).all())


def has_history(database: Database) -> bool:
    """Whether the database has the table of decisions yet."""
    with database.look() as connection:
        return inspect(connection).has_table(ContentDecision.__tablename__)


def count_decisions(database: Database) -> int:
    """How many decisions there are: a number that grows with each."""
    with database.read() as session:
        return _count(session)


def _count(session: Session, content_id: str = "") -> int:
    query = select(func.count()).select_from(ContentDecision)
    if content_id:
        query = query.where(ContentDecision.content_id == content_id)
    return session.scalar(query) or 0


def _read(rows: Sequence[ContentDecision]) -> list[Decision]:
    return [
        Decision(
            content_id=row.content_id,
            hash=row.content_hash,
            verdict=row.verdict,
            text=row.text,
            short=row.short,
            wording=row.wording,
            short_wording=row.short_wording,
            reason=row.reason,
            doctor=row.doctor,
            registration=row.registration,
            by=row.decided_by,
            at=row.decided_at,
        )
        for row in rows
    ]
