"""What one patient has told the check, and the label that follows from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.clinic.kept import Kept
from bot.clinic.suitability.questions import NO, UNKNOWN_DEVICE, Catalogue, Item, Label, Screen

# The whole check, or only "has anything changed?" before the visit.
FULL, CHANGED = "full", "changed"
LESION = "Q11"
AGE = "Q01"
UNDER_18, UNDER_MINIMUM = "under_18", "under_minimum"
# Of a message that told something, so much is kept for the doctor.
LONGEST_WORDS = 300
MOST_OTHERS = 10


@dataclass(frozen=True)
class Check(Kept):
    """The check as far as it has come. Nothing is in it before the patient agreed."""

    consent: str = ""
    kind: str = FULL
    # What the visit is about: skin, hair, both or other; "" where nobody knows.
    concern: str = ""
    # Screens that were answered, and lists that opened in a second round.
    done: tuple[str, ...] = ()
    opened: tuple[str, ...] = field(default=(), repr=False)
    answers: Mapping[str, str] = field(default_factory=dict, repr=False)
    # The patient's own words by question.
    words: Mapping[str, str] = field(default_factory=dict, repr=False)
    # What else was told of their health, that no question asks for.
    others: tuple[str, ...] = field(default=(), repr=False)
    # Questions that were named, and still need to be asked which answer it is.
    unclear: tuple[str, ...] = field(default=(), repr=False)
    # A question with two different answers is asked once more; which, and which were asked so.
    again: str = field(default="", repr=False)
    asked_again: tuple[str, ...] = field(default=(), repr=False)
    # What was told in a second round, before the visit.
    news: tuple[str, ...] = field(default=(), repr=False)
    # The last message heard: one that comes twice is heard once.
    heard: str = ""
    # What is said before the next question, from `notes` of `data/suitability.yml`.
    note: str = field(default="", repr=False)
    # Worry about looks was named: support is offered before the next question (brief Q36).
    offers_support: bool = field(default=False, repr=False)
    # After a sign of danger: "unsaid" until the patient was told how to go on, then "said".
    suspended: str = ""
    kept_at: str = ""

    def answered(self, answers: Mapping[str, str], words: str = "") -> Check:
        """With more answers, each with the words that gave it."""
        kept = dict.fromkeys(answers, words[:LONGEST_WORDS]) if words.strip() else {}
        # Older words would stand beside an answer that they did not give.
        before = {q: said for q, said in self.words.items() if self._stands(q, answers)}
        news = self.news
        if self.kind == CHANGED:
            # What applies still, or again, is as much news as what is new.
            changed = [q for q, key in answers.items() if {key, self.answers.get(q, NO)} != {NO}]
            news = tuple(dict.fromkeys((*news, *changed)))
        return replace(
            self,
            answers={**self.answers, **answers},
            words={**before, **kept},
            unclear=tuple(each for each in self.unclear if each not in answers),
            news=news,
        )

    def told_besides(self, words: str) -> Check:
        """With something of their health that no question asks for, in their words."""
        kept = words.strip()[:LONGEST_WORDS]
        others = tuple(dict.fromkeys((*self.others, kept)))[:MOST_OTHERS]
        return replace(self, others=others, note="others")

    def _stands(self, question: str, answers: Mapping[str, str]) -> bool:
        return answers.get(question, self.answers.get(question)) == self.answers.get(question)

    @property
    def age_is_told(self) -> bool:
        """Whether somebody said how old they are."""
        return AGE in self.answers


@dataclass(frozen=True)
class Finding:
    """One answer as the doctor reads it."""

    question: str = field(repr=False)
    asked: str = field(repr=False)
    answer: str = field(repr=False)
    label: Label = field(repr=False)
    # A note that changes no label: smoking, travel, skin type.
    is_flag: bool = field(repr=False)
    is_news: bool = field(repr=False)
    words: str = field(repr=False)


def screens_of(check: Check, catalogue: Catalogue) -> list[Screen]:
    """The screens that a check goes through, in order."""
    if check.kind == CHANGED:
        return [*(catalogue.screen(name) for name in check.opened), catalogue.changed]
    return catalogue.screens(check.concern)


def next_screen(check: Check, catalogue: Catalogue) -> Screen | None:
    """The first screen that was not answered; None when all were."""
    return next((each for each in screens_of(check, catalogue) if _is_open(check, each)), None)


def is_told(check: Check, item: Item) -> bool:
    """Whether a line of a screen needs not be shown again."""
    if item.opens:
        return item.opens in check.opened
    if item.question in check.unclear:
        return True
    told = check.news if check.kind == CHANGED else check.answers
    return item.question in told


def _is_open(check: Check, screen: Screen) -> bool:
    return screen.id not in check.done and not all(is_told(check, each) for each in screen.items)


def is_finished(check: Check, catalogue: Catalogue) -> bool:
    """Whether nothing is left to ask."""
    return not (check.unclear or check.again) and next_screen(check, catalogue) is None


def is_whole(check: Check, catalogue: Catalogue) -> bool:
    """Whether every question has an answer: none was skipped or is still unclear."""
    asked = {q for screen in catalogue.screens(check.concern) for q in screen.questions}
    return asked <= check.answers.keys() and not (check.unclear or check.again)


def label_of(check: Check, catalogue: Catalogue, device: str = UNKNOWN_DEVICE) -> Label:
    """The strictest label of all answers; at least INCOMPLETE while a screen is missing.

    `device`: the kind planned for the visit, as clinic.yml names it.
    """
    labels = [catalogue.label_of(q, key, device) for q, key in check.answers.items()]
    # Nobody here knows what it means, so a doctor looks at it.
    labels += [Label.DOCTOR_FIRST for _ in check.others]
    if not is_whole(check, catalogue):
        labels.append(Label.INCOMPLETE)
    return catalogue.strictest(labels)


def findings(check: Check, catalogue: Catalogue, device: str = UNKNOWN_DEVICE) -> Sequence[Finding]:
    """What the doctor should see, the strictest first; what is denied is left out."""
    found = [
        Finding(
            question,
            catalogue.questions[question].doctor,
            catalogue.questions[question].answer(key).doctor,
            catalogue.label_of(question, key, device),
            catalogue.questions[question].answer(key).flag,
            question in check.news,
            check.words.get(question, ""),
        )
        for question, key in check.answers.items()
        if key != NO
    ]
    besides = Label.DOCTOR_FIRST
    found += [
        Finding("", catalogue.also_told, "", besides, False, False, words) for words in check.others
    ]
    return sorted(found, key=lambda each: catalogue.place_of(each.label))


def not_answered(check: Check, catalogue: Catalogue) -> list[str]:
    """What the doctor has to ask, because the check did not come so far."""
    return [
        catalogue.questions[question].doctor
        for screen in catalogue.screens(check.concern)
        for question in screen.questions
        if question not in check.answers
    ]
