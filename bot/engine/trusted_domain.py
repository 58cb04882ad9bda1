"""Reads the domain of a model once.

Rasa reads it five times at each start, and validates it, with a parser in Python: 2 s. What lies in
a model was validated when the model was trained.
"""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.graph_components.providers.domain_provider import DomainProvider
from rasa.shared.core.domain import Domain
from rasa.shared.utils.io import read_yaml_file


def read_the_domain_once() -> None:
    """Called once, before a model is loaded."""

    def load(
        cls: type[DomainProvider],
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **_: Any,
    ) -> DomainProvider:
        with model_storage.read_from(resource) as folder:
            # As `DomainProvider._persist` names it.
            domain = Domain.from_dict(read_yaml_file(folder / "domain.yml"))
        return cls(model_storage, resource, domain)

    DomainProvider.load = classmethod(load)
