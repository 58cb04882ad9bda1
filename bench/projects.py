"""The Rasa projects that are trained for the benchmark: the stock one of `rasa init`, and ours."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from pathlib import Path

from bench.datasets import Example
from bot.data_files import ROOT, read_yaml

ENGINE_PYTHON = ROOT / ".venv-engine" / "bin" / "python"
STOCK, OURS = "stock", "ours"
BOTS = (STOCK, OURS)
# What `rasa init` copies into an empty folder. Its config.yml has the pipeline commented out, so
# training fills in Rasa's default one.
_INITIAL_PROJECT = "lib/python3.10/site-packages/rasa/cli/initial_project"


def write_stock(folder: Path) -> None:
    """The project of `rasa init`, as it is."""
    initial = ENGINE_PYTHON.parent.parent / _INITIAL_PROJECT
    shutil.copytree(initial, folder, ignore=shutil.ignore_patterns("__pycache__"))


def write_understanding(folder: Path, bot: str, examples: Iterable[Example]) -> None:
    """A project that only understands: the bot's own pipeline over a data set's examples."""
    if bot == STOCK:
        write_stock(folder)
        shutil.rmtree(folder / "data")
        shutil.rmtree(folder / "tests")
    else:
        folder.mkdir(parents=True)
        config = read_yaml(ROOT / "config.yml")
        kept = {name: config[name] for name in ("recipe", "assistant_id", "language", "pipeline")}
        # JSON is YAML, too.
        (folder / "config.yml").write_text(json.dumps(kept, indent=1), "utf-8")
    listed = list(examples)
    intents = sorted({example.intent for example in listed})
    (folder / "domain.yml").write_text(json.dumps({"version": "3.1", "intents": intents}), "utf-8")
    (folder / "data").mkdir()
    # Rasa's JSON format takes a text as it is; in YAML some brackets would become entities.
    common = [{"text": example.text, "intent": example.intent} for example in listed]
    (folder / "data" / "nlu.json").write_text(
        json.dumps({"rasa_nlu_data": {"common_examples": common}}), "utf-8"
    )
