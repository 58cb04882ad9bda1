"""The tables: figures of both bots, their ratio, and the bar that ours has to reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bench.accuracy import ALL, FEW
from bench.projects import OURS, STOCK
from bench.turns import KINDS, QUESTION

NOTHING = "–"
METHOD = (
    "Both bots with the same data, the same command (`rasa train nlu`) and the same client, the "
    "product's bot with its own config.yml, in turns and never both up. Ten examples an intent "
    "are a choice with seed 0; the whole test file is asked; CLINC150 without its out-of-scope "
    "training texts. Accuracy counts the first label that the data set knows, before any refusal. "
    "Out-of-scope recall is that at the threshold that refuses 5 % of the test texts in scope. "
    "Training is the whole process. A start of ours is that of all processes on an empty folder. "
    "A time that stands as – was not measured: that training ran beside other work."
)
BANKING, CLINC = "BANKING77", "CLINC150"
TEN = str(FEW)


@dataclass(frozen=True)
class Row:
    """One line of the comparison; a figure that was not measured is None.

    `bar` says in words what ours has to reach, and `reached` whether it does.
    """

    what: str
    stock: float | None
    ours: float | None
    unit: str
    bar: str = ""
    reached: bool | None = None

    @property
    def ratio(self) -> float | None:
        """Ours by stock's."""
        return self.ours / self.stock if self.ours is not None and self.stock else None


def at_least(what: str, stock: float | None, ours: float | None, unit: str, bar: float) -> Row:
    """A row whose bar is a figure of ours alone."""
    return Row(
        what, stock, ours, unit, f"≥ {_shown(bar, unit)}", None if ours is None else ours >= bar
    )


def compared(
    what: str,
    stock: float | None,
    ours: float | None,
    unit: str,
    *,
    at_most: float | None = None,
    at_least_times: float | None = None,
) -> Row:
    """A row whose bar is ours by stock's."""
    row = Row(what, stock, ours, unit)
    limit = at_most if at_most is not None else at_least_times
    if limit is None:
        return row
    bar = f"≤ {limit:.3g} of stock" if at_most is not None else f"≥ {limit} times stock"
    reached = None
    if row.ratio is not None:
        reached = row.ratio <= limit if at_most is not None else row.ratio >= limit
    return Row(what, stock, ours, unit, bar, reached)


def accuracy_rows(results: Sequence[dict[str, Any]]) -> list[Row]:
    """Understanding and training, from the results of `accuracy.measure`."""
    known = {(each["bot"], each["dataset"], each["size"]): each for each in results}

    def pair(dataset: str, size: str, figure: str) -> tuple[float | None, float | None]:
        stock, ours = (known.get((bot, dataset, size), {}).get(figure) for bot in (STOCK, OURS))
        return stock, ours

    rows = []
    few = pair(BANKING, TEN, "accuracy")
    rows.append(at_least(f"{BANKING}, {TEN} examples: accuracy", *few, "%", 0.865))
    if few[0] is not None and few[1] is not None:
        gain = few[1] - few[0]
        rows.append(at_least(f"{BANKING}, {TEN} examples: above stock", None, gain, "points", 0.18))
    rows += [
        at_least(f"{BANKING}, all data: accuracy", *pair(BANKING, ALL, "accuracy"), "%", 0.94),
        Row(f"{CLINC}, {TEN} examples: in scope", *pair(CLINC, TEN, "accuracy"), "%"),
        Row(
            f"{CLINC}, {TEN} examples: out-of-scope recall",
            *pair(CLINC, TEN, "out_of_scope_recall"),
            "%",
        ),
        Row(f"{CLINC}, {TEN} examples: AUROC", *pair(CLINC, TEN, "auroc"), ""),
        at_least(f"{CLINC}, all data: in scope", *pair(CLINC, ALL, "accuracy"), "%", 0.965),
        at_least(
            f"{CLINC}, all data: out-of-scope recall",
            *pair(CLINC, ALL, "out_of_scope_recall"),
            "%",
            0.82,
        ),
        Row(f"{CLINC}, all data: AUROC", *pair(CLINC, ALL, "auroc"), ""),
    ]
    for dataset in (BANKING, CLINC):
        for size in (TEN, ALL):
            data = f"{dataset}, {'all data' if size == ALL else f'{size} examples'}"
            bar = 1 / 12 if size == TEN else None
            rows.append(
                compared(f"{data}: training", *pair(dataset, size, "seconds"), "s", at_most=bar)
            )
            rows.append(
                Row(f"{data}: memory of the training", *pair(dataset, size, "peak_mb"), "MB")
            )
    return [row for row in rows if row.ours is not None or row.stock is not None]


def turn_rows(results: dict[str, Any]) -> list[Row]:
    """Turns, throughput, start and memory, from the result of `turns.measure`."""
    stock, ours = results[STOCK], results[OURS]
    stock_kind, our_kind = stock["kinds"][STOCK], ours["kinds"][QUESTION]
    rows = [
        compared("a turn, median", stock_kind["median"], our_kind["median"], "ms", at_most=0.5),
        Row("a turn, 95th percentile", stock_kind["p95"], our_kind["p95"], "ms"),
    ]
    for kind in KINDS[OURS]:
        if kind != QUESTION:
            figures = ours["kinds"][kind]
            rows.append(Row(f"{kind}: median", None, figures["median"], "ms"))
            rows.append(Row(f"{kind}: 95th percentile", None, figures["p95"], "ms"))
    for patients in ours["many"]:
        rows.append(
            compared(
                f"throughput, patients at once: {patients}",
                stock["many"][patients]["per_second"],
                ours["many"][patients]["per_second"],
                "turns/s",
                at_least_times=2.5,
            )
        )
    whole = sum(ours["memory"].values())
    rows += [
        Row("from the start of the process to ready", stock["ready"], ours["ready"], "s"),
        compared(
            "memory of the engine",
            stock["memory"][STOCK],
            ours["memory"]["engine"],
            "MB",
            at_most=0.65,
        ),
        Row("memory of the whole house", stock["memory"][STOCK], whole, "MB"),
        Row(
            "answers as expected",
            min(stock_kind["right"], *(each["right"] for each in stock["many"].values())),
            min(
                *(each["right"] for each in ours["kinds"].values()),
                *(each["right"] for each in ours["many"].values()),
            ),
            "%",
        ),
    ]
    return rows


def comparison(rows: Sequence[Row]) -> list[list[str]]:
    """The cells of the comparison, its head first."""
    table = [["what", "stock", "ours", "ours / stock", "bar", "reached"]]
    for row in rows:
        table.append(
            [
                row.what,
                _shown(row.stock, row.unit),
                _shown(row.ours, row.unit),
                NOTHING if row.ratio is None else f"{row.ratio:.3g}",
                row.bar,
                "" if row.reached is None else "yes" if row.reached else "NO",
            ]
        )
    return table


def parts(where: dict[str, dict[str, float]]) -> list[list[str]]:
    """The cells of where a turn spends its time, in ms, its head first."""
    kinds = list(where)
    names = list(dict.fromkeys(name for kind in kinds for name in where[kind]))
    table = [["part of a turn, mean in ms", *kinds]]
    for name in names:
        table.append([name, *(_shown(where[kind].get(name), "ms") for kind in kinds)])
    table.append(["together", *(_shown(sum(where[kind].values()), "ms") for kind in kinds)])
    return table


def on_screen(table: Sequence[Sequence[str]]) -> str:
    """A table in columns."""
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in table
    )


def in_markdown(table: Sequence[Sequence[str]]) -> str:
    """A table for docs/benchmarks.md."""
    head, *rows = table
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows])


def _shown(value: float | None, unit: str) -> str:
    if value is None:
        return NOTHING
    if unit == "%":
        return f"{value * 100:.1f} %"
    if unit == "points":
        return f"{value * 100:.1f} points"
    if unit == "":
        return f"{value:.3f}"
    return f"{value:.0f} {unit}" if abs(value) >= 100 else f"{value:.1f} {unit}"
