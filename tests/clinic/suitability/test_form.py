"""A list of the check as a form: what its boxes answer, and what the check makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pytest

from bot.clinic.booking.draft import GIVEN, Heard
from bot.clinic.suitability.check import CHANGED, Check, next_screen
from bot.clinic.suitability.dialogue import About, CheckDialogue, Outcome, Verdict
from bot.clinic.suitability.form import Fault, ScreenForm, can_be_unsure
from bot.data_files import DATA, common_words, read_yaml

TODAY = date(2026, 11, 23)
DIALOGUE = CheckDialogue.from_data(
    read_yaml(DATA / "suitability.yml"), read_yaml(DATA / "booking.yml"), common_words()
)
CATALOGUE = DIALOGUE.catalogue
BEGUN = Check(consent=GIVEN, concern="skin")


def form(
    screen: str,
    button: str = "next",
    ticked: tuple[str, ...] = (),
    unsure: tuple[str, ...] = (),
    words: str = "",
    shown: tuple[str, ...] | None = None,
) -> ScreenForm:
    every = tuple(each.id for each in CATALOGUE.screen(screen).items)
    return ScreenForm(screen, button, every if shown is None else shown, ticked, unsure, words)


def answers(filled: ScreenForm) -> dict[str, str]:
    return filled.answers(CATALOGUE.screen(filled.screen), CATALOGUE)


def take(
    check: Check,
    screen: str,
    given: Mapping[str, str],
    words: str = "",
    *,
    is_adult: bool = False,
) -> Outcome:
    about = About(TODAY, is_adult=is_adult)
    return DIALOGUE.answer_screen(check, screen, given, words, about)


def through(check: Check, *, given: Mapping[str, str] | None = None) -> Outcome:
    """Denies list after list, but for what is given."""
    outcome = Outcome(check)
    while screen := next_screen(outcome.check, CATALOGUE):
        chosen = {q: (given or {}).get(q, "no") for q in screen.questions}
        outcome = take(outcome.check, screen.id, chosen)
    return outcome


def named(check: Check) -> dict[str, str]:
    return {q: key for q, key in check.answers.items() if key != "no"}


# The boxes.


def test_a_tick_is_a_yes_and_the_rest_a_no() -> None:
    assert answers(form("allergies", ticked=("Q18",))) == {"Q18": "yes", "Q19": "no"}


def test_a_tick_at_a_question_with_several_answers_does_not_say_which() -> None:
    assert answers(form("now", ticked=("Q08",)))["Q08"] == "some"


def test_of_two_answers_to_one_question_the_stricter_counts() -> None:
    both = answers(form("age", ticked=("Q01.young", "Q01.under_18")))
    assert both["Q01"] == "under_18"


def test_both_boxes_of_a_line_count_as_the_stricter() -> None:
    assert answers(form("age", ticked=("Q02",), unsure=("Q02",)))["Q02"] == "yes"
    assert answers(form("conditions", ticked=("Q28",), unsure=("Q28",)))["Q28"] == "some"


def test_what_was_not_shown_is_not_denied() -> None:
    assert answers(form("allergies", button="none", shown=("Q19",))) == {"Q19": "no"}


def test_a_skipped_list_denies_nothing_and_keeps_what_is_ticked() -> None:
    assert answers(form("allergies", button="skip", ticked=("Q19",))) == {"Q19": "yes"}


def test_a_list_that_opens_stands_by_its_id() -> None:
    assert answers(form("changed", ticked=("medicines",)))["medicines"] == "yes"


def test_nobody_is_unsure_of_their_age_or_of_a_list() -> None:
    lines = [*CATALOGUE.screen("age").items, *CATALOGUE.changed.items]
    sure = {each.id for each in lines if not can_be_unsure(each)}
    assert sure == {"Q01.under_18", "Q01.young", "medicines", "recent"}
    assert answers(form("age", unsure=("Q01.under_18",)))["Q01"] == "no"


@pytest.mark.parametrize(
    ("filled", "fault"),
    [
        (form("age"), Fault.EMPTY),
        (form("age", words="  \n"), Fault.EMPTY),
        (form("age", ticked=("Q02",)), None),
        (form("age", words="pregnant"), None),
        (form("age", "none"), None),
        (form("age", "none", unsure=("Q02",)), Fault.BOTH),
        (form("age", "none", words="pregnant"), Fault.BOTH),
        (form("age", "skip", ticked=("Q02",)), None),
        (form("age", "stop", words="pregnant"), None),
    ],
)
def test_a_form_that_may_be_a_slip_is_not_taken(filled: ScreenForm, fault: Fault | None) -> None:
    assert filled.fault is fault


def test_nothing_of_a_filled_in_form_is_in_its_repr() -> None:
    assert "Q02" not in repr(form("age", ticked=("Q02",), unsure=("Q03",), words="x", shown=()))


# What the check makes of it.


def test_a_whole_list_is_answered_at_once() -> None:
    outcome = take(BEGUN, "allergies", {"Q18": "yes", "Q19": "no"})
    assert outcome.verdict is Verdict.HEARD
    assert outcome.check.answers == {"Q18": "yes", "Q19": "no"}
    assert outcome.check.done == ("allergies",)


def test_words_stay_with_what_they_are_about_and_not_with_what_was_denied() -> None:
    given = {"Q18": "yes", "Q19": "no"}
    assert take(BEGUN, "allergies", given, "since school").check.words == {"Q18": "since school"}


def test_words_may_answer_another_list() -> None:
    check = take(BEGUN, "allergies", {"Q18": "no", "Q19": "no"}, "i take ecosprin").check
    assert named(check) == {"Q15": "yes"}
    assert "medicines" not in check.done


def test_words_say_which_answer_a_tick_is() -> None:
    given = {"Q08": "some", "Q06": "no"}
    check = take(BEGUN, "now", given, "a few mild pimples").check
    assert named(check) == {"Q08": "mild"}
    assert check.unclear == ()


def test_words_that_tell_nothing_are_no_answer() -> None:
    outcome = take(BEGUN, "allergies", {"Q18": "no"}, "my knee clicks")
    assert outcome == Outcome(BEGUN, Verdict.NOT_MINE)


def test_not_sure_in_words_is_said_of_the_whole_list() -> None:
    check = take(BEGUN, "allergies", {"Q18": "no", "Q19": "no"}, "not sure").check
    assert named(check) == {"Q18": "unsure", "Q19": "unsure"}


def test_skip_in_words_leaves_the_list_to_the_doctor() -> None:
    check = take(BEGUN, "allergies", {"Q18": "no", "Q19": "no"}, "skip").check
    assert (check.answers, check.done, check.note) == ({}, ("allergies",), "skipped")


def test_a_tick_that_the_words_deny_is_asked_once_and_holds_until_then() -> None:
    outcome = take(BEGUN, "age", {"Q03": "yes"}, "i am not breastfeeding")
    assert (outcome.check.again, named(outcome.check)) == ("Q03", {"Q03": "yes"})


def test_an_age_in_words_answers_the_lines_on_age() -> None:
    given = {"Q01": "no", "Q02": "no"}
    assert named(take(BEGUN, "age", given, "19").check) == {"Q01": "young"}
    assert take(BEGUN, "age", given, "16").verdict is Verdict.MINOR
    assert take(BEGUN, "age", {"Q01": "young"}, "i am 16").verdict is Verdict.MINOR


def test_a_bare_number_is_an_age_only_where_the_age_is_asked() -> None:
    assert take(BEGUN, "allergies", {"Q18": "no"}, "16").verdict is Verdict.NOT_MINE


def test_who_is_of_age_after_all_has_the_question_on_age_answered() -> None:
    check = take(BEGUN, "age", {"Q01": "under_18", "Q02": "no"}, is_adult=True).check
    assert check.again == "Q01"
    heard = Heard("", "", "", {"check": "Q01.yes"})
    after = DIALOGUE.hear(check, heard, About(TODAY, is_adult=True)).check
    assert (after.again, after.answers["Q01"]) == ("", "no")


def test_the_last_list_finishes_the_check() -> None:
    outcome = through(BEGUN)
    assert outcome.verdict is Verdict.FINISHED
    assert named(outcome.check) == {}


def test_a_question_that_is_unclear_is_asked_before_the_check_is_finished() -> None:
    outcome = through(BEGUN, given={"Q08": "some"})
    assert (outcome.verdict, outcome.check.unclear) == (Verdict.HEARD, ("Q08",))


def test_the_same_form_again_changes_nothing() -> None:
    given = {"Q18": "yes", "Q19": "no"}
    once = take(BEGUN, "allergies", given, "since school").check
    assert take(once, "allergies", given, "since school").check == once


def test_an_old_form_that_denies_what_was_named_is_asked_about() -> None:
    once = take(BEGUN, "allergies", {"Q18": "yes", "Q19": "no"}).check
    again = take(once, "allergies", {"Q18": "no", "Q19": "no"}).check
    assert (again.again, named(again)) == ("Q18", {"Q18": "yes"})


def test_a_list_that_is_not_asked_changes_nothing() -> None:
    for unknown in ("hair", "changed", "nothing"):
        assert take(BEGUN, unknown, {"Q33": "yes"}) == Outcome(BEGUN)


def test_without_consent_nothing_is_taken() -> None:
    check = Check()
    assert take(check, "age", {"Q02": "yes"}) == Outcome(check)


def test_in_the_second_round_what_is_not_ticked_stays_as_it_was() -> None:
    known = through(BEGUN, given={"Q31": "yes", "Q15": "yes"}).check
    second = Check(
        consent=GIVEN, concern="skin", kind=CHANGED, answers=known.answers, words=known.words
    )
    outcome = take(second, "changed", dict.fromkeys(CATALOGUE.changed.questions, "no"))
    assert outcome.verdict is Verdict.FINISHED
    assert outcome.check.answers == known.answers
    assert outcome.check.news == ()


def test_in_the_second_round_a_list_opens_and_is_asked_next() -> None:
    known = through(BEGUN, given={"Q15": "yes"}).check
    second = Check(consent=GIVEN, concern="skin", kind=CHANGED, answers=known.answers)
    opened = take(second, "changed", {"medicines": "yes", "Q31": "yes"}).check
    screen = next_screen(opened, CATALOGUE)
    assert screen is not None
    assert screen.id == "medicines"
    outcome = take(opened, "medicines", {"Q15": "no", "Q17": "yes", "Q30": "no"})
    assert outcome.verdict is Verdict.FINISHED
    assert outcome.check.news == ("Q31", "Q17")
    assert outcome.check.answers["Q15"] == "yes"
