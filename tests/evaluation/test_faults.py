from __future__ import annotations

import re
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.evaluation.faults import FORMS, character_errors, with_faults

TEXTS = st.text(st.sampled_from("abcdeiou LOST 019 .,!?'éहु😊:"), max_size=40)


def chooser(seed: int) -> Random:
    """A source of choices that are the same each time."""
    return Random(seed)  # noqa: S311


def distance(one: str, other: str) -> int:
    """Edits from one to the other; swapped neighbours are one edit (Damerau 1964)."""
    rows = [list(range(len(other) + 1))]
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            cost = min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (a != b))
            if i > 1 and j > 1 and (a, b) == (other[j - 2], one[i - 2]):
                cost = min(cost, rows[-2][j - 2] + 1)
            row.append(cost)
        rows.append(row)
    return rows[-1][-1]


@pytest.mark.parametrize("form", FORMS)
@given(text=TEXTS)
def test_the_same_message_gets_the_same_faults(form: str, text: str) -> None:
    assert with_faults(text, form) == with_faults(text, form)


@pytest.mark.parametrize("form", FORMS)
@given(text=TEXTS.filter(str.strip))
def test_no_form_leaves_an_empty_message(form: str, text: str) -> None:
    assert with_faults(text, form).strip()


@pytest.mark.parametrize("form", ["one character error", "two character errors"])
@given(text=TEXTS)
def test_character_errors_never_touch_digits(form: str, text: str) -> None:
    assert re.findall(r"\d", with_faults(text, form)) == re.findall(r"\d", text)


@given(seed=st.integers())
def test_one_error_is_one_edit(seed: int) -> None:
    text = "does the treatment hurt"
    assert distance(text, character_errors(text, chooser(seed))) == 1


@given(seed=st.integers())
def test_two_errors_fall_into_two_words(seed: int) -> None:
    text = "painful treatment"
    found = character_errors(text, chooser(seed), 2).split(" ")
    assert [distance(*pair) for pair in zip(text.split(), found, strict=True)] == [1, 1]


@given(seed=st.integers())
def test_two_errors_in_the_only_long_word_do_not_undo_each_other(seed: int) -> None:
    assert character_errors("pain", chooser(seed), 2) != "pain"


def test_short_words_stay_without_errors() -> None:
    assert with_faults("is it ok on 12345", "one character error") == "is it ok on 12345"


def test_words_joined_to_digits_stay_without_errors() -> None:
    assert with_faults("on 500mgtablet", "two character errors") == "on 500mgtablet"


@pytest.mark.parametrize(
    ("form", "text", "becomes"),
    [
        ("upper case", "Is it ok?", "IS IT OK?"),
        ("no punctuation", "It's 5:30, ok? Yes!", "Its 5:30 ok Yes"),
        ("no punctuation", "???", "???"),
        ("short forms", "Are you sure? Please tell", "r u sure? pls tell"),
        ("repeated letters", "so", "sooo"),
        ("repeated letters", "12", "12"),
    ],
)
def test_a_form_does_what_its_name_says(form: str, text: str, becomes: str) -> None:
    assert with_faults(text, form) == becomes


@pytest.mark.parametrize("form", ["filler words", "an emoji"])
def test_what_is_added_leaves_the_message_whole(form: str) -> None:
    found = with_faults("what is {0} %s", form)
    assert "what is {0} %s" in found
    assert len(found) > len("what is {0} %s")
