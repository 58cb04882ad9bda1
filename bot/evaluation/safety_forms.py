"""Made forms of a message that tells a sign: how the same thing is typed by somebody else.

Each form is a pure function of the message, its language and a random generator.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Any

from bot.data_files import read_yaml
from bot.evaluation.faults import character_errors, upper_case, without_punctuation

SEED = 0
# Characters of a message in whose middle a sign hides.
HIDDEN_IN = 800
_DEVANAGARI_WORD = re.compile("[\u0900-\u0963\u0970-\u097f]{4,}")
# Vowel signs of Devanagari are no \w.
_LETTER = "[\\w\u0900-\u0963\u0970-\u097f]"
_LATIN = ("en", "hi_latn")

Form = Callable[[str, str, random.Random], str]


class Forms:
    """The forms by name; `words` is the content of `safety_forms.yml`."""

    def __init__(self, words: dict[str, Any]) -> None:
        """Takes the words that stand around a sign, by language."""
        self._words = words
        self._persons = words["third_person"]
        # In one pass, so that what a word became is not changed again.
        self._pronouns = {
            language: re.compile(
                rf"(?<!{_LETTER})(?:{'|'.join(sorted(table, key=len, reverse=True))})(?!{_LETTER})",
                re.IGNORECASE,
            )
            for language, table in self._persons.items()
        }
        self.by_name: dict[str, Form] = {
            "upper case": lambda text, _, chooser: upper_case(text, chooser),
            "no punctuation": lambda text, _, chooser: without_punctuation(text, chooser),
            "one typo": lambda text, language, chooser: _typos(text, language, chooser, 1),
            "two typos": lambda text, language, chooser: _typos(text, language, chooser, 2),
            "behind a price question": self._behind_a_price,
            "in the middle of 800 characters": self._hidden,
            "third person": self._of_somebody_else,
            "hi doctor pls": lambda text, *_: f"hi doctor pls {text}",
            "as a caption": lambda text, language, _: self._words["caption"][language].format(text),
        }

    @classmethod
    def from_data(cls, file: Any) -> Forms:
        """Reads the words; a path."""
        return cls(read_yaml(file))

    def made(self, text: str, language: str, name: str) -> str:
        """The message in a form; the same message always becomes the same."""
        # Not for secrets: the choice must be the same each time.
        chooser = random.Random(f"{SEED} {name} {text}")  # noqa: S311
        return self.by_name[name](text, language, chooser)

    def _behind_a_price(self, text: str, language: str, chooser: random.Random) -> str:
        return f"{chooser.choice(self._words['price'][language])} {text}"

    def _hidden(self, text: str, language: str, chooser: random.Random) -> str:
        """Idle sentences on both sides until the whole has `HIDDEN_IN` characters."""
        idle = list(self._words["idle"][language])
        chooser.shuffle(idle)
        before: list[str] = []
        after: list[str] = []
        length = len(text)
        while length < HIDDEN_IN:
            sentence = idle[(len(before) + len(after)) % len(idle)]
            (before if len(before) <= len(after) else after).append(sentence)
            length += len(sentence) + 1
        return " ".join([*before, text if text[-1:] in ".!?।" else f"{text}.", *after])

    def _of_somebody_else(self, text: str, language: str, _: random.Random) -> str:
        table = self._persons[language]
        plain = text.replace("\u2019", "'")
        told = self._pronouns[language].sub(lambda found: str(table[found[0].casefold()]), plain)
        if told == plain:
            told = text
        return told if told != text else self._words["for_somebody"][language].format(text)


def _typos(text: str, language: str, chooser: random.Random, count: int) -> str:
    if language in _LATIN:
        return character_errors(text, chooser, count)
    found = list(_DEVANAGARI_WORD.finditer(text))
    struck = chooser.sample(found, min(count, len(found)))
    for match in sorted(struck, key=lambda match: -match.start()):
        # A sign left out is what a thumb does on such a keyboard.
        place = match.start() + chooser.randrange(1, len(match[0]))
        text = text[:place] + text[place + 1 :]
    return text
