from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.clinic.anger import Anger
from bot.data_files import DATA, read_yaml

MOODS = yaml.safe_load((Path(__file__).parent / "moods.yml").read_text("utf-8"))
ANGER = Anger(read_yaml(DATA / "anger.yml"))
# Of the forty angry examples two signs show so many; the label `complaint` hears the others.
HEARD_BY_SIGNS = 11


def hears(*messages: str) -> bool:
    """Judges the last of the messages."""
    return ANGER.hears(messages[-1], messages[-2::-1])


@pytest.mark.parametrize("messages", MOODS["calm"], ids=lambda messages: messages[-1])
def test_nobody_calm_is_taken_for_angry(messages: list[str]) -> None:
    assert not hears(*messages)


def test_the_signs_alone_hear_a_good_part_of_the_angry() -> None:
    assert len(MOODS["angry"]) == len(MOODS["calm"]) == 40
    assert sum(hears(*messages) for messages in MOODS["angry"]) >= HEARD_BY_SIGNS


@pytest.mark.parametrize(
    ("text", "signs"),
    [
        ("WHERE IS MY APPOINTMENT", (True, False, False)),
        ("you moved it WITHOUT TELLING ME ANYTHING again", (True, False, False)),
        ("you are useless", (False, True, False)),
        ("kya bakwaas hai", (False, True, False)),
        ("😡", (False, True, False)),
        ("can you not read", (False, True, False)),
        ("hello???", (False, False, True)),
        ("how many times must I say it", (False, False, True)),
        ("this is the third time", (False, False, True)),
        ("again and again", (False, False, True)),
        ("i already told you", (False, False, True)),
        ("kitni baar batau", (False, False, True)),
        ("why why why", (False, False, True)),
        ("I would like to book", (False, False, False)),
        ("", (False, False, False)),
    ],
)
def test_each_sign_is_seen_alone(text: str, signs: tuple[bool, bool, bool]) -> None:
    assert ANGER.signs(text) == signs


@pytest.mark.parametrize(
    "messages",
    [
        ["WHY DOES NOBODY ANSWER ME"],
        ["USELESS CLINIC"],
        ["useless!!! useless!!!"],
        ["idiots, I told you that already"],
        ["where is my refund", "WHERE IS MY REFUND"],
        ["tell me your address", "hello", "idiot, tell your address"],
        ["how many times, you fools"],
        ["kitni baar bolu, bewakoof"],
        ["🤬🤬 still no reply"],
    ],
    ids=lambda messages: messages[-1],
)
def test_two_signs_are_anger(messages: list[str]) -> None:
    assert hears(*messages)


@pytest.mark.parametrize(
    "messages",
    [
        ["the worst acne of my life!!!"],
        ["my skin is terrible!!! please help"],
        ["terrible itching???"],
        ["sick of this acne!!!"],
        ["DOES PRP HURT, DR MEHTA"],
        ["what is the fee", "what is the fee for two"],
        ["sorry, dumb question: is it open???"],
        ["आज खुला है???"],
    ],
    ids=lambda messages: messages[-1],
)
def test_one_sign_is_none(messages: list[str]) -> None:
    assert not hears(*messages)


def test_asking_the_same_in_other_words_is_repetition() -> None:
    assert ANGER.signs("where your address", ["what is your address where"])[2]
    assert not ANGER.signs("where do I park", ["what is your address"])[2]


@given(st.text(max_size=200), st.lists(st.text(max_size=50), max_size=3))
def test_any_text_can_be_judged(text: str, earlier: list[str]) -> None:
    assert ANGER.hears(text, earlier) is (sum(ANGER.signs(text, earlier)) >= 2)


@given(st.text(alphabet="abc xyz", max_size=50))
def test_quiet_words_are_never_shouting(text: str) -> None:
    assert not ANGER.signs(text)[0]
