"""The figures, from answers and times; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from bench.datasets import OUT_OF_SCOPE

Ranking = Sequence[tuple[str, float]]
# Of the texts in scope, how many may be refused when looking for what is out of scope.
REFUSED_IN_SCOPE = 0.05


@dataclass(frozen=True)
class Understanding:
    """How well a bot understood a test set; the last two are None without out-of-scope texts.

    `accuracy` is that of the texts in scope before anything is refused.
    """

    accuracy: float
    out_of_scope_recall: float | None
    auroc: float | None


def best_known(ranking: Ranking, labels: frozenset[str]) -> tuple[str, float]:
    """The first label of a ranking that the data set knows, with its confidence.

    Both bots put words of their own on top: stock its refusal, ours also what the clinic's rules
    are certain of. Neither is an answer here. No known label is an empty one with confidence 0.
    """
    for label, confidence in ranking:
        if label in labels:
            return label, confidence
    return "", 0.0


def understanding(intents: Sequence[str], rankings: Sequence[Ranking]) -> Understanding:
    """Compares what the data set says with what the bot says, text by text.

    Raises:
        ValueError: the two differ in length, or no text is in scope.
    """
    labels = frozenset(intents) - {OUT_OF_SCOPE}
    answers = [best_known(ranking, labels) for ranking in rankings]
    pairs = list(zip(intents, answers, strict=True))
    inside = [(intent, answer) for intent, answer in pairs if intent != OUT_OF_SCOPE]
    if not inside:
        raise ValueError("no text is in scope")
    accuracy = sum(intent == label for intent, (label, _) in inside) / len(inside)
    outside = [confidence for intent, (_, confidence) in pairs if intent == OUT_OF_SCOPE]
    if not outside:
        return Understanding(accuracy, None, None)
    sure = [confidence for _, (_, confidence) in inside]
    limit = threshold(sure, REFUSED_IN_SCOPE)
    recall = sum(confidence < limit for confidence in outside) / len(outside)
    return Understanding(accuracy, recall, auroc(sure, outside))


def threshold(confidences: Sequence[float], refused: float) -> float:
    """The highest threshold below which at most the share `refused` of the confidences lies."""
    return sorted(confidences)[int(refused * len(confidences))]


def auroc(higher: Sequence[float], lower: Sequence[float]) -> float:
    """The chance that one of `higher` is above one of `lower`; equal ones count half.

    The area under the ROC curve as Mann-Whitney's U (Hanley and McNeil 1982).
    """
    values = sorted([(value, True) for value in higher] + [(value, False) for value in lower])
    rank_sum = 0.0
    start = 0
    while start < len(values):
        end = start
        while end < len(values) and values[end][0] == values[start][0]:
            end += 1
        # Equal values share the mean of their ranks, which count from 1.
        rank_sum += (start + 1 + end) / 2 * sum(is_higher for _, is_higher in values[start:end])
        start = end
    wins = rank_sum - len(higher) * (len(higher) + 1) / 2
    return wins / (len(higher) * len(lower))


def percentile(values: Sequence[float], percent: int) -> float:
    """The smallest value that at least `percent` of a hundred of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-percent * len(ordered) // 100) - 1)]


def middle(values: Sequence[float]) -> float:
    """The median."""
    return median(values)
