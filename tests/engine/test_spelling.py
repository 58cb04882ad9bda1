"""Which words a message is put right to."""

from __future__ import annotations

import pytest

from bot.data_files import DATA, read_yaml
from bot.engine.spelling import OFTEN, Spelling

READING = read_yaml(DATA / "reading.yml")
UTTERANCES = ["how much is a session", "what does one session cost", "is a session long"]
OF_SIGNS = ["my lips are swelling", "the swelling is on my lips", "lips swelling, swelin fast"]
COMMON = ["cost", "long", "much", "smelling"]


@pytest.fixture(scope="module")
def spelling() -> Spelling:
    return Spelling.learn(UTTERANCES, READING, COMMON, OF_SIGNS)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("how much is a sesion", "how much is a session"),
        ("my lisp are sweling", "my lips are swelling"),
        ("my lips are swellin", "my lips are swelling"),
        ("HOW MUCH", "how much"),
    ],
)
def test_an_unknown_word_is_read_as_the_nearest_of_the_clinic(
    spelling: Spelling, typed: str, read: str
) -> None:
    assert spelling.read(typed) == read


def test_a_word_of_signs_that_stands_seldom_there_is_not_known() -> None:
    alone = Spelling.learn(UTTERANCES, READING, COMMON, ["swelling"] * (OFTEN - 1))
    often = Spelling.learn(UTTERANCES, READING, COMMON, ["swelling"] * OFTEN)
    assert alone.read("my sweling face") == "my sweling face"
    assert often.read("my sweling face") == "my swelling face"


def test_what_was_restored_reads_alike(spelling: Spelling) -> None:
    restored = Spelling.restore(spelling.state())
    assert restored.read("my lisp are sweling") == spelling.read("my lisp are sweling")
