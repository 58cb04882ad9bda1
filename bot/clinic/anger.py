"""Hears anger in how something is written, where the words alone do not say "complaint".

Two of three signs make it: shouting in capitals, an insult, repetition. One alone is somebody
whose caps lock is on, who curses their acne, or who asks twice.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import groupby, pairwise

_WORD = re.compile(r"[^\W\d_]+")
_LETTERS_OF_A_WORD = 3
_SHOUTED_WORDS = 2
_SHARE_SHOUTED = 0.6
# In the middle of other words: "you cancelled it WITHOUT EVEN TELLING ME".
_SHOUTED_IN_A_ROW = 3
_ENOUGH_SIGNS = 2
_DOUBLED = 2
# "???" or "!!": pressing for an answer; a single doubled mark is a habit.
_PRESSING = re.compile(r"[?!]{2,}")
# So much of a message is in an earlier one when it asks the same in other words.
_LETTERS_OF_CONTENT = 4
_SHARE_REPEATED = 0.75


class Anger:
    """Judges a message with the words of `data/anger.yml`."""

    def __init__(self, words: Mapping[str, Sequence[str]]) -> None:
        """`words`: insults, words of repetition, and capitals that shout nothing."""
        self._insults = _any_of(words["insults"])
        self._repeats = _any_of(words["repeats"])
        self._plain_capitals = frozenset(word.casefold() for word in words["plain_capitals"])

    def hears(self, text: str, earlier: Sequence[str] = ()) -> bool:
        """Whether a message sounds angry; `earlier`: what the same person wrote before it."""
        return sum(self.signs(text, earlier)) >= _ENOUGH_SIGNS

    def signs(self, text: str, earlier: Sequence[str] = ()) -> tuple[bool, bool, bool]:
        """Whether it shouts, insults, and repeats."""
        insults = bool(self._insults.search(text))
        repeats = bool(self._repeats.search(text)) or _comes_again(text, earlier)
        return self._shouts(text), insults, repeats

    def _shouts(self, text: str) -> bool:
        words = [
            word
            for word in _WORD.findall(text)
            if len(word) >= _LETTERS_OF_A_WORD and word.casefold() not in self._plain_capitals
        ]
        shouted = [word.isupper() for word in words]
        if sum(shouted) >= max(_SHOUTED_WORDS, _SHARE_SHOUTED * len(words)):
            return True
        rows = [len(list(group)) for is_shouted, group in groupby(shouted) if is_shouted]
        return max(rows, default=0) >= _SHOUTED_IN_A_ROW


def _comes_again(text: str, earlier: Sequence[str]) -> bool:
    """Whether a message, or what is in it, comes again and again."""
    said = _WORD.findall(text.casefold())
    if any(said and said == _WORD.findall(each.casefold()) for each in earlier):
        return True
    content = {word for word in said if len(word) >= _LETTERS_OF_CONTENT}
    for each in earlier:
        again = content.intersection(_WORD.findall(each.casefold()))
        if len(again) > 1 and len(again) >= _SHARE_REPEATED * len(content):
            return True
    if any(one == other and len(one) >= _LETTERS_OF_A_WORD for one, other in pairwise(said)):
        return True
    pressing = _PRESSING.findall(text)
    return len(pressing) > 1 or any(len(marks) > _DOUBLED for marks in pressing)


def _any_of(patterns: Sequence[str]) -> re.Pattern[str]:
    """Any of them as whole words; a sign such as an emoji may touch another."""
    said = "|".join(f"(?:{each})" for each in patterns)
    return re.compile(rf"(?<!\w)(?:{said})(?!\w)", re.IGNORECASE)
