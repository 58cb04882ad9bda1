"""The classifier without Rasa: texts and their sentence vectors in, a probability a label out.

Kernel ridge regression on three likenesses: the sentence vectors know what words mean, the
character n-grams see through spelling, the words with their neighbours know the turns of speech.
Its optimum is one linear system, so it is learnt in seconds where logistic regression on the same
likenesses took a minute and was worse (docs/benchmarks.md), and what it would say of a training
text that it had not seen comes out of the same system: with that its scores become probabilities.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.linalg import lapack
from scipy.optimize import minimize_scalar
from sklearn.feature_extraction.text import TfidfVectorizer

# How fast the likeness of two sentence vectors falls with their distance.
CLOSENESS = 2.0
STEEPEST, FLATTEST = 50.0, 1.0


class LabelModel:
    """Learns labels from texts; keeps no text."""

    def __init__(self, letters: float = 0.15, words: float = 0.15, ridge: float = 0.15) -> None:
        """`letters` and `words` weigh those likenesses beside 1.0 of the meaning.

        `ridge` is what a training text may be missed by for the sake of the others.
        """
        self._weights = {"letters": letters, "words": words}
        self._ridge = ridge
        self._spellings = {name: _vectorizer(name) for name in self._weights}
        self.labels: list[str] = []
        self._arrays: dict[str, np.ndarray] = {}

    def fit(self, texts: Sequence[str], vectors: np.ndarray, labels: Sequence[str]) -> None:
        """Learns the labels; `vectors` has one row of length 1 a text."""
        self.labels = sorted(set(labels))
        column = {label: place for place, label in enumerate(self.labels)}
        wanted = np.zeros((len(texts), len(self.labels)), dtype=np.float32)
        wanted[np.arange(len(texts)), [column[label] for label in labels]] = 1.0
        usual = wanted.mean(axis=0)

        likeness = np.exp(CLOSENESS * (vectors @ vectors.T - 1.0))
        rows = {}
        for name, weight in self._weights.items():
            rows[name] = self._spellings[name].fit_transform(texts)
            likeness += (rows[name] @ rows[name].T).toarray() * np.float32(weight)
        likeness[np.diag_indices_from(likeness)] += self._ridge
        # In place: ten thousand texts make a matrix of 400 MB.
        factor, failed = lapack.spotrf(likeness.T, lower=1, clean=1, overwrite_a=1)
        if failed:
            raise ValueError("The training texts are too alike to be told apart.")
        shares, _ = lapack.spotrs(factor, wanted - usual, lower=1)
        root, _ = lapack.strtri(factor, lower=1, overwrite_c=1)
        inverse_diagonal = np.einsum("ij,ij->j", root, root)

        unseen = wanted - shares / inverse_diagonal[:, None]
        self._arrays = {
            "vectors": vectors.astype(np.float32),
            "shares": shares.astype(np.float32),
            "usual": usual,
            "steepness": np.float32(_steepness(unseen, wanted.argmax(axis=1))),
            **{
                f"{name}_weights": np.asarray(rows[name].T @ shares * weight, dtype=np.float32)
                for name, weight in self._weights.items()
            },
            **{f"{name}_idf": self._spellings[name].idf_ for name in self._weights},
        }

    def scores(self, text: str, vector: np.ndarray) -> np.ndarray:
        """The probability of each of `labels`, summing to 1."""
        known = self._arrays
        near = np.exp(CLOSENESS * (known["vectors"] @ vector - 1.0))
        scores = near @ known["shares"] + known["usual"]
        for name in self._weights:
            row = self._spellings[name].transform([text])
            scores += row.data @ known[f"{name}_weights"][row.indices]
        return _probabilities(scores[None, :], float(known["steepness"]))[0]

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Arrays and plain data from which `restore` makes the same model."""
        vocabularies = {
            name: {gram: int(place) for gram, place in spelling.vocabulary_.items()}
            for name, spelling in self._spellings.items()
        }
        return self._arrays, {"labels": self.labels, "vocabularies": vocabularies}

    def restore(self, arrays: dict[str, np.ndarray], plain: dict[str, Any]) -> None:
        """Takes what `state` gave."""
        self._arrays, self.labels = arrays, plain["labels"]
        for name, vocabulary in plain["vocabularies"].items():
            self._spellings[name] = _vectorizer(name, vocabulary)
            self._spellings[name].idf_ = arrays[f"{name}_idf"]


def _vectorizer(name: str, vocabulary: dict[str, int] | None = None) -> TfidfVectorizer:
    shape: dict[str, Any] = (
        {"analyzer": "char_wb", "ngram_range": (2, 5)}
        if name == "letters"
        else {"token_pattern": r"\b\w+\b", "ngram_range": (1, 2)}
    )
    # What stands in one training text only says nothing of another.
    least = 1 if vocabulary else 2
    return TfidfVectorizer(
        **shape, min_df=least, sublinear_tf=True, dtype=np.float32, vocabulary=vocabulary
    )


def _probabilities(scores: np.ndarray, steepness: float) -> np.ndarray:
    exponents = np.exp(steepness * (scores - scores.max(axis=1, keepdims=True)))
    return np.asarray(exponents / exponents.sum(axis=1, keepdims=True))


def _steepness(scores: np.ndarray, right: np.ndarray) -> float:
    """What the scores must be multiplied by so that as probabilities they surprise least.

    `scores` are those of training texts as if each had not been learnt (leave-one-out); `right`
    the place of each one's label.
    """

    def surprise(steepness: float) -> float:
        chances = _probabilities(scores, steepness)[np.arange(len(right)), right]
        return float(-np.log(np.maximum(chances, 1e-12)).mean())

    return float(minimize_scalar(surprise, bounds=(FLATTEST, STEEPEST), method="bounded").x)
