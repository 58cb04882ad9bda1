"""One evaluation: a set's messages as they are and with made faults, and what became of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from bot.data_files import DATA, read_yaml
from bot.evaluation.faults import with_faults
from bot.evaluation.messages import TOPIC, Message
from bot.evaluation.metrics import Figures, Outcome, Prediction, Share, figures, share
from bot.evaluation.wording import is_roman_hindi, words

SOCIAL, TASKS = "social", "tasks"
# Inclusive bounds, in words.
LENGTHS = {"1–4 words": (0, 4), "5–12": (5, 12), "13–24": (13, 24), "25 and more": (25, 10**6)}


@dataclass(frozen=True)
class Nearest:
    """The training utterance whose sentence vector is nearest; `similarity` is their cosine."""

    text: str = field(repr=False)
    label: str
    similarity: float


class Reader(Protocol):
    """Whoever understands messages."""

    def read(self, texts: Sequence[str]) -> list[Prediction]:
        """The prediction for each text."""
        ...

    def nearest(self, texts: Sequence[str]) -> list[Nearest]:
        """The training utterance nearest to each text."""
        ...


@dataclass(frozen=True)
class Case:
    """One message of the set with everything that is known of it."""

    message: Message
    outcome: Outcome
    nearest: Nearest


@dataclass(frozen=True)
class Evaluation:
    """A whole set; `with_faults` holds the outcomes by form, in the order of `cases`."""

    name: str
    cases: tuple[Case, ...]
    with_faults: Mapping[str, tuple[Outcome, ...]]

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """The outcomes of the messages as they are."""
        return tuple(case.outcome for case in self.cases)

    @property
    def figures(self) -> Figures:
        """The main figures of the messages as they are."""
        return figures(self.outcomes)


def evaluate(
    name: str,
    messages: Sequence[Message],
    reader: Reader,
    forms: Sequence[str],
    say: Callable[[str], None] = lambda _: None,
) -> Evaluation:
    """Lets `reader` understand every message, as it is and in each form of `faults.FORMS`.

    `say` is told what is done next.
    """
    say(f"{name}: {len(messages):,} messages")
    texts = [message.text for message in messages]
    cases = [
        Case(message, Outcome(message.accept, prediction), nearest)
        for message, prediction, nearest in zip(
            messages, reader.read(texts), reader.nearest(texts), strict=True
        )
    ]
    faulty = {}
    for form in forms:
        say(f"{name}: {form}")
        read = reader.read([with_faults(text, form) for text in texts])
        faulty[form] = tuple(
            Outcome(message.accept, prediction)
            for message, prediction in zip(messages, read, strict=True)
        )
    return Evaluation(name, tuple(cases), faulty)


def groups_of_labels(data: Path = DATA) -> dict[str, str]:
    """The group of every label: of a topic the file of its answer, else tasks or social."""
    found: dict[str, str] = {}
    for file in sorted((data / "nlu").glob("*.yml")):
        for block in read_yaml(file).get("nlu", []):
            if "intent" in block:
                found[block["intent"]] = SOCIAL if file.stem == SOCIAL else TASKS
    for file in sorted((data / "answers").glob("*.yml")):
        for response in read_yaml(file)["responses"]:
            label = response.removeprefix("utter_")
            if label.startswith(TOPIC):
                found[label] = file.stem
    return found


def slices(evaluation: Evaluation, groups: Mapping[str, str]) -> dict[str, dict[str, Share]]:
    """Top-1 of parts of the set, by what divides it; parts without messages are left out."""

    def part_by(name_of: Callable[[Case], str], order: Sequence[str]) -> dict[str, Share]:
        parts: dict[str, list[Outcome]] = {name: [] for name in order}
        for case in evaluation.cases:
            parts[name_of(case)].append(case.outcome)
        return {name: share(own, lambda o: o.right) for name, own in parts.items() if own}

    return {
        "length": part_by(lambda case: _length(case.message.text), tuple(LENGTHS)),
        "group": part_by(
            lambda case: groups[case.outcome.label],
            [*sorted({*groups.values()} - {TASKS, SOCIAL}), TASKS, SOCIAL],
        ),
        "language": part_by(
            lambda case: "Roman Hindi" if is_roman_hindi(case.message.text) else "other",
            ("Roman Hindi", "other"),
        ),
        "accepted labels": part_by(
            lambda case: "one" if len(case.message.accept) == 1 else "two or more",
            ("one", "two or more"),
        ),
    }


def _length(text: str) -> str:
    count = len(words(text))
    return next(name for name, (low, high) in LENGTHS.items() if low <= count <= high)


def points_lost(evaluation: Evaluation, form: str) -> float:
    """By how many points top-1 is lower with these faults than without; negative if higher."""
    plain = share(evaluation.outcomes, lambda outcome: outcome.right)
    faulty = share(evaluation.with_faults[form], lambda outcome: outcome.right)
    return 100 * (plain.value - faulty.value)


def worst(evaluation: Evaluation, count: int) -> list[Case]:
    """What was decided wrong, the surest first; then refusals, those nearest to an answer first."""
    missed = [case for case in evaluation.cases if not case.outcome.right]
    missed.sort(key=lambda case: (case.outcome.refused, -case.outcome.prediction.confidence))
    return missed[:count]
