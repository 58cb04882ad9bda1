"""One flat classifier over every label, as a component of Rasa's pipeline."""

from __future__ import annotations

import json
import logging
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, INTENT_RESPONSE_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.engine.encoder import SentenceEncoderFeaturizer
from bot.engine.label_model import LabelModel
from bot.engine.read_as import read_as
from bot.engine.understanding import NOT_UNDERSTOOD, outputs

logger = logging.getLogger(__name__)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class FlatClassifier(IntentClassifier, GraphComponent):
    """Rasa's component around `LabelModel`: intent, ranking and the FAQ topic in one pass."""

    def __init__(
        self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource
    ) -> None:
        """Makes an untrained component."""
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._model = LabelModel(config["letters"], config["words"], config["ridge"])

    @classmethod
    def required_components(cls) -> list[type]:
        """The sentence vector must be there."""
        return [SentenceEncoderFeaturizer]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`threshold`: a best score below it is not understood; see `LabelModel` for the rest."""
        return {"letters": 0.15, "words": 0.15, "ridge": 0.15, "threshold": 0.25}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> FlatClassifier:
        """Makes an untrained component."""
        return cls({**cls.get_default_config(), **config}, model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Learns every label of the training data and stores the model."""
        examples = [
            example
            for example in training_data.intent_examples
            if example.get(TEXT) and example.get(INTENT)
        ]
        logger.info("classifier: fitting %d examples", len(examples))
        self._model.fit(
            [read_as(example) for example in examples],
            np.vstack([vector_of(example) for example in examples]),
            [example.get(INTENT_RESPONSE_KEY) or example.get(INTENT) for example in examples],
        )
        with self._model_storage.write_to(self._resource) as folder:
            arrays, plain = self._model.state()
            np.savez(folder / "arrays.npz", **arrays)
            (folder / "plain.json").write_text(json.dumps(plain), encoding="utf-8")
        return self._resource

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> FlatClassifier:
        """Makes the component as it was trained."""
        component = cls.create(config, model_storage, resource, execution_context)
        with model_storage.read_from(resource) as folder, np.load(folder / "arrays.npz") as arrays:
            plain = json.loads((folder / "plain.json").read_text(encoding="utf-8"))
            component._model.restore(dict(arrays), plain)
        return component

    def process(self, messages: list[Message]) -> list[Message]:
        """Sets intent, ranking and response selector of each message."""
        for message in messages:
            for key, value in self._understand(message).items():
                message.set(key, value, add_to_output=True)
        return messages

    def _understand(self, message: Message) -> dict[str, Any]:
        reading = read_as(message)
        if not reading.strip() or not self._model.labels:
            return outputs(NOT_UNDERSTOOD, [], 0.0)
        scores = self._model.scores(reading, vector_of(message))
        best = np.argsort(-scores)
        ranking = [(self._model.labels[place], float(scores[place])) for place in best[:10]]
        label, confidence = ranking[0]
        if confidence < self._config["threshold"]:
            return outputs(NOT_UNDERSTOOD, ranking, 1.0 - confidence)
        return outputs(label, ranking, confidence)

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Nothing after this component learns from its output."""
        return training_data


def vector_of(message: Message) -> np.ndarray:
    """The sentence vector of a message, float32 of shape (384,).

    Raises:
        ValueError: no featurizer gave it one.
    """
    _, sentence = message.get_dense_features(TEXT)
    if sentence is None:
        raise ValueError("SentenceEncoderFeaturizer must stand before FlatClassifier.")
    return np.asarray(sentence.features, dtype=np.float32).reshape(-1)
