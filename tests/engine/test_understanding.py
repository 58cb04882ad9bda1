from __future__ import annotations

import pytest
from rasa.core.actions.action import ActionRetrieveResponse

from bot.engine.understanding import NOT_UNDERSTOOD, outputs, pressed

RANKING = [(f"faq/topic_{place}", 0.5 / place) for place in range(1, 9)]


def test_a_topic_is_the_intent_faq_and_stands_in_the_response_selector() -> None:
    found = outputs("faq/price", [("faq/price", 0.9), ("greet", 0.1)], 0.9)
    assert found["intent"] == {"name": "faq", "confidence": 0.9}
    assert found["response_selector"]["all_retrieval_intents"] == ["faq"]
    response = found["response_selector"]["faq"]["response"]
    assert response["intent_response_key"] == "faq/price"
    assert response["utter_action"] == "utter_faq/price"
    assert response["confidence"] == 0.9


def test_rasa_itself_would_retrieve_the_topics_answer() -> None:
    selector = outputs("faq/price", [("faq/price", 0.9)], 0.9)["response_selector"]
    assert ActionRetrieveResponse.intent_name_from_action("utter_faq") in selector


def test_an_intent_leaves_the_response_selector_empty() -> None:
    found = outputs("greet", [("greet", 0.8), ("faq/price", 0.2)], 0.8)
    assert found["intent"] == {"name": "greet", "confidence": 0.8}
    assert found["response_selector"] == {"all_retrieval_intents": ["faq"]}


def test_five_candidates_are_kept_best_first_with_topics_in_full() -> None:
    ranking = outputs("faq/topic_1", RANKING, 0.5)["intent_ranking"]
    assert [entry["name"] for entry in ranking] == [name for name, _ in RANKING[:5]]
    assert ranking[0]["confidence"] == 0.5


def test_the_selectors_ranking_holds_topics_only() -> None:
    found = outputs("faq/a", [("faq/a", 0.6), ("greet", 0.3), ("faq/b", 0.1)], 0.6)
    ranking = found["response_selector"]["faq"]["ranking"]
    assert [entry["intent_response_key"] for entry in ranking] == ["faq/a", "faq/b"]


def test_what_was_not_understood_keeps_its_candidates() -> None:
    found = outputs(NOT_UNDERSTOOD, RANKING, 0.8)
    assert found["intent"]["name"] == "nlu_fallback"
    assert len(found["intent_ranking"]) == 5
    assert "faq" not in found["response_selector"]


@pytest.mark.parametrize("intent", ["book_consultation", "help_menu"])
def test_a_pressed_task_is_certain_and_keeps_its_ids(intent: str) -> None:
    found = pressed(intent, {"list": "2"}, "Menu")
    assert found["intent"] == {"name": intent, "confidence": 1.0}
    assert found["entities"] == [{"entity": "list", "value": "2"}]
    assert found["text"] == "Menu"


def test_a_pressed_topic_is_certain_and_no_entity() -> None:
    found = pressed("faq", {"topic": "price"}, "Price")
    assert found["response_selector"]["faq"]["response"]["intent_response_key"] == "faq/price"
    assert found["intent"] == {"name": "faq", "confidence": 1.0}
    assert found["entities"] == []
