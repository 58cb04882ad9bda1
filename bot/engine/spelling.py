"""What a hurried thumb meant: the words of a message as the classifier shall read them.

Greetings and thanks around a question are left out, short forms are written out, letters held down
are let go, pictures are left out, and an unknown word within one or two errors of a word of the
clinic's own training data, or else of a common English one, is read as that word. Only the
classifier reads the result: red flags, names, days and phones are read as they were typed. No word
is kept.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rapidfuzz import process
from rapidfuzz.distance import OSA

WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?|\w+")
HELD_DOWN = re.compile(r"([^\W\d_])\1{2,}")
# Unicode's categories of pictures, of what colours them, and of what nobody sees.
PICTURES = ("So", "Sk", "Cf")
AS_A_PICTURE = "\ufe0f"
SHORTEST = 4
# Letters that a word must have before two errors in it are believed.
LONG = 8
# Fewer words than these without greeting and thanks are no question of their own.
LEAST_WORDS = 2
# How often a word must stand in the training data to be what somebody meant: once may be a typo.
OFTEN = 3
# Words that begin the encoder's vocabulary are the most frequent ones of the language.
COMMON_WORDS = 12_000


class Spelling:
    """Knows the words of the training data and of the language, and puts others right."""

    def __init__(
        self,
        reading: Mapping[str, Any],
        known: Iterable[str],
        meant: Mapping[str, int],
        common: Sequence[str],
    ) -> None:
        """`reading`: data/reading.yml; `known`: never touched; `common`: English words.

        `meant`: the clinic's words with their count.
        Candidates of `meant` go before those of `common`, nearer before farther, frequent before
        rare.
        """
        self._reading = reading
        self._short_forms = {str(short): full for short, full in reading["short_forms"].items()}
        self._pictures = reading["pictures"]
        openers, closers = _one_of(reading["openers"]), _one_of(reading["closers"])
        self._openers = re.compile(rf"^(?:\W*{openers}(?![\w']))+[\s,.!;:-]*")
        self._closers = re.compile(rf"(?:(?<![\w'])[\s,.;:-]*{closers}\W*)+$")
        self._known = frozenset(known)
        self._meant = dict(sorted(meant.items(), key=lambda entry: (-entry[1], entry[0])))
        self._candidates = list(self._meant), list(common)

    @classmethod
    def learn(
        cls,
        texts: Iterable[str],
        reading: Mapping[str, Any],
        vocabulary: Sequence[str],
        of_signs: Iterable[str] = (),
    ) -> Spelling:
        """Learns the words of `texts`; `vocabulary` is the encoder's, most frequent first.

        `of_signs`: wordings of signs, many of them with errors; of their words only those that
        stand there often are known and meant.
        """
        counts = Counter(word for text in texts for word in words(text))
        told = Counter(word for text in of_signs for word in words(text))
        often = {word: count for word, count in told.items() if count >= OFTEN}
        common = [word for word in vocabulary if word.isalpha() and word.isascii()]
        meant = {
            word: count
            for word, count in {**often, **counts}.items()
            if count >= OFTEN and len(word) >= SHORTEST and word.isalpha()
        }
        known = {*counts, *often, *common}
        usual = [word for word in common[:COMMON_WORDS] if len(word) >= SHORTEST]
        return cls(reading, known, meant, usual)

    def state(self) -> dict[str, Any]:
        """Plain data from which `restore` makes the same object."""
        return {
            "reading": self._reading,
            "known": sorted(self._known),
            "meant": self._meant,
            "common": self._candidates[1],
        }

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Spelling:
        """Takes what `state` gave."""
        return cls(**state)

    def read(self, text: str) -> str:
        """The text in small letters with every word put right; "" if it holds no word."""
        plain = unicodedata.normalize("NFKC", text).lower()
        plain = plain.replace("\u2019", "'").replace(AS_A_PICTURE, "")
        shown = [sign for sign in plain if unicodedata.category(sign) in PICTURES]
        plain = "".join(sign for sign in plain if unicodedata.category(sign) not in PICTURES)
        if not plain.strip():
            return next((self._pictures[sign] for sign in shown if sign in self._pictures), "")
        return self._without_fillers(" ".join(WORD.sub(self._put_right, plain).split()))

    def _without_fillers(self, text: str) -> str:
        """What is left without a greeting in front and a "please" behind, if it is a sentence."""
        meant = self._closers.sub("", self._openers.sub("", text)).strip()
        return meant if len(words(meant)) >= LEAST_WORDS else text

    def _put_right(self, match: re.Match[str]) -> str:
        word = match[0]
        if word in self._short_forms:
            return self._short_forms[word]
        if word in self._known:
            return word
        if HELD_DOWN.search(word):
            once, twice = HELD_DOWN.sub(r"\1", word), HELD_DOWN.sub(r"\1\1", word)
            word = next((w for w in (once, twice) if self._is_word(w)), once)
            if self._is_word(word):
                return self._short_forms.get(word, word)
        if len(word) < SHORTEST or not (word.isascii() and word.isalpha()):
            return word
        return self._nearest(word)

    def _is_word(self, word: str) -> bool:
        return word in self._known or word in self._short_forms

    def _nearest(self, word: str) -> str:
        farthest = 2 if len(word) >= LONG else 1
        for distance in range(1, farthest + 1):
            for candidates in self._candidates:
                found = process.extract(
                    word, candidates, scorer=OSA.distance, score_cutoff=distance, limit=None
                )
                near = [place for _, far, place in found if far == distance]
                if near:
                    return candidates[min(near)]
        return word


def _one_of(phrases: Iterable[str]) -> str:
    return f"(?:{'|'.join(re.escape(each) for each in sorted(phrases, key=len, reverse=True))})"


def words(text: str) -> list[str]:
    """The words of a text in small letters."""
    return WORD.findall(text.lower().replace("\u2019", "'"))


def encoder_vocabulary(tokenizer: Path) -> list[str]:
    """The whole words that the encoder knows, most frequent first."""
    vocabulary = json.loads(tokenizer.read_text(encoding="utf-8"))["model"]["vocab"]
    return [word for word in sorted(vocabulary, key=vocabulary.get) if not word.startswith("##")]
