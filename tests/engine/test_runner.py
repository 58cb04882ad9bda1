from __future__ import annotations

import pytest
from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.engine.exceptions import GraphComponentException
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.events import ActionExecuted, SessionStarted, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot.engine.runner import PlannedRunner

TEXTS = ("What does it cost?", "my face is swelling", "yes", "zqx wvw", "मुझे मदद चाहिए")


@pytest.fixture
def dask(agent: Agent) -> DaskGraphRunner:
    runner = agent.processor.graph_runner
    assert isinstance(runner, DaskGraphRunner)
    return runner


@pytest.fixture
def planned(dask: DaskGraphRunner) -> PlannedRunner:
    return PlannedRunner.in_place_of(dask)


def understood(agent: Agent, runner: DaskGraphRunner, text: str) -> dict[str, object]:
    target = agent.processor.model_metadata.nlu_target
    inputs = {"__message__": [UserMessage(text)], "__tracker__": None}
    [message] = runner.run(inputs=inputs, targets=[target])[target]
    found: dict[str, object] = message.as_dict(only_output_properties=True)
    return found


@pytest.mark.parametrize("text", TEXTS)
def test_a_message_is_understood_as_by_rasas_own_runner(
    agent: Agent, dask: DaskGraphRunner, planned: PlannedRunner, text: str
) -> None:
    assert understood(agent, planned, text) == understood(agent, dask, text)


@pytest.mark.parametrize("intent", ["greet", "thank_you", "nlu_fallback"])
def test_the_next_action_is_the_one_that_rasas_own_runner_predicts(
    agent: Agent, dask: DaskGraphRunner, planned: PlannedRunner, intent: str
) -> None:
    tracker = DialogueStateTracker.from_events(
        "c",
        [
            SessionStarted(),
            ActionExecuted(ACTION_LISTEN_NAME),
            UserUttered("some words", {"name": intent, "confidence": 1.0}, []),
        ],
        agent.domain.slots,
        domain=agent.domain,
    )
    target = agent.processor.model_metadata.core_target
    predicted = [
        runner.run(inputs={"__tracker__": tracker}, targets=[target])[target]
        for runner in (planned, dask)
    ]
    assert predicted[0].probabilities == predicted[1].probabilities
    assert predicted[0].policy_name == predicted[1].policy_name


def test_every_node_behind_the_targets_runs_once(agent: Agent, planned: PlannedRunner) -> None:
    target = agent.processor.model_metadata.nlu_target
    understood(agent, planned, "hello")
    names = [name for name, _, _ in planned._plans[(target,)]]
    wanted = planned._graph_schema.minimal_graph_schema([target]).nodes
    assert sorted(names) == sorted(wanted)


def test_a_component_that_fails_ends_the_run_with_rasas_own_error(
    agent: Agent, planned: PlannedRunner
) -> None:
    target = agent.processor.model_metadata.nlu_target
    with pytest.raises(GraphComponentException):
        planned.run(inputs={"__message__": "no message", "__tracker__": None}, targets=[target])
