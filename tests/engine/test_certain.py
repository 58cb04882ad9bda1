from __future__ import annotations

import pytest
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.engine.certain import Certain
from bot.engine.classifier import FlatClassifier
from bot.engine.understanding import outputs

CLASSIFIED = [
    ("faq/pain", 0.6), ("faq/price", 0.2), ("greet", 0.1), ("faq/is_it_safe", 0.05),
    ("thanks", 0.05),
]  # fmt: skip


@pytest.fixture(scope="module")
def certain() -> Certain:
    return Certain.create({}, None, None, None)


def overruled(certain: Certain, text: str) -> Message:
    """The message after the component; the classifier has taken it for a question about pain."""
    message = Message({TEXT: text})
    for key, value in outputs("faq/pain", CLASSIFIED, 0.6).items():
        message.set(key, value, add_to_output=True)
    (processed,) = certain.process([message])
    return processed


@pytest.mark.parametrize(
    ("text", "intent", "urgency"),
    [
        ("I cannot breathe properly since the injection", "emergency", "emergency"),
        ("my lips and tongue are swelling", "emergency", "emergency"),
        ("saans nahi aa rahi hai", "emergency", "emergency"),
        ("मुझे सांस नहीं आ रही है", "emergency", "emergency"),
        ("मला श्वास घेता येत नाही", "emergency", "emergency"),
        ("I want to kill myself", "crisis", "crisis"),
        ("mujhe marna hai, jeena nahi chahta", "crisis", "crisis"),
        ("how much is it? also I can't breathe", "emergency", "emergency"),
    ],
)
def test_danger_is_the_intent_with_confidence_1(
    certain: Certain, text: str, intent: str, urgency: str
) -> None:
    found = overruled(certain, text)
    assert found.get("intent") == {"name": intent, "confidence": 1.0}
    assert found.get("intent_ranking")[0] == {"name": intent, "confidence": 1.0}
    assert len(found.get("intent_ranking")) == 5
    assert "faq" not in found.get("response_selector")
    assert found.get("judgement")["urgency"] == urgency
    assert found.get("judgement")["sign"]


@pytest.mark.parametrize(
    "text",
    [
        "does it hurt?",
        "what if I cannot breathe after it, is that a known side effect?",
        "bina dard ke hota hai kya",
        "I am dying to see the results",
        "",
        "🙂",
    ],
)
def test_a_harmless_message_is_left_to_the_classifier(certain: Certain, text: str) -> None:
    found = overruled(certain, text)
    assert found.get("intent") == {"name": "faq", "confidence": 0.6}
    assert [entry["name"] for entry in found.get("intent_ranking")] == [n for n, _ in CLASSIFIED]
    assert found.get("response_selector")["faq"]["response"]["intent_response_key"] == "faq/pain"
    assert found.get("judgement")["urgency"] == "none"
    assert found.get("judgement")["sign"] == ""


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("क्या यह सुरक्षित है?", "hi"),
        ("तुमची फी किती आहे?", "mr"),
        # No reply is written in these, so it is English.
        ("كم سعر الجلسة؟", "en"),
        ("这个治疗多少钱", "en"),
    ],
)
def test_a_script_that_the_classifier_cannot_read_is_another_language(
    certain: Certain, text: str, language: str
) -> None:
    found = overruled(certain, text)
    assert found.get("intent") == {"name": "change_language", "confidence": 1.0}
    assert found.get("judgement")["language"] == language


def test_roman_hindi_is_left_to_the_classifier(certain: Certain) -> None:
    found = overruled(certain, "kya isme dard hota hai")
    assert found.get("intent")["name"] == "faq"
    assert found.get("judgement")["language"] == "hi_latn"


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("agent", "talk_to_staff"),
        ("Human", "talk_to_staff"),
        ("menu", "help_menu"),
        ("  OPTIONS!  ", "help_menu"),
        ("STOP", "stop_messages"),
        ("stop.", "stop_messages"),
        ("Don’t message me", "stop_messages"),
    ],
)
def test_a_whole_message_that_is_a_command_is_certain(
    certain: Certain, text: str, intent: str
) -> None:
    assert overruled(certain, text).get("intent") == {"name": intent, "confidence": 1.0}


@pytest.mark.parametrize(
    "text",
    [
        "it won't stop hurting a little",
        "should I stop retinol",
        "is the menu of treatments long",
        "are you an agent of the company",
        "a person in my family had it",
    ],
)
def test_a_command_inside_a_sentence_is_none(certain: Certain, text: str) -> None:
    assert overruled(certain, text).get("intent")["name"] == "faq"


def test_bleeding_that_will_not_stop_is_danger_and_no_stop(certain: Certain) -> None:
    assert overruled(certain, "it won't stop bleeding").get("intent")["name"] == "emergency"


def test_the_judgement_is_part_of_the_parse(certain: Certain) -> None:
    output = overruled(certain, "does it hurt?").as_dict(only_output_properties=True)
    assert output["judgement"] == {"urgency": "none", "sign": "", "language": "en"}


def test_it_needs_the_classifier_before_it_and_learns_nothing(certain: Certain) -> None:
    data = TrainingData(training_examples=[Message({TEXT: "hello"})])
    assert Certain.required_components() == [FlatClassifier]
    assert Certain.get_default_config() == {}
    assert certain.process_training_data(data) is data
