"""The sentence encoder: a message becomes a vector of 384 numbers of length 1."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import tokenizers
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.constants import FEATURIZER_CLASS_ALIAS
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.engine import model_files
from bot.engine.read_as import read_as

logger = logging.getLogger(__name__)
LONGEST_IN_TOKENS = 256
PROGRESS_EVERY = 500


class SentenceEncoder:
    """all-MiniLM-L6-v2 on one thread: the masked mean of its last layer, normalised.

    One text at a time: the int8 weights are quantised with each batch's own range, so a text
    would get another vector beside other texts than it gets alone.
    """

    def __init__(self, weights: Path, tokenizer: Path) -> None:
        """Loads both files; about 0.2 s and 90 MB."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            str(weights), options, providers=["CPUExecutionProvider"]
        )
        self._tokenizer = tokenizers.Tokenizer.from_file(str(tokenizer))
        self._tokenizer.enable_truncation(max_length=LONGEST_IN_TOKENS)
        self._tokenizer.no_padding()

    def encode(self, text: str) -> np.ndarray:
        """The vector of a text, float32 of shape (384,); words past 256 tokens do not count."""
        encoding = self._tokenizer.encode(text)
        (hidden,) = self._session.run(
            ["last_hidden_state"],
            {
                "input_ids": np.array([encoding.ids], dtype=np.int64),
                "attention_mask": np.array([encoding.attention_mask], dtype=np.int64),
                "token_type_ids": np.array([encoding.type_ids], dtype=np.int64),
            },
        )
        mean = hidden[0].mean(axis=0)
        return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-9), dtype=np.float32)

    def encode_all(self, texts: Sequence[str]) -> np.ndarray:
        """A row for each text, on every core: the encoder works outside Python's lock."""
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            return np.vstack(list(threads.map(self.encode, texts)))


@cache
def loaded_encoder(weights: Path, tokenizer: Path) -> SentenceEncoder:
    """The encoder of these files, loaded once for all components that need it."""
    return SentenceEncoder(weights, tokenizer)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class SentenceEncoderFeaturizer(DenseFeaturizer, GraphComponent):
    """Rasa's featurizer around `SentenceEncoder`: one sentence feature for the text."""

    def __init__(self, config: dict[str, Any], encoder: SentenceEncoder) -> None:
        """Takes a loaded encoder."""
        super().__init__("SentenceEncoderFeaturizer", config)
        self._encoder = encoder

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Rasa's own keys for a featurizer."""
        return DenseFeaturizer.get_default_config()

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SentenceEncoderFeaturizer:
        """Loads the encoder's files; see `model_files` for what it may raise."""
        return cls(
            {**cls.get_default_config(), **config},
            loaded_encoder(model_files.encoder_file(), model_files.tokenizer_file()),
        )

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """Nothing can be set wrongly."""

    def process(self, messages: list[Message]) -> list[Message]:
        """Adds the sentence feature to messages that have a text."""
        for message in messages:
            self._add_feature(message)
        return messages

    def _add_feature(self, message: Message) -> None:
        if message.get(TEXT):
            message.add_features(
                Features(
                    self._encoder.encode(read_as(message)).reshape(1, -1),
                    FEATURE_TYPE_SENTENCE,
                    TEXT,
                    self._config[FEATURIZER_CLASS_ALIAS],
                )
            )

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Adds the sentence feature to every training utterance."""
        # The encoder works outside Python's lock, so threads use every core.
        examples = training_data.training_examples
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            for done, _ in enumerate(threads.map(self._add_feature, examples), 1):
                if done % PROGRESS_EVERY == 0 or done == len(examples):
                    logger.info("sentence vectors: %d of %d", done, len(examples))
        return training_data
