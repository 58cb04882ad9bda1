"""Two days before a visit its patient is told what to prepare, and asked whether anything changed.

Told once, whatever happens: the visit is claimed in the unit of work that puts the message into the
outbox. Where the assistant may not write, the team is asked to call.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from bot import logs
from bot.clinic.before_visit import AHEAD, BeforeVisit
from bot.clinic.clock import Clock
from bot.clinic.facts import fill
from bot.store import before_visit as store
from bot.store.before_visit import Coming
from bot.store.checks import make_link
from bot.store.database import Database
from bot.store.messages import EMAIL

logger = logging.getLogger(__name__)

# Seconds between two looks; a visit is two days away.
LOOK_EVERY = 10.0
WHATSAPP = "whatsapp"
# Meta takes free text so long after the patient's last message; a little is left for the sending.
WINDOW = timedelta(hours=24) - timedelta(minutes=10)
NO_REMINDER = "none"
PENDING = "pending"


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
        *,
        mails: bool,
        writes: bool,
    ) -> None:
        """Tells nobody yet.

        Args:
            database: where visits are.
            clock: the clinic's.
            before: what is said, and when.
            template: `whatsapp.templates` of clinic.yml.
            letter: the block `before_visit` of `data/email.yml`.
            public_url: where the check's page is.
            mails: whether the clinic can send e-mail.
            writes: whether WhatsApp is set up.
        """
        self._database, self._clock, self._before = database, clock, before
        self._template, self._letter, self._url = template, letter, public_url
        self._mails, self._writes = mails, writes

    async def watch(self) -> None:
        """Looks again and again until it is cancelled."""
        while True:
            try:
                await asyncio.to_thread(self.look)
            except Exception as error:
                logger.error(
                    "looking for visits that come failed, error %s: %s",
                    logs.new_error_id(),
                    logs.describe(error),
                )
            await asyncio.sleep(LOOK_EVERY)

    def look(self) -> None:
        """One look: everybody whose visit comes is told, in the order of the visits."""
        now = self._clock.now()
        for coming in store.not_told_yet(self._database, now, AHEAD):
            if self._before.is_due(coming.visit, now):
                self._try(coming, now)

    def _try(self, coming: Coming, now: datetime) -> None:
        """One visit that cannot be told must not keep the others waiting: the team is asked."""
        try:
            self._tell(coming, now)
        except Exception as error:
            logger.error(
                "visit %s was not told, error %s: %s",
                coming.visit.id,
                logs.new_error_id(),
                logs.describe(error),
            )
            store.leave_to_team(self._database, coming, now)

    def _tell(self, coming: Coming, now: datetime) -> None:
        visit = coming.visit
        is_unwanted = visit.reminders == NO_REMINDER or coming.wants_nothing_unasked
        if is_unwanted or self._before.is_needless(visit):
            store.leave_out(self._database, coming, now)
            return
        if visit.status == PENDING:
            # It is not confirmed, and must not be told as if it were.
            store.leave_to_team(self._database, coming, now)
            return
        content = self._before.content(visit, now, has_check=coming.has_check)
        if self._may_mail(coming):
            store.tell(
                self._database,
                coming,
                EMAIL,
                visit.email,
                self._as_letter(coming, content, now),
                now,
            )
        elif self._may_write(coming, now):
            in_window = now - coming.last_heard_at < WINDOW
            said = content if in_window else self._as_template(coming, now)
            store.tell(self._database, coming, WHATSAPP, coming.address, said, now)
        elif store.leave_to_team(self._database, coming, now):
            logger.info("visit %s is left to the team to call", visit.id)

    def _may_mail(self, coming: Coming) -> bool:
        is_wanted = coming.visit.reminders == EMAIL and bool(coming.visit.email)
        return is_wanted and self._mails and not coming.in_danger

    def _may_write(self, coming: Coming, now: datetime) -> bool:
        """Whether a message on WhatsApp may go out by itself."""
        is_wanted = coming.visit.reminders == WHATSAPP and coming.channel == WHATSAPP
        if not (is_wanted and self._writes) or coming.in_danger:
            return False
        # The template's buttons ask about the writer's own health (brief 4.1).
        has_template = self._template["before_visit"] and coming.visit.patient_is == "self"
        return now - coming.last_heard_at < WINDOW or bool(has_template)

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

    def _as_letter(
        self, coming: Coming, content: Mapping[str, Any], now: datetime
    ) -> dict[str, Any]:
        visit = coming.visit
        link = ""
        if visit.patient_is == "self":
            key = make_link(self._database, visit.conversation_id, visit.message_id, visit.id, now)
            link = fill(self._letter["check_link"], {"link": f"{self._url}/check/{key}"})
        known = self._before.values(visit, now, "")
        body = fill(self._letter["body"], {**known, "said": content["text"], "check_link": link})
        return {"letter": {"subject": self._letter["subject"], "body": body}}
