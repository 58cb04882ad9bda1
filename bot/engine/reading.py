"""Understands a message: as a whole, and each question in it where it holds several."""

from __future__ import annotations

from collections.abc import Mapping
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
from bot.clinic.refusals import Refusals
from bot.clinic.segments import Segments
from bot.clinic.several import Part, Several, Understood, is_topic, parts_of
from bot.clinic.triage import LABEL_OF, REFUSED_LABELS, REPORT
from bot.data_files import DATA, read_yaml
from bot.engine.certain import JUDGEMENT
from bot.engine.texts import QUESTIONS, ClinicTexts
from bot.engine.understanding import FAQ, outputs

# What is said beside the task that such a message begins.
BESIDE = "beside"
# What a message asks for that is refused: a kind of `data/refusals.yml`.
REFUSED = "refused"
# So many stretches of a message are understood one by one, about 6 ms each.
MOST_TEXTS = 12

_WORDS = read_yaml(DATA / "segments.yml")
_SEGMENTS = Segments(_WORDS)
_SEVERAL = Several(_WORDS)
_REFUSALS = Refusals(read_yaml(DATA / "refusals.yml"))


async def read(agent: Agent, text: str) -> dict[str, Any]:
    """The parse of a message, with its judgement.

    Where it holds several questions, `questions` are their labels in order and `intent` is the
    first. Danger decides alone, also where only one stretch of the message shows it. What is asked
    for and refused stands in `refused`, and comes before whatever else is asked.
    """
    parse = await _parse(agent, text)
    parts = parts_of(_SEGMENTS.of(text))
    if _urgency(parse) in DANGER:
        return parse
    if not parts:
        return _refused(text, parse, {})
    stretches = list(dict.fromkeys(each for part in parts for each in part.texts))
    alone = len(parts) == 1
    parses = {
        each: parse if alone else await _parse(agent, each) for each in stretches[:MOST_TEXTS]
    }
    worst = max(parses.values(), key=lambda each: _order(_alarm(each)))
    # "I have dry skin, what disease is it?" is no report on a treatment, though half of it alone
    # sounds like one.
    is_asked = (
        parse[INTENT][INTENT_NAME_KEY] in REFUSED_LABELS and _urgency(worst) is Urgency.EXPECTED
    )
    if _order(_alarm(worst)) > _order(_urgency(parse)) and not is_asked:
        parse[JUDGEMENT] = worst[JUDGEMENT]
        if _urgency(parse) in DANGER:
            parse.update(_decided(LABEL_OF[_urgency(parse)], parse, {}))
            return parse
    read_parts: list[tuple[Part, list[Understood]]] = [
        (part, [_understood(parses[each]) for each in _own(part, parses)]) for part in parts
    ]
    found = _SEVERAL.questions(text, _understood(parse), [each for each in read_parts if each[1]])
    if is_asked and found.pop(REPORT, None) and len(found) == 1:
        found = {}
    if _urgency(parse) in LABEL_OF:
        sign = LABEL_OF[_urgency(parse)]
        found = _SEVERAL.at_most_three({sign: 1.0, **found}) if found else found
        parse.update(_decided(sign, parse, {sign: 1.0}))
    if found:
        parse.update(_decided(next(iter(found)), parse, found))
        parse[QUESTIONS] = list(found)
    heard_beside = {
        understood.label
        for part, understood_as in read_parts
        if understood_as and not _REFUSALS.kind_of(part.texts[0], understood_as[0].label)
        for understood in understood_as
    }
    beside = {label: score for label, score in found.items() if label in heard_beside}
    return _refused(text, parse, beside)


def refused_as(kind: str, parse: dict[str, Any]) -> dict[str, Any]:
    """The parse of a message that is refused as this kind, whatever else it was taken for."""
    label = _REFUSALS.label_of(kind, _understood(parse).label)
    kept = {key: value for key, value in parse.items() if key != QUESTIONS}
    return {**kept, **_decided(label, parse, {}), REFUSED: kind}


def _refused(text: str, parse: dict[str, Any], beside: dict[str, float]) -> dict[str, Any]:
    """The parse with what is refused in it; `beside` is what else the message asks, and gets."""
    if _urgency(parse) in LABEL_OF:
        return parse
    understood = _understood(parse)
    score = dict(understood.ranking).get(understood.label, 1.0)
    kind = _REFUSALS.kind_of(text, understood.label, score)
    if not kind:
        return parse
    refused = refused_as(kind, parse)
    label = _understood(refused).label
    if beside.keys() - {label}:
        refused[QUESTIONS] = list(_SEVERAL.at_most_three({label: 1.0, **beside}))
    return refused


def _own(part: Part, parses: Mapping[str, dict[str, Any]]) -> list[str]:
    """The texts by which a part is read: behind a background that tells a sign it would be one."""
    alone, *behind = part.texts
    read_too = [text for text in behind if text in parses and not _tells_a_sign(parses[text])]
    return [alone, *read_too] if alone in parses else read_too


def _tells_a_sign(parse: dict[str, Any]) -> bool:
    return _urgency(parse) in LABEL_OF


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
    """The urgency of a stretch, unless only a model heard it.

    The classifier hears danger in "I have no trouble breathing", which the patterns and the whole
    do not; and the model of signs has read the stretches of a long message already.
    """
    return _urgency(parse) if parse[JUDGEMENT]["by_patterns"] else Urgency.NONE
