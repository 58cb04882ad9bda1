"""The report of an evaluation: figures as JSON, predictions as CSV, and a table for the screen."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from bot.evaluation.evaluation import TASKS, Evaluation, points_lost, slices
from bot.evaluation.messages import BETWEEN_LABELS
from bot.evaluation.metrics import Share, calibration, confused_pairs, coverage_curve, labels

WEAKEST = 8


@dataclass(frozen=True)
class Made:
    """With which model and when: for the reader of a report that is found later."""

    model: str
    when: str
    threshold: float | None


def as_json(made: Made, evaluations: Sequence[Evaluation], groups: Mapping[str, str]) -> Any:
    """Everything but the messages themselves, as plain data."""
    return {
        "model": made.model,
        "made": made.when,
        "threshold": made.threshold,
        "sets": {one.name: _set_as_json(one, groups) for one in evaluations},
    }


def _set_as_json(evaluation: Evaluation, groups: Mapping[str, str]) -> dict[str, Any]:
    outcomes = evaluation.outcomes
    main = evaluation.figures
    return {
        "figures": {entry.name: _plain(getattr(main, entry.name)) for entry in fields(main)},
        "slices": {
            kind: {name: _plain(value) for name, value in parts.items()}
            for kind, parts in slices(evaluation, groups).items()
        },
        "points_lost": {
            form: round(points_lost(evaluation, form), 3) for form in evaluation.with_faults
        },
        "labels": {
            label.name: {
                "recall": _plain(label.recall),
                "precision": _plain(label.precision),
                "f1": round(label.f1, 5),
                "confusions": {name or "refused": count for name, count in label.confusions},
            }
            for label in labels(outcomes)
        },
        "confused": [
            {"label": meant, "decided": decided, "count": count}
            for (meant, decided), count in confused_pairs(outcomes)
        ],
        "calibration": [
            {
                "from": entry.low,
                "to": entry.high,
                "mean_confidence": round(entry.mean_confidence, 5),
                "right": _plain(entry.right),
            }
            for entry in calibration(outcomes)
        ],
        "coverage": [
            [round(value, 5) for value in (point.threshold, point.coverage, point.accuracy)]
            for point in coverage_curve(outcomes)
        ],
    }


def _plain(value: Share | float | int) -> Any:
    if not isinstance(value, Share):
        return round(value, 5)
    ends = {"value": value.value, "low": value.low, "high": value.high}
    return {
        "hits": value.hits,
        "of": value.of,
        **{name: round(end, 5) for name, end in ends.items()},
    }


COLUMNS = (
    "set", "text", "accept", "decided", "outcome", "confidence",
    "first", "second", "third", "nearest_text", "nearest_label", "similarity",
)  # fmt: skip


def write(
    folder: Path,
    made: Made,
    evaluations: Sequence[Evaluation],
    groups: Mapping[str, str],
    page: str,
) -> None:
    """Writes `report.json`, `predictions.csv` and `index.html`, for the owner's eyes only.

    Raises:
        OSError: the folder cannot be written to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    content = json.dumps(as_json(made, evaluations, groups), indent=1, ensure_ascii=False)
    _write(folder / "report.json", content + "\n")
    _write(folder / "index.html", page)
    part = folder / "predictions.csv"
    _write(part, "")
    with part.open("w", encoding="utf-8", newline="") as opened:
        table = csv.writer(opened)
        table.writerow(COLUMNS)
        for evaluation in evaluations:
            table.writerows(_rows(evaluation))


def _write(file: Path, content: str) -> None:
    # A clinic's own messages are patients' words.
    file.touch(mode=0o600)
    file.chmod(0o600)
    file.write_text(content, "utf-8")


def _rows(evaluation: Evaluation) -> list[list[str]]:
    rows = []
    for case in evaluation.cases:
        outcome = case.outcome
        candidates = [name for name, _ in outcome.prediction.ranking]
        rows.append([
            evaluation.name,
            case.message.text,
            BETWEEN_LABELS.join(outcome.accept),
            outcome.decided,
            "refused" if outcome.refused else "right" if outcome.right else "wrong",
            f"{outcome.prediction.confidence:.4f}",
            *[*candidates, "", "", ""][:3],
            case.nearest.text,
            case.nearest.label,
            f"{case.nearest.similarity:.3f}",
        ])  # fmt: skip
    return rows


def on_screen(evaluations: Sequence[Evaluation]) -> str:
    """The main figures as a table of at most 80 columns, without anybody's words."""
    width = max(len("set"), *(len(one.name) for one in evaluations)) + 2
    lines = [
        f"{'set':<{width}}{'messages':>8}{'top-1':>8}  {'95 %':<12}{'top-3':>6}{'refused':>9}"
        f"{'wrong':>8}{'ECE':>8}"
    ]
    for one in evaluations:
        main = one.figures
        interval = f"{100 * main.top_1.low:.1f}–{100 * main.top_1.high:.1f}"
        lines.append(
            f"{one.name:<{width}}{main.n:>8,}{_percent(main.top_1):>8}  {interval:<12}"
            f"{_percent(main.top_3):>6}{_percent(main.refused):>9}{_percent(main.wrong):>8}"
            f"{main.calibration_error:>8.3f}"
        )
    for one in evaluations:
        lines.append("")
        lines.append(f"{one.name}: points lost with")
        lines += [f"  {form:<22}{points_lost(one, form):>6.1f}" for form in one.with_faults]
        weakest = [label for label in labels(one.outcomes) if label.recall.value < 1][:WEAKEST]
        if weakest:
            lines.append(f"{one.name}: weakest labels")
        for label in weakest:
            instead = ", ".join(
                f"{name or 'refused'} {count}" for name, count in label.confusions[:2]
            )
            lines.append(
                f"  {label.name:<32}{label.recall.hits:>3} of {label.recall.of:<4} {instead}"
            )
    return "\n".join(lines)


def _percent(value: Share) -> str:
    return f"{100 * value.value:.1f}"


def outcomes_by_group(
    evaluation: Evaluation, groups: Mapping[str, str]
) -> Mapping[tuple[str, str], int]:
    """How many messages of a group were answered wrong with a label of another (or the same).

    The second group of a refusal is empty.
    """
    return Counter(
        # A command of one word may be a label that no message is trained on.
        (groups[outcome.label], outcome.decided and groups.get(outcome.decided, TASKS))
        for outcome in evaluation.outcomes
        if not outcome.right
    )
