"""Trains a model: `python -m bot.engine.train FOLDER NAME`; what `rasa train` does, less talk."""

from __future__ import annotations

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")
# Rasa draws some thirty bars of a millisecond each; our components log how far they are.
os.environ["LOG_LEVEL"] = "WARNING"

from bot import logs

logs.configure("train")

import logging

from rasa.model_training import train
from rasa.utils.log_utils import configure_structlog

from bot.data_files import DATA, ROOT


def main(folder: str, name: str) -> None:
    """Exits non-zero when Rasa could not train."""
    configure_structlog(logging.WARNING)
    result = train(
        domain=str(ROOT / "domain.yml"),
        config=str(ROOT / "config.yml"),
        training_files=str(DATA),
        output=folder,
        fixed_model_name=name,
        force_training=True,
    )
    if result.code or not result.model:
        sys.exit(result.code or 1)


if __name__ == "__main__":
    main(*sys.argv[1:])
