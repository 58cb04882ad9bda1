"""A booking from the first message to the yes, and everything that may come between."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.clinic.booking.answers import INTERRUPTIONS
from bot.clinic.booking.draft import (
    ADULT,
    GIVEN,
    MINOR,
    MINOR_WRITER,
    OTHER,
    SELF,
    Heard,
    Step,
    Verdict,
)
from bot.clinic.details import spoken_phone
from tests.clinic.booking.talk import (
    NAME,
    OPENINGS,
    PHONE,
    Talk,
    answers,
    at,
    at_step,
    availability,
    busy_at,
    dialogue,
)

STEPS = list(Step)
AFTER_CONSENT = [Step.NAME, Step.PHONE, Step.REMINDERS, Step.CONFIRM]
EVERY_STEP = pytest.mark.parametrize("step", STEPS, ids=lambda step: step.value)
EVERY_OPENING = pytest.mark.parametrize("opening", OPENINGS, ids=lambda each: each["say"][:30])

About = {"skin": ", about skin", "hair": ", about hair"}
WHAT = {
    "self": "Consultation for you{about}",
    "adult": "Consultation for another adult",
    "minor": "Consultation for a minor, with parent",
}


# --- sixty openings


def is_bookable(opening: dict[str, Any]) -> bool:
    day, clock = opening.get("day"), opening.get("time")
    return bool(day and clock) and not availability().why_not(
        "consultation", at(f"{day}T{clock}"), {}, Talk().world.now
    )


@EVERY_OPENING
def test_what_an_opening_said_is_read_back_and_only_the_rest_is_asked(
    opening: dict[str, Any],
) -> None:
    talk = Talk().opens(opening["say"])
    asked = []
    while talk.step is not Step.CONFIRM:
        asked.append(talk.step)
        talk.answers()
        assert len(asked) <= len(STEPS), "asked in circles"
    whom = opening.get("for", SELF)
    expected = {
        Step.TIME: not is_bookable(opening),
        Step.WHOM: whom == SELF,
        Step.CONCERN: whom == SELF and "concern" not in opening,
        Step.CONSENT: True,
        Step.NAME: "name" not in opening or whom == MINOR,
        Step.PHONE: "phone" not in opening,
        Step.REMINDERS: True,
    }
    read_back = dict(talk.question.values)
    when = read_back.pop("booking_when")
    assert read_back.pop("booking_policy")
    concern = opening.get("concern", "skin")
    name = NAME if expected[Step.NAME] else opening["name"]
    assert set(asked) == {step for step, is_asked in expected.items() if is_asked}
    assert read_back == {
        "booking_what": WHAT[whom].format(about=About.get(concern, "")),
        "booking_name": name,
        "booking_phone": spoken_phone(opening.get("phone", "+919999900071")),
        "booking_reminders": "none",
        "note": "",
    }
    if is_bookable(opening):
        day = opening["day"]
        assert when == f"{day:%A} {day.day} {day:%b %Y} at {opening['time']}"


@EVERY_OPENING
def test_before_the_consent_no_name_and_no_phone_is_in_the_draft(
    opening: dict[str, Any],
) -> None:
    talk = Talk().opens(opening["say"]).reaches(Step.CONSENT)
    kept = json.dumps(talk.draft.to_json(), ensure_ascii=False)
    for word in opening.get("name", "").split():
        assert word not in kept
    assert opening.get("phone", "+91")[3:] not in kept or "phone" not in opening
    assert (talk.draft.name, talk.draft.phone) == ("", "")


@EVERY_OPENING
def test_a_refused_consent_ends_it_with_nothing_kept(opening: dict[str, Any]) -> None:
    talk = Talk().opens(opening["say"]).reaches(Step.CONSENT).says("no")
    assert talk.verdict is Verdict.REFUSED
    assert (talk.draft.name, talk.draft.phone) == ("", "")


@given(st.permutations(["acne", "tomorrow 5 pm", "my name is Asha Rao", "99999 00071"]))
def test_facts_in_any_order_in_one_message_are_all_read(facts: list[str]) -> None:
    talk = Talk().opens(f"I want to book, {', '.join(facts)}").reaches(Step.CONFIRM)
    assert (talk.start, talk.draft.concern) == (at("2026-11-24T17:00"), "skin")
    assert (talk.draft.name, talk.draft.phone) == ("Asha Rao", "+919999900071")


@given(st.permutations(["it is for acne", "tomorrow 5 pm", "my name is Asha Rao", "99999 00071"]))
def test_facts_in_any_order_in_five_messages_are_all_read(facts: list[str]) -> None:
    talk = Talk().opens("I want to book").says(*facts).reaches(Step.CONFIRM)
    assert (talk.start, talk.draft.concern) == (at("2026-11-24T17:00"), "skin")
    assert (talk.draft.name, talk.draft.phone) == ("Asha Rao", "+919999900071")


def test_what_was_told_before_the_booking_is_not_asked_again() -> None:
    earlier = ["I have hair fall, my name is Asha Rao", "my number is 99999 00072"]
    talk = Talk().opens("book for tomorrow 5 pm", earlier=earlier)
    assert talk.reaches(Step.CONSENT).draft.concern == "hair"
    assert talk.says("yes").step is Step.REMINDERS
    assert (talk.draft.name, talk.draft.phone) == ("Asha Rao", "+919999900072")


def test_who_agreed_before_is_not_asked_again() -> None:
    talk = Talk().opens("tomorrow 5 pm, acne, I am Asha Rao, 99999 00071", agreed=True)
    assert talk.says("yes").step is Step.REMINDERS


def test_a_childs_name_told_before_it_was_clear_who_comes_is_not_kept() -> None:
    talk = Talk().opens("tomorrow 5 pm, Aarav Mehta, 99999 00071", agreed=True)
    talk.says("my son is 12")
    assert talk.step is Step.NAME
    assert "Aarav" not in json.dumps(talk.draft.to_json())


# --- for whom


@pytest.mark.parametrize("text", ["this is for me", "book for myself", "mere liye", "for me, 5 pm"])
def test_for_me_says_nothing_of_the_age_which_is_asked_all_the_same(text: str) -> None:
    assert Talk().opens(f"{text} acne").reaches(Step.WHOM).draft.whom == ""


@pytest.mark.parametrize(
    ("answer", "whom", "next_one"),
    [
        ("yes", SELF, Step.CONSENT),
        ("Yes, it's for me", SELF, Step.CONSENT),
        ("for me", SELF, Step.CONSENT),
        ("I am 34", SELF, Step.CONSENT),
        ("18+", SELF, Step.CONSENT),
        ("19", SELF, Step.CONSENT),
        ("yes, 34 years", SELF, Step.CONSENT),
        ("me", SELF, Step.CONSENT),
        ("my husband", ADULT, Step.CONSENT),
        ("wife", ADULT, Step.CONSENT),
        ("my mother in law", ADULT, Step.CONSENT),
        ("for my 20 year old daughter", ADULT, Step.CONSENT),
        ("son", OTHER, Step.WHOM),
        ("for my wife", ADULT, Step.CONSENT),
        ("my daughter, she is 16", MINOR, Step.CONSENT),
        ("my son", OTHER, Step.WHOM),
        ("no", "", Step.WHOM),
        ("not for me", OTHER, Step.WHOM),
    ],
)
def test_the_answers_to_who_comes(answer: str, whom: str, next_one: Step) -> None:
    talk = at_step(Step.WHOM).says(answer)
    assert (talk.draft.whom, talk.step) == (whom, next_one)


@pytest.mark.parametrize(
    ("answer", "whom"),
    [
        ("yes", ADULT),
        ("he is 22", ADULT),
        ("22", ADULT),
        ("15 years old", MINOR),
        ("above 18", ADULT),
        ("no", MINOR),
        ("he is 15", MINOR),
        ("under 18", MINOR),
    ],
)
def test_of_a_son_it_is_asked_whether_he_is_grown_up(answer: str, whom: str) -> None:
    talk = at_step(Step.WHOM).says("my son")
    assert talk.question.response == "utter_ask_booking_adult"
    assert talk.says(answer).draft.whom == whom


@pytest.mark.parametrize("text", ["I am 16", "I'm under 18", "im 17", "no i am below 18"])
@EVERY_STEP
def test_a_minor_who_writes_cannot_book(step: Step, text: str) -> None:
    assert at_step(step).says(text).verdict is Verdict.MINOR_ALONE


def test_a_minor_who_opens_cannot_book() -> None:
    talk = Talk().opens("hi I'm 15 and want to book for my pimples")
    assert talk.verdict is Verdict.MINOR_ALONE
    assert at_step(Step.WHOM).presses(whom=MINOR_WRITER).verdict is Verdict.MINOR_ALONE


def test_where_a_minor_wrote_before_their_parent_may_book_and_is_asked() -> None:
    talk = Talk()
    earlier = [talk.heard("I am 16, is acne treatable")]
    said = talk.heard("book an appointment", "book_consultation")
    talk.outcome = dialogue().open(said, talk.world, earlier)
    assert talk.verdict is Verdict.HEARD
    assert talk.draft.whom == ""


EVERY_STEP = pytest.mark.parametrize("step", list(Step))
SIGNS = ["report_reaction", "distress", "complaint", "talk_to_staff"]


@EVERY_STEP
@pytest.mark.parametrize("intent", SIGNS)
@pytest.mark.parametrize(
    "text", ["my skin is oozing pus", "blistering badly", "pus on my wife's face since Friday 6 pm"]
)
def test_a_sign_or_a_wish_for_a_person_is_no_answer_in_any_step(
    step: Step, intent: str, text: str
) -> None:
    talk = at_step(step)
    before = talk.draft
    talk.says(text, intent=intent)
    assert talk.verdict is Verdict.NOT_MINE
    assert talk.draft == before


@pytest.mark.parametrize("step", [Step.PHONE, Step.CONFIRM])
@pytest.mark.parametrize("text", ["my wedding is on 5 december", "i leave on friday with them all"])
def test_a_time_of_something_else_moves_no_visit(step: Step, text: str) -> None:
    talk = at_step(step)
    before = talk.draft.start
    assert talk.says(text).draft.start == before


def test_a_time_to_call_beside_the_number_moves_no_visit() -> None:
    talk = at_step(Step.PHONE)
    before = talk.draft.start
    talk.says("reach me on 99999 00001 after 6 pm")
    assert (talk.draft.start, talk.draft.phone) == (before, "+919999900001")


@pytest.mark.parametrize(
    "text", ["please do not call me", "never call me", "dont call me i will remember"]
)
def test_a_refused_call_is_no_consent_to_calls(text: str) -> None:
    assert at_step(Step.REMINDERS).says(text).draft.reminders == "none"


@pytest.mark.parametrize("text", ["it started last monday", "second thoughts, no"])
def test_an_ordinal_in_a_sentence_chooses_no_time(text: str) -> None:
    assert at_step(Step.TIME).says(text).draft.start == ""


def test_an_age_is_no_time() -> None:
    talk = at_step(Step.WHOM).says("16")
    assert (talk.verdict, talk.start) == (Verdict.MINOR_ALONE, at("2026-11-24T17:00"))
    assert at_step(Step.WHOM).says("19").start == at("2026-11-24T17:00")


@pytest.mark.parametrize("text", ["I am 10 minutes late", "I am 15 min away"])
def test_minutes_are_no_age(text: str) -> None:
    assert at_step(Step.NAME).says(text).verdict is not Verdict.MINOR_ALONE


@pytest.mark.parametrize("step", AFTER_CONSENT)
@pytest.mark.parametrize("text", ["her name is Ishita Chavan", "my daughter's name is Ishita"])
def test_a_childs_name_is_never_kept(step: Step, text: str) -> None:
    talk = Talk().opens("for my daughter, 12 years, tomorrow 5 pm").reaches(step).says(text)
    assert "Ishita" not in json.dumps(talk.draft.to_json())
    if step is Step.NAME:
        assert talk.draft.note == "name_of_minor"


def test_a_child_comes_under_the_parents_name() -> None:
    talk = Talk().opens("for my daughter Ishita, 12 years, tomorrow 5 pm").reaches(Step.NAME)
    assert talk.says("Sunita Chavan").draft.name == "Sunita Chavan"


def test_another_adult_comes_under_their_own_name() -> None:
    talk = Talk().opens("I am Asha Rao, book for my mother tomorrow 5 pm").reaches(Step.NAME)
    assert talk.says("my name is Asha Rao").draft.note == "name_of_adult"
    assert talk.says("Kamala Rao").draft.name == "Kamala Rao"


@pytest.mark.parametrize("step", AFTER_CONSENT)
def test_the_writers_name_never_becomes_another_adults(step: Step) -> None:
    talk = Talk().opens("book for my mother tomorrow 5 pm").reaches(step)
    assert talk.says("my name is Usha Patil").draft.name in ("", NAME)


# --- a change of mind


@EVERY_STEP
def test_another_time_can_be_told(step: Step) -> None:
    talk = at_step(step).says("actually Friday 6 pm")
    assert talk.start == at("2026-11-27T18:00")
    assert talk.verdict is Verdict.HEARD
    if step is Step.CONFIRM:
        assert talk.step is Step.CONFIRM


@EVERY_STEP
@pytest.mark.parametrize("text", ["change the time", "another day please"])
def test_another_time_can_be_wanted(step: Step, text: str) -> None:
    talk = at_step(step).says(text)
    assert (talk.step, talk.start) == (Step.TIME, None)
    assert talk.offered


@EVERY_STEP
def test_another_name_can_be_told(step: Step) -> None:
    talk = at_step(step).says("sorry, my name is Usha Patil").reaches(Step.CONFIRM)
    assert talk.draft.name == "Usha Patil"


@EVERY_STEP
def test_another_phone_can_be_told(step: Step) -> None:
    talk = at_step(step).says("my number is 99999 00079").reaches(Step.CONFIRM)
    assert talk.draft.phone == "+919999900079"


@EVERY_STEP
def test_another_concern_can_be_told(step: Step) -> None:
    talk = at_step(step).says("it is for hair, not skin").reaches(Step.CONFIRM)
    assert talk.draft.concern == "hair"


@EVERY_STEP
def test_somebody_else_may_come(step: Step) -> None:
    talk = at_step(step).says("no, it is for my mother")
    assert (talk.draft.whom, talk.draft.concern, talk.draft.name) == (ADULT, "", "")


@pytest.mark.parametrize("step", AFTER_CONSENT)
def test_it_may_be_for_the_writer_after_all(step: Step) -> None:
    talk = Talk().opens("for my mother tomorrow 5 pm").reaches(step)
    talk.says("no, it is for me")
    assert (talk.step, talk.draft.name) == (Step.WHOM, "")


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("change the name", Step.NAME),
        ("the name is wrong", Step.NAME),
        ("wrong number", Step.PHONE),
        ("another phone", Step.PHONE),
        ("remind me by call instead", Step.REMINDERS),
        ("change the time", Step.TIME),
        ("it is for another person", Step.WHOM),
    ],
)
def test_what_should_be_another_is_asked_again(text: str, step: Step) -> None:
    assert at_step(Step.CONFIRM).says(text).step is step


@pytest.mark.parametrize("text", ["no", "change", "change something", "something is wrong"])
def test_after_a_no_it_is_asked_what_should_be_different(text: str) -> None:
    talk = at_step(Step.CONFIRM).says(text)
    assert talk.question.response == "utter_ask_booking_change"
    assert talk.says("yes").verdict is Verdict.HEARD
    assert talk.says("the phone").step is Step.PHONE


@pytest.mark.parametrize("what", ["time", "name", "phone"])
def test_the_buttons_of_a_change_open_one_fact(what: str) -> None:
    talk = at_step(Step.CONFIRM).presses(confirm="change").presses(change=what)
    assert talk.step.value == what
    assert talk.reaches(Step.CONFIRM).question.response == "utter_ask_booking_confirm"


def test_nothing_to_change_reads_it_back_again() -> None:
    talk = at_step(Step.CONFIRM).presses(confirm="change").presses(then="go_on")
    assert talk.question.response == "utter_ask_booking_confirm"


# --- something else in the middle


@EVERY_STEP
@pytest.mark.parametrize("intent", sorted(INTERRUPTIONS))
def test_a_question_changes_nothing(step: Step, intent: str) -> None:
    talk = at_step(step)
    before = talk.draft
    talk.says("what does it cost?", "how long does it take", intent=intent)
    assert talk.verdict is Verdict.NOT_MINE
    assert talk.draft == before


@EVERY_STEP
@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("agent", "talk_to_staff"),
        ("human", "talk_to_staff"),
        ("menu", "help_menu"),
        ("price batao", "faq"),
        ("hello", "greet"),
    ],
)
def test_a_command_is_no_answer(step: Step, text: str, intent: str) -> None:
    talk = at_step(step)
    before = talk.draft
    assert talk.says(text, intent=intent).verdict is Verdict.NOT_MINE
    assert talk.draft == before


@EVERY_STEP
def test_a_button_of_something_else_changes_nothing(step: Step) -> None:
    talk = at_step(step)
    before = talk.draft
    assert talk.presses("faq", topic="price").verdict is Verdict.NOT_MINE
    assert talk.presses("help_menu").verdict is Verdict.NOT_MINE
    assert talk.draft == before


@EVERY_STEP
@pytest.mark.parametrize(
    ("text", "intent"),
    [("continue", "continue_booking"), ("", "book_consultation"), ("book", "book_consultation")],
)
def test_going_on_asks_the_same_again(step: Step, text: str, intent: str) -> None:
    talk = at_step(step)
    before = talk.question
    talk.says(text, intent=intent)
    assert talk.verdict is Verdict.HEARD
    assert talk.question == before


@EVERY_STEP
@pytest.mark.parametrize("text", ["cancel", "cancel the booking", "never mind", "rehne do"])
def test_the_booking_can_be_stopped(step: Step, text: str) -> None:
    assert at_step(step).says(text).verdict is Verdict.STOPPED


@EVERY_STEP
def test_the_booking_can_be_stopped_with_a_button(step: Step) -> None:
    assert at_step(step).presses(then="stop").verdict is Verdict.STOPPED


@EVERY_STEP
def test_of_a_stop_it_is_asked_what_should_stop(step: Step) -> None:
    talk = at_step(step)
    before = talk.question
    talk.says("stop", intent="stop_messages")
    assert talk.question.response == "utter_ask_booking_stop_which"
    assert talk.presses(then="go_on").question == before


UNCLEAR = [step for step in Step if step not in (Step.CONCERN, Step.NAME)]


@pytest.mark.parametrize("step", UNCLEAR, ids=lambda step: step.value)
@pytest.mark.parametrize("text", ["hmm tricky", "...", "🤔", "<b>x</b>", "blah blah blah"])
def test_what_is_no_answer_is_said_and_asked_again(step: Step, text: str) -> None:
    talk = at_step(step)
    response = talk.question.response
    talk.says(text)
    assert (talk.step, talk.draft.note) == (step, f"unclear_{step.value}")
    assert talk.question.response == response
    assert talk.question.values["note"]


@EVERY_STEP
def test_after_a_danger_the_draft_is_taken_up_where_it_was(step: Step) -> None:
    talk = at_step(step)
    before = talk.question
    suspended = dialogue().resumed(talk.draft, talk.world)
    assert dialogue().ask(suspended, talk.world) == before
    assert suspended.suspended == ""


def test_a_time_that_went_during_a_danger_is_asked_anew() -> None:
    talk = at_step(Step.CONFIRM)
    talk.busy = busy_at("2026-11-24T17:00")
    again = dialogue().resumed(talk.draft, talk.world)
    assert (again.start, again.note, again.name) == ("", "time_taken", NAME)


# --- consent


@pytest.mark.parametrize("text", ["Asha Rao", "99999 00071", "Asha Rao 99999 00071"])
def test_a_fact_instead_of_a_consent_is_read_once_they_agreed(text: str) -> None:
    talk = at_step(Step.CONSENT).says(text)
    assert (talk.step, talk.draft.note) == (Step.CONSENT, "unclear_consent")
    assert (talk.draft.name, talk.draft.phone) == ("", "")
    talk.says("yes")
    assert (NAME if "Asha" in text else "") == talk.draft.name
    assert ("+919999900071" if "99999" in text else "") == talk.draft.phone


@pytest.mark.parametrize(
    "text",
    [
        "yes, my name is Asha Rao and my number is 99999 00071",
        "ok. Asha Rao, 99999 00071",
        "yes I agree, I am Asha Rao, my no is 99999 00071",
    ],
)
def test_a_yes_with_a_name_and_a_phone_is_all_three(text: str) -> None:
    talk = at_step(Step.CONSENT).says(text)
    assert (talk.draft.consent, talk.step) == (GIVEN, Step.REMINDERS)
    assert (talk.draft.name, talk.draft.phone) == (NAME, "+919999900071")
    assert talk.draft.unread == ()


@given(st.text(max_size=40))
def test_nothing_but_a_yes_is_a_consent(text: str) -> None:
    talk = at_step(Step.CONSENT).says(text)
    if not answers().agrees(Heard("id", text, "inform")):
        assert talk.draft.consent == ""
        assert (talk.draft.name, talk.draft.phone) == ("", "")


# --- name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("आशा राव", "आशा राव"),
        ("李", "李"),
        ("Ольга", "Ольга"),
        ("ப்ரியா", "ப்ரியா"),
        ("O'Brien", "O'Brien"),
        ("Anne-Marie", "Anne-Marie"),
        ("R. K. Narayan", "R. K. Narayan"),
        ("K", "K"),
        ("Y", "Y"),
        ("Joy", "Joy"),
        ("asha rao", "Asha Rao"),
        ("my name is Asha", "Asha"),
        ("it is Asha Rao", "Asha Rao"),
        ("Asha is my name", "Asha"),
        ("Mrs. Asha Rao!", "Asha Rao"),
        ("Asha Rao 😊", "Asha Rao"),
        ("A" * 100, "A" + "a" * 99),
    ],
)
def test_a_name_of_any_script_is_taken(text: str, name: str) -> None:
    assert at_step(Step.NAME).says(text).draft.name == name


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("<b>Asha</b>", "name_letters"),
        ("<script>alert(1)</script>", "name_letters"),
        ("{privacy_link}", "name_letters"),
        ("Asha123", "name_letters"),
        ("12345", "name_letters"),
        ("A" * 101, "name_long"),
        ("A" * 500, "name_long"),
        ("yes", "unclear_name"),
        ("no", "unclear_name"),
        ("", "unclear_name"),
        ("   ", "unclear_name"),
    ],
)
def test_of_a_wrong_name_it_is_said_what_is_wrong(text: str, note: str) -> None:
    talk = at_step(Step.NAME).says(text)
    assert (talk.step, talk.draft.name, talk.draft.note) == (Step.NAME, "", note)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("book an appointment", "book_consultation"),
        ("any time tomorrow", "ask_availability"),
        ("move my visit", "reschedule_consultation"),
        ("thank you", "thanks"),
        ("i dont want to tell", "inform"),
        ("why do you need it", "inform"),
        ("What?", "inform"),
        ("my name", "inform"),
    ],
)
def test_ordinary_words_that_mean_something_else_are_no_name(text: str, intent: str) -> None:
    assert at_step(Step.NAME).says(text, intent=intent).draft.name == ""


@pytest.mark.parametrize("intent", ["deny", "affirm"])
def test_a_name_in_which_the_classifier_hears_a_yes_or_a_no_is_a_name(intent: str) -> None:
    assert at_step(Step.NAME).says("Nalini Shah", intent=intent).draft.name == "Nalini Shah"


def test_a_name_with_a_phone_answers_two_questions() -> None:
    talk = at_step(Step.NAME).says("Asha Rao, 99999 00071")
    assert (talk.step, talk.draft.name) == (Step.REMINDERS, NAME)


# --- phone


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("99999 0000", "phone_short"),
        ("12345", "phone_short"),
        ("99999 00001" + "23", "phone_long"),
        ("5" * 10, "phone_invalid"),
        ("0" * 10, "phone_invalid"),
        ("+999 1234" + "5678", "phone_invalid"),
        ("9999O 00001", "phone_letters"),
        ("my phone", "unclear_phone"),
    ],
)
def test_of_a_wrong_phone_it_is_said_what_is_wrong(text: str, note: str) -> None:
    talk = at_step(Step.PHONE).says(text)
    assert (talk.step, talk.draft.phone, talk.draft.note) == (Step.PHONE, "", note)


def test_of_two_phones_the_last_is_right() -> None:
    talk = at_step(Step.PHONE).says("99999 00001 sorry 99999 00002")
    assert talk.draft.phone == "+919999900002"


@pytest.mark.parametrize("text", ["yes", "this number only", "same", "haan"])
def test_the_channels_own_number_is_taken_with_a_yes(text: str) -> None:
    talk = at_step(Step.PHONE, own_phone="+12025550143").says(text)
    assert talk.draft.phone == "+12025550143"


def test_on_the_website_a_yes_is_no_phone() -> None:
    assert at_step(Step.PHONE).says("yes").draft.note == "unclear_phone"


def test_another_number_than_the_channels_is_asked_for_and_taken() -> None:
    talk = at_step(Step.PHONE, own_phone="+12025550143").presses(phone="other")
    assert talk.draft.note == "phone_other"
    assert talk.says(PHONE).draft.phone == "+919999900071"


def test_the_channels_number_is_not_kept_before_the_consent() -> None:
    talk = at_step(Step.CONSENT, own_phone="+12025550143").presses(phone="own")
    assert talk.draft.phone == ""


# --- reminders


@pytest.mark.parametrize(
    ("own_phone", "text", "way"),
    [
        ("", "yes", "call"),
        ("", "call me please", "call"),
        ("", "no", "none"),
        ("", "no reminder needed", "none"),
        ("", "no need", "none"),
        ("+12025550143", "yes", "whatsapp"),
        ("+12025550143", "on WhatsApp", "whatsapp"),
        ("+12025550143", "by phone call", "call"),
    ],
)
def test_a_way_of_reminding_is_chosen(own_phone: str, text: str, way: str) -> None:
    assert at_step(Step.REMINDERS, own_phone=own_phone).says(text).draft.reminders == way


def test_a_way_that_the_channel_has_not_is_not_taken() -> None:
    talk = at_step(Step.REMINDERS).says("on WhatsApp")
    assert (talk.step, talk.draft.note) == (Step.REMINDERS, "unclear_reminders")


# --- the yes


@pytest.mark.parametrize("text", ["yes", "Yes, book it", "ok", "haan ji", "👍", "yes please"])
def test_a_plain_yes_books(text: str) -> None:
    assert at_step(Step.CONFIRM).says(text).verdict is Verdict.CONFIRMED


@pytest.mark.parametrize(
    "text",
    [
        "yes but at 6",
        "yes, at 6 pm",
        "ok cancel",
        "yes, another time",
        "yes my name is Usha",
        "yes 99999 00079",
        "yes for my mother",
        "yes?",
        "ok what about parking",
        "no",
        "maybe",
        "ok ok but call me first",
    ],
)
@pytest.mark.parametrize("intent", ["inform", "affirm"])
def test_a_yes_with_anything_else_books_nothing(text: str, intent: str) -> None:
    assert at_step(Step.CONFIRM).says(text, intent=intent).verdict is not Verdict.CONFIRMED


def test_yes_but_at_six_reads_the_new_time_back() -> None:
    talk = at_step(Step.CONFIRM).says("yes but at 6")
    assert talk.question.values["booking_when"] == "Tuesday 24 Nov 2026 at 18:00"
    assert talk.says("yes").verdict is Verdict.CONFIRMED


@pytest.mark.parametrize("step", [step for step in Step if step is not Step.CONFIRM])
def test_an_old_yes_button_books_nothing(step: Step) -> None:
    assert at_step(step).presses(confirm="yes").verdict is Verdict.HEARD


def test_the_yes_button_books() -> None:
    assert at_step(Step.CONFIRM).presses(confirm="yes").verdict is Verdict.CONFIRMED


# --- anything at all

_FACTS = st.sampled_from(
    """yes|no|6 pm|Friday|29 Feb|99999 00071|Asha|my son|I am 16|hair|cancel|last one|?|but|25:00
    |change|name|{note}|😀|١٢""".split("|")
)
MESSAGES = st.one_of(st.text(max_size=60), st.lists(_FACTS, max_size=6).map(" ".join))
INTENTS = st.sampled_from(
    ["inform", "affirm", "deny", "faq", "nlu_fallback", "cancel_consultation", "greet", ""]
)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(STEPS), MESSAGES, INTENTS)
def test_any_message_in_any_step_leaves_a_draft_that_can_be_asked_about(
    step: Step, text: str, intent: str
) -> None:
    talk = at_step(step).says(text, intent=intent)
    assert talk.question.response.startswith("utter_")
    assert type(talk.draft).from_json(json.loads(json.dumps(talk.draft.to_json()))) == talk.draft
    if talk.verdict is Verdict.CONFIRMED:
        assert step is Step.CONFIRM
        assert answers().yes(Heard("id", text, intent))
    if talk.draft.consent != GIVEN:
        assert (talk.draft.name, talk.draft.phone) == ("", "")
    if talk.draft.phone:
        assert phonenumbers.is_valid_number(phonenumbers.parse(talk.draft.phone))
    assert len(talk.draft.name) <= 100


@settings(max_examples=100, deadline=None)
@given(MESSAGES)
def test_any_message_opens_a_booking(text: str) -> None:
    talk = Talk().opens(text)
    assert talk.question.response.startswith("utter_ask_booking_") or (
        talk.verdict is Verdict.MINOR_ALONE
    )
    assert (talk.draft.name, talk.draft.phone) == ("", "")


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(MESSAGES, INTENTS), max_size=8))
def test_a_conversation_of_anything_never_breaks(said: list[tuple[str, str]]) -> None:
    talk = Talk().opens()
    for text, intent in said:
        talk.says(text, intent=intent)
        assert talk.question.response
        if talk.verdict in (Verdict.STOPPED, Verdict.REFUSED, Verdict.MINOR_ALONE):
            return


# --- what opens a booking


@pytest.mark.parametrize("text", ["tomorrow 5 pm", "99999 00071", "Friday", "kal shaam"])
def test_a_time_or_a_phone_opens_a_booking(text: str) -> None:
    assert dialogue().is_opening(text, Talk().world.now)


@pytest.mark.parametrize("text", ["Asha Rao", "ok", "", "first time"])
def test_other_bare_answers_open_none(text: str) -> None:
    assert not dialogue().is_opening(text, Talk().world.now)


def test_a_day_in_the_opening_is_a_day_of_the_clinic() -> None:
    offered = Talk().opens("Saturday").offered
    assert {each.date() for each in offered} == {date(2026, 11, 28)}
