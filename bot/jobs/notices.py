"""Tells the clinic by e-mail that somebody waits, so that a person really learns of the patient.

A notice holds numbers and the desk's address; what patients wrote is read at the desk only.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from bot import logs
from bot.clinic.clock import Clock
from bot.door.door import Delivery
from bot.store import requests
from bot.store.database import Database
from bot.store.requests import Waiting

logger = logging.getLogger(__name__)

# Told at once, to whoever is on call too.
URGENT = ("crisis", "emergency", "same_day")
# What can wait is told at most so often.
BUNDLE = timedelta(minutes=5)
LONGEST_WAIT = timedelta(minutes=5)
# Seconds between two looks.
LOOK_EVERY = 1.0

# Sends an id, an address, a subject and a body; a repeated id is the same e-mail.
Send = Callable[[str, str, str, str], Awaitable[Delivery]]


class Notices:
    """Looks for requests that nobody was told of, and tells."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        send: Send,
        recipients: Mapping[str, Any],
        words: Mapping[str, str],
        urgencies: Mapping[str, str],
        desk: str,
    ) -> None:
        """Sends nothing yet.

        Args:
            database: where requests are.
            clock: the clinic's.
            send: how an e-mail leaves.
            recipients: the block `notices` of clinic.yml.
            words: the block `notice` of `data/email.yml`.
            urgencies: their names in `data/desk.yml`.
            desk: the desk's web address.
        """
        self._database, self._clock, self._send = database, clock, send
        self._routine = _each_once([*recipients["emails"]])
        self._urgent = _each_once([*recipients["emails"], *recipients["urgent_emails"]])
        self._words, self._urgencies, self._desk = words, urgencies, desk
        # Since somebody was last told: failed rounds, when the next may be, the urgent requests
        # that were tried already, and of which requests an address was told.
        self._failures = 0
        self._next_try_at: datetime | None = None
        self._tried: set[str] = set()
        self._told: dict[str, set[str]] = {}

    async def watch(self) -> None:
        """Looks again and again until it is cancelled; ends at once if nobody is to be told."""
        while self._urgent:
            try:
                await self.look()
            except Exception as error:
                logger.error(
                    "looking for who waits failed, error %s: %s",
                    logs.new_error_id(),
                    logs.describe(error),
                )
            await asyncio.sleep(LOOK_EVERY)

    async def look(self) -> None:
        """One look: tells of what is new if it is time, and remembers it in the database.

        What was sent and could not be remembered is sent again under the same id.
        """
        waiting = await asyncio.to_thread(requests.waiting_requests, self._database)
        urgent = {each for each, urgency in waiting.new.items() if urgency in URGENT}
        recipients = self._urgent if urgent else self._routine
        now = self._clock.now()
        if not waiting.new or not recipients or not self._is_time(waiting, urgent, now):
            return
        self._tried |= urgent
        if await self._tell(recipients, waiting):
            await asyncio.to_thread(requests.note_told, self._database, [*waiting.new], now)
            self._failures, self._next_try_at = 0, None
            self._tried.clear()
            self._told.clear()
        else:
            self._failures += 1
            self._next_try_at = now + _wait_after(self._failures)

    def _is_time(self, waiting: Waiting, urgent: set[str], now: datetime) -> bool:
        if urgent - self._tried:
            return True
        if self._next_try_at is not None and now < self._next_try_at:
            return False
        is_long_ago = waiting.last_told_at is None or now - waiting.last_told_at >= BUNDLE
        return bool(urgent) or is_long_ago

    async def _tell(self, recipients: list[str], waiting: Waiting) -> bool:
        """Whether somebody was told, and nobody is left who may be at another try."""
        deliveries = await asyncio.gather(*(self._tell_one(each, waiting) for each in recipients))
        ended = (Delivery.SENT, Delivery.FAILED)
        return Delivery.SENT in deliveries and all(each in ended for each in deliveries)

    async def _tell_one(self, address: str, waiting: Waiting) -> Delivery:
        if waiting.new.keys() <= self._told.get(address, set()):
            return Delivery.SENT
        values = {
            "count": waiting.count,
            "new": len(waiting.new),
            "urgency": self._urgencies[waiting.urgency],
            "desk": self._desk,
        }
        subject, body = (self._words[part].format(**values) for part in ("subject", "body"))
        newest = [*waiting.new][-1]
        delivery = await self._send(f"{newest}.notice", address, subject, body)
        if delivery is Delivery.SENT:
            self._told[address] = {*waiting.new}
        return delivery


def _each_once(addresses: list[str]) -> list[str]:
    """The addresses without what is empty or there already."""
    return [*{address.casefold(): address for address in addresses if address}.values()]


def _wait_after(failures: int) -> timedelta:
    """How long to wait after so many failed rounds: 4, 16, 64, 256 seconds, then five minutes."""
    return min(timedelta(seconds=4 ** min(failures, 6)), LONGEST_WAIT)
