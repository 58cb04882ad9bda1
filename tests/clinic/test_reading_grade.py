"""The grade is that of textstat 0.7.4, on the text as it stands."""

from __future__ import annotations

import sys
from importlib.metadata import version

import pytest

from bot.clinic.reading_grade import reading_grade


def test_the_measure_is_the_version_that_texts_were_written_for() -> None:
    assert version("textstat") == "0.7.4"


def test_the_grade_is_that_of_flesch_and_kincaid() -> None:
    # 10 words in 2 sentences, with 15 syllables
    text = "The skin was tender before. Call the doctor after summer."
    assert reading_grade(text) == pytest.approx(0.39 * 5 + 11.8 * 1.5 - 15.59, abs=0.06)


def test_long_words_in_a_long_sentence_read_harder() -> None:
    plain = "Call us today. We help you."
    hard = "Immediate professional consultation regarding complications is recommended."
    assert reading_grade(plain) < 7 < reading_grade(hard)


@pytest.mark.parametrize("text", ["", "...", "\n"])
def test_a_text_without_words_has_grade_zero(text: str) -> None:
    assert reading_grade(text) == 0.0


def test_the_module_that_textstat_misses_is_not_left_behind() -> None:
    reading_grade("Call us today.")
    assert "pkg_resources" not in sys.modules
