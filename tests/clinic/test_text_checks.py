"""The checks of texts: sentences and the never-say rules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.clinic.text_checks import (
    NeverSay,
    longest_sentence_words,
    sentences,
)

RULES = [f"V{number:02}" for number in range(1, 28)]


@pytest.fixture(scope="module")
def listed() -> dict[str, Any]:
    """The content of data/never_say.yml."""
    content = yaml.safe_load(Path("data/never_say.yml").read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    return content


@pytest.fixture(scope="module")
def never_say(listed: dict[str, Any]) -> NeverSay:
    """The project's own rules."""
    return NeverSay.from_mapping(listed)


def small(**changes: Any) -> dict[str, Any]:
    """A mapping with one rule and one exception, changed as a test needs it."""
    exception = {
        "rule": "V11",
        "sentence": "Is it approved?",
        "where": ["button", "faq/a/label"],
        "reason": "the patient's question",
    } | changes
    return {"patterns": {"V11": {"english": "approved"}}, "exceptions": [exception]}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("Scores fell 32.5%. One study.", ["Scores fell 32.5%.", "One study."]),
        ("See Dr. Rao today. Then rest.", ["See Dr. Rao today.", "Then rest."]),
        ("It is No. 1 here.", ["It is No. 1 here."]),
        ("No. It is not.", ["No.", "It is not."]),
        ("A HELLO! India page. Hello! Hi.", ["A HELLO! India page.", "Hello!", "Hi."]),
        ("First\n• Second\n• Third. Fourth", ["First", "Second", "Third.", "Fourth"]),
        ('He said "no." Then left.', ['He said "no."', "Then left."]),
        ("यह ठीक है। कॉल करें।", ["यह ठीक है।", "कॉल करें।"]),
        ("", []),
        (" \n ", []),
    ],
)  # fmt: skip
def test_sentences_end_where_a_reader_stops(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@given(st.text(alphabet="ab .!?\n•", max_size=60))
def test_no_letter_is_lost_between_sentences(text: str) -> None:
    kept = "".join(sentences(text))
    assert [each for each in kept if each.isalpha()] == [each for each in text if each.isalpha()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("One two three. Four.", 3), ("a\n• b c \u2013 d", 3), ("make-up is one", 3), ("", 0)],
)
def test_the_longest_sentence_is_counted_in_words(text: str, expected: int) -> None:
    assert longest_sentence_words(text) == expected


FORBIDDEN = [
    ("V01", "We guarantee it."),
    ("V01", "हम गारंटी देते हैं।"),
    ("V01", "फरक हमखास दिसतो."),
    ("V02", "It works 100% of the time."),
    ("V02", "It works 100 % of the time."),
    ("V03", "This cures hair fall."),
    ("V03", "Yeh pakka ilaaj hai."),
    ("V03", "यह पक्का इलाज है।"),
    ("V03", "हा खात्रीशीर उपाय आहे."),
    ("V04", "A permanent change."),
    ("V05", "Like magic."),
    ("V05", "चमत्कारिक असर"),
    ("V06", "It has no side effects."),
    ("V06", "It is side-effect-free."),
    ("V06", "इसमें कोई साइड इफेक्ट नहीं है।"),
    ("V06", "याचे दुष्परिणाम नाहीत."),
    ("V07", "It is risk free."),
    ("V08", "A painless visit."),
    ("V09", "It is completely safe."),
    ("V10", "It suits everyone."),
    ("V11", "An FDA-approved product."),
    ("V11", "यह मंजूर है।"),
    ("V11", "यह मंज़ूर है।"),
    ("V11", "हे मान्यताप्राप्त आहे."),
    ("V12", "It is clinically proven."),
    ("V13", "We are No. 1 in Mumbai."),
    ("V14", "Instant results."),
    ("V15", "Soon you will see a change."),
    ("V16", "It won't disappoint."),
    ("V16", "It won\u2019t disappoint."),
    ("V17", "Our stem cell therapy."),
    ("V18", "We inject it."),
    ("V18", "Two injections a month."),
    ("V19", "They are 30 to 150 mm wide."),
    ("V19", "They are 150mm wide."),
    ("V20", "These cells are tiny."),
    ("V20", "Exosomes are tiny stem cells."),
    ("V21", "Hurry, last slots."),
    ("V22", "Ask about skin whitening."),
    ("V22", "गोरी त्वचा"),
    ("V22", "गोरेपणासाठी"),
    ("V23", "You have an infection."),
    ("V24", "You are suitable."),
    ("V25", "Please stop taking your prescribed medicines."),
    ("V26", "Take paracetamol."),
    ("V27", "Take 500 mg."),
]


@pytest.mark.parametrize(("rule", "text"), FORBIDDEN)
def test_each_rule_finds_what_it_forbids(never_say: NeverSay, rule: str, text: str) -> None:
    assert rule in {breach.rule for breach in never_say.breaches(text, "faq/price")}
    assert rule in {breach.rule for breach in never_say.breaches(text.upper(), "faq/price")}


def test_every_rule_of_the_brief_is_there_and_tried(listed: dict[str, Any]) -> None:
    assert list(listed["patterns"]) == RULES
    assert sorted({rule for rule, _ in FORBIDDEN}) == RULES


@pytest.mark.parametrize(
    "text",
    [
        "It is about 30 to 150 nm wide.",
        "A secured door.",
        "Hammer and summer hold two letters m.",
        "The improved device.",
        "Nobody can promise a result.",
        "Exosomes are packets that cells release.",
        "यह नामंज़ूर है।",
    ],
)
def test_a_word_inside_another_is_not_found(never_say: NeverSay, text: str) -> None:
    assert never_say.breaches(text, "faq/price") == []


def test_a_breach_says_where_and_what() -> None:
    breach = NeverSay.from_mapping(small()).breaches("Fine. It is Approved now.", "faq/a")[0]
    assert str(breach) == "faq/a: V11 forbids 'Approved' in 'It is Approved now.'"


@pytest.mark.parametrize(
    ("text", "where", "allowed"),
    [
        ("Is it approved?", "button", True),
        ("Is it approved?", "faq/a/label", True),
        ("Is it approved?", "faq/a", False),
        ("Is it approved", "button", False),
        ("is it approved?", "button", False),
        ("Is it approved? It is approved.", "button", False),
    ],
)
def test_an_exception_holds_for_its_sentence_in_its_place(
    text: str, where: str, allowed: bool
) -> None:
    assert (NeverSay.from_mapping(small()).breaches(text, where) == []) is allowed


def test_an_exception_that_no_text_needs_is_reported() -> None:
    rules = NeverSay.from_mapping(small())
    texts = [("Is it approved?", "button"), ("Nothing here.", "faq/a/label")]
    assert [each.where for each in rules.used(*texts[0])] == ["button"]
    assert [each.where for each in rules.unused(texts, "")] == ["faq/a/label"]
    assert rules.unused(texts, "button") == []


def test_the_rules_refuse_what_is_wrong_in_their_file() -> None:
    with pytest.raises(ValueError, match="V99, which is no rule"):
        NeverSay.from_mapping(small(rule="V99"))
    with pytest.raises(ValueError, match="listed twice: V11 / button"):
        NeverSay.from_mapping(small(where=["button", "button"]))
    with pytest.raises(ValueError, match="V11 has a pattern in 'french'"):
        NeverSay.from_mapping({"patterns": {"V11": {"french": "x"}}, "exceptions": []})


def test_every_exception_has_a_reason_and_matches_its_rule(
    listed: dict[str, Any], never_say: NeverSay
) -> None:
    for entry in listed["exceptions"]:
        assert entry["reason"]
        found = never_say.breaches(entry["sentence"], "nowhere")
        assert entry["rule"] in {breach.rule for breach in found}, entry["sentence"]
