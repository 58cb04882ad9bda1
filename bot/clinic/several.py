"""Which questions a message holds, from what it means as a whole and in its parts.

Conservative: two answers to one question are worse than one answer to two, which the patient can
ask again. A part counts only if it asks, is understood by itself or is heard in the whole message
too, and means something that the parts before it do not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.clinic.segments import Segment

# Answered in one message (clinical brief, 6.1: three short forms fit into 1,000 characters).
MOST_QUESTIONS = 3
# Measured on tests/nlu/several.yml and on the single questions of tests/nlu/heldout.csv.
# What a part must reach with its own score and with what the whole message gives the same label:
# a share of that, and something for holding it at all among its five best.
SURE = 0.6
SHARE = 0.5
BONUS = 0.3
# Below this a part is not heard to mean a label, whatever the whole says.
LEAST = 0.12
# A label that adds nothing has to be this clear to silence a part that asks.
SILENT = 0.5
# A sentence that asks nothing counts only if its meaning is beyond doubt.
STATED = 0.9
# A sign or a condition that warns has to be this clear: "my face is not swollen" sounds like one.
HEEDED = 0.97
# A whole message so clear is cut only into parts one of which means the same.
CLEAR = 0.9

# A number says how to reach somebody, and nothing of what they want.
_NUMBER = re.compile(r"\+?\d(?:[\s-]?\d){6,}")
_WORD = re.compile(r"[^\W\d_]+")
_TOPIC = "faq/"


@dataclass(frozen=True)
class Understood:
    """What the classifier makes of a text: its labels with their scores, best first."""

    ranking: Sequence[tuple[str, float]]
    # What is decided; "nlu_fallback" if nothing is.
    label: str

    @property
    def best(self) -> tuple[str, float]:
        """The label with the highest score, and the score."""
        return self.ranking[0] if self.ranking else (self.label, 0.0)


@dataclass(frozen=True)
class Part:
    """A segment that asks, or states, with the background before it.

    `texts` are what it may be read as: by itself, and behind the background.
    """

    asks: bool
    texts: tuple[str, ...]


def parts_of(segments: Sequence[Segment]) -> list[Part]:
    """The parts of a message: what asks, each with the background right before it, and that."""
    parts = []
    background: list[str] = []
    for segment in segments:
        text = _NUMBER.sub(" ", segment.text).strip() or segment.text
        if segment.asks:
            texts = (text, ". ".join((*background, text))) if background else (text,)
            parts.append(Part(True, texts))
            background = []
        else:
            parts.append(Part(False, (text,)))
            background.append(text)
    return parts


def is_topic(label: str) -> bool:
    """Whether a label is a topic (`faq/price`), which an answer from a text is enough for."""
    return label.startswith(_TOPIC)


class Several:
    """Decides by the tables of `data/segments.yml`."""

    def __init__(self, words: Mapping[str, Any]) -> None:
        """`words`: the content of `data/segments.yml`."""
        self._adds_nothing = frozenset(str(words["adds_nothing"]).split())
        self._stated = frozenset(str(words["stated"]).split())
        self._covers = {label: frozenset(held) for label, held in words["covers"].items()}
        self._hair = frozenset(str(words["hair_words"]).split())
        self._skin = frozenset(str(words["skin_words"]).split())
        self._of_hair: Mapping[str, str] = words["of_hair"]
        self._before_topics = frozenset(str(words["before_topics"]).split())
        self._never_left_out = frozenset(str(words["never_left_out"]).split())

    def is_told_first(self, label: str) -> bool:
        """Whether a label is answered in its own words before any topic, as a reaction is."""
        return label in self._before_topics

    def questions(
        self, text: str, whole: Understood, parts: Sequence[tuple[Part, Sequence[Understood]]]
    ) -> dict[str, float]:
        """The labels of a message in the order in which they are asked, with their scores.

        `parts` come with what each of their `texts` means. Two or three labels; empty where the
        message is one question: then the whole is what it means.
        """
        found: dict[str, float] = {}
        about = _words(text)
        for part, readings in parts:
            for label, score in self._heard(part, readings, whole, about):
                found[label] = max(score, found.get(label, 0.0))
        found = self._without_held(found)
        if len(found) > 1 and whole.label in self._never_left_out and whole.label not in found:
            found = {whole.label: whole.best[1], **found}
        is_overruled = whole.best[1] >= CLEAR and not self._is_near(whole.label, found)
        if len(found) < 2 or is_overruled:
            return {}
        return self.at_most_three(found)

    def at_most_three(self, found: Mapping[str, float]) -> dict[str, float]:
        """The labels that are answered, in their order: a sign or a warning is none of the rest."""
        kept = sorted(found, key=lambda label: label not in self._never_left_out)[:MOST_QUESTIONS]
        return {label: score for label, score in found.items() if label in kept}

    def _is_near(self, label: str, labels: Iterable[str]) -> bool:
        """Whether a label is among others, or one of those that add nothing to them."""
        pairs = {label, self._of_hair.get(label, label)}
        return bool(pairs.intersection(labels)) or label in self._adds_nothing

    def _heard(
        self,
        part: Part,
        readings: Sequence[Understood],
        whole: Understood,
        about: frozenset[str],
    ) -> list[tuple[str, float]]:
        """What one part adds: a label, or two where it asks for skin and hair; or nothing."""
        if not part.asks:
            label, score = readings[0].best
            if label in self._never_left_out:
                return [(label, score)] if score >= HEEDED else []
            return [(label, score)] if label in self._stated and score >= STATED else []
        said = _words(part.texts[0])
        in_whole = dict(whole.ranking)
        best, most, score_of_best = "", 0.0, 0.0
        for reading in readings:
            for label, score in self._meant(reading):
                named = (label, *self._of_subject(label, said, about))
                heard = [in_whole[each] for each in named if each in in_whole]
                support = score + (BONUS + SHARE * max(heard) if heard else 0.0)
                if support >= SURE and score * (1 + max(heard, default=0.0)) > most:
                    best, most = label, score * (1 + max(heard, default=0.0))
                    score_of_best = score
        if not best:
            return []
        return [(label, score_of_best) for label in self._of_subject(best, said, about)]

    def _meant(self, reading: Understood) -> Iterator[tuple[str, float]]:
        """The labels that a part may add; none behind one that clearly adds nothing.

        A bare answer (`inform`) is what a request with a time or a number is often taken for.
        """
        for label, score in reading.ranking:
            if label in self._adds_nothing:
                if score >= SILENT and label != "inform":
                    return
            elif score >= LEAST:
                yield label, score

    def _of_subject(self, label: str, said: frozenset[str], about: frozenset[str]) -> list[str]:
        """The label for skin, for hair or both, where a topic has one for each."""
        for_skin = next((skin for skin, hair in self._of_hair.items() if hair == label), label)
        for_hair = self._of_hair.get(for_skin)
        if for_hair is None:
            return [label]
        if said & self._hair and said & self._skin:
            return [for_skin, for_hair]
        named = said if said & (self._hair | self._skin) else about
        is_of_hair = bool(named & self._hair) and not named & self._skin
        return [for_hair if is_of_hair else label]

    def _without_held(self, found: Mapping[str, float]) -> dict[str, float]:
        """Without the labels that the answer to another holds."""
        held = {each for label in found for each in self._covers.get(label, ())}
        return {label: score for label, score in found.items() if label not in held}


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.casefold()))
