"""Red flags in their first form: patterns over plain text, needing no model.

``RedFlags.judge`` reads one message and says whether it holds an emergency (E01 to E15 of the
clinical brief, 5.2) or a crisis (5.5). What it looks for is data, ``data/safety/signs.yml``, whose
head explains the notation; the caller loads it, because this module reads no file. Doubt goes to
the higher class: a sign is set aside only where it is clearly denied, asked about as a risk, long
past and over, or part of a phrase known to be harmless.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any


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


# --- one spelling for what is meant alike ----------------------------------------------------

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufe0f\ufeff]")
# Nukta and visarga are often left out in typing, accents on Latin letters carry nothing here.
_MARKS = re.compile("[\u0300-\u036f\u093c\u0903]|(?<=[\u0900-\u097f]):(?=[\u0900-\u097f])")
_APOSTROPHES = re.compile("['\u2018\u2019\u201b`\u00b4\u02bc]")
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


def _fold(text: str) -> str:
    """The text in one spelling: case, accents, apostrophes, nukta, vowel length, doubled letters.

    Doubling is dropped everywhere, so "cannnt", "swolen" and "Swollen" meet their pattern.
    """
    folded = _MARKS.sub("", unicodedata.normalize("NFKD", _INVISIBLE.sub("", text)))
    folded = unicodedata.normalize("NFC", folded).casefold()
    folded = _NUMBER_POINT.sub("", _ELLIPSIS.sub(" ", _APOSTROPHES.sub("", folded)))
    folded = _NASAL.sub("\u0902", folded.translate(_DEVANAGARI))
    return _REPEATED.sub(r"\1", folded)


@dataclass(frozen=True)
class _Message:
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
class _Span:
    """Words ``first`` up to, not including, ``end`` of a message."""

    first: int
    end: int

    def holds(self, other: _Span) -> bool:
        return self.first <= other.first and other.end <= self.end


# --- the notation of signs.yml ---------------------------------------------------------------

_PREFIX_LETTERS = 14  # the longest stem ("word*") the index looks up
_LONGEST_TYPO = 20  # letters of the longest word in which a typo is looked for
_SHORTEST_TYPO = 6  # letters of the shortest key word that may hold a typo
_DEFAULT_GAP = 3  # words that ".." may stand for
_LONGEST_PHRASE = 20  # words of the longest harmless phrase
_NOW = frozenset({"now", "already", "abhi"})
_TOGETHER = 12  # words between two signs that count only together


@dataclass(frozen=True)
class _Pattern:
    """One compiled line of signs.yml and the words (or stems) it may begin with."""

    regex: re.Pattern[str]
    first_words: frozenset[str]
    first_stems: frozenset[str]


class _Notation:
    """Compiles lines of signs.yml (the notation stands at the head of that file)."""

    def __init__(self, signs: Mapping[str, Any]) -> None:
        self._groups: dict[str, list[str]] = {
            name: [phrase.strip() for phrase in str(phrases).split("|")]
            for name, phrases in signs["groups"].items()
        }
        self.spellings: dict[str, str] = {
            _fold(wrong): " ".join(_fold(word) for word in str(right).split())
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

    def _spell(self, word: str) -> str:
        folded = _fold(word)
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

    def _word(self, word: str, *, key: bool) -> str:
        if word.endswith("*"):
            return re.escape(_fold(word[:-1])) + "[^ ]*"
        spelled = self._spell(word)
        self.known_words.add(spelled)
        if key and len(word) >= _SHORTEST_TYPO and word.isascii() and word.isalpha():
            self.key_words[spelled] = word.lower() if spelled == _fold(word) else spelled
        return re.escape(spelled)

    def compile(self, line: str, *, key: bool = True) -> _Pattern:
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
            phrases = list(self._phrases(item.strip("[]")))
            choice = "|".join(
                " ".join(self._word(word, key=key) for word in phrase)
                for phrase in sorted(phrases, key=len, reverse=True)
            )
            if regex:
                regex += f"(?: (?:{choice}))?" if optional else f" (?:{choice})"
                continue
            if optional:
                raise ValueError(f"a pattern may not begin with an optional word: {line}")
            regex = f"(?:{choice})"
            for phrase in phrases:
                if phrase[0].endswith("*"):
                    first_stems.add(_fold(phrase[0][:-1]))
                else:
                    first_words.add(self._spell(phrase[0]))
        if not first_words and not first_stems:
            raise ValueError(f"a pattern may not begin with a gap: {line}")
        return _Pattern(
            re.compile(regex + "(?= |$)"), frozenset(first_words), frozenset(first_stems)
        )


class _Index:
    """Patterns by the word they begin with: a word costs a look-up, not a scan."""

    def __init__(self, named: Iterable[tuple[int, _Pattern]]) -> None:
        self._words: dict[str, list[tuple[int, re.Pattern[str]]]] = {}
        self._stems: dict[str, list[tuple[int, re.Pattern[str]]]] = {}
        for name, pattern in named:
            for word in pattern.first_words:
                self._words.setdefault(word, []).append((name, pattern.regex))
            for stem in pattern.first_stems:
                self._stems.setdefault(stem, []).append((name, pattern.regex))
        lengths = {len(stem) for stem in self._stems}
        if lengths and max(lengths) > _PREFIX_LETTERS:
            raise ValueError(f"a stem is longer than {_PREFIX_LETTERS} letters")
        self._lengths = sorted(lengths)

    def find(
        self, message: _Message, first: int = 0, end: int | None = None
    ) -> Iterator[tuple[int, _Span]]:
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
            for name, regex in candidates:
                match = regex.match(message.text, message.starts[i], limit)
                if match:
                    words = sum(1 for piece in match.group().split(" ") if piece != ".")
                    yield name, _Span(i, i + words)


class _Typos:
    """Finds the key word that a word misses by one letter (dropped, added, changed, swapped)."""

    def __init__(self, key_words: Mapping[str, str], known_words: Iterable[str]) -> None:
        self._key_words = frozenset(key_words)
        self._known_words = frozenset(known_words)
        self._shorter: dict[str, list[str]] = {}
        for key in sorted(self._key_words):
            # A letter dropped between two like ones leaves a double, which folding drops too.
            dropped = {_fold(short) for short in _one_letter_less(key_words[key])}
            for short in sorted({*_one_letter_less(key), *dropped} - {key}):
                self._shorter.setdefault(short, []).append(key)

    def correct(self, word: str) -> str:
        """The key word meant, or the word as it is."""
        if (
            word in self._known_words
            or not _SHORTEST_TYPO - 2 <= len(word) <= _LONGEST_TYPO
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


# --- the judgement ---------------------------------------------------------------------------


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


@dataclass(frozen=True)
class _Question:
    """A way to ask about a risk; the words are explained in ``signs.yml``."""

    before: _Index
    reach: int
    stops: frozenset[str]
    told_before: frozenset[str]
    told_inside: frozenset[str]


class RedFlags:
    """Judges messages by the patterns of ``data/safety/signs.yml``; compiled once, then reused.

    Raises KeyError or ValueError when the mapping is not of the shape that file has.
    """

    def __init__(self, signs: Mapping[str, Any]) -> None:
        notation = _Notation(signs)
        named: list[tuple[int, _Pattern]] = []
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
        self._signs = _Index(named)

        def index(lines: Iterable[str]) -> _Index:
            return _Index((0, notation.compile(line, key=False)) for line in lines)

        self._harmless = index(signs["harmless"])
        self._asking = [
            _Question(
                before=index(frame["before"]),
                reach=int(frame["reach"]),
                stops=notation.words(frame["stops"]),
                told_before=notation.words(frame["told_before"]),
                told_inside=notation.words(frame["told_inside"]),
            )
            for frame in signs["asking"].values()
        ]
        self._asked_after = index(signs["asked_after"]["patterns"])
        self._asked_after_stops = notation.words(signs["asked_after"]["stops"])
        self._past = index(signs["past"]["when"])
        self._long_past = index(signs["past"]["long_ago"])
        self._over = index(signs["past"]["over"])
        self._once = index(signs["past"]["once"])
        self._told_past = notation.words(signs["past"]["told"])
        self._not_past = notation.words(signs["past"]["stops"])
        self._present = notation.words(signs["present"])
        self._negators = notation.words(signs["negators"])
        self._finite = notation.words(signs["negation"]["finite"])
        self._fillers = notation.words(signs["negation"]["fillers"])
        self._no_fillers = notation.words(signs["negation"]["fillers_after_no"])
        self._no = notation.words(signs["negation"]["no"])
        self._or = notation.words(signs["negation"]["or"])
        self._list_stops = notation.words(signs["negation"]["list_stops"])
        self._negated_but = index(signs["negation"]["but_after"])
        self._after = notation.words(signs["negation"]["after"])
        self._after_ends = notation.words(signs["negation"]["after_ends"])
        self._after_fillers = notation.words(signs["negation"]["after_fillers"])
        self._after_stops = notation.words(signs["negation"]["after_stops"])
        self._deniable_crisis = index(signs["negation"]["crisis"])
        self._spellings = notation.spellings
        known = notation.known_words | notation.words(signs["not_typos"])
        self._typos = _Typos(notation.key_words, known)

    def judge(self, text: str) -> Judgement:
        """The urgency of one message. Never raises; time grows with the length of the text."""
        language = language_of(text)
        if language == "other":
            language = "en"
        message = self._read(text)
        found: dict[int, list[_Span]] = {}
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
                if not _inside(span, harmless) and not self._is_crisis_denied(message, span):
                    return Judgement(Urgency.CRISIS, "CRISIS", language)
        return Judgement(Urgency.SAME_DAY if fainted_once else Urgency.NONE, "", language)

    def _emergency(
        self,
        message: _Message,
        found: Mapping[int, Sequence[_Span]],
        harmless: Mapping[int, int],
    ) -> tuple[str, bool]:
        """The first emergency sign that stands, and whether a faint is over (D14 of 5.3)."""
        over = [span for _, span in self._over.find(message)]
        once = any(True for _ in self._once.find(message))
        fainted_once = False
        for rule in self._emergencies:
            for span in _rule_spans(rule, found):
                if (
                    _inside(span, harmless)
                    or self._is_denied(message, span)
                    # Who asks for an ambulance is not asking about a risk.
                    or (rule.sign != "E15" and self._is_asked(message, span))
                    or self._is_past(message, span, over)
                ):
                    continue
                if rule.sign == "E04" and once and self._is_over(message, span, over):
                    fainted_once = True
                    continue
                return rule.sign, False
        return "", fainted_once

    def _read(self, text: str) -> _Message:
        """Folds the text and splits it into words, with known misspellings put right."""
        words: list[str] = []
        stop: list[bool] = []
        sentence: list[int] = []
        dots: set[int] = set()
        stopped = False
        number = 0
        in_sentence = 0
        for piece in _PIECES.findall(_fold(text)):
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
        return _Message(words, " ".join(joined), starts, stop, sentence)

    # A sign that is denied ------------------------------------------------------------------

    def _is_denied(self, message: _Message, span: _Span) -> bool:
        return self._is_denied_before(message, span) or self._is_denied_after(message, span)

    def _is_denied_before(self, message: _Message, span: _Span) -> bool:
        """Denied as in "no chest pain", "not having fits", "no fever, chest pain or fits"."""
        words = message.words
        if any(word in self._finite for word in words[span.first : span.end]):
            return False  # "no, my lips are swelling" without its comma
        i = span.first
        walked: list[str] = []
        while i > 0 and not message.stop[i] and len(walked) < 6:
            i -= 1
            word = words[i]
            if word in self._negators:
                allowed = self._no_fillers if word in self._no else self._fillers
                if all(w in allowed for w in walked):
                    return not any(
                        s.first <= span.end + 1 and s.end > span.first
                        for s in self._spans_near(self._negated_but, message, i, span.end + 5)
                    )
                return False
            if word in self._or:
                return self._list_is_denied(message, i)
            if word not in self._fillers:
                break
            walked.append(word)
        ahead = words[span.end : span.end + 6]
        # After a comma it is denied only where the list goes on with "or".
        after_comma = i == span.first - len(walked) and i > 0 and message.stop[i]
        return (
            after_comma
            and any(word in self._or for word in ahead)
            and self._list_is_denied(message, i)
        )

    def _list_is_denied(self, message: _Message, end: int) -> bool:
        """Whether the list of which word ``end`` is part began with "no" or "without"."""
        for i in range(end - 1, max(-1, end - 10), -1):
            if message.sentence[i] != message.sentence[end]:
                return False
            if message.words[i] in self._negators:
                return True
            if message.words[i] in self._list_stops:
                return False
        return False

    def _is_denied_after(self, message: _Message, span: _Span) -> bool:
        """Denied as in "seene mein dard nahi hai"; "dard nahi ja raha" says that it stays."""
        i = span.end
        words = message.words
        while i < len(words) and words[i] in self._after_fillers and not message.stop[i]:
            i += 1
        if i >= len(words) or message.stop[i] or words[i] not in self._after:
            return False
        if i + 1 == len(words) or message.stop[i + 1]:
            return True
        follows = words[i + 1 : i + 5]
        return follows[0] in self._after_ends and not any(w in self._after_stops for w in follows)

    def _is_crisis_denied(self, message: _Message, span: _Span) -> bool:
        """Only "not suicidal" and its like; "I don't want to die" is a doubt and stays."""
        nouns = self._spans_near(self._deniable_crisis, message, span.first, span.end)
        return any(s == span for s in nouns) and self._is_denied_before(message, span)

    # A sign that is asked about as a risk -----------------------------------------------------

    def _is_asked(self, message: _Message, span: _Span) -> bool:
        """Asked as in "can exosomes cause ...", "is there a risk of ...", "what if ... later"."""
        words = message.words
        inside = words[span.first : span.end]
        after = words[span.end : span.end + 3]
        if any(word in _NOW for word in after):
            return False
        for question in self._asking:
            # "lips are swelling" is told, not asked.
            if any(word in question.told_inside for word in [*inside, *after[:2]]):
                continue
            for near in self._spans_near(question.before, message, span.first - 14, span.first):
                between = range(near.end, span.first)
                told_before = words[max(0, near.first - 3) : near.first]
                if (
                    len(between) <= question.reach
                    and not any(message.stop[i] for i in (*between, span.first))
                    and not any(words[i] in question.stops for i in between)
                    and not any(word in question.told_before for word in told_before)
                ):
                    return True
        if any(word in self._present for word in inside):
            return False
        before = words[max(0, span.first - 4) : span.end]
        return not any(word in self._asked_after_stops for word in before) and any(
            near.first <= span.end + 1
            and message.sentence[near.first] == message.sentence[span.end - 1]
            for near in self._spans_near(self._asked_after, message, span.end, span.end + 8)
        )

    # A sign that is past ----------------------------------------------------------------------

    def _is_past(self, message: _Message, span: _Span, over: Sequence[_Span]) -> bool:
        """Past as in "last year I had ..., fine now", or as in "I had ... 5 years ago"."""
        words = message.words
        told = words[max(0, span.first - 2) : min(len(words), span.end + 1)]
        if any(word in self._present for word in told):
            return False
        return self._is_long_past(message, span) or (
            self._is_over(message, span, over)
            and any(
                message.sentence[past.first] == message.sentence[span.first]
                for past in self._spans_near(self._past, message, span.first - 15, span.end + 15)
            )
        )

    def _is_long_past(self, message: _Message, span: _Span) -> bool:
        """Told of a year ago or more, in the same sentence, with nothing present beside it."""
        words = message.words
        for past in self._spans_near(self._long_past, message, span.first - 8, span.end + 8):
            if message.sentence[past.first] != message.sentence[span.first]:
                continue
            if past.end <= span.first:
                # "I had PRP 2 years ago chest pain" tells of now: the sign itself was "had".
                beside = [*words[past.end : span.first], *words[span.end : span.end + 2]]
                touches = span.first <= past.end + 4 and any(w in self._told_past for w in beside)
            else:
                touches = span.end <= past.first <= span.end + 2
            around = words[max(0, past.first - 6) : max(past.end, span.end) + 4]
            if touches and not any(w in self._not_past or w in self._present for w in around):
                return True
        return False

    def _is_over(self, message: _Message, span: _Span, over: Sequence[_Span]) -> bool:
        """Whether the patient says after the sign that they are well, and nothing against it.

        "Last year exosomes, fine now, chest pain" says it before the sign: that is no end of it.
        """
        ends = [said for said in over if span.end <= said.first <= span.end + 15]
        if not ends:
            return False
        covered = {i for said in ends for i in range(said.first, said.end)}
        return not any(
            message.words[i] in self._not_past
            for i in range(max(0, span.first - 15), min(len(message.words), span.end + 25))
            if i not in covered
        )

    def _spans_near(self, index: _Index, message: _Message, first: int, end: int) -> list[_Span]:
        """The spans of an index within words ``first`` to ``end``, so that cost stays local."""
        return [span for _, span in index.find(message, max(0, first), end)]


def _rule_spans(rule: _Rule, found: Mapping[int, Sequence[_Span]]) -> Iterator[_Span]:
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
                yield _Span(min(this.first, that.first), max(this.end, that.end))


def _inside(span: _Span, harmless: Mapping[int, int]) -> bool:
    """Whether a harmless phrase (first word to end) holds the whole span."""
    return any(
        harmless.get(first, 0) >= span.end
        for first in range(max(0, span.first - _LONGEST_PHRASE), span.first + 1)
    )


# --- the language of a message ---------------------------------------------------------------


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Words that only one of two languages has, in folded spelling. English and Hindi share "to",
# "me", "main", "the", "is" in Latin letters, so these count for neither.
_ENGLISH = _words(
    """
    a about after all am an and any are at be been before book but by can cant could did do
    does dont feel for from get go going has have having he help her his how i if im in it
    its just like lips may my need no not now of off on or our out please she should skin so
    stop that there they think this today too treatment was we what when which will with
    wont would you your
    """
)
_ROMAN_HINDI = _words(
    """
    aa aaj aap aaya aayi abhi accha achha agar ambulans apna apni aur awaaz baad bachao badh
    bahut band behosh behoshi bhi bol bolo bukhar bula bulao chahiye chahta chahti chakkar
    chal chala chali chati chehra chhati daane dard daura de dena dhadkan dikh dikhai dil
    din do dukh dum gala gale gaya gaye gayi ghut gir hai hain haath hath ho hoga honth hua
    hui hun hoon hu itna itni jaan jal jaldi jana jaun jeebh jeena jhatke ka kab kaan kaise
    kal kamzor kar karna karo karu ke khatam khoon khujli khud khudkushi khun ki kitna kitne
    ko koi kuch kya laal laali lag le lena li liya mann mar mara marna mat mehenga mein mera
    mere meri mujhe muh nahi nahin neele nhi pad pada pair par pe phir pura pure poore raha
    rahe rahi ruk rukta saans sab sahi sakta sakti sans seene se sharir sooj sujan soojan
    sunn tak takleef tedha tez thand theek thi uth wala wali yeh zindagi zubaan aahe ahe ani
    dukhtay gheta gheu hotoy ka khup kay mala mla majha majhi nahiye shwas tras yet yetoy
    zala zali
    """
)
_HINDI = _words(
    """
    है हैं हूं हो था थी थे नहीं मैं मेरा मेरी मेरे मुझे और क्या कैसे कितना कब में से का की
    के को रहा रही रहे गया गई गए गयी गये पर कर करो करें होंठ सांस आंख खून सीने पूरे सारे बहुत
    लग जीना मरना चाहता चाहती दूं दूंगी जाऊं अच्छा खुद सब बेहोश पड़ पड़ा दिखाई दर्द बचाओ
    बुलाओ एम्बुलेंस ली लीं लिया सूज इमरजेंसी
    """
)
_MARATHI = _words(
    """
    आहे आहेत आणि नाही नाहीत नाहीये नको मला माझा माझी माझे माझ्या तुम्ही तुमच्या काय कसं कसे
    किती कधी कुठे खूप पण आता आत्ता तर मी ती तो ते झालं झाला झाली झाले पडली पडला पडले पडतेय
    येतेय येतोय होतोय होतेय वाटतं वाटतंय दुखतंय दुखतय दिसतंय सुजले सुजली सुजला घेता येत
    घ्यायला श्वास श्वासाचा घसा ओठ तोंड बसला बसली बेशुद्ध बेशुद्धी अंगभर अंगावर उठलं उलट्या
    गांधी पुरळ छातीत आली फिट आकडी शुद्धीवर रक्त थांबत त्वचा जीव बरं वाचवा मदत करा बोलवा
    गरोदर मोठा अपघात राखाडी बधिर थरथर ताप अंग गार उचलत डोकेदुखी भाजून कातडी निघाली प्यायलो
    प्यायले घेतल्या खाल्ल्या सुजलं दुखतं फिलरनंतर लागतोय अपस्माराचा झटका हृदय दम डोळा असं
    म्हणून सांगा हवी हवा पाहिजे
    """
)
# Endings that Hindi does not have, on words of three letters and more.
_MARATHI_ENDINGS = (
    "ंय",
    "तोय",
    "तेय",
    "च्या",
    "ांना",
    "ायचं",
    "ावंसं",
    "मध्ये",
    "साठी",
    "ीये",
    "नंतर",
    "तं",
    "लं",
)


def language_of(text: str) -> str:
    """The language of a message: "en", "hi_latn", "hi", "mr" or "other".

    "other" is mostly a script that is neither Latin nor Devanagari; a message without letters
    is "en". Roman Marathi counts as "hi_latn". A message that mixes scripts is read as the
    Devanagari language as soon as a third of its letters are Devanagari, for brand and treatment
    names are written in English.
    """
    plain = unicodedata.normalize("NFC", _INVISIBLE.sub("", text))
    latin = devanagari = other = 0
    for letter in plain:
        if "\u0900" <= letter <= "\u097f":
            devanagari += 1
        elif letter.isalpha():
            if letter < "\u0250" or "\u1e00" <= letter <= "\u1eff" or letter in _WIDE_LATIN:
                latin += 1
            else:
                other += 1
    if other > latin + devanagari:
        return "other"
    if devanagari and devanagari * 2 >= latin:
        return _devanagari_language(plain)
    words = _LATIN_WORD.findall(_APOSTROPHES.sub("", plain.casefold()))
    hindi = sum(word in _ROMAN_HINDI for word in words)
    english = sum(word in _ENGLISH for word in words)
    return "hi_latn" if hindi and hindi >= english else "en"


_LATIN_WORD = re.compile("[a-z]+")
_DEVANAGARI_WORD = re.compile("[\u0900-\u0963\u0970-\u097f]+")
_WIDE_LATIN = frozenset(chr(code) for code in (*range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B)))


def _devanagari_language(text: str) -> str:
    """Marathi where more words are Marathi than Hindi, else Hindi, which more patients write."""
    hindi = marathi = 0
    for word in _DEVANAGARI_WORD.findall(text.replace("\u0901", "\u0902")):
        hindi += word in _HINDI
        # The letter \u0933 is everyday Marathi and hardly ever Hindi.
        marathi += (
            word in _MARATHI
            or "\u0933" in word
            or (len(word) > 2 and word.endswith(_MARATHI_ENDINGS))
        )
    return "mr" if marathi > hindi else "hi"


# --- the reply -------------------------------------------------------------------------------


def safety_text(
    judgement: Judgement,
    texts: Mapping[str, Any],
    facts: Mapping[str, str],
    *,
    is_open: bool,
) -> str:
    """The whole reply to an emergency, a crisis or a same-day sign (clinical brief, 5.2 to 5.5).

    ``texts`` is the parsed ``data/safety/texts.yml``, ``facts`` the clinic's numbers and its next
    opening. The text stands in the language of the message, then in English, a line each.
    Raises ValueError where the judgement needs no such reply, KeyError where a fact is missing.
    """
    languages = [judgement.language]
    if judgement.language != "en":
        languages.append("en")
    lines: list[str] = []
    for language in languages:
        if judgement.urgency is Urgency.EMERGENCY:
            emergency = texts["emergency"]
            lines.append(emergency["action"][language])
            extra = emergency["extra"].get(judgement.sign, {}).get(language)
            if extra:
                lines.append(extra)
        elif judgement.urgency is Urgency.CRISIS:
            crisis = texts["crisis"]
            last = crisis["open" if is_open else "closed"][language]
            lines.append(f"{crisis['text'][language]} {last}")
        elif judgement.urgency is Urgency.SAME_DAY:
            same_day = texts["same_day"]
            lines.append(same_day["open" if is_open else "closed"][language])
            lines.append(same_day["both"][language])
        else:
            raise ValueError(f"no safety text for urgency {judgement.urgency.value}")
    return "\n".join(lines).format_map(facts)
