"""Checks of a text before a patient reads it: forbidden words and sentence length.

Pure: the words themselves are data (`data/never_say.yml`), given to `NeverSay` as a mapping.
Used by the checks of `data/answers`, by staff's ready texts and by the approval of answers.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LANGUAGES = ("english", "hindi_latin", "hindi", "marathi")

# A sentence ends at . ! ? or the danda of Devanagari, followed by white space.
_SENTENCE_END = re.compile(r"[.!?।]+[\"'\u201d\u2019)\]]*(\s+)")
_TITLES = frozenset({"dr", "mr", "mrs", "ms"})
_BULLET = re.compile(r"^\s*[•*-]\s+")

_NUKTA = "\u093c"
_CHANDRABINDU = "\u0901"
_ANUSVARA = "\u0902"
_DEVANAGARI = "\u0900-\u0963\u0970-\u097f"


def sentences(text: str) -> list[str]:
    """The sentences of a text in order, without bullet marks.

    A line break ends a sentence. A point in a number ("32.5%"), after a title ("Dr. Rao") or in
    "No. 1" does not, nor the mark in the name of the magazine "HELLO! India".
    """
    found: list[str] = []
    for raw in text.splitlines():
        line = _BULLET.sub("", raw).strip()
        start = 0
        for end in _SENTENCE_END.finditer(line):
            if _is_abbreviation(line[start : end.start()], line[end.end() :]):
                continue
            found.append(line[start : end.start(1)])
            start = end.end()
        if line[start:]:
            found.append(line[start:])
    return found


def _is_abbreviation(before: str, after: str) -> bool:
    """Whether the mark between these two stretches belongs to the word before it."""
    word = before.rsplit(maxsplit=1)[-1] if before.strip() else ""
    return (
        word.casefold() in _TITLES
        or (word.casefold() == "no" and after[:1].isdigit())
        or (word == "HELLO" and after.startswith("India"))
    )


def longest_sentence_words(text: str) -> int:
    """How many words the longest sentence has, as a reader counts them: split at spaces."""
    return max((_spoken_words(sentence) for sentence in sentences(text)), default=0)


def _spoken_words(sentence: str) -> int:
    return sum(any(letter.isalnum() for letter in token) for token in sentence.split())


@dataclass(frozen=True)
class Breach:
    """One forbidden wording in a text a patient would read."""

    rule: str
    where: str
    sentence: str
    found: str

    @property
    def key(self) -> tuple[str, str, str]:
        """What an exception must name to allow it."""
        return self.rule, self.where, self.sentence

    def __str__(self) -> str:
        return f"{self.where}: {self.rule} forbids {self.found!r} in {self.sentence!r}"


@dataclass(frozen=True)
class Exemption:
    """One sentence that may match a rule in one place, and why."""

    rule: str
    where: str
    sentence: str
    reason: str


@dataclass(frozen=True)
class NeverSay:
    """The rules V01 to V27 with their listed exceptions, over all languages we have texts in."""

    patterns: Sequence[tuple[str, re.Pattern[str]]]
    exemptions: Mapping[tuple[str, str, str], Exemption]

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any]) -> NeverSay:
        """Reads the content of `data/never_say.yml`; ValueError names what is wrong in it."""
        rules = mapping["patterns"]
        patterns = [
            (rule, _compiled(rule, language, pattern))
            for rule, of_rule in rules.items()
            for language, pattern in of_rule.items()
        ]
        exemptions: dict[tuple[str, str, str], Exemption] = {}
        for entry in mapping["exceptions"]:
            if entry["rule"] not in rules:
                raise ValueError(f"an exception names {entry['rule']}, which is no rule")
            for where in entry["where"]:
                key = (entry["rule"], where, entry["sentence"])
                if key in exemptions:
                    raise ValueError(f"listed twice: {' / '.join(key)}")
                exemptions[key] = Exemption(*key, reason=entry["reason"])
        return cls(tuple(patterns), exemptions)

    def breaches(self, text: str, where: str) -> list[Breach]:
        """What is forbidden in a text; `where` is its place, such as `faq/price` or `check/Q15`.

        An exception holds for its exact sentence in its own place only.
        """
        return [found for found in self._found(text, where) if found.key not in self.exemptions]

    def used(self, text: str, where: str) -> set[Exemption]:
        """The exceptions that this text in this place needs."""
        keys = (found.key for found in self._found(text, where))
        return {self.exemptions[key] for key in keys if key in self.exemptions}

    def unused(self, texts: Iterable[tuple[str, str]], within: str) -> list[Exemption]:
        """The exceptions for places that begin with `within` which none of the texts needs.

        `texts` are pairs of text and place: all texts of those places.
        """
        needed = {exemption for text, where in texts for exemption in self.used(text, where)}
        return [
            each
            for each in self.exemptions.values()
            if each.where.startswith(within) and each not in needed
        ]

    def _found(self, text: str, where: str) -> Iterable[Breach]:
        for sentence in sentences(text):
            plain = _comparable(sentence)
            for rule, pattern in self.patterns:
                if match := pattern.search(plain):
                    yield Breach(rule, where, sentence, match.group())


def _compiled(rule: str, language: str, pattern: str) -> re.Pattern[str]:
    """One pattern over whole words; in Devanagari over the beginning of a word.

    Hindi and Marathi put endings on a word ("चमत्कारिक"), so only its beginning is fixed there.
    A digit beside a Latin word does not hide it ("30mm").
    """
    if language not in LANGUAGES:
        raise ValueError(f"{rule} has a pattern in {language!r}; known are {', '.join(LANGUAGES)}")
    body = f"(?:{_comparable(pattern)})"
    if language in ("hindi", "marathi"):
        return re.compile(f"(?<![{_DEVANAGARI}]){body}", re.IGNORECASE)
    return re.compile(rf"(?<![^\W\d_]){body}(?![^\W\d_])", re.IGNORECASE)


def _comparable(text: str) -> str:
    """The one form in which texts and patterns are compared.

    Nukta dropped and chandrabindu read as anusvara, since writers use them freely; a typographic
    apostrophe or hyphen is the plain one, a no-break space a space.
    """
    plain = unicodedata.normalize("NFC", text).replace(_NUKTA, "").replace(_CHANDRABINDU, _ANUSVARA)
    return plain.replace("\u2019", "'").replace("\u2011", "-").replace("\u00a0", " ")
