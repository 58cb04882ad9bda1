"""One flat classifier over every label: logistic regression on meaning and spelling.

The sentence vector knows what words mean, the character n-grams see through typos and know the
Roman Hindi that the encoder has never read. docs/benchmarks.md has the measurements.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.linalg
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, INTENT_RESPONSE_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from bot.engine.encoder import SentenceEncoderFeaturizer
from bot.engine.understanding import NOT_UNDERSTOOD, outputs

logger = logging.getLogger(__name__)


class LabelModel:
    """The classifier without Rasa: texts and their sentence vectors in, label scores out."""

    def __init__(self, regularisation: float, spelling_weight: float, seed: int) -> None:
        """`regularisation` is scikit-learn's C; `spelling_weight` scales the n-grams beside 1.0.

        Normalised vectors need a C far above 1, which is why Rasa's own classifier underfits.
        """
        self._regularisation = regularisation
        self._spelling_weight = spelling_weight
        self._seed = seed
        self._spelling = _new_spelling()
        self.labels: list[str] = []
        self._weights = np.zeros((0, 0), dtype=np.float32)
        self._bias = np.zeros(0, dtype=np.float32)

    def fit(self, texts: Sequence[str], vectors: np.ndarray, labels: Sequence[str]) -> None:
        """Learns the labels; `vectors` has one row a text."""
        self._spelling.fit(texts)
        rows = self._rows(texts, vectors)
        # With fewer texts than features the same optimum is found, several times as fast, in the
        # space that the texts span: rows = factor @ basis, with orthonormal rows of `basis`.
        # In double precision: two texts may be the same but for a word that no n-gram holds.
        exact = rows.astype(np.float64)
        gram = (exact @ exact.T).toarray()
        factor = np.linalg.cholesky(gram + 1e-6 * np.eye(len(gram)))
        model = LogisticRegression(
            C=self._regularisation, max_iter=100, tol=1e-3, random_state=self._seed
        )
        model.fit(factor, labels)
        self.labels = [str(label) for label in model.classes_]
        in_the_span = scipy.linalg.solve_triangular(factor, model.coef_.T, lower=True, trans="T")
        self._weights = np.asarray(rows.T @ in_the_span, dtype=np.float32)
        self._bias = np.asarray(model.intercept_, dtype=np.float32)

    def scores(self, text: str, vector: np.ndarray) -> np.ndarray:
        """The probability of each of `labels`, summing to 1."""
        row = self._rows([text], vector.reshape(1, -1))
        logits = np.asarray(row @ self._weights)[0] + self._bias
        exponents = np.exp(logits - logits.max())
        return np.asarray(exponents / exponents.sum())

    def _rows(self, texts: Sequence[str], vectors: np.ndarray) -> csr_matrix:
        spelling = self._spelling.transform(texts) * self._spelling_weight
        return hstack([csr_matrix(vectors), spelling], format="csr")

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Arrays and plain data from which `restore` makes the same model."""
        arrays = {"weights": self._weights, "bias": self._bias, "idf": self._spelling.idf_}
        vocabulary = {gram: int(place) for gram, place in self._spelling.vocabulary_.items()}
        return arrays, {"labels": self.labels, "vocabulary": vocabulary}

    def restore(self, arrays: Any, plain: dict[str, Any]) -> None:
        """Takes what `state` gave."""
        self.labels = plain["labels"]
        self._spelling = _new_spelling(plain["vocabulary"])
        self._spelling.idf_ = arrays["idf"]
        self._weights, self._bias = arrays["weights"], arrays["bias"]


def _new_spelling(vocabulary: dict[str, int] | None = None) -> TfidfVectorizer:
    return TfidfVectorizer(
        analyzer="char_wb",
        ngram_range=(2, 5),
        min_df=1 if vocabulary else 2,
        sublinear_tf=True,
        dtype=np.float32,
        vocabulary=vocabulary,
    )


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
        self._model = LabelModel(
            config["regularisation"], config["spelling_weight"], config["random_state"]
        )

    @classmethod
    def required_components(cls) -> list[type]:
        """The sentence vector must be there."""
        return [SentenceEncoderFeaturizer]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`threshold`: a best score below it is not understood; see `LabelModel` for the rest."""
        return {
            "regularisation": 10.0,
            "spelling_weight": 1.0,
            "threshold": 0.3,
            "random_state": 0,
        }

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
            [example.get(TEXT) for example in examples],
            np.vstack([_vector(example) for example in examples]),
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
        text = message.get(TEXT)
        if not text or not text.strip() or not self._model.labels:
            return outputs(NOT_UNDERSTOOD, [], 0.0)
        scores = self._model.scores(text, _vector(message))
        best = np.argsort(-scores)
        ranking = [(self._model.labels[place], float(scores[place])) for place in best[:10]]
        label, confidence = ranking[0]
        if confidence < self._config["threshold"]:
            return outputs(NOT_UNDERSTOOD, ranking, 1.0 - confidence)
        return outputs(label, ranking, confidence)

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Nothing after this component learns from its output."""
        return training_data


def _vector(message: Message) -> np.ndarray:
    _, sentence = message.get_dense_features(TEXT)
    if sentence is None:
        raise ValueError("SentenceEncoderFeaturizer must stand before FlatClassifier.")
    return np.asarray(sentence.features, dtype=np.float32).reshape(-1)
