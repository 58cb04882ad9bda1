"""Floors of understanding on messages that nothing was trained on.

A floor is the goal less a margin: another processor may move a message that lies on an edge.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from rasa.core.agent import Agent

from bot.data_files import DATA
from bot.evaluation.__main__ import SETS
from bot.evaluation.engine import EngineReader
from bot.evaluation.faults import FORMS, with_faults
from bot.evaluation.messages import Message, read_messages
from bot.evaluation.metrics import Figures, Label, Outcome, figures, labels
from bot.evaluation.wording import near_copies, utterances

HELDOUT, ROMAN_HINDI = SETS
MARGIN = 0.01
TOP_1 = 0.92 - MARGIN
OF_EVERY_LABEL = 0.75
# Not there yet (docs/benchmarks.md); each is held where it is, less one message.
STILL_BELOW = {
    "cancel_consultation": 7 / 12,
    "complaint": 7 / 11,
    "faq/aftercare_hair": 7 / 12,
    "faq/pain": 6 / 12,
    "talk_to_staff": 6 / 10,
}
# With fewer messages one of them weighs too much for a floor.
LEAST_MESSAGES = 8
TOP_1_IN_ROMAN_HINDI = 0.80 - MARGIN
CALIBRATION_ERROR = 0.05 + MARGIN
LOST = {"one character error": 0.03 + MARGIN, "two character errors": 0.07 + MARGIN}


@pytest.fixture(scope="session")
def training() -> dict[str, list[str]]:
    """The training utterances by label."""
    return utterances(sorted((DATA / "nlu").glob("*.yml")))


@pytest.fixture(scope="session")
def reader(agent: Agent, training: dict[str, list[str]]) -> EngineReader:
    """The trained model; it remembers what it has read."""
    return EngineReader(agent, training)


@pytest.fixture(scope="session")
def heldout(training: dict[str, list[str]]) -> list[Message]:
    """The held-out messages."""
    return read_messages(HELDOUT, training.keys())


@pytest.fixture(scope="session")
def outcomes(reader: EngineReader, heldout: list[Message]) -> list[Outcome]:
    """What became of the held-out messages."""
    return understood(reader, heldout)


@pytest.fixture(scope="session")
def found(outcomes: list[Outcome]) -> Figures:
    """The main figures of the held-out messages."""
    return figures(outcomes)


def understood(reader: EngineReader, messages: list[Message], form: str = "") -> list[Outcome]:
    """What becomes of messages, with the faults of a form."""
    texts = [with_faults(message.text, form) if form else message.text for message in messages]
    return [
        Outcome(message.accept, prediction)
        for message, prediction in zip(messages, reader.read(texts), strict=True)
    ]


def test_heldout_messages_are_understood(found: Figures) -> None:
    assert found.n > 1000
    assert found.top_1.value >= TOP_1, f"{found.top_1.hits} of {found.top_1.of}"


def test_every_label_is_understood(outcomes: list[Outcome], training: dict[str, list[str]]) -> None:
    measured = [label for label in labels(outcomes) if label.recall.of >= LEAST_MESSAGES]
    assert len(measured) > 0.9 * len(training)
    below = [
        _told(label)
        for label in measured
        if label.recall.value < STILL_BELOW.get(label.name, OF_EVERY_LABEL)
    ]
    assert below == []


def _told(label: Label) -> str:
    return f"{label.name}: {label.recall.hits} of {label.recall.of}"


def test_roman_hindi_is_understood(reader: EngineReader, training: dict[str, list[str]]) -> None:
    messages = read_messages(ROMAN_HINDI, training.keys())
    top_1 = figures(understood(reader, messages)).top_1
    assert top_1.value >= TOP_1_IN_ROMAN_HINDI, f"{top_1.hits} of {top_1.of}"


@pytest.mark.parametrize("form", LOST)
def test_typing_errors_cost_little(
    form: str, reader: EngineReader, heldout: list[Message], found: Figures
) -> None:
    assert form in FORMS
    with_errors = figures(understood(reader, heldout, form)).top_1
    lost = found.top_1.value - with_errors.value
    assert lost <= LOST[form], f"{lost:.3f} of {found.top_1.value:.3f}"


def test_confidence_can_be_believed(found: Figures) -> None:
    assert found.calibration_error <= CALIBRATION_ERROR


@pytest.mark.parametrize("file", SETS, ids=lambda file: file.stem)
def test_no_heldout_message_is_a_near_copy_of_a_training_utterance(
    file: Path, training: dict[str, list[str]]
) -> None:
    texts = [message.text for message in read_messages(file, training.keys())]
    every = [text for own in training.values() for text in own]
    assert list(near_copies(texts, every)) == []


def test_the_nearest_training_utterance_of_one_is_itself(
    agent: Agent, training: dict[str, list[str]]
) -> None:
    text = training["faq/price"][0]
    few = {label: training[label] for label in ("greet", "faq/price")}
    (nearest,) = EngineReader(agent, few).nearest([text])
    assert (nearest.text, nearest.label) == (text, "faq/price")
    assert nearest.similarity == pytest.approx(1)


def test_a_message_never_reaches_the_model_as_a_command(reader: EngineReader) -> None:
    command, words = reader.read(["/greet", "greet"])
    assert command == words
