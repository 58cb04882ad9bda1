"""Whatever goes wrong in an action, the patient gets an answer and the log holds no words."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

import actions.base
from actions.base import FAILED, HEARD, Events, SafeAction, intent_of, message_id
from bot.clinic.clock import Clock
from bot.store.database import Database
from tests.actions.conftest import Turn

MARK = "Xanthippe"
Act = Callable[[CollectingDispatcher, Tracker], Coroutine[Any, Any, Events]]


class AnAction(SafeAction):
    """An action whose work a test gives."""

    def __init__(self, database: Database, act: Act) -> None:
        super().__init__(database, Clock())
        self._act = act

    def name(self) -> str:
        return "action_of_the_test"

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        return await self._act(dispatcher, tracker)


async def fail(dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
    dispatcher.utter_message(response="utter_greet")
    raise ValueError(f"{MARK} wrote {tracker.latest_message['text']}")


async def fail_twice(dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
    try:
        raise KeyError(MARK)
    except KeyError as error:
        raise RuntimeError(MARK) from error


async def hang(dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
    await asyncio.sleep(60)
    return []


async def work(dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
    dispatcher.utter_message(response="utter_greet")
    return [{"event": "slot", "name": "a", "value": "b"}]


async def test_an_action_that_works_gives_its_events(turn: Turn) -> None:
    assert await turn.run(AnAction(turn.database, work)) == ["utter_greet"]
    assert turn.returned == [{"event": "slot", "name": "a", "value": "b"}]
    assert turn.requests == []


async def test_an_action_that_raises_answers_kindly_and_only_that(turn: Turn) -> None:
    assert await turn.run(AnAction(turn.database, fail)) == [FAILED]
    assert turn.returned == []


async def test_an_action_that_raises_leaves_the_message_to_staff(turn: Turn) -> None:
    await turn.run(AnAction(turn.database, fail))
    assert turn.requests == [("unanswered", "routine")]


async def test_an_action_that_hangs_answers_kindly(
    turn: Turn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions.base, "LONGEST_SECONDS", 0.2)
    assert await turn.run(AnAction(turn.database, hang)) == [FAILED]
    assert turn.requests == [("unanswered", "routine")]


async def test_an_action_answers_before_the_door_gives_up() -> None:
    # Its own limit and half of it again for keeping the request fit into the door's 8 seconds.
    assert actions.base.LONGEST_SECONDS * 1.5 < 8


@pytest.mark.parametrize("act", [fail, fail_twice])
async def test_a_failure_is_logged_without_words(
    turn: Turn, caplog: pytest.LogCaptureFixture, act: Act
) -> None:
    caplog.set_level(logging.DEBUG, "actions")
    await turn.run(
        AnAction(turn.database, act),
        text=f"my name is {MARK}",
        entities=[{"entity": "name", "value": MARK}],
        metadata={"message": turn.message.id, "name": MARK},
        slots={"name": MARK},
    )
    assert caplog.messages
    assert MARK not in caplog.text


async def test_a_failure_is_logged_with_its_action_an_id_and_the_place(
    turn: Turn, caplog: pytest.LogCaptureFixture
) -> None:
    await turn.run(AnAction(turn.database, fail))
    [line] = caplog.messages
    assert re.fullmatch(
        r"action_of_the_test failed, error [0-9a-f]{8}: ValueError at fail:\d+ < .*", line
    )


async def test_a_failure_that_cannot_be_kept_is_still_answered(
    turn: Turn, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise OSError(f"no room for {MARK}")

    monkeypatch.setattr(actions.base, "add_request", broken)
    assert await turn.run(AnAction(turn.database, fail)) == [FAILED]
    assert len(caplog.messages) == 2
    assert re.match(r"error [0-9a-f]{8} was not kept for staff: OSError at ", caplog.messages[1])
    assert MARK not in caplog.text


async def test_a_forms_validation_fails_silently_and_its_question_says_so(turn: Turn) -> None:
    action = AnAction(turn.database, fail)
    action.says_failure = False
    assert await turn.run(action) == []
    [event] = turn.returned
    assert (event["name"], event["value"]) == (HEARD, FAILED)
    assert turn.requests == []


async def test_a_message_without_the_doors_id_is_still_answered(turn: Turn) -> None:
    assert await turn.run(AnAction(turn.database, fail), metadata=None) == [FAILED]


async def test_an_action_that_is_called_off_is_called_off(turn: Turn) -> None:
    task = asyncio.create_task(turn.run(AnAction(turn.database, hang)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_the_messages_id_is_the_doors(turn: Turn) -> None:
    assert message_id(turn.tracker()) == turn.message.id


@pytest.mark.parametrize("metadata", [None, {}])
def test_without_metadata_there_is_no_id(turn: Turn, metadata: dict[str, str] | None) -> None:
    assert message_id(turn.tracker(metadata=metadata)) == ""


def test_the_intent_is_the_messages(turn: Turn) -> None:
    assert intent_of(turn.tracker("complaint")) == "complaint"


@pytest.mark.parametrize("intent", [None, {}, {"name": None}])
def test_without_an_intent_there_is_none(turn: Turn, intent: dict[str, None] | None) -> None:
    tracker = turn.tracker()
    tracker.latest_message["intent"] = intent
    assert intent_of(tracker) == ""
