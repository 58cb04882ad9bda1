"""Whoever has a number that was typed on the website is asked once whether it is theirs.

A job and not the booking itself: in the quiet hours the question waits, because a number that was
mistyped is a stranger's.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from bot import logs
from bot.clinic.clock import Clock
from bot.clinic.quiet_hours import QuietHours
from bot.clinic.visits.notices import VisitNotices
from bot.jobs.looking import look_again_and_again
from bot.store.bookings import booking_with
from bot.store.database import Database
from bot.store.numbers import ask_number, numbers_to_ask

logger = logging.getLogger(__name__)


class Numbers:
    """Looks for numbers that nobody was asked about, and asks."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        notices: VisitNotices,
        quiet: QuietHours,
        silence: timedelta,
    ) -> None:
        """Asks nobody yet.

        Args:
            database: where visits are.
            clock: the clinic's.
            notices: what is asked; Meta has approved `first_message`.
            quiet: when nothing is.
            silence: after how long a conversation has ended.
        """
        self._database, self._clock, self._notices = database, clock, notices
        self._quiet, self._silence = quiet, silence

    async def watch(self) -> None:
        """Looks again and again until it is cancelled."""
        await look_again_and_again(self.look, "numbers to ask about")

    def look(self) -> None:
        """One look: every number that may be written to is asked about."""
        now = self._clock.now()
        if self._quiet.cover(now):
            return
        for visit_id in numbers_to_ask(self._database, now):
            try:
                visit = booking_with(self._database, visit_id)
                if visit is None:
                    continue
                asked = self._notices.number(visit, now)
                ask_number(self._database, visit, asked, now, self._silence)
            except Exception as error:
                # The next look tries again; until then the team reminds.
                logger.error(
                    "the number of visit %s was not asked about, error %s: %s",
                    visit_id,
                    logs.new_error_id(),
                    logs.describe(error),
                )
