"""What a free message tells of the check's questions: "yes i take ecosprin, no fever".

Each place where a pattern of `data/suitability.yml` stands is a mention. What stands around it
decides what it means: a "no" before it in its clause turns it into a denial, a "not sure" into a
doubt, "my mother" into nothing, and "three years ago" into a denial where the question has a limit
in days. In doubt a mention counts as a yes, which costs a look by the doctor and no more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise, takewhile, zip_longest
from typing import Any

from bot.clinic.red_flags.typos import Typos
from bot.clinic.suitability.questions import NO, SOME, UNSURE, Catalogue

# A "no" stands at most so many words behind what it is about ("bukhar abhi nahi hai").
_WORDS_BEHIND = 2
# "Stopped" stands at most so many words before what is over: "quit my smoking habit".
_WORDS_OVER = 3
# What may stand between the things that one "no" denies: "no fever, rash or cold sore".
_BETWEEN = re.compile(
    r"(?:\b(?:or|and|any|aur|ya|nor|also|an?|the|of|sort|kind|type|my|on|in|there|here|issues?"
    r"|problems?)\b|[^\w])*"
)
_JOINS = re.compile(r"\b(?:or|and|aur|ya|nor)\b")
_CLAUSE_END = re.compile(r"[.;!?\n,]+|\s[-\u2013\u2014]+\s")
_IN_A_YEAR = re.compile(r"\b(?:in|since|during|back in) ((?:19|20)\d\d)\b")
_LAST_YEAR = re.compile(r"\b(?:last year|pichh?le saal)\b")
_YEARS_AGO = re.compile(r"\b(?:years|saalo?n?|long|ages)(?: time)? (?:ago|back|pehle)\b")
_NEGATION = re.compile(r"\bnot?\b|\bnahi|n'\?t|\bdont\b|\bcant\b|\bwont\b|\bstop")
_AGE = re.compile(
    r"(?:\b(?:i ?a?m|i'm|aged?(?: is)?:?|main|umar|turned) (?:only |just )?([1-9]\d)"
    r"(?! ?(?:min|hour|hr|day|din|week|haft|month|mahin|km|kg|feet|cm|am|pm|baje|times?|sessions?"
    r"|sittings?|units?|mg|ml|percent|th|%|[:./]\d))"
    # A number that is the whole message.
    r"|^\W*([1-9]\d)(?: ?(?:years?|yrs?|y/?o|saal)(?: old)?)?\W*$)"
)
# "Up to twenty letters" begin behind a word, or its comma, and end where a word begins.
_GAP = re.compile(r" (\.\{0,\d+\})")
_LONG_AGO = 10_000


@dataclass(frozen=True)
class Told:
    """What a message says of the check: answers by question id."""

    answers: Mapping[str, str] = field(default_factory=dict, repr=False)
    # Questions that the same message both names and denies.
    contradicted: frozenset[str] = field(default=frozenset(), repr=False)
    # In years, where it is told.
    age: int | None = field(default=None, repr=False)
    says_none: bool = False
    says_skip: bool = False
    says_unsure: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing of the check stands in it."""
        says = self.says_none or self.says_skip or self.says_unsure
        return not (self.answers or self.age is not None or says)


@dataclass(frozen=True)
class _Mention:
    """A pattern in a text: which question and answer, and which letters it covers."""

    question: str
    key: str
    start: int
    end: int
    said: str = field(repr=False)


@dataclass(frozen=True)
class _Clause:
    """A part of a text with the mentions that begin in it, in order."""

    text: str
    start: int
    mentions: Sequence[_Mention]
    # It begins after a word that turns: "no fever but ...".
    turns: bool

    def around(self, mention: _Mention) -> tuple[str, str]:
        """The words before a mention, and those behind it up to the next one."""
        following = (each.start for each in self.mentions if each.start >= mention.end)
        ends = next(following, self.start + len(self.text))
        before = self.text[: mention.start - self.start]
        return before, self.text[mention.end - self.start : max(ends - self.start, 0)]

    @property
    def is_list(self) -> bool:
        """Whether it holds nothing but mentions: the rest of "no fever, rash, cold sore"."""
        rest, at = "", 0
        for mention in self.mentions:
            rest += self.text[at : max(at, mention.start - self.start)]
            at = max(at, mention.end - self.start)
        return bool(self.mentions and _BETWEEN.fullmatch(rest + self.text[at:]))


class ToldReader:
    """Reads messages with the patterns of `data/suitability.yml`, compiled once."""

    def __init__(
        self, data: Mapping[str, Any], catalogue: Catalogue, ordinary: frozenset[str]
    ) -> None:
        """Compiles the patterns; `ordinary` words hold no typing error.

        Raises:
            KeyError: the mapping has not the shape of that file.
        """
        self._catalogue = catalogue
        # Whether a negation is a part of the pattern itself: "does not clot".
        self._patterns = [
            (
                question,
                key,
                _inside([_GAP.sub(r"\\W\1\\b", source)]),
                bool(_NEGATION.search(source)),
            )
            for question, of_it in data["questions"].items()
            for key, sources in of_it["patterns"].items()
            for source in sources
        ]
        words = data["language"]
        self._yielding = {q for q, of_it in data["questions"].items() if of_it.get("yields")}
        self._can_be_over = {q for q, of_it in data["questions"].items() if of_it.get("over")}
        self._typos = Typos({each: each for each in data["typos"]}, ordinary, str)
        self._no, self._over, self._behind, self._unsure, self._others, self._turns = (
            _inside(words[name])
            for name in ("no", "over", "no_behind", "unsure", "others", "turns")
        )
        self._begins = _inside(words["begins"])
        self._denies_nothing, self._goes_on = (
            _inside(words[name]) for name in ("denies_nothing", "goes_on")
        )
        self._is_none, self._is_skip, self._is_unsure, self._is_stop = (
            _whole(words[name], words["polite"]) for name in ("none", "skip", "unsure", "stop")
        )
        besides = data["also_told"]
        self._besides_topics = frozenset(besides["topics"])
        self._begins_besides = re.compile("|".join(f"(?:{each})" for each in besides["begins"]))
        self._after, self._left_by_it, self._no_weight = (
            _inside(words[name]) for name in ("after", "left_by_it", "no_weight")
        )
        self._numbers: Mapping[str, int] = data["numbers"]
        self._spans: Mapping[str, int] = data["spans"]
        numbers = "|".join(sorted(self._numbers, key=len, reverse=True))
        self._ago = re.compile(
            rf"\b(\d+|{numbers}) ({'|'.join(self._spans)})s?(?:'s?)? (?:{data['ago']})\b"
        )

    def read(self, text: str, today: date, visit: date | None = None) -> Told:
        """What a message tells. Spans of time count back from the visit, or from today."""
        plain = self._plain(text)
        until = max((visit - today).days, 0) if visit else 0
        said: dict[str, set[str]] = {}
        for mention, meaning in self._meanings(plain, today, until):
            said.setdefault(mention.question, set()).add(meaning)
        answers = {question: self._answer(question, keys) for question, keys in said.items()}
        bare = " ".join(re.findall(r"[\w'/\u0900-\u097f]+", plain))
        age = _AGE.search(plain)
        return Told(
            answers,
            frozenset(q for q, keys in said.items() if NO in keys and keys - {NO, UNSURE}),
            int(age[1] or age[2]) if age else None,
            says_none=not answers and bool(self._is_none.fullmatch(bare)),
            says_skip=not answers and bool(self._is_skip.fullmatch(bare)),
            says_unsure=not answers and bool(self._is_unsure.fullmatch(bare)),
        )

    def share_told(self, text: str) -> float:
        """How much of a message is about the check's questions, from 0 to 1 of its words.

        "Epilepsy" is all of it, "my face is swelling and i have epilepsy" is little of it.
        """
        plain = self._plain(text)
        inside = [False] * len(plain)
        for each in self._mentions(plain):
            inside[each.start : each.end] = [True] * (each.end - each.start)
        words = [
            found.span() for found in re.finditer(r"[^\W_]+", self._no_weight.sub(_blank, plain))
        ]
        return sum(inside[start] for start, _ in words) / len(words) if words else 0.0

    def is_after_treatment(self, text: str) -> bool:
        """Whether something is told of the time since a treatment, and not only of before."""
        return bool(self._after.search(text.casefold()))

    def tells_what_it_left(self, text: str) -> bool:
        """Whether something is named that a procedure may have left: "blisters", "fever"."""
        return bool(self._left_by_it.search(self._plain(text)))

    def is_besides(self, text: str, topic: str) -> bool:
        """Whether a message without a question tells something of health that nobody asked for.

        `topic`: what the classifier takes it for a question on; "" for no question.
        """
        return topic in self._besides_topics or bool(self._begins_besides.match(self._plain(text)))

    def says_stop(self, text: str) -> bool:
        """Whether the whole message says that the questions should end."""
        bare = " ".join(re.findall(r"[\w'/\u0900-\u097f]+", self._plain(text)))
        return bool(self._is_stop.fullmatch(bare))

    def _plain(self, text: str) -> str:
        plain = re.sub(r"[ \t]+", " ", text.casefold().replace("\u2019", "'"))
        return re.sub(r"[a-z]+", lambda found: self._typos.correct(found[0]), plain)

    def _answer(self, question: str, keys: set[str]) -> str:
        """The answer that all mentions of a question stand for."""
        named = keys - {NO, UNSURE}
        if not named:
            return UNSURE if UNSURE in keys else NO
        sure = sorted(named - {SOME})
        if len(sure) > 1 and "both" in self._catalogue.questions[question].answers:
            return "both"
        return self._catalogue.stricter(question, sure) if sure else SOME

    def _meanings(self, text: str, today: date, until: int) -> list[tuple[_Mention, str]]:
        """Each mention with the answer it stands for; those of other people are left out."""
        meanings: list[tuple[_Mention, str]] = []
        clauses = self._clauses(text, self._mentions(text))
        for place, (clause, behind) in enumerate(zip_longest(clauses, clauses[1:])):
            is_no_list = (
                bool(meanings) and meanings[-1][1] == NO and self._is_joined(clauses, place)
            )
            # "Botox once, 2 years ago": the time may stand alone behind its comma.
            when = clause.text + (behind.text if behind and not behind.mentions else "")
            days_ago = self._days_ago(when, today) + until
            for mention in clause.mentions:
                meaning = NO if is_no_list else self._meaning(clause, mention, days_ago)
                if meaning:
                    meanings.append((mention, meaning))
        return meanings

    def _is_joined(self, clauses: Sequence[_Clause], place: int) -> bool:
        """Whether a clause belongs to the list of a "no": "no fever, rash or cold sore".

        A comma alone joins nothing: "no fever, pregnant" names one of the two.
        """
        rest = list(takewhile(lambda each: each.is_list and not each.turns, clauses[place:]))
        return any(_JOINS.search(each.text) for each in rest)

    def _mentions(self, text: str) -> list[_Mention]:
        mentions = [
            _Mention(question, key, *found.span(), found.group())
            for question, key, pattern, has_negation in self._patterns
            for found in pattern.finditer(text)
            if has_negation or not self._no.search(found.group())
        ]
        return [each for each in mentions if not self._is_part(each, mentions)]

    def _is_part(self, mention: _Mention, mentions: Iterable[_Mention]) -> bool:
        """Whether it is only a word of a longer mention of another question."""
        length = mention.end - mention.start
        return mention.question in self._yielding and any(
            other.start <= mention.start
            and mention.end <= other.end
            and other.end - other.start > length
            for other in mentions
            if other.question != mention.question
        )

    def _clauses(self, text: str, mentions: Sequence[_Mention]) -> list[_Clause]:
        turns = {each.end() for each in self._turns.finditer(text)}
        borders = sorted({0, len(text), *turns, *(e.end() for e in _CLAUSE_END.finditer(text))})
        return [
            _Clause(
                text[start:end],
                start,
                sorted(
                    (each for each in mentions if start <= each.start < end),
                    key=lambda each: each.start,
                ),
                turns=start in turns,
            )
            for start, end in pairwise(borders)
        ]

    def _meaning(self, clause: _Clause, mention: _Mention, days_ago: int) -> str:
        """The answer that a mention stands for; "" where it is about somebody else."""
        before, behind = clause.around(mention)
        # "Never stopped taking" and "no problem with" deny nothing.
        before = self._denies_nothing.sub(" ", before)
        if self._reaches(self._others, before):
            return ""
        if self._unsure.search(before) or self._unsure.search(behind):
            return self._catalogue.questions[mention.question].unsure or UNSURE
        limit = self._limit(mention)
        is_over = mention.question in self._can_be_over and self._reaches(
            self._over, _last_words(before)
        )
        is_long_ago = limit is not None and days_ago > limit
        # "No allergy except metal" names the metal.
        denied = self._reaches(self._no, before) and not self._turns.search(mention.said)
        says_no = denied or self._behind.search(_first_words(behind))
        return NO if says_no or is_over or is_long_ago else mention.key

    def _limit(self, mention: _Mention) -> int | None:
        """So many days back the question looks."""
        answers = self._catalogue.questions[mention.question].answers
        known = answers.get(mention.key)
        limits = [known.days] if known else [each.days for each in answers.values()]
        return max((days for days in limits if days is not None), default=None)

    def _reaches(self, what: re.Pattern[str], before: str) -> bool:
        """Whether it stands before a mention, and nothing begins anew between: "no i take it"."""
        found = [each.end() for each in what.finditer(before)]
        return bool(found) and not self._begins.search(before, found[-1])

    def _days_ago(self, clause: str, today: date) -> int:
        """How many days ago something was, as its clause says; 0 where it does not."""
        if self._goes_on.search(clause):
            return 0
        if found := self._ago.search(clause):
            many = int(found[1]) if found[1].isdigit() else self._numbers[found[1]]
            return many * self._spans[found[2]]
        if found := _IN_A_YEAR.search(clause):
            return _days_since_the_end_of(int(found[1]), today)
        if _LAST_YEAR.search(clause):
            return _days_since_the_end_of(today.year - 1, today)
        return _LONG_AGO if _YEARS_AGO.search(clause) else 0


def _blank(found: re.Match[str]) -> str:
    return " " * len(found[0])


def _days_since_the_end_of(year: int, today: date) -> int:
    """The least that something of a year can be ago."""
    return max((today - date(year, 12, 31)).days, 0)


def _first_words(text: str) -> str:
    return " ".join(text.split()[: _WORDS_BEHIND + 1])


def _last_words(text: str) -> str:
    return " ".join(text.split()[-_WORDS_OVER - 1 :])


def _inside(patterns: Sequence[str]) -> re.Pattern[str]:
    said = "|".join(f"(?:{each})" for each in patterns)
    return re.compile(rf"(?<!\w)(?:{said})(?!\w)")


def _whole(patterns: Sequence[str], polite: Sequence[str]) -> re.Pattern[str]:
    """One of the patterns with polite words around it."""
    said = "|".join(f"(?:{each})" for each in patterns)
    around = "|".join(f"(?:{each})" for each in polite)
    return re.compile(rf"(?:(?:{around}) )*(?:{said})(?: (?:{said}|{around}))*")
