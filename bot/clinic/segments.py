"""Cuts a message into the questions that it may hold.

Only where something speaks for another question: the end of a sentence or a line, a joining word
or a comma before words that open a question, or such words without anything before them. Whether
the parts are questions of their own is decided by what they mean (`bot.clinic.several`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_BULLET = re.compile(r"^\s*(?:[-*\u2022\u2013]+|\(?(?:\d{1,2}|[a-e])[.)](?=\s)|q\d*[.:)])\s*", re.I)
_SENTENCE_END = re.compile(r"[?!\u0964\u0965]+|[.\u2026]+(?=\s|$)|;")
_WORD = re.compile(r"&|\+|[^\W_]+(?:['\u2019.][^\W_]+)*")
_COMMA = re.compile(r"[,:\u2013\u2014/]|\s-+\s")
_SIGNS = {"&": "and", "+": "plus"}
# Words before a new question that has no mark in front of it.
_SHORTEST_UNMARKED = 2
_SHORTEST_CLAUSE = 4
# In so few words a question word asks wherever it stands: "gym when after it".
_SHORT = 5
# "And do it now", "and do the treatment": something is to be done.
_DO = frozenset({"do"})
# "Am 45 and have acne", "do it": no question without a subject behind it.
_STATING = frozenset({"am", "do"})
_OBJECTS = frozenset({"it", "this", "that", "the", "my", "a", "an", "any", "prp"})
_PERSONS = frozenset({"it", "i", "you", "u", "there", "this"})
_MEASURED = frozenset({"many", "much", "long", "time", "soon", "often"})
# "A doctor who does it": in the middle of words they go on with what was said.
_RELATIVE = frozenset({"who", "which", "whose", "whom"})


@dataclass(frozen=True)
class Segment:
    """One stretch of a message; `asks` tells a question or a wish from background."""

    text: str
    asks: bool


@dataclass(frozen=True)
class _Words:
    """A sentence as words in one spelling, where each stands, and which follow a comma."""

    text: str
    plain: Sequence[str]
    spans: Sequence[tuple[int, int]]
    after_comma: frozenset[int]

    def __len__(self) -> int:
        return len(self.plain)

    def said(self, first: int, end: int) -> str:
        """The words `first` to `end` as they were written."""
        if first >= end:
            return ""
        return self.text[self.spans[first][0] : self.spans[end - 1][1]]


class Segments:
    """Cuts by the words of `data/segments.yml`."""

    def __init__(self, words: Mapping[str, Any]) -> None:
        """`words`: the content of `data/segments.yml`; it is compiled once."""
        self._abbreviations = _set(words["abbreviations"])
        self._joins = _phrases(words["joins"])
        self._alternatives = _set(" ".join(words["alternatives"]))
        self._fillers = _set(words["fillers"])
        self._wh = _set(words["wh"])
        self._after_when = _set(words["after_when"])
        self._auxiliaries = _set(words["auxiliaries"])
        self._subjects = _set(words["subjects"])
        self._requests = _phrases(words["requests"])
        self._wishes = _phrases(words["wishes"])
        self._wished = _set(words["wished"])
        self._between = _set(words["between"])
        self._indirect = _set(words["indirect"])
        self._whole_clauses = _set(words["whole_clauses"])
        self._hindi_asks = _set(words["hindi_asks"])
        self._hindi_tags = _set(words["hindi_tags"])
        self._hindi_wishes = _phrases(words["hindi_wishes"])
        self._hindi_ends = _set(words["hindi_ends"])
        self._hindi_openers = _set(words["hindi_openers"])
        self._heads = _phrases(words["heads"])
        self._determiners = _set(words["determiners"])
        self._embedders = _set(words["embedders"])

    def of(self, text: str) -> list[Segment]:
        """The stretches of a message in order; a message of one stretch is one segment."""
        found: list[Segment] = []
        for line in text.splitlines():
            for sentence, is_asked in self._sentences(_BULLET.sub("", line)):
                found += self._cut(sentence, is_asked=is_asked)
        return found

    def _sentences(self, line: str) -> list[tuple[str, bool]]:
        """The sentences of a line, and whether each ends in a question mark."""
        found = []
        start = 0
        for end in _SENTENCE_END.finditer(line):
            before = line[start : end.start()]
            last = before.rsplit(maxsplit=1)[-1:] or [""]
            if end.group().startswith(".") and last[0].casefold() in self._abbreviations:
                continue
            found.append((before, "?" in end.group()))
            start = end.end()
        found.append((line[start:], False))
        return [(said.strip(), is_asked) for said, is_asked in found if _WORD.search(said)]

    def _cut(self, sentence: str, *, is_asked: bool) -> list[Segment]:
        words = _read(sentence)
        found: list[Segment] = []
        first = self._past_join(words, 0)
        place = first + 1
        while place < len(words):
            begins = self._begins(words, first, place)
            if begins is None:
                place += 1
                continue
            found.append(self._segment(words, first, place, is_asked=False))
            first, place = begins, begins + 1
        return [*found, self._segment(words, first, len(words), is_asked=is_asked)]

    def _segment(self, words: _Words, first: int, end: int, *, is_asked: bool) -> Segment:
        said = words.said(first, end)
        return Segment(f"{said}?" if is_asked else said, is_asked or self._asks(words, first, end))

    def _begins(self, words: _Words, first: int, place: int) -> int | None:
        """Where another question begins that is marked at `place`; None if there is none."""
        if words.plain[place] in self._alternatives:
            is_pair = place + 1 < len(words) and self._is_pair(words, first, place, place + 1)
            return place + 1 if is_pair and self._is_hindi(words, first, place) else None
        after_join = self._past_join(words, place)
        is_marked = after_join > place or place in words.after_comma
        if is_marked:
            is_indirect = after_join > place and words.plain[after_join] in self._indirect
            if is_indirect or self._opens(words, after_join) or self._names(words, after_join):
                is_aside = after_join == place and self._is_relative(words, place)
                return None if is_aside else after_join
            if self._is_pair(words, first, place, after_join):
                return after_join
            return None
        return place if self._opens_unmarked(words, first, place) else None

    def _past_join(self, words: _Words, place: int) -> int:
        """The place behind a joining word at `place`, and behind what fills the gap after it."""
        behind = place + _longest(self._joins, words.plain, place)
        while behind < len(words) and (behind > place or place in words.after_comma or not place):
            length = _longest(self._joins, words.plain, behind)
            if length:
                behind += length
            elif words.plain[behind] in self._fillers and behind + 1 < len(words):
                behind += 1
            else:
                break
        return behind if behind < len(words) else place

    def _opens(self, words: _Words, place: int) -> bool:
        """Whether words that ask, or wish for something, begin here."""
        word = words.plain[place]
        following = words.plain[place + 1] if place + 1 < len(words) else ""
        if word in self._wh:
            return not word.startswith("when") or following in self._after_when or not following
        if self._asks_of(word, following):
            return True
        if word in self._hindi_openers:
            return True
        return self._requests_at(words.plain, place)

    def _is_relative(self, words: _Words, place: int) -> bool:
        """Whether ", which ..." goes on with what was said: nothing in it is put as a question."""
        plain = words.plain
        if plain[place] not in _RELATIVE:
            return False
        return not any(self._asks_of(plain[n], plain[n + 1]) for n in range(place, len(words) - 1))

    def _requests_at(self, plain: Sequence[str], place: int) -> bool:
        """Whether something is asked for without a question word: "tell me", "I want to book"."""
        if _longest(self._requests, plain, place):
            return True
        length = _longest(self._wishes, plain, place)
        behind = place + length
        while length and behind < len(plain) and plain[behind] in self._between:
            behind += 1
        return bool(length) and behind < len(plain) and plain[behind] in self._wished

    def _names(self, words: _Words, place: int) -> bool:
        """Whether a thing that can be asked for by name stands here ("the price")."""
        while place < len(words) and words.plain[place] in self._determiners:
            place += 1
        return place < len(words) and bool(_longest(self._heads, words.plain, place))

    def _is_pair(self, words: _Words, first: int, place: int, begins: int) -> bool:
        """Whether both sides ask where the asking word does not stand first: "beer when"."""
        end = next(
            (n for n in range(begins + 1, len(words)) if self._past_join(words, n) > n),
            len(words),
        )
        asks = self._is_hindi(words, begins, end) or words.plain[end - 1] in self._wh
        return asks and self._asks(words, first, place)

    def _is_hindi(self, words: _Words, first: int, end: int) -> bool:
        """Whether a stretch asks, or wishes for something, in Roman Hindi."""
        if any(word in self._hindi_asks for word in words.plain[first:end]):
            return True
        is_tagged = first < end and words.plain[end - 1] in self._hindi_tags
        if is_tagged and any(word in self._hindi_ends for word in words.plain[first : end - 1]):
            return True
        return any(
            n + _longest(self._hindi_wishes, words.plain[:end], n) == end for n in range(first, end)
        )

    def _opens_unmarked(self, words: _Words, first: int, place: int) -> bool:
        """Whether a question begins in the middle of words, without any mark."""
        before = words.plain[place - 1]
        word = words.plain[place]
        following = words.plain[place + 1] if place + 1 < len(words) else ""
        if before in self._hindi_ends and place - first >= _SHORTEST_UNMARKED:
            is_named = bool(_longest(self._heads, words.plain, place))
            if word in self._hindi_openers or (is_named and self._asks(words, first, place)):
                return True
        if place - first < _SHORTEST_UNMARKED or before in self._embedders:
            return False
        if not self._asks(words, first, place):
            return False
        if word in self._wh and word not in _RELATIVE:
            goes_on = following in self._auxiliaries or following in _MEASURED
            return self._is_whole(words, first, place) and (goes_on or word.endswith("s"))
        return self._is_whole(words, first, place) and self._asks_of(word, following)

    def _asks_of(self, word: str, following: str) -> bool:
        """Whether "is it", "can i" and the like; "do it now" is none."""
        if word in _DO and following in _OBJECTS:
            return False
        return word in self._auxiliaries and following in self._subjects

    def _is_whole(self, words: _Words, first: int, place: int) -> bool:
        """Whether a question could end here: "how long" still waits for its "is it"."""
        plain = words.plain
        if any(self._asks_of(plain[n], plain[n + 1]) for n in range(first, place - 1)):
            return True
        is_open = plain[first] in self._wh and plain[first + 1] not in self._whole_clauses
        return place - first >= _SHORTEST_CLAUSE and not is_open

    def _asks(self, words: _Words, first: int, end: int) -> bool:
        """Whether a stretch asks: it opens like a question, or something in it does."""
        if first >= end:
            return False
        if self._opens(words, first) or self._names(words, first):
            return True
        if words.plain[first] in self._auxiliaries - _STATING:
            return True
        if self._is_hindi(words, first, end):
            return True
        has_wh = any(word in self._wh for word in words.plain[first:end])
        if has_wh and (end - first <= _SHORT or words.plain[end - 1] in self._wh):
            return True
        return any(self._asks_inside(words.plain[:end], n) for n in range(first, end))

    def _asks_inside(self, plain: Sequence[str], place: int) -> bool:
        """Whether words in the middle ask: "tell me how", "for dark skin what is"."""
        word = plain[place]
        following = plain[place + 1] if place + 1 < len(plain) else ""
        if word in self._wh:
            return following in self._auxiliaries or following in _MEASURED
        is_question = word in self._auxiliaries and following in _PERSONS
        return is_question or _longest(self._requests, plain, place) > 1


def _read(sentence: str) -> _Words:
    spans: list[tuple[int, int]] = []
    plain: list[str] = []
    after_comma: set[int] = set()
    end = 0
    for match in _WORD.finditer(sentence):
        if plain and _COMMA.search(sentence, end, match.start()):
            after_comma.add(len(plain))
        word = match.group().casefold().replace("'", "").replace("\u2019", "")
        plain.append(_SIGNS.get(word, word))
        spans.append(match.span())
        end = match.end()
    return _Words(sentence, plain, spans, frozenset(after_comma))


def _set(line: str) -> frozenset[str]:
    return frozenset(str(line).split())


def _phrases(lines: Iterable[str]) -> dict[str, list[tuple[str, ...]]]:
    """Phrases by their first word, the longest first."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for line in sorted((tuple(str(line).split()) for line in lines), key=len, reverse=True):
        found.setdefault(line[0], []).append(line)
    return found


def _longest(
    phrases: Mapping[str, Sequence[tuple[str, ...]]], words: Sequence[str], place: int
) -> int:
    """How many words the longest phrase at a place has; 0 if none stands there."""
    if place >= len(words):
        return 0
    for phrase in phrases.get(words[place], ()):
        if tuple(words[place : place + len(phrase)]) == phrase:
            return len(phrase)
    return 0
