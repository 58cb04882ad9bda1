"""Reads a message that only presses for what the message before it asked for and was refused."""

from __future__ import annotations

from typing import Any

from rasa.core.agent import Agent
from rasa.shared.core.trackers import DialogueStateTracker

from bot.clinic.red_flags import Urgency
from bot.clinic.refusals import Refusals
from bot.data_files import DATA, read_yaml
from bot.engine.certain import JUDGEMENT
from bot.engine.reading import REFUSED, refused_as

# Its questions are answered with what a message that presses is made of too: "yes", "fine".
_BOOKING = "booking_form"

_REFUSALS = Refusals(read_yaml(DATA / "refusals.yml"))


async def refused_again(agent: Agent, parse: dict[str, Any], conversation: str) -> dict[str, Any]:
    """The parse result, refused as the message before if it asks for nothing else.

    Danger and a sign are never refused. The tracker is read only for words that may press.
    """
    if Urgency(parse[JUDGEMENT]["urgency"]) is not Urgency.NONE or not parse["intent_ranking"]:
        return parse
    text, heard = parse["text"], parse["intent_ranking"][0]
    label, score = heard["name"], heard["confidence"]
    if not _REFUSALS.presses(text, label, score):
        return parse
    tracker = await agent.tracker_store.retrieve(conversation)
    form = tracker.active_loop_name if tracker else None
    if not tracker or form == _BOOKING:
        return parse
    if form and not _REFUSALS.presses(text, label, score, is_in_form=True):
        return parse
    kind = _refused_before(tracker)
    return refused_as(kind, parse) if kind else parse


def _refused_before(tracker: DialogueStateTracker) -> str:
    """What the newest message of a conversation was refused; "" if it was not."""
    newest = tracker.latest_message
    if not newest:
        return ""
    refused = str(dict(newest.parse_data or {}).get(REFUSED, ""))
    return _REFUSALS.kind_before(refused, newest.intent_name or "")
