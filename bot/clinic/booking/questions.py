"""The next question: which response of domain.yml, with which values and buttons."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.clinic.booking.draft import (
    NO_REMINDER,
    OTHER,
    SELF,
    Draft,
    Step,
    Surroundings,
    next_step,
)
from bot.clinic.booking.offers import TimeOffers
from bot.clinic.details import spoken_phone
from bot.clinic.times import TimeWish
from bot.clinic.visits.policy import ChangePolicy

# Notes after which the patient may rather wait for another time.
_NOTHING_FITS = ("other_times", "nothing_then", "time_taken", "time_full", "taken")
# So many days of a wish are read back one by one.
_MOST_DAYS = 3
Buttons = tuple[tuple[str, Mapping[str, str]], ...]


@dataclass(frozen=True)
class Question:
    """A response, its values, and the buttons that it cannot hold itself: title and ids."""

    response: str
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    buttons: Buttons = ()


class Questions:
    """Asks for the first fact that is missing."""

    def __init__(self, words: Mapping[str, Any], offers: TimeOffers, policy: ChangePolicy) -> None:
        """`words`: the content of `data/booking.yml`."""
        self._policy = policy
        self._labels, self._notes, self._offers = words["labels"], words["notes"], offers
        self._special: dict[Step, Callable[[Draft, Surroundings], Question]] = {
            Step.TIME: self._time,
            Step.WHOM: self._whom,
            Step.NAME: self._name,
            Step.PHONE: self._phone,
            Step.REMINDERS: self._reminders,
            Step.CONFIRM: self._confirm,
        }

    def ask(self, draft: Draft, world: Surroundings) -> Question:
        """The next question, with the note that comes before it."""
        if draft.note == "stop_which":
            return Question("utter_ask_booking_stop_which")
        step = next_step(draft)
        special = self._special.get(step)
        asked = special(draft, world) if special else Question(f"utter_ask_booking_{step.value}")
        note = self._note(draft) + self._held(draft)
        return Question(asked.response, {**asked.values, "note": note}, asked.buttons)

    def _time(self, draft: Draft, _: Surroundings) -> Question:
        if draft.choices:
            kind = "day" if "-" in draft.choices[0] else "clock"
            shown = tuple((self._offers.say_choice(each), {kind: each}) for each in draft.choices)
            return Question(f"utter_ask_booking_which_{kind}", buttons=shown)
        shown = tuple((self._offers.say_short(each), {"start": each}) for each in draft.offered)
        if not shown:
            return Question("utter_booking_no_free_time")
        if draft.note in _NOTHING_FITS:
            shown = (*shown, (self._labels["wait"], {"then": "wait"}))
        return Question("utter_ask_booking_time", buttons=shown)

    def _whom(self, draft: Draft, _: Surroundings) -> Question:
        is_known = draft.whom == OTHER
        return Question(f"utter_ask_booking_{'adult' if is_known else 'whom'}")

    def _name(self, draft: Draft, _: Surroundings) -> Question:
        whose = "" if draft.whom == SELF else f"_{draft.whom}"
        return Question(f"utter_ask_booking_name{whose}")

    def _phone(self, draft: Draft, world: Surroundings) -> Question:
        if not world.own_phone or draft.note:
            return Question("utter_ask_booking_phone")
        return Question("utter_ask_booking_own_phone", {"own_phone": spoken_phone(world.own_phone)})

    def _reminders(self, _: Draft, world: Surroundings) -> Question:
        ways = (*world.reminder_ways, NO_REMINDER)
        shown = tuple((self._labels["ways"][way], {"reminders": way}) for way in ways)
        return Question("utter_ask_booking_reminders", buttons=shown)

    def _confirm(self, draft: Draft, world: Surroundings) -> Question:
        if draft.waits:
            return Question("utter_ask_booking_wait", {"booking_wish": self._wish(draft)})
        if draft.changing:
            return Question("utter_ask_booking_change")
        about = self._labels["about"].get(draft.concern, "")
        start = datetime.fromisoformat(draft.start)
        return Question(
            "utter_ask_booking_confirm",
            {
                "booking_when": self._offers.say_long(start),
                "booking_policy": self._policy.say(start, world.now, is_booked=False),
                "booking_what": str(self._labels["for"][draft.whom]).format(about=about),
                "booking_name": draft.name,
                "booking_phone": spoken_phone(draft.phone),
                "booking_reminders": str(self._labels["reminders"][draft.reminders]).format(
                    email=draft.email
                ),
            },
        )

    def _wish(self, draft: Draft) -> str:
        """When they would like to come, as the wait list keeps it."""
        wish = TimeWish.from_json(draft.wish)
        days = [self._offers.say_choice(day.isoformat()) for day in wish.days[:_MOST_DAYS]]
        more = [self._labels["more_days"]] if len(wish.days) > _MOST_DAYS else []
        times = [
            str(pattern).format(time=f"{minute // 60:02}:{minute % 60:02}")
            for pattern, minute in (
                (self._labels["wish_exact"], wish.exact),
                (self._labels["wish_earliest"], wish.earliest),
                (self._labels["wish_latest"], wish.latest),
            )
            if minute is not None
        ]
        return ", ".join((*days, *more, *times)) or str(self._labels["any_time"])

    def _held(self, draft: Draft) -> str:
        """Until when the chosen time is kept, said once."""
        if not (draft.start and draft.is_newly_held):
            return ""
        return held_line(self._notes, self._offers, draft.start, draft.held_until)

    def _note(self, draft: Draft) -> str:
        return str(self._notes[draft.note]).format(**draft.note_values) + "\n" if draft.note else ""


def held_line(notes: Mapping[str, Any], offers: TimeOffers, start: str, until: str) -> str:
    """The line that says how long a time is kept, with its end; both as UTC, ISO 8601."""
    values = {"when": offers.say_short(start), "until": offers.say_clock(until)}
    return str(notes["held"]).format(**values) + "\n"
