"""Runs Rasa's graph without planning it anew at each message.

Rasa 3.6 hands every run to dask, which sorts the same few nodes again, and before that it writes
the inputs and the whole graph into a debug line that nobody sees: together a tenth of a turn
(docs/benchmarks.md). The graph of a loaded model never changes, so the order is found once.
"""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphNode, GraphNodeHook, GraphSchema
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.engine.storage.storage import ModelStorage


class PlannedRunner(DaskGraphRunner):
    """Rasa's runner with the same nodes, called one after the other in an order found once."""

    def __init__(
        self,
        graph_schema: GraphSchema,
        model_storage: ModelStorage,
        execution_context: ExecutionContext,
        hooks: list[GraphNodeHook] | None = None,
    ) -> None:
        """Loads every component, as Rasa's own runner does."""
        super().__init__(graph_schema, model_storage, execution_context, hooks)
        self._plans: dict[tuple[str, ...], list[tuple[str, GraphNode, list[str]]]] = {}

    @classmethod
    def in_place_of(cls, runner: DaskGraphRunner) -> PlannedRunner:
        """A runner over the components that another one has loaded already."""
        planned = cls.__new__(cls)
        planned.__dict__.update(runner.__dict__)
        planned._plans = {}
        return planned

    def run(
        self,
        inputs: dict[str, Any] | None = None,
        targets: list[str] | None = None,
    ) -> dict[str, Any]:
        """The output of each target by its name; `inputs` stand for nodes that are not run.

        Raises:
            GraphComponentException: a component failed; as from Rasa's own runner.
        """
        wanted = tuple(targets or self._graph_schema.target_names)
        if wanted not in self._plans:
            self._plans[wanted] = self._plan(wanted)
        outputs = dict(inputs or {})
        for name, node, needs in self._plans[wanted]:
            _, outputs[name] = node(*((need, outputs[need]) for need in needs if need in outputs))
        return {name: outputs[name] for name in wanted}

    def _plan(self, targets: tuple[str, ...]) -> list[tuple[str, GraphNode, list[str]]]:
        """The nodes behind the targets, each after what it needs."""
        nodes = self._graph_schema.minimal_graph_schema(list(targets)).nodes
        order: dict[str, None] = {}

        def place(name: str) -> None:
            if name not in nodes or name in order:
                return
            for need in nodes[name].needs.values():
                place(need)
            order[name] = None

        for target in targets:
            place(target)
        return [
            (name, self._instantiated_nodes[name], list(nodes[name].needs.values()))
            for name in order
        ]
