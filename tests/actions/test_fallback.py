from __future__ import annotations

from typing import Any

import pytest

from tests.actions.conftest import Turn

NEAR = [{"name": "faq/price", "confidence": 0.3}, {"name": "faq/pain", "confidence": 0.2}]
FAR = [{"name": "greet", "confidence": 0.3}]


def heard(*intents: str) -> list[dict[str, Any]]:
    """The tracker's events after messages with these intents; a reply follows each."""
    events: list[dict[str, Any]] = []
    for intent in intents:
        parse_data = {"intent": {"name": intent}}
        events += [{"event": "user", "parse_data": parse_data}, {"event": "bot", "text": "..."}]
    return events


async def test_the_first_time_the_nearest_topics_are_offered(turn: Turn) -> None:
    turn.events = heard("greet", "nlu_fallback")
    said = await turn.run("action_not_understood", "nlu_fallback", intent_ranking=NEAR)
    assert said == ["utter_nearest_topics"]
    assert [button["payload"] for button in turn.said[0]["buttons"]][:2] == [
        '/faq{"topic":"price"}',
        '/faq{"topic":"pain"}',
    ]


async def test_the_first_time_nobody_is_asked(turn: Turn) -> None:
    await turn.run("action_not_understood", "nlu_fallback", intent_ranking=NEAR)
    assert turn.requests == []


async def test_the_second_time_in_a_row_the_team_is_asked(turn: Turn) -> None:
    turn.events = heard("nlu_fallback", "nlu_fallback")
    said = await turn.run("action_not_understood", "nlu_fallback", intent_ranking=NEAR)
    assert said == ["utter_asked_the_team"]
    assert turn.requests == [("not_understood", "routine")]


async def test_a_visitor_is_asked_for_a_number_with_the_request_only(turn: Turn) -> None:
    turn.events = heard("nlu_fallback")
    await turn.run("action_not_understood", "nlu_fallback", intent_ranking=NEAR)
    assert turn.goes_on_with == []
    turn.events = heard("nlu_fallback", "nlu_fallback")
    await turn.run("action_not_understood", "nlu_fallback", intent_ranking=NEAR)
    assert turn.goes_on_with == ["contact_form"]


async def test_a_message_that_was_understood_between_begins_anew(turn: Turn) -> None:
    turn.events = heard("nlu_fallback", "faq", "nlu_fallback")
    said = await turn.run("action_not_understood", "nlu_fallback", intent_ranking=NEAR)
    assert said == ["utter_nearest_topics"]


@pytest.mark.parametrize("ranking", [[], FAR, None])
async def test_with_nothing_near_the_team_is_asked_at_once(
    turn: Turn, ranking: list[dict[str, Any]] | None
) -> None:
    turn.events = heard("nlu_fallback")
    said = await turn.run("action_not_understood", "nlu_fallback", intent_ranking=ranking)
    assert said == ["utter_asked_the_team"]
    assert turn.requests == [("not_understood", "routine")]


async def test_an_event_without_parse_data_is_no_obstacle(turn: Turn) -> None:
    turn.events = [{"event": "user"}, *heard("nlu_fallback")]
    said = await turn.run("action_not_understood", "nlu_fallback", intent_ranking=NEAR)
    assert said == ["utter_nearest_topics"]


async def test_which_of_two_is_meant_is_asked_with_both_as_buttons(turn: Turn) -> None:
    between = ["faq/sessions_skin", "faq/sessions_hair"]
    names = await turn.run(
        "action_not_understood", "nlu_fallback", intent_ranking=NEAR, between=between
    )
    (said,) = turn.said
    assert names == ["utter_which_of_two"]
    assert (said["first"], said["second"]) == ("Sessions for skin", "Sessions for hair")
    assert [button["title"] for button in said["buttons"]] == [
        "Sessions for skin", "Sessions for hair", "Menu", "Talk to team",
    ]  # fmt: skip


async def test_who_was_asked_which_of_two_is_not_passed_to_the_team_for_it(turn: Turn) -> None:
    turn.events = heard("nlu_fallback", "nlu_fallback")
    turn.events[0]["parse_data"]["between"] = ["faq/price", "faq/pain"]
    said = await turn.run("action_not_understood", "nlu_fallback", intent_ranking=NEAR)
    assert said == ["utter_nearest_topics"]
    assert turn.requests == []
