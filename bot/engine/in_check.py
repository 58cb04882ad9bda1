"""In the suitability check an illness is an answer: "epilepsy" is no fit that happens now."""

from __future__ import annotations

from functools import cache
from typing import Any

from rasa.core.agent import Agent

from bot.clinic.red_flags import DANGER, Judgement, Urgency
from bot.clinic.suitability.questions import Catalogue
from bot.clinic.suitability.told import ToldReader
from bot.data_files import DATA, common_words, read_yaml
from bot.engine.certain import JUDGEMENT, as_dict
from bot.engine.understanding import outputs

FORM = "check_form"
ANSWER = "inform"
# From this share of its words on, a message answers the check and tells nothing else.
MOSTLY = 0.6


async def as_answer(agent: Agent, parse: dict[str, Any], conversation: str) -> dict[str, Any]:
    """The parse of a message to a conversation that is asked the check's questions.

    What only a model took for danger is an answer, where the message names what was asked for and
    little else. A pattern of danger decides alone, here as anywhere.
    """
    judged = parse[JUDGEMENT]
    if Urgency(judged["urgency"]) not in DANGER or judged["by_patterns"]:
        return parse
    tracker = await agent.tracker_store.retrieve(conversation)
    if not tracker or tracker.active_loop_name != FORM:
        return parse
    if _reader().share_told(parse["text"]) < MOSTLY:
        return parse
    harmless = as_dict(Judgement(Urgency.NONE, "", judged["language"]))
    decided = outputs(ANSWER, [(ANSWER, 1.0)], 1.0)
    return {**parse, **decided, JUDGEMENT: {**judged, **harmless}}


@cache
def _reader() -> ToldReader:
    """Compiled when a message needs it: the start waits for nothing."""
    data = read_yaml(DATA / "suitability.yml")
    return ToldReader(data, Catalogue(data), common_words())
