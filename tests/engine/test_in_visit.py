"""A distance from a visit, in a conversation that is asked when the visit should be instead."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from bot.engine.certain import JUDGEMENT
from bot.engine.in_visit import as_new_time


def heard(
    text: str,
    form: str | None = "visit_form",
    intent: str = "goodbye",
    urgency: str = "none",
) -> str:
    """The intent of a message that was understood and judged so, while a form is open."""

    async def retrieve(_: str) -> Any:
        return SimpleNamespace(active_loop_name=form)

    agent: Any = SimpleNamespace(tracker_store=SimpleNamespace(retrieve=retrieve))
    parse = {"text": text, "intent": {"name": intent}, JUDGEMENT: {"urgency": urgency}}
    return str(asyncio.run(as_new_time(agent, parse, "c"))["intent"]["name"])


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("a day later", "goodbye"),
        ("an hour later please", "running_late"),
        ("ek ghanta aage kar do", "nlu_fallback"),
        ("no, one day later", "deny"),
    ],
)
def test_a_bare_distance_is_an_answer(text: str, intent: str) -> None:
    assert heard(text, intent=intent) == "inform"


def test_a_distance_in_a_longer_message_is_left_to_the_classifier() -> None:
    told = "the rash came an hour later and I do not know what to do"
    assert heard(told, intent="report_reaction") == "report_reaction"


def test_what_is_no_distance_is_left_as_it_is() -> None:
    assert heard("bye, see you later") == "goodbye"


@pytest.mark.parametrize("form", [None, "booking_form"])
def test_outside_the_change_of_a_visit_nothing_is_taken_over(form: str | None) -> None:
    assert heard("a day later", form) == "goodbye"


@pytest.mark.parametrize("urgency", ["same_day", "emergency", "crisis"])
def test_a_sign_is_never_taken_for_a_time(urgency: str) -> None:
    assert heard("a day later", intent="report_reaction", urgency=urgency) == "report_reaction"
