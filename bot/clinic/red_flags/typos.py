"""A word that misses a known one by a letter."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

_LONGEST_TYPO = 20  # letters of the longest word in which a typo is looked for
SHORTEST_TYPO = 6  # letters of the shortest key word that may hold a typo


class Typos:
    """Finds the key word that a word misses by one letter (dropped, added, changed, swapped)."""

    def __init__(
        self,
        key_words: Mapping[str, str],
        known_words: Iterable[str],
        fold: Callable[[str], str],
    ) -> None:
        """`key_words`: as compared, and as written; `fold` gives the compared spelling."""
        self._key_words = frozenset(key_words)
        self._known_words = frozenset(known_words)
        self._shorter: dict[str, list[str]] = {}
        for key in sorted(self._key_words):
            # A letter dropped between two like ones leaves a double, which folding drops too.
            dropped = {fold(short) for short in _one_letter_less(key_words[key])}
            for short in sorted({*_one_letter_less(key), *dropped} - {key}):
                self._shorter.setdefault(short, []).append(key)

    def correct(self, word: str) -> str:
        """The key word meant, or the word as it is."""
        if (
            word in self._known_words
            or not SHORTEST_TYPO - 2 <= len(word) <= _LONGEST_TYPO
            or not word.isascii()
        ):
            return word
        if word in self._shorter:
            return self._shorter[word][0]
        for short in _one_letter_less(word):
            if short in self._key_words:
                return short
            for key in self._shorter.get(short, ()):
                if len(key) == len(word) and _changed_or_swapped(key, word):
                    return key
        return word


def _one_letter_less(word: str) -> Iterator[str]:
    return (word[:i] + word[i + 1 :] for i in range(len(word)))


def _changed_or_swapped(key: str, word: str) -> bool:
    """Whether two words of one length differ in one letter, or in two that changed places."""
    places = [i for i, (a, b) in enumerate(zip(key, word, strict=True)) if a != b]
    if len(places) == 1:
        return True
    if len(places) != 2 or places[1] != places[0] + 1:
        return False
    i, j = places
    return key[i] == word[j] and key[j] == word[i]
