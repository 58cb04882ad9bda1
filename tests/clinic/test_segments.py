from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clinic.segments import Segments
from bot.data_files import DATA, read_yaml

SEGMENTS = Segments(read_yaml(DATA / "segments.yml"))


def cut(text: str) -> list[str]:
    """What asks as it stands, background in brackets."""
    return [each.text if each.asks else f"({each.text})" for each in SEGMENTS.of(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Does it hurt? How long does it take?", ["Does it hurt?", "How long does it take?"]),
        ("Is it safe. Is it vegetarian.", ["Is it safe", "Is it vegetarian"]),
        ("Does it hurt\nwhere are you", ["Does it hurt", "where are you"]),
        ("price? timings?", ["price?", "timings?"]),
        ("is it painful; where are you", ["is it painful", "where are you"]),
    ],
)
def test_sentences_and_lines_are_cut(text: str, expected: list[str]) -> None:
    assert cut(text) == expected


def test_marks_before_a_line_of_a_list_fall_away() -> None:
    assert cut("1. What is the price?\n2) Is it painful?\n- Where are you?") == [
        "What is the price?",
        "Is it painful?",
        "Where are you?",
    ]


@pytest.mark.parametrize("join", ["and", "&", "plus", "also", "and also", "as well as", "btw"])
def test_a_joining_word_before_a_question_falls_away(join: str) -> None:
    assert cut(f"does it hurt {join} how much is it") == ["does it hurt", "how much is it"]


@pytest.mark.parametrize(
    "text",
    [
        "is it ok for face and neck",
        "can I wash and oil my hair the next day",
        "do you have before and after photos",
        "is it the same for men and women",
        "I want to book for me and my sister tomorrow",
        "is there a lady doctor who does the treatment",
        "is it instant or does it come slowly",
        "between laser, peel and this which is better",
        "can you tell me how much it costs",
        "how long is the redness and swelling there",
        "I want to know when I can come",
    ],
)
def test_one_question_stays_whole(text: str) -> None:
    assert cut(text) == [text]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("how much does it cost where are you", ["how much does it cost", "where are you"]),
        (
            "what if i miss one session do i need maintenance",
            ["what if i miss one session", "do i need maintenance"],
        ),
        (
            "can i fly after it when can i wash my hair",
            ["can i fly after it", "when can i wash my hair"],
        ),
    ],
)
def test_a_new_question_needs_no_mark(text: str, expected: list[str]) -> None:
    assert cut(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dard hota hai kya aur kitna time lagega", ["dard hota hai kya", "kitna time lagega"]),
        ("clinic kahan hai kitne baje khulta hai", ["clinic kahan hai", "kitne baje khulta hai"]),
        ("ye safe hai kya or kharcha kitna hai", ["ye safe hai kya", "kharcha kitna hai"]),
        (
            "kal ka appointment book kar do. charges kitne hai",
            ["kal ka appointment book kar do", "charges kitne hai"],
        ),
    ],
)
def test_roman_hindi_asks_where_its_words_stand(text: str, expected: list[str]) -> None:
    assert cut(text) == expected


def test_things_asked_for_by_name_are_cut() -> None:
    assert cut("price, timings and the address pls") == ["price", "timings", "the address pls"]
    assert cut("what is the cost and downtime?") == ["what is the cost", "downtime?"]


def test_background_is_told_from_questions() -> None:
    assert cut("I take blood thinners, is that ok? Does it hurt?") == [
        "(I take blood thinners)",
        "is that ok?",
        "Does it hurt?",
    ]


def test_a_condition_is_background() -> None:
    assert cut("If I come on Friday, would it be gone by Monday?") == [
        "(If I come on Friday)",
        "would it be gone by Monday?",
    ]


def test_a_point_after_a_title_ends_no_sentence() -> None:
    assert cut("is Dr. Rao there on Sunday") == ["is Dr. Rao there on Sunday"]


@pytest.mark.parametrize("text", ["", " ", "?", "...", "\n\n", "😀"])
def test_where_nothing_is_said_there_is_no_segment(text: str) -> None:
    assert cut(text) == []


@given(st.text(alphabet="ab &,.?\n-", max_size=60) | st.text(max_size=60))
def test_any_text_is_cut_into_what_stands_in_it(text: str) -> None:
    rest = text
    for segment in SEGMENTS.of(text):
        said = segment.text.removesuffix("?")
        assert said
        assert said in rest
        rest = rest[rest.index(said) + len(said) :]


@given(
    st.lists(
        st.sampled_from(["is it safe", "does it hurt", "where are you", "how much is it"]),
        min_size=1,
        max_size=4,
    ),
    st.sampled_from(["? ", ". ", "\n", " and ", ", ", " also ", " aur "]),
)
def test_questions_come_back_in_their_order(questions: list[str], between: str) -> None:
    assert [each.strip("?") for each in cut(between.join(questions))] == questions
