"""Understands a message: as a whole, and each question in it where it holds several."""

from __future__ import annotations

from typing import Any

from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.shared.nlu.constants import (
    INTENT,
    INTENT_NAME_KEY,
    INTENT_RANKING_KEY,
    INTENT_RESPONSE_KEY,
    PREDICTED_CONFIDENCE_KEY,
    RESPONSE,
    RESPONSE_SELECTOR,
)

from bot.clinic.red_flags import DANGER, Urgency
from bot.clinic.segments import Segments
from bot.clinic.several import Part, Several, Understood, is_topic, parts_of
from bot.data_files import DATA, read_yaml
from bot.engine.certain import INTENT_OF, JUDGEMENT
from bot.engine.texts import QUESTIONS, ClinicTexts
from bot.engine.understanding import FAQ, outputs

# What is said beside the task that such a message begins.
BESIDE = "beside"
# So many stretches of a message are understood one by one, about 6 ms each.
MOST_TEXTS = 12

_WORDS = read_yaml(DATA / "segments.yml")
_SEGMENTS = Segments(_WORDS)
_SEVERAL = Several(_WORDS)


async def read(agent: Agent, text: str) -> dict[str, Any]:
    """The parse of a message, with its judgement.

    Where it holds several questions, `questions` are their labels in order and `intent` is the
    first. Danger decides alone, also where only one stretch of the message shows it.
    """
    parse = await _parse(agent, text)
    parts = parts_of(_SEGMENTS.of(text))
    if _urgency(parse) in DANGER or not parts:
        return parse
    stretches = list(dict.fromkeys(each for part in parts for each in part.texts))
    alone = len(parts) == 1
    parses = {
        each: parse if alone else await _parse(agent, each) for each in stretches[:MOST_TEXTS]
    }
    worst = max(parses.values(), key=lambda each: _order(_alarm(each)))
    if _order(_alarm(worst)) > _order(_urgency(parse)):
        parse[JUDGEMENT] = worst[JUDGEMENT]
        if _urgency(parse) in DANGER:
            parse.update(_decided(INTENT_OF[_urgency(parse)], parse, {}))
            return parse
    read_parts: list[tuple[Part, list[Understood]]] = [
        (part, [_understood(parses[each]) for each in part.texts if each in parses])
        for part in parts
    ]
    found = _SEVERAL.questions(text, _understood(parse), [each for each in read_parts if each[1]])
    if _urgency(parse) in INTENT_OF:
        sign = INTENT_OF[_urgency(parse)]
        found = _SEVERAL.at_most_three({sign: 1.0, **found}) if found else found
        parse.update(_decided(sign, parse, {sign: 1.0}))
    if found:
        parse.update(_decided(next(iter(found)), parse, found))
        parse[QUESTIONS] = list(found)
    return parse


def as_turn(parse: dict[str, Any], texts: ClinicTexts) -> dict[str, Any]:
    """The parse that Rasa acts on: the first task, if there is one, with what comes beside it.

    Raises:
        KeyError: a topic has no answer.
    """
    questions: list[str] = parse.get(QUESTIONS, [])
    tasks = [label for label in questions if not is_topic(label)]
    if not tasks:
        return parse
    topics = [label for label in questions if is_topic(label)]
    task = next((label for label in tasks if _SEVERAL.is_told_first(label)), tasks[0])
    beside = {
        "topics": texts.topics(topics) if topics else None,
        "is_after": _SEVERAL.is_told_first(task),
        "offered": texts.offers([label for label in tasks if label != task]),
    }
    return {**parse, **_decided(task, parse, {}), BESIDE: beside}


async def _parse(agent: Agent, text: str) -> dict[str, Any]:
    parse: dict[str, Any] = await agent.processor.parse_message(UserMessage(text))
    return parse


def _understood(parse: dict[str, Any]) -> Understood:
    ranking = [
        (entry[INTENT_NAME_KEY], entry[PREDICTED_CONFIDENCE_KEY])
        for entry in parse[INTENT_RANKING_KEY]
    ]
    label = parse[INTENT][INTENT_NAME_KEY]
    if label == FAQ:
        label = parse[RESPONSE_SELECTOR][FAQ][RESPONSE][INTENT_RESPONSE_KEY]
    return Understood(ranking, label)


def _decided(label: str, parse: dict[str, Any], scores: dict[str, float]) -> dict[str, Any]:
    """The output for a decided label: `scores` stand in the ranking before the whole's own."""
    ranking = {**dict(_understood(parse).ranking), **scores}
    confidence = scores.get(label, 1.0)
    ranking[label] = confidence
    ranked = sorted(ranking.items(), key=lambda entry: -entry[1])
    return outputs(label, ranked, confidence)


def _urgency(parse: dict[str, Any]) -> Urgency:
    return Urgency(parse[JUDGEMENT]["urgency"])


def _order(urgency: Urgency) -> int:
    return list(Urgency).index(urgency)


def _alarm(parse: dict[str, Any]) -> Urgency:
    """The urgency of a stretch, unless only the classifier heard it.

    It hears danger in "I have no trouble breathing", which the patterns and the whole do not.
    """
    urgency = _urgency(parse)
    by_patterns = urgency not in DANGER or parse[JUDGEMENT]["sign"].startswith("E")
    return urgency if by_patterns else Urgency.NONE
