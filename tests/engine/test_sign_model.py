"""The model of signs on a small world of its own: wordings of two signs and of none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import yaml
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.nlu.constants import TOKENS_NAMES
from rasa.nlu.tokenizers.tokenizer import Token
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.clinic.triage import NO_SIGN, heard
from bot.data_files import read_yaml
from bot.engine import sign_model
from bot.engine.encoder import SentenceEncoder, SentenceEncoderFeaturizer
from bot.engine.read_as import READ_AS
from bot.engine.sign_model import OF_SIGNS, SIGNS, SignModel

# Two files, as the wordings of a sign may stand in more than one.
WORDINGS = {
    "danger.yml": {
        "E01": [
            "I cannot breathe",
            "air is not going in",
            "breathing is very hard since the injection",
            "she is gasping and cannot breathe",
        ],
        "CRISIS": [
            "I want to die",
            "I do not want to live any more",
            "I will end my life tonight",
            "better if I was dead",
        ],
    },
    "more.yml": {
        "E01": ["my throat is closing, no air", "short of breath even sitting"],
        NO_SIGN: ["dying to see the results", "take my breath away, so pretty", "breathing ok"],
    },
}
ORDINARY = {
    "greet": ("hello", "hi there", "good morning", "hey"),
    "faq": ("what does it cost", "price of one session", "is it painful", "when are you open"),
    "book_consultation": ("I want an appointment", "book a visit for me", "book me in"),
}
# What the classifier learns as a sign says nothing of what is none.
TAUGHT = {label: (f"the {label} of somebody, no ordinary words",) for label in OF_SIGNS}
SIGN = "I cannot breathe at all."
IDLE = (
    "I found your clinic through a friend who lives near the station.",
    "She told me that the staff were polite and the place was clean.",
    "I work in an office from nine to six, so evenings suit me.",
)
TOLD = ("I cannot breathe", "I want to die", "what does it cost", "zzz", "क्या")


@pytest.fixture(scope="module")
def featurizer(encoder: SentenceEncoder) -> SentenceEncoderFeaturizer:
    return SentenceEncoderFeaturizer(SentenceEncoderFeaturizer.get_default_config(), encoder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wordings of this world."""
    made = tmp_path_factory.mktemp("wordings")
    for name, content in WORDINGS.items():
        (made / name).write_text(yaml.safe_dump(content), "utf-8")
    return made


def training_data(
    featurizer: SentenceEncoderFeaturizer, messages: Mapping[str, tuple[str, ...]]
) -> TrainingData:
    examples = [
        Message({TEXT: text, INTENT: label}) for label, texts in messages.items() for text in texts
    ]
    return featurizer.process_training_data(TrainingData(training_examples=examples))


class World:
    """A component that was trained on this world, and how it is stored."""

    def __init__(self, folder: Path, data: TrainingData) -> None:
        self.storage, self.resource = LocalModelStorage.create(folder), Resource("signs")
        self.component = SignModel.create({}, self.storage, self.resource, None)
        self.component.train(data)

    def loaded(self) -> SignModel:
        """The component as another process loads it."""
        return SignModel.load({}, self.storage, self.resource, None)


@pytest.fixture(scope="module")
def world(
    folder: Path, featurizer: SentenceEncoderFeaturizer, tmp_path_factory: pytest.TempPathFactory
) -> World:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sign_model, "WORDINGS", folder)
        data = training_data(featurizer, {**ORDINARY, **TAUGHT})
        return World(tmp_path_factory.mktemp("model"), data)


def message(text: str) -> Message:
    """A message as the tokenizer leaves it."""
    made = Message({TEXT: text})
    tokens = [Token(each[0], each.start()) for each in re.finditer(r"\w+|[^\w\s]", text)]
    made.set(TOKENS_NAMES[TEXT], tokens)
    return made


def read(
    component: SignModel, featurizer: SentenceEncoderFeaturizer, text: str
) -> list[dict[str, float]]:
    """The chances of the whole message, then of each stretch."""
    (processed,) = component.process(featurizer.process([message(text)]))
    return processed.get(SIGNS)


def likeliest(chances: Mapping[str, float]) -> str:
    return max(chances, key=chances.__getitem__)


def hidden(sign: str) -> str:
    """A long message with a sign in its middle."""
    return " ".join([*IDLE, *IDLE, sign, *IDLE, *IDLE])


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("I cannot breathe", "E01"),
        ("no air is going in, very hard to breathe", "E01"),
        ("I do not want to live", "CRISIS"),
        ("what is the price", NO_SIGN),
        ("so pretty, it took my breath away", NO_SIGN),
    ],
)
def test_what_is_like_a_wording_is_heard(
    world: World, featurizer: SentenceEncoderFeaturizer, text: str, sign: str
) -> None:
    whole, *_ = read(world.component, featurizer, text)
    assert likeliest(whole) == sign


@pytest.mark.parametrize("text", TOLD)
def test_each_sign_gets_a_chance_and_all_sum_to_1(
    world: World, featurizer: SentenceEncoderFeaturizer, text: str
) -> None:
    whole, *_ = read(world.component, featurizer, text)
    assert sorted(whole) == ["CRISIS", "E01", NO_SIGN]
    assert all(isinstance(chance, float) for chance in whole.values())
    assert sum(whole.values()) == pytest.approx(1.0, abs=1e-5)


def test_a_component_that_was_loaded_gives_the_same_chances(
    world: World, featurizer: SentenceEncoderFeaturizer
) -> None:
    loaded = world.loaded()
    for text in (*TOLD, hidden(SIGN)):
        before, after = (
            read(component, featurizer, text) for component in (world.component, loaded)
        )
        assert [sorted(each) for each in after] == [sorted(each) for each in before]
        # scikit-learn restores its weights in double precision: the last digit may differ.
        np.testing.assert_allclose(
            [[each[sign] for sign in sorted(each)] for each in after],
            [[each[sign] for sign in sorted(each)] for each in before],
            atol=1e-6,
        )


def test_a_short_message_is_read_once(world: World, featurizer: SentenceEncoderFeaturizer) -> None:
    assert len(read(world.component, featurizer, IDLE[0])) == 1


def test_a_message_of_several_sentences_is_also_read_stretch_by_stretch(
    world: World, featurizer: SentenceEncoderFeaturizer
) -> None:
    text = hidden(SIGN)
    assert len(read(world.component, featurizer, text)) > len(IDLE)


def test_a_sign_in_the_middle_of_a_long_message_is_heard_in_a_stretch(
    world: World, featurizer: SentenceEncoderFeaturizer
) -> None:
    whole, *parts = read(world.component, featurizer, hidden(SIGN))
    assert max(part["E01"] for part in parts) > max(0.5, whole["E01"])
    assert heard([whole, *parts])["E"].sign == "E01"


def test_a_long_message_without_a_sign_has_none_in_any_stretch(
    world: World, featurizer: SentenceEncoderFeaturizer
) -> None:
    readings = read(world.component, featurizer, hidden(IDLE[0]))
    assert {likeliest(each) for each in readings} == {NO_SIGN}


def test_the_whole_message_is_read_as_the_classifier_reads_it(
    world: World, featurizer: SentenceEncoderFeaturizer
) -> None:
    typed = message("i cnt brth")
    typed.set(READ_AS, "I cannot breathe")
    (processed,) = world.component.process(featurizer.process([typed]))
    [meant] = read(world.component, featurizer, "I cannot breathe")
    assert processed.get(SIGNS) == [pytest.approx(meant)]


@pytest.mark.parametrize("text", ["", " ", "\n\t"])
def test_of_a_text_without_words_nothing_is_said(
    world: World, featurizer: SentenceEncoderFeaturizer, text: str
) -> None:
    assert read(world.component, featurizer, text) is None


def test_a_message_without_text_is_left_alone(world: World) -> None:
    [processed] = world.component.process([Message({})])
    assert processed.get(SIGNS) is None


def test_an_untrained_component_says_nothing(
    tmp_path: Path, featurizer: SentenceEncoderFeaturizer
) -> None:
    storage = LocalModelStorage.create(tmp_path)
    untrained = SignModel.create({}, storage, Resource("signs"), None)
    assert read(untrained, featurizer, "I cannot breathe") is None


def test_what_it_says_stays_inside_the_engine(
    world: World, featurizer: SentenceEncoderFeaturizer
) -> None:
    (processed,) = world.component.process(featurizer.process([message("I cannot breathe")]))
    assert SIGNS not in processed.as_dict(only_output_properties=True)


def test_without_a_sentence_vector_it_says_so(world: World) -> None:
    with pytest.raises(ValueError, match="SentenceEncoderFeaturizer must stand before"):
        world.component.process([message("I cannot breathe")])


def test_messages_of_signs_are_not_learnt_as_none(
    folder: Path,
    featurizer: SentenceEncoderFeaturizer,
    tmp_path: Path,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sign_model, "WORDINGS", folder)
    without = World(tmp_path, training_data(featurizer, ORDINARY))
    for text in (*TOLD, TAUGHT["distress"][0]):
        one, *_ = read(world.component, featurizer, text)
        assert read(without.component, featurizer, text)[0] == pytest.approx(one, abs=1e-6)


def test_two_trainings_give_equal_chances(
    folder: Path,
    featurizer: SentenceEncoderFeaturizer,
    tmp_path: Path,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sign_model, "WORDINGS", folder)
    again = World(tmp_path, training_data(featurizer, {**ORDINARY, **TAUGHT}))
    for text in TOLD:
        assert read(again.component, featurizer, text) == read(world.component, featurizer, text)


def test_no_more_ordinary_messages_than_so_many_are_learnt(
    folder: Path,
    featurizer: SentenceEncoderFeaturizer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sign_model, "WORDINGS", folder)
    monkeypatch.setattr(sign_model, "ORDINARY", 2)
    few = World(tmp_path, training_data(featurizer, ORDINARY))
    with few.storage.read_from(few.resource) as kept, np.load(kept / "arrays.npz") as arrays:
        learnt = len(arrays["vectors"])
    told = sum(len(texts) for content in WORDINGS.values() for texts in content.values())
    assert learnt == told + 2


def test_the_wordings_of_the_project_name_every_sign_of_the_brief() -> None:
    signs = {sign for file in sign_model.WORDINGS.glob("*.yml") for sign in read_yaml(file)}
    brief = {
        *(f"E{number:02}" for number in range(1, 16)),
        *(f"D{number:02}" for number in range(1, 18)),
        *(f"X{number:02}" for number in range(1, 9)),
    }
    assert signs == {*brief, "CRISIS", "DISTRESS", NO_SIGN}


def test_it_needs_the_sentence_vector_before_it_and_nothing_learns_from_it(world: World) -> None:
    data = TrainingData(training_examples=[Message({TEXT: "hello"})])
    assert SignModel.required_components() == [SentenceEncoderFeaturizer]
    assert SignModel.get_default_config() == {}
    assert world.component.process_training_data(data) is data
