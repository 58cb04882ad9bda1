from __future__ import annotations

import pytest

from bot.clinic.booking.draft import Heard
from tests.clinic.booking.talk import answers


def heard(text: str, intent: str = "inform") -> Heard:
    return Heard("id", text, intent)


@pytest.mark.parametrize(
    "text",
    [
        "yes",
        "Yes!",
        "YES",
        "yess",
        "ok",
        "haan",
        "haan ji",
        "ji haan",
        "theek hai",
        "yes please",
        "yes, book it",
        "Yes, book this slot please",
        "ok thank you",
        "book it",
        "haan ji kar do",
        "yes that is correct",
        "Yes, I agree",
        "👍",
        "👍👍",
        "हाँ",
        "जी",
        "हो",
    ],
)
def test_a_plain_yes(text: str) -> None:
    assert answers().yes(heard(text))


@pytest.mark.parametrize("intent", ["inform", "affirm", "deny", "faq"])
@pytest.mark.parametrize(
    "text",
    [
        "",
        "?",
        "yes?",
        "ok?",
        "yes but at 6",
        "yes, but not on Friday",
        "ok cancel",
        "ok leave it",
        "yes cancel",
        "ok wait",
        "ok later",
        "fine, tomorrow instead",
        "yes change the time",
        "yes, another time",
        "ok let me think",
        "yes 6",
        "yes if a lady comes",
        "no",
        "😡",
        "haan par 6 baje",
        "haan lekin kal nahi",
        "I never said yes",
    ],
)
def test_no_plain_yes_whatever_the_classifier_says(text: str, intent: str) -> None:
    assert not answers().yes(heard(text, intent))


@pytest.mark.parametrize("text", ["yesterday", "okra", "yes my name is Asha", "surely you joke"])
def test_a_word_that_only_begins_like_a_yes_is_none(text: str) -> None:
    assert not answers().yes(heard(text))


@pytest.mark.parametrize("text", ["sounds good to me", "absolutly", "of course"])
def test_the_classifier_hears_a_yes_in_other_words(text: str) -> None:
    assert answers().yes(heard(text, "affirm"))
    assert not answers().yes(heard(text))


def test_a_long_message_is_no_plain_yes_even_to_the_classifier() -> None:
    assert not answers().yes(heard("that suits me so well because I work nearby", "affirm"))


@pytest.mark.parametrize(
    ("text", "agrees"),
    [
        ("yes", True),
        ("yes, my name is Asha Rao and my no is 99999 00071", True),
        ("ok, I am Asha", True),
        ("yes but why", False),
        ("yes, no, wait", False),
        ("yes, what for?", False),
        ("my name is Asha", False),
    ],
)
def test_a_yes_with_facts_behind_it_agrees(text: str, agrees: bool) -> None:
    assert answers().agrees(heard(text)) is agrees


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("no", "inform"),
        ("No, thank you", "inform"),
        ("nahi ji", "inform"),
        ("नहीं", "inform"),
        ("wrong", "inform"),
        ("I do not think so", "deny"),
    ],
)
def test_a_plain_no(text: str, intent: str) -> None:
    assert answers().no(heard(text, intent))


@pytest.mark.parametrize("text", ["", "yes", "not on Monday", "nobody", "no idea what you mean"])
def test_no_plain_no(text: str) -> None:
    assert not answers().no(heard(text))


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("cancel", "inform"),
        ("Cancel it.", "inform"),
        ("cancel the booking please", "inform"),
        ("ok cancel", "inform"),
        ("please forget it", "inform"),
        ("never mind", "inform"),
        ("I don't want to book", "inform"),
        ("rehne do", "inform"),
        ("cancel my visit", "cancel_consultation"),
    ],
)
def test_the_whole_message_stops_the_booking(text: str, intent: str) -> None:
    assert answers().stops(heard(text, intent))


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("", "cancel_consultation"),
        ("can I cancel later if something comes up?", "inform"),
        ("the itching does not stop", "inform"),
        ("I have to cancel another visit but want this one", "cancel_consultation"),
    ],
)
def test_a_word_of_stopping_in_a_longer_message_stops_nothing(text: str, intent: str) -> None:
    assert not answers().stops(heard(text, intent))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("change the time", "time"),
        ("another day please", "time"),
        ("the name is wrong", "name"),
        ("different number", "phone"),
        ("naam galat hai", "name"),
        ("it is for another person", "whom"),
        ("my name is Asha", ""),
        ("something else is different", ""),
    ],
)
def test_what_should_be_another_is_named(text: str, what: str) -> None:
    assert answers().wants_other(text) == what


@pytest.mark.parametrize(
    ("text", "count", "place"),
    [
        ("the first one", 6, 0),
        ("2nd", 6, 1),
        ("third please", 3, 2),
        ("third please", 2, None),
        ("fourth", 4, 3),
        ("the last one", 6, 5),
        ("aakhri wala", 2, 1),
        ("dusra", 2, 1),
        ("the last one", 0, None),
        ("the last one", 1, 0),
        ("tomorrow", 6, None),
    ],
)
def test_one_of_the_offered_is_meant_by_its_place(text: str, count: int, place: int | None) -> None:
    assert answers().place_in(text, count) == place


@pytest.mark.parametrize(
    ("text", "way"),
    [
        ("WhatsApp please", "whatsapp"),
        ("by message", "whatsapp"),
        ("call me", "call"),
        ("no reminder", "none"),
        ("don't remind me", "none"),
        ("as you like", ""),
    ],
)
def test_a_way_of_reminding_is_named(text: str, way: str) -> None:
    assert answers().reminder_way(text) == way


@pytest.mark.parametrize(
    "text", ["what does it cost", "is there parking", "kitna hoga", "on Friday?"]
)
def test_a_question_is_heard_with_and_without_its_mark(text: str) -> None:
    assert answers().is_question(text)


@pytest.mark.parametrize("text", ["Friday", "whatever suits", "Isha Rao", "it is for me"])
def test_no_question(text: str) -> None:
    assert not answers().is_question(text)


@pytest.mark.parametrize(
    "text",
    [
        "book my next session",
        "my next PRP session",
        "I want a PRP session",
        "need third sitting",
        "schedule the session",
    ],
)
def test_a_session_of_a_plan_is_meant(text: str) -> None:
    assert answers().is_treatment(text)


@pytest.mark.parametrize(
    "text", ["book a consultation", "I want to ask about PRP", "how long is a session"]
)
def test_a_first_visit_is_no_session(text: str) -> None:
    assert not answers().is_treatment(text)


@pytest.mark.parametrize("text", ["18+", "I am above 18", "I'm 34", "over 18", "an adult"])
def test_grown_up(text: str) -> None:
    assert answers().is_grown_up(text)


@pytest.mark.parametrize("text", ["I am 17", "I'm 20 minutes away", "under 18", "118 people"])
def test_not_said_to_be_grown_up(text: str) -> None:
    assert not answers().is_grown_up(text)


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("17", 17),
        ("yes, 34 years", 34),
        ("she is 16", 16),
        ("I'm 45 yrs old", 45),
        ("5 pm", None),
        ("17 November", None),
        ("17 minutes", None),
        ("170", None),
        ("", None),
    ],
)
def test_an_age_is_the_whole_message(text: str, age: int | None) -> None:
    assert answers().age(text) == age
