"""Units of work on drafts: what a conversation has said so far and is not done with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from bot.store.database import Database
from bot.store.tables import Draft

BOOKING, CONTACT, REACTION, VISIT = "booking", "contact", "reaction", "visit"
# Which visits the patient has shown to be theirs by reference, and when.
PROOF = "proof"


def read_draft(database: Database, conversation_id: str, kind: str) -> dict[str, Any] | None:
    """The draft of that kind as it was written last; None while there is none."""
    with database.work() as session:
        found = session.get(Draft, (conversation_id, kind))
        return None if found is None else dict(json.loads(found.content))


def write_draft(
    database: Database, conversation_id: str, kind: str, content: Mapping[str, Any], at: datetime
) -> None:
    """Stores a draft in place of the one before; the content is what JSON can hold.

    Raises:
        sqlalchemy.exc.IntegrityError: there is no such conversation.
        TypeError: JSON cannot hold the content.
    """
    with database.work() as session:
        session.merge(
            Draft(
                conversation_id=conversation_id,
                kind=kind,
                content=json.dumps(content, ensure_ascii=False),
                updated_at=at,
            )
        )


def drop_draft(database: Database, conversation_id: str, kind: str) -> None:
    """Forgets a draft; one that is not there is no error."""
    with database.work() as session:
        delete_draft(session, conversation_id, kind)


def delete_draft(session: Session, conversation_id: str, kind: str) -> None:
    """`drop_draft` inside a unit of work that is open already."""
    session.execute(
        delete(Draft).where(Draft.conversation_id == conversation_id, Draft.kind == kind)
    )
