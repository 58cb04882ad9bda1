"""Until when a visit is moved or cancelled freely, and what is said of it before the act."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from bot.clinic.hours import OpeningHours


class ChangePolicy:
    """The block `booking.cancel` of clinic.yml in words."""

    def __init__(
        self, clinic: Mapping[str, Any], words: Mapping[str, Any], times: Mapping[str, Any]
    ) -> None:
        """`words`: the block `policy` of `data/visits.yml`; `times`: that of `data/facts.yml`."""
        rules = clinic["booking"]["cancel"]
        self._free = timedelta(hours=rules["free_hours"])
        self._fee = str(rules["fee"])
        self._hours = OpeningHours.from_mapping(clinic)
        self._words, self._times = words, times
        said = json.dumps([rules["free_hours"], self._fee, dict(words)], sort_keys=True)
        # Of the rules and their wording: it is stored with what a patient accepted.
        self.version = hashlib.sha256(said.encode()).hexdigest()[:16]

    def free_until(self, starts_at: datetime) -> datetime:
        """The last moment of a free change."""
        return starts_at - self._free

    def is_late(self, starts_at: datetime, now: datetime) -> bool:
        """Whether a change now has to go to the team."""
        return now > self.free_until(starts_at)

    def say(self, starts_at: datetime, now: datetime, *, is_booked: bool = True) -> str:
        """What a patient reads before the act: "Free until Tuesday 24 Nov 2026 at 10:00".

        `is_booked`: false while it is a visit that they are about to book.
        """
        until = self._hours.say_moment(self.free_until(starts_at), self._times)
        if is_booked:
            form = "late" if self.is_late(starts_at, now) else "free"
        else:
            form = "soon" if self.is_late(starts_at, now) else "book"
        fee = str(self._words["fee"]).format(fee=self._fee) if self._fee else ""
        return str(self._words[form]).format(until=until, fee=fee).strip()
