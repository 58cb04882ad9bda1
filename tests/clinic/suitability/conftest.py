"""The check as it is asked, from the files of `data`."""

from __future__ import annotations

from datetime import date
from itertools import count
from typing import Any

import pytest

from bot.clinic.booking.draft import GIVEN, Heard
from bot.clinic.suitability.check import Check
from bot.clinic.suitability.dialogue import About, CheckDialogue, Outcome, Verdict
from bot.clinic.suitability.told import Told, ToldReader
from bot.data_files import DATA, common_words, read_yaml

TODAY = date(2026, 11, 23)
QUESTIONS: dict[str, Any] = read_yaml(DATA / "suitability.yml")
DIALOGUE = CheckDialogue.from_data(QUESTIONS, read_yaml(DATA / "booking.yml"), common_words())
CATALOGUE = DIALOGUE.catalogue
READER = ToldReader(QUESTIONS, CATALOGUE, common_words())
_ids = count(1)


def read(text: str, visit: date | None = None) -> Told:
    """What a message tells today."""
    return READER.read(text, TODAY, visit)


class Checked:
    """Somebody in the middle of the check."""

    def __init__(self, concern: str = "skin", **about: Any) -> None:
        self.about = About(TODAY, **about)
        self.check = Check(consent=GIVEN, concern=concern)
        self.last = Outcome(self.check)

    def presses(self, value: str) -> Verdict:
        """Presses a button of the check."""
        return self._hears(Heard(f"m{next(_ids)}", "", "inform", {"check": value}))

    def says(self, text: str, intent: str = "inform", topic: str = "") -> Verdict:
        """Writes something; `topic` is what the classifier takes it for a question on."""
        return self._hears(Heard(f"m{next(_ids)}", text, intent, topic=topic))

    def _hears(self, heard: Heard) -> Verdict:
        self.last = DIALOGUE.hear(self.check, heard, self.about)
        self.check = self.last.check
        return self.last.verdict

    @property
    def asked(self) -> str:
        """The text of the next question, with the note before it."""
        values = DIALOGUE.ask(self.check, self.about).values
        return values["note"] + values.get("check_text", "")

    @property
    def buttons(self) -> dict[str, str]:
        """Titles and what they hold."""
        return {title: held["check"] for title, held in self._asked().buttons}

    def _asked(self) -> Any:
        return DIALOGUE.ask(self.check, self.about)

    def press_none(self) -> Verdict:
        """Presses "None of these" of the present screen."""
        return self.presses(next(each for each in self.buttons.values() if each[:5] == "none."))

    def denies_the_rest(self) -> int:
        """Presses "None of these" to the end; gives how many screens that took."""
        screens = 1
        while self.press_none() is Verdict.HEARD:
            screens += 1
        assert self.last.verdict is Verdict.FINISHED
        return screens

    def named(self) -> dict[str, str]:
        """What applies."""
        return {q: key for q, key in self.check.answers.items() if key != "no"}


@pytest.fixture
def checked() -> Checked:
    return Checked()
