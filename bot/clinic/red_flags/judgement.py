"""Red flags in their first form: patterns over plain text, needing no model.

``RedFlags.judge`` reads one message and says whether it holds an emergency (E01 to E15 of the
clinical brief, 5.2) or a crisis (5.5). What it looks for is data, ``data/safety/signs.yml``, whose
head explains the notation; the caller loads it, because this module reads no file. Doubt goes to
the higher class: a sign is set aside only where it is clearly denied, asked about as a risk, long
past and over, or part of a phrase known to be harmless.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from bot.clinic.red_flags.context import Context
from bot.clinic.red_flags.language import language_of
from bot.clinic.red_flags.notation import Index, Notation, Pattern
from bot.clinic.red_flags.reading import Message, Reader, Span, fold
from bot.clinic.red_flags.typos import Typos


class Urgency(str, Enum):
    """How soon a message needs a person (clinical brief, 5.1), lowest first."""

    NONE = "none"
    EXPECTED = "expected"
    SAME_DAY = "same_day"
    EMERGENCY = "emergency"
    CRISIS = "crisis"


# What is answered before everything else, by a fixed text alone (brief 5.1).
DANGER = (Urgency.EMERGENCY, Urgency.CRISIS)


@dataclass(frozen=True)
class Judgement:
    """What a message means for safety.

    ``sign`` is "E01" to "E15", "CRISIS" or "" (none, or a same-day sign, which this first form
    does not name). ``language`` is that of the message: "en", "hi_latn", "hi" or "mr".
    """

    urgency: Urgency
    sign: str = ""
    language: str = "en"


# Words of the longest harmless phrase, and between two signs that count only together.
_LONGEST_PHRASE = 20
_TOGETHER = 12


@dataclass(frozen=True)
class _Pair:
    """Two halves, by pattern name, that are a sign only near one another."""

    this: int
    that: int


@dataclass(frozen=True)
class _Rule:
    """One entry of ``signs``: a sign's patterns, in its place in the order of urgency."""

    sign: str
    alone: int
    pairs: Sequence[_Pair]


class RedFlags:
    """Judges messages by the patterns of ``data/safety/signs.yml``; compiled once, then reused.

    Raises KeyError or ValueError when the mapping is not of the shape that file has.
    """

    def __init__(self, signs: Mapping[str, Any]) -> None:
        notation = Notation(signs)
        named: list[tuple[int, Pattern]] = []
        rules: list[_Rule] = []
        names = 0

        def add(lines: Iterable[str]) -> int:
            """Compiles lines under one new name."""
            nonlocal names
            names += 1
            named.extend((names, notation.compile(line)) for line in lines)
            return names

        for entry in signs["signs"]:
            by_language = entry.get("patterns", {})
            alone = add(line for lines in by_language.values() for line in lines)
            pairs = [_Pair(add(p["this"]), add(p["that"])) for p in entry.get("together", ())]
            rules.append(_Rule(str(entry["id"]), alone, pairs))
        self._emergencies = [rule for rule in rules if rule.sign != "CRISIS"]
        self._crises = [rule for rule in rules if rule.sign == "CRISIS"]
        self._signs = Index(named)
        self._harmless = Index((0, notation.compile(line, key=False)) for line in signs["harmless"])
        self._context = Context(signs, notation)
        known = notation.known_words | notation.words(signs["not_typos"])
        self._reader = Reader(notation.spellings, Typos(notation.key_words, known, fold))

    def judge(self, text: str) -> Judgement:
        """The urgency of one message. Never raises; time grows with the length of the text."""
        language = language_of(text)
        if language == "other":
            language = "en"
        message = self._reader.read(text)
        found: dict[int, list[Span]] = {}
        for name, span in self._signs.find(message):
            found.setdefault(name, []).append(span)
        if not found:
            return Judgement(Urgency.NONE, "", language)
        harmless: dict[int, int] = {}  # where a harmless phrase begins, and where it ends
        for _, span in self._harmless.find(message):
            harmless[span.first] = max(span.end, harmless.get(span.first, 0))
        sign, fainted_once = self._emergency(message, found, harmless)
        if sign:
            return Judgement(Urgency.EMERGENCY, sign, language)
        for rule in self._crises:
            for span in _rule_spans(rule, found):
                if not _inside(span, harmless) and not self._context.is_crisis_denied(
                    message, span
                ):
                    return Judgement(Urgency.CRISIS, "CRISIS", language)
        return Judgement(Urgency.SAME_DAY if fainted_once else Urgency.NONE, "", language)

    def _emergency(
        self,
        message: Message,
        found: Mapping[int, Sequence[Span]],
        harmless: Mapping[int, int],
    ) -> tuple[str, bool]:
        """The first emergency sign that stands, and whether a faint is over (D14 of 5.3)."""
        over = self._context.ends(message)
        once = self._context.is_once(message)
        fainted_once = False
        for rule in self._emergencies:
            for span in _rule_spans(rule, found):
                if (
                    _inside(span, harmless)
                    or self._context.is_denied(message, span)
                    # Who asks for an ambulance is not asking about a risk.
                    or (rule.sign != "E15" and self._context.is_asked(message, span))
                    or self._context.is_past(message, span, over)
                ):
                    continue
                if rule.sign == "E04" and once and self._context.is_over(message, span, over):
                    fainted_once = True
                    continue
                return rule.sign, False
        return "", fainted_once


def _rule_spans(rule: _Rule, found: Mapping[int, Sequence[Span]]) -> Iterator[Span]:
    """Where a rule matches: its own patterns, then pairs that stand near one another."""
    yield from found.get(rule.alone, ())
    for pair in rule.pairs:
        those = found.get(pair.that, ())
        start = 0
        for this in found.get(pair.this, ()):
            # Spans come in order, so a pointer keeps the search linear.
            while start < len(those) and those[start].end + _TOGETHER < this.first:
                start += 1
            if start < len(those) and those[start].first <= this.end + _TOGETHER:
                that = those[start]
                yield Span(min(this.first, that.first), max(this.end, that.end))


def _inside(span: Span, harmless: Mapping[int, int]) -> bool:
    """Whether a harmless phrase (first word to end) holds the whole span."""
    return any(
        harmless.get(first, 0) >= span.end
        for first in range(max(0, span.first - _LONGEST_PHRASE), span.first + 1)
    )
