"""What the engine's tests share: settings of their own, the trained model, running engines."""

from __future__ import annotations

import asyncio
import logging
import os
import warnings
from collections.abc import Iterator
from pathlib import Path

# Before Rasa is imported: TensorFlow, which Rasa imports, talks at length otherwise.
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["RASA_TELEMETRY_ENABLED"] = "false"

# Sanic sets a filter of its own over those of pytest.ini; it shall not outlive the import.
with warnings.catch_warnings():
    import sanic  # noqa: F401

import pytest
from rasa.core.agent import Agent, load_agent
from rasa.core.tracker_store import FailSafeTrackerStore
from rasa.core.utils import AvailableEndpoints
from rasa.utils.log_utils import configure_structlog

from bot.data_files import ROOT
from bot.engine import model_files
from bot.engine.encoder import SentenceEncoder
from bot.training import fitting_model, train
from tests.engine.running import FOREIGN, RunningEngine, new_secrets


@pytest.fixture(scope="session", autouse=True)
def own_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Secrets and a `VAR_DIR` of the tests' own, and nothing of the machine's settings."""
    with pytest.MonkeyPatch.context() as patch:
        for name in FOREIGN:
            patch.delenv(name, raising=False)
        for name, value in new_secrets().items():
            patch.setenv(name, value)
        patch.setenv("VAR_DIR", str(tmp_path_factory.mktemp("var")))
        patch.setenv("CLINIC_FILE", str(ROOT / "clinic.yml"))
        yield


@pytest.fixture(scope="session")
def model() -> Path:
    """The model for the present data, trained if there is none."""
    fitting = fitting_model()
    return fitting if fitting.exists() else train()


@pytest.fixture(scope="session")
def agent(model: Path) -> Agent:
    """The trained model in this process, as `python -m bot.engine` loads it."""
    configure_structlog(logging.WARNING)
    endpoints = AvailableEndpoints.read_endpoints(str(ROOT / "endpoints.yml"))
    loaded = asyncio.run(load_agent(model_path=str(model), endpoints=endpoints))
    assert loaded.is_ready()
    assert isinstance(loaded.tracker_store, FailSafeTrackerStore)
    return loaded


@pytest.fixture(scope="session")
def engine(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEngine]:
    """The engine as it runs in development, logging everything it can, without the actions."""
    with RunningEngine(model, tmp_path_factory.mktemp("engine"), LOG_LEVEL="DEBUG") as running:
        running.wait_until_ready()
        yield running


@pytest.fixture(scope="session")
def encoder() -> SentenceEncoder:
    """The sentence encoder without Rasa around it."""
    return SentenceEncoder(model_files.encoder_file(), model_files.tokenizer_file())
