"""What a patient says of a booking in their own words: who, what for, a name, a phone.

Times are read by `bot.clinic.times`. Nothing here decides what is asked next.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberMatcher, PhoneNumberType

LONGEST_NAME = 100
LONGEST_EMAIL = 254  # RFC 5321, 4.5.3.1.3, without the angle brackets
_MOST_NAME_WORDS = 6
# A chunk that nothing else explains is a name up to this many words: "Ravi Kumar, 99999 00001".
_MOST_BARE_WORDS = 3
# Letters and marks of any script, and what stands inside names.
_MARKS = "\u200c\u200d" + "".join(
    chr(code) for code in range(0x300, 0x1200) if unicodedata.category(chr(code))[0] == "M"
)
_WORD = re.compile(rf"[^\W\d_](?:[^\W\d_]|[{_MARKS}'’.\-])*")
_BREAK = re.compile(r"[,;:\n|/()\[\]!?]+|\s[-–—]+\s|\.\s|\band\b|\baur\b|&", re.IGNORECASE)
_DIGITS = re.compile(r"\+?\d[\d\s().\-]{4,}\d")
_ONLY_DIGITS = re.compile(r"\+?\d[\d\s().\-]+")
# "9999O 00001": digits and letters in one word.
_MIXED = re.compile(r"(?<!\w)(?=\w*\d{4})\w*[^\W\d_]\w*")
_LEAST_DIGITS = 6
# What stands around a name and is none of it, such as an emoji; a bracket shows that it is none.
_NO_NAME = rf"[^\w<>{{}}\[\]()@#/\\{_MARKS}]+"
_SIGNS_AROUND = re.compile(rf"^{_NO_NAME}|{_NO_NAME}$")
_NOT = re.compile(
    r"\b(?:not|instead of|rather than)\s+(?:(?:for|about|my|the)\s+)*$", re.IGNORECASE
)

# A dot-atom at a host name (RFC 5322, 3.4.1); what else is allowed nobody has.
_EMAIL = re.compile(
    r"(?<![\w.+-])[A-Za-z0-9!#$%&'*/=?^_`{|}~+-]+(?:\.[A-Za-z0-9!#$%&'*/=?^_`{|}~+-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}(?![\w-])"
)

Span = tuple[int, int]


@dataclass(frozen=True)
class Details:
    """What one message holds; empty strings for what it does not."""

    whom: str = ""
    concern: str = ""
    name: str = field(default="", repr=False)
    # "my name is …", "I am …": the writer's, whoever comes.
    is_own_name: bool = False
    phone: str = field(default="", repr=False)
    # short, long, letters or invalid: why something that looks like a phone is none
    phone_problem: str = ""


class DetailReader:
    """Reads messages with the words of `data/booking.yml`."""

    def __init__(self, words: Mapping[str, Any], common: Iterable[str], region: str) -> None:
        """`common`: words that are no names; `region`: ISO 3166 code for phones without one."""
        self._whom = {
            kind: _any_of(words["whom"][kind])
            for kind in ("minor_writer", "minor", "adult", "other", "self")
        }
        self._concerns = {kind: _any_of(texts) for kind, texts in words["concerns"].items()}
        names = words["names"]
        self._told = _before_name(names["told"])
        self._maybe_told = _before_name(names["maybe_told"])
        self._own = _any_of([*names["own"], *names["after"]])
        self._anothers = _any_of(names["anothers"])
        self._after = re.compile(rf"\s+(?:{'|'.join(names['after'])})(?!\w)", re.IGNORECASE)
        self._titles = frozenset(names["titles"])
        self._around = frozenset(names["around"])
        self._common = frozenset((*common, *names["never"]))
        self._region = region

    def read(self, text: str, covered: Sequence[Span] = (), *, bare: bool = True) -> Details:
        """Everything in a free message; `covered`: what was read as days and times.

        `bare`: a name may stand without "my name is", as in a message that begins a booking.
        """
        spans = [*covered]
        phone, problem, phone_spans = self._phone(text, spans)
        spans += phone_spans
        whom = next((kind for kind, said in self._whom.items() if said.search(text)), "")
        found = []
        for kind, pattern in self._concerns.items():
            said = [match.span() for match in pattern.finditer(text)]
            spans += said
            # "hair, not skin" is about hair.
            if any(not _NOT.search(text[:start]) for start, _ in said):
                found.append(kind)
        name = self._name(text, spans, bare=bare)
        return Details(
            whom=whom,
            concern="both" if len(found) > 1 else (found[0] if found else ""),
            name=name,
            is_own_name=bool(name and self._own.search(text)),
            phone=phone,
            phone_problem=problem,
        )

    def name(self, text: str) -> Details:
        """The name in an answer to "what is your name?"; empty if it is no name."""
        words = self._without_title(_SIGNS_AROUND.sub("", text)).split()
        while len(words) > 1 and words[0].casefold() in self._around:
            words = words[1:]
        while len(words) > 1 and words[-1].casefold() in self._around:
            words = words[:-1]
        if len(words) == 1 and len(words[0]) > 1 and words[0].casefold() in self._around:
            words = []
        name = self._told_name(text) or _tidy(" ".join(words))
        return Details(name=name, is_own_name=bool(name and self._own.search(text)))

    def is_anothers_name(self, text: str) -> bool:
        """Whether a name is announced as that of somebody else: "his name is Aarav"."""
        return bool(self._anothers.search(text))

    def is_ordinary(self, text: str) -> bool:
        """Whether every word is one that people use for other things than names."""
        words = [word.casefold() for word in _WORD.findall(text)]
        return bool(words) and all(word in self._common for word in words)

    def email(self, text: str) -> str:
        """The e-mail address in an answer; empty if there is none."""
        found = _EMAIL.search(text)
        return found.group() if found and len(found.group()) <= LONGEST_EMAIL else ""

    def phone(self, text: str) -> Details:
        """The phone in an answer to "what is your phone?", or what is wrong with it."""
        phone, problem, _ = self._phone(text, [])
        if not phone and not problem:
            problem = "missing"
        return Details(phone=phone, phone_problem=problem)

    def _phone(self, text: str, covered: Sequence[Span]) -> tuple[str, str, list[Span]]:
        """The last right number (a correction comes after what it corrects), or the problem."""
        right = [
            match
            for match in PhoneNumberMatcher(text, self._region)
            if phonenumbers.is_valid_number(match.number)
        ]
        if right:
            said = phonenumbers.format_number(right[-1].number, PhoneNumberFormat.E164)
            return said, "", [(match.start, match.end) for match in right]
        mixed = _MIXED.search(text)
        if mixed and not any(_overlap(mixed.span(), span) for span in covered):
            return "", "letters", [mixed.span()]
        whole = _ONLY_DIGITS.fullmatch(text.strip())
        for match in filter(None, [whole, *_DIGITS.finditer(text)]):
            is_long_enough = sum(map(str.isdigit, match.group())) >= _LEAST_DIGITS
            is_time = any(_overlap(match.span(), span) for span in covered)
            if not is_time and (is_long_enough or match is whole):
                return self._judged(match.group(), [match.span()])
        return "", "", []

    def _judged(self, written: str, spans: list[Span]) -> tuple[str, str, list[Span]]:
        try:
            number = phonenumbers.parse(written, self._region)
        except phonenumbers.NumberParseException:
            return "", "invalid", spans
        if phonenumbers.is_valid_number(number):
            return phonenumbers.format_number(number, PhoneNumberFormat.E164), "", spans
        country = phonenumbers.region_code_for_country_code(number.country_code or 0)
        mobile = phonenumbers.example_number_for_type(country, PhoneNumberType.MOBILE)
        if mobile is None:
            return "", "invalid", spans
        missing = len(str(mobile.national_number)) - len(str(number.national_number))
        if missing == 0 or number.national_number == 0:
            return "", "invalid", spans
        return "", "short" if missing > 0 else "long", spans

    def _name(self, text: str, spans: Sequence[Span], *, bare: bool) -> str:
        blanked = blank(text, spans)
        return self._told_name(blanked) or (self._bare_chunk(blanked) if bare else "")

    def _told_name(self, text: str) -> str:
        """A name after "my name is", after "I am", or before "here"; the last of the first kind."""
        found = ""
        for match in self._told.finditer(text):
            found = self._words_of_name(text[match.end() :]) or found
        if found:
            return found
        shows_capitals = _shows_capitals(text)
        for match in self._maybe_told.finditer(text):
            rest = text[match.end() :]
            # "I am Asha" is a name, "I am suffering" is none; without capitals nobody can tell.
            if not shows_capitals or rest[:1].isupper():
                found = self._words_of_name(rest) or found
        for match in self._after.finditer(text):
            before = self._without_common(_BREAK.split(text[: match.start()])[-1].split())
            if 0 < len(before) <= _MOST_BARE_WORDS:
                found = found or self._words_of_name(" ".join(before))
        return found

    def _words_of_name(self, text: str) -> str:
        """The leading words that can be a name: up to a common word, a number or a comma."""
        end = _BREAK.search(text)
        words: list[str] = []
        for word in self._without_title((text[: end.start()] if end else text).strip()).split():
            can_be = _WORD.fullmatch(word) and word.casefold().strip(".") not in self._common
            if not can_be or (words and words[0].istitle() and word.islower()):
                break
            words.append(word)
        return _tidy(" ".join(words[:_MOST_NAME_WORDS]))

    def _bare_chunk(self, text: str) -> str:
        """A name that nothing announces: what is left over between commas, numbers and lines.

        Where the message has capitals, they show it; in one without, it has to be two or three
        words that nothing else explains, on their own.
        """
        shows_capitals = _shows_capitals(text)
        for chunk in _BREAK.split(text):
            words = self._without_title(chunk.strip()).split()
            if shows_capitals:
                words = self._capitals(words)
            if not words or len(words) > _MOST_BARE_WORDS:
                continue
            if not shows_capitals and len(words) == 1:
                continue
            if all(_WORD.fullmatch(word) and not self._is_common(word) for word in words):
                return _tidy(" ".join(words))
        return ""

    def _capitals(self, words: Sequence[str]) -> list[str]:
        """The longest run of words with a capital that are no common words."""
        runs: list[list[str]] = [[]]
        for word in words:
            if word[:1].isupper() and not self._is_common(word) and len(word) > 1:
                runs[-1].append(word)
            elif runs[-1]:
                runs.append([])
        longest = max(runs, key=len)
        # Any sentence begins with a capital: one such word is a name only when it stands alone.
        if len(longest) == 1 and len(words) > 1 and words[0] == longest[0]:
            return []
        return longest

    def _is_common(self, word: str) -> bool:
        return word.casefold().strip(".") in self._common

    def _without_common(self, words: list[str]) -> list[str]:
        while words and self._is_common(words[0]):
            words = words[1:]
        return words

    def _without_title(self, text: str) -> str:
        words = text.split()
        while words and words[0].casefold().strip(".") in self._titles:
            words.pop(0)
        return " ".join(words)


def name_problem(text: str) -> str:
    """What is wrong with an answer to "what is your name?": empty, long, or not letters."""
    said = " ".join(text.split())
    if not said:
        return "empty"
    if len(said) > LONGEST_NAME:
        return "long"
    return "" if _tidy(said) else "letters"


def spoken_phone(e164: str) -> str:
    """A phone as people read it: "+91 99999 00001"."""
    number = phonenumbers.parse(e164)
    return phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)


def phone_of(address: str) -> str:
    """A number as a channel writes it, "919999900001", as E.164; empty if it is none."""
    try:
        number = phonenumbers.parse(f"+{address.lstrip('+')}")
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_valid_number(number):
        return ""
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def _tidy(name: str) -> str:
    """A name as a receptionist writes it; empty if it holds what no name holds."""
    words = _SIGNS_AROUND.sub("", name).split()
    said = " ".join(words)
    if not said or len(said) > LONGEST_NAME or len(words) > _MOST_NAME_WORDS:
        return ""
    if not all(_WORD.fullmatch(word) for word in words):
        return ""
    if said.islower() or (said.isupper() and len(said) > 3):
        return " ".join(word[:1].upper() + word[1:].lower() for word in words)
    return said


def _shows_capitals(text: str) -> bool:
    """Whether its writer uses capitals as books do."""
    return any(word[0].isupper() and not word.isupper() for word in _WORD.findall(text))


def _before_name(patterns: Iterable[str]) -> re.Pattern[str]:
    told = "|".join(sorted(patterns, key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?:{told})(?:\s+(?:is|hai))?\s*[:\-]?\s+(?=[^\W\d_])", re.I)


def _any_of(patterns: Iterable[str]) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(f'(?:{each})' for each in patterns)})(?!\w)", re.I)


def blank(text: str, spans: Iterable[Span]) -> str:
    """The text with the spans replaced by commas, so that they part what stands around them."""
    letters = list(text)
    for start, end in spans:
        letters[start:end] = "," * (end - start)
    return "".join(letters)


def _overlap(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]
