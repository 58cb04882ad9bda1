"""The next question about a visit that stands: which response, with which values and buttons."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.clinic.booking.offers import TimeOffers
from bot.clinic.booking.questions import Question, held_line
from bot.clinic.visits.draft import MOVE, Step, Visit, VisitDraft, VisitWorld, next_step
from bot.clinic.visits.policy import ChangePolicy


class VisitQuestions:
    """Asks for what is missing."""

    def __init__(
        self,
        words: Mapping[str, Any],
        booking_words: Mapping[str, Any],
        offers: TimeOffers,
        policy: ChangePolicy,
    ) -> None:
        """`words`: the content of `data/visits.yml`; `booking_words`: of `data/booking.yml`."""
        self._notes, self._line = words["notes"], str(words["line"])
        self._time_notes = booking_words["notes"]
        self._offers, self._policy = offers, policy

    def ask(self, draft: VisitDraft, world: VisitWorld) -> Question:
        """The next question, with the note that comes before it."""
        step = next_step(draft)
        visit = world.visit_with(draft.visit)
        note = {"note": self._note(draft)}
        if step is Step.PROOF or not world.visits:
            return Question(_proof_question(draft, world), note)
        if step is Step.WHICH or visit is None:
            return self._which(world, note)
        values = {**note, **self.values(visit, world.now)}
        if step is Step.TIME:
            return self._time(draft, visit, values)
        late = "_late" if self._policy.is_late(visit.starts_at, world.now) else ""
        wanted = draft.wanted
        new = self._offers.say_long(datetime.fromisoformat(wanted.start)) if wanted.start else ""
        if draft.act == MOVE and wanted.is_newly_held:
            held = held_line(self._time_notes, self._offers, wanted.start, wanted.held_until)
            values["note"] += held
        return Question(f"utter_ask_visit_{draft.act}{late}", {**values, "visit_new": new})

    def values(self, visit: Visit, now: datetime) -> dict[str, str]:
        """What the placeholders about a visit stand for."""
        return {
            "visit_when": self._offers.say_long(visit.starts_at),
            "visit_policy": self._policy.say(visit.starts_at, now),
        }

    def _which(self, world: VisitWorld, note: Mapping[str, str]) -> Question:
        say = self._offers
        lines = [
            self._line.format(number=number, when=say.say_long(each.starts_at), name=each.name)
            for number, each in enumerate(world.visits, 1)
        ]
        buttons = tuple(
            (say.say_short(each.starts_at.isoformat()), {"visit": each.id}) for each in world.visits
        )
        return Question("utter_ask_visit_which", {**note, "visit_lines": "\n".join(lines)}, buttons)

    def _time(self, draft: VisitDraft, visit: Visit, values: Mapping[str, str]) -> Question:
        wanted = draft.wanted
        if wanted.choices:
            kind = "day" if "-" in wanted.choices[0] else "clock"
            buttons = tuple(
                (self._offers.say_choice(each), {kind: each}) for each in wanted.choices
            )
            return Question(f"utter_ask_booking_which_{kind}", values, buttons)
        offered = [
            each for each in wanted.offered if datetime.fromisoformat(each) != visit.starts_at
        ]
        buttons = tuple((self._offers.say_short(each), {"start": each}) for each in offered)
        name = "utter_ask_visit_time" if buttons else "utter_ask_visit_no_time"
        return Question(name, values, buttons)

    def _note(self, draft: VisitDraft) -> str:
        """The draft's own note, else the one about the wanted time."""
        if draft.note:
            return str(self._notes[draft.note]).format(**draft.note_values) + "\n"
        wanted = draft.wanted
        if not wanted.note or next_step(draft) is not Step.TIME:
            return ""
        return str(self._time_notes[wanted.note]).format(**wanted.note_values) + "\n"


def _proof_question(draft: VisitDraft, world: VisitWorld) -> str:
    if draft.note == "needs_phone":
        return "utter_ask_visit_phone"
    # A browser is asked the same whether or not it has booked: nobody at it learns more.
    return f"utter_ask_visit_reference{'' if world.own_phone else '_and_phone'}"
