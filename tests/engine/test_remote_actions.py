from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from rasa.core.actions.action import RemoteAction

from bot.engine.remote_actions import check_the_schema_once

GOOD: list[dict[str, Any]] = [
    {},
    {"events": [], "responses": []},
    {"events": [{"event": "slot", "name": "a", "value": None, "timestamp": None}]},
    {"events": [{"event": "followup", "name": "action_listen"}], "responses": [{"text": "Hi"}]},
]
BAD: list[Any] = [
    [],
    "text",
    {"events": {}},
    {"responses": ["Hi"]},
    {"events": [{"event": "slot"}]},
    {"events": [{"event": "no_such_event"}]},
]


@pytest.fixture
def action(monkeypatch: pytest.MonkeyPatch) -> RemoteAction:
    """An action that checks with the prepared schema, put back afterwards."""
    monkeypatch.setattr(
        RemoteAction, "_validate_action_result", RemoteAction._validate_action_result
    )
    check_the_schema_once()
    return RemoteAction("action_menu", None)


@pytest.mark.parametrize("answer", GOOD)
def test_a_good_answer_is_accepted(action: RemoteAction, answer: dict[str, Any]) -> None:
    jsonschema.validate(answer, RemoteAction.action_response_format_spec())
    assert action._validate_action_result(answer)


@pytest.mark.parametrize("answer", BAD)
def test_what_the_schema_refuses_is_refused(action: RemoteAction, answer: Any) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(answer, RemoteAction.action_response_format_spec())
    with pytest.raises(jsonschema.ValidationError):
        action._validate_action_result(answer)
