"""What a patient is told at the end, and what staff learn."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.clinic.suitability.check import CHANGED, Check
from bot.clinic.suitability.outcome import (
    Visit,
    outcome_responses,
    stopped_responses,
    what_staff_learn,
)
from bot.data_files import ROOT, read_yaml
from tests.clinic.suitability.conftest import CATALOGUE
from tests.clinic.suitability.test_check import whole

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
TALK = Visit("Wednesday", NOW + timedelta(days=2), is_treatment=False)
SESSION = replace(TALK, is_treatment=True, device="mnrf")
BEGUN = Check(consent="given")
RESPONSES = set(read_yaml(ROOT / "domain.yml")["responses"])
ROUTINE, DOCTOR, WAIT, NOT = (
    whole(), whole(Q15="yes"), whole(Q31="yes"), whole(Q02="yes"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("check", "name"),
    [(ROUTINE, "routine"), (DOCTOR, "doctor_first"), (WAIT, "postpone"), (NOT, "not_now")],
)
def test_each_label_has_its_text_without_a_visit_with_a_talk_and_with_a_treatment(
    check: Check, name: str
) -> None:
    suffixes = ("", "", "") if name == "routine" else ("", "_booked", "_treatment")
    for visit, suffix in zip((None, TALK, SESSION), suffixes, strict=True):
        assert outcome_responses(check, CATALOGUE, visit) == [f"utter_check_{name}{suffix}"]
        assert f"utter_check_{name}{suffix}" in RESPONSES


def test_a_changing_mole_comes_before_any_other_outcome() -> None:
    said = outcome_responses(whole(Q11="yes", Q02="yes"), CATALOGUE, None)
    assert said == ["utter_check_lesion", "utter_check_not_now"]
    booked = outcome_responses(whole(Q11="yes"), CATALOGUE, SESSION)
    assert booked == ["utter_check_lesion_booked", "utter_check_doctor_first_treatment"]
    assert {*said, *booked} <= RESPONSES


def test_an_unfinished_check_says_that_the_doctor_asks_the_rest() -> None:
    assert outcome_responses(Check(), CATALOGUE, TALK) == ["utter_check_incomplete"]


def test_in_the_second_round_only_what_is_new_counts() -> None:
    again = replace(whole(Q15="yes", Q37="smoke"), kind=CHANGED)
    assert outcome_responses(again, CATALOGUE, TALK) == ["utter_check_unchanged"]
    smokes = replace(again, news=("Q37",))
    assert outcome_responses(smokes, CATALOGUE, TALK) == ["utter_check_noted"]
    fever = replace(again, answers={**again.answers, "Q31": "yes"}, news=("Q31",))
    assert outcome_responses(fever, CATALOGUE, SESSION) == ["utter_check_postpone_treatment"]


def learn(
    check: Check, visit: Visit | None, before: Check = BEGUN, *, is_over: bool = True
) -> list[tuple[str, str]]:
    """What staff learn of a check that stands so after one more answer."""
    return what_staff_learn(before, check, CATALOGUE, visit, NOW, is_over=is_over)


def test_staff_need_not_read_the_answers_before_a_talk() -> None:
    assert learn(NOT, TALK) == []
    assert learn(NOT, None) == []


def test_staff_learn_of_what_stands_against_a_treatment_when_the_check_is_over() -> None:
    assert learn(WAIT, SESSION) == [("check_answers", "routine")]
    assert learn(WAIT, SESSION, is_over=False) == []
    assert learn(ROUTINE, SESSION) == []


def test_a_day_before_the_visit_it_is_read_today() -> None:
    soon = replace(SESSION, starts_at=NOW + timedelta(hours=20))
    assert learn(WAIT, soon) == [("check_answers", "same_day")]


def test_staff_learn_of_news_before_any_visit_as_soon_as_it_is_told() -> None:
    before = replace(ROUTINE, kind=CHANGED)
    fever = replace(whole(Q31="yes"), kind=CHANGED, news=("Q31",))
    assert learn(fever, TALK, before, is_over=False) == [("check_answers", "routine")]
    assert learn(fever, TALK, fever) == []


def test_staff_learn_of_a_changing_mole_once_and_even_without_a_visit() -> None:
    mole = whole(Q11="yes")
    assert learn(mole, None, is_over=False) == [("lesion", "routine")]
    assert learn(mole, None, mole) == []


def test_who_stops_is_told_what_was_named_all_the_same() -> None:
    named = Check(consent="given", answers={"Q02": "yes", "Q11": "yes"})
    assert stopped_responses(named, CATALOGUE, TALK) == [
        "utter_check_lesion_booked", "utter_check_not_now_booked", "utter_check_incomplete",
    ]  # fmt: skip
    assert stopped_responses(BEGUN, CATALOGUE, TALK) == ["utter_check_incomplete"]
