"""What the assistant refuses, whatever the classifier hears in it (clinical brief, 6.6).

No diagnosis, no look at a photo, no dose, no stopping or changing of a medicine, no "is this normal
on my face?", no comparison of doctors, no promise of a result. People ask for these in the words of
an ordinary question, so patterns decide. They judge no danger: that is done before.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

# So surely heard, a message asks for something else than the one that was refused.
HEARD = 0.97
# "Ok fine" and "thik hai" press for nothing.
LEAST_WORDS = 3
# So surely heard, a wish is one.
WISHED = 0.5
# In a longer stretch words that belong to each other by chance are too many.
MOST_WORDS = 28

_SENTENCE_END = re.compile(r"(?<=[.?!\n])\s+")
_HOLE = re.compile(r"\{([a-z]\w*)\}")
_TYPOGRAPHIC = str.maketrans({"\u2019": "'", "\u2018": "'"})
_NUMBER = re.compile(r"\d(?:[\s-]?\d){6,}")
# Marks between words; a hyphen and an apostrophe stand in them.
_MARKS = re.compile(r"[^\w\s%'.-]+|\.(?!\d)")


@dataclass(frozen=True)
class _Kind:
    name: str
    label: str
    # Each is all of its patterns.
    asked: Sequence[Sequence[re.Pattern[str]]]
    unless: re.Pattern[str]
    left_to: frozenset[str]

    def is_asked(self, words: str) -> bool:
        return not self.unless.search(words) and any(
            all(pattern.search(words) for pattern in together) for together in self.asked
        )


class Refusals:
    """Decides with the patterns of `data/refusals.yml`."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        """`data`: the content of `data/refusals.yml`.

        Raises:
            KeyError: a pattern names words that are not there.
            re.error: a pattern is none.
        """
        self._words: Mapping[str, str] = data["words"]
        self._kinds = [self._kind(name, each) for name, each in data["kinds"].items()]
        self._labels = {each.name: each.label for each in self._kinds}
        self._own: Mapping[str, str] = data["heard_as"]
        self._never = frozenset(data["never_refused"])
        self._insists = self._pattern(data["insists"])
        self._after: Mapping[str, str] = data["after"]
        self._answers = frozenset(data["answers"])
        self._acted_on = frozenset(data["acted_on"])
        self._says_nothing = frozenset(data["says_nothing"])
        self._medicine = self._pattern(data["medicine"])
        self._presses = self._pattern(data["presses"])

    def kind_of(self, text: str, label: str, score: float = 1.0) -> str:
        """The refusal that a message asks for, "" if it asks for none.

        `label` is what the classifier hears, as surely as `score`: a sign and a wish that is acted
        on are refused never. A medicine or a dose in something else altogether is refused as such.
        """
        if self._is_never_refused(label, score):
            return ""
        stretches = _stretches(text)
        for kind in self._kinds:
            if any(kind.is_asked(each) for each in stretches):
                return kind.name
        if label == "out_of_scope" and self._medicine.search(text):
            return "no_dose"
        return self._own.get(label, "")

    def label_of(self, kind: str, label: str) -> str:
        """The label that a message with this refusal gets instead of the classifier's.

        It keeps its own where the answer to that refuses too.
        """
        found = next(each for each in self._kinds if each.name == kind)
        return label if label in found.left_to else found.label

    def kind_before(self, refused: str, label: str) -> str:
        """What a message may press for after one that was `refused` or heard as this label."""
        return refused or self._after.get(label, "")

    def presses(self, text: str, label: str, score: float, *, is_in_form: bool = False) -> bool:
        """Whether a message may only press for what was refused before it.

        `label` is what the classifier hears in it, as surely as `score`. A number tells something,
        and so does a bare answer where a form has asked.
        """
        means_something = score >= HEARD and label not in self._says_nothing
        if means_something or self._is_never_refused(label, score):
            return False
        words = _in_words(text)
        if is_in_form and label in self._answers and not self._insists.search(words):
            return False
        if len(words.split()) < LEAST_WORDS or _NUMBER.search(text):
            return False
        return bool(self._presses.search(words))

    def _is_never_refused(self, label: str, score: float) -> bool:
        return label in self._never or (label in self._acted_on and score >= WISHED)

    def _kind(self, name: str, data: Mapping[str, Any]) -> _Kind:
        return _Kind(
            name,
            str(data["label"]),
            [[self._pattern(each) for each in together] for together in data["asked"]],
            self._pattern(data["unless"]),
            frozenset(data.get("left_to", ())),
        )

    def _pattern(self, pattern: str) -> re.Pattern[str]:
        """A pattern as whole words, with the lists that it names; those may name others."""
        said = re.sub(r"\|\s+", "|", pattern)
        while _HOLE.search(said):
            said = _HOLE.sub(lambda hole: f"(?:{self._words[hole[1]]})", said)
        return re.compile(rf"(?<![\w'])(?:{said})(?!\w)", re.IGNORECASE)


def _stretches(text: str) -> list[str]:
    """Each sentence, and with the one before it: what is asked often stands before the question."""
    found = [_in_words(each) for each in _SENTENCE_END.split(text) if each.strip()]
    pairs = [" ".join(pair) for pair in pairwise(found)]
    return [each for each in (*found, *pairs) if len(each.split()) <= MOST_WORDS]


def _in_words(text: str) -> str:
    """A message as words with one space between them, in the typewriter's apostrophes."""
    return " ".join(_MARKS.sub(" ", text.translate(_TYPOGRAPHIC)).split())
