"""Reads a message that leans on the one before with what the tracker knows of that one."""

from __future__ import annotations

import time
from typing import Any

from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.shared.core.events import UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot.clinic.follow_ups import OWN, TOPIC, Asked, FollowUps, Meant, Ranking
from bot.clinic.red_flags import Urgency
from bot.data_files import DATA, button_labels, read_yaml
from bot.engine.certain import JUDGEMENT
from bot.engine.texts import QUESTIONS
from bot.engine.understanding import FAQ, NOT_UNDERSTOOD, RANKING_LENGTH, outputs

# The key of a parse result that holds the two labels of which one may be meant.
BETWEEN = "between"


class FollowUpReader:
    """Puts the meaning that a message has in its conversation into its parse result."""

    def __init__(self, rules: FollowUps, small_talk: frozenset[str]) -> None:
        """`small_talk`: the intents of messages that a topic outlives."""
        self._rules = rules
        self._small_talk = small_talk

    @classmethod
    def from_data(cls) -> FollowUpReader:
        """Compiles the rules of `data/follow_ups.yml`."""
        data = read_yaml(DATA / "follow_ups.yml")
        return cls(FollowUps(data, button_labels(DATA)), frozenset(data["small_talk"]))

    async def in_context(
        self, agent: Agent, parse: dict[str, Any], conversation: str
    ) -> dict[str, Any]:
        """The parse result, with another meaning if what was talked of before gives it one.

        Where one of two is meant, it is not understood, and `between` holds both. A message with
        a sign of danger or with several questions stays as it is, and so does every message
        while a form is open. The tracker is read only for a text that may lean on something.
        """
        if not _is_harmless(parse) or QUESTIONS in parse:
            return parse
        text, own = parse["text"], _ranking(parse)
        if not self._rules.can_lean(text, own):
            return parse
        tracker = await agent.tracker_store.retrieve(conversation)
        if not tracker or tracker.active_loop_name:
            return parse
        meant = self._rules.chosen(text, _asked_back(tracker))
        return {**parse, **_as_meant(meant or await self._meant(agent, text, own, tracker), own)}

    async def _meant(
        self, agent: Agent, text: str, own: Ranking, tracker: DialogueStateTracker
    ) -> Meant:
        """What a text means after what was talked of; the classifier is asked if need be."""
        before = self.topics_before(tracker, time.time())
        if not before:
            return OWN
        meant = self._rules.meaning(text, before, own)
        if meant is not None:
            return meant
        readings = [
            await agent.processor.parse_message(UserMessage(each))
            for each in self._rules.texts_to_read(text, before)
        ]
        if not all(_is_harmless(each) for each in readings):
            return OWN
        return self._rules.weighed(before, own, *(_ranking(each) for each in readings))

    def topics_before(self, tracker: DialogueStateTracker, now: float) -> list[Asked]:
        """The topics that a conversation is at, the newest first; `now` in seconds since 1970.

        None after anything else was begun, and when it is too long ago.
        """
        found: list[Asked] = []
        between = 0
        for event in reversed(tracker.events):
            if not isinstance(event, UserUttered):
                continue
            label = _label(event)
            if now - event.timestamp > self._rules.seconds_kept:
                break
            if label.startswith(TOPIC):
                found.append(Asked(label, event.text or ""))
            elif label in self._small_talk and (found or between < self._rules.messages_kept):
                between += 1
            else:
                break
        return found


def _is_harmless(parse: dict[str, Any]) -> bool:
    return Urgency(parse[JUDGEMENT]["urgency"]) is Urgency.NONE


def _ranking(parse: dict[str, Any]) -> Ranking:
    return [(entry["name"], entry["confidence"]) for entry in parse["intent_ranking"]]


def _asked_back(tracker: DialogueStateTracker) -> list[str]:
    """The two labels of which the newest message may mean one; empty if it was understood."""
    newest = tracker.latest_message
    # A message that sounded angry was taken for a complaint after all.
    if not newest or newest.intent_name != NOT_UNDERSTOOD:
        return []
    return list(dict(newest.parse_data or {}).get(BETWEEN, []))


def _label(event: UserUttered) -> str:
    """What a message was taken for; of several questions the last."""
    if event.intent_name != FAQ:
        return event.intent_name or ""
    parse: dict[str, Any] = dict(event.parse_data or {})
    selected = parse["response_selector"][FAQ]["response"]["intent_response_key"]
    return str([selected, *parse.get(QUESTIONS, [])][-1])


def _as_meant(meant: Meant, own: Ranking) -> dict[str, Any]:
    """What changes in the parse result: nothing if the message keeps its own meaning."""
    if not meant:
        return {}
    share = 1.0 / len(meant)
    others = [(label, min(score, share)) for label, score in own if label not in meant]
    ranking = [*((label, share) for label in meant), *others][:RANKING_LENGTH]
    if len(meant) == 1:
        return outputs(meant[0], ranking, 1.0)
    return {**outputs(NOT_UNDERSTOOD, ranking, 1.0 - share), BETWEEN: list(meant)}
