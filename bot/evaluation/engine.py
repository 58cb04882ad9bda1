"""The trained model as a reader of messages: the only part that needs Rasa."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from rasa.core.agent import Agent, load_agent

from bot.data_files import ROOT, read_yaml
from bot.engine import model_files
from bot.engine.classifier import FlatClassifier
from bot.engine.encoder import SentenceEncoder
from bot.engine.reading import read
from bot.evaluation.evaluation import Nearest
from bot.evaluation.metrics import Prediction, read_prediction


class ModelError(RuntimeError):
    """The model cannot be loaded; the message says what to do."""


def load(model: Path) -> Agent:
    """The trained model in this process, with no tracker store behind it.

    Raises:
        ModelError: Rasa could not load it; why stands in the log.
    """
    agent = asyncio.run(load_agent(model_path=str(model)))
    if not agent.is_ready():
        raise ModelError(f"The model {model.name} could not be loaded: run make train.")
    return agent


def shipped_threshold() -> float | None:
    """The confidence below which the assistant refuses, as config.yml or the classifier says."""
    name = f"{FlatClassifier.__module__}.{FlatClassifier.__name__}"
    for part in read_yaml(ROOT / "config.yml")["pipeline"]:
        if part["name"] == name:
            threshold = {**FlatClassifier.get_default_config(), **part}.get("threshold")
            return None if threshold is None else float(threshold)
    return None


class EngineReader:
    """Understands messages as the channel's `/model/parse` does."""

    def __init__(self, agent: Agent, utterances: Mapping[str, Sequence[str]]) -> None:
        """`utterances`: the training data by label."""
        self._agent = agent
        # Many made faults leave a message as it was.
        self._known: dict[str, Prediction] = {}
        self._utterances = [(text, label) for label, texts in utterances.items() for text in texts]
        self._encoder = SentenceEncoder(model_files.encoder_file(), model_files.tokenizer_file())
        self._vectors: np.ndarray | None = None

    def read(self, texts: Sequence[str]) -> list[Prediction]:
        """The prediction for each text; about 8 ms each."""
        asyncio.run(self._learn(set(texts) - set(self._known)))
        return [self._known[text] for text in texts]

    async def _learn(self, texts: set[str]) -> None:
        for text in texts:
            # The channel takes leading slashes away: no words reach Rasa as a command.
            self._known[text] = read_prediction(await read(self._agent, text.lstrip("/")))

    def nearest(self, texts: Sequence[str]) -> list[Nearest]:
        """The training utterance nearest to each text, by the cosine of their sentence vectors."""
        if self._vectors is None:
            self._vectors = self._encoder.encode_all([text for text, _ in self._utterances])
        # The vectors have length 1, so their product is the cosine.
        similarities = self._encoder.encode_all(texts) @ self._vectors.T
        return [
            Nearest(*self._utterances[place], float(row[place]))
            for row, place in zip(similarities, similarities.argmax(axis=1), strict=True)
        ]
