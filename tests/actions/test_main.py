"""The action server as a whole: its actions, and that it needs no domain."""

from __future__ import annotations

from typing import Any

import pytest

from actions.__main__ import Executor
from actions.base import FAILED, HEARD, SafeAction
from bot.data_files import ROOT, read_yaml
from tests.actions.conftest import Turn

DOMAIN = read_yaml(ROOT / "domain.yml")
ACTIONS = {name for name in DOMAIN["actions"] if name.startswith(("action_", "validate_"))}


@pytest.fixture
def executor(turn: Turn) -> Executor:
    made = Executor()
    for action in turn.actions.values():
        made.register_action(action)
    return made


def call(turn: Turn, action: str, **more: Any) -> dict[str, Any]:
    """What Rasa 3.6 posts with `enable_selective_domain`: no domain, no digest."""
    return {
        "next_action": action,
        "sender_id": turn.message.conversation_id,
        "tracker": turn.tracker("talk_to_staff").current_state(),
        "version": "3.6.21",
        **more,
    }


def test_the_server_has_exactly_the_actions_of_the_domain(turn: Turn) -> None:
    assert set(turn.actions) == ACTIONS


def test_every_action_is_a_safe_one(turn: Turn) -> None:
    assert all(isinstance(action, SafeAction) for action in turn.actions.values())


@pytest.mark.parametrize("action", sorted(ACTIONS))
async def test_an_action_is_called_without_a_domain(
    executor: Executor, turn: Turn, action: str
) -> None:
    result = await executor.run(call(turn, action))
    assert FAILED not in [each["response"] for each in result.responses]
    assert {"name": HEARD, "value": FAILED} not in [
        {"name": each.get("name"), "value": each.get("value")} for each in result.events
    ]


async def test_a_domain_that_is_sent_troubles_nobody(executor: Executor, turn: Turn) -> None:
    result = await executor.run(call(turn, "action_menu", domain=DOMAIN))
    assert [each["response"] for each in result.responses] == ["utter_menu"]


async def test_a_call_names_responses_and_no_text(executor: Executor, turn: Turn) -> None:
    result = await executor.run(call(turn, "action_pass_to_team"))
    assert [(each["response"], each["text"]) for each in result.responses] == [
        ("utter_passed_talk_to_staff", None)
    ]
    assert turn.requests == [("talk_to_staff", "routine")]
