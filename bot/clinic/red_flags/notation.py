"""The notation of the patterns in `data/safety`: its head stands in `language.yml`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from bot.clinic.red_flags.reading import Message, Span, fold
from bot.clinic.red_flags.typos import SHORTEST_TYPO

_PREFIX_LETTERS = 14  # the longest stem ("word*") the index looks up
_DEFAULT_GAP = 3  # words that ".." may stand for


@dataclass(frozen=True)
class Pattern:
    """One line of the patterns and the words (or stems) it may begin with."""

    source: str
    first_words: frozenset[str]
    first_stems: frozenset[str]

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """Compiled when a message holds one of the first words: most never are (0.1 ms each)."""
        return re.compile(self.source)


class Notation:
    """Reads lines of patterns; the notation stands at the head of `language.yml`."""

    def __init__(self, signs: Mapping[str, Any]) -> None:
        # The same few thousand words stand in all lines; a message's words are never kept here.
        self._folded: dict[str, str] = {}
        self._choices: dict[tuple[str, bool], tuple[list[list[str]], str]] = {}
        self._groups: dict[str, list[str]] = {
            name: [phrase.strip() for phrase in str(phrases).split("|")]
            for name, phrases in signs["groups"].items()
        }
        self.spellings: dict[str, str] = {
            fold(wrong): " ".join(fold(word) for word in str(right).split())
            for right, wrongs in signs["spellings"].items()
            for wrong in str(wrongs).split()
        }
        chained = {word for right in self.spellings.values() for word in right.split()}
        chained = {word for word in chained if self.spellings.get(word, word) != word}
        if chained:
            raise ValueError(f"spelled right in one place and wrong in another: {sorted(chained)}")
        self.key_words: dict[str, str] = {}  # as compared, and as written
        self.known_words: set[str] = set()
        gap_stops = "|".join(re.escape(word) for word in sorted(self.words(signs["gap_stops"])))
        self._gap_word = rf"(?: (?!(?:{gap_stops})(?: |$))[^ .]+)"

    def words(self, line: str) -> frozenset[str]:
        """The folded words of a plain list in one string."""
        return frozenset(self._spell(word) for word in str(line).split())

    def _fold(self, word: str) -> str:
        if word not in self._folded:
            self._folded[word] = fold(word)
        return self._folded[word]

    def _spell(self, word: str) -> str:
        folded = self._fold(word)
        right = self.spellings.get(folded, folded)
        return folded if " " in right else right

    def _phrases(self, item: str) -> Iterator[list[str]]:
        """Every phrase that an item stands for, as words."""
        for choice in item.split("|"):
            if choice.startswith("<"):
                for phrase in self._groups[choice.strip("<>")]:
                    if phrase.startswith("<"):
                        yield from self._phrases(phrase)
                    else:
                        yield phrase.split()
            else:
                yield [choice]

    def _choice(self, item: str, *, key: bool) -> tuple[list[list[str]], str]:
        """Its phrases, and what matches any of them; the same groups stand in most lines."""
        if (item, key) not in self._choices:
            phrases = list(self._phrases(item))
            matching = "|".join(
                " ".join(self._word(word, key=key) for word in phrase)
                for phrase in sorted(phrases, key=len, reverse=True)
            )
            self._choices[item, key] = (phrases, matching)
        return self._choices[item, key]

    def _word(self, word: str, *, key: bool) -> str:
        if word.endswith("*"):
            return re.escape(self._fold(word[:-1])) + "[^ ]*"
        spelled = self._spell(word)
        self.known_words.add(spelled)
        if key and len(word) >= SHORTEST_TYPO and word.isascii() and word.isalpha():
            self.key_words[spelled] = word.lower() if spelled == self._fold(word) else spelled
        return re.escape(spelled)

    def compile(self, line: str, *, key: bool = True) -> Pattern:
        """The pattern of a line. With ``key`` its long words are ones a typo is forgiven in.

        Raises KeyError for an unknown <group>, ValueError for a line that begins with a gap.
        """
        regex = ""
        first_words: set[str] = set()
        first_stems: set[str] = set()
        for item in line.split():
            if item.startswith(".."):
                regex += self._gap_word + f"{{0,{item[2:] or _DEFAULT_GAP}}}?"
                continue
            optional = item.startswith("[")
            phrases, choice = self._choice(item.strip("[]"), key=key)
            if regex:
                regex += f"(?: (?:{choice}))?" if optional else f" (?:{choice})"
                continue
            if optional:
                raise ValueError(f"a pattern may not begin with an optional word: {line}")
            regex = f"(?:{choice})"
            for phrase in phrases:
                if phrase[0].endswith("*"):
                    first_stems.add(self._fold(phrase[0][:-1]))
                else:
                    first_words.add(self._spell(phrase[0]))
        if not first_words and not first_stems:
            raise ValueError(f"a pattern may not begin with a gap: {line}")
        return Pattern(regex + "(?= |$)", frozenset(first_words), frozenset(first_stems))


class Index:
    """Patterns by the word they begin with: a word costs a look-up, not a scan."""

    def __init__(self, named: Iterable[tuple[int, Pattern]]) -> None:
        self._words: dict[str, list[tuple[int, Pattern]]] = {}
        self._stems: dict[str, list[tuple[int, Pattern]]] = {}
        for name, pattern in named:
            for word in pattern.first_words:
                self._words.setdefault(word, []).append((name, pattern))
            for stem in pattern.first_stems:
                self._stems.setdefault(stem, []).append((name, pattern))
        lengths = {len(stem) for stem in self._stems}
        if lengths and max(lengths) > _PREFIX_LETTERS:
            raise ValueError(f"a stem is longer than {_PREFIX_LETTERS} letters")
        self._lengths = sorted(lengths)

    def find(
        self, message: Message, first: int = 0, end: int | None = None
    ) -> Iterator[tuple[int, Span]]:
        """Every pattern's name with the words it covers, among words ``first`` to ``end``."""
        end = len(message.words) if end is None else min(end, len(message.words))
        if first >= end:
            return
        limit = message.starts[end - 1] + len(message.words[end - 1])
        for i in range(first, end):
            word = message.words[i]
            candidates = list(self._words.get(word, ()))
            for length in self._lengths:
                if length > len(word):
                    break
                candidates += self._stems.get(word[:length], ())
            for name, pattern in candidates:
                match = pattern.regex.match(message.text, message.starts[i], limit)
                if match:
                    words = sum(1 for piece in match.group().split(" ") if piece != ".")
                    yield name, Span(i, i + words)
