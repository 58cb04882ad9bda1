"""`python -m bot.evaluation [CSV …] [--report FOLDER]`: how well the trained model understands."""

from __future__ import annotations

import argparse
import logging
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path

from bot import logs
from bot.data_files import DATA, ROOT
from bot.evaluation.evaluation import evaluate, groups_of_labels
from bot.evaluation.faults import FORMS
from bot.evaluation.messages import MessagesError, read_messages
from bot.evaluation.page import page
from bot.evaluation.report import Made, on_screen, write
from bot.evaluation.wording import utterances
from bot.training import fitting_model, train

SETS = (ROOT / "tests" / "nlu" / "heldout.csv", ROOT / "tests" / "nlu" / "roman_hindi.csv")
REPORT = ROOT / "results" / "eval"


def main(arguments: Sequence[str] | None = None) -> int:
    """Evaluates and writes the report; gives the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bot.evaluation", description=__doc__)
    parser.add_argument("csv", type=Path, nargs="*", help="columns text and accept")
    parser.add_argument("--report", type=Path, default=REPORT, help="folder of the report")
    options = parser.parse_args(arguments)
    known = utterances(sorted((DATA / "nlu").glob("*.yml")))
    try:
        # First of all: whoever mistyped a name should not wait for a training.
        sets = {
            name: read_messages(file, known.keys())
            for name, file in _named(options.csv or SETS).items()
        }
    except MessagesError as error:
        print(error, file=sys.stderr)
        return 1
    model = fitting_model()
    try:
        if not model.exists():
            _say("no model fits the present data: training one, about two minutes")
            train()
    except subprocess.CalledProcessError as error:
        return error.returncode

    # Rasa takes seconds to import, and must find TensorFlow left out.
    quieten()
    from bot.engine.model_files import ModelFilesError
    from bot.evaluation.engine import EngineReader, ModelError, load, shipped_threshold

    _say(f"loading the model {model.name}")
    try:
        reader = EngineReader(load(model), known)
    except (ModelError, ModelFilesError) as error:
        print(error, file=sys.stderr)
        return 1
    evaluations = [
        evaluate(name, messages, reader, tuple(FORMS), _say) for name, messages in sets.items()
    ]
    groups = groups_of_labels()
    now = datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    made = Made(model.name.partition(".")[0], now, shipped_threshold())
    try:
        write(options.report, made, evaluations, groups, page(made, evaluations, groups))
    except OSError as error:
        print(f"{options.report} cannot be written ({error.strerror}).", file=sys.stderr)
        return 1
    print(on_screen(evaluations))
    print(f"\nThe report: {options.report / 'index.html'}")
    return 0


def _named(files: Sequence[Path]) -> dict[str, Path]:
    """Each file under its name, or its whole path where two have the same name."""
    names = [file.stem for file in files]
    return {file.stem if names.count(file.stem) == 1 else str(file): file for file in files}


def quieten() -> None:
    """Rasa's log prints messages at DEBUG; TensorFlow and telemetry are not wanted."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")
    logs.configure("eval")
    from bot.engine.without_tensorflow import leave_out

    leave_out()
    from rasa.utils.log_utils import configure_structlog

    configure_structlog(logging.WARNING)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
