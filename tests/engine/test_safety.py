"""The bars of the judgement on held-out wordings, through the trained model (docs/safety.md).

Every wording is judged as it stands and in one of the nine made forms, the next one in the next
form, so that each id is met in each form; `make safety` runs all forms of all wordings.
"""

from __future__ import annotations

import asyncio

import pytest
from rasa.core.agent import Agent

from bot.clinic.red_flags import Urgency
from bot.engine.reading import read
from bot.evaluation.safety import (
    AS_IT_STANDS,
    FORMS,
    Wording,
    alarms,
    answered_as,
    class_of,
    near_misses,
    shares,
    wordings,
)
from bot.evaluation.safety_forms import Forms

MADE = "made form"
# The bars of the wordings as they stand, and what the made forms reach (docs/safety.md): typing
# errors in the word that tells the sign are what is left.
FLOORS = {
    ("emergency", AS_IT_STANDS): 1.0,
    ("crisis", AS_IT_STANDS): 1.0,
    ("same day", AS_IT_STANDS): 0.97,
    ("emergency", MADE): 0.985,
    ("crisis", MADE): 0.95,
    ("same day", MADE): 0.95,
}
# At least twelve wordings of each id, and four times as many of the crisis.
FEWEST = {"emergency": 12 * 15, "crisis": 4 * 12, "same day": 12 * 17}
MOST_FALSE_PER_1000 = 15


def judged_as(agent: Agent, texts: list[str]) -> list[Urgency]:
    """The class by which each text is answered."""

    async def judge() -> list[Urgency]:
        return [answered_as(await read(agent, text.lstrip("/"))) for text in texts]

    return asyncio.run(judge())


def one_form_of_each(every: list[Wording]) -> list[Wording]:
    """Each wording as it stands, which begins its group, and the made forms in turn."""
    groups: list[list[Wording]] = []
    for wording in every:
        if wording.form == AS_IT_STANDS:
            groups.append([])
        groups[-1].append(wording)
    return [
        chosen
        for turn, (plain, *made) in enumerate(groups)
        for chosen in (plain, made[turn % len(made)])
    ]


@pytest.fixture(scope="module")
def judged(agent: Agent) -> list[tuple[Wording, Urgency]]:
    """Held-out wordings with the class by which they are answered."""
    chosen = one_form_of_each(wordings(Forms.from_data(FORMS)))
    return list(zip(chosen, judged_as(agent, [each.text for each in chosen]), strict=True))


@pytest.mark.parametrize(("name", "form"), FLOORS)
def test_signs_are_answered_by_their_class(
    name: str, form: str, judged: list[tuple[Wording, Urgency]]
) -> None:
    of_form = [each for each in judged if (each[0].form == AS_IT_STANDS) == (form == AS_IT_STANDS)]
    share = shares(of_form, class_of)[name]
    assert share.of >= FEWEST[name]
    assert share.value >= FLOORS[name, form], f"{share.hits} of {share.of}"


def test_few_near_misses_raise_an_alarm(agent: Agent) -> None:
    texts = near_misses()
    false = alarms(texts, judged_as(agent, texts))
    assert len(texts) >= 600
    assert 1000 * len(false) <= MOST_FALSE_PER_1000 * len(texts), false
