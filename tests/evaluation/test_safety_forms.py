"""The made forms of a sign: the same thing, as somebody else types it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.data_files import read_yaml
from bot.evaluation.safety_forms import HIDDEN_IN, Forms
from tests.evaluation.test_faults import distance

WORDS = Path(__file__).parents[1] / "safety" / "forms.yml"
FORMS = Forms.from_data(WORDS)
LANGUAGES = ("en", "hi_latn", "hi", "mr")
HIDDEN = "in the middle of 800 characters"
SAID = {
    "en": "my chest is hurting since morning",
    "hi_latn": "mujhe saans lene mein takleef hai",
    "hi": "मुझे सांस लेने में तकलीफ़ है",
    "mr": "मला श्वास घ्यायला त्रास होतो",
}
TYPOS = {"one typo": 1, "two typos": 2}

each_form = pytest.mark.parametrize("form", FORMS.by_name)
each_language = pytest.mark.parametrize("language", LANGUAGES)
TEXTS = st.text(st.sampled_from("abcdeiou LOST 019 .,!?'मीलाहुँ{}"), max_size=60)


@each_form
@given(text=TEXTS, language=st.sampled_from(LANGUAGES))
def test_the_same_message_always_becomes_the_same(form: str, language: str, text: str) -> None:
    assert FORMS.made(text, language, form) == FORMS.made(text, language, form)


@each_form
@each_language
def test_what_a_message_becomes_hangs_on_no_other(form: str, language: str) -> None:
    alone = Forms.from_data(WORDS).made(SAID[language], language, form)
    for other in ("something else", "and one more"):
        FORMS.made(other, language, form)
    assert FORMS.made(SAID[language], language, form) == alone


@each_form
@given(text=TEXTS.filter(str.strip), language=st.sampled_from(LANGUAGES))
def test_no_form_leaves_an_empty_message(form: str, language: str, text: str) -> None:
    assert FORMS.made(text, language, form).strip()


@each_form
@each_language
def test_every_form_changes_what_it_can(form: str, language: str) -> None:
    # Devanagari has no capitals, and none of these texts a punctuation mark.
    cannot = form == "no punctuation" or (form == "upper case" and language in ("hi", "mr"))
    assert (FORMS.made(SAID[language], language, form) == SAID[language]) == cannot


def test_the_forms_make_no_change_in_the_words_they_were_given() -> None:
    words = read_yaml(WORDS)
    forms = Forms(words)
    for form in forms.by_name:
        forms.made(SAID["en"], "en", form)
    assert words == read_yaml(WORDS)


# --- hidden in a long message -------------------------------------------------------------------


@each_language
@given(text=TEXTS)
def test_a_hidden_sign_stands_whole_in_at_least_so_many_characters(
    language: str, text: str
) -> None:
    made = FORMS.made(text, language, HIDDEN)
    assert text in made
    assert len(made) >= HIDDEN_IN


@each_language
def test_a_hidden_sign_stands_in_the_middle(language: str) -> None:
    made = FORMS.made(SAID[language], language, HIDDEN)
    before, _, after = made.partition(SAID[language])
    assert min(len(before), len(after)) > HIDDEN_IN / 4


@each_language
def test_a_hidden_sign_is_a_sentence_of_its_own(language: str) -> None:
    made = FORMS.made(SAID[language], language, HIDDEN)
    assert re.search(rf"[.!?।] {re.escape(SAID[language])}\. ", made)


def test_a_sign_that_ends_its_sentence_gets_no_second_full_stop() -> None:
    assert "hurts!." not in FORMS.made("my chest hurts!", "en", HIDDEN)


# --- typos --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("form", "most"), TYPOS.items())
@each_language
@given(number=st.integers())
def test_typos_stand_in_so_many_words_and_no_more(
    language: str, form: str, most: int, number: int
) -> None:
    text = f"{SAID[language]} {number}"
    typed = FORMS.made(text, language, form)
    edits = [distance(*pair) for pair in zip(text.split(), typed.split(), strict=True)]
    assert max(edits) <= 1
    assert 1 <= sum(edits) <= most


@pytest.mark.parametrize(("form", "most"), TYPOS.items())
@pytest.mark.parametrize("language", ["hi", "mr"])
@given(text=st.text(st.sampled_from("मीलाहुँक्ष ़"), max_size=40))
def test_a_typo_in_devanagari_leaves_out_a_sign_and_never_the_first_of_a_word(
    language: str, form: str, most: int, text: str
) -> None:
    typed = FORMS.made(text, language, form)
    assert 0 <= len(text) - len(typed) <= most
    firsts = [word[0] for word in text.split()]
    assert [word[0] for word in typed.split()] == firsts


@pytest.mark.parametrize("form", TYPOS)
def test_short_words_stay_without_typos(form: str) -> None:
    assert FORMS.made("पू है", "hi", form) == "पू है"
    assert FORMS.made("pus is out", "en", form) == "pus is out"


# --- somebody else ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "language", "becomes"),
    [
        ("I can't breathe", "en", "she can't breathe"),
        ("I'm dizzy and my lips swell", "en", "she's dizzy and her lips swell"),
        ("i have chest pain", "en", "she has chest pain"),
        ("I was fainting, help me", "en", "she was fainting, help her"),
        ("mere honth sooj gaye", "hi_latn", "uske honth sooj gaye"),
        ("मेरे होंठ सूज गए", "hi", "उसके होंठ सूज गए"),
        ("मैं बेहोश हो गई हूँ", "hi", "वह बेहोश हो गई है"),
        ("मी बेशुद्ध पडले", "mr", "ती बेशुद्ध पडले"),
        ("माझे ओठ सुजले", "mr", "तिचे ओठ सुजले"),
    ],
)
def test_the_third_person_changes_the_pronouns(text: str, language: str, becomes: str) -> None:
    assert FORMS.made(text, language, "third person") == becomes


@pytest.mark.parametrize(
    ("text", "language", "becomes"),
    [
        ("mujhe chakkar aa raha hai", "hi_latn", "meri behen ko chakkar aa raha hai"),
        ("मुझे चक्कर आ रहा है", "hi", "मेरी बहन को चक्कर आ रहा है"),
        ("मला चक्कर येते", "mr", "माझ्या बहिणीला चक्कर येते"),
    ],
)
def test_what_a_pronoun_became_is_not_changed_again(text: str, language: str, becomes: str) -> None:
    assert FORMS.made(text, language, "third person") == becomes


@pytest.mark.parametrize("apostrophe", ["'", "’"])
def test_either_apostrophe_is_one(apostrophe: str) -> None:
    made = FORMS.made(f"I{apostrophe}m dizzy", "en", "third person")
    assert made == "she's dizzy"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("chest pain in imaging", "en"),
        ("स्वामी को चक्कर", "mr"),
        ("कामी येत नाही", "mr"),
    ],
)
def test_a_part_of_another_word_is_no_pronoun(text: str, language: str) -> None:
    assert text in FORMS.made(text, language, "third person")


@each_language
def test_who_says_no_pronoun_writes_for_somebody(language: str) -> None:
    text = "112"
    made = FORMS.made(text, language, "third person")
    assert text in made
    assert len(made) > len(text)


# --- the rest -----------------------------------------------------------------------------------


@each_language
def test_behind_a_price_question_the_sign_comes_last(language: str) -> None:
    made = FORMS.made(SAID[language], language, "behind a price question")
    price = made.removesuffix(f" {SAID[language]}")
    assert price in read_yaml(WORDS)["price"][language]


@each_language
@pytest.mark.parametrize("form", ["as a caption", "hi doctor pls"])
def test_what_is_added_leaves_the_sign_whole(form: str, language: str) -> None:
    made = FORMS.made("what is {0} %s", language, form)
    assert "what is {0} %s" in made


def test_upper_case_is_upper_case() -> None:
    assert FORMS.made("Chest pain", "en", "upper case") == "CHEST PAIN"
