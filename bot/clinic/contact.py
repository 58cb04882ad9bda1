"""Asking a visitor how the team can reach them: a phone and a good time, with their consent.

The question itself says that typing the number is the consent, and to what. Nobody is pressed:
whoever writes of something else is answered, and the question is not repeated.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from bot.clinic.booking.answers import INTERRUPTIONS
from bot.clinic.booking.draft import Heard
from bot.clinic.details import DetailReader
from bot.clinic.kept import Kept

# What comes before a number, even where one stands beside it.
_FIRST = ("report_reaction", "distress", "book_consultation", "continue_booking")
LONGEST_TIME = 200
# "Call me after six" is an answer to "when may we call?"; these are not.
_NO_TIME = (INTERRUPTIONS - {"call_me_back"}) | {
    "book_consultation",
    "continue_booking",
    "reschedule_consultation",
    "cancel_consultation",
    "stop_messages",
}


class Reached(str, Enum):
    """What a message was to this question."""

    HEARD = "heard"
    NOT_MINE = "not_mine"
    DECLINED = "declined"
    TOLD = "told"


@dataclass(frozen=True)
class Contact(Kept):
    """How one patient can be reached, as far as they have said."""

    phone: str = field(default="", repr=False)
    good_time: str = field(default="", repr=False)
    consent_message: str = ""
    heard: str = ""
    note: str = ""
    # The question was put; after something else it is not put again.
    asked: bool = False


class ContactDialogue:
    """Listens for a phone, then for a time that suits."""

    def __init__(self, words: Mapping[str, Any], reader: DetailReader) -> None:
        """`words`: the content of `data/booking.yml`."""
        self._reader = reader
        declined = [*words["words"]["no"], *words["words"]["stop"], *words["no_thanks"]]
        self._no = re.compile("|".join(f"(?:{each})" for each in declined), re.IGNORECASE)
        self._times = words["good_times"]
        said = "|".join(f"(?:{each})" for each in words["good_time_words"])
        self._is_time = re.compile(rf"(?<!\w)(?:{said})(?!\w)", re.IGNORECASE)
        self._notes = words["notes"]

    def hear(self, contact: Contact, heard: Heard) -> tuple[Contact, Reached]:
        """What is known after one more message."""
        contact = replace(contact, heard=heard.id, note="")
        if heard.entities or heard.intent in _FIRST:
            return self._pressed(contact, heard.entities)
        text = " ".join(heard.text.split())
        found = self._reader.phone(text)
        if found.phone:
            told = contact.good_time or self._time_beside(text)
            contact = replace(contact, phone=found.phone, good_time=told, consent_message=heard.id)
            return contact, Reached.TOLD if told else Reached.HEARD
        denies = heard.intent == "deny" and not self._is_time.search(text)
        if self._no.fullmatch(text.casefold().strip(" .!")) or denies:
            return contact, Reached.TOLD if contact.phone else Reached.DECLINED
        is_else = heard.intent in (_NO_TIME if contact.phone else INTERRUPTIONS)
        is_else = is_else or "?" in text or not text
        if contact.phone and not is_else and self._is_time.search(text):
            return replace(contact, good_time=text[:LONGEST_TIME]), Reached.TOLD
        if contact.phone or is_else:
            return contact, Reached.NOT_MINE
        return self._unclear(contact, heard, found.phone_problem)

    def _unclear(self, contact: Contact, heard: Heard, problem: str) -> tuple[Contact, Reached]:
        """No number: asked again where one was tried or promised, dropped where it was not."""
        if problem == "missing" and heard.intent != "affirm":
            return contact, Reached.NOT_MINE
        note = "phone_other" if problem == "missing" else f"phone_{problem}"
        return replace(contact, note=note, asked=False), Reached.HEARD

    def note(self, contact: Contact) -> str:
        """What is said before the question."""
        return f"{self._notes[contact.note]}\n" if contact.note else ""

    def _pressed(self, contact: Contact, given: Mapping[str, str]) -> tuple[Contact, Reached]:
        if given.get("call") == "no":
            return contact, Reached.DECLINED
        if given.get("good_time") in self._times and contact.phone:
            told = str(self._times[given["good_time"]])
            return replace(contact, good_time=told), Reached.TOLD
        return contact, Reached.NOT_MINE

    def _time_beside(self, text: str) -> str:
        """What stands beside the number: "after 5 pm"."""
        rest = re.sub(r"\+?[\d\s().\-]{8,}", " ", text)
        words = re.findall(r"[^\W_][\w:.'-]*", rest)
        return " ".join(words)[:LONGEST_TIME] if self._is_time.search(rest) else ""
