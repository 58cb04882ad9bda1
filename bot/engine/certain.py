"""What is certain without the classifier: red flags, another script, and commands in one word.

It stands last in the pipeline because the judgement decides over the classifier.
"""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.clinic.aftercare import AfterCare
from bot.clinic.clock import Clock
from bot.clinic.commands import Commands
from bot.clinic.red_flags import Judgement, RedFlags, language_of
from bot.clinic.several import is_topic
from bot.clinic.triage import LABEL_OF, REPORT, Triage
from bot.data_files import DATA, aftercare_parts, read_signs, read_yaml
from bot.engine.sign_model import SIGNS, SignModel
from bot.engine.understanding import NOT_UNDERSTOOD, outputs
from bot.settings import clock_offset, read_settings

JUDGEMENT = "judgement"
OTHER_LANGUAGE = "change_language"
ASKED_ABOUT_A_RISK = "faq/side_effects"
# The share among the other candidates from which one of them is meant.
CLEARLY = 0.5
OF_SIGNS = frozenset(LABEL_OF.values())
READ_BY_THE_CLASSIFIER = ("en", "hi_latn")


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class Certain(GraphComponent):
    """Judges every message and overrules the classifier where the meaning is certain."""

    def __init__(self, triage: Triage, commands: Commands, clock: Clock, zone: ZoneInfo) -> None:
        """Takes compiled rules, and the clock of the clinic in its zone."""
        self._triage = triage
        self._commands = commands
        self._clock = clock
        self._zone = zone

    @classmethod
    def required_components(cls) -> list[type]:
        """It overrules the classifier and hears the model of signs, so both must have spoken."""
        return [SignModel]

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
        """Compiles the rules of `data`, with the clinic's own after-care in them."""
        settings = read_settings()
        clinic = read_yaml(settings.clinic_file)
        return cls(
            Triage(RedFlags(read_signs()), AfterCare(*aftercare_parts(clinic))),
            Commands(read_yaml(DATA / "commands.yml")),
            Clock(clock_offset(settings)),
            ZoneInfo(clinic["clinic"]["zone"]),
        )

    def process(self, messages: list[Message]) -> list[Message]:
        """Sets the judgement, and the intent where it is certain."""
        for message in messages:
            text = message.get(TEXT) or ""
            label = str((message.get(INTENT) or {}).get("name") or "")
            today = self._clock.now().astimezone(self._zone).date()
            by_patterns = self._triage.judge(text, today, after_treatment=label == REPORT)
            triaged = self._triage.raised(by_patterns, label, message.get(SIGNS) or [])
            judgement = triaged.judgement
            message.set(
                JUDGEMENT,
                {
                    **as_dict(judgement),
                    "device": triaged.told.device,
                    "day": triaged.told.day,
                    "by_patterns": judgement.urgency is by_patterns.judgement.urgency,
                },
                add_to_output=True,
            )
            intent = self._certain_intent(text, judgement)
            ranking = [
                (entry["name"], entry["confidence"])
                for entry in message.get(INTENT_RANKING_KEY) or []
                if entry["name"] != intent
            ]
            if intent:
                decided = outputs(intent, [(intent, 1.0), *ranking], 1.0)
            elif label in OF_SIGNS or (judgement.asked and label == NOT_UNDERSTOOD):
                decided = _without_signs(ranking, judgement)
            else:
                continue
            for key, value in decided.items():
                message.set(key, value, add_to_output=True)
        return messages

    def _certain_intent(self, text: str, judgement: Judgement) -> str:
        if judgement.urgency in LABEL_OF:
            return LABEL_OF[judgement.urgency]
        if language_of(text) not in READ_BY_THE_CLASSIFIER:
            return OTHER_LANGUAGE
        return self._commands.intent_of(text)

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Nothing is learnt from the rules."""
        return training_data


def _without_signs(ranking: list[tuple[str, float]], judgement: Judgement) -> dict[str, Any]:
    """What a message means that the classifier took for a sign, and that is none after all.

    Who asks about the risk of one is told of side effects, if nothing nearer is likely.
    """
    others = [each for each in ranking if each[0] not in OF_SIGNS]
    total = sum(score for _, score in others)
    nearest = next(iter(others), (NOT_UNDERSTOOD, 0.0))
    if judgement.asked:
        topics = [name for name, _ in others if is_topic(name)]
        return outputs(next(iter(topics), ASKED_ABOUT_A_RISK), others, 1.0)
    if total and nearest[1] / total >= CLEARLY:
        return outputs(nearest[0], others, nearest[1] / total)
    return outputs(NOT_UNDERSTOOD, others, 1.0)


def as_dict(judgement: Judgement) -> dict[str, Any]:
    """The judgement as it travels in a parse result."""
    return {
        "urgency": judgement.urgency.value,
        "sign": judgement.sign,
        "language": judgement.language,
        "courses": list(judgement.courses),
        "asked": judgement.asked,
    }
