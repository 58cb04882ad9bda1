"""What is certain without the classifier: red flags, another script, and commands in one word.

It stands last in the pipeline because the judgement decides over the classifier.
"""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.clinic.commands import Commands
from bot.clinic.red_flags import DANGER, Judgement, RedFlags, Urgency, language_of
from bot.data_files import DATA, read_signs, read_yaml
from bot.engine.classifier import FlatClassifier
from bot.engine.understanding import outputs

JUDGEMENT = "judgement"
INTENT_OF = {
    Urgency.EMERGENCY: "emergency",
    Urgency.CRISIS: "crisis",
    Urgency.SAME_DAY: "report_reaction",
    Urgency.EXPECTED: "report_reaction",
}
CRISIS_SIGN = "CRISIS"
OTHER_LANGUAGE = "change_language"
READ_BY_THE_CLASSIFIER = ("en", "hi_latn")


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class Certain(GraphComponent):
    """Judges every message and overrules the classifier where the meaning is certain."""

    def __init__(self, red_flags: RedFlags, commands: Commands) -> None:
        """Takes compiled rules."""
        self._red_flags = red_flags
        self._commands = commands

    @classmethod
    def required_components(cls) -> list[type]:
        """It overrules the classifier, so that must have spoken."""
        return [FlatClassifier]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Nothing can be set: the rules are data."""
        return {}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> Certain:
        """Compiles the rules of `data/safety` and `data/commands.yml`."""
        return cls(
            RedFlags(read_signs()),
            Commands(read_yaml(DATA / "commands.yml")),
        )

    def process(self, messages: list[Message]) -> list[Message]:
        """Sets the judgement, and the intent where it is certain."""
        for message in messages:
            text = message.get(TEXT) or ""
            judgement = _at_least(self._red_flags.judge(text), message.get(INTENT) or {})
            message.set(JUDGEMENT, as_dict(judgement), add_to_output=True)
            intent = self._certain_intent(text, judgement)
            if intent:
                ranking = [
                    (entry["name"], entry["confidence"])
                    for entry in message.get(INTENT_RANKING_KEY) or []
                    if entry["name"] != intent
                ]
                for key, value in outputs(intent, [(intent, 1.0), *ranking], 1.0).items():
                    message.set(key, value, add_to_output=True)
        return messages

    def _certain_intent(self, text: str, judgement: Judgement) -> str:
        if judgement.urgency in INTENT_OF:
            return INTENT_OF[judgement.urgency]
        if language_of(text) not in READ_BY_THE_CLASSIFIER:
            return OTHER_LANGUAGE
        return self._commands.intent_of(text)

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Nothing is learnt from the rules."""
        return training_data


def _at_least(judgement: Judgement, intent: dict[str, Any]) -> Judgement:
    """The judgement, raised to what the classifier heard: doubt goes to the higher class."""
    heard = {name: urgency for urgency, name in INTENT_OF.items() if urgency in DANGER}
    if judgement.urgency in DANGER or intent.get("name") not in heard:
        return judgement
    urgency = heard[intent["name"]]
    sign = CRISIS_SIGN if urgency is Urgency.CRISIS else ""
    return Judgement(urgency, sign, judgement.language)


def as_dict(judgement: Judgement) -> dict[str, str]:
    """The judgement as it travels in a parse result."""
    return {
        "urgency": judgement.urgency.value,
        "sign": judgement.sign,
        "language": judgement.language,
    }
