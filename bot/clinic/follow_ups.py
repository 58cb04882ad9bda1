"""What a message means that leans on the one before: "and for hair?", "why?", "how long then?".

A careful receptionist takes over the topic only where the words ask for it, and asks back where
two are as likely. So a message with a clear meaning of its own keeps it; one without words of its
own is read by tables (`data/follow_ups.yml`); in between, what the classifier makes of the message
alone is weighed against what it makes of it with the topic in front.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

# What the classifier made of a text: labels with their confidence, best first.
Ranking = Sequence[tuple[str, float]]
# The labels that a message may mean: none (its own meaning stays), one, or two to ask about.
Meant = tuple[str, ...]

OWN: Meant = ()
TOPIC = "faq/"
SKIN, HAIR, DEVICES = "skin", "hair", "devices"
PARTS = (SKIN, HAIR)
OTHER_WAYS = (DEVICES, "prp", "other_treatments")
SAME, KEEPS_OWN = "same", "own"
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


@dataclass(frozen=True)
class Asked:
    """A topic that was answered: its label, and the words that asked for it."""

    label: str
    text: str = field(repr=False)


@dataclass(frozen=True)
class Words:
    """What a text consists of."""

    # Without the openers before it, and without "that" and "it".
    rest: str = field(repr=False)
    opens: bool
    leans: bool
    # What it turns to, a name of `subjects`; empty if to nothing.
    subject: str
    # The words that say something by themselves.
    own: tuple[str, ...] = field(repr=False)
    count: int


@dataclass(frozen=True)
class _Subject:
    words: re.Pattern[str]
    alone: str
    stands_for: str


@dataclass(frozen=True)
class _Row:
    forms: Mapping[str, str]
    asked_by: re.Pattern[str] | None


@dataclass(frozen=True)
class _Detail:
    words: re.Pattern[str]
    after: Mapping[str, str | Sequence[str]]
    otherwise: str | Sequence[str]
    # Only in a message that turns to nothing.
    is_alone: bool


class FollowUps:
    """Knows the words, the forms of each question, and how sure is sure enough."""

    def __init__(self, data: Mapping[str, Any], names: Mapping[str, str]) -> None:
        """`data`: the content of `data/follow_ups.yml`; `names`: what a label's button says."""
        self._limits: Mapping[str, float] = data["thresholds"]
        self._names = names
        self._opener = re.compile(rf"\W*{_any_of(data['openers']).pattern}\W*")
        picks = [word for each in data["picks"].values() for word in each]
        self._reference = _any_of([*data["references"], *picks])
        self._picks = [_any_of(data["picks"][place]) for place in ("first", "second")]
        self._turns_away = _any_of(data["turns_away"])
        self._plain = frozenset(data["plain"].split())
        self._signs = frozenset(data["signs"])
        self._subjects = {
            name: _Subject(
                _any_of(each["words"]), each.get("alone", ""), each.get("stands_for", "")
            )
            for name, each in data["subjects"].items()
        }
        self._rows = {name: _row(each) for name, each in data["rows"].items()}
        self._row_of = {topic: name for name, each in data["rows"].items() for topic in each["of"]}
        rows = self._rows.values()
        self._about_hair = {
            *data["about_hair"],
            *(row.forms[HAIR] for row in rows if HAIR in row.forms),
        }
        self._about_skin = {
            topic
            for row in rows
            for subject, topic in row.forms.items()
            if self._subjects[subject].stands_for == SKIN or (subject == SKIN and row.asked_by)
        }
        self._whole_body = frozenset(data["whole_body"])
        self._every_device = frozenset(data["every_device"])
        self._details = [
            _Detail(
                _any_of(each["words"]), each.get("after", {}), each["otherwise"], "alone" in each
            )
            for each in data["details"]
        ]

    @property
    def messages_kept(self) -> int:
        """How many messages of small talk a topic outlives."""
        return int(self._limits["messages"])

    @property
    def seconds_kept(self) -> float:
        """How long a topic stays the one before, in seconds."""
        return self._limits["minutes"] * 60.0

    def can_lean(self, text: str, own: Ranking) -> bool:
        """Whether it is worth looking up what was talked of before: cheap, for every message.

        `own` is the classifier's ranking of the text.
        """
        if not 0 < len(_WORD.findall(text)) <= self._limits["words"]:
            return False
        words = self.words_of(text)
        return words.leans or bool(self._forms_asked(words, own))

    def meaning(self, text: str, before: Sequence[Asked], own: Ranking) -> Meant | None:
        """What a message means by its words, after the topics `before`, the newest first.

        None: the words do not tell; then the classifier reads `texts_to_read`, and `weighed`
        decides.
        """
        if self._is_a_sign(own) or self._is_sure_of_a_task(own):
            return OWN
        words, topic = self.words_of(text), before[0].label.removeprefix(TOPIC)
        turns_away = bool(self._turns_away.search(_normal(text)))
        if not words.own and not turns_away:
            found = self._detail(_normal(text), words, topic, self._part(before))
            if found is not None:
                return found
            is_cut_short = words.opens or words.count <= self._limits["cut_short"]
            if words.subject and (is_cut_short or not self._is_sure(own)):
                return self._turned(words.subject, topic)
        if words.leans and not turns_away and not self._speaks_for_itself(words, own):
            return None
        return self._for_the_part(words, self._part(before), own)

    def chosen(self, text: str, between: Sequence[str]) -> Meant:
        """Which of two labels that were offered a text picks: "the first", "hair".

        `OWN` if nothing was offered: then `between` is empty.
        """
        words = self.words_of(text)
        if words.own or not between:
            return OWN
        plain = _normal(text)
        picked = [
            label
            for label, pattern in zip(between, self._picks, strict=True)
            if pattern.search(plain) or (words.subject and self._is_about(label, words.subject))
        ]
        return tuple(picked) if len(picked) == 1 else OWN

    def texts_to_read(self, text: str, before: Sequence[Asked]) -> tuple[str, str]:
        """The message without the words that lean, and the message with the topic in front."""
        # A slash in front would make a command of it.
        return self.words_of(text).rest.lstrip("/ "), f"{self._names[before[0].label]}, {text}"

    def weighed(
        self, before: Sequence[Asked], own: Ranking, rest: Ranking, in_context: Ranking
    ) -> Meant:
        """What a message means by the classifier, alone and with its context.

        `own` ranks the message, the others the two of `texts_to_read`. Only topics are taken over.
        """
        if self._is_sure(rest):
            return (rest[0][0],)
        if not in_context or in_context[0][1] < self._limits["in_context"]:
            return OWN
        scores = {before[0].label: 0.0}
        for ranking, weight in ((own, self._limits["weight_alone"]), (in_context, 1.0)):
            for label, confidence in ranking:
                if label.startswith(TOPIC):
                    scores[label] = scores.get(label, 0.0) + weight * confidence
        best, *others = sorted(scores, key=lambda label: (-scores[label], label))
        near = self._limits["offered_beside"] * scores[best]
        return (best, *(label for label in others[:1] if scores[label] >= near))

    def _is_a_sign(self, own: Ranking) -> bool:
        """Whether a sign is so much as half heard: behind a topic it must not be missed."""
        return any(label in self._signs and score >= self._limits["sign"] for label, score in own)

    def _is_sure_of_a_task(self, own: Ranking) -> bool:
        """Whether an act is wanted; small talk and bare answers are no acts and have no button."""
        label = own[0][0] if own else ""
        return label in self._names and not label.startswith(TOPIC) and self._is_sure(own)

    def words_of(self, text: str) -> Words:
        """Takes a text apart."""
        plain = _normal(text)
        rest, found = plain, self._opener.match(plain)
        while found:
            rest = rest[found.end() :]
            found = self._opener.match(rest)
        opens = rest != plain
        leans = opens or bool(self._reference.search(plain))
        left = rest
        for detail in self._details:
            left = detail.words.sub(" ", left)
        left = self._reference.sub(" ", left)
        subject = ""
        for name, each in self._subjects.items():
            if each.words.search(left):
                subject, left = name, each.words.sub(" ", left)
                break
        own = tuple(word for word in _WORD.findall(left) if word not in self._plain)
        count = len(_WORD.findall(plain))
        rest = " ".join(self._reference.sub(" ", rest).split())
        return Words(rest, opens, leans or not own, subject, own, count)

    def _detail(self, plain: str, words: Words, topic: str, part: str) -> Meant | None:
        """What a bare detail asks for; None if the text is none, or keeps its own meaning."""
        for each in self._details:
            if each.words.search(plain) and not (each.is_alone and words.subject):
                row = self._row_of.get(topic, "")
                value = each.after.get(topic) or each.after.get(row) or each.otherwise
                if value == KEEPS_OWN:
                    return None
                found = [value] if isinstance(value, str) else value
                topics = (self._named(name, words.subject, topic, part) for name in found)
                return tuple(TOPIC + each for each in dict.fromkeys(topics))
        return None

    def _named(self, value: str, subject: str, topic: str, part: str) -> str:
        """The topic that a value of the tables means: `same`, a row or a topic."""
        if value == SAME:
            return self._form(self._row_of.get(topic, ""), subject) or topic
        if value in self._rows:
            return self._form(value, subject or part) or self._form(value, SKIN)
        return value

    def _form(self, row: str, subject: str) -> str:
        """The topic of a row for a subject, or for what that stands for; empty if it has none."""
        if row not in self._rows or subject not in self._subjects:
            return ""
        forms = self._rows[row].forms
        return forms.get(subject) or forms.get(self._subjects[subject].stands_for, "")

    def _turned(self, subject: str, topic: str) -> Meant:
        """The question before, for another subject."""
        row = self._row_of.get(topic, "")
        form = self._form(row, subject)
        if form:
            return (TOPIC + form,)
        known = self._subjects[subject]
        if self._part_of_subject(subject) and (topic in self._whole_body or self._form(row, SKIN)):
            return (TOPIC + topic,)
        if subject == DEVICES and topic in self._every_device:
            return (TOPIC + topic,)
        if not known.alone:
            return OWN
        if subject in OTHER_WAYS and topic in self._whole_body:
            return (TOPIC + topic, TOPIC + known.alone)
        return (TOPIC + known.alone,)

    def _speaks_for_itself(self, words: Words, own: Ranking) -> bool:
        """Whether the classifier need not read it again with what was talked of before."""
        is_task = bool(own) and not own[0][0].startswith(TOPIC)
        understood = self._limits["own_task" if is_task and words.own else "own_meaning"]
        is_understood = bool(own) and own[0][1] >= understood
        return is_understood or len(words.own) > self._limits["own_words"]

    def _is_sure(self, ranking: Ranking) -> bool:
        return bool(ranking) and ranking[0][1] >= self._limits["own_meaning"]

    def _is_about(self, label: str, subject: str) -> bool:
        topic, part = label.removeprefix(TOPIC), self._part_of_subject(subject)
        return topic in {HAIR: self._about_hair, SKIN: self._about_skin}.get(part, ())

    def _part_of_subject(self, subject: str) -> str:
        if subject in PARTS:
            return subject
        return self._subjects[subject].stands_for if subject else ""

    def _part(self, before: Sequence[Asked]) -> str:
        """Skin or hair, whatever was talked of last; empty if of neither."""
        for asked in before:
            topic = asked.label.removeprefix(TOPIC)
            if topic in self._about_hair:
                return HAIR
            if topic in self._about_skin:
                return SKIN
            part = self._part_of_subject(self.words_of(asked.text).subject)
            if part:
                return part
        return ""

    def _forms_asked(self, words: Words, own: Ranking) -> Mapping[str, str]:
        """The forms of a question that is asked in its plainest words, and taken for the skin's."""
        if not own or words.subject:
            return {}
        topic = own[0][0].removeprefix(TOPIC)
        row = self._rows.get(self._row_of.get(topic, ""))
        if not row or not row.asked_by or row.forms[SKIN] != topic:
            return {}
        is_plain = not _WORD.search(row.asked_by.sub(" ", " ".join(words.own)))
        return row.forms if is_plain else {}

    def _for_the_part(self, words: Words, part: str, own: Ranking) -> Meant:
        """The form for what was talked of before; both where nobody has said skin or hair."""
        forms = self._forms_asked(words, own)
        if forms and part == HAIR:
            return (TOPIC + forms[HAIR],)
        if forms and not part:
            return (TOPIC + forms[SKIN], TOPIC + forms[HAIR])
        return OWN


def _row(content: Mapping[str, Any]) -> _Row:
    forms = {name: topic for name, topic in content.items() if name not in ("of", "asked_by")}
    return _Row(forms, _any_of(content["asked_by"]) if "asked_by" in content else None)


def _normal(text: str) -> str:
    return " ".join(text.casefold().replace("’", "'").split())


def _any_of(patterns: Iterable[str]) -> re.Pattern[str]:
    """Any of them as whole words, the longest first."""
    said = "|".join(f"(?:{each})" for each in sorted(patterns, key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?:{said})(?!\w)")
