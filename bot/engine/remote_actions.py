"""Checks an action's answer against Rasa's schema without checking the schema each time.

Rasa 3.6 calls `jsonschema.validate` for every answer of the action server, which first proves
that Rasa's own constant schema is one: four tenths of a turn with an action (docs/benchmarks.md).
Rasa makes a `RemoteAction` in several places and has no way to name another class, so the one
method is replaced; it accepts and refuses the same answers.
"""

from __future__ import annotations

from typing import Any

from jsonschema.validators import validator_for
from rasa.core.actions.action import RemoteAction


def check_the_schema_once() -> None:
    """Called once, before the first message."""
    schema = RemoteAction.action_response_format_spec()
    known = validator_for(schema)
    known.check_schema(schema)
    validator = known(schema)

    def validate(_: RemoteAction, result: dict[str, Any]) -> bool:
        validator.validate(result)
        return True

    RemoteAction._validate_action_result = validate
