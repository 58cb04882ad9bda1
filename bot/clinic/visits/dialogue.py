"""Listens to what a patient wants with a visit that stands: a look, another time, or none."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.clinic.booking.answers import ALWAYS_ELSE, Answers
from bot.clinic.booking.draft import Heard
from bot.clinic.booking.offers import TimeOffers
from bot.clinic.booking.questions import Question
from bot.clinic.details import DetailReader, blank
from bot.clinic.references import looks_like_one, reference_in
from bot.clinic.visits.draft import (
    CANCEL,
    MOVE,
    SHOW,
    Outcome,
    Step,
    Verdict,
    Visit,
    VisitDraft,
    VisitWorld,
    next_step,
)
from bot.clinic.visits.new_time import NewTime
from bot.clinic.visits.policy import ChangePolicy
from bot.clinic.visits.questions import VisitQuestions
from bot.clinic.visits.shifts import Shifts
from bot.clinic.visits.words import VisitWords

ACTS = {
    "reschedule_consultation": MOVE,
    "cancel_consultation": CANCEL,
    "check_consultation": SHOW,
}
GO_ON, BOOK = "continue_booking", "book_consultation"
# What is answered first wherever it stands.
_ALWAYS_ELSE = (*ALWAYS_ELSE, "stop_messages")
# Intents of the dialogue's own buttons.
_PRESSED = ("inform", *ACTS)


class VisitDialogue:
    """What each message changes, and what is asked next."""

    def __init__(
        self,
        words: Mapping[str, Any],
        booking_words: Mapping[str, Any],
        reader: DetailReader,
        offers: TimeOffers,
        policy: ChangePolicy,
        zone: str,
    ) -> None:
        """`words`: the content of `data/visits.yml`; `booking_words`: of `data/booking.yml`."""
        self.offers, self.policy = offers, policy
        self._reader, self._answers = reader, Answers(booking_words)
        self._words = VisitWords(words["words"])
        shifts = Shifts(words["shifts"])
        self._new_time = NewTime(self._words, shifts, self._answers, offers, zone)
        self._questions = VisitQuestions(words, booking_words, offers, policy)
        self._by_step: dict[Step, Callable[[VisitDraft, Heard, VisitWorld], Outcome | None]] = {
            Step.PROOF: self._told_proof,
            Step.WHICH: self._told_which,
            Step.TIME: self._told_time,
            Step.CONFIRM: self._told_answer,
        }

    def open(self, heard: Heard, act: str, world: VisitWorld) -> Outcome:
        """The draft after the message that began it."""
        draft = VisitDraft(act=act, heard=heard.id)
        chosen = world.visit_with(heard.entities.get("visit", ""))
        if chosen is not None:
            return self._with_visit(draft, chosen, heard, world)
        proof = self._told_proof(draft, heard, world) if reference_in(heard.text) else None
        if proof is not None:
            return proof
        if not world.visits:
            note = "none_here" if world.own_phone else ""
            return Outcome(replace(draft, proving=True, note=note))
        return self._narrowed(draft, heard, world)

    def hear(self, draft: VisitDraft, heard: Heard, world: VisitWorld) -> Outcome:
        """The draft after one more message."""
        before = replace(draft, heard=heard.id, note="", note_values={}, suspended="", asked=False)
        if heard.entities and heard.intent in _PRESSED:
            return self._pressed(before, heard, world)
        if heard.intent in _ALWAYS_ELSE:
            return Outcome(draft, Verdict.NOT_MINE)
        # Somebody else may have changed or ended it since it was chosen.
        standing = self._standing(before, world)
        if standing is not None or heard.intent == GO_ON:
            return standing or Outcome(before)
        return self._heard_words(before, heard, world) or Outcome(draft, Verdict.NOT_MINE)

    def _heard_words(self, before: VisitDraft, heard: Heard, world: VisitWorld) -> Outcome | None:
        """An answer to the question, or another wish; None where it is neither."""
        step = next_step(before)
        if self._words.keeps(heard) and not self._may_be_time(heard, world):
            return Outcome(before, Verdict.KEPT)
        switched = self._switched(before, heard, world)
        if switched is not None:
            return switched
        told = self._by_step[step](before, heard, world)
        is_unclear = told is not None and told.verdict is Verdict.HEARD and told.draft.note
        # "I want to book another visit" is no answer to any of these questions.
        return None if is_unclear and heard.intent == BOOK else told

    def proven(self, draft: VisitDraft, visit: Visit | None, world: VisitWorld) -> Outcome:
        """After a reference was looked up: the visit it is of, or what is missing, or nothing."""
        if visit is not None:
            known = replace(draft, proving=False, reference="", phone="")
            return self._with_visit(known, visit, Heard(draft.heard, ""), world)
        if not (draft.phone or world.own_phone):
            return Outcome(replace(draft, proving=True, note="needs_phone"))
        again = replace(draft, proving=True, reference="", phone="", note_values={})
        return Outcome(replace(again, note="not_found"))

    def ask(self, draft: VisitDraft, world: VisitWorld) -> Question:
        """The next question, with the note that comes before it."""
        return self._questions.ask(draft, world)

    def is_late(self, visit: Visit, now: datetime) -> bool:
        """Whether a change of it has to go to the team."""
        return self.policy.is_late(visit.starts_at, now)

    def is_on_day(self, visit: Visit, at: datetime) -> bool:
        """Whether a visit is on the day of a moment, on the clinic's calendar."""
        return self._new_time.day_of(visit) == self._new_time.day_at(at)

    # Whose it is

    def _told_proof(self, draft: VisitDraft, heard: Heard, world: VisitWorld) -> Outcome | None:
        reference = reference_in(heard.text) or draft.reference
        # A reference may look like a number with letters in it.
        phone = self._reader.phone(_without_reference(heard.text)).phone or draft.phone
        draft = replace(draft, proving=True, reference=reference, phone=phone)
        if reference:
            return Outcome(draft, Verdict.PROVE)
        is_lost = self._words.has_lost(heard) or self._words.refuses(heard)
        if is_lost and not self._reader.phone(heard.text).phone:
            return Outcome(draft, Verdict.TEAM)
        if self._answers.interrupts(heard) and not phone:
            return None
        note = "not_a_reference" if looks_like_one(heard.text) else "no_reference"
        return Outcome(replace(draft, note=note))

    def _standing(self, draft: VisitDraft, world: VisitWorld) -> Outcome | None:
        """Where the visit is not as the patient was told of it: as it is now."""
        if draft.proving or not draft.visit:
            return None
        now = world.visit_with(draft.visit)
        if now is None and world.has_hidden:
            # It stands, but this browser was silent so long that it is not shown any more.
            return Outcome(replace(draft, proving=True))
        if now is None:
            again = replace(draft, visit="", time={}, note="gone", proving=not world.visits)
            return Outcome(again)
        if now.sequence != draft.sequence:
            return Outcome(replace(draft, sequence=now.sequence, time={}, note="changed"))
        return None

    # Which one

    def _narrowed(self, draft: VisitDraft, heard: Heard, world: VisitWorld) -> Outcome:
        """The only visit, or the only one that the message can mean."""
        fitting = list(world.visits)
        if len(fitting) > 1:
            fitting = self._spoken_of(draft.act, heard, world)
        if len(fitting) == 1:
            return self._with_visit(draft, fitting[0], heard, world)
        return Outcome(replace(draft, visit=""))

    def _spoken_of(self, act: str, heard: Heard, world: VisitWorld) -> list[Visit]:
        """The visits that a first message names; a day in "move it to Friday" names none."""
        left = self._words.left_behind(heard.text) if act == MOVE else ""
        if left:
            return self._on_days_of(left, world)
        found = self._named(heard, world)
        return found or ([] if act == MOVE else self._on_days_of(heard.text, world))

    def _meant(self, heard: Heard, world: VisitWorld) -> list[Visit]:
        """The visits that an answer to "which one?" names: by place, person, day or time."""
        place = self._answers.place_in(heard.text, len(world.visits))
        number = heard.text.strip(" .)#")
        if number.isdigit() and 0 < int(number) <= len(world.visits):
            place = int(number) - 1
        if place is not None:
            return [world.visits[place]]
        return self._named(heard, world) or self._on_days_of(heard.text, world)

    @staticmethod
    def _named(heard: Heard, world: VisitWorld) -> list[Visit]:
        """The visit of the person whose name stands in the message, if it is one."""
        said = set(re.findall(r"\w+", heard.text.casefold()))
        named = [
            each for each in world.visits if said & set(re.findall(r"\w+", each.name.casefold()))
        ]
        return named if len(named) == 1 else []

    def _on_days_of(self, text: str, world: VisitWorld) -> list[Visit]:
        """The visits on a day, and perhaps at a time, that a text names."""
        wish = self.offers.read(text, world.now).wish
        on_day = [each for each in world.visits if self._new_time.day_of(each) in wish.days]
        if wish.exact is None or len(wish.days) > 1:
            return on_day
        return [each for each in on_day if self._new_time.minute_of(each) == wish.exact]

    def _told_which(self, draft: VisitDraft, heard: Heard, world: VisitWorld) -> Outcome | None:
        found = self._meant(heard, world)
        if len(found) == 1:
            return self._with_visit(draft, found[0], Heard(heard.id, ""), world)
        if self._answers.interrupts(heard):
            return None
        if self._words.refuses(heard):
            return Outcome(draft, Verdict.KEPT)
        return Outcome(replace(draft, note="which_unclear"))

    def _with_visit(
        self, draft: VisitDraft, visit: Visit, heard: Heard, world: VisitWorld
    ) -> Outcome:
        """The draft about one visit; a new time may stand in the same message."""
        draft = replace(draft, visit=visit.id, sequence=visit.sequence, proving=False)
        if draft.act == SHOW:
            return Outcome(draft, Verdict.SHOWN)
        if draft.act == CANCEL:
            return Outcome(draft)
        return self._new_time.begun(draft, heard, visit, world)

    # The yes

    def _told_time(self, draft: VisitDraft, heard: Heard, world: VisitWorld) -> Outcome | None:
        visit = world.visit_with(draft.visit)
        return None if visit is None else self._new_time.told(draft, heard, visit, world)

    def _told_answer(self, draft: VisitDraft, heard: Heard, world: VisitWorld) -> Outcome | None:
        visit = world.visit_with(draft.visit)
        if visit is None:
            return None
        if self._words.agrees(heard, draft.act):
            return Outcome(draft, Verdict.CONFIRMED)
        cancels = draft.act == CANCEL
        if cancels and self._words.refuses(heard):
            return Outcome(draft, Verdict.KEPT)
        # "Cancel it, I have work on Friday at five" wishes for no other time.
        may_wish = not (cancels and self._words.speaks_of(CANCEL, heard.text))
        found = self._new_time.instead(draft, heard, visit, world) if may_wish else None
        if found is not None or self._answers.interrupts(heard):
            return found
        return Outcome(replace(draft, note="unclear_confirm"))

    def _switched(self, draft: VisitDraft, heard: Heard, world: VisitWorld) -> Outcome | None:
        """Another act than the one begun: "no, just cancel it", "can I move it instead?"."""
        act = next((each for each in (CANCEL, MOVE) if self._begins(each, draft, heard)), "")
        if not act:
            return None
        if next_step(draft) in (Step.PROOF, Step.WHICH):
            other = replace(draft, act=act)
            told = self._by_step[next_step(draft)](other, heard, world)
            # What it is about is asked again, without a word of what was not in the message.
            is_answer = told is not None and not told.draft.note
            return told if is_answer else Outcome(other)
        visit = world.visit_with(draft.visit)
        if visit is None:
            return None
        return self._with_visit(replace(draft, act=act, time={}), visit, heard, world)

    def _begins(self, act: str, draft: VisitDraft, heard: Heard) -> bool:
        """Whether a message in the middle of one act wants the other one.

        The classifier alone has heard it in "keep my slot": the word itself has to stand there.
        """
        if act == draft.act or not self._words.speaks_of(act, heard.text):
            return False
        return ACTS.get(heard.intent) == act or self._words.agrees(heard, act)

    # Buttons

    def _pressed(self, draft: VisitDraft, heard: Heard, world: VisitWorld) -> Outcome:
        """A button's ids; an id that is not known changes nothing."""
        given = heard.entities
        ends = {"team": Verdict.TEAM, "keep": Verdict.KEPT}.get(given.get("then", ""))
        if ends is not None:
            return Outcome(draft, ends)
        chosen = world.visit_with(given.get("visit", ""))
        if chosen is not None:
            act = ACTS.get(heard.intent, draft.act)
            return self._with_visit(replace(draft, act=act, time={}), chosen, heard, world)
        visit = world.visit_with(draft.visit)
        standing = self._standing(draft, world)
        if standing is not None or visit is None:
            return standing or Outcome(draft)
        if given.get("confirm") == "yes" and next_step(draft) is Step.CONFIRM:
            return Outcome(draft, Verdict.CONFIRMED)
        if given.get("then") == "move":
            return self._new_time.offered(draft, visit, world)
        return self._new_time.pressed(draft, given, visit, world)

    # Words

    def _may_be_time(self, heard: Heard, world: VisitWorld) -> bool:
        return not self.offers.read(heard.text, world.now).wish.is_empty


def _without_reference(text: str) -> str:
    """The message without what is read as its reference, which a phone is not looked for in."""
    for match in re.finditer(r"[^\W_]+(?:[ .-][^\W_]+)*", text):
        words = [each.span() for each in re.finditer(r"[^\W_]+", match.group())]
        for start, end in words:
            first, last = match.start() + start, match.start() + end
            if reference_in(text[first:last]):
                return blank(text, [(first, last)])
    return text
