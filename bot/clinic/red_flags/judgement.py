"""The judgement of one message by patterns, which need no model.

A sign is an emergency (E01 to E15 of the clinical brief, 5.2), a crisis (5.5), a same-day sign (D01
to D17, 5.3) or an expected one (X01 to X08, 5.4). Doubt goes to the higher class: a sign is set
aside only where it is clearly denied, asked about as a risk, long past and over, or part of a
phrase known to be harmless.
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
CRISIS_SIGN = "CRISIS"
_CLASS_OF = {"E": Urgency.EMERGENCY, "C": Urgency.CRISIS, "D": Urgency.SAME_DAY}
# Fainted: told to have happened once and to be over, it is a same-day sign (brief 5.3, D14).
_FAINT, _FAINTED_ONCE = "E04", "D14"
# Who asks for an ambulance is not asking about a risk.
_NEVER_ASKED = "E15"


@dataclass(frozen=True)
class Judgement:
    """What a message means for safety.

    ``sign`` is an id of the brief, "CRISIS", or "" where none is named. ``language`` is that of
    the message: "en", "hi_latn", "hi" or "mr".
    """

    urgency: Urgency
    sign: str = ""
    language: str = "en"
    # What usually passes, until which day the device decides (brief 5.4b): redness, swelling ...
    courses: tuple[str, ...] = ()
    # An emergency sign that was only asked about as a risk.
    asked: str = ""
    # Whether a sign was found and set aside: who hears it all the same has to be surer.
    set_aside: bool = False


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
    # A concern that brings people to the clinic too: a sign only after a treatment.
    needs_treatment: bool
    course: str

    @property
    def is_danger(self) -> bool:
        return self.sign[0] in "EC"


@dataclass
class _Found:
    """What a message holds: pattern names with the words they cover, and harmless phrases."""

    message: Message
    spans: dict[int, list[Span]]
    # Where a harmless phrase begins, and where it ends.
    harmless: dict[int, int]
    over: list[Span]
    after_treatment: bool


class RedFlags:
    """Judges messages by the patterns of ``data/safety``; compiled once, then reused.

    Raises KeyError or ValueError when the mapping is not of the shape those files have.
    """

    def __init__(self, signs: Mapping[str, Any]) -> None:
        notation = Notation(signs)
        named: list[tuple[int, Pattern]] = []
        self._rules: list[_Rule] = []
        names = 0

        def add(lines: Iterable[str]) -> int:
            """Compiles lines under one new name."""
            nonlocal names
            names += 1
            named.extend((names, notation.compile(line)) for line in lines)
            return names

        for entry in signs["signs"]:
            by_language = entry.get("patterns", {})
            self._rules.append(
                _Rule(
                    str(entry["id"]),
                    add(line for lines in by_language.values() for line in lines),
                    [_Pair(add(p["this"]), add(p["that"])) for p in entry.get("together", ())],
                    entry.get("needs") == "treatment",
                    str(entry.get("course", "")),
                )
            )
        self._signs = Index(named)
        self._harmless = Index((0, notation.compile(line, key=False)) for line in signs["harmless"])
        self._treated = Index((0, notation.compile(line, key=False)) for line in signs["treated"])
        self._context = Context(signs, notation)
        known = notation.known_words | notation.words(signs["not_typos"])
        self._reader = Reader(notation.spellings, Typos(notation.key_words, known, fold))

    def judge(self, text: str, *, after_treatment: bool = False) -> Judgement:
        """The urgency of one message. Never raises; time grows with the length of the text.

        `after_treatment`: the patient is known to speak of a treatment that was done; without it
        nothing is taken for expected.
        """
        language = language_of(text)
        if language == "other":
            language = "en"
        message = self._reader.read(text)
        spans: dict[int, list[Span]] = {}
        for name, span in self._signs.find(message):
            spans.setdefault(name, []).append(span)
        if not spans:
            return Judgement(Urgency.NONE, "", language)
        harmless: dict[int, int] = {}
        for _, span in self._harmless.find(message):
            harmless[span.first] = max(span.end, harmless.get(span.first, 0))
        found = _Found(message, spans, harmless, self._context.ends(message), after_treatment)
        return self._judged(found, language)

    def mentions_treatment(self, text: str) -> bool:
        """Whether the patient speaks of a treatment that was done."""
        return any(True for _ in self._treated.find(self._reader.read(text)))

    def course_of(self, sign: str) -> str:
        """What a sign usually passes as ("redness" for X01); empty where no day decides."""
        return next((rule.course for rule in self._rules if rule.sign == sign), "")

    def _judged(self, found: _Found, language: str) -> Judgement:
        standing: list[_Rule] = []
        asked, set_aside, fainted_once = "", False, False
        for rule in self._rules:
            for span in _rule_spans(rule, found.spans):
                why_not = self._why_not(rule, span, found)
                if not why_not:
                    if rule.sign == _FAINT and self._is_over_and_once(span, found):
                        fainted_once = True
                        continue
                    standing.append(rule)
                    break
                set_aside = True
                if why_not == "asked" and rule.is_danger:
                    asked = asked or rule.sign
        told = next((rule.sign for rule in standing if rule.is_danger), "")
        if not told and fainted_once:
            told = _FAINTED_ONCE
        if not told:
            told = self._same_day(standing, found)
        if told:
            return Judgement(_CLASS_OF[told[0]], told, language, (), asked, set_aside)
        if not found.after_treatment:
            return Judgement(Urgency.NONE, "", language, (), asked, set_aside)
        courses = tuple(dict.fromkeys(rule.course for rule in standing if rule.course))
        sign = next((rule.sign for rule in standing if rule.sign[0] == "X"), "")
        urgency = Urgency.EXPECTED if sign or courses else Urgency.NONE
        return Judgement(urgency, sign, language, courses, asked, set_aside)

    def _same_day(self, standing: Sequence[_Rule], found: _Found) -> str:
        """The first same-day sign that counts whatever the day."""
        signs = [rule for rule in standing if rule.sign[0] == "D"]
        treated = found.after_treatment or (
            any(rule.needs_treatment for rule in signs)
            and any(True for _ in self._treated.find(found.message))
        )
        for rule in signs:
            # Oozing on the first day is expected, and the day is known or asked (brief 5.4b).
            depends_on_the_day = bool(rule.course) and found.after_treatment
            if not depends_on_the_day and (treated or not rule.needs_treatment):
                return rule.sign
        return ""

    def _why_not(self, rule: _Rule, span: Span, found: _Found) -> str:
        """Why a sign does not count: harmless, denied, asked or past; empty if it stands."""
        message, context = found.message, self._context
        # "A bit of swelling" is no sign of danger, and just what is expected.
        if rule.sign[0] != "X" and _inside(span, found.harmless):
            return "harmless"
        if rule.sign == CRISIS_SIGN:
            return "denied" if context.is_crisis_denied(message, span) else ""
        if context.is_denied(message, span):
            return "denied"
        if rule.sign != _NEVER_ASKED and context.is_asked(message, span):
            return "asked"
        return "past" if context.is_past(message, span, found.over) else ""

    def _is_over_and_once(self, span: Span, found: _Found) -> bool:
        message = found.message
        return self._context.is_once(message) and self._context.is_over(message, span, found.over)


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
