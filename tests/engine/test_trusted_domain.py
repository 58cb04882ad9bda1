"""The domain of a model, read in one go, is the one that Rasa reads."""

from __future__ import annotations

from pathlib import Path

import pytest
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.graph_components.providers.domain_provider import DomainProvider
from rasa.shared.core.domain import Domain

from bot.engine.trusted_domain import read_the_domain_once

CONTEXT = ExecutionContext(GraphSchema({}))


@pytest.fixture
def storage(model: Path, tmp_path: Path) -> LocalModelStorage:
    """What lies in our model."""
    return LocalModelStorage.from_model_archive(tmp_path, model)[0]


@pytest.fixture
def read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in the engine's process, put back afterwards."""
    monkeypatch.setattr(DomainProvider, "load", DomainProvider.load)
    read_the_domain_once()


@pytest.mark.usefixtures("read_once")
def test_the_domain_of_our_model_is_the_one_that_rasa_reads(storage: LocalModelStorage) -> None:
    resource = Resource("domain_provider")
    with storage.read_from(resource) as folder:
        stock = Domain.from_path(folder)
    ours = DomainProvider.load({}, storage, resource, CONTEXT).provide_inference()
    assert ours.as_dict() == stock.as_dict()
    assert ours.fingerprint() == stock.fingerprint()
    assert ours.action_names_or_texts == stock.action_names_or_texts


@pytest.mark.usefixtures("read_once")
def test_a_provider_without_a_domain_is_no_domain(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="does not exist"):
        DomainProvider.load({}, LocalModelStorage(tmp_path), Resource("domain_provider"), CONTEXT)
