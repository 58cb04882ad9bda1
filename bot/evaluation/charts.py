"""The geometry of the pictures: figures in, places in a box of `WIDTH` by `HEIGHT` units out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bot.evaluation.metrics import Bin, Operation

# Near the width of a phone, so that letters keep their size there.
WIDTH, HEIGHT = 380.0, 270.0
LEFT, RIGHT, TOP, BOTTOM = 40.0, 12.0, 12.0, 40.0
# Left of this coverage a few messages make the curve jump.
LEAST_COVERAGE = 0.05


@dataclass(frozen=True)
class Axes:
    """A box for two shares: x from `x_low` to 1, y from `y_low` to 1."""

    x_low: float = 0.0
    y_low: float = 0.0

    def x(self, share: float) -> float:
        """The place of a share on the x axis."""
        return round(LEFT + (share - self.x_low) / (1 - self.x_low) * (WIDTH - LEFT - RIGHT), 1)

    def y(self, share: float) -> float:
        """The place of a share on the y axis, which grows downwards."""
        return round(TOP + (1 - share) / (1 - self.y_low) * (HEIGHT - TOP - BOTTOM), 1)

    @property
    def x_ticks(self) -> list[float]:
        """Shares for the lines of the x axis."""
        return _ticks(self.x_low)

    @property
    def y_ticks(self) -> list[float]:
        """Shares for the lines of the y axis."""
        return _ticks(self.y_low)


def _ticks(low: float) -> list[float]:
    step = next((step for step in (1, 2, 5, 10, 20) if 100 * (1 - low) / step <= 6), 20)
    first = math.ceil(round(100 * low, 6) / step) * step
    return [percent / 100 for percent in range(first, 101, step)]


@dataclass(frozen=True)
class Curve:
    """A line in its box, as SVG's `points`, and a marked point on it."""

    axes: Axes
    points: str
    mark: tuple[float, float]


def coverage(curve: Sequence[Operation], answered: float, accuracy: float) -> Curve:
    """Accuracy against coverage with the shipped point marked; the box begins below both."""
    shown = [point for point in curve if point.coverage >= LEAST_COVERAGE] or list(curve)
    lowest = min(accuracy, *(point.accuracy for point in shown))
    axes = Axes(y_low=max(0.0, min(0.95, math.floor(lowest * 20 - 0.2) / 20)))
    places = [(axes.x(point.coverage), axes.y(point.accuracy)) for point in shown]
    return Curve(
        axes,
        " ".join(f"{x:g},{y:g}" for x, y in places),
        (axes.x(answered), axes.y(accuracy)),
    )


@dataclass(frozen=True)
class Bar:
    """A bar of the calibration picture, with its interval and what to say when asked."""

    x: float
    width: float
    y: float
    height: float
    middle: float
    low: float
    high: float
    confidence: float
    words: str


def calibration(bins: Sequence[Bin]) -> tuple[Axes, list[Bar]]:
    """The share of right best candidates by confidence; bins without messages have no bar."""
    axes = Axes()
    bars = []
    for entry in bins:
        if not entry.right.of:
            continue
        left, right = axes.x(entry.low) + 2, axes.x(entry.high) - 2
        top = axes.y(entry.right.value)
        bars.append(
            Bar(
                x=round(left, 1),
                width=round(right - left, 1),
                y=top,
                height=round(axes.y(0) - top, 1),
                middle=round((left + right) / 2, 1),
                low=axes.y(entry.right.low),
                high=axes.y(entry.right.high),
                confidence=axes.y(entry.mean_confidence),
                words=(
                    f"confidence {entry.low:.0%} to {entry.high:.0%}: {entry.right.hits} of "
                    f"{entry.right.of} right, {entry.mean_confidence:.0%} expected"
                ),
            )
        )
    return axes, bars
