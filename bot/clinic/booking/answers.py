"""Short answers: a yes, a no, a stop, "the second one"."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from bot.clinic.booking.draft import NO_REMINDER, Heard

# Intents that have an answer of their own: it is given, and the question is asked again.
INTERRUPTIONS = frozenset(
    (
        "faq",
        "talk_to_staff",
        "complaint",
        "report_reaction",
        "distress",
        "ask_diagnosis",
        "help_menu",
        "bot_challenge",
        "privacy_request",
        "call_me_back",
        "payment_receipt",
        "other_service",
        "out_of_scope",
        "change_language",
        "running_late",
        "check_consultation",
        "next_session",
        "start_suitability_check",
        "greet",
        "goodbye",
        "thanks",
    )
)
# What a person of the team has to learn of, whatever else stands in the message.
ALWAYS_ELSE = frozenset(("report_reaction", "distress", "complaint", "talk_to_staff"))
# A longer message is more than a yes.
_SHORT = 5
_WORDS_AROUND_A_TIME = 2


class Answers:
    """Recognises them with the words of `data/booking.yml`, and with the intent."""

    def __init__(self, words: Mapping[str, Any]) -> None:
        """Compiles the words."""
        whole = words["words"]
        self._stop, self._same, self._change = (
            re.compile(_any_of(whole[name]), re.IGNORECASE) for name in ("stop", "same", "change")
        )
        self._yes, self._no = (
            _with_politeness(whole[name], whole["polite"]) for name in ("yes", "no")
        )
        self._begins_with_yes = re.compile(rf"(?:{_any_of(whole['yes'])})(?!\w)", re.IGNORECASE)
        self._yes_signs = frozenset(words["yes_signs"])
        self._grown_up = _inside(words["grown_up"])
        self._age = re.compile(words["age"], re.IGNORECASE)
        self._but = _inside(words["but"])
        self._other = _inside(words["other_wanted"])
        self._question = re.compile(rf"\s*(?:{_any_of(words['questions'])})(?!\w)", re.IGNORECASE)
        self._treatment = _inside(words["treatment"])
        self._changes = {name: _inside(texts) for name, texts in words["change_what"].items()}
        self._reminders = {name: _inside(texts) for name, texts in words["reminder_ways"].items()}
        around = words["around_ordinals"]
        self._ordinals = {
            int(place): re.compile(
                rf"(?:(?:{around}) )*(?:{said})(?: (?:{around}))*", re.IGNORECASE
            )
            for place, said in words["ordinals"].items()
        }
        self._not = _inside(words["never"])
        self._moves = _inside(words["moves"])
        self._alarms = re.compile(_any_of(words["alarming"]), re.IGNORECASE)

    def interrupts(self, heard: Heard) -> bool:
        """Whether it asks for something else than the booking."""
        return heard.intent in INTERRUPTIONS

    def is_question(self, text: str) -> bool:
        """Whether it is a question, with or without its mark."""
        return "?" in text or bool(self._question.match(text))

    def is_treatment(self, text: str) -> bool:
        """Whether a session of a plan is meant: the team arranges it, who know the plan."""
        return bool(self._treatment.search(text))

    def yes(self, heard: Heard) -> bool:
        """A plain yes: "yes, but at six" is none, nor "ok, cancel", nor "yes?"."""
        said = _bare(heard.text)
        if "?" in heard.text:
            return False
        if not said:
            return bool(self._yes_signs.intersection(heard.text))
        if self._yes.fullmatch(said):
            return True
        is_more = self._but.search(said) or any(letter.isdigit() for letter in said)
        return heard.intent == "affirm" and _is_short(said) and not is_more

    def agrees(self, heard: Heard) -> bool:
        """A yes with more behind it: "yes, I am Asha Rao, 99999 00001"."""
        said = _bare(heard.text)
        begins = self._begins_with_yes.match(said) and not self._but.search(said)
        return self.yes(heard) or (bool(begins) and "?" not in heard.text)

    def age(self, text: str) -> int | None:
        """The age that a message consists of, in years; None if it is something else."""
        found = self._age.fullmatch(text.strip(" .!"))
        return int(found.group(1)) if found else None

    def is_grown_up(self, text: str) -> bool:
        """Whether it says that somebody is 18 or older."""
        return bool(self._grown_up.search(text))

    def no(self, heard: Heard) -> bool:
        """A plain no."""
        said = _bare(heard.text)
        return bool(self._no.fullmatch(said)) or (heard.intent == "deny" and _is_short(said))

    def stops(self, heard: Heard) -> bool:
        """Whether the whole message says that nothing should be booked."""
        said = _bare(heard.text)
        cancels = heard.intent == "cancel_consultation" and _is_short(said)
        return bool(self._stop.fullmatch(said)) or cancels

    def same(self, heard: Heard) -> bool:
        """Whether the number of the channel is meant: "this number"."""
        return bool(self._same.fullmatch(_bare(heard.text)))

    def wants_change(self, heard: Heard) -> bool:
        """Whether the whole message says that something should be different."""
        return bool(self._change.fullmatch(_bare(heard.text)))

    def wants_other(self, text: str) -> str:
        """The fact that should be another, of which no new one is told: "change the name"."""
        return self.what_to_change(text) if self._other.search(text) else ""

    def what_to_change(self, text: str) -> str:
        """The fact that is named: time, name, phone, whom or reminders."""
        return next((name for name, said in self._changes.items() if said.search(text)), "")

    def reminder_way(self, text: str) -> str:
        """The way of reminding that is named; "don't call me" is a no to all of them."""
        way = next((name for name, said in self._reminders.items() if said.search(text)), "")
        return NO_REMINDER if way and self._not.search(text) else way

    def alarms(self, text: str) -> bool:
        """Whether a problem sounds like a sign after treatment rather than a reason for a visit."""
        return bool(self._alarms.search(text))

    def may_move(self, text: str, rest: str) -> bool:
        """Whether a time said in answer to another question is meant for the visit.

        `rest` is the text without its time words: "make it Friday", "Friday 6 pm"; but not "my
        wedding is on Friday".
        """
        return bool(self._moves.search(text)) or len(rest.split()) <= _WORDS_AROUND_A_TIME

    def place_in(self, text: str, count: int) -> int | None:
        """Which of so many offered things is meant by "the second one"; counted from 0."""
        for place, said in self._ordinals.items():
            # -1 is the last one, of which there must be one too.
            if abs(place) <= count and said.fullmatch(_bare(text)):
                return place - 1 if place > 0 else count + place
        return None


def _is_short(text: str) -> bool:
    return 0 < len(text.split()) <= _SHORT


def _bare(text: str) -> str:
    """The words without case, punctuation and emojis."""
    return " ".join(re.findall(r"[\w'’\u0900-\u097f]+", text.casefold()))


def _with_politeness(patterns: Sequence[str], polite: Sequence[str]) -> re.Pattern[str]:
    """One of the patterns, then any more of them and polite words."""
    said = _any_of(patterns)
    return re.compile(rf"(?:{said})(?: (?:{said}|{_any_of(polite)}))*", re.IGNORECASE)


def _any_of(patterns: Sequence[str]) -> str:
    return "|".join(f"(?:{pattern})" for pattern in patterns)


def _inside(patterns: Sequence[str]) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{_any_of(patterns)})(?!\w)", re.IGNORECASE)
