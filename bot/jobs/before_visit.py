"""Two days before a visit its patient is told what to prepare, and asked whether anything changed.

Told once, whatever happens: the visit is claimed in the unit of work that puts the message into the
outbox. Where the assistant may not write, the team is asked to call.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot import logs
from bot.clinic.before_visit import AHEAD, BeforeVisit
from bot.clinic.clock import Clock
from bot.clinic.facts import fill
from bot.clinic.visits.ways import EMAIL, WHATSAPP, Way, Ways
from bot.encryption import DataKeyError
from bot.jobs.looking import look_again_and_again
from bot.store import before_visit as store
from bot.store.checks import make_link
from bot.store.coming import Coming
from bot.store.database import Database

logger = logging.getLogger(__name__)


class BeforeVisits:
    """Looks for visits that come, and sees that their patients are told."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        before: BeforeVisit,
        template: Mapping[str, str],
        letter: Mapping[str, str],
        public_url: str,
        ways: Ways,
    ) -> None:
        """Tells nobody yet.

        Args:
            database: where visits are.
            clock: the clinic's.
            before: what is said, and when.
            template: `whatsapp.templates` of clinic.yml.
            letter: the block `before_visit` of `data/email.yml`.
            public_url: where the check's page is.
            ways: what the clinic can do.
        """
        self._database, self._clock, self._before = database, clock, before
        self._template, self._letter, self._url = template, letter, public_url
        self._ways = ways

    async def watch(self) -> None:
        """Looks again and again until it is cancelled."""
        await look_again_and_again(self.look, "visits that come")

    def look(self) -> None:
        """One look: everybody whose visit comes is told, in the order of the visits."""
        now = self._clock.now()
        for visit_id in store.not_told_yet(self._database, now, AHEAD):
            self._try(visit_id, now)

    def _try(self, visit_id: str, now: datetime) -> None:
        """One visit that cannot be told must not keep the others waiting: the team is asked."""
        try:
            self._tell_or_ask(visit_id, now)
        except Exception as error:
            # The next look tries again.
            _log(visit_id, error)

    def _tell_or_ask(self, visit_id: str, now: datetime) -> None:
        try:
            coming = store.read_coming(self._database, visit_id, now)
        except DataKeyError as error:
            _log(visit_id, error)
            store.leave_unread_to_team(self._database, visit_id, now)
            return
        if not self._before.is_due(coming.visit, now):
            return
        try:
            self._tell(coming, now)
        except Exception as error:
            _log(visit_id, error)
            store.leave_to_team(self._database, coming, now)

    def _tell(self, coming: Coming, now: datetime) -> None:
        visit = coming.visit
        # The template's buttons ask about the writer's own health (brief 4.1).
        has_template = bool(self._template["before_visit"]) and visit.patient_is == "self"
        way = self._ways.to_remind(coming, now, has_template=has_template)
        if way is Way.NOBODY or self._before.is_needless(visit):
            store.leave_out(self._database, coming, now)
        elif way is Way.TEAM:
            if store.leave_to_team(self._database, coming, now):
                logger.info("visit %s is left to the team to call", visit.id)
        elif way is Way.EMAIL:
            letter = self._as_letter(coming, now)
            store.tell(self._database, coming, EMAIL, visit.email, letter, now)
        else:
            said = self._as_template if way is Way.TEMPLATE else self._as_message
            store.tell(self._database, coming, WHATSAPP, coming.address, said(coming, now), now)

    def _as_message(self, coming: Coming, now: datetime) -> dict[str, Any]:
        return self._before.content(coming.visit, now, has_check=coming.has_check)

    def _as_template(self, coming: Coming, now: datetime) -> dict[str, Any]:
        """The same in the template that Meta knows: visit, kind, preparation, question."""
        values = self._before.values(coming.visit, now, "changed")
        names = ("booking_when", "visit", "preparation", "question")
        # Its question and its buttons are those of somebody who was asked before.
        content = self._before.content(coming.visit, now, has_check=True)
        return {
            **content,
            "template": {
                "name": self._template["before_visit"],
                "language": self._template["language"],
                "values": [values[name] for name in names],
                "payloads": [button["payload"] for button in content["buttons"]],
            },
        }

    def _as_letter(self, coming: Coming, now: datetime) -> dict[str, Any]:
        visit = coming.visit
        content = self._as_message(coming, now)
        link = ""
        if visit.patient_is == "self":
            key = make_link(self._database, visit.conversation_id, visit.message_id, visit.id, now)
            link = fill(self._letter["check_link"], {"link": f"{self._url}/check/{key}"})
        known = self._before.values(visit, now, "")
        body = fill(self._letter["body"], {**known, "said": content["text"], "check_link": link})
        return {"letter": {"subject": self._letter["subject"], "body": body}}


def _log(visit_id: str, error: Exception) -> None:
    logger.error(
        "visit %s was not told, error %s: %s",
        visit_id,
        logs.new_error_id(),
        logs.describe(error),
    )
