"""What a model took for danger, in a conversation that is asked the check's questions."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from bot.engine.certain import JUDGEMENT
from bot.engine.in_check import as_answer


def heard(
    text: str,
    form: str | None = "check_form",
    urgency: str = "emergency",
    by_patterns: bool = False,
) -> dict[str, Any]:
    """What becomes of a message that was judged so, while a form is open."""

    async def retrieve(_: str) -> Any:
        return SimpleNamespace(active_loop_name=form)

    agent: Any = SimpleNamespace(tracker_store=SimpleNamespace(retrieve=retrieve))
    judged = {"urgency": urgency, "sign": "E06", "language": "en", "by_patterns": by_patterns}
    parse = {"text": text, "intent": {"name": urgency, "confidence": 1.0}, JUDGEMENT: judged}
    return asyncio.run(as_answer(agent, parse, "c"))


@pytest.mark.parametrize(
    "text", ["epilepsy", "blood thinners daily", "bukhar hai aur antibiotic bhi chal rahi hai"]
)
def test_an_illness_that_was_asked_for_is_an_answer(text: str) -> None:
    after = heard(text)
    assert after["intent"]["name"] == "inform"
    assert (after[JUDGEMENT]["urgency"], after[JUDGEMENT]["sign"]) == ("none", "")


def test_a_pattern_of_danger_decides_in_the_check_too() -> None:
    assert heard("epilepsy", by_patterns=True)[JUDGEMENT]["urgency"] == "emergency"


@pytest.mark.parametrize(
    "text",
    [
        "i have diabetes and my chest feels tight",
        "rash all over my body and my tongue is thick",
        "i feel strange and heavy, everything is spinning",
    ],
)
def test_a_model_alone_decides_where_the_message_tells_more(text: str) -> None:
    assert heard(text)[JUDGEMENT]["urgency"] == "emergency"


@pytest.mark.parametrize("form", [None, "booking_form"])
def test_outside_the_check_nothing_is_taken_back(form: str | None) -> None:
    assert heard("epilepsy", form)[JUDGEMENT]["urgency"] == "emergency"


def test_a_sign_that_is_no_danger_is_left_as_it_is() -> None:
    assert heard("epilepsy", urgency="same_day")[JUDGEMENT]["urgency"] == "same_day"
