"""Goes through the check with one message after the other."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum
from typing import Any

from bot.clinic.booking.answers import Answers
from bot.clinic.booking.draft import ADULT_AGE, GIVEN, Heard
from bot.clinic.booking.questions import Question as Asked
from bot.clinic.suitability.check import (
    AGE,
    CHANGED,
    UNDER_18,
    UNDER_MINIMUM,
    Check,
    is_finished,
    is_told,
    next_screen,
    screens_of,
)
from bot.clinic.suitability.questions import (
    NO,
    SOME,
    UNKNOWN_DEVICE,
    UNSURE,
    YES,
    Catalogue,
    Item,
    Question,
    Screen,
)
from bot.clinic.suitability.told import Told, ToldReader

# The entity of the check's buttons: `Q05`, `Q08.mild`, `medicines`, or one of these for a screen.
PRESSED = "check"
NONE, SKIP, STOP = "none", "skip", "stop"
# A note that a question has to say: `say.Q15`.
SAY = "say"
# What staff or a helpline has to hear of, whatever else stands in the message.
_ALWAYS_ELSE = ("talk_to_staff", "complaint", "distress")
# "Cancel my appointment" is about the visit, not about these questions.
_OF_A_VISIT = (
    "book_consultation",
    "ask_availability",
    "cancel_consultation",
    "reschedule_consultation",
)
# Whose answer leads on: what a patient with a heavy heart is told once (brief Q36).
_HEAVY_HEART = "Q36"
_YOUNG_UNTIL = 21
# A bad reaction after a treatment: it may still go on.
_REACTION = "Q32"
_PROCEDURES = frozenset(("Q23", "Q24"))


class Verdict(str, Enum):
    """What a message was to the check."""

    HEARD = "heard"
    # Answered elsewhere; what it told of the check's questions is kept all the same.
    NOT_MINE = "not_mine"
    STOPPED = "stopped"
    REFUSED = "refused"
    MINOR = "minor"
    FINISHED = "finished"


@dataclass(frozen=True)
class About:
    """What the check is about, as far as anybody knows."""

    today: date
    visit_day: date | None = None
    # Device kind of clinic.yml that is planned.
    device: str = UNKNOWN_DEVICE
    # Whether the patient has said before that they are of age.
    is_adult: bool = False
    min_age: int = ADULT_AGE


@dataclass(frozen=True)
class Outcome:
    """The check after a message, and what the message was."""

    check: Check
    verdict: Verdict = Verdict.HEARD


class CheckDialogue:
    """What each message changes, and what is asked next."""

    def __init__(
        self,
        data: Mapping[str, Any],
        catalogue: Catalogue,
        reader: ToldReader,
        answers: Answers,
    ) -> None:
        """`data`: the content of `data/suitability.yml`; `answers`: a yes, a no, a stop."""
        self.catalogue = catalogue
        self._reader, self._answers = reader, answers
        self._ask, self._notes, self._buttons = data["ask"], data["notes"], data["buttons"]

    @classmethod
    def from_data(
        cls,
        data: Mapping[str, Any],
        booking_words: Mapping[str, Any],
        ordinary: frozenset[str],
    ) -> CheckDialogue:
        """From the content of `data/suitability.yml` and `data/booking.yml`.

        `ordinary`: words of the training data that hold no typing error.
        """
        catalogue = Catalogue(data)
        return cls(data, catalogue, ToldReader(data, catalogue, ordinary), Answers(booking_words))

    def ask(self, check: Check, about: About) -> Asked:
        """The next question: a response of domain.yml, its values and buttons."""
        if check.note == "stop_which":
            return Asked("utter_ask_check_stop_which")
        note = self._note(check)
        if check.consent != GIVEN:
            return Asked("utter_ask_check_consent", {"note": note})
        text, buttons = self._next(check, about)
        shown = tuple((title, {PRESSED: value}) for title, value in buttons)
        return Asked("utter_ask_check", {"note": note, "check_text": text}, shown)

    def hear(self, check: Check, heard: Heard, about: About) -> Outcome:
        """The check after one more message."""
        before = replace(check, heard=heard.id, note="", suspended="")
        if PRESSED in heard.entities:
            pressed = heard.entities[PRESSED]
            is_known = self._is_known(*pressed.partition(".")[::2])
            return self._pressed(before, pressed, about) if is_known else Outcome(before)
        if check.consent != GIVEN:
            return self._consented(before, heard, about)
        if self._reader.says_stop(heard.text):
            return Outcome(before, Verdict.STOPPED)
        if heard.intent == "stop_messages" and heard.text:
            return Outcome(replace(before, note="stop_which"))
        return self._heard_words(before, heard, about)

    def _heard_words(self, before: Check, heard: Heard, about: About) -> Outcome:
        told = self._reader.read(heard.text, about.today, about.visit_day)
        if heard.entities or heard.intent in _ALWAYS_ELSE:
            return self._beside(before, told, heard, about, Verdict.NOT_MINE)
        answered = self._to_question(before, told, heard, about)
        if answered is not None:
            return answered
        if told.answers or (told.age is not None and self._is_age(before, told, heard)):
            is_question = self._answers.is_question(heard.text) and self._answers.interrupts(heard)
            verdict = Verdict.NOT_MINE if is_question else Verdict.HEARD
            return self._beside(before, told, heard, about, verdict)
        return self._to_screen(before, told, heard, about)

    def is_sign(self, check: Check, heard: Heard, about: About) -> bool:
        """Whether a sign that needs a call today is more than an answer to the check.

        "A cold sore right now" is an answer, and so is a fever. What is told of the time since a
        treatment is more, and so is what the check does not know.
        """
        told = self._reader.read(heard.text, about.today, about.visit_day)
        named = {question for question, key in told.answers.items() if key != NO}
        is_reaction = _REACTION in named or self._reader.is_after_treatment(heard.text)
        # "Peel yesterday, and now blisters" is a sign; "a peel last week" is an answer.
        is_left = bool(_PROCEDURES & named) and self._reader.tells_what_it_left(heard.text)
        is_reaction = is_reaction or is_left
        return check.consent != GIVEN or is_reaction or not named

    def _note(self, check: Check) -> str:
        """What is said before the question: a note, or what a named question has to say."""
        kind, _, question = check.note.partition(".")
        if kind == SAY:
            return f"{self.catalogue.questions[question].say}\n"
        return f"{self._notes[check.note]}\n" if check.note else ""

    def told_beside(self, check: Check, heard: Heard, about: About) -> Check:
        """With what a message told that is answered elsewhere: a sign that needs a call today."""
        if check.consent != GIVEN or not heard.text:
            return check
        told = self._reader.read(heard.text, about.today, about.visit_day)
        return replace(self._with(check, told, heard.text, about).check, note="")

    def answer_screen(
        self, check: Check, screen_id: str, answers: Mapping[str, str], words: str, about: About
    ) -> Outcome:
        """A screen as a form brings it: all of it at once, maybe a second time.

        `answers`: what was chosen for each question that the form showed; a list that opens is
        chosen by its id, and none at all skips the screen. `words`: what was typed beside it.
        NOT_MINE where something was typed that told nothing, and nothing was chosen. A screen that
        is not asked, or no consent, changes nothing.
        """
        screens = {each.id: each for each in screens_of(check, self.catalogue)}
        if screen_id not in screens or check.consent != GIVEN:
            return Outcome(check)
        screen = screens[screen_id]
        told = self._told_to(screen, words, about)
        chosen = {each: key for each, key in answers.items() if key != NO}
        if words.strip() and told.is_empty and not chosen:
            return Outcome(check, Verdict.NOT_MINE)
        if words.strip() and told.is_empty:
            check = check.told_besides(words)
        named = self._joined(told, {q: chosen[q] for q in screen.questions if q in chosen})
        rest = UNSURE if told.says_unsure and not chosen else NO
        left = [q for q in screen.questions if answers.get(q) == NO and q not in named.answers]
        if told.says_skip:
            left = []
        elif rest == NO and check.kind == CHANGED:
            # What is not ticked has not changed.
            left = [q for q in left if q not in check.answers]
        before = replace(check, suspended="")
        after = self._with(before, Told(dict.fromkeys(left, rest)), "", about).check
        outcome = self._with(after, named, words, about)
        if outcome.verdict is Verdict.MINOR:
            return outcome
        opened = (each.opens for each in screen.items if each.opens in chosen)
        return self._ready(
            replace(
                outcome.check,
                opened=tuple(dict.fromkeys((*after.opened, *opened))),
                done=tuple(dict.fromkeys((*after.done, screen.id))),
                note="skipped" if told.says_skip or not answers else _kept(outcome.check.note),
            )
        )

    def items(self, check: Check, screen: Screen, about: About) -> list[Item]:
        """The lines of a screen that are still to be answered, as a patient reads them."""
        return [
            replace(each, text=self._filled(each.text, about))
            for each in screen.items
            if not is_told(check, each)
        ]

    def _told_to(self, screen: Screen, words: str, about: About) -> Told:
        """What was typed beside a screen; an age is an answer like the others."""
        if not words.strip():
            return Told()
        told = self._reader.read(words, about.today, about.visit_day)
        is_bare = words.strip(" .!").isdigit() and AGE not in screen.questions
        age = {} if told.age is None or is_bare else _of_age(told.age, about)
        return replace(told, answers={**age, **told.answers}, age=None)

    def _joined(self, told: Told, chosen: Mapping[str, str]) -> Told:
        """What was typed and what was ticked; a tick that the words deny is contradicted."""
        denied = {q for q in chosen if told.answers.get(q) == NO}
        both = {q: self._either(q, key, told.answers.get(q, NO)) for q, key in chosen.items()}
        return Told({**told.answers, **both}, told.contradicted | denied)

    def _either(self, question: str, ticked: str, typed: str) -> str:
        """Of a tick and the words beside it the one that says more, else the stricter."""
        if typed in (NO, SOME):
            return ticked
        return typed if ticked == SOME else self.catalogue.stricter(question, (ticked, typed))

    # The questions.

    def _next(self, check: Check, about: About) -> tuple[str, list[tuple[str, str]]]:
        yes_no = [(self._buttons[key], key) for key in (YES, NO, UNSURE)]
        if check.again:
            question = self.catalogue.questions[check.again]
            said = self._ask["again"].format(question=self._filled(question.text, about))
            return said, [(title, f"{question.id}.{key}") for title, key in yes_no]
        if check.unclear:
            question = self.catalogue.questions[check.unclear[0]]
            which = [(each.title, f"{question.id}.{each.key}") for each in _choices(question)]
            return question.ask, [*which, (self._buttons[UNSURE], f"{question.id}.{UNSURE}")]
        screen = next_screen(check, self.catalogue)
        return ("", []) if screen is None else self._screen(check, screen, about)

    def _screen(
        self, check: Check, screen: Screen, about: About
    ) -> tuple[str, list[tuple[str, str]]]:
        left = self.items(check, screen, about)
        is_more = self._is_named(check, screen)
        is_second_round = screen == self.catalogue.changed
        none = self._buttons["no_more" if is_more else NONE]
        form = self._ask["more" if is_more else "changed" if is_second_round else "screen"]
        screens = screens_of(check, self.catalogue)
        lines = (self._ask["item"].format(item=each.text) for each in left)
        text = form.format(
            place=screens.index(screen) + 1,
            count=len(screens),
            items="\n".join(lines),
            none=none,
        )
        buttons = [(each.title, each.id) for each in left]
        return text, [*buttons, (none, f"{NONE}.{screen.id}"), *self._unsure(screen, len(left))]

    def _is_named(self, check: Check, screen: Screen) -> bool:
        """Whether something of the screen applies already: then it is asked for the rest."""
        told = check.news if check.kind == CHANGED else check.answers
        return any(q in told and check.answers[q] != NO for q in screen.questions) or any(
            each.opens in check.opened for each in screen.items if each.opens
        )

    def _unsure(self, screen: Screen, shown: int) -> list[tuple[str, str]]:
        """The button for it, where a list of ten rows has room (brief 6.1)."""
        return [(self._buttons[UNSURE], f"{UNSURE}.{screen.id}")] if shown + 2 <= MOST_ROWS else []

    def _filled(self, text: str, about: About) -> str:
        weeks = self.catalogue.weeks_before_event(about.device)
        return text.replace("{weeks}", weeks)

    # The answers.

    def _pressed(self, check: Check, value: str, about: About) -> Outcome:
        name, _, of_it = value.partition(".")
        if name == STOP:
            return Outcome(check, Verdict.STOPPED)
        if check.consent != GIVEN:
            return Outcome(check)
        if name in self.catalogue.questions:
            question = self.catalogue.questions[name]
            key = of_it or (SOME if question.ask else YES)
            return self._with_answer(check, question, key, about)
        screen = next_screen(check, self.catalogue)
        if screen is not None and name in (NONE, SKIP, UNSURE):
            # A press on an older screen answers nothing any more.
            return self._closed(check, screen, name) if of_it == screen.id else Outcome(check)
        if screen is not None and any(name == each.opens for each in screen.items):
            opened = tuple(dict.fromkeys((*check.opened, name)))
            return self._ready(replace(check, opened=opened))
        return Outcome(check)

    def _is_known(self, name: str, key: str) -> bool:
        """Whether a button says it; a form made by hand may say anything."""
        question = self.catalogue.questions.get(name)
        return question is None or key in ("", YES, NO, UNSURE, *question.answers)

    def _with_answer(self, check: Check, question: Question, key: str, about: About) -> Outcome:
        if key != SOME and check.again == question.id:
            check = replace(check, again="")
            if question.id == AGE:
                return self._age_again(check, key)
            return self._ready(check.answered({question.id: self._sure(question, key)}))
        return self._with(check, Told({question.id: key}), "", about)

    def _age_again(self, check: Check, key: str) -> Outcome:
        """Somebody who said both was asked once more whether they are of age."""
        if key == NO:
            return Outcome(check, Verdict.MINOR)
        screen = next_screen(check, self.catalogue)
        is_asked_still = screen is not None and AGE in screen.questions
        is_of_age = key == YES and not (check.age_is_told or is_asked_still)
        return self._ready(check.answered({AGE: NO}) if is_of_age else check)

    def _sure(self, question: Question, key: str) -> str:
        """A yes to a question with several answers is the strictest of them."""
        if key == YES and YES not in question.answers:
            return self.catalogue.stricter(question.id, question.answers)
        return question.unsure if key == UNSURE and question.unsure else key

    def _consented(self, check: Check, heard: Heard, about: About) -> Outcome:
        agrees = heard.entities.get("consent")
        if agrees == "yes" or (not heard.entities and self._answers.agrees(heard)):
            return self._begin(check, heard, about)
        if agrees or self._answers.no(heard) or self._reader.says_stop(heard.text):
            return Outcome(check, Verdict.REFUSED)
        told = self._reader.read(heard.text, about.today)
        is_answer = bool(told.answers) and not self._answers.is_question(heard.text)
        if heard.entities or not heard.text or (self._is_else(heard) and not is_answer):
            return Outcome(check, Verdict.NOT_MINE)
        return Outcome(replace(check, note="unclear_consent"))

    def _begin(self, check: Check, heard: Heard, about: About) -> Outcome:
        """From here on answers are kept: also what stands behind the yes."""
        check = replace(check, consent=GIVEN)
        told = self._reader.read(heard.text, about.today, about.visit_day)
        return self._with(check, told, heard.text, about) if told.answers else Outcome(check)

    def _to_question(self, check: Check, told: Told, heard: Heard, about: About) -> Outcome | None:
        """A short answer to the one question that is open; None where it is none."""
        if check.again:
            key = self._yes_or_no(told, heard)
            question = self.catalogue.questions[check.again]
            return self._with_answer(check, question, key, about) if key else None
        if not check.unclear:
            return None
        question = self.catalogue.questions[check.unclear[0]]
        said = " ".join(re.findall(r"[\w']+", heard.text.casefold()))
        matches = [
            each.key
            for each in question.answers.values()
            if each.says and re.fullmatch(rf"(?:it'?s |its |it is |the )?(?:{each.says})", said)
        ]
        if told.says_unsure:
            matches.append(UNSURE)
        if told.says_none and not matches:
            # It was named and is taken back: the doctor asks.
            matches.append(UNSURE)
        if not matches:
            return None
        return self._ready(check.answered({question.id: matches[0]}, heard.text))

    def _yes_or_no(self, told: Told, heard: Heard) -> str:
        if told.says_unsure:
            return UNSURE
        if self._answers.yes(heard):
            return YES
        return NO if self._answers.no(heard) or told.says_none else ""

    def _to_screen(self, check: Check, told: Told, heard: Heard, about: About) -> Outcome:
        """An answer to the screen as a whole."""
        screen = next_screen(check, self.catalogue)
        is_question = self._answers.is_question(heard.text)
        if not (is_question or told.says_none) and self._reader.is_besides(heard.text, heard.topic):
            return Outcome(check.told_besides(heard.text))
        if screen is None or self._is_else(heard):
            return Outcome(check, Verdict.NOT_MINE)
        if told.says_unsure:
            return self._closed(check, screen, UNSURE)
        if told.says_skip:
            return self._closed(check, screen, SKIP)
        if told.says_none or self._answers.no(heard):
            return self._closed(check, screen, NONE)
        note = "which" if self._answers.yes(heard) else "unclear"
        return Outcome(replace(check, note=note))

    def _is_else(self, heard: Heard) -> bool:
        """Whether it asks for something that has an answer of its own."""
        is_elsewhere = heard.intent in _OF_A_VISIT or self._answers.interrupts(heard)
        return is_elsewhere or self._answers.is_question(heard.text)

    def _is_age(self, check: Check, told: Told, heard: Heard) -> bool:
        """Whether a number is an age: said as one, or bare where the age is asked."""
        screen = next_screen(check, self.catalogue)
        is_asked = screen is not None and AGE in screen.questions
        return is_asked or not heard.text.strip(" .!").isdigit()

    def _closed(self, check: Check, screen: Screen, how: str) -> Outcome:
        """A screen is answered as a whole; what was named on it stands."""
        answer = {NONE: NO, UNSURE: UNSURE}.get(how)
        open_ones = [q for q in screen.questions if q not in check.answers]
        if screen == self.catalogue.changed:
            open_ones = [q for q in screen.questions if how == UNSURE and q not in check.news]
        after = check.answered(dict.fromkeys(open_ones, answer)) if answer else check
        note = "skipped" if how == SKIP else ""
        return self._ready(replace(after, done=(*after.done, screen.id), note=note))

    def _beside(
        self, check: Check, told: Told, heard: Heard, about: About, verdict: Verdict
    ) -> Outcome:
        outcome = self._with(check, told, heard.text, about)
        is_mine = outcome.verdict is not Verdict.HEARD
        return outcome if is_mine else replace(outcome, verdict=verdict)

    def _with(self, check: Check, told: Told, words: str, about: About) -> Outcome:
        """The check with what was told; a second, different answer is asked about once."""
        answers = dict(told.answers)
        if told.age is not None and AGE not in answers:
            answers.update(_of_age(told.age, about))
        if answers.get(AGE) == UNDER_18:
            if not about.is_adult or AGE in check.asked_again:
                return Outcome(check, Verdict.MINOR)
            again = replace(check, again=AGE, asked_again=(*check.asked_again, AGE))
            del answers[AGE]
            return self._with(again, replace(told, answers=answers, age=None), words, about)
        doubtful = [q for q, key in answers.items() if self._differs(check, told, q, key)]
        unclear = [
            q for q, key in answers.items() if key == SOME and check.answers.get(q, NO) == NO
        ]
        sure = {
            q: self._stricter(check, q, self._sure(self.catalogue.questions[q], key))
            for q, key in answers.items()
            if key != SOME
        }
        after = check.answered(sure, words)
        asked = tuple(dict.fromkeys((*after.asked_again, *doubtful)))
        after = replace(
            after,
            unclear=tuple(dict.fromkeys((*after.unclear, *unclear))),
            again=after.again or next(iter(doubtful), ""),
            asked_again=asked,
            offers_support=answers.get(_HEAVY_HEART, NO)
            not in (NO, check.answers.get(_HEAVY_HEART)),
        )
        return self._ready(replace(after, note=self._note_on(after, answers)))

    def _note_on(self, check: Check, answers: Mapping[str, str]) -> str:
        """What is said of answers that were just told."""
        saying = [q for q, key in answers.items() if key != NO and self.catalogue.questions[q].say]
        if saying:
            return f"{SAY}.{saying[0]}"
        screen = next_screen(check, self.catalogue)
        is_elsewhere = screen is not None and not self._is_named(check, screen)
        return "noted" if is_elsewhere and answers else ""

    def _differs(self, check: Check, told: Told, question: str, key: str) -> bool:
        """Whether two answers contradict each other and were not asked about before."""
        if question in check.asked_again:
            return False
        denied = key == NO and check.answers.get(question, NO) != NO
        return denied or question in told.contradicted

    def _stricter(self, check: Check, question: str, key: str) -> str:
        """Until it is asked again, the stricter of two answers holds."""
        before = check.answers.get(question, NO)
        if NO in (key, before):
            return key if before == NO else before
        is_other = key != before and UNSURE not in (key, before)
        if is_other and "both" in self.catalogue.questions[question].answers:
            return "both"
        return self.catalogue.stricter(question, (key, before))

    def _ready(self, check: Check) -> Outcome:
        is_over = is_finished(check, self.catalogue)
        return Outcome(check, Verdict.FINISHED if is_over else Verdict.HEARD)


# WhatsApp's longest list (brief 6.1).
MOST_ROWS = 10


def _kept(note: str) -> str:
    """The note, where it is what a question has to say."""
    return note if note.startswith(f"{SAY}.") else ""


def _of_age(age: int, about: About) -> dict[str, str]:
    """The answer to Q01 that an age in years is."""
    if age < ADULT_AGE:
        return {AGE: UNDER_18}
    if age < about.min_age:
        return {AGE: UNDER_MINIMUM}
    return {AGE: "young" if age <= _YOUNG_UNTIL else NO}


def _choices(question: Question) -> list[Any]:
    """The answers that a patient is asked to choose from."""
    return [each for each in question.answers.values() if each.title]
