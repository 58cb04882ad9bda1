"""A time that somebody gives back is offered to who waits for it, one after the other.

Where `booking.offer_minutes` of clinic.yml says so; else staff offer it at the desk, as they do to
whomever this job does not reach: it asks nobody to call, and sends nothing in the quiet hours.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from bot import logs
from bot.clinic.availability import Availability
from bot.clinic.clock import Clock
from bot.clinic.quiet_hours import QuietHours
from bot.clinic.visits.statuses import WAITLIST
from bot.clinic.visits.ways import WHATSAPP, WINDOW
from bot.clinic.visits.wishes import WEBSITE, TimeOffer, turns, way_to
from bot.jobs.looking import look_again_and_again
from bot.store.database import Database
from bot.store.ticks import busy
from bot.store.wish_offers import (
    Freed,
    freed_since,
    lapsed_offers,
    offer,
    reach_of,
    times_offered,
)
from bot.store.wishes import Wished, open_wishes, take_back

logger = logging.getLogger(__name__)

# An offer that ends sooner helps nobody.
LEAST = timedelta(minutes=5)
# Who wrote so lately is likely to see it before it ends; a browser that was closed shows nothing.
AT_THE_CHAT = {WHATSAPP: WINDOW, WEBSITE: timedelta(hours=1)}


class FreedTimes:
    """Looks for times that were given back, and offers each to one person at a time."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        availability: Availability,
        time_offer: TimeOffer,
        quiet: QuietHours,
        stands: timedelta,
        *,
        has_whatsapp: bool,
    ) -> None:
        """Offers nothing yet.

        Args:
            database: where visits and wishes are.
            clock: the clinic's.
            availability: what is free.
            time_offer: what is said.
            quiet: when nothing is.
            stands: how long an offer stands.
            has_whatsapp: whether WhatsApp is set up.
        """
        self._database, self._clock = database, clock
        self._availability, self._time_offer = availability, time_offer
        self._quiet, self._stands = quiet, stands
        self._has_whatsapp = has_whatsapp

    async def watch(self) -> None:
        """Looks again and again until it is cancelled."""
        await look_again_and_again(self.look, "times that were given back")

    def look(self) -> None:
        """One look: offers that nobody took end, and every time given back finds its next one."""
        now = self._clock.now()
        for wish_id in lapsed_offers(self._database, now):
            if take_back(self._database, wish_id, over_at=now):
                logger.info("nobody took what wish %s was offered", wish_id)
        if self._quiet.cover(now):
            return
        found = open_wishes(self._database, now.astimezone(self._quiet.zone).date())
        if all(each.status != WAITLIST for each in found):
            return
        since = min(each.created_at for each in found)
        for span in freed_since(self._database, since, now):
            try:
                self._find_the_next(span, now)
            except Exception as error:
                # The next look tries again; another time must not wait for this one.
                logger.error(
                    "a time given back was not offered, error %s: %s",
                    logs.new_error_id(),
                    logs.describe(error),
                )

    def _find_the_next(self, span: Freed, now: datetime) -> None:
        """Offers one time of the span to one person, unless an offer in it stands."""
        found = open_wishes(self._database, now.astimezone(self._quiet.zone).date())
        standing = [each.offered_start for each in found if each.offered_start is not None]
        if any(span.starts <= start < span.ends for start in standing):
            return
        waiting = [each for each in found if each.status == WAITLIST]
        for visit in sorted({each.visit for each in waiting} & self._availability.kinds):
            for start in self._free(visit, span, now):
                if self._offered(span, start, visit, waiting, now):
                    return

    def _free(self, visit: str, span: Freed, now: datetime) -> list[datetime]:
        taken = busy(self._database, *self._availability.window(now), now)
        day = span.starts.astimezone(self._quiet.zone).date()
        free = self._availability.free_times(visit, taken, now, day, day)
        return [start for start in free if span.starts <= start < span.ends]

    def _offered(
        self,
        span: Freed,
        start: datetime,
        visit: str,
        waiting: Sequence[Wished],
        now: datetime,
    ) -> bool:
        ends = min(now + self._stands, start - self._availability.lead)
        if ends - now < LEAST:
            return False
        offered = times_offered(self._database)
        for wish in turns(span, start, visit, waiting, offered, self._quiet.zone):
            reach = reach_of(self._database, wish.conversation_id, now)
            way = way_to(
                reach.channel,
                reach.last_heard_at,
                now,
                may_write=reach.may_write,
                has_whatsapp=self._has_whatsapp,
            )
            is_away = now - reach.last_heard_at > AT_THE_CHAT[way] if way else True
            if is_away or (reach.channel, reach.person) == span.by:
                continue
            said = self._time_offer.content(wish.id, visit, start, ends)
            if offer(
                self._database, wish.id, start, said, now,
                way=way, address=reach.address, ends=ends,
            ):  # fmt: skip
                logger.info("wish %s is offered a time that was given back", wish.id)
            # Where somebody else was faster, the next look sees what they did.
            return True
        return False
