"""spaCy's small English model, loaded from its folder and without the pipes nobody asks."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import spacy
from rasa.engine.graph import ExecutionContext
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.utils.spacy_utils import SpacyModel, SpacyNLP

from bot.engine.model_files import SPACY_FOLDER, spacy_folder


@DefaultV1Recipe.register(
    [
        DefaultV1Recipe.ComponentType.MODEL_LOADER,
        DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER,
    ],
    is_trainable=False,
    model_from="BundledSpacyNLP",
)
class BundledSpacyNLP(SpacyNLP):
    """Rasa's `SpacyNLP` with the model that is installed beside it.

    Rasa loads a model by its package's name, which this one does not bear; and all its pipes
    together cost 8 ms a message, of which the tokenizer needs next to nothing.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`pipes`: the names of the pipes to run, beside the tokenizer."""
        return {"case_sensitive": True, "pipes": []}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> BundledSpacyNLP:
        """Loads the model; see `model_files.spacy_folder` for what it may raise."""
        config = {**cls.get_default_config(), **config}
        language = _loaded(spacy_folder(), tuple(config["pipes"]))
        return cls(SpacyModel(model=language, model_name=SPACY_FOLDER), config)


@cache
def _loaded(folder: Path, pipes: tuple[str, ...]) -> spacy.Language:
    """Once: Rasa's graph has two nodes of the component, and a load takes half a second."""
    installed = spacy.util.load_config(folder / "config.cfg")["nlp"]["pipeline"]
    return spacy.load(folder, exclude=[each for each in installed if each not in pipes])
