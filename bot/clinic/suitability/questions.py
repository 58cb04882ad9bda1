"""What the check asks, read from `data/suitability.yml`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

YES, NO, UNSURE = "yes", "no", "unsure"
# Named, but not which of a question's answers it is.
SOME = "some"
# Device kinds of clinic.yml; "" while nobody knows which will be used.
UNKNOWN_DEVICE = ""


class Label(str, Enum):
    """What happens next with the treatment (brief 4.1); a talk is open to everyone."""

    NOT_NOW = "NOT_NOW"
    POSTPONE = "POSTPONE"
    DOCTOR_FIRST = "DOCTOR_FIRST"
    INCOMPLETE = "INCOMPLETE"
    ROUTINE = "ROUTINE"


@dataclass(frozen=True)
class Answer:
    """One answer to a question. `days`: what was longer ago than that is no such answer."""

    key: str
    label: Label
    title: str
    item: str
    doctor: str
    # A note for the doctor that changes no label.
    flag: bool
    days: int | None
    # What a patient says who was asked which answer it is.
    says: str
    # The label where the device sends electrical energy into the skin, or is not known (Q20).
    electrical: Label | None


@dataclass(frozen=True)
class Question:
    """One question of the brief's table 4.2."""

    id: str
    text: str
    item: str
    title: str
    doctor: str
    # Asked after the question was named without an answer of its own; empty where "yes" is all.
    ask: str
    answers: Mapping[str, Answer]
    # Said once the question was named.
    say: str
    # Never repeated in the chat (brief 4.1).
    private: bool
    # Bound to the day of the visit: asked again before it.
    of_the_day: bool
    # The answer that "not sure" stands for, where it is not a question for the doctor.
    unsure: str

    def answer(self, key: str) -> Answer:
        """The answer with that key; "not sure" and a bare "yes" are the doctor's to sort out."""
        if key in self.answers:
            return self.answers[key]
        label = Label.ROUTINE if key == NO else Label.DOCTOR_FIRST
        return Answer(key, label, "", "", key, flag=False, days=None, says="", electrical=None)


@dataclass(frozen=True)
class Item:
    """One line of a screen: a question, one of its answers, or a list that opens."""

    id: str
    question: str
    answer: str
    text: str
    title: str
    opens: str = ""


@dataclass(frozen=True)
class Screen:
    """Questions that are asked together."""

    id: str
    items: tuple[Item, ...]

    @property
    def questions(self) -> tuple[str, ...]:
        """Their ids, each once."""
        return tuple(dict.fromkeys(item.question for item in self.items if item.question))


class Catalogue:
    """All questions and screens."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        """Takes the content of `data/suitability.yml`.

        Raises:
            KeyError: a screen names a question that is not there.
        """
        self.questions = {id_: _question(id_, of_it) for id_, of_it in data["questions"].items()}
        self.also_told = str(data["also_told"]["doctor"])
        self._order = [Label(name) for name in data["order"]]
        self._weeks = data["weeks_before_event"]
        self._slow = frozenset(data["slow_to_heal"])
        self._electrical = frozenset(data["electrical"])
        self._only_hair = frozenset(data["only_hair"])
        self._lists = data["lists"]
        self._screens = {
            name: Screen(name, tuple(self._item(each) for each in items))
            for name, items in data["screens"].items()
        }
        self._changed = Screen("changed", tuple(self._item(each) for each in data["changed"]))

    def screens(self, concern: str) -> list[Screen]:
        """The screens in order; those on hair are left out of a visit that is about skin."""
        return [
            screen
            for name, screen in self._screens.items()
            if name not in self._only_hair or concern != "skin"
        ]

    @property
    def changed(self) -> Screen:
        """What is asked again before the visit."""
        return self._changed

    def screen(self, name: str) -> Screen:
        """The screen with that name.

        Raises:
            KeyError: there is none.
        """
        return self._changed if name == self._changed.id else self._screens[name]

    def label_of(self, question: str, key: str, device: str = UNKNOWN_DEVICE) -> Label:
        """The label of one answer, for a device kind of clinic.yml (Q20)."""
        answer = self.questions[question].answer(key)
        is_electrical = device == UNKNOWN_DEVICE or device in self._electrical
        return answer.electrical if answer.electrical and is_electrical else answer.label

    def place_of(self, label: Label) -> int:
        """Where a label stands, the strictest first."""
        return self._order.index(label)

    def strictest(self, labels: Iterable[Label]) -> Label:
        """The strictest of the labels; ROUTINE where there is none."""
        return min((*labels, Label.ROUTINE), key=self.place_of)

    def stricter(self, question: str, keys: Iterable[str]) -> str:
        """Of several answers to one question the one with the strictest label."""
        return min(keys, key=lambda key: self.place_of(self.label_of(question, key)))

    def weeks_before_event(self, device: str) -> str:
        """How many weeks before an event a treatment should be over (brief 3.4, Q35)."""
        is_slow = device == UNKNOWN_DEVICE or device in self._slow
        return str(self._weeks["slow" if is_slow else "fast"])

    def _item(self, named: str) -> Item:
        if named in self._lists:
            of_it = self._lists[named]
            return Item(named, "", "", str(of_it["item"]), str(of_it["title"]), opens=named)
        id_, _, key = named.partition(".")
        question = self.questions[id_]
        if key:
            answer = question.answers[key]
            return Item(named, id_, key, answer.item, answer.title)
        return Item(named, id_, "" if question.ask else YES, question.item, question.title)


def _question(id_: str, data: Mapping[str, Any]) -> Question:
    days = data.get("days")
    return Question(
        id=id_,
        text=str(data["question"]),
        item=str(data.get("item", "")),
        title=str(data.get("title", "")),
        doctor=str(data["doctor"]),
        ask=str(data.get("ask", "")),
        say=str(data.get("say", "")),
        answers={key: _answer(key, of_it, days) for key, of_it in data["answers"].items()},
        private=bool(data.get("private")),
        of_the_day=bool(data.get("day")),
        unsure=str(data.get("unsure", "")),
    )


def _answer(key: str, data: Mapping[str, Any], days: int | None) -> Answer:
    electrical = data.get("electrical")
    return Answer(
        key=key,
        label=Label(data["class"]),
        title=str(data.get("title", "")),
        item=str(data.get("item", "")),
        doctor=str(data["doctor"]),
        flag=bool(data.get("flag")),
        days=data.get("days", days),
        says="|".join(f"(?:{each})" for each in data.get("says", ())),
        electrical=Label(electrical) if electrical else None,
    )
