"""A time that somebody gives back is offered to who waits for it, one after the other.

Where `booking.offer_minutes` of clinic.yml says so; else staff offer it at the desk, as they do to
whomever this job does not reach: it asks nobody to call, and sends nothing in the quiet hours.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Set
from datetime import datetime, timedelta
from functools import cache

from bot import logs
from bot.clinic.availability import Availability
from bot.clinic.clock import Clock
from bot.clinic.quiet_hours import QuietHours
from bot.clinic.visits.statuses import WAITLIST
from bot.clinic.visits.ways import WHATSAPP, WINDOW
from bot.clinic.visits.wishes import WEBSITE, TimeOffer, is_in, turns, way_to
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
        waiting = {each.id: each for each in found if each.status == WAITLIST}
        if not waiting:
            return
        standing = [each.offered_start for each in found if each.offered_start is not None]
        offered = times_offered(self._database)
        since = min(each.created_at for each in found)

        @cache
        def free(visit: str) -> list[datetime]:
            """Read once a look, and only where a time was given back."""
            taken = busy(self._database, *self._availability.window(now), now)
            return self._availability.free_times(visit, taken, now)

        for span in freed_since(self._database, since, now):
            if any(is_in(span, start) for start in standing):
                continue
            try:
                made = self._offer_in(span, free, waiting.values(), offered, now)
            except Exception as error:
                # The next look tries again; another time must not wait for this one.
                logger.error(
                    "a time given back was not offered, error %s: %s",
                    logs.new_error_id(),
                    logs.describe(error),
                )
                continue
            if made is not None:
                wish_id, start = made
                del waiting[wish_id]
                standing.append(start)

    def _offer_in(
        self,
        span: Freed,
        free: Callable[[str], list[datetime]],
        waiting: Collection[Wished],
        offered: Set[tuple[str, datetime]],
        now: datetime,
    ) -> tuple[str, datetime] | None:
        """Offers one time of the span to one person: the wish's id and the time."""
        for visit in sorted({each.visit for each in waiting} & self._availability.kinds):
            for start in free(visit):
                for wish in turns(span, start, visit, waiting, offered, self._quiet.zone):
                    if self._was_asked(wish, span, start, now):
                        return wish.id, start
        return None

    def _was_asked(self, wish: Wished, span: Freed, start: datetime, now: datetime) -> bool:
        """Asks whoever can be reached before the offer ends, and did not give it back."""
        ends = min(now + self._stands, start - self._availability.lead)
        if ends - now < LEAST:
            return False
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
            return False
        said = self._time_offer.content(wish.id, wish.visit, start, ends)
        if offer(
            self._database, wish.id, start, said, now, way=way, address=reach.address, ends=ends
        ):
            logger.info("wish %s is offered a time that was given back", wish.id)
        # Where somebody else was faster, the next look sees what they did.
        return True
