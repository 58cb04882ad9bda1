"""The first step of the pipeline: a message as the classifier shall read it."""

from __future__ import annotations

import json
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.data_files import DATA, read_wordings, read_yaml
from bot.engine import model_files
from bot.engine.spelling import Spelling, encoder_vocabulary

READ_AS = "read_as"
FILE = "spelling.json"


def read_as(message: Message) -> str:
    """What the classifier and the encoder read of a message: its text, put right."""
    reading = message.get(READ_AS)
    return str((message.get(TEXT) or "") if reading is None else reading)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class SpellingReader(GraphComponent):
    """Rasa's component around `Spelling`; the text itself stays as it was typed."""

    def __init__(
        self, model_storage: ModelStorage, resource: Resource, spelling: Spelling | None = None
    ) -> None:
        """Without `spelling` it must be trained before it is asked."""
        self._model_storage = model_storage
        self._resource = resource
        self._spelling = spelling

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Nothing can be set: the words are data."""
        return {}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SpellingReader:
        """Makes an untrained component."""
        return cls(model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Learns the words of the training data."""
        self._spelling = Spelling.learn(
            [example.get(TEXT) for example in training_data.intent_examples if example.get(TEXT)],
            read_yaml(DATA / "reading.yml"),
            encoder_vocabulary(model_files.tokenizer_file()),
            of_signs=[text for text, _ in read_wordings()],
        )
        with self._model_storage.write_to(self._resource) as folder:
            state = json.dumps(self._spelling.state())
            (folder / FILE).write_text(state, encoding="utf-8")
        return self._resource

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> SpellingReader:
        """Makes the component as it was trained."""
        with model_storage.read_from(resource) as folder:
            state = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return cls(model_storage, resource, Spelling.restore(state))

    def process(self, messages: list[Message]) -> list[Message]:
        """Notes beside each text how it is read."""
        for message in messages:
            text = message.get(TEXT)
            if text and self._spelling:
                message.set(READ_AS, self._spelling.read(text))
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """The same for every training utterance."""
        self.process(training_data.training_examples)
        return training_data
