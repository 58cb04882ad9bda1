"""A message as the patterns see it: one spelling for what is meant alike, in words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.clinic.red_flags.typos import Typos

INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufe0f\ufeff]")
# Nukta and visarga are often left out in typing, accents on Latin letters carry nothing here.
_MARKS = re.compile("[\u0300-\u036f\u093c\u0903]|(?<=[\u0900-\u097f]):(?=[\u0900-\u097f])")
APOSTROPHES = re.compile("['\u2018\u2019\u201b`\u00b4\u02bc]")
_ELLIPSIS = re.compile(r"\.{2,}|\u2026")
_NUMBER_POINT = re.compile(r"(?<=\d)[.,](?=\d)")
_REPEATED = re.compile(r"([^\d\s])\1+")
_NASAL = re.compile(
    "[\u0928\u092e]\u094d(?=[\u0915-\u092d\u0938])"
)  # half n or m before a consonant
# Chandrabindu is anusvara; long i and u are short ones; candra e is e.
_DEVANAGARI = str.maketrans(
    "\u0901\u0940\u0942\u0908\u090a\u0945", "\u0902\u093f\u0941\u0907\u0909\u0947"
)
_PIECES = re.compile(
    r"[^\W_\u0900-\u097f]+|[\u0900-\u0963\u0966-\u097f]+|[.!?\u0964\u0965]|[,;:\n()]"
)
_SENTENCE_ENDS = frozenset(".!?\u0964\u0965")
_SOFT_BREAKS = frozenset(",;:\n()")


def fold(text: str) -> str:
    """The text in one spelling: case, accents, apostrophes, nukta, vowel length, doubled letters.

    Doubling is dropped everywhere, so "cannnt", "swolen" and "Swollen" meet their pattern.
    """
    folded = _MARKS.sub("", unicodedata.normalize("NFKD", INVISIBLE.sub("", text)))
    folded = unicodedata.normalize("NFC", folded).casefold()
    folded = _NUMBER_POINT.sub("", _ELLIPSIS.sub(" ", APOSTROPHES.sub("", folded)))
    folded = _NASAL.sub("\u0902", folded.translate(_DEVANAGARI))
    return _REPEATED.sub(r"\1", folded)


@dataclass(frozen=True)
class Message:
    """A message as folded words.

    ``text`` joins them with single spaces and stands a "." where a sentence of several words ends:
    no gap reaches across it. ``starts`` are the words' offsets in it. ``stop[i]`` says that a
    comma, line or sentence ends before word i, ``sentence[i]`` numbers the sentences.
    """

    words: Sequence[str]
    text: str
    starts: Sequence[int]
    stop: Sequence[bool]
    sentence: Sequence[int]


@dataclass(frozen=True)
class Span:
    """Words ``first`` up to, not including, ``end`` of a message."""

    first: int
    end: int


class Reader:
    """Folds a text and splits it into words, with known misspellings put right."""

    def __init__(self, spellings: Mapping[str, str], typos: Typos) -> None:
        """`spellings`: folded wrong word to the right one, or to several words."""
        self._spellings = spellings
        self._typos = typos

    def read(self, text: str) -> Message:
        """The message; time grows with the length of the text."""
        words: list[str] = []
        stop: list[bool] = []
        sentence: list[int] = []
        dots: set[int] = set()
        stopped = False
        number = 0
        in_sentence = 0
        for piece in _PIECES.findall(fold(text)):
            if piece in _SOFT_BREAKS:
                stopped = True
                continue
            if piece in _SENTENCE_ENDS:
                stopped = True
                if in_sentence > 1:  # "I. CAN'T. BREATHE." stays one thing said
                    dots.add(len(words))
                number += 1
                in_sentence = 0
                continue
            right = self._spellings.get(piece) or self._typos.correct(piece)
            for word in right.split():
                words.append(word)
                stop.append(stopped)
                sentence.append(number)
                stopped = False
                in_sentence += 1
        joined: list[str] = []
        starts: list[int] = []
        offset = 0
        for i, word in enumerate(words):
            if i in dots:
                joined.append(".")
                offset += 2
            starts.append(offset)
            joined.append(word)
            offset += len(word) + 1
        return Message(words, " ".join(joined), starts, stop, sentence)
