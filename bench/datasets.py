"""The two public data sets, as their files give them, and a choice of a few examples an intent."""

from __future__ import annotations

import csv
import random
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

# The label of CLINC150 for what no intent covers (Larson et al. 2019, section 2).
OUT_OF_SCOPE = "oos"
SEED = 0


class DataError(ValueError):
    """A file or a column is missing; the message is one sentence that says which."""


@dataclass(frozen=True)
class Example:
    """One text and the intent that the data set gives it."""

    text: str
    intent: str


@dataclass(frozen=True)
class Dataset:
    """Texts to learn from and texts to be asked; `test` may hold `OUT_OF_SCOPE`, `train` not."""

    name: str
    train: tuple[Example, ...]
    test: tuple[Example, ...]


def read_datasets(folder: Path) -> list[Dataset]:
    """BANKING77 and CLINC150 from the files of `folder`.

    CLINC150's out-of-scope training texts are left out, so both bots have to notice by themselves
    what they do not know. Its validation file is not used.

    Raises:
        DataError: a file or a column is missing, or a file holds no row.
    """
    clinc = _read(folder / "clinc150-train.csv", "intent")
    return [
        Dataset(
            "BANKING77",
            _read(folder / "banking77-train.csv", "category"),
            _read(folder / "banking77-test.csv", "category"),
        ),
        Dataset(
            "CLINC150",
            tuple(example for example in clinc if example.intent != OUT_OF_SCOPE),
            _read(folder / "clinc150-test.csv", "intent"),
        ),
    ]


def few_of_each(examples: tuple[Example, ...], count: int, seed: int = SEED) -> tuple[Example, ...]:
    """`count` examples of every intent, or all where there are fewer; one seed, one choice."""
    by_intent: dict[str, list[Example]] = defaultdict(list)
    for example in examples:
        by_intent[example.intent].append(example)
    # Not for secrets: the choice must be the same each time.
    chooser = random.Random(seed)  # noqa: S311
    return tuple(
        example
        for intent in sorted(by_intent)
        for example in chooser.sample(by_intent[intent], min(count, len(by_intent[intent])))
    )


def only_intents(dataset: Dataset, count: int) -> Dataset:
    """The data set with its first `count` intents (and out of scope), to try the benchmark out."""
    kept = {*sorted({example.intent for example in dataset.train})[:count], OUT_OF_SCOPE}
    return Dataset(
        dataset.name,
        tuple(example for example in dataset.train if example.intent in kept),
        tuple(example for example in dataset.test if example.intent in kept),
    )


def _read(file: Path, column: str) -> tuple[Example, ...]:
    try:
        with file.open(encoding="utf-8", newline="") as opened:
            rows = csv.DictReader(opened)
            for name in ("text", column):
                if name not in (rows.fieldnames or ()):
                    raise DataError(f"{file.name} has no column {name}.")
            examples = tuple(Example(row["text"], row[column]) for row in rows)
    except OSError:
        raise DataError(f"{file} cannot be read: set DATA to the folder that holds it.") from None
    if not examples:
        raise DataError(f"{file.name} holds no row.")
    return examples
