from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.constants import INTENT, INTENT_RESPONSE_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.engine.classifier import FlatClassifier
from bot.engine.encoder import SentenceEncoder, SentenceEncoderFeaturizer
from bot.engine.label_model import LabelModel

# A small world of six labels, apart from the project's own training data.
WORLD = {
    "greet": ("hello", "hi there", "good morning", "hey"),
    "goodbye": ("bye", "see you later", "good night then", "goodbye now"),
    "book_consultation": (
        "I want an appointment", "book a visit for me", "please fix an appointment", "book me in",
    ),
    "faq/price": ("what does it cost", "price of one session", "how expensive", "the cost please"),
    "faq/pain": ("does it hurt", "is it painful", "will I feel pain", "how much does it hurt"),
    "faq/clinic_hours": (
        "when are you open", "opening hours", "are you open on sunday", "what time do you close",
    ),
}  # fmt: skip
TEXTS = [text for texts in WORLD.values() for text in texts]
LABELS = [label for label, texts in WORLD.items() for _ in texts]
UNSEEN = ("what is the price", "good evening", "zzz", "is it open on monday", "क्या")


@pytest.fixture(scope="module")
def vectors(encoder: SentenceEncoder) -> Mapping[str, np.ndarray]:
    return {text: encoder.encode(text) for text in (*TEXTS, *UNSEEN)}


@pytest.fixture(scope="module")
def featurizer(encoder: SentenceEncoder) -> SentenceEncoderFeaturizer:
    return SentenceEncoderFeaturizer(SentenceEncoderFeaturizer.get_default_config(), encoder)


def fitted(vectors: Mapping[str, np.ndarray]) -> LabelModel:
    model = LabelModel()
    model.fit(TEXTS, np.vstack([vectors[text] for text in TEXTS]), LABELS)
    return model


def best(model: LabelModel, vectors: Mapping[str, np.ndarray], text: str) -> str:
    return model.labels[int(model.scores(text, vectors[text]).argmax())]


def training_data(featurizer: SentenceEncoderFeaturizer) -> TrainingData:
    examples = []
    for label, text in zip(LABELS, TEXTS, strict=True):
        example = {TEXT: text, INTENT: label.partition("/")[0]}
        if "/" in label:
            example[INTENT_RESPONSE_KEY] = label
        examples.append(Message(example))
    return featurizer.process_training_data(TrainingData(training_examples=examples))


def trained(folder: Path, featurizer: SentenceEncoderFeaturizer, **config: float) -> FlatClassifier:
    """A component that was trained, stored and loaded again."""
    storage = LocalModelStorage.create(folder)
    resource = Resource("classifier")
    settings = {**FlatClassifier.get_default_config(), **config}
    FlatClassifier(settings, storage, resource).train(training_data(featurizer))
    return FlatClassifier.load(config, storage, resource, execution_context=None)


def understood(
    classifier: FlatClassifier, featurizer: SentenceEncoderFeaturizer, text: str
) -> Message:
    (message,) = classifier.process(featurizer.process([Message({TEXT: text})]))
    return message


def test_the_labels_are_learnt(vectors: Mapping[str, np.ndarray]) -> None:
    model = fitted(vectors)
    assert model.labels == sorted(WORLD)
    assert [best(model, vectors, text) for text in TEXTS] == LABELS


def test_words_that_were_never_seen_are_understood_by_their_meaning(
    vectors: Mapping[str, np.ndarray],
) -> None:
    model = fitted(vectors)
    assert best(model, vectors, "what is the price") == "faq/price"
    assert best(model, vectors, "is it open on monday") == "faq/clinic_hours"


@pytest.mark.parametrize("text", UNSEEN)
def test_the_probabilities_sum_to_1(vectors: Mapping[str, np.ndarray], text: str) -> None:
    scores = fitted(vectors).scores(text, vectors[text])
    assert scores.shape == (len(WORLD),)
    assert (scores > 0).all()
    assert scores.sum() == pytest.approx(1.0, abs=1e-5)


def test_a_restored_model_gives_equal_scores(vectors: Mapping[str, np.ndarray]) -> None:
    model = fitted(vectors)
    arrays, plain = model.state()
    restored = LabelModel()
    restored.restore(arrays, json.loads(json.dumps(plain)))
    for text in (*TEXTS, *UNSEEN):
        # scikit-learn restores its weights in double precision: the last digit may differ.
        np.testing.assert_allclose(
            restored.scores(text, vectors[text]), model.scores(text, vectors[text]), atol=1e-6
        )


def test_two_fits_give_equal_bytes(vectors: Mapping[str, np.ndarray]) -> None:
    first, second = fitted(vectors).state(), fitted(vectors).state()
    assert first[1] == second[1]
    for name, array in first[0].items():
        assert array.tobytes() == second[0][name].tobytes()


def test_a_topic_comes_out_as_faq_with_its_answer(
    tmp_path: Path, featurizer: SentenceEncoderFeaturizer
) -> None:
    found = understood(trained(tmp_path, featurizer), featurizer, "price of one session")
    assert found.get("intent")["name"] == "faq"
    response = found.get("response_selector")["faq"]["response"]
    assert response["intent_response_key"] == "faq/price"
    assert response["utter_action"] == "utter_faq/price"
    assert response["confidence"] == found.get("intent")["confidence"]


def test_an_intent_comes_out_as_itself(
    tmp_path: Path, featurizer: SentenceEncoderFeaturizer
) -> None:
    found = understood(trained(tmp_path, featurizer), featurizer, "good morning")
    assert found.get("intent")["name"] == "greet"
    assert "faq" not in found.get("response_selector")


def test_what_a_component_found_is_part_of_the_parse(
    tmp_path: Path, featurizer: SentenceEncoderFeaturizer
) -> None:
    found = understood(trained(tmp_path, featurizer), featurizer, "hello")
    output = found.as_dict(only_output_properties=True)
    assert {"intent", "intent_ranking", "response_selector"} <= output.keys()


def test_a_best_score_below_the_threshold_is_not_understood(
    tmp_path: Path, featurizer: SentenceEncoderFeaturizer
) -> None:
    found = understood(trained(tmp_path, featurizer, threshold=0.99), featurizer, "zzz")
    assert found.get("intent")["name"] == "nlu_fallback"
    ranking = found.get("intent_ranking")
    assert len(ranking) == 5
    confidences = [entry["confidence"] for entry in ranking]
    assert confidences == sorted(confidences, reverse=True)
    assert {entry["name"] for entry in ranking} <= WORLD.keys()


@pytest.mark.parametrize("text", ["", " ", "\n\t"])
def test_a_text_without_words_is_not_understood(
    tmp_path: Path, featurizer: SentenceEncoderFeaturizer, text: str
) -> None:
    found = understood(trained(tmp_path, featurizer), featurizer, text)
    assert found.get("intent") == {"name": "nlu_fallback", "confidence": 0.0}


def test_an_untrained_component_understands_nothing(
    tmp_path: Path, featurizer: SentenceEncoderFeaturizer
) -> None:
    storage = LocalModelStorage.create(tmp_path)
    untrained = FlatClassifier.create({}, storage, Resource("classifier"), execution_context=None)
    found = understood(untrained, featurizer, "hello")
    assert found.get("intent")["name"] == "nlu_fallback"


def test_a_pipeline_without_the_encoder_is_refused(
    tmp_path: Path, featurizer: SentenceEncoderFeaturizer
) -> None:
    classifier = trained(tmp_path, featurizer)
    with pytest.raises(ValueError, match="SentenceEncoderFeaturizer must stand before"):
        classifier.process([Message({TEXT: "hello"})])
