from __future__ import annotations

import pytest

from bot.clinic.references import (
    ALPHABET,
    LENGTH,
    looks_like_one,
    new_reference,
    normalised,
    reference_in,
)

PAIRS_MISTAKEN = ("0O", "0Q", "0D", "1I", "1L", "IL", "2Z", "5S", "8B", "6G", "UV", "OQ")


def test_a_reference_is_eight_letters_and_digits_of_the_alphabet() -> None:
    for _ in range(500):
        reference = new_reference()
        assert len(reference) == LENGTH == 8
        assert set(reference) <= set(ALPHABET)


def test_a_thousand_references_are_a_thousand_different_ones() -> None:
    assert len({new_reference() for _ in range(1000)}) == 1000


def test_every_letter_comes_at_every_place() -> None:
    references = [new_reference() for _ in range(2000)]
    for place in range(LENGTH):
        assert {reference[place] for reference in references} == set(ALPHABET)


@pytest.mark.parametrize("pair", PAIRS_MISTAKEN)
def test_no_two_letters_are_mistaken_for_each_other(pair: str) -> None:
    assert not set(pair) <= set(ALPHABET)


def test_without_vowels_no_word_comes_out() -> None:
    assert not set("AEIOUY") & set(ALPHABET)


@pytest.mark.parametrize(
    "typed",
    [
        "CDFH3479",
        "cdfh3479",
        "  CDFH 3479\n",
        "cdfh-3479",
        "C D F H 3 4 7 9",
        "CDFH\u20133479",
        "CDFH\u00a03479.",
        "\uff23\uff24\uff26\uff28\uff13\uff14\uff17\uff19",
    ],
)
def test_a_reference_is_read_as_it_was_typed(typed: str) -> None:
    assert normalised(typed) == "CDFH3479"


@pytest.mark.parametrize(
    "typed", ["", "CDFH347", "CDFH34799", "CDFH347O", "CDFH347é", "my booking"]
)
def test_what_is_no_reference_is_none(typed: str) -> None:
    assert normalised(typed) is None


def test_every_new_reference_is_read_back_from_small_letters() -> None:
    reference = new_reference()
    assert normalised(reference.lower()) == reference


@pytest.mark.parametrize(
    "text",
    [
        "CDFHJKM3",
        "my reference is cdfhjkm3, thanks",
        "ref:CDFH-JKM3 phone 99999 00001",
        "cd fh jk m3",
        "Cancel CDFH JKM3 please",
        "99999 00001 and CDFHJKM3.",
    ],
)
def test_a_reference_is_found_in_a_message(text: str) -> None:
    assert reference_in(text) == "CDFHJKM3"


@pytest.mark.parametrize(
    "text",
    ["", "99999 00001", "my phone is +91 99999 00001", "cancel my appointment on friday",
     "I am coming at 5 pm", "CDFHJKM", "CDFHJKM34", "ABCDEFGH"],
)  # fmt: skip
def test_no_reference_is_found_where_there_is_none(text: str) -> None:
    assert reference_in(text) is None


@pytest.mark.parametrize(
    ("text", "looks"),
    [("ABCD1234", True), ("it is CDFHJKM0", True), ("CDFHJKM3", False), ("99999000", False),
     ("tomorrow", False), ("i am 25 years", False)],
)  # fmt: skip
def test_what_was_meant_as_a_reference_is_recognised(text: str, looks: bool) -> None:
    assert looks_like_one(text) is looks
