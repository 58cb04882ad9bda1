"""The pages on which a doctor approves, changes or rejects what patients read.

A form carries the hash of the text that was shown and the length of its history: where either has
changed meanwhile nothing is decided.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.clinic.clock import Clock
from bot.clinic.content import APPROVED, EDITED, REJECTED, Decision, Register, Standing
from bot.clinic.content_checks import Finding, TextChecks
from bot.desk.content_view import ALL, FILTERS, ContentView, Doctor
from bot.desk.pages import Desk
from bot.desk.sessions import Session
from bot.door.content import ServedContent
from bot.store.approvals import add_decision, decisions
from bot.store.database import Database

logger = logging.getLogger(__name__)

CONTENT = "/desk/content"
# Bytes of a form that holds a text twice over, written in percent signs.
LONGEST_FORM = 32 * 1024
LONGEST_REASON = 500


class ContentPages:
    """The list of texts, and each text with its history and what can be decided about it."""

    def __init__(
        self,
        desk: Desk,
        database: Database,
        clock: Clock,
        register: Register,
        checks: TextChecks,
        served: ServedContent,
        view: ContentView,
    ) -> None:
        """Takes its parts ready made."""
        self._desk = desk
        self._database = database
        self._clock = clock
        self._register = register
        self._checks = checks
        self._served = served
        self._view = view

    def routes(self) -> list[Route]:
        """Everything under `/desk/content`."""
        one = f"{CONTENT}/{{id:path}}"
        return [
            Route(CONTENT, self._desk.for_staff(self._list)),
            Route(one, self._desk.for_staff(self._item)),
            Route(one, self._desk.for_staff(self._decide), methods=["POST"]),
        ]

    async def _list(self, request: Request, session: Session) -> Response:
        chosen = request.query_params.get("state", ALL)
        if chosen not in FILTERS:
            return self._desk.go(CONTENT)
        found = await asyncio.to_thread(self._served.standings)
        return self._desk.page(
            "content.html",
            session,
            filters=self._view.filters(found, chosen),
            groups=self._view.groups(found, chosen),
        )

    async def _item(self, request: Request, session: Session) -> Response:
        if request.path_params["id"] not in self._register.items:
            return self._desk.go(CONTENT)
        is_saved = "saved" in request.query_params
        return await asyncio.to_thread(
            self._page, request.path_params["id"], session, is_saved=is_saved
        )

    async def _decide(self, request: Request, session: Session) -> Response:
        item_id = request.path_params["id"]
        form = await self._desk.form_of(request, session, LONGEST_FORM)
        if item_id not in self._register.items:
            return self._desk.go(CONTENT)
        return await asyncio.to_thread(self._decided, item_id, session, form)

    def _decided(self, item_id: str, session: Session, form: Mapping[str, str]) -> Response:
        standing, history = self._standing(item_id)
        seen = (form.get("hash"), form.get("seen"))
        if seen != (standing.shown.hash, str(len(history))):
            return self._page(item_id, session, 409, refusals=[self._view.refusal("changed")])
        doctor = next((d for d in self._view.doctors if d.id == form.get("doctor")), None)
        refusals = self._refusals(standing, doctor, form)
        if refusals or doctor is None:
            return self._page(item_id, session, 422, refusals=refusals, typed=form)
        decision = self._decision(standing, doctor, form, session.user)
        if not add_decision(self._database, decision, seen=len(history)):
            return self._page(item_id, session, 409, refusals=[self._view.refusal("changed")])
        self._served.renew()
        logger.info("text %s is %s", item_id, decision.verdict)
        return self._desk.go(f"{CONTENT}/{item_id}?saved")

    def _refusals(
        self, standing: Standing, doctor: Doctor | None, form: Mapping[str, str]
    ) -> list[str]:
        """Everything that stands against a decision, each as a sentence."""
        verdict, reason = form.get("verdict", ""), form.get("reason", "").strip()
        found = [] if doctor else [self._view.refusal("doctor")]
        if verdict == REJECTED and not reason:
            found.append(self._view.refusal("reason"))
        if len(reason) > LONGEST_REASON:
            found.append(self._view.refusal("long_reason"))
        if verdict == EDITED and standing.item.editable:
            found += map(self._view.said, self._findings(standing, form))
        elif verdict not in (APPROVED, REJECTED):
            found.append(self._view.refusal("verdict"))
        return found

    def _findings(self, standing: Standing, form: Mapping[str, str]) -> list[Finding]:
        edited = self._register.edited(standing.item, *_words(form))
        return self._checks.of_edit(standing.item, edited)

    def _decision(
        self, standing: Standing, doctor: Doctor, form: Mapping[str, str], user: str
    ) -> Decision:
        """What the form says, with the text as it is seen from then on."""
        verdict, shown = form["verdict"], standing.shown
        if verdict == EDITED:
            shown = self._register.edited(standing.item, *_words(form))
        if verdict == APPROVED and shown != standing.item:
            # Who approves a text that was edited approves the edit.
            verdict = EDITED
        is_edit = verdict == EDITED
        return Decision(
            content_id=standing.item.id,
            hash=standing.item.hash,
            verdict=verdict,
            text=shown.whole,
            short=shown.short,
            wording=shown.wording if is_edit else "",
            short_wording=shown.short_wording if is_edit else "",
            reason=form.get("reason", "").strip(),
            doctor=doctor.name,
            registration=doctor.registration,
            by=user,
            at=self._clock.now(),
        )

    def _standing(self, item_id: str) -> tuple[Standing, list[Decision]]:
        history = decisions(self._database, item_id)
        return self._served.standing(self._register.items[item_id], history), history

    def _page(
        self,
        item_id: str,
        session: Session,
        status: int = 200,
        *,
        is_saved: bool = False,
        refusals: Sequence[str] = (),
        typed: Mapping[str, str] | None = None,
    ) -> Response:
        standing, history = self._standing(item_id)
        return self._desk.page(
            "content_item.html",
            session,
            status,
            item=self._view.item(standing, history, self._clock.now()),
            doctors=self._view.doctors,
            is_saved=is_saved,
            refusals=refusals,
            typed=typed or {},
            longest_reason=LONGEST_REASON,
        )


def _words(form: Mapping[str, str]) -> tuple[str, str]:
    """The full and the short form that were typed; a browser sends its own line ends."""
    full, short = (form.get(name, "").replace("\r\n", "\n").strip() for name in ("text", "short"))
    return full, short
