"""Two days before a visit: what to prepare, and whether anything has changed (brief 3.3, 4.1)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

from bot.clinic.facts import facts, fill
from bot.clinic.payloads import Press, write_payload
from bot.clinic.quiet_hours import QuietHours
from bot.clinic.told import ToldBooking
from bot.clinic.told import Visit as ToldVisit

AHEAD = timedelta(days=2)
# Shortly before the visit nobody can prepare any more.
TOO_LATE = timedelta(hours=3)
CHECK = "start_suitability_check"


class Visit(ToldVisit, Protocol):
    """What of a booking decides what is said before it."""

    @property
    def id(self) -> str:
        """Random."""

    @property
    def visit(self) -> str:
        """The kind of visit in clinic.yml."""

    @property
    def device(self) -> str:
        """The device's id in clinic.yml; empty for none."""

    @property
    def patient_is(self) -> str:
        """self, adult or minor."""

    @property
    def created_at(self) -> datetime:
        """When it was booked."""


class BeforeVisit:
    """Says what, and when it is time."""

    def __init__(
        self,
        clinic: Mapping[str, Any],
        words: Mapping[str, Any],
        wording: Mapping[str, Any],
        told: ToldBooking,
    ) -> None:
        """`words`: the content of `data/before_visit.yml`; `wording`: of `data/facts.yml`."""
        self._clinic, self._words, self._wording, self._told = clinic, words, wording, told
        self._quiet = QuietHours.from_mapping(clinic)
        self._devices = {each["id"]: str(each["kind"]) for each in clinic["devices"]}

    def is_due(self, visit: Visit, now: datetime) -> bool:
        """Whether it is time to say it, outside the clinic's quiet hours."""
        left = visit.starts_at - now
        return TOO_LATE < left <= AHEAD and not self._quiet.cover(now)

    def is_needless(self, visit: Visit) -> bool:
        """Whether a talk was booked so late that its confirmation has said all of it just now."""
        is_late = visit.starts_at - visit.created_at <= AHEAD
        return is_late and not self.is_treatment(visit)

    def is_treatment(self, visit: Visit) -> bool:
        """Whether a device is used in this kind of visit."""
        return bool(self._clinic["visits"].get(visit.visit, {}).get("needs", {}).get("devices"))

    def content(self, visit: Visit, now: datetime, *, has_check: bool) -> dict[str, Any]:
        """The message with its buttons: text and payloads as the outbox keeps them.

        `has_check`: whether the patient has finished the check, so that only changes are asked.
        """
        asks = self._asks(visit, has_check=has_check)
        titles = self._words["buttons"]
        text = fill(self._words["text"], self.values(visit, now, asks))
        lines = [line.strip() for line in text.splitlines()]
        return {
            "text": "\n".join(line for line in lines if line),
            "buttons": [
                {"title": titles[name], "payload": payload}
                for name, payload in self._presses(visit, asks)
            ],
        }

    def values(self, visit: Visit, now: datetime, asks: str) -> dict[str, str]:
        """What the placeholders stand for; `asks` is check, changed or "" for no question."""
        known = facts(self._clinic, self._wording, now)
        name = str(self._clinic["visits"].get(visit.visit, {}).get("name", visit.visit))
        return {
            **known,
            **self._told.values(visit),
            "visit": name,
            "preparation": fill(self._preparation(visit), known),
            "question": str(self._words["questions"][asks]) if asks else "",
        }

    def _asks(self, visit: Visit, *, has_check: bool) -> str:
        # No health question is put about another adult or a child (brief 4.1).
        if visit.patient_is != "self":
            return ""
        return "changed" if has_check else "check"

    def _presses(self, visit: Visit, asks: str) -> list[tuple[str, str]]:
        this = {"visit": visit.id}
        begin = write_payload(Press(CHECK, this))
        pressed = {
            "check": [("check", begin)],
            "changed": [
                ("unchanged", write_payload(Press(CHECK, {**this, "changed": "no"}))),
                ("changed", begin),
            ],
        }
        return [*pressed.get(asks, []), ("question", write_payload(Press("talk_to_staff", {})))]

    def _preparation(self, visit: Visit) -> str:
        lines = self._words["preparation"]
        if not self.is_treatment(visit):
            return str(lines["talk"])
        place = "scalp" if visit.visit in self._words["scalp_visits"] else "skin"
        device = self._words["devices"].get(self._devices.get(visit.device, ""), "")
        return " ".join(each for each in (lines[place], lines["always"], device) if each)
