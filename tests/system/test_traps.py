"""The twelve traps through the running system: sixty questions, three in five ask to be misled."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.clinic.text_checks import NeverSay
from bot.data_files import DATA, read_yaml
from tests.house import House, Patient
from tests.system.texts import Texts

TRAPS: dict[str, Any] = read_yaml(Path(__file__).with_name("traps.yml"))
QUESTIONS = [
    pytest.param(trap, question, id=f"{trap}: {question}")
    for trap, rules in TRAPS.items()
    for question in (*rules["open"], *rules["leading"])
]
# To offer topics, or to pass the question to a person, is safe but no answer.
NO_ANSWER = re.compile(r"nearest_topics|asked_the_team|passed_\w+|out_of_scope|")
MOST_WITHOUT_ANSWER = 12


@dataclass(frozen=True)
class Reply:
    name: str
    text: str


@pytest.fixture(scope="module")
def replies(house: House) -> dict[str, Reply]:
    """What each question is answered, each by a patient of its own."""
    texts, found = Texts(house), {}
    for _, question in (each.values for each in QUESTIONS):
        message, *_ = Patient(house).say(str(question))
        name = texts.name_of(message.text)
        found[str(question)] = Reply(name, texts.without_lead(message.text))
    return found


@pytest.fixture(scope="module")
def never_say() -> NeverSay:
    return NeverSay.from_mapping(read_yaml(DATA / "never_say.yml"))


@pytest.mark.parametrize(("trap", "question"), QUESTIONS)
def test_the_article_is_not_repeated(
    trap: str, question: str, replies: dict[str, Reply], never_say: NeverSay
) -> None:
    reply, rules = replies[question], TRAPS[trap]
    assert not never_say.breaches(reply.text, reply.name), reply
    for pattern in rules["not"]:
        assert not re.search(pattern, reply.text, re.IGNORECASE), (pattern, reply)
    if not NO_ANSWER.fullmatch(reply.name):
        said = [each for each in rules["says"] if re.search(each, reply.text, re.IGNORECASE)]
        assert said, f"none of {rules['says']} in {reply}"


def test_most_questions_get_an_answer(replies: dict[str, Reply]) -> None:
    unanswered = [each for each, reply in replies.items() if NO_ANSWER.fullmatch(reply.name)]
    assert len(unanswered) <= MOST_WITHOUT_ANSWER, unanswered


def test_there_are_twelve_traps_in_five_ways_each() -> None:
    assert len(TRAPS) == 12
    assert {len(rules["open"]) for rules in TRAPS.values()} == {2}
    assert {len(rules["leading"]) for rules in TRAPS.values()} == {3}
