from __future__ import annotations

import pytest

from tests.actions.conftest import Turn


async def test_something_else_altogether_is_told_what_the_assistant_is_for(turn: Turn) -> None:
    said = await turn.run("action_out_of_scope", "out_of_scope", text="who won the match")
    assert said == ["utter_out_of_scope"]


@pytest.mark.parametrize("text", ["how much paracetamol", "Dolo 650?", "kitni goli leni hai"])
async def test_a_medicine_or_dose_is_refused_as_such(turn: Turn, text: str) -> None:
    assert await turn.run("action_out_of_scope", "out_of_scope", text=text) == ["utter_no_dose"]


async def test_a_message_without_text_is_something_else(turn: Turn) -> None:
    said = await turn.run("action_out_of_scope", "out_of_scope", text=None)
    assert said == ["utter_out_of_scope"]


async def test_a_refusal_asks_for_nobody(turn: Turn) -> None:
    await turn.run("action_out_of_scope", "out_of_scope", text="how much paracetamol")
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
