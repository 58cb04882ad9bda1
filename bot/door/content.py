"""What the engine is told of the texts at each turn: edited, withheld, not reviewed yet."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from bot.clinic.clock import Clock
from bot.clinic.content import (
    ContentItem,
    Decision,
    Register,
    Standing,
    serving,
    standing_of,
    standings,
    unreviewed_until,
)
from bot.store.approvals import count_decisions, decisions
from bot.store.database import Database

# Seconds after which another front's approval is seen.
LOOKS_EVERY = 3.0


class ServedContent:
    """The texts of one clinic as doctors have decided on them; kept until somebody decides again.

    The engine may not read our database, so the front tells it.
    """

    def __init__(
        self,
        database: Database,
        register: Register,
        clinic: Mapping[str, Any],
        clock: Clock,
        *,
        is_production: bool,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`now`: seconds that only go forward."""
        self._database = database
        self._register = register
        self._clinic = clinic
        self._clock = clock
        self._is_production = is_production
        self._now = now
        self._months: int | None = clinic["content"]["approval_months"]
        self._zone = ZoneInfo(clinic["clinic"]["zone"])
        self._block: dict[str, Any] = {}
        # How many decisions the block rests on, and its day: an approval runs out by itself.
        self._rests_on: tuple[int, date] | None = None
        self._looks_at = 0.0

    async def block(self) -> dict[str, Any]:
        """What is served otherwise than the files say (`bot.clinic.content.serving`)."""
        if self._is_time():
            await asyncio.to_thread(self._look)
        return self._block

    def edited(self) -> Mapping[str, Mapping[str, str]]:
        """The texts that a doctor has put into other words, by item; called in a thread."""
        if self._is_time():
            self._look()
        return dict(self._block.get("edited", {}))

    def _is_time(self) -> bool:
        if self._now() < self._looks_at:
            return False
        # Before the look: what is decided meanwhile brings the next one.
        self._looks_at = self._now() + LOOKS_EVERY
        return True

    def renew(self) -> None:
        """Has the next turn see what was decided just now."""
        self._looks_at = 0.0

    def standings(self) -> list[Standing]:
        """How every text stands at this moment; reads the database."""
        found = decisions(self._database)
        return standings(self._register, found, self._today(), self._months)

    def standing(self, item: ContentItem, history: Sequence[Decision]) -> Standing:
        """How one text stands at this moment, by its history."""
        return standing_of(self._register, item, history, self._today(), self._months)

    def _today(self) -> date:
        return self._clock.now().astimezone(self._zone).date()

    def _look(self) -> None:
        rests_on = (count_decisions(self._database), self._today())
        if rests_on == self._rests_on:
            return
        waived = unreviewed_until(self._clinic, self._today()) is not None
        self._block = serving(
            self.standings(), is_production=self._is_production, serves_unreviewed=waived
        )
        self._rests_on = rests_on
