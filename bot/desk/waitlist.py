"""The wait list at the desk: who would come sooner, and the free times that staff offer them.

An offer is made once, whoever presses: a wish that changed meanwhile, or a time that is not free
any more, is not offered.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.clinic.availability import Availability
from bot.clinic.clock import Clock
from bot.clinic.visits.statuses import CANCELLED, WAITLIST
from bot.clinic.visits.wishes import TimeOffer, way_to
from bot.desk.pages import LONGEST_FORM, Desk
from bot.desk.sessions import Session
from bot.desk.waitlist_view import Free, WaitListView
from bot.store.database import Database
from bot.store.ticks import busy
from bot.store.wish_offers import Reach, offer, reach_of
from bot.store.wishes import Wished, close_wish, open_wishes, take_back

logger = logging.getLogger(__name__)

WAIT_LIST = "/desk/waitlist"


class WaitListPages:
    """The list, and what staff do with a wish."""

    def __init__(
        self,
        desk: Desk,
        database: Database,
        clock: Clock,
        availability: Availability,
        view: WaitListView,
        time_offer: TimeOffer,
        *,
        has_whatsapp: bool,
    ) -> None:
        """`has_whatsapp`: whether WhatsApp is set up."""
        self._desk = desk
        self._database = database
        self._clock = clock
        self._availability = availability
        self._view = view
        self._time_offer = time_offer
        self._has_whatsapp = has_whatsapp

    def routes(self) -> list[Route]:
        """Everything under `/desk/waitlist`."""
        one = f"{WAIT_LIST}/{{id}}"
        return [
            Route(WAIT_LIST, self._desk.for_staff(self._list)),
            Route(f"{one}/offer", self._desk.for_staff(self._offer), methods=["POST"]),
            Route(f"{one}/take-back", self._desk.for_staff(self._take_back), methods=["POST"]),
            Route(f"{one}/close", self._desk.for_staff(self._close), methods=["POST"]),
        ]

    async def _list(self, request: Request, session: Session) -> Response:
        told = self._view.told(request.query_params.get("told", ""))
        return await asyncio.to_thread(self._page, session, told=told)

    async def _offer(self, request: Request, session: Session) -> Response:
        form = await self._desk.form_of(request, session, LONGEST_FORM)
        start = form.get("start", "")
        return await asyncio.to_thread(self._offered, request.path_params["id"], start, session)

    async def _take_back(self, request: Request, session: Session) -> Response:
        await self._desk.form_of(request, session, LONGEST_FORM)
        return await self._changed(request, session, lambda wish: take_back(self._database, wish))

    async def _close(self, request: Request, session: Session) -> Response:
        await self._desk.form_of(request, session, LONGEST_FORM)
        return await self._changed(
            request, session, lambda wish: close_wish(self._database, wish, CANCELLED)
        )

    async def _changed(
        self, request: Request, session: Session, change: Callable[[str], bool]
    ) -> Response:
        wish_id = request.path_params["id"]
        if await asyncio.to_thread(change, wish_id):
            logger.info("wish %s was changed at the desk", wish_id)
            return self._desk.go(WAIT_LIST)
        return await asyncio.to_thread(self._page, session, 409, refusal="changed")

    def _offered(self, wish_id: str, start: str, session: Session) -> Response:
        now = self._clock.now()
        found = self._found(now)
        wish = next((each for each in found if each.id == wish_id), None)
        if wish is None or wish.status != WAITLIST:
            return self._page(session, 409, refusal="changed")
        free = self._free([wish], now)
        at = {each.isoformat(): each for each in self._view.fitting(wish, found, free)}.get(start)
        if at is None:
            return self._page(session, 409, refusal="gone")
        reach = reach_of(self._database, wish.conversation_id, now)
        way = self._way(reach, now)
        content = self._time_offer.content(wish.id, wish.visit, at)
        if not offer(self._database, wish.id, at, content, now, way=way, address=reach.address):
            return self._page(session, 409, refusal="changed")
        logger.info("wish %s was offered a time", wish_id)
        return self._desk.go(f"{WAIT_LIST}?told={way or 'team'}")

    def _found(self, now: datetime) -> list[Wished]:
        return open_wishes(self._database, self._view.today(now)[0].date())

    def _free(self, found: Sequence[Wished], now: datetime) -> Free:
        """The free times of each kind of visit that somebody waits for."""
        kinds = {each.visit for each in found if each.status == WAITLIST}
        known = kinds & self._view.kinds
        if not known:
            return {}
        taken = busy(self._database, *self._availability.window(now), now)
        return {each: self._availability.free_times(each, taken, now) for each in known}

    def _way(self, reach: Reach, now: datetime) -> str:
        return way_to(
            reach.channel,
            reach.last_heard_at,
            now,
            may_write=reach.may_write,
            has_whatsapp=self._has_whatsapp,
        )

    def _page(
        self, session: Session, status: int = 200, *, refusal: str = "", told: str = ""
    ) -> Response:
        now = self._clock.now()
        found = self._found(now)
        ways = {
            each.id: self._way(reach_of(self._database, each.conversation_id, now), now)
            for each in found
        }
        return self._desk.page(
            "waitlist.html",
            session,
            status,
            wishes=self._view.wishes(found, self._free(found, now), ways, now),
            refusal=self._view.waitlist_refusal(refusal) if refusal else "",
            told=told,
        )
