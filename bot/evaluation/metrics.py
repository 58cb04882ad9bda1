"""The figures of an evaluation, each defined where it is computed."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

OUT_OF_SCOPE = "out_of_scope"
REFUSED = "nlu_fallback"
# As many topics are offered when a message was not understood (bot.clinic.nearest).
OFFERED = 3
# The two-sided 95 % point of the normal distribution.
Z_95 = 1.959964
BINS = 10


@dataclass(frozen=True)
class Prediction:
    """What the engine made of one message.

    `decided` is the label that it acts on, empty where it refused. `ranking` holds the candidates
    with their confidences (0 to 1), best first.
    """

    decided: str
    ranking: tuple[tuple[str, float], ...]

    @property
    def confidence(self) -> float:
        """That of the best candidate, also where it was too low to be acted on."""
        return self.ranking[0][1] if self.ranking else 0.0

    @property
    def by_rule(self) -> bool:
        """Decided by what is certain without the classifier, which itself is never that sure."""
        return bool(self.decided) and self.confidence >= 1.0


def read_prediction(parse: dict[str, Any]) -> Prediction:
    """The prediction in a parse result of Rasa's.

    For a topic `intent` is the bare `faq`, and the response selector names the topic. Where the
    message was not understood, `intent` is `nlu_fallback` and the ranking holds the candidates.
    """
    decided = str(parse["intent"]["name"] or REFUSED)
    if decided == "faq":
        decided = str(parse["response_selector"]["faq"]["response"]["intent_response_key"])
    ranking = tuple(
        (str(entry["name"]), float(entry["confidence"]))
        for entry in parse["intent_ranking"]
        if entry["name"] != REFUSED
    )
    return Prediction("" if decided == REFUSED else decided, ranking)


@dataclass(frozen=True)
class Outcome:
    """One message's accepted labels (best first) beside what was predicted."""

    accept: tuple[str, ...]
    prediction: Prediction

    @property
    def label(self) -> str:
        """The best label, under which the message is counted."""
        return self.accept[0]

    @property
    def decided(self) -> str:
        """The label that the assistant acts on; empty where it refused."""
        return self.prediction.decided

    @property
    def refused(self) -> bool:
        """The assistant said that it did not understand, and offered topics."""
        return not self.decided

    @property
    def right(self) -> bool:
        """The decided label is accepted; a refusal is not right."""
        return self.decided in self.accept

    @property
    def wrong(self) -> bool:
        """Another label was decided."""
        return not self.refused and not self.right

    @property
    def right_or_offered(self) -> bool:
        """Decided right, or one of the first three candidates is accepted."""
        offered = [label for label, _ in self.prediction.ranking[:OFFERED]]
        return self.right or any(label in self.accept for label in offered)

    @property
    def best_candidate_right(self) -> bool:
        """The first candidate is accepted, whether or not it was sure enough."""
        return bool(self.prediction.ranking) and self.prediction.ranking[0][0] in self.accept


@dataclass(frozen=True)
class Share:
    """So many of so many, with its 95 % interval (Wilson 1927)."""

    hits: int
    of: int

    @property
    def value(self) -> float:
        """From 0 to 1; of nothing it is 0."""
        return self.hits / self.of if self.of else 0.0

    @property
    def low(self) -> float:
        """The lower end of the interval."""
        return self._interval()[0]

    @property
    def high(self) -> float:
        """The upper end of the interval."""
        return self._interval()[1]

    def _interval(self) -> tuple[float, float]:
        # Unlike the usual p ± z·s it stays within 0 and 1 and holds for few messages.
        if not self.of:
            return 0.0, 1.0
        p, n, z = self.value, self.of, Z_95
        middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        reach = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        return max(0.0, middle - reach), min(1.0, middle + reach)


def share(outcomes: Iterable[Outcome], holds: Callable[[Outcome], bool]) -> Share:
    """How many of the outcomes something holds for."""
    found = [holds(outcome) for outcome in outcomes]
    return Share(sum(found), len(found))


@dataclass(frozen=True)
class Figures:
    """The main figures of a set.

    `top_1`: decided right, a refusal counts as wrong. `top_3`: decided right, or accepted among
    the first three candidates. `wrong_by_rule`: of the wrong ones, the classifier was overruled
    (a red flag, a command, another script). `right_if_answered`: decided right of those not
    refused. `macro`: the mean of the labels' own top-1, so a rare label counts like a frequent one.
    `calibration_error`: see `calibration`. Out of scope, of the messages whose best label it is:
    `out_of_scope_recall` were decided so, `out_of_scope_kept_out` were decided so or refused;
    `out_of_scope_precision`: of those decided so, it was accepted.
    """

    n: int
    top_1: Share
    top_3: Share
    answered: Share
    refused: Share
    wrong: Share
    wrong_by_rule: Share
    right_if_answered: Share
    macro: float
    calibration_error: float
    out_of_scope_recall: Share
    out_of_scope_kept_out: Share
    out_of_scope_precision: Share


def figures(outcomes: Sequence[Outcome]) -> Figures:
    """The main figures of at least one outcome."""
    answered = [outcome for outcome in outcomes if not outcome.refused]
    outside = [outcome for outcome in outcomes if outcome.label == OUT_OF_SCOPE]
    by_label = labels(outcomes)
    return Figures(
        n=len(outcomes),
        top_1=share(outcomes, lambda outcome: outcome.right),
        top_3=share(outcomes, lambda outcome: outcome.right_or_offered),
        answered=Share(len(answered), len(outcomes)),
        refused=share(outcomes, lambda outcome: outcome.refused),
        wrong=share(outcomes, lambda outcome: outcome.wrong),
        wrong_by_rule=share(
            [outcome for outcome in outcomes if outcome.wrong],
            lambda outcome: outcome.prediction.by_rule,
        ),
        right_if_answered=share(answered, lambda outcome: outcome.right),
        macro=sum(label.recall.value for label in by_label) / len(by_label),
        calibration_error=calibration_error(calibration(outcomes)),
        out_of_scope_recall=share(outside, lambda outcome: outcome.right),
        out_of_scope_kept_out=share(outside, lambda outcome: outcome.right or outcome.refused),
        out_of_scope_precision=share(
            [outcome for outcome in outcomes if outcome.decided == OUT_OF_SCOPE],
            lambda outcome: outcome.right,
        ),
    )


@dataclass(frozen=True)
class Label:
    """One label's figures, over the messages whose best label it is (`recall.of` of them).

    `recall`: they were decided right, by this or another accepted label. `precision`: of all
    messages decided so, it was accepted. `confusions`: what was decided instead, most frequent
    first, with counts; the empty label is a refusal.
    """

    name: str
    recall: Share
    precision: Share
    confusions: tuple[tuple[str, int], ...]

    @property
    def f1(self) -> float:
        """The harmonic mean of recall and precision."""
        recall, precision = self.recall.value, self.precision.value
        return 2 * recall * precision / (recall + precision) if recall + precision else 0.0


def labels(outcomes: Sequence[Outcome]) -> list[Label]:
    """The figures of every label that is the best one of a message; worst first."""
    of_label: dict[str, list[Outcome]] = defaultdict(list)
    decided_so: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        of_label[outcome.label].append(outcome)
        decided_so[outcome.decided].append(outcome)
    found = [
        Label(
            name,
            share(own, lambda outcome: outcome.right),
            share(decided_so[name], lambda outcome: outcome.right),
            _most_frequent(outcome.decided for outcome in own if not outcome.right),
        )
        for name, own in of_label.items()
    ]
    return sorted(found, key=lambda label: (label.recall.value, label.f1, label.name))


def confused_pairs(outcomes: Iterable[Outcome]) -> tuple[tuple[tuple[str, str], int], ...]:
    """Best label and wrongly decided label, with counts, most frequent first; no refusals."""
    return _most_frequent((outcome.label, outcome.decided) for outcome in outcomes if outcome.wrong)


def _most_frequent(items: Iterable[Any]) -> tuple[tuple[Any, int], ...]:
    return tuple(sorted(Counter(items).items(), key=lambda item: (-item[1], item[0])))


@dataclass(frozen=True)
class Bin:
    """Messages whose best candidate's confidence lies from `low` up to `high`."""

    low: float
    high: float
    mean_confidence: float
    right: Share


def calibration(outcomes: Sequence[Outcome]) -> list[Bin]:
    """Ten bins of equal width over the best candidate's confidence; all messages count."""
    binned: list[list[Outcome]] = [[] for _ in range(BINS)]
    for outcome in outcomes:
        binned[min(int(outcome.prediction.confidence * BINS), BINS - 1)].append(outcome)
    return [
        Bin(
            place / BINS,
            (place + 1) / BINS,
            sum(o.prediction.confidence for o in inside) / len(inside) if inside else 0.0,
            share(inside, lambda outcome: outcome.best_candidate_right),
        )
        for place, inside in enumerate(binned)
    ]


def calibration_error(bins: Sequence[Bin]) -> float:
    """Expected calibration error (Naeini et al. 2015).

    The mean distance between confidence and accuracy of the bins, weighted by their messages.
    """
    count = sum(entry.right.of for entry in bins)
    distances = (abs(e.mean_confidence - e.right.value) * e.right.of for e in bins)
    return sum(distances) / count if count else 0.0


@dataclass(frozen=True)
class Operation:
    """What answering at a threshold gives.

    `coverage`: of all messages, the best candidate's confidence reaches the threshold;
    `accuracy`: of these, the best candidate is accepted.
    """

    threshold: float
    coverage: float
    accuracy: float


def coverage_curve(outcomes: Sequence[Outcome]) -> list[Operation]:
    """One point for every confidence that occurs, from the highest threshold to the lowest."""
    ordered = sorted(outcomes, key=lambda outcome: -outcome.prediction.confidence)
    curve: list[Operation] = []
    right = 0
    for count, outcome in enumerate(ordered, 1):
        right += outcome.best_candidate_right
        confidence = outcome.prediction.confidence
        if count == len(ordered) or ordered[count].prediction.confidence < confidence:
            curve.append(Operation(confidence, count / len(ordered), right / count))
    return curve
