"""Switches one control of safety off, so that a test can show that it would be missed.

A plugin of pytest (`-p tests.safety.switches`): the environment variable `SAFETY_CONTROL_OFF` names
an id of `controls.yml`, whose real code is replaced by one of the functions below for that run. It
changes the process of the tests only; nothing here can reach a running assistant.
"""

from __future__ import annotations

import logging
import os
import pkgutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bot.clinic.red_flags import DANGER, Judgement, Urgency
from bot.data_files import read_yaml

# Each run imports only what its test needs: an import of everything would be half of it.
if TYPE_CHECKING:
    from rasa_sdk import Tracker
    from rasa_sdk.executor import CollectingDispatcher
    from rasa_sdk.types import DomainDict
    from sqlalchemy.orm import Session

    from actions.base import Events, SafeAction
    from bot.clinic.availability import Option
    from bot.clinic.reaction import Reaction, ReactionDialogue
    from bot.clinic.red_flags import RedFlags
    from bot.clinic.red_flags.context import Context
    from bot.clinic.red_flags.reading import Message, Span
    from bot.clinic.text_checks import Breach, NeverSay
    from bot.door.door import Door
    from bot.store.conversations import Standing
    from bot.store.messages import Answer, Inbound, Outbound

VARIABLE = "SAFETY_CONTROL_OFF"
CONTROLS: list[dict[str, str]] = read_yaml(Path(__file__).with_name("controls.yml"))["controls"]

# The code that a function below has replaced, by the function's name.
_real: dict[str, Any] = {}


def no_sign(self: RedFlags, text: str, *, after_treatment: bool = False) -> Judgement:
    """No pattern finds anything."""
    return Judgement(Urgency.NONE)


def never_denied(self: Context, message: Message, span: Span) -> bool:
    """A denial is not read: "no chest pain" is chest pain."""
    return False


def always_expected(self: ReactionDialogue, reaction: Reaction) -> tuple[Urgency, str]:
    """Whatever the device and the day, a sign is what usually passes."""
    return Urgency.EXPECTED, reaction.sign


async def unguarded(
    self: SafeAction, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
) -> Events:
    """What an action raises reaches the SDK."""
    return await self.act(dispatcher, tracker)


async def danger_in_line(self: Door, inbound: Inbound, deadline: float) -> list[Outbound]:
    """A sign of danger waits behind the conversation's earlier messages, as any other does."""
    if self._red_flags.judge(inbound.text).urgency not in DANGER:
        return await _real["danger_in_line"](self, inbound, deadline)
    async with self._in_order(inbound.conversation_id):
        return await _real["danger_in_line"](self, inbound, deadline)


def unframed(self: Door, answer: Answer, standing: Standing, known: Mapping[str, str]) -> Answer:
    """No notice before the first reply, and no helpline after a crisis."""
    return answer


def nothing_forbidden(self: NeverSay, text: str, where: str) -> list[Breach]:
    """Every text may be said."""
    return []


def taken_twice(session: Session, option: Option, owner: dict[str, str | None]) -> bool:
    """The primary key of the ticks is not minded: a time may be given again (SQLite)."""
    from sqlalchemy import insert  # noqa: PLC0415 - see above

    from bot.store.tables import BookedTick  # noqa: PLC0415

    rows = [
        {"resource": resource, "tick": tick, **owner} for resource, tick in sorted(option.ticks)
    ]
    session.execute(insert(BookedTick).prefix_with("OR IGNORE").values(rows))
    return True


def record_with_words(*args: Any, **kwargs: Any) -> logging.LogRecord:
    """A library's log line keeps what it says."""
    return logging.LogRecord(*args, **kwargs)


def never_refused(*_: object, **__: object) -> list[str]:
    """Production starts with anything."""
    return []


def everything_served(*_: object, **__: object) -> dict[str, object]:
    """Every text is served, whatever doctors decided."""
    return {}


REPLACEMENTS: dict[str, Callable[..., Any]] = {
    each.__name__: each
    for each in (
        no_sign,
        never_denied,
        always_expected,
        unguarded,
        danger_in_line,
        unframed,
        nothing_forbidden,
        taken_twice,
        record_with_words,
        never_refused,
        everything_served,
    )
}


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Switches off before any test is imported, since tests take functions by their names."""
    wanted = os.environ.get(VARIABLE)
    if not wanted:
        return
    control = next((each for each in CONTROLS if each["id"] == wanted), None)
    if control is None:
        raise pytest.UsageError(f"{VARIABLE} is {wanted}, which is no id of controls.yml")
    _real[control["instead"]] = pkgutil.resolve_name(control["code"])
    patch = pytest.MonkeyPatch()
    patch.setattr(control["code"], REPLACEMENTS[control["instead"]])
    early_config.add_cleanup(patch.undo)
