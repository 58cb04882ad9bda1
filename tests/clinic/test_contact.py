from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clinic.booking.answers import INTERRUPTIONS
from bot.clinic.booking.draft import Heard
from bot.clinic.contact import LONGEST_TIME, Contact, ContactDialogue, Reached
from bot.clinic.details import DetailReader
from bot.data_files import DATA, common_words, read_yaml

WORDS = read_yaml(DATA / "booking.yml")
DIALOGUE = ContactDialogue(WORDS, DetailReader(WORDS, common_words(), "IN"))
ASKED = Contact(heard="first", asked=True)
KNOWN = replace(ASKED, phone="+919999900071", consent_message="second")


def hears(
    text: str, intent: str = "inform", contact: Contact = ASKED, **given: str
) -> tuple[Contact, Reached]:
    return DIALOGUE.hear(contact, Heard("next", text, intent, given))


@pytest.mark.parametrize("text", ["99999 00071", "call me on 9999900071", "no. 99999 00071"])
def test_a_number_is_kept_with_its_message_and_the_time_is_asked(text: str) -> None:
    contact, reached = hears(text)
    assert (contact.phone, contact.good_time, reached) == ("+919999900071", "", Reached.HEARD)
    assert (contact.consent_message, contact.heard) == ("next", "next")


@pytest.mark.parametrize("text", ["my number is 99999 00071", "Asha Rao 99999 00071"])
def test_words_beside_a_number_are_no_time(text: str) -> None:
    assert hears(text)[0].good_time == ""


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("99999 00071 after 5 pm", "after 5 pm"),
        ("after 5 pm, 99999 00071", "after 5 pm"),
        ("99999 00071, tomorrow morning", "tomorrow morning"),
        ("99999 00071 anytime", "anytime"),
        ("99999 00071 shaam ko", "shaam ko"),
    ],
)
def test_a_number_with_a_time_is_all_that_is_needed(text: str, time: str) -> None:
    contact, reached = hears(text)
    assert (contact.phone, contact.good_time, reached) == ("+919999900071", time, Reached.TOLD)


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("99999 0007", "phone_short"),
        ("99999 00071" + "22", "phone_long"),
        ("5" * 10, "phone_invalid"),
        ("9999O 00101", "phone_letters"),
    ],
)
def test_of_a_wrong_number_it_is_said_what_is_wrong_and_asked_again(text: str, note: str) -> None:
    contact, reached = hears(text)
    assert (contact.phone, contact.note, reached) == ("", note, Reached.HEARD)
    assert not contact.asked
    assert DIALOGUE.note(contact).endswith("\n")


def test_a_yes_is_asked_for_the_number() -> None:
    contact, reached = hears("yes please", "affirm")
    assert (contact.note, contact.asked, reached) == ("phone_other", False, Reached.HEARD)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("no", "inform"),
        ("No thanks.", "inform"),
        ("no, thank you", "inform"),
        ("not now", "inform"),
        ("I will call", "inform"),
        ("cancel", "inform"),
        ("nahi chahiye", "inform"),
        ("I would rather not", "deny"),
    ],
)
def test_a_no_is_no(text: str, intent: str) -> None:
    contact, reached = hears(text, intent)
    assert (contact.phone, reached) == ("", Reached.DECLINED)


def test_the_button_says_no_too() -> None:
    assert hears("", call="no")[1] is Reached.DECLINED


@pytest.mark.parametrize("text", ["what does it cost?", "I want to book", "hello", "asdf", ""])
def test_nobody_is_pressed_for_a_number(text: str) -> None:
    assert hears(text) == (replace(ASKED, heard="next"), Reached.NOT_MINE)


@pytest.mark.parametrize("intent", sorted(INTERRUPTIONS - {"call_me_back"}))
@pytest.mark.parametrize("contact", [ASKED, KNOWN], ids=["for the number", "for the time"])
def test_something_else_is_answered_instead(contact: Contact, intent: str) -> None:
    assert hears("some words", intent, contact)[1] is Reached.NOT_MINE


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("after 5 pm", "inform"),
        ("call me after 6", "call_me_back"),
        ("not before 10 am", "deny"),
        ("whenever you like", "inform"),
    ],
)
def test_the_time_is_kept_in_the_patients_words(text: str, intent: str) -> None:
    contact, reached = hears(text, intent, KNOWN)
    assert (contact.phone, contact.good_time, reached) == (KNOWN.phone, text, Reached.TOLD)


@pytest.mark.parametrize("name", sorted(WORDS["good_times"]))
def test_the_time_may_be_pressed(name: str) -> None:
    contact, reached = hears("", contact=KNOWN, good_time=name)
    assert (contact.good_time, reached) == (WORDS["good_times"][name], Reached.TOLD)


def test_an_old_button_for_the_time_gives_no_number() -> None:
    assert hears("", good_time="any")[1] is Reached.NOT_MINE
    assert hears("", contact=KNOWN, good_time="at full moon")[1] is Reached.NOT_MINE


@pytest.mark.parametrize("text", ["no", "nahi"])
def test_a_no_to_the_time_leaves_the_number(text: str) -> None:
    contact, reached = hears(text, contact=KNOWN)
    assert (contact.phone, contact.good_time, reached) == (KNOWN.phone, "", Reached.TOLD)


@pytest.mark.parametrize("intent", ["book_consultation", "continue_booking", "stop_messages"])
def test_a_wish_for_something_else_is_no_time(intent: str) -> None:
    assert hears("book tomorrow", intent, KNOWN)[1] is Reached.NOT_MINE
    assert hears("", intent, KNOWN)[1] is Reached.NOT_MINE


def test_a_second_number_replaces_the_first() -> None:
    assert hears("sorry, 99999 00072", contact=KNOWN)[0].phone == "+919999900072"


def test_a_long_time_is_cut() -> None:
    assert len(hears("any time " * 100, contact=KNOWN)[0].good_time) == LONGEST_TIME


TEXTS = st.text(max_size=60)


@given(TEXTS, st.sampled_from(["inform", "deny", "affirm", "faq", ""]), st.booleans())
def test_any_message_leaves_something_that_can_be_kept(
    text: str, intent: str, is_known: bool
) -> None:
    contact, reached = hears(text, intent, KNOWN if is_known else ASKED)
    assert Contact.from_json(json.loads(json.dumps(contact.to_json()))) == contact
    assert contact.phone or reached is not Reached.TOLD
    assert DIALOGUE.note(contact) or not contact.note


def test_what_another_version_kept_is_dropped() -> None:
    assert Contact.from_json({**KNOWN.to_json(), "colour": "red"}) == KNOWN


def test_a_number_and_a_time_stay_out_of_the_repr() -> None:
    shown = repr(replace(KNOWN, good_time="after my shift"))
    assert "99999" not in shown
    assert "shift" not in shown
