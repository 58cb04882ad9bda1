"""The training data has every label, enough of each, and the way patients write."""

from __future__ import annotations

from functools import cache

import pytest

from bot.data_files import ROOT, read_yaml
from tests.data.answer_files import TOPICS
from tests.data.training_data import NLU_FOLDER, TASKS, faults, utterances

SOCIAL = {"greet", "goodbye", "thanks", "affirm", "deny", "bot_challenge", "out_of_scope"}
LABELS = TASKS | SOCIAL | {f"faq/{topic}" for topic in TOPICS}
# What the assistant decides itself, without any training utterance.
NOT_TRAINED = {"continue_booking", "nlu_fallback"}


@cache
def training() -> dict[str, list[str]]:
    return utterances(sorted(NLU_FOLDER.glob("*.yml")))


def test_there_are_a_hundred_labels() -> None:
    assert len(LABELS) == 100


def test_the_training_data_has_exactly_the_labels() -> None:
    assert set(training()) == LABELS


def test_the_domain_has_exactly_the_intents_of_the_labels() -> None:
    intents = read_yaml(ROOT / "domain.yml")["intents"]
    assert set(intents) == {label.partition("/")[0] for label in LABELS} | NOT_TRAINED
    assert len(intents) == len(set(intents))


def test_nothing_is_wrong_with_the_training_data() -> None:
    assert faults(sorted(NLU_FOLDER.glob("*.yml"))) == []


def test_no_utterance_stands_twice() -> None:
    every = [text.casefold() for texts in training().values() for text in texts]
    assert len(every) == len(set(every))


@pytest.mark.parametrize("label", sorted(LABELS))
def test_no_utterance_looks_like_a_command_of_rasa(label: str) -> None:
    assert not [text for text in training()[label] if text.startswith("/")]
