from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clinic.side_by_side import (
    LONGEST_TITLE,
    MOST_CHARACTERS,
    NOTICES,
    ShortAnswer,
    beside_task,
    more_title,
    told_together,
)
from bot.data_files import DATA, read_yaml
from tests.data.answer_files import answers, both_fillings

WORDING = read_yaml(DATA / "wording.yml")
MORE_TITLES = read_yaml(DATA / "segments.yml")["more"]
MORE = {"title": "More about Price", "payload": '/faq{"topic":"price"}'}
CANCEL = {"title": "Cancel my visit", "payload": "/cancel_consultation"}
TOPICS = {"text": "It costs something.", "buttons": [MORE]}


def short(text: str, source: str = "", notice: str = "none") -> ShortAnswer:
    return ShortAnswer(text, source, notice, MORE)


def filled() -> list[ShortAnswer]:
    """Every topic's short form with the longest facts of clinic.yml, or with none."""
    return [
        ShortAnswer(
            max(both_fillings(each.short), key=len).strip(),
            each.metadata["source"],
            each.metadata["notice"],
            MORE,
        )
        for each in answers()
    ]


# Several answers in one message


def test_answers_are_paragraphs_over_one_source_line_and_one_notice() -> None:
    together = [short("One.", "NHS", "information"), short("Two.", "a trial", "check")]
    assert told_together(together, WORDING, "").split("\n") == [
        "One.",
        "",
        "Two.",
        "Source: NHS; a trial",
        WORDING["notices"]["check"],
    ]


def test_a_source_is_named_once() -> None:
    together = [short("One.", "NHS; a trial"), short("Two.", "a trial")]
    assert told_together(together, WORDING, "").endswith("Source: NHS; a trial")


def test_answers_without_source_and_notice_have_no_line_below() -> None:
    assert told_together([short("One."), short("Two.")], WORDING, "unread") == "One.\n\nTwo."


def test_what_no_doctor_has_read_says_so_once() -> None:
    text = told_together([short("One.", "", "check"), short("Two.", "", "check")], WORDING, "New.")
    assert text.count("New.") == 1


def test_every_pair_and_triple_of_answers_fits_into_one_message() -> None:
    every = filled()
    assert len(every) == 70
    for count in (2, 3):
        for together in combinations(every, count):
            text = told_together(together, WORDING, str(WORDING["unreviewed"]))
            assert len(text) <= MOST_CHARACTERS
            assert all(each.text in text for each in together)


@given(st.lists(st.text("ab ", min_size=1, max_size=900), min_size=1, max_size=3))
def test_what_does_not_fit_is_left_to_its_button(texts: list[str]) -> None:
    together = [short(text) for text in texts]
    text = told_together(together, WORDING, "")
    assert text.startswith(texts[0])
    assert len(text) <= MOST_CHARACTERS


# Buttons


@pytest.mark.parametrize(
    ("topic", "title"),
    [
        ("Price", "More about Price"),
        ("Side effects", "More: Side effects"),
        ("Where they come from", "Where they come from"),
        ("With botox, filler, PRP", "With botox, filler\u2026"),
    ],
)
def test_a_title_is_as_full_as_it_can_be(topic: str, title: str) -> None:
    assert more_title(topic, MORE_TITLES) == title


def test_every_topic_has_a_title_of_its_own_that_fits() -> None:
    titles = [more_title(each.metadata["label"], MORE_TITLES) for each in answers()]
    assert max(map(len, titles)) <= LONGEST_TITLE
    assert len({*titles}) == len(titles)


# Beside a task


def beside(
    topics: dict[str, Any] | None = None, *, is_after: bool = False, offered: tuple[Any, ...] = ()
) -> dict[str, Any]:
    return {"topics": topics, "is_after": is_after, "offered": list(offered)}


def test_without_anything_beside_it_a_task_stays_as_it_is() -> None:
    said = [{"text": "When?", "buttons": [CANCEL]}]
    assert beside_task(said, None) == said
    assert beside_task([], beside(TOPICS)) == []


def test_topics_stand_in_front_of_the_first_text_of_a_task() -> None:
    assert beside_task([{"text": "Noted."}, {"text": "Which number?"}], beside(TOPICS)) == [
        {"text": "It costs something.\n\nNoted.", "buttons": [MORE]},
        {"text": "Which number?"},
    ]


@pytest.mark.parametrize(("own", "together"), [(1, True), (2, True), (3, False), (6, True)])
def test_a_list_may_grow_and_three_reply_buttons_may_not(own: int, together: bool) -> None:
    said = {"text": "When?", "buttons": [CANCEL] * own}
    found = beside_task([said], beside(TOPICS))
    if together:
        assert found == [
            {"text": "It costs something.\n\nWhen?", "buttons": [*[CANCEL] * own, MORE]}
        ]
    else:
        assert found == [TOPICS, said]


def test_what_would_be_too_long_comes_as_two_messages() -> None:
    said = {"text": "x" * MOST_CHARACTERS}
    assert beside_task([said], beside(TOPICS)) == [TOPICS, said]


def test_after_a_sign_the_topics_come_second() -> None:
    said = [{"text": "Call us today."}, {"text": "Which number?"}]
    assert beside_task(said, beside(TOPICS, is_after=True)) == [said[0], TOPICS, said[1]]


def test_a_second_task_is_offered_as_a_button() -> None:
    (first,) = beside_task([{"text": "Noted."}], beside(offered=(CANCEL,)))
    assert first == {"text": "Noted.", "buttons": [CANCEL]}


def test_the_messages_of_the_task_are_not_changed_themselves() -> None:
    said = [{"text": "When?", "buttons": [CANCEL]}]
    beside_task(said, beside(TOPICS, offered=(CANCEL,)))
    assert said == [{"text": "When?", "buttons": [CANCEL]}]


def test_the_notices_are_those_of_the_wordings() -> None:
    assert {*NOTICES[1:]} == {*WORDING["notices"]}
