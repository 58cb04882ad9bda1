from __future__ import annotations

import numpy as np
import pytest
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.engine.encoder import LONGEST_IN_TOKENS, SentenceEncoder, SentenceEncoderFeaturizer

SENTENCES = (
    "What are exosomes?",
    "I would like to see the doctor about dark marks on my cheeks, some time next week",
    "bal jhadna kab band hoga",
)
ODD = {
    "empty": "",
    "a space": " ",
    "emoji only": "😀🙏🏽",
    "Devanagari": "क्या इससे दर्द होता है?",
    "Arabic": "هل هو آمن؟",
    "invisible letters": "\u200b\u200d\ufeff",
    "a lone surrogate's replacement": "\ufffd",
    "line ends": "price?\n\nhours?",
}


@pytest.fixture(scope="module")
def featurizer(encoder: SentenceEncoder) -> SentenceEncoderFeaturizer:
    return SentenceEncoderFeaturizer(SentenceEncoderFeaturizer.get_default_config(), encoder)


def message(text: str) -> Message:
    return Message({TEXT: text})


def feature(of: Message) -> np.ndarray:
    _, sentence = of.get_dense_features(TEXT)
    assert sentence is not None
    return sentence.features[0]


@pytest.mark.parametrize("text", SENTENCES)
def test_a_vector_has_384_numbers_and_length_1(encoder: SentenceEncoder, text: str) -> None:
    vector = encoder.encode(text)
    assert vector.shape == (384,)
    assert vector.dtype == np.float32
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("text", SENTENCES)
def test_the_same_text_gets_the_same_vector(encoder: SentenceEncoder, text: str) -> None:
    assert encoder.encode(text).tobytes() == encoder.encode(text).tobytes()


def test_a_text_in_training_gets_the_vector_that_it_gets_alone(
    encoder: SentenceEncoder, featurizer: SentenceEncoderFeaturizer
) -> None:
    examples = [message(text) for text in SENTENCES]
    featurizer.process_training_data(TrainingData(training_examples=examples))
    for example, text in zip(examples, SENTENCES, strict=True):
        assert feature(example).tobytes() == encoder.encode(text).tobytes()


def test_a_message_gets_the_vector_that_its_text_gets_in_training(
    featurizer: SentenceEncoderFeaturizer,
) -> None:
    trained = message(SENTENCES[0])
    featurizer.process_training_data(TrainingData(training_examples=[trained, message("hello")]))
    (written,) = featurizer.process([message(SENTENCES[0])])
    assert feature(written).tobytes() == feature(trained).tobytes()


def test_words_past_the_longest_length_do_not_count(encoder: SentenceEncoder) -> None:
    long = "skin " * (LONGEST_IN_TOKENS * 4)
    assert encoder.encode(long).tobytes() == encoder.encode(long + "and the price?").tobytes()


@pytest.mark.parametrize("text", ODD.values(), ids=ODD.keys())
def test_an_odd_text_gets_a_vector(encoder: SentenceEncoder, text: str) -> None:
    vector = encoder.encode(text)
    assert vector.shape == (384,)
    assert np.isfinite(vector).all()


def test_a_message_without_text_gets_no_feature(featurizer: SentenceEncoderFeaturizer) -> None:
    (processed,) = featurizer.process([Message({})])
    assert processed.get_dense_features(TEXT) == (None, None)


def test_what_means_alike_lies_nearer_than_what_does_not(encoder: SentenceEncoder) -> None:
    price, cost, hair = (
        encoder.encode(text)
        for text in ("What is the price?", "How much does it cost?", "My hair is falling out")
    )
    assert price @ cost > price @ hair
