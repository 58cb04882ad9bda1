"""Hears anger in how something is written, where the words alone do not say "complaint".

Two of three signs make it: shouting in capitals, an insult, repetition. One alone is somebody
whose caps lock is on, who curses their acne, or who asks twice.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

_WORD = re.compile(r"[^\W\d_]+")
_LETTERS_OF_A_WORD = 3
_SHOUTED_WORDS = 2
_SHARE_SHOUTED = 0.6
_ENOUGH_SIGNS = 2
_DOUBLED = 2
# "???" or "!!": pressing for an answer; a single doubled mark is a habit.
_PRESSING = re.compile(r"[?!]{2,}")


class Anger:
    """Judges a message with the words of `data/anger.yml`."""

    def __init__(self, words: Mapping[str, Sequence[str]]) -> None:
        """`words`: insults and capitals that shout nothing."""
        self._insults = re.compile(
            rf"(?<!\w)(?:{'|'.join(f'(?:{each})' for each in words['insults'])})(?!\w)",
            re.IGNORECASE,
        )
        self._plain_capitals = frozenset(word.casefold() for word in words["plain_capitals"])

    def hears(self, text: str, earlier: Sequence[str] = ()) -> bool:
        """Whether a message sounds angry; `earlier`: what the same person wrote before it."""
        signs = (self._shouts(text), self._insults_us(text), _repeats(text, earlier))
        return sum(signs) >= _ENOUGH_SIGNS

    def _shouts(self, text: str) -> bool:
        words = [
            word
            for word in _WORD.findall(text)
            if len(word) >= _LETTERS_OF_A_WORD and word.casefold() not in self._plain_capitals
        ]
        shouted = [word for word in words if word.isupper()]
        enough = len(shouted) >= _SHOUTED_WORDS
        return enough and len(shouted) >= _SHARE_SHOUTED * len(words)

    def _insults_us(self, text: str) -> bool:
        return bool(self._insults.search(text))


def _repeats(text: str, earlier: Sequence[str]) -> bool:
    """Whether a message, or what is in it, comes again and again."""
    said = _WORD.findall(text.casefold())
    if any(said and said == _WORD.findall(each.casefold()) for each in earlier):
        return True
    if any(one == other and len(one) >= _LETTERS_OF_A_WORD for one, other in pairwise(said)):
        return True
    pressing = _PRESSING.findall(text)
    return len(pressing) > 1 or any(len(marks) > _DOUBLED for marks in pressing)
