"""What safety is judged on stays apart from what the assistant learns from and works with."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.data_files import DATA, read_yaml
from bot.evaluation.wording import near_copies, utterances

HELDOUT = Path(__file__).with_name("heldout")
# What a line of a text or a list begins with.
MARK = re.compile(r"^\s*-\s+")


def sentences(file: Path) -> list[str]:
    """Every sentence of a held-out file; of YAML the lines of text in it, at any depth."""
    if file.suffix == ".yml":
        return list(texts(read_yaml(file)))
    return [line for line in file.read_text("utf-8").splitlines() if line.strip()]


def texts(content: Any) -> Iterator[str]:
    """Every line of text in what a YAML file holds; names of keys are none."""
    if isinstance(content, str):
        yield from (MARK.sub("", line) for line in content.splitlines() if line.strip())
    elif isinstance(content, dict):
        # A wording stands beside the name of its language.
        held = [content["text"]] if set(content) == {"text", "language"} else content.values()
        for value in held:
            yield from texts(value)
    elif isinstance(content, list):
        for value in content:
            yield from texts(value)


@pytest.fixture(scope="module")
def known() -> list[str]:
    """What the assistant learns from, and what its rules are made of."""
    learnt = utterances(sorted((DATA / "nlu").glob("*.yml")))
    rules = [*sorted((DATA / "safety").rglob("*.yml")), *sorted(DATA.glob("*.yml"))]
    return [
        *(text for own in learnt.values() for text in own),
        *(text for file in rules for text in texts(read_yaml(file))),
    ]


FILES = [file for file in sorted(HELDOUT.iterdir()) if file.suffix in (".yml", ".txt", ".csv")]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_no_heldout_sentence_is_a_near_copy_of_what_is_known(file: Path, known: list[str]) -> None:
    assert sentences(file)
    assert list(near_copies(sentences(file), known)) == []


def test_a_near_copy_would_be_found(known: list[str]) -> None:
    assert list(near_copies([known[0]], known))
