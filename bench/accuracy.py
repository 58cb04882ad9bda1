"""How well both bots learn two public data sets, and what the learning costs."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench import cache, projects
from bench.datasets import Dataset, Example, few_of_each
from bench.figures import understanding
from bench.processes import environment, run
from bench.projects import BOTS, ENGINE_PYTHON, STOCK
from bench.versions import LOCK, version_of
from bot.data_files import ROOT
from bot.training import INGREDIENTS

FEW = 10
ALL = "all"
SIZES = (str(FEW), ALL)
# Stock's answers depend on these; ours on every library of the engine.
_STOCK_LIBRARIES = ("rasa", "tensorflow")


@dataclass(frozen=True)
class Cell:
    """One training: a bot, a data set, and how many examples an intent (a number or `all`)."""

    bot: str
    dataset: Dataset
    size: str

    @property
    def name(self) -> str:
        """Its name in the results."""
        return f"{self.bot} {self.dataset.name} {self.size}"

    @property
    def may_be_untimed(self) -> bool:
        """Stock takes hours on all data: an accuracy from a busy machine does as well."""
        return self.bot == STOCK and self.size == ALL

    def examples(self) -> tuple[Example, ...]:
        """What it learns from."""
        every = self.dataset.train
        return every if self.size == ALL else few_of_each(every, int(self.size))


def cells(datasets: list[Dataset], *, full: bool) -> Iterator[Cell]:
    """Every training of a run, the two bots in turns; stock on all data only if `full`."""
    for size in SIZES:
        for dataset in datasets:
            for bot in BOTS:
                cell = Cell(bot, dataset, size)
                if full or not cell.may_be_untimed or (_folder(cell) / "result.json").exists():
                    yield cell


def measure(cell: Cell, *, timed: bool = True) -> dict[str, Any]:
    """Trains, asks the whole test set, and gives the figures; or gives those measured before.

    With `timed` false the machine is busy with other work, and no time is kept.

    Raises:
        ProcessError: Rasa could not train or load the model.
    """
    folder = _folder(cell)
    known: dict[str, Any] | None = cache.read_json(folder / "result.json")
    if known and (known["seconds"] is not None or not timed or cell.may_be_untimed):
        return known
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-") as temporary:
        project = Path(temporary) / "project"
        projects.write_understanding(project, cell.bot, cell.examples())
        cost = run(
            [
                str(ENGINE_PYTHON), "-m", "rasa", "train", "nlu", "--config", "config.yml",
                "--domain", "domain.yml", "--nlu", "data", "--out", str(folder),
                "--fixed-model-name", "model",
            ],
            project,
            environment(PYTHONPATH=str(ROOT)),
            folder / "train.log",
        )  # fmt: skip
    rankings = _asked(cell, folder)
    figures = understanding([example.intent for example in cell.dataset.test], rankings)
    result = {
        "bot": cell.bot,
        "dataset": cell.dataset.name,
        "size": cell.size,
        **asdict(figures),
        "seconds": cost.seconds if timed else None,
        "peak_mb": cost.peak_mb,
    }
    cache.write_json(folder / "result.json", result)
    return result


def _asked(cell: Cell, folder: Path) -> list[list[tuple[str, float]]]:
    texts, out = folder / "texts.json", folder / "rankings.json"
    cache.write_json(texts, [example.text for example in cell.dataset.test])
    run(
        [
            str(ENGINE_PYTHON), "-m", "bench.inside.predict",
            str(folder / "model.tar.gz"), str(texts), str(out),
        ],
        ROOT,
        environment(PYTHONPATH=str(ROOT)),
        folder / "predict.log",
    )  # fmt: skip
    rankings: list[list[tuple[str, float]]] = cache.read_json(out)
    return rankings


def _folder(cell: Cell) -> Path:
    """Where a training is kept; another one as soon as anything that it depends on changes."""
    with tempfile.TemporaryDirectory(prefix="bench-") as temporary:
        project = Path(temporary) / "project"
        projects.write_understanding(project, cell.bot, cell.examples())
        parts: list[str | bytes] = [*cache.files_in(project)]
    parts += [f"{example.intent}\t{example.text}" for example in cell.dataset.test]
    if cell.bot == STOCK:
        parts += [version_of(name) for name in _STOCK_LIBRARIES]
    else:
        kept = [each for each in INGREDIENTS if not each.startswith(("data/nlu/", "data/answers/"))]
        kept += ["data/safety/*.yml", "data/commands.yml"]
        files = [file for pattern in kept for file in sorted(ROOT.glob(pattern))]
        parts += [file.read_bytes() for file in (LOCK, *files)]
    name = f"{cell.bot}-{cell.dataset.name.lower()}-{cell.size}-{cache.key_of(parts)}"
    return cache.CACHE / name
