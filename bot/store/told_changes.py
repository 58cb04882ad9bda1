"""A patient is told what somebody else changed of their visit, in the same unit of work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from bot.clinic.quiet_hours import QuietHours
from bot.clinic.visits.notices import VisitNotices, what_happened
from bot.clinic.visits.ways import EMAIL, WHATSAPP, Way, Ways
from bot.store.coming import Coming, ask_team, coming_of, offer_until_visit, say_unasked
from bot.store.messages import queue_elsewhere, queue_notice
from bot.store.tables import Booking

# What the team has to do where nobody can know that the patient learns of it.
REQUEST = "tell_change"


@dataclass(frozen=True)
class ChangeTeller:
    """What is said of a change, by which ways the clinic can say it, and when it says nothing."""

    notices: VisitNotices
    ways: Ways
    quiet: QuietHours

    def tell(
        self, session: Session, row: Booking, before: str, at: datetime, *, moved: bool
    ) -> None:
        """Puts it out for the visit as it stands now, if there is anything to tell.

        Args:
            session: the unit of work that changes the visit.
            row: the visit, changed.
            before: its status before.
            at: the present instant.
            moved: whether it has another time.
        """
        what = what_happened(before, row.status, moved=moved)
        if not what or row.starts_at <= at:
            return
        coming = coming_of(session, row, at)
        has_template = self.notices.has_template("change")
        way = self.ways.to_tell_change(coming, at, has_template=has_template)
        if way is Way.EMAIL:
            queue_letter(session, row, at, moved=moved)
        elif way is Way.CHAT:
            content = self.notices.news(at)
            queue_notice(session, row.message_id, content, at)
            offer_until_visit(session, coming, content, at)
        elif way in (Way.WHATSAPP, Way.TEMPLATE):
            self._write(session, coming, what, at, template=way is Way.TEMPLATE)
        # Until the quiet hours are over it may be too late.
        waits = way is not Way.EMAIL and self.quiet.cover(at)
        if way in (Way.CHAT, Way.TEAM) or waits:
            ask_team(session, coming, REQUEST, at, again=True)

    def _write(
        self, session: Session, coming: Coming, what: str, at: datetime, *, template: bool
    ) -> None:
        content = self.notices.change(what, coming.visit, at, template=template)
        say_unasked(session, coming, WHATSAPP, coming.address, content, REQUEST, at)


def queue_letter(session: Session, row: Booking, at: datetime, *, moved: bool = False) -> None:
    """Puts the letter about a visit into the outbox; its words are those of when it is sent."""
    about = {"booking": row.id, "moved": True} if moved else {"booking": row.id}
    queue_elsewhere(session, row.message_id, EMAIL, row.email or "", about, at)
