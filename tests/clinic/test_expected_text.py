"""What is said of an expected sign, and under a question about a risk (brief 5.2 and 5.4)."""

from __future__ import annotations

import re

import pytest

from bot.clinic.red_flags import asked_text, expected_text
from bot.data_files import DATA, read_signs, read_yaml
from tests.clinic.test_aftercare import EXPECTED_UNTIL

TEXTS = read_yaml(DATA / "safety" / "texts.yml")
FACTS = {
    "emergency": "112",
    "ambulance": "108",
    "mental_health": "14416",
    "same_day": "+91 99999 00001",
    "after_hours": "+91 99999 00002",
    "opening": "Monday 10:00",
}
LANGUAGES = ("en", "hi_latn", "hi", "mr")
SIGNS = [f"X{number:02}" for number in range(1, 9)]
# What the verdict may be about: a sign, or a course that has none of its own.
ABOUT = [*SIGNS, "oozing"]
UNTIL = 21
CALMING = re.compile(r"normal|nothing to worry|सामान्य|नॉर्मल|normal hai|chinta", re.IGNORECASE)

each_sign = pytest.mark.parametrize("sign", ABOUT)
each_language = pytest.mark.parametrize("language", LANGUAGES)


def said(sign: str, language: str, until: int | None = UNTIL) -> str:
    return expected_text(sign, until, language, TEXTS, FACTS)


@each_sign
@each_language
def test_it_says_when_to_call_and_whom(sign: str, language: str) -> None:
    text = said(sign, language)
    for number in ("same_day", "after_hours", "emergency", "ambulance"):
        assert FACTS[number] in text


@each_sign
@each_language
def test_it_begins_with_how_long_it_usually_takes(sign: str, language: str) -> None:
    assert said(sign, language).startswith(TEXTS["expected"]["sign"][sign][language])


@each_sign
@each_language
def test_it_names_the_last_day_where_there_is_one(sign: str, language: str) -> None:
    assert str(UNTIL) in said(sign, language)
    assert str(UNTIL) not in said(sign, language, None)


@each_sign
@each_language
def test_without_a_last_day_nothing_is_left_of_it(sign: str, language: str) -> None:
    text = said(sign, language, None)
    assert "None" not in text
    assert "until" not in text


@each_language
def test_the_day_of_the_treatment_is_a_last_day_too(language: str) -> None:
    assert len(said("oozing", language, 0).splitlines()) == len(
        said("oozing", language, UNTIL).splitlines()
    )


@each_sign
@each_language
def test_it_never_says_that_this_is_normal(sign: str, language: str) -> None:
    assert not CALMING.search(said(sign, language))


@each_sign
@each_language
def test_every_placeholder_is_filled(sign: str, language: str) -> None:
    assert not re.search(r"[{}]", said(sign, language))


@each_sign
def test_in_english_it_is_said_once(sign: str) -> None:
    assert len(said(sign, "en").splitlines()) == 3


@each_sign
@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_in_another_language_english_follows(sign: str, language: str) -> None:
    assert said(sign, language).endswith(f"\n{said(sign, 'en')}")
    assert len(said(sign, language).splitlines()) == 6


def test_there_is_a_text_for_each_sign_of_the_data() -> None:
    told = {str(each["id"]) for each in read_signs()["signs"] if each["id"][0] == "X"}
    assert told == set(SIGNS)


def test_there_is_a_text_for_each_course_that_no_expected_sign_has() -> None:
    signs = read_signs()["signs"]
    own = {str(each["course"]) for each in signs if each["id"][0] == "X" and "course" in each}
    assert set(EXPECTED_UNTIL) - own == {"oozing"}


def test_an_unknown_sign_is_no_text() -> None:
    with pytest.raises(KeyError):
        said("X99", "en")


@each_language
def test_under_a_question_about_a_risk_stand_the_numbers(language: str) -> None:
    text = asked_text(language, TEXTS, FACTS)
    assert FACTS["emergency"] in text
    assert FACTS["ambulance"] in text
    assert len(text.splitlines()) == 1


def test_the_line_under_a_question_is_in_its_language() -> None:
    assert len({asked_text(language, TEXTS, FACTS) for language in LANGUAGES}) == len(LANGUAGES)
