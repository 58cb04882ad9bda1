"""After a treatment: what is missing to compare a sign with the day table (brief 5.4b).

Device and day are asked once. Whoever answers something else is judged by what is known, by the
most careful number: nobody waits for a verdict because a question was not understood.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum

from bot.clinic.aftercare import AfterCare, Told
from bot.clinic.booking.draft import Heard
from bot.clinic.kept import Kept
from bot.clinic.red_flags import Urgency

DEVICE, DAY = "device", "day"
# Past every table (brief 5.4b).
_LONGEST = 60


class Missing(str, Enum):
    """What is asked next."""

    DEVICE = DEVICE
    DAY = DAY
    NOTHING = "nothing"


@dataclass(frozen=True)
class Reaction(Kept):
    """What one patient has told of a treatment and of how it looks since."""

    sign: str = ""
    courses: tuple[str, ...] = ()
    device: str = ""
    day: int | None = None
    # Of the message that told the sign: a pressed button has none.
    language: str = "en"
    # The questions that were put already.
    asked: tuple[str, ...] = ()
    # The message that was read last.
    heard: str = ""

    def with_more(self, sign: str, courses: Iterable[str]) -> Reaction:
        """The same with another expected sign that was told besides."""
        every = tuple(dict.fromkeys((*self.courses, *courses)))
        return replace(self, sign=self.sign or sign, courses=every)

    @property
    def told(self) -> Told:
        """Device and day as the after-care tables take them."""
        return Told(self.device, self.day)


class ReactionDialogue:
    """Asks for device and day, and judges by them."""

    def __init__(self, aftercare: AfterCare) -> None:
        """Takes the clinic's after-care."""
        self._aftercare = aftercare

    def missing(self, reaction: Reaction) -> Missing:
        """What has to be asked; nothing where the answer would be the same whatever is said."""
        if not reaction.courses:
            return Missing.NOTHING
        if reaction.day is not None:
            # Expected on the shortest of the tables, or past it: doubt goes to the higher class.
            return Missing.NOTHING
        if not reaction.device and DEVICE not in reaction.asked:
            return Missing.DEVICE
        return Missing.NOTHING if DAY in reaction.asked else Missing.DAY

    def hear(self, reaction: Reaction, heard: Heard, today: date) -> Reaction:
        """What is known after one more message."""
        given = heard.entities
        device, day = str(given.get(DEVICE, "")), str(given.get(DAY, ""))
        pressed = device if device in self._aftercare.devices else ""
        told = Told() if given else self._aftercare.told(heard.text, today)
        if not given and told.day is None and heard.text.strip().isdecimal():
            told = replace(told, day=int(heard.text.strip()))
        return replace(
            reaction,
            heard=heard.id,
            device=reaction.device or pressed or told.device,
            day=_first(reaction.day, int(day) if day.isdecimal() else None, told.day),
        )

    def judge(self, reaction: Reaction) -> tuple[Urgency, str]:
        """The class and the sign's id, from all that is known now."""
        for course in reaction.courses:
            if not self._aftercare.still_expected(course, reaction.told):
                return Urgency.SAME_DAY, self._aftercare.past_sign(course)
        return Urgency.EXPECTED, reaction.sign

    def last_day(self, reaction: Reaction) -> int | None:
        """The last day on which all that was told is still expected; None where no day decides."""
        if not reaction.courses:
            return None
        return max(
            day
            for day in range(_LONGEST)
            if all(
                self._aftercare.still_expected(course, Told(reaction.device, day))
                for course in reaction.courses
            )
            or not day
        )


def _first(*days: int | None) -> int | None:
    return next((day for day in days if day is not None), None)
