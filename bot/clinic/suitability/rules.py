"""What the chat and the page share to run a check, built once from clinic.yml and the data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from bot.clinic import told
from bot.clinic.suitability.check import CHANGED, FULL, Check, is_whole
from bot.clinic.suitability.dialogue import About, CheckDialogue, Outcome, Verdict
from bot.clinic.suitability.outcome import Visit, what_staff_learn
from bot.clinic.suitability.questions import NO, Catalogue
from bot.clinic.told import ToldBooking


class BookedVisit(told.Visit, Protocol):
    """What of a booking the check is about."""

    @property
    def visit(self) -> str:
        """Its kind, as clinic.yml names it."""

    @property
    def device(self) -> str:
        """The device's id in clinic.yml; empty for none."""


@dataclass(frozen=True)
class CheckRules:
    """The clinic's rules around the questions."""

    dialogue: CheckDialogue
    consent_version: str
    # Device kinds by the device's id, and the visits in which a device is used.
    devices: Mapping[str, str]
    treatments: frozenset[str]
    zone: ZoneInfo
    min_age: int
    # Whether health questions may be asked on WhatsApp; without, a link is sent.
    asks_on_whatsapp: bool
    public_url: str
    told: ToldBooking

    @classmethod
    def from_data(
        cls,
        questions: Mapping[str, Any],
        booking_words: Mapping[str, Any],
        ordinary: frozenset[str],
        clinic: Mapping[str, Any],
        told: ToldBooking,
        public_url: str,
    ) -> CheckRules:
        """From `data/suitability.yml`, `data/booking.yml` and clinic.yml.

        `ordinary`: words of the training data that hold no typing error.
        """
        return cls(
            dialogue=CheckDialogue.from_data(questions, booking_words, ordinary),
            consent_version=questions["consent"],
            devices={each["id"]: each["kind"] for each in clinic["devices"]},
            treatments=frozenset(
                name for name, visit in clinic["visits"].items() if visit["needs"]["devices"]
            ),
            zone=ZoneInfo(clinic["clinic"]["zone"]),
            min_age=clinic["policies"]["min_age"],
            asks_on_whatsapp=clinic["whatsapp"]["health_questions"],
            public_url=public_url,
            told=told,
        )

    def about(self, visit: BookedVisit | None, now: datetime) -> About:
        """What the check is about, for a visit or for none yet."""
        day = visit.starts_at.astimezone(self.zone).date() if visit else None
        return About(
            today=now.astimezone(self.zone).date(),
            visit_day=day,
            device=self.devices.get(visit.device, "") if visit else "",
            is_adult=visit is not None,
            min_age=self.min_age,
        )

    def visit_of(self, visit: BookedVisit | None) -> Visit | None:
        """The visit as the outcome needs it."""
        if visit is None:
            return None
        return Visit(
            when=self.told.values(visit)["booking_when"],
            starts_at=visit.starts_at,
            is_treatment=visit.visit in self.treatments,
            device=self.devices.get(visit.device, ""),
        )

    def staff_learn(
        self, before: Check, outcome: Outcome, visit: BookedVisit | None, now: datetime
    ) -> list[tuple[str, str]]:
        """Kind and urgency of each request to the team that an answer makes."""
        if outcome.verdict is Verdict.MINOR:
            return [("check_minor", "routine")] if visit is not None else []
        return what_staff_learn(
            before,
            outcome.check,
            self.dialogue.catalogue,
            self.visit_of(visit),
            now,
            is_over=outcome.verdict in (Verdict.FINISHED, Verdict.STOPPED),
        )


def taken_up(
    check: Check, catalogue: Catalogue, heard: str, *, is_over: bool, is_old: bool
) -> Check:
    """A check that stands: gone on with, begun anew, or asked for what has changed.

    What was told before is kept in each case. `is_over`: it came to its end once; `is_old`:
    nothing was told to it for a day.
    """
    check = replace(check, heard=heard, note="", suspended="")
    if is_over and is_whole(check, catalogue):
        anew = replace(check, kind=CHANGED, done=(), opened=(), news=())
        return replace(anew, unclear=(), again="", asked_again=())
    if is_over:
        # Only what was skipped is asked.
        return replace(check, kind=FULL, done=())
    if not is_old:
        return check
    # What was denied so long ago is asked again; what applied then stands.
    stands = {question: key for question, key in check.answers.items() if key != NO}
    return replace(check, done=(), answers=stands)
