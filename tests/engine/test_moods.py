"""Anger is heard, by its signs or by the label; calm messages that look like it are left alone.

The messages were written by somebody who had not seen the rules (tests/clinic/moods.yml), and are
not edited to pass.
"""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage

from bot.clinic.anger import Anger
from bot.data_files import DATA, ROOT, read_yaml

MOODS: dict[str, list[list[str]]] = yaml.safe_load(
    (ROOT / "tests" / "clinic" / "moods.yml").read_text("utf-8")
)
ANGER = Anger(read_yaml(DATA / "anger.yml"))
# Labels after which a person is told.
TOLD = ("complaint", "talk_to_staff")


async def label_of(agent: Agent, text: str) -> str:
    parse: dict[str, Any] = await agent.processor.parse_message(UserMessage(text))
    return str(parse["intent"]["name"])


async def is_heard(agent: Agent, row: list[str]) -> bool:
    *earlier, last = row
    return ANGER.hears(last, earlier) or await label_of(agent, last) in TOLD


async def test_most_angry_patients_reach_a_person(agent: Agent) -> None:
    unheard = [row[-1] for row in MOODS["angry"] if not await is_heard(agent, row)]
    assert len(MOODS["angry"]) == 40
    assert len(unheard) <= 5, unheard


@pytest.mark.parametrize("row", MOODS["calm"], ids=lambda row: str(row[-1])[:40])
async def test_a_calm_message_is_no_complaint(agent: Agent, row: list[str]) -> None:
    *earlier, last = row
    assert not ANGER.hears(last, earlier)
    assert await label_of(agent, last) != "complaint"
