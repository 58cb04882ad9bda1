"""What a label's scores become in the shape that Rasa and its tools read.

A label is an intent (`greet`) or a FAQ topic (`faq/price`). For a topic Rasa wants the bare
intent, and the topic in the output of a response selector; so one classifier serves for both.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rasa.nlu.constants import (
    RESPONSE_SELECTOR_RESPONSES_KEY,
    RESPONSE_SELECTOR_RETRIEVAL_INTENTS,
    RESPONSE_SELECTOR_UTTER_ACTION_KEY,
)
from rasa.shared.nlu.constants import (
    INTENT,
    INTENT_NAME_KEY,
    INTENT_RANKING_KEY,
    INTENT_RESPONSE_KEY,
    PREDICTED_CONFIDENCE_KEY,
    RESPONSE,
    RESPONSE_SELECTOR,
)

FAQ = "faq"
NOT_UNDERSTOOD = "nlu_fallback"
RANKING_LENGTH = 5


def outputs(label: str, ranking: Iterable[tuple[str, float]], confidence: float) -> dict[str, Any]:
    """The message properties for a decided label; `ranking` is best first, five are kept."""
    ranked = [
        {INTENT_NAME_KEY: name, PREDICTED_CONFIDENCE_KEY: float(score)}
        for name, score in list(ranking)[:RANKING_LENGTH]
    ]
    intent = FAQ if label.startswith(f"{FAQ}/") else label
    topics = [entry for entry in ranked if entry[INTENT_NAME_KEY].startswith(f"{FAQ}/")]
    return {
        INTENT: {INTENT_NAME_KEY: intent, PREDICTED_CONFIDENCE_KEY: float(confidence)},
        INTENT_RANKING_KEY: ranked,
        RESPONSE_SELECTOR: _selector(label if intent == FAQ else "", confidence, topics),
    }


def _selector(topic: str, confidence: float, topics: list[dict[str, Any]]) -> dict[str, Any]:
    """The output of a response selector for the intent `faq`; without a topic it has none."""
    selector: dict[str, Any] = {RESPONSE_SELECTOR_RETRIEVAL_INTENTS: [FAQ]}
    if topic:
        selector[FAQ] = {
            RESPONSE: {
                RESPONSE_SELECTOR_RESPONSES_KEY: [],
                PREDICTED_CONFIDENCE_KEY: float(confidence),
                INTENT_RESPONSE_KEY: topic,
                RESPONSE_SELECTOR_UTTER_ACTION_KEY: f"utter_{topic}",
            },
            "ranking": [
                {
                    INTENT_RESPONSE_KEY: entry[INTENT_NAME_KEY],
                    PREDICTED_CONFIDENCE_KEY: entry[PREDICTED_CONFIDENCE_KEY],
                }
                for entry in topics
            ],
        }
    return selector


def pressed(intent: str, entities: dict[str, str], text: str) -> dict[str, Any]:
    """The parse result of a button: certain, and without any words of the patient's."""
    label = f"{FAQ}/{entities['topic']}" if intent == FAQ else intent
    return {
        "text": text,
        "entities": [
            {"entity": name, "value": value} for name, value in entities.items() if name != "topic"
        ],
        **outputs(label, [(label, 1.0)], 1.0),
    }
