"""The report as one HTML page that needs nothing beside itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from bot.evaluation import charts
from bot.evaluation.evaluation import SOCIAL, TASKS, Evaluation, points_lost, slices, worst
from bot.evaluation.metrics import calibration, confused_pairs, coverage_curve, labels
from bot.evaluation.report import Made, outcomes_by_group

WORST = 50
PAIRS = 16
LABELS_AT_ONCE = 20


def page(made: Made, evaluations: Sequence[Evaluation], groups: Mapping[str, str]) -> str:
    """The whole page; every text of a message is escaped."""
    environment = Environment(
        loader=PackageLoader("bot.evaluation"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = lambda share: f"{100 * share:.1f}"
    return environment.get_template("index.html").render(
        made=made,
        sets=[_set(one, groups) for one in evaluations],
        frame={
            "width": charts.WIDTH,
            "height": charts.HEIGHT,
            "left": charts.LEFT,
            "right": charts.WIDTH - charts.RIGHT,
            "top": charts.TOP,
            "bottom": charts.HEIGHT - charts.BOTTOM,
        },
        labels_at_once=LABELS_AT_ONCE,
    )


def _set(evaluation: Evaluation, groups: Mapping[str, str]) -> dict[str, Any]:
    outcomes = evaluation.outcomes
    main = evaluation.figures
    axes, bars = charts.calibration(calibration(outcomes))
    pairs = confused_pairs(outcomes)
    lost = {form: points_lost(evaluation, form) for form in evaluation.with_faults}
    return {
        "name": evaluation.name,
        "figures": main,
        "curve": charts.coverage(
            coverage_curve(outcomes), main.answered.value, main.right_if_answered.value
        ),
        "calibration": {"axes": axes, "bars": bars},
        "groups": _heat(evaluation, groups),
        # A pair that was confused once says little, unless there is nothing else.
        "pairs": ([pair for pair in pairs if pair[1] > 1] or pairs)[:PAIRS],
        "labels": labels(outcomes),
        "slices": slices(evaluation, groups),
        "lost": lost,
        "most_lost": max([1.0, *(abs(points) for points in lost.values())]),
        "worst": worst(evaluation, WORST),
    }


def _heat(evaluation: Evaluation, groups: Mapping[str, str]) -> dict[str, Any]:
    """Mistakes by group: rows are what was meant, columns what was decided instead."""
    counts = outcomes_by_group(evaluation, groups)
    asked = {outcome.label: groups[outcome.label] for outcome in evaluation.outcomes}
    topics = sorted({*groups.values()} - {TASKS, SOCIAL})
    order = [*topics, TASKS, SOCIAL]
    columns = [name for name in order if any(counts[row, name] for row in order)]
    return {
        "columns": columns,
        "rows": [
            {
                "name": row,
                "of": sum(groups[outcome.label] == row for outcome in evaluation.outcomes),
                "cells": [counts[row, name] for name in [*columns, ""]],
            }
            for row in order
            if row in asked.values()
        ],
        "most_wrong": max([1, *(count for (_, decided), count in counts.items() if decided)]),
        "most_refused": max([1, *(count for (_, decided), count in counts.items() if not decided)]),
    }
