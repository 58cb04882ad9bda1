"""What the sentence vector and the letters say of a message's signs (brief, part 5).

The patterns of `bot.clinic.red_flags` know wordings; this model knows what is like them. It learns
from the wordings of `data/safety/wordings`, beside ordinary messages of the training data, and
gives each sign a probability. A message of several sentences is also read stretch by stretch.
"""

from __future__ import annotations

import json
import logging
import random
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.constants import TOKENS_NAMES
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.clinic.stretches import stretches
from bot.clinic.triage import NO_SIGN
from bot.data_files import WORDINGS, read_wordings
from bot.engine import model_files
from bot.engine.classifier import vector_of
from bot.engine.encoder import SentenceEncoderFeaturizer, loaded_encoder
from bot.engine.label_model import LabelModel
from bot.engine.read_as import read_as

logger = logging.getLogger(__name__)

# The message property with the probability of each sign, in each stretch of a message.
SIGNS = "signs"
# Training messages that stand for "no sign", of those whose label is none of these.
ORDINARY = 3500
OF_SIGNS = ("emergency", "crisis", "report_reaction", "distress")
SEED = 0


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class SignModel(GraphComponent):
    """Rasa's component around a second `LabelModel`, whose labels are the ids of signs."""

    def __init__(self, model_storage: ModelStorage, resource: Resource) -> None:
        """Makes an untrained component."""
        self._model_storage = model_storage
        self._resource = resource
        self._model = LabelModel()
        self._encoder = loaded_encoder(model_files.encoder_file(), model_files.tokenizer_file())

    @classmethod
    def required_components(cls) -> list[type]:
        """The sentence vector must be there."""
        return [SentenceEncoderFeaturizer]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Nothing can be set: the wordings are data."""
        return {}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SignModel:
        """Makes an untrained component; see `model_files` for what it may raise."""
        return cls(model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Learns every sign's wordings, and what ordinary messages are like."""
        told = read_wordings(WORDINGS)
        logger.info("signs: sentence vectors of %d wordings", len(told))
        vectors = self._encoder.encode_all([text for text, _ in told])
        ordinary = [
            example
            for example in training_data.intent_examples
            if example.get(TEXT) and example.get(INTENT) not in OF_SIGNS
        ]
        # Not for secrets: each training takes the same ones.
        chosen = random.Random(SEED).sample(ordinary, min(ORDINARY, len(ordinary)))  # noqa: S311
        self._model.fit(
            [*(text for text, _ in told), *(read_as(example) for example in chosen)],
            np.vstack([vectors, *(vector_of(example) for example in chosen)]),
            [*(sign for _, sign in told), *(NO_SIGN for _ in chosen)],
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
    ) -> SignModel:
        """Makes the component as it was trained."""
        component = cls(model_storage, resource)
        with model_storage.read_from(resource) as folder, np.load(folder / "arrays.npz") as arrays:
            plain = json.loads((folder / "plain.json").read_text(encoding="utf-8"))
            component._model.restore(dict(arrays), plain)
        return component

    def process(self, messages: list[Message]) -> list[Message]:
        """Sets the signs' probabilities, of the whole message and of each of its stretches."""
        for message in messages:
            text = message.get(TEXT) or ""
            if text.strip() and self._model.labels:
                words = [
                    (token.text, token.start, token.end)
                    for token in message.get(TOKENS_NAMES[TEXT]) or ()
                ]
                readings = [(read_as(message), vector_of(message))]
                for stretch in stretches(words, text):
                    readings.append((stretch, self._encoder.encode(stretch)))
                message.set(SIGNS, [self._chances(*reading) for reading in readings])
        return messages

    def _chances(self, text: str, vector: np.ndarray) -> dict[str, float]:
        scores = self._model.scores(text, vector)
        return dict(zip(self._model.labels, map(float, scores), strict=True))

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Nothing after this component learns from its output."""
        return training_data
