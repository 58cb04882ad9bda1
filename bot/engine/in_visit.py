"""While a visit is moved, a bare distance is the new time: "a day later" is no farewell."""

from __future__ import annotations

from functools import cache
from typing import Any

from rasa.core.agent import Agent

from bot.clinic.red_flags import Urgency
from bot.clinic.visits.shifts import Shifts
from bot.data_files import DATA, read_yaml
from bot.engine.certain import JUDGEMENT
from bot.engine.understanding import outputs

FORM = "visit_form"
ANSWER = "inform"
# With more words beside it the message may tell something else, and the classifier decides.
MOST_BESIDE = 4


async def as_new_time(agent: Agent, parse: dict[str, Any], conversation: str) -> dict[str, Any]:
    """The parse of a message to a conversation that is asked when a visit should be instead."""
    if Urgency(parse[JUDGEMENT]["urgency"]) is not Urgency.NONE:
        return parse
    shift = _shifts().read(parse["text"])
    if shift is None or len(shift.rest.split()) > MOST_BESIDE:
        return parse
    tracker = await agent.tracker_store.retrieve(conversation)
    if not tracker or tracker.active_loop_name != FORM:
        return parse
    return {**parse, **outputs(ANSWER, [(ANSWER, 1.0)], 1.0)}


@cache
def _shifts() -> Shifts:
    """Compiled when a message comes: the start waits for nothing."""
    return Shifts(read_yaml(DATA / "visits.yml")["shifts"])
