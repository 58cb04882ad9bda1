from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from bot.clinic.booking.draft import Draft, Outcome, Step
from bot.clinic.booking.offers import MOST_NEAR, MOST_OFFERED
from bot.clinic.times import TimeWish
from tests.clinic.booking.talk import Talk, all_free, at, at_step, busy_at, dialogue, offers

TOMORROW = date(2026, 11, 24)


def days(offered: list[datetime]) -> set[date]:
    return {each.date() for each in offered}


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("tomorrow 5 pm", "2026-11-24T17:00"),
        ("tomorrow at 5", "2026-11-24T17:00"),
        ("today 4:15 pm", "2026-11-23T16:15"),
        ("Friday 10:30", "2026-11-27T10:30"),
        ("kal shaam 6 baje", "2026-11-24T18:00"),
        ("26 nov 11 am", "2026-11-26T11:00"),
        ("Saturday 12 noon", "2026-11-28T12:00"),
        ("22 January 2027 6 pm", "2027-01-22T18:00"),
    ],
)
def test_a_day_with_a_free_time_is_chosen(text: str, start: str) -> None:
    talk = Talk().opens(text)
    assert talk.start == at(start)
    assert not talk.offered


def test_without_a_wish_times_of_several_days_are_offered() -> None:
    talk = Talk().opens("I want to book")
    assert talk.step is Step.TIME
    assert len(talk.offered) == MOST_OFFERED
    assert len(days(talk.offered)) == 3


def test_whatever_is_offered_is_free_and_in_order() -> None:
    talk = Talk().opens("next week")
    assert set(talk.offered) <= set(all_free())
    assert talk.offered == sorted(set(talk.offered))


def test_for_a_day_times_over_all_of_that_day_are_offered() -> None:
    talk = Talk().opens("tomorrow")
    assert days(talk.offered) == {TOMORROW}
    assert talk.offered[0] == at("2026-11-24T10:00")
    assert talk.offered[-1] == at("2026-11-24T18:30")


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("in the morning", "10:00", "12:00"),
        ("evening", "16:00", "18:30"),
        ("tomorrow after 5 pm", "17:00", "18:30"),
        ("tomorrow before 11", "10:00", "11:00"),
        ("between 11 and 1", "11:00", "13:00"),
    ],
)
def test_a_part_of_the_day_bounds_what_is_offered(text: str, first: str, last: str) -> None:
    talk = Talk().opens(text)
    assert talk.offered
    for each in talk.offered:
        assert first <= f"{each:%H:%M}" <= last


def test_a_time_without_a_day_is_offered_on_several_days() -> None:
    talk = Talk().opens("at 11:30 am")
    assert {f"{each:%H:%M}" for each in talk.offered} == {"11:30"}
    assert len(days(talk.offered)) == MOST_OFFERED


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("29 February", "no_such_date"),
        ("29/02/2027 at 5 pm", "no_such_date"),
        ("31 November", "no_such_date"),
        ("99/99/9999", "no_such_date"),
        ("tomorrow at 25:00", "no_such_time"),
        ("tomorrow 10:75", "no_such_time"),
        ("yesterday", "past"),
        ("01/01/0001", "past"),
        ("today at 9 am", "past"),
        ("1 June 2027", "too_far"),
        ("Sunday", "day_closed"),
        ("25 December", "closed_because"),
        ("tomorrow at 3 pm", "time_closed"),
        ("tomorrow at 3 am", "time_closed"),
        ("Saturday 5 pm", "time_closed"),
        ("today 11:30 am", "time_too_soon"),
        ("tomorrow 5:07 pm", "time_off_grid"),
        ("3/12", "which_date"),
    ],
)
def test_what_cannot_be_is_said_and_other_times_offered(text: str, note: str) -> None:
    talk = Talk().opens(text)
    assert (talk.step, talk.draft.note) == (Step.TIME, note)
    assert talk.question.buttons
    assert talk.question.values["note"]
    assert "{" not in talk.question.values["note"]


def test_a_closed_day_is_named_with_its_reason() -> None:
    talk = Talk().opens("25 December")
    assert "Fri 25 Dec: Christmas" in talk.question.values["note"]
    assert min(days(talk.offered)) == date(2026, 12, 26)


def test_a_wrong_hour_keeps_the_day() -> None:
    assert days(Talk().opens("tomorrow at 25:00").offered) == {TOMORROW}


def test_a_wrong_date_keeps_the_hour() -> None:
    offered = Talk().opens("29/02/2027 at 5 pm").offered
    assert {f"{each:%H:%M}" for each in offered} == {"17:00"}


@pytest.mark.parametrize(
    ("wrong", "better", "start"),
    [
        ("29 February at 5 pm", "Friday", "2026-11-27T17:00"),
        ("tomorrow at 25:00", "5 pm", "2026-11-24T17:00"),
        ("Sunday 5 pm", "then Wednesday", "2026-11-25T17:00"),
        ("yesterday 5 pm", "tomorrow", "2026-11-24T17:00"),
    ],
)
def test_the_next_try_mends_what_could_not_be(wrong: str, better: str, start: str) -> None:
    assert Talk().opens(wrong).says(better).start == at(start)


def test_of_a_date_with_two_readings_both_are_asked_and_a_press_decides() -> None:
    talk = Talk().opens("3/12 at 5 pm")
    assert talk.question.response == "utter_ask_booking_which_day"
    assert [given for _, given in talk.question.buttons] == [
        {"day": "2026-12-03"},
        {"day": "2027-03-12"},
    ]
    assert talk.presses(day="2026-12-03").start == at("2026-12-03T17:00")


def test_of_an_hour_with_two_readings_both_are_asked_and_a_press_decides() -> None:
    talk = Talk().opens("I want to book")
    unclear = TimeWish(
        days=(TOMORROW,), unclear="time", choices=("05:00", "17:00"), unclear_bound="earliest"
    )
    talk.outcome = Outcome(offers().wished(Draft(), unclear, talk.world))
    assert talk.draft.note == "which_time"
    assert talk.question.response == "utter_ask_booking_which_clock"
    assert [title for title, _ in talk.question.buttons] == ["05:00", "17:00"]
    assert talk.presses(clock="17:00").offered[0] == at("2026-11-24T17:00")


def test_a_taken_time_is_said_and_its_neighbours_are_offered() -> None:
    talk = Talk(busy=busy_at("2026-11-24T17:00")).opens("tomorrow 5 pm")
    assert talk.draft.note == "time_taken"
    assert "Tuesday 24 Nov 2026 at 17:00 is taken" in talk.question.values["note"]
    assert len(talk.offered) == MOST_NEAR
    assert all(abs(each - at("2026-11-24T17:00")) < timedelta(hours=1) for each in talk.offered)


def test_an_offered_time_that_went_meanwhile_is_not_chosen() -> None:
    talk = Talk().opens("tomorrow evening")
    talk.busy = busy_at("2026-11-24T17:00")
    talk.presses(start=at("2026-11-24T17:00").isoformat())
    assert (talk.step, talk.draft.note) == (Step.TIME, "time_taken")
    assert at("2026-11-24T17:00") not in talk.offered


@pytest.mark.parametrize(
    ("start", "note"),
    [
        ("2026-11-29T11:00", "time_closed"),
        ("2026-11-22T11:00", "time_past"),
        ("2027-06-01T11:00", "time_too_far"),
        ("2026-11-24T11:01", "time_off_grid"),
    ],
)
def test_an_old_button_is_checked_like_any_wish(start: str, note: str) -> None:
    talk = Talk().opens("I want to book").presses(start=at(start).isoformat())
    assert (talk.step, talk.draft.note) == (Step.TIME, note)
    assert "{" not in talk.question.values["note"]


def test_somebody_else_was_faster() -> None:
    talk = at_step(Step.CONFIRM)
    talk.busy = busy_at("2026-11-24T17:00")
    after = offers().taken(talk.draft, talk.world)
    assert (after.start, after.note, after.name) == ("", "taken", "Asha Rao")
    assert len(after.offered) == MOST_NEAR


def test_a_chosen_time_that_went_meanwhile_is_asked_anew() -> None:
    talk = at_step(Step.NAME)
    talk.busy = busy_at("2026-11-24T17:00")
    assert talk.says("Asha Rao").step is Step.TIME
    assert talk.draft.note == "time_taken"
    assert talk.says("the first one").step is Step.PHONE


@pytest.mark.parametrize("text", ["no", "none of these", "another day", "change the time"])
def test_other_times_are_those_of_later_days(text: str) -> None:
    talk = at_step(Step.TIME)
    before = talk.offered
    talk.says(text, intent="deny" if text.startswith("no") else "inform")
    assert talk.draft.note == "other_times"
    assert min(days(talk.offered)) > max(days(before))


def test_after_the_last_days_the_first_are_offered_again() -> None:
    talk = at_step(Step.TIME)
    first = talk.offered
    for _ in range(60):
        talk.says("no")
        if talk.offered == first:
            return
    pytest.fail("The first times never came again.")


@pytest.mark.parametrize(
    ("text", "place"), [("the second one", 1), ("last", -1), ("the first one", 0)]
)
def test_an_offered_time_is_chosen_by_its_place(text: str, place: int) -> None:
    talk = at_step(Step.TIME)
    wanted = talk.offered[place]
    assert talk.says(text).start == wanted


def test_a_single_offer_is_taken_with_a_yes() -> None:
    talk = Talk().opens("tomorrow between 6:30 pm and 6:40 pm")
    assert len(talk.offered) == 1
    assert talk.says("yes").start == at("2026-11-24T18:30")


def test_a_yes_to_several_times_chooses_none() -> None:
    talk = at_step(Step.TIME).says("yes")
    assert (talk.step, talk.draft.note) == (Step.TIME, "unclear_time")


def test_when_nothing_is_free_the_phone_is_named() -> None:
    world = replace(Talk().world, free=list, why_not=lambda _: "taken")
    draft = offers().prepared(Draft(), world)
    assert draft.offered == ()
    asked = dialogue().ask(draft, world)
    assert (asked.response, asked.buttons) == ("utter_booking_no_free_time", ())


def test_a_new_hour_keeps_the_chosen_day_and_a_new_day_the_hour() -> None:
    talk = at_step(Step.TIME).presses(start=at("2026-11-25T17:00").isoformat())
    assert talk.says("at 6 pm rather").start == at("2026-11-25T18:00")
    assert talk.says("on Friday then").start == at("2026-11-27T18:00")
