from __future__ import annotations

import pytest
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.clinic.triage import LABEL_OF, NO_SIGN, REPORT, SURE_OF_NONE
from bot.engine.certain import OF_SIGNS, Certain
from bot.engine.sign_model import SIGNS, SignModel
from bot.engine.understanding import outputs

CLASSIFIED = [
    ("faq/pain", 0.6), ("faq/price", 0.2), ("greet", 0.1), ("faq/is_it_safe", 0.05),
    ("thanks", 0.05),
]  # fmt: skip


# What else a message may be that the classifier takes for a sign: clearly one of them, or not.
OTHERS = CLASSIFIED[1:]
UNCLEAR = [("greet", 0.1), ("faq/price", 0.1), ("thanks", 0.1)]
RISK = "what if I cannot breathe after it"
SURE = [{NO_SIGN: 1.0}]
UNSURE = [{NO_SIGN: SURE_OF_NONE - 0.01}]


@pytest.fixture(scope="module")
def certain() -> Certain:
    return Certain.create({}, None, None, None)


def overruled(
    certain: Certain,
    text: str,
    label: str = "faq/pain",
    signs: list[dict[str, float]] | None = None,
    others: list[tuple[str, float]] = OTHERS,
) -> Message:
    """The message after the component; the classifier has taken it for a question about pain.

    Or for `label`, and for `others` after it; `signs` is what the model of signs has said.
    """
    message = Message({TEXT: text})
    for key, value in outputs(label, [(label, 0.6), *others], 0.6).items():
        message.set(key, value, add_to_output=True)
    if signs is not None:
        message.set(SIGNS, signs)
    (processed,) = certain.process([message])
    return processed


def judgement(found: Message) -> tuple[str, str]:
    """Urgency and sign."""
    return found.get("judgement")["urgency"], found.get("judgement")["sign"]


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
    assert output["judgement"] == {
        "urgency": "none",
        "sign": "",
        "language": "en",
        "courses": [],
        "asked": "",
        "device": "",
        "day": None,
        "by_patterns": True,
    }


def test_what_was_told_of_the_treatment_is_part_of_it(certain: Certain) -> None:
    found = overruled(certain, "I had MNRF yesterday, my face is red")
    assert found.get("intent") == {"name": REPORT, "confidence": 1.0}
    judged = found.get("judgement")
    assert (judged["device"], judged["day"], judged["courses"]) == ("mnrf", 1, ["redness"])
    assert judgement(found) == ("expected", "X01")


def test_past_its_day_an_expected_sign_is_a_same_day_sign(certain: Certain) -> None:
    found = overruled(certain, "I had MNRF 9 days ago, my face is red")
    assert found.get("intent")["name"] == REPORT
    assert judgement(found) == ("same_day", "D13")


def test_the_label_tells_that_a_treatment_was_done(certain: Certain) -> None:
    assert judgement(overruled(certain, "my face is red")) == ("none", "")
    assert judgement(overruled(certain, "my face is red", REPORT)) == ("expected", "X01")


def test_a_risk_that_is_asked_about_is_part_of_it(certain: Certain) -> None:
    found = overruled(certain, RISK)
    assert (found.get("intent")["name"], found.get("judgement")["asked"]) == ("faq", "E01")


@pytest.mark.parametrize(
    ("sign", "intent", "urgency"),
    [
        ("E05", "emergency", "emergency"),
        ("CRISIS", "crisis", "crisis"),
        ("D03", REPORT, "same_day"),
    ],
)
def test_what_only_the_model_of_signs_hears_is_certain_too(
    certain: Certain, sign: str, intent: str, urgency: str
) -> None:
    found = overruled(certain, "these odd words", signs=[{NO_SIGN: 1.0}, {sign: 0.9}])
    assert found.get("intent") == {"name": intent, "confidence": 1.0}
    assert "faq" not in found.get("response_selector")
    assert judgement(found) == (urgency, sign)


def test_the_parse_says_whether_the_patterns_alone_would_have_known(certain: Certain) -> None:
    heard = overruled(certain, "these odd words", signs=[{"E05": 0.9}])
    read = overruled(certain, "I cannot breathe", signs=SURE)
    assert (heard.get("judgement")["by_patterns"], read.get("judgement")["by_patterns"]) == (
        False,
        True,
    )


def test_danger_by_pattern_is_certain_whatever_the_model_of_signs_says(certain: Certain) -> None:
    found = overruled(certain, "my lips and tongue are swelling", signs=SURE)
    assert judgement(found) == ("emergency", "E02")


@pytest.mark.parametrize("label", sorted(OF_SIGNS))
@pytest.mark.parametrize("signs", [None, UNSURE])
def test_a_label_of_a_sign_stands_where_the_model_of_signs_doubts(
    certain: Certain, label: str, signs: list[dict[str, float]] | None
) -> None:
    found = overruled(certain, "these odd words", label, signs)
    assert found.get("intent") == {"name": label, "confidence": 1.0}
    assert LABEL_OF[found.get("judgement")["urgency"]] == label


@pytest.mark.parametrize("label", sorted(OF_SIGNS))
@pytest.mark.parametrize("others", [UNCLEAR, []])
def test_a_label_of_a_sign_that_is_none_is_not_understood(
    certain: Certain, label: str, others: list[tuple[str, float]]
) -> None:
    found = overruled(certain, "these odd words", label, SURE, others)
    assert found.get("intent") == {"name": "nlu_fallback", "confidence": 1.0}
    assert judgement(found) == ("none", "")


@pytest.mark.parametrize("label", sorted(OF_SIGNS))
def test_what_else_it_may_be_is_offered_instead(certain: Certain, label: str) -> None:
    others = [*UNCLEAR[:2], *((name, 0.05) for name in sorted(OF_SIGNS - {label}))]
    found = overruled(certain, "these odd words", label, SURE, others)
    offered = [entry["name"] for entry in found.get("intent_ranking")]
    assert offered == [name for name, _ in UNCLEAR[:2]]


def test_what_it_clearly_is_else_is_meant(certain: Certain) -> None:
    found = overruled(certain, "these odd words", REPORT, SURE)
    share = pytest.approx(CLASSIFIED[1][1] / sum(score for _, score in OTHERS))
    assert found.get("intent") == {"name": "faq", "confidence": share}
    assert found.get("response_selector")["faq"]["response"]["intent_response_key"] == "faq/price"


@pytest.mark.parametrize(
    ("others", "topic"),
    [(UNCLEAR, "faq/price"), ([("greet", 0.4)], "faq/side_effects"), ([], "faq/side_effects")],
)
def test_who_asks_about_the_risk_of_a_sign_is_told_of_a_topic(
    certain: Certain, others: list[tuple[str, float]], topic: str
) -> None:
    found = overruled(certain, RISK, "emergency", SURE, others)
    assert found.get("intent") == {"name": "faq", "confidence": 1.0}
    assert found.get("response_selector")["faq"]["response"]["intent_response_key"] == topic
    assert found.get("judgement")["asked"] == "E01"


def test_low_mood_is_left_to_the_classifier(certain: Certain) -> None:
    found = overruled(certain, "I hate how I look", "distress", SURE)
    assert found.get("intent") == {"name": "distress", "confidence": 0.6}


def test_a_command_that_was_taken_for_a_sign_is_a_command(certain: Certain) -> None:
    assert overruled(certain, "agent", REPORT, SURE).get("intent")["name"] == "talk_to_staff"


def test_a_same_day_word_in_another_sense_is_left_to_the_classifier(certain: Certain) -> None:
    found = overruled(certain, "there is pus on my face", signs=SURE)
    assert found.get("intent") == {"name": "faq", "confidence": 0.6}
    assert judgement(found) == ("none", "")


def test_it_needs_the_model_of_signs_before_it_and_learns_nothing(certain: Certain) -> None:
    data = TrainingData(training_examples=[Message({TEXT: "hello"})])
    assert Certain.required_components() == [SignModel]
    assert Certain.get_default_config() == {}
    assert certain.process_training_data(data) is data
