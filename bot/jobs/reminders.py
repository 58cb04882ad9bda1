"""Patients who agreed are reminded of their visits, at the moments that were planned.

Each reminder is dealt with once, whatever happens: it is claimed in the unit of work that puts it
into the outbox. Where the assistant may not write, the team is asked to call.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta

from bot import logs
from bot.clinic.clock import Clock
from bot.clinic.quiet_hours import QuietHours
from bot.clinic.visits.notices import VisitNotices
from bot.clinic.visits.statuses import CHANGEABLE
from bot.clinic.visits.ways import EMAIL, WHATSAPP, Way, Ways
from bot.jobs.looking import look_again_and_again
from bot.store import due_reminders as store
from bot.store.database import Database
from bot.store.due_reminders import Due, Fallen

logger = logging.getLogger(__name__)

# After a stop, a reminder of the day before that comes so late leaves it to the next one.
NEAR = timedelta(hours=3)


class Reminders:
    """Looks for reminders that are due, and sees that patients get them."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        notices: VisitNotices,
        quiet: QuietHours,
        letter: Mapping[str, str],
        ways: Ways,
    ) -> None:
        """Reminds nobody yet.

        Args:
            database: where reminders are planned.
            clock: the clinic's.
            notices: what is said.
            quiet: when nothing is.
            letter: the block `reminder` of `data/email.yml`.
            ways: what the clinic can do.
        """
        self._database, self._clock, self._notices = database, clock, notices
        self._quiet, self._letter, self._ways = quiet, letter, ways

    async def watch(self) -> None:
        """Looks again and again until it is cancelled."""
        await look_again_and_again(self.look, "reminders that are due")

    def look(self) -> None:
        """One look: whatever is due is dealt with, unless it is quiet."""
        now = self._clock.now()
        # A stop may have kept what was planned for the evening until the night.
        if not self._quiet.cover(now):
            for fallen in store.fallen_due(self._database, now):
                self._try(fallen, now)

    def _try(self, fallen: Fallen, now: datetime) -> None:
        """One that cannot be sent must not keep the others waiting: the team is asked."""
        due = None
        try:
            due = store.read_due(self._database, fallen, now)
            self._remind(due, now)
        except Exception as error:
            _log(fallen, error)
            self._leave_to_team(fallen, due, now)

    def _leave_to_team(self, fallen: Fallen, due: Due | None, now: datetime) -> None:
        try:
            if due is None:
                store.leave_unread_to_team(self._database, fallen, now)
            else:
                store.leave_to_team(self._database, due, now)
        except Exception as error:
            # The next look tries again.
            _log(fallen, error)

    def _remind(self, due: Due, now: datetime) -> None:
        coming = due.coming
        visit = coming.visit
        way = self._way(due, now)
        if way is Way.NOBODY:
            store.leave_out(self._database, due, now)
        elif way is Way.TEAM:
            if store.leave_to_team(self._database, due, now):
                logger.info("the team is asked to remind of visit %s", visit.id)
        elif way is Way.EMAIL:
            letter = self._notices.letter(visit, now, self._letter)
            store.remind(self._database, due, EMAIL, visit.email, letter, now)
        else:
            content = self._notices.reminder(visit, now, template=way is Way.TEMPLATE)
            store.remind(self._database, due, WHATSAPP, coming.address, content, now)

    def _way(self, due: Due, now: datetime) -> Way:
        """By which way, if there is still something to say."""
        visit = due.coming.visit
        left = visit.starts_at - now
        is_past = left <= timedelta() or (due.has_later and left < NEAR)
        if is_past or visit.status not in CHANGEABLE or visit.sequence != due.fallen.sequence:
            return Way.NOBODY
        has_template = self._notices.has_template("reminder")
        way = self._ways.to_remind(due.coming, now, has_template=has_template)
        # One call is enough.
        return Way.NOBODY if way is Way.TEAM and due.team_knows else way


def _log(fallen: Fallen, error: Exception) -> None:
    logger.error(
        "nobody was reminded of visit %s, error %s: %s",
        fallen.visit_id,
        logs.new_error_id(),
        logs.describe(error),
    )
