"""Keeping a time for a conversation while its patient decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any

from bot.clinic.availability import Availability
from bot.clinic.booking.draft import Draft, Surroundings
from bot.store import holds, ticks
from bot.store.database import Database
from bot.store.holds import HoldTaken, NotHeld

TAKEN = "taken"


@dataclass(frozen=True)
class TimeKeeper:
    """Holds times by the clinic's rules; `lasts`: how long."""

    availability: Availability
    lasts: timedelta

    @classmethod
    def from_mapping(cls, clinic: Mapping[str, Any], availability: Availability) -> TimeKeeper:
        """By `booking.hold_minutes` of clinic.yml."""
        return cls(availability, timedelta(minutes=clinic["booking"]["hold_minutes"]))

    def keep(
        self,
        database: Database,
        conversation_id: str,
        visit: str,
        start: str,
        now: datetime,
        but_booking: str = "",
    ) -> str:
        """Until when a time is kept (UTC, ISO 8601); "" if it is free but not kept, or "taken".

        Args:
            database: where to.
            conversation_id: whose.
            visit: the kind of visit, a key under `visits` in clinic.yml.
            start: the beginning, ISO 8601; "" lets go of what was kept.
            now: the present instant.
            but_booking: a visit that is moved, whose own time is free for it.
        """
        if not start:
            holds.let_go(database, conversation_id)
            return ""
        at = datetime.fromisoformat(start)
        known = holds.held_time(database, conversation_id, now)
        if known is not None and known.is_for(visit, at, but_booking):
            return known.expires_at.isoformat()
        window = self.availability.window(now)
        busy = ticks.busy(
            database, *window, now, but_held_by=conversation_id, but_booking=but_booking
        )
        try:
            held = holds.hold(
                database,
                conversation_id,
                visit,
                self.availability.options_at(visit, at, busy, now),
                window,
                partial(self._is_fair, visit, at, now),
                now,
                self.lasts,
                but_booking,
            )
        except (HoldTaken, NotHeld) as refused:
            holds.let_go(database, conversation_id)
            return TAKEN if isinstance(refused, HoldTaken) else ""
        return held.expires_at.isoformat()

    def held(
        self,
        database: Database,
        conversation_id: str,
        visit: str,
        draft: Draft,
        now: datetime,
        taken: Callable[[Draft], Draft],
        but_booking: str = "",
    ) -> Draft:
        """The draft with its time kept, or as `taken` makes it where somebody else has the time."""
        until = self.keep(database, conversation_id, visit, draft.start, now, but_booking)
        if until == TAKEN:
            draft, until = taken(draft), ""
        is_new = bool(until) and until != draft.held_until
        return replace(draft, held_until=until, is_newly_held=is_new)

    def _is_fair(
        self, visit: str, start: datetime, now: datetime, booked: Any, with_holds: Any
    ) -> bool:
        return self.availability.is_fair_hold(visit, start, booked, with_holds, now)


def surroundings(
    database: Database,
    availability: Availability,
    visit: str,
    conversation_id: str,
    now: datetime,
    but_booking: str = "",
) -> dict[str, Any]:
    """`now`, `free` and `why_not` of `Surroundings` for a kind of visit, read when first asked.

    What the conversation itself holds, and the visit that is moved, is free for it.
    """
    window = availability.window(now)

    @cache
    def busy() -> dict[str, set[int]]:
        return ticks.busy(
            database, *window, now, but_held_by=conversation_id, but_booking=but_booking
        )

    @cache
    def free() -> list[datetime]:
        return availability.free_times(visit, busy(), now)

    return {
        "now": now,
        "free": free,
        "why_not": lambda start: availability.why_not(visit, start, busy(), now),
    }


def times_for(
    database: Database,
    availability: Availability,
    visit: str,
    conversation_id: str,
    now: datetime,
    but_booking: str,
    last_start: datetime,
) -> Surroundings:
    """The world of a visit that is moved: only times are asked of it.

    `but_booking` is the visit, `last_start` its time now.
    """
    found = surroundings(database, availability, visit, conversation_id, now, but_booking)
    return Surroundings(**found, words_of=lambda _: (), last_start=lambda: last_start)
