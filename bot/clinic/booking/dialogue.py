"""Listens to one message after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from bot.clinic.booking.answers import ALWAYS_ELSE, Answers
from bot.clinic.booking.draft import (
    ADULT,
    ADULT_AGE,
    GIVEN,
    MINOR,
    MINOR_WRITER,
    NO_REMINDER,
    OTHER,
    SELF,
    Draft,
    Heard,
    Outcome,
    Step,
    Surroundings,
    Verdict,
    next_step,
)
from bot.clinic.booking.offers import TimeOffers
from bot.clinic.booking.questions import Question, Questions
from bot.clinic.details import DetailReader, Details, blank, name_problem
from bot.clinic.times import TimeReading, TimeWish
from bot.clinic.visits.policy import ChangePolicy

# Intents of the booking's own buttons, and those that only say "go on".
_PRESSED = ("inform", "book_consultation")
_GOING_ON = ("book_consultation", "continue_booking")
# Intents that speak of a visit's time, whatever was asked.
_MOVING = ("book_consultation", "ask_availability", "reschedule_consultation")
# Intents of earlier messages in which a day or a time is that of a visit.
_WISHING = (
    "book_consultation",
    "ask_availability",
    "inform",
    "other_service",
    "ask_diagnosis",
    "report_reaction",
    "nlu_fallback",
)
# More ordinary words than these are a sentence, and no name.
_WORDS_OF_ORDINARY_NAME = 2
# What the classifier may take a name for.
_MAY_NAME = ("", "inform", "nlu_fallback")


class BookingDialogue:
    """What each message changes, and what is asked next."""

    def __init__(
        self,
        words: Mapping[str, Any],
        reader: DetailReader,
        offers: TimeOffers,
        policy: ChangePolicy,
    ) -> None:
        """`words`: the content of `data/booking.yml`."""
        self.offers = offers
        self._reader = reader
        self._answers = Answers(words)
        self._questions = Questions(words, offers, policy)
        self._by_step: dict[Step, Callable[[Draft, Heard, Surroundings], Outcome | None]] = {
            Step.TIME: self._answered_time,
            Step.WHOM: self._answered_whom,
            Step.CONCERN: self._answered_concern,
            Step.CONSENT: self._answered_consent,
            Step.NAME: self._answered_name,
            Step.PHONE: self._answered_phone,
            Step.REMINDERS: self._answered_reminders,
            Step.EMAIL: self._answered_email,
            Step.CONFIRM: self._answered_confirm,
        }

    def is_treatment(self, text: str) -> bool:
        """Whether a session of a plan is meant: the team arranges it, who know the plan."""
        return self._answers.is_treatment(text)

    def is_opening(self, text: str, now: datetime) -> bool:
        """Whether a message without a clear intent still begins a booking: a time, or a phone."""
        reading = self.offers.read(text, now)
        return bool(self._reader.read(text, reading.covered).phone) or not reading.wish.is_empty

    def open(
        self,
        heard: Heard,
        world: Surroundings,
        earlier: Sequence[Heard] = (),
        *,
        agreed: bool = False,
    ) -> Outcome:
        """The draft after the message that began it.

        `earlier`: what the patient told before, which is not asked again. `agreed`: name and
        phone may be kept, because they said so before.
        """
        draft = Draft(heard=heard.id, consent=GIVEN if agreed else "")
        for each in earlier:
            reading = self.offers.read(each.text, world.now)
            told = self._reader.read(each.text, reading.covered, bare=False)
            if told.whom != MINOR_WRITER:  # their parent may be writing now, and is asked
                draft = _for_another(draft, told)
            draft = draft.about(told.concern).reached_by(told, each.id)
            is_clear = not (reading.wish.is_empty or reading.wish.problem or reading.wish.unclear)
            if is_clear and each.intent in _WISHING:
                draft = self.offers.wished(draft, reading.wish, world)
        reading = self.offers.read(heard.text, world.now)
        details = self._reader.read(heard.text, reading.covered)
        draft = _for_another(draft, details).about(details.concern)
        if draft.whom == MINOR_WRITER:
            return Outcome(draft, Verdict.MINOR_ALONE)
        if heard.entities:
            return self._pressed(draft, heard, world)
        draft = draft.reached_by(details, heard.id)
        if not reading.wish.is_empty:
            draft = self.offers.wished(draft, reading.wish, world)
        return self._ready(draft, world)

    def resumed(self, draft: Draft, world: Surroundings) -> Draft:
        """A draft taken up again: a time that went meanwhile is asked anew."""
        return self.offers.prepared(replace(draft, note="", suspended=""), world)

    def ask(self, draft: Draft, world: Surroundings) -> Question:
        """The next question."""
        return self._questions.ask(draft, world)

    def hear(self, draft: Draft, heard: Heard, world: Surroundings) -> Outcome:
        """The draft after one more message."""
        before = replace(
            draft,
            heard=heard.id,
            note="",
            note_values={},
            choices=(),
            suspended="",
            is_newly_held=False,
        )
        if heard.entities and heard.intent in _PRESSED:
            return self._pressed(before, heard, world)
        is_other_button = heard.intent == "stop_messages" and not heard.text
        is_else = self._is_for_the_team(draft, heard) or is_other_button
        if is_else or self._is_something_else(heard):
            return Outcome(draft, Verdict.NOT_MINE)
        if self._answers.stops(heard):
            return Outcome(before, Verdict.STOPPED)
        if heard.intent == "stop_messages" and not self._answers.reminder_way(heard.text):
            return Outcome(before.noted("stop_which"))
        return self._heard_words(before, heard, world) or Outcome(draft, Verdict.NOT_MINE)

    def _heard_words(self, draft: Draft, heard: Heard, world: Surroundings) -> Outcome | None:
        """Facts of any kind, else an answer to the question; None where it is neither."""
        step = next_step(draft)
        age = self._answers.age(heard.text) if step is Step.WHOM else None
        if age is not None:
            return self._told_age(draft, age, world)
        after = self._with_facts(draft, step, heard, world)
        if after != draft:
            return self._told_facts(step, after, heard, world)
        changed = self._changed(draft, step, heard)
        if changed != draft:
            return self._ready(changed, world)
        answered = self._by_step[step](draft, heard, world)
        if answered is not None or self._answers.interrupts(heard):
            return answered
        if heard.intent in _GOING_ON:
            return self._ready(draft, world)
        return Outcome(draft.noted(f"unclear_{step.value}"))

    def _changed(self, draft: Draft, step: Step, heard: Heard) -> Draft:
        """With a fact open again ("change the name"), or without the reminder."""
        way = self._answers.reminder_way(heard.text)
        if step is Step.CONFIRM and way == NO_REMINDER and "remind" in heard.text.casefold():
            return replace(draft, reminders=way)
        other = self._answers.wants_other(heard.text)
        is_other = other and other != step.value and not self._answers.interrupts(heard)
        return draft.without(other) if is_other else draft

    def _is_for_the_team(self, draft: Draft, heard: Heard) -> bool:
        """A sign after treatment, low mood, a complaint, a wish for a person.

        "Pimples on my face", asked what the visit is about, is no sign unless it sounds like one.
        """
        if heard.intent not in ALWAYS_ELSE:
            return False
        is_asked = heard.intent == "report_reaction" and next_step(draft) is Step.CONCERN
        is_concern = bool(self._reader.read(heard.text, bare=False).concern)
        return not (is_asked and is_concern and not self._answers.alarms(heard.text))

    def _is_something_else(self, heard: Heard) -> bool:
        """A button of something else, or a question that has an answer of its own."""
        is_question = bool(heard.entities) or self._answers.is_question(heard.text)
        return self._answers.interrupts(heard) and (is_question or not heard.text)

    def _with_facts(self, draft: Draft, step: Step, heard: Heard, world: Surroundings) -> Draft:
        """The draft with every fact of a free message."""
        reading = self.offers.read(heard.text, world.now)
        # "Asha Rao, 99999 00001" answers two questions; a name alone is read as an answer.
        details = self._reader.read(heard.text, reading.covered, bare=False)
        if step is Step.NAME and details.phone:
            details = self._reader.read(heard.text, reading.covered)
        interrupts = self._answers.interrupts(heard)
        after = draft
        if step is Step.WHOM:
            after = after.for_whom(details.whom)
        elif not interrupts:
            after = _for_another(after, details)
        if step is Step.CONCERN or not interrupts:
            after = after.about(details.concern)
        # A time that cannot be, in answer to another question, spoils no time that was chosen.
        is_answer = step in (Step.TIME, Step.CONFIRM) or not reading.wish.problem
        is_wish = (
            is_answer and not reading.wish.is_empty and not self._is_aside(step, heard, reading)
        )
        if is_wish and (step is Step.TIME or not interrupts):
            after = self.offers.wished(after, reading.wish, world)
        after = after.reached_by(details, heard.id)
        if step is Step.PHONE and details.phone_problem:
            after = after.noted(f"phone_{details.phone_problem}")
        return after

    def _is_aside(self, step: Step, heard: Heard, reading: TimeReading) -> bool:
        """Whether a time was said of something else: "call after 6", "I leave on Friday"."""
        if step is Step.TIME or heard.intent in _MOVING:
            return False
        rest = blank(heard.text, reading.covered).replace(",", " ")
        is_call = step is Step.PHONE and bool(self._reader.phone(heard.text).phone)
        return is_call or not self._answers.may_move(heard.text, rest)

    def _told_facts(self, step: Step, after: Draft, heard: Heard, world: Surroundings) -> Outcome:
        """What changed is asked or read back again: "yes, but at six" books nothing yet."""
        if after.whom == MINOR_WRITER:
            return Outcome(after, Verdict.MINOR_ALONE)
        if step is Step.CONSENT and next_step(after) is Step.CONSENT:
            if not self._answers.agrees(heard):
                return Outcome(after.noted("unclear_consent"))
            after = self._agreed(after, heard.id, world)
        return self._ready(replace(after, changing=False), world)

    def _agreed(self, draft: Draft, message_id: str, world: Surroundings) -> Draft:
        """From here on name and phone are kept: what was told before is read again."""
        told_in = draft.to_read_again(message_id).unread
        draft = replace(draft, consent=GIVEN, unread=())
        for text in world.words_of(told_in):
            found = self._reader.read(text, self.offers.read(text, world.now).covered)
            draft = draft.reached_by(found, message_id)
        return draft

    def _ready(self, draft: Draft, world: Surroundings) -> Outcome:
        return Outcome(self.offers.prepared(draft, world))

    # An answer that means something only to one question; None where it is no answer to it.

    def _answered_time(self, draft: Draft, heard: Heard, world: Surroundings) -> Outcome | None:
        count = len(draft.offered)
        place = None
        if not self._answers.interrupts(heard):
            place = self._answers.place_in(heard.text, count)
        if count == 1 and self._answers.yes(heard):
            place = 0
        if place is not None:
            return self._ready(self.offers.chosen(draft, draft.offered[place], world), world)
        wants_other = self._answers.no(heard) or self._answers.wants_other(heard.text) == "time"
        if wants_other or heard.intent == "ask_availability":
            return Outcome(self.offers.others(draft, world))
        return None

    def _told_age(self, draft: Draft, age: int, world: Surroundings) -> Outcome:
        """An age, where it is asked who comes and whether they are 18 or older: "17"."""
        if draft.whom == OTHER:
            return self._ready(draft.for_whom(ADULT if age >= ADULT_AGE else MINOR), world)
        if age < ADULT_AGE:
            return Outcome(draft.for_whom(MINOR_WRITER), Verdict.MINOR_ALONE)
        return self._ready(draft.for_whom(SELF), world)

    def _answered_whom(self, draft: Draft, heard: Heard, world: Surroundings) -> Outcome | None:
        if self._answers.yes(heard) or self._answers.is_grown_up(heard.text):
            return self._ready(draft.for_whom(ADULT if draft.whom == OTHER else SELF), world)
        if self._answers.no(heard):
            if draft.whom == OTHER:
                return self._ready(draft.for_whom(MINOR), world)
            return Outcome(draft.noted("whom_which"))
        return None

    def _answered_concern(self, draft: Draft, heard: Heard, world: Surroundings) -> Outcome | None:
        """Whatever else is said: the patient's own words stand in the conversation."""
        if self._answers.interrupts(heard) or heard.intent in _GOING_ON or not heard.text.strip():
            return None
        return self._ready(draft.about("other"), world)

    def _answered_consent(self, draft: Draft, heard: Heard, world: Surroundings) -> Outcome | None:
        if self._answers.yes(heard):
            return self._ready(self._agreed(draft, heard.id, world), world)
        if self._answers.no(heard):
            return Outcome(draft, Verdict.REFUSED)
        if self._answers.interrupts(heard) or heard.intent in _GOING_ON:
            return None
        # "Asha Rao" instead of a yes: it may be the name, once they have agreed.
        return Outcome(draft.to_read_again(heard.id).noted("unclear_consent"))

    def _answered_name(self, draft: Draft, heard: Heard, world: Surroundings) -> Outcome | None:
        text = heard.text.strip()
        # "Joy" is an ordinary word and a name: only what the classifier takes for something else
        # too is no answer. A single letter is some people's whole name.
        is_ordinary = self._reader.is_ordinary(text)
        is_else = is_ordinary and (
            heard.intent not in _MAY_NAME
            or self._answers.is_question(text)
            or len(text.split()) > _WORDS_OF_ORDINARY_NAME
        )
        # The classifier has heard a "no" in names that it has never seen.
        said = heard if is_ordinary else replace(heard, intent="")
        is_else = is_else or self._answers.yes(said) or self._answers.no(said)
        if not text or (is_else and len(text) > 1):
            return None
        details = self._reader.name(text)
        is_childs = draft.whom == MINOR and self._reader.is_anothers_name(text)
        if is_childs or (draft.whom == ADULT and details.is_own_name):
            return Outcome(draft.noted(f"name_of_{draft.whom}"))
        if details.name:
            return self._ready(replace(draft, name=details.name), world)
        return Outcome(draft.noted(f"name_{name_problem(text) or 'letters'}"))

    def _answered_phone(self, draft: Draft, heard: Heard, world: Surroundings) -> Outcome | None:
        is_own = self._answers.yes(heard) or self._answers.same(heard)
        if world.own_phone and is_own:
            return self._ready(replace(draft, phone=world.own_phone), world)
        return Outcome(draft.noted("phone_other")) if self._answers.no(heard) else None

    def _answered_reminders(
        self, draft: Draft, heard: Heard, world: Surroundings
    ) -> Outcome | None:
        if heard.intent == "faq":
            return None
        way = self._answers.reminder_way(heard.text)
        if self._answers.no(heard):
            way = NO_REMINDER
        elif not way and self._answers.yes(heard):
            way = world.reminder_ways[0]
        if way not in (*world.reminder_ways, NO_REMINDER):
            return None
        return self._ready(replace(draft, reminders=way), world)

    def _answered_email(self, draft: Draft, heard: Heard, world: Surroundings) -> Outcome | None:
        email = self._reader.email(heard.text)
        if email:
            return self._ready(replace(draft, email=email), world)
        if self._answers.no(heard):
            return self._ready(replace(draft, reminders=NO_REMINDER), world)
        return None

    def _answered_confirm(self, draft: Draft, heard: Heard, world: Surroundings) -> Outcome | None:
        if self._answers.yes(heard) and not draft.changing:
            return _agreed_to(draft)
        wants_change = self._answers.no(heard) or self._answers.wants_change(heard)
        what = self._answers.what_to_change(heard.text)
        if what and (draft.changing or wants_change or not self._answers.interrupts(heard)):
            return self._ready(draft.without(what), world)
        if wants_change:
            return Outcome(replace(draft, changing=True))
        return None

    # Buttons

    def _pressed(self, draft: Draft, heard: Heard, world: Surroundings) -> Outcome:
        """A button's ids; an id that is not known changes nothing."""
        given = heard.entities
        draft = replace(draft, changing=given.get("confirm") == "change")
        if given.get("then") == "stop":
            return Outcome(draft, Verdict.STOPPED)
        if given.get("consent") == "no":
            return Outcome(draft, Verdict.REFUSED)
        if given.get("whom") == MINOR_WRITER:
            return Outcome(draft, Verdict.MINOR_ALONE)
        if given.get("confirm") == "yes" and next_step(draft) is Step.CONFIRM:
            return _agreed_to(draft)
        if given.get("then") == "wait":
            return Outcome(replace(draft, waits=True, start="", offered=(), choices=()))
        draft = self._pressed_contact(draft, heard, world)
        draft = self._pressed_time(draft, given, world)
        draft = draft.for_whom(given.get("whom", "")).about(given.get("concern", ""))
        if "change" in given:
            draft = draft.without(given["change"])
        return self._ready(replace(draft, reminders=given.get("reminders", draft.reminders)), world)

    def _pressed_time(self, draft: Draft, given: Mapping[str, str], world: Surroundings) -> Draft:
        if "start" in given:
            return self.offers.chosen(draft, given["start"], world)
        if "day" in given:
            wish = TimeWish(days=(date.fromisoformat(given["day"]),))
            return self.offers.wished(draft, wish, world)
        if "clock" in given:
            hour, minute = given["clock"].split(":")
            return self.offers.wished(draft, TimeWish(exact=int(hour) * 60 + int(minute)), world)
        return draft

    def _pressed_contact(self, draft: Draft, heard: Heard, world: Surroundings) -> Draft:
        if heard.entities.get("consent") == "yes":
            return self._agreed(draft, heard.id, world)
        phone = heard.entities.get("phone")
        if phone == "own" and draft.consent == GIVEN:
            return replace(draft, phone=world.own_phone)
        return draft.noted("phone_other") if phone == "other" else draft


def _agreed_to(draft: Draft) -> Outcome:
    return Outcome(draft, Verdict.WAITS if draft.waits else Verdict.CONFIRMED)


def _for_another(draft: Draft, told: Details) -> Draft:
    """For whom a free message says; "for me" says nothing of the writer's age, which is asked."""
    if told.whom == SELF:
        return draft if draft.whom in ("", SELF) else draft.without("whom")
    # "My brother's name is Ravi" speaks of the one who comes.
    is_known = draft.whom == MINOR or (draft.whom == ADULT and told.name)
    return draft if told.whom == OTHER and is_known else draft.for_whom(told.whom)
