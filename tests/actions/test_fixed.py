from __future__ import annotations

import pytest

from actions.fixed import RESPONSES
from bot.data_files import DATA, read_yaml
from tests.actions.conftest import Turn


@pytest.mark.parametrize(("kind", "response"), RESPONSES.items())
async def test_what_the_engine_found_is_refused(turn: Turn, kind: str, response: str) -> None:
    for intent in ("out_of_scope", "ask_diagnosis"):
        assert await turn.run("action_refuse", intent, refused=kind) == [response]


def test_every_refusal_is_said_by_the_action_or_by_a_topic() -> None:
    kinds = read_yaml(DATA / "refusals.yml")["kinds"]
    said_here = {name for name, each in kinds.items() if not each["label"].startswith("faq/")}
    assert set(RESPONSES) == said_here


@pytest.mark.parametrize(
    ("intent", "response"),
    [("out_of_scope", "utter_out_of_scope"), ("ask_diagnosis", "utter_no_diagnosis")],
)
async def test_without_a_kind_the_intent_says_what_is_refused(
    turn: Turn, intent: str, response: str
) -> None:
    assert await turn.run("action_refuse", intent, text=None) == [response]


async def test_a_refusal_asks_for_nobody(turn: Turn) -> None:
    await turn.run("action_refuse", "out_of_scope", refused="no_dose")
    assert turn.requests == []


@pytest.mark.parametrize(
    ("language", "responses"),
    [
        ("hi", ["utter_language_hi", "utter_language_en"]),
        ("mr", ["utter_language_mr", "utter_language_en"]),
        ("en", ["utter_language_en"]),
        ("hi_latn", ["utter_language_en"]),
    ],
)
async def test_another_language_is_answered_in_it_where_we_can_and_then_in_english(
    turn: Turn, language: str, responses: list[str]
) -> None:
    judgement = {"urgency": "none", "sign": "", "language": language}
    said = await turn.run("action_other_language", "change_language", judgement=judgement)
    assert said == responses


async def test_another_language_without_a_judgement_is_answered_in_english(turn: Turn) -> None:
    assert await turn.run("action_other_language", "change_language") == ["utter_language_en"]


async def test_another_language_goes_to_the_team(turn: Turn) -> None:
    await turn.run("action_other_language", "change_language")
    assert turn.requests == [("other_language", "routine")]
