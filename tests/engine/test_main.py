from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from rasa.core.agent import Agent
from rasa.core.tracker_store import FailSafeTrackerStore, TrackerStore

from bot.engine.tracker_store import EncryptedTrackerStore
from tests.engine.running import RunningEngine, wait_until


class App:
    """What a listener sees of Sanic's app."""

    def __init__(self, agent: Agent) -> None:
        self.ctx = SimpleNamespace(agent=agent)
        self.stopped = False

    def stop(self) -> None:
        self.stopped = True


Listener = Callable[[App, None], Awaitable[None]]


@pytest.fixture(scope="module")
def fail_turns_without_memory() -> Iterator[Listener]:
    """The listener of the module that starts the engine, without its way of logging."""
    factory, handlers = logging.getLogRecordFactory(), logging.root.handlers[:]
    from bot.engine.__main__ import fail_turns_without_memory as listener  # noqa: PLC0415

    logging.setLogRecordFactory(factory)
    logging.root.handlers[:] = handlers
    yield listener


@pytest.fixture
def wrapped(agent: Agent) -> TrackerStore:
    """The store as Rasa wraps it, put back afterwards."""
    return agent.tracker_store


async def test_the_wrapper_that_forgets_is_taken_off(
    agent: Agent,
    wrapped: TrackerStore,
    monkeypatch: pytest.MonkeyPatch,
    fail_turns_without_memory: Listener,
) -> None:
    assert isinstance(wrapped, FailSafeTrackerStore)
    monkeypatch.setattr(agent, "tracker_store", wrapped)
    monkeypatch.setattr(agent.processor, "tracker_store", wrapped)
    app = App(agent)
    await fail_turns_without_memory(app, None)
    assert isinstance(agent.tracker_store, EncryptedTrackerStore)
    assert agent.processor.tracker_store is agent.tracker_store
    assert not app.stopped


async def test_taking_it_off_twice_changes_nothing(
    agent: Agent,
    wrapped: TrackerStore,
    monkeypatch: pytest.MonkeyPatch,
    fail_turns_without_memory: Listener,
) -> None:
    monkeypatch.setattr(agent, "tracker_store", wrapped)
    monkeypatch.setattr(agent.processor, "tracker_store", wrapped)
    await fail_turns_without_memory(App(agent), None)
    bare = agent.tracker_store
    await fail_turns_without_memory(App(agent), None)
    assert agent.tracker_store is bare


async def test_an_engine_without_a_model_stops(
    caplog: pytest.LogCaptureFixture, fail_turns_without_memory: Listener
) -> None:
    app = App(Agent())
    await fail_turns_without_memory(app, None)
    assert app.stopped
    assert "no model could be loaded: run make train" in caplog.text


def test_a_start_with_a_model_that_is_not_there_ends_with_one_clear_line(tmp_path: Path) -> None:
    with RunningEngine(tmp_path / "none.tar.gz", tmp_path) as engine:
        wait_until(engine.ended, 120.0, engine.log)
    assert "run make train" in engine.log()
    assert "Traceback" not in engine.log()
