"""`python -m bench all --data FOLDER`: the benchmark, or one of its steps; see `make bench`."""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from bench import accuracy, cache, report, turns, where
from bench.datasets import DataError, Dataset, only_intents, read_datasets
from bench.processes import ProcessError
from bench.projects import BOTS, ENGINE_PYTHON, OURS, STOCK
from bench.turns import Sizes
from bench.versions import surroundings

STEPS = ("accuracy", "turns", "where")
# What is measured anew by the next run when one is complete; stock on all data takes hours.
ONE_RUN = (f"{OURS}-*", f"{STOCK}-*-{accuracy.FEW}-*", "turns-*")
Tables = dict[str, list[list[str]]]
# For a try: enough to see that everything works, and no figure to be shown to anybody.
QUICK_INTENTS = 5
QUICK = Sizes(alone=20, many=64)


def main() -> int:
    """Measures, prints tables, and for all steps writes results/bench.json and bench.md."""
    options = _options()
    # Also an end by a service manager must end what was started.
    signal.signal(signal.SIGTERM, _interrupt)
    if not ENGINE_PYTHON.exists():
        return _refuse("The engine's environment is missing: start with `make bench`.")
    steps = STEPS if options.step == "all" else (options.step,)
    sizes = QUICK if options.quick else Sizes()
    results: dict[str, Any] = {}
    tables: Tables = {}
    try:
        # Read first: a missing file should not be found after an hour.
        datasets = _datasets(options) if "accuracy" in steps else []
        if "accuracy" in steps:
            results["accuracy"] = list(_accuracies(datasets, options))
            tables["Understanding"] = report.comparison(report.accuracy_rows(results["accuracy"]))
        if "turns" in steps:
            results["turns"] = turns.measure(sizes)
            tables["Turns"] = report.comparison(report.turn_rows(results["turns"]))
        if "where" in steps:
            results["where"] = where.measure(sizes)
            tables["Where a turn of ours spends its time"] = report.parts(results["where"])
    except (DataError, ProcessError) as error:
        return _refuse(str(error))
    except KeyboardInterrupt:
        return _refuse("stopped; the next run goes on from here")
    for title, table in tables.items():
        print(f"\n{title}\n{report.on_screen(table)}")
    if options.step == "all" and not options.quick:
        _write(results, tables)
        for folder in (each for name in ONE_RUN for each in cache.CACHE.glob(name)):
            shutil.rmtree(folder)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("step", choices=("all", *STEPS))
    parser.add_argument("--data", type=Path, help="the folder with the data sets' files")
    parser.add_argument("--full", action="store_true", help="stock on all data too: hours")
    parser.add_argument("--quick", action="store_true", help="a try with small samples")
    parser.add_argument("--busy", action="store_true", help="keep no time of a training")
    parser.add_argument(
        "--only", choices=[f"{bot}-{size}" for bot in BOTS for size in accuracy.SIZES],
        help="only these trainings",
    )  # fmt: skip
    return parser.parse_args()


def _datasets(options: argparse.Namespace) -> list[Dataset]:
    if options.data is None:
        raise DataError("Say where the data sets are: make bench DATA=<folder>.")
    datasets = read_datasets(options.data)
    return [only_intents(each, QUICK_INTENTS) for each in datasets] if options.quick else datasets


def _accuracies(datasets: list[Dataset], options: argparse.Namespace) -> list[dict[str, Any]]:
    found = []
    for cell in accuracy.cells(datasets, full=options.full):
        if options.only in (None, f"{cell.bot}-{cell.size}"):
            print(f"{datetime.now():%H:%M:%S}  {cell.name}", flush=True)
            found.append(accuracy.measure(cell, timed=not options.busy))
    return found


def _write(results: dict[str, Any], tables: Tables) -> None:
    measured = {"date": f"{datetime.now(timezone.utc):%Y-%m-%d}", **surroundings()}
    cache.write_json(cache.RESULTS / "bench.json", {"measured": measured, **results})
    paragraphs = [", ".join(f"{name}: {value}" for name, value in measured.items()) + "."]
    paragraphs.append(report.METHOD)
    for title, table in tables.items():
        paragraphs += [f"### {title}", report.in_markdown(table)]
    (cache.RESULTS / "bench.md").write_text("\n\n".join(paragraphs) + "\n", "utf-8")
    print(f"\nwritten to {cache.RESULTS}/bench.json and bench.md")


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _refuse(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
