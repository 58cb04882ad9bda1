"""The page of one visit, and what staff do with it: confirmed, arrived, done, cancelled.

A form carries the visit's sequence as it was shown: where somebody was faster nothing is done, and
the visit is shown as it is now.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.clinic.clock import Clock
from bot.clinic.visits.reminders import ReminderPlan
from bot.clinic.visits.statuses import CANCELLED
from bot.desk.brief import BriefView, brief_of
from bot.desk.pages import DESK, LONGEST_FORM, Desk
from bot.desk.sessions import Session
from bot.store.bookings import Booked, TimeTaken, booking_with
from bot.store.changes import STAFF, By, history_of
from bot.store.database import Database
from bot.store.told_changes import ChangeTeller
from bot.store.visits import NotAllowed, VisitChanged, set_status

logger = logging.getLogger(__name__)

VISITS = "/desk/visits"
# The form stood on the day list, to which it leads back.
LIST = "list"


class VisitPages:
    """A visit's brief and history, and the acts on it."""

    def __init__(
        self,
        desk: Desk,
        database: Database,
        clock: Clock,
        view: BriefView,
        teller: ChangeTeller,
        remind: ReminderPlan,
    ) -> None:
        """`teller`: tells the patient on their channel; `remind`: when they are reminded."""
        self._desk = desk
        self._database = database
        self._clock = clock
        self._view = view
        self._teller, self._remind = teller, remind

    def routes(self) -> list[Route]:
        """Everything under `/desk/visits`."""
        one = f"{VISITS}/{{id}}"
        return [
            Route(one, self._desk.for_staff(self._visit)),
            Route(f"{one}/cancel", self._desk.for_staff(self._ask_to_cancel)),
            Route(f"{one}/status", self._desk.for_staff(self._act), methods=["POST"]),
        ]

    async def _visit(self, request: Request, session: Session) -> Response:
        is_saved = "saved" in request.query_params
        return await asyncio.to_thread(
            self._page, request.path_params["id"], session, is_saved=is_saved
        )

    async def _ask_to_cancel(self, request: Request, session: Session) -> Response:
        return await asyncio.to_thread(self._cancel_page, request.path_params["id"], session)

    async def _act(self, request: Request, session: Session) -> Response:
        form = await self._desk.form_of(request, session, LONGEST_FORM)
        return await asyncio.to_thread(self._acted, request.path_params["id"], session, form)

    def _cancel_page(self, visit_id: str, session: Session) -> Response:
        now = self._clock.now()
        visit = booking_with(self._database, visit_id)
        if visit is None or not self._view.may_become(visit, CANCELLED, now):
            return self._page(visit_id, session, 409, refusal="not_now")
        shown = self._view.visit(visit, now)
        return self._desk.page("cancel.html", session, visit=shown)

    def _acted(self, visit_id: str, session: Session, form: Mapping[str, str]) -> Response:
        now, status = self._clock.now(), form.get("status", "")
        visit = booking_with(self._database, visit_id)
        if visit is None or form.get("sequence") != str(visit.sequence):
            return self._page(visit_id, session, 409, refusal="changed")
        if not self._view.may_become(visit, status, now):
            return self._page(visit_id, session, 409, refusal="not_now")
        try:
            self._change(visit, status, session.user, now)
        except (VisitChanged, NotAllowed, TimeTaken):
            return self._page(visit_id, session, 409, refusal="changed")
        logger.info("visit %s is %s", visit_id, status)
        if form.get("back") == LIST:
            return self._desk.go(f"{DESK}#v-{visit_id}")
        return self._desk.go(f"{VISITS}/{visit_id}?saved")

    def _change(self, visit: Booked, status: str, user: str, now: datetime) -> None:
        """The one place where the desk changes a visit."""
        set_status(
            self._database,
            visit.id,
            visit.sequence,
            status,
            By(STAFF, staff_user=user),
            now,
            remind_at=self._remind.due_by(visit.reminders, visit.starts_at, now),
            teller=self._teller,
        )

    def _page(
        self,
        visit_id: str,
        session: Session,
        status: int = 200,
        *,
        is_saved: bool = False,
        refusal: str = "",
    ) -> Response:
        visit = booking_with(self._database, visit_id)
        brief = brief_of(self._database, self._view, visit_id, self._clock.now())
        if visit is None or brief is None:
            return self._desk.page("no_visit.html", session, 404)
        return self._desk.page(
            "brief.html",
            session,
            status,
            brief=brief,
            history=self._view.history(visit, history_of(self._database, visit_id)),
            refusal=self._view.visit_refusal(refusal) if refusal else "",
            is_saved=is_saved,
        )
