"""Device and day after a treatment: what is asked, what is heard, and what the verdict is."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clinic.aftercare import Told
from bot.clinic.booking.draft import Heard
from bot.clinic.reaction import DAY, DEVICE, Missing, Reaction, ReactionDialogue
from bot.clinic.red_flags import Urgency
from bot.data_files import ROOT, read_yaml
from tests.clinic.test_aftercare import AFTERCARE, DEVICES, EXPECTED_UNTIL, LAST_DAYS, TODAY

# What the buttons carry where a patient does not know.
NOT_SURE = "not_sure"

DIALOGUE = ReactionDialogue(AFTERCARE)
RED = Reaction("X01", ("redness",), heard="first")
ASKED_DEVICE = replace(RED, asked=(DEVICE,))
ASKED_BOTH = replace(RED, asked=(DEVICE, DAY))


def hears(text: str, reaction: Reaction = ASKED_DEVICE, **pressed: str) -> Reaction:
    """What is known after the next message; `pressed` is what a button holds."""
    return DIALOGUE.hear(reaction, Heard("next", text, "inform", pressed), TODAY)


def buttons(question: str) -> list[str]:
    """What the buttons of a question hold."""
    [response] = read_yaml(ROOT / "domain.yml")["responses"][f"utter_ask_reaction_{question}"]
    payloads = [str(each["payload"]) for each in response["buttons"]]
    return [json.loads(each.removeprefix("/inform"))[question] for each in payloads]


# --- what is missing ----------------------------------------------------------------------------


def test_first_the_device_is_asked_then_the_day_then_nothing() -> None:
    assert DIALOGUE.missing(RED) is Missing.DEVICE
    assert DIALOGUE.missing(ASKED_DEVICE) is Missing.DAY
    assert DIALOGUE.missing(ASKED_BOTH) is Missing.NOTHING


def test_of_a_known_device_only_the_day_is_asked() -> None:
    assert DIALOGUE.missing(replace(RED, device="mnrf")) is Missing.DAY


@pytest.mark.parametrize("device", ["", "mnrf"])
def test_a_known_day_is_enough(device: str) -> None:
    assert DIALOGUE.missing(replace(RED, device=device, day=0)) is Missing.NOTHING


def test_where_no_day_decides_nothing_is_asked() -> None:
    assert DIALOGUE.missing(Reaction("X08")) is Missing.NOTHING


@pytest.mark.parametrize("device", ["", "mnrf"])
def test_no_question_is_put_twice(device: str) -> None:
    reaction, questions = replace(RED, device=device), []
    while (missing := DIALOGUE.missing(reaction)) is not Missing.NOTHING:
        questions.append(missing)
        reaction = replace(reaction, asked=(*reaction.asked, missing.value))
    assert len(questions) == len(set(questions))


# --- what is heard ------------------------------------------------------------------------------


@pytest.mark.parametrize("device", sorted(set(buttons(DEVICE)) - {NOT_SURE}))
def test_each_button_for_the_device_names_one_of_the_table(device: str) -> None:
    assert hears("", device=device).device == device
    assert device in DEVICES


def test_there_is_a_button_for_each_device_and_one_for_who_does_not_know() -> None:
    assert sorted(buttons(DEVICE)) == sorted([*DEVICES, NOT_SURE])


@pytest.mark.parametrize("day", sorted(set(buttons(DAY)) - {NOT_SURE}))
def test_each_button_for_the_day_is_a_number_of_days(day: str) -> None:
    assert hears("", day=day).day == int(day)


@pytest.mark.parametrize("question", [DEVICE, DAY])
def test_not_sure_tells_nothing(question: str) -> None:
    assert hears("", **{question: NOT_SURE}) == replace(ASKED_DEVICE, heard="next")
    assert NOT_SURE in buttons(question)


@pytest.mark.parametrize(
    ("text", "device"),
    [
        ("it was microneedling", "microneedling"),
        ("dermapen", "microneedling"),
        ("MNRF I think", "mnrf"),
        ("plasma", "plasma"),
        ("not sure", ""),
    ],
)
def test_the_device_is_read_from_words(text: str, device: str) -> None:
    assert (hears(text).device, hears(text).day) == (device, None)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("yesterday", 1),
        ("kal", 1),
        ("today", 0),
        ("2 days ago", 2),
        ("दोन दिवसांपूर्वी", 2),
        ("I don't know", None),
    ],
)
def test_the_day_is_read_from_words(text: str, day: int | None) -> None:
    assert (hears(text).device, hears(text).day) == ("", day)


def test_both_may_come_in_one_message() -> None:
    found = hears("MNRF, 2 days ago")
    assert (found.device, found.day) == ("mnrf", 2)


@pytest.mark.parametrize(("text", "day"), [("3", 3), (" 12 ", 12), ("०", 0), ("५", 5)])
def test_a_number_alone_is_a_number_of_days(text: str, day: int) -> None:
    assert hears(text).day == day


@pytest.mark.parametrize("text", ["²", "①", "3½"])
def test_a_number_in_another_shape_is_not_understood(text: str) -> None:
    assert hears(text) == replace(ASKED_DEVICE, heard="next")


def test_what_was_told_first_stays() -> None:
    known = replace(ASKED_BOTH, device="mnrf", day=0)
    found = hears("plasma 9 days ago", known)
    assert (found.device, found.day) == ("mnrf", 0)


def test_words_beside_a_button_are_not_read() -> None:
    assert hears("yesterday", device="plasma").day is None


def test_the_message_that_was_read_is_remembered() -> None:
    assert hears("no idea").heard == "next"


# --- the verdict --------------------------------------------------------------------------------


@pytest.mark.parametrize(("course", "device", "last"), LAST_DAYS)
def test_up_to_the_last_day_it_is_expected(course: str, device: str, last: int) -> None:
    told = Reaction("X01", (course,), device, last)
    assert DIALOGUE.judge(told) == (Urgency.EXPECTED, "X01")


@pytest.mark.parametrize(("course", "device", "last"), LAST_DAYS)
def test_after_it_it_is_a_call_today(course: str, device: str, last: int) -> None:
    told = Reaction("X01", (course,), device, last + 1)
    assert DIALOGUE.judge(told) == (Urgency.SAME_DAY, EXPECTED_UNTIL[course][0])


@pytest.mark.parametrize("device", ["", "mnrf"])
def test_without_a_day_it_is_a_call_today(device: str) -> None:
    assert DIALOGUE.judge(replace(RED, device=device)) == (Urgency.SAME_DAY, "D13")


def test_one_course_past_its_day_is_enough_for_a_call() -> None:
    both = Reaction("X01", ("redness", "oozing"), "mnrf", 2)
    assert DIALOGUE.judge(both) == (Urgency.SAME_DAY, "D02")


def test_what_no_day_decides_is_expected() -> None:
    assert DIALOGUE.judge(Reaction("X08")) == (Urgency.EXPECTED, "X08")


@pytest.mark.parametrize(("course", "device", "last"), LAST_DAYS)
def test_the_last_day_is_that_of_the_table(course: str, device: str, last: int) -> None:
    assert DIALOGUE.last_day(Reaction("X01", (course,), device, 0)) == last


def test_of_several_courses_the_shortest_counts() -> None:
    assert DIALOGUE.last_day(Reaction("X01", ("redness", "oozing"), "co2_laser", 0)) == 2


def test_what_no_day_decides_has_no_last_day() -> None:
    assert DIALOGUE.last_day(Reaction("X08")) is None


COURSES = st.lists(st.sampled_from(sorted(EXPECTED_UNTIL)), min_size=1, unique=True).map(tuple)
REACTIONS = st.builds(
    Reaction,
    sign=st.sampled_from(["", "X01", "X08"]),
    courses=COURSES,
    device=st.sampled_from(["", *DEVICES]),
    day=st.none() | st.integers(0, 400),
    asked=st.sampled_from([(), (DEVICE,), (DAY,), (DEVICE, DAY)]),
    heard=st.text(max_size=8),
)


@given(REACTIONS)
def test_the_last_day_that_is_told_is_the_last_that_is_expected(reaction: Reaction) -> None:
    last = DIALOGUE.last_day(reaction)
    assert last is not None
    assert DIALOGUE.judge(replace(reaction, day=last))[0] is Urgency.EXPECTED
    assert DIALOGUE.judge(replace(reaction, day=last + 1))[0] is Urgency.SAME_DAY


@given(REACTIONS)
def test_who_knows_the_device_is_judged_no_harder_than_who_does_not(reaction: Reaction) -> None:
    unknown = replace(reaction, device="")
    if DIALOGUE.judge(unknown)[0] is Urgency.EXPECTED:
        assert DIALOGUE.judge(reaction)[0] is Urgency.EXPECTED


# --- what is kept -------------------------------------------------------------------------------


@given(REACTIONS)
def test_what_is_kept_is_read_again(reaction: Reaction) -> None:
    assert Reaction.from_json(json.loads(json.dumps(reaction.to_json()))) == reaction


def test_what_another_version_kept_is_dropped() -> None:
    assert Reaction.from_json({**RED.to_json(), "colour": "red"}) == RED


def test_what_another_version_did_not_keep_yet_is_empty() -> None:
    assert Reaction.from_json({}) == Reaction()


def test_device_and_day_are_told_as_the_tables_take_them() -> None:
    assert replace(RED, device="mnrf", day=2).told == Told("mnrf", 2)


@given(st.text(max_size=40), st.sampled_from([RED, ASKED_DEVICE, ASKED_BOTH]))
def test_any_message_leaves_something_that_can_be_kept_and_judged(
    text: str, reaction: Reaction
) -> None:
    after = hears(text, reaction)
    assert Reaction.from_json(json.loads(json.dumps(after.to_json()))) == after
    assert DIALOGUE.judge(after)[0] in (Urgency.EXPECTED, Urgency.SAME_DAY)
