"""The label that follows from the answers, and what the doctor reads of them."""

from __future__ import annotations

import pytest

from bot.clinic.booking.draft import GIVEN
from bot.clinic.suitability.check import Check, findings, label_of, not_answered
from bot.clinic.suitability.questions import Label
from tests.clinic.suitability.conftest import CATALOGUE, Checked

# The brief's table 4.2, row by row: question, answer, class.
TABLE = {
    "Q01.under_18": "NOT_NOW", "Q01.young": "ROUTINE", "Q01.no": "ROUTINE", "Q02.yes": "NOT_NOW",
    "Q03.yes": "NOT_NOW", "Q04.yes": "DOCTOR_FIRST", "Q05.yes": "POSTPONE", "Q06.yes": "POSTPONE",
    "Q07.yes": "DOCTOR_FIRST", "Q08.active": "POSTPONE", "Q08.mild": "DOCTOR_FIRST",
    "Q09.yes": "NOT_NOW", "Q10.yes": "DOCTOR_FIRST", "Q11.yes": "DOCTOR_FIRST",
    "Q12.severe": "NOT_NOW", "Q12.other": "DOCTOR_FIRST", "Q13.severe": "NOT_NOW",
    "Q13.other": "DOCTOR_FIRST", "Q14.yes": "NOT_NOW", "Q15.yes": "DOCTOR_FIRST",
    "Q16.yes": "DOCTOR_FIRST", "Q17.yes": "DOCTOR_FIRST", "Q18.yes": "DOCTOR_FIRST",
    "Q19.yes": "DOCTOR_FIRST", "Q20.yes": "NOT_NOW", "Q21.yes": "DOCTOR_FIRST",
    "Q22.yes": "POSTPONE", "Q23.yes": "POSTPONE", "Q24.filler": "POSTPONE",
    "Q24.botulinum": "POSTPONE", "Q24.both": "POSTPONE", "Q25.yes": "DOCTOR_FIRST",
    "Q26.marks": "DOCTOR_FIRST", "Q26.brown": "ROUTINE", "Q27.flaring": "POSTPONE",
    "Q27.calm": "DOCTOR_FIRST", "Q28.uncontrolled": "NOT_NOW", "Q28.controlled": "DOCTOR_FIRST",
    "Q29.yes": "DOCTOR_FIRST", "Q30.yes": "DOCTOR_FIRST", "Q31.yes": "POSTPONE",
    "Q32.yes": "DOCTOR_FIRST", "Q33.yes": "DOCTOR_FIRST", "Q34.yes": "DOCTOR_FIRST",
    "Q35.event": "POSTPONE", "Q35.travel": "ROUTINE", "Q36.yes": "DOCTOR_FIRST",
    "Q37.smoke": "ROUTINE", "Q37.faint": "ROUTINE", "Q37.both": "ROUTINE",
}  # fmt: skip
# Asked again before the visit (brief 4.1).
OF_THE_DAY = {"Q05", "Q06", "Q08", "Q22", "Q23", "Q24", "Q31", "Q35"}


def whole(**answers: str) -> Check:
    """A finished check in which only these apply."""
    every = {q: "no" for screen in CATALOGUE.screens("hair") for q in screen.questions}
    return Check(consent=GIVEN, concern="hair", answers={**every, **answers})


@pytest.mark.parametrize(("answer", "label"), TABLE.items())
def test_each_answer_has_the_class_of_the_brief(answer: str, label: str) -> None:
    question, key = answer.split(".")
    assert label_of(whole(**{question: key}), CATALOGUE) is Label(label)


@pytest.mark.parametrize("question", sorted({each.partition(".")[0] for each in TABLE} - {"Q02"}))
def test_not_sure_is_the_doctors(question: str) -> None:
    assert label_of(whole(**{question: "unsure"}), CATALOGUE) is Label.DOCTOR_FIRST


def test_maybe_pregnant_counts_as_pregnant() -> None:
    checked = Checked()
    checked.says("not sure if i am pregnant")
    assert label_of(checked.check, CATALOGUE) is Label.NOT_NOW


@pytest.mark.parametrize(
    ("device", "label"),
    [
        ("mnrf", "NOT_NOW"), ("plasma", "NOT_NOW"), ("", "NOT_NOW"),
        ("microneedling", "DOCTOR_FIRST"), ("co2_laser", "DOCTOR_FIRST"),
        ("nonablative_laser", "DOCTOR_FIRST"),
    ],
)  # fmt: skip
def test_a_pacemaker_is_weighed_by_the_device(device: str, label: str) -> None:
    assert label_of(whole(Q20="yes"), CATALOGUE, device) is Label(label)


def test_the_strictest_answer_decides() -> None:
    ordered = ["NOT_NOW", "POSTPONE", "DOCTOR_FIRST", "ROUTINE"]
    answers = {"NOT_NOW": "Q02", "POSTPONE": "Q31", "DOCTOR_FIRST": "Q15"}
    for place, label in enumerate(ordered):
        named = {answers[each]: "yes" for each in ordered[place:] if each in answers}
        assert label_of(whole(**named), CATALOGUE) is Label(label)


def test_an_unfinished_check_is_incomplete_and_never_routine() -> None:
    assert label_of(Check(consent=GIVEN), CATALOGUE) is Label.INCOMPLETE
    half = Check(consent=GIVEN, answers={"Q15": "yes"})
    assert label_of(half, CATALOGUE) is Label.DOCTOR_FIRST


def test_the_questions_of_the_day_are_those_of_the_brief() -> None:
    marked = {each.id for each in CATALOGUE.questions.values() if each.of_the_day}
    assert marked >= OF_THE_DAY
    asked = {item.question for item in CATALOGUE.changed.items}
    opened = [CATALOGUE.screen(item.opens) for item in CATALOGUE.changed.items if item.opens]
    asked |= {q for screen in opened for q in screen.questions}
    assert asked >= OF_THE_DAY | {"Q02"}


def test_the_doctor_reads_what_applies_the_strictest_first() -> None:
    found = findings(whole(Q15="yes", Q02="yes", Q37="smoke"), CATALOGUE)
    assert [(each.question, each.label.value) for each in found] == [
        ("Q02", "NOT_NOW"), ("Q15", "DOCTOR_FIRST"), ("Q37", "ROUTINE"),
    ]  # fmt: skip
    assert found[2].is_flag


def test_the_doctor_reads_what_was_not_asked() -> None:
    missing = not_answered(Check(consent=GIVEN, answers={"Q15": "no"}), CATALOGUE)
    assert len(missing) == 36
    assert "Blood thinners or daily aspirin" not in missing


def test_no_answer_stands_in_what_a_check_prints_of_itself() -> None:
    printed = repr(Check(answers={"Q02": "yes"}, words={"Q02": "pregnant"}, unclear=("Q28",)))
    assert "Q02" not in printed
    assert "pregnant" not in printed
    assert "Q28" not in printed


def test_what_is_kept_comes_back_as_it_was() -> None:
    checked = Checked()
    checked.says("i take warfarin and have acne")
    assert Check.from_json(checked.check.to_json()) == checked.check
