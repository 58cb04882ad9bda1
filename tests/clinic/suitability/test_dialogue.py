"""The check as a conversation: screens, words, doubts, and what ends it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clinic.booking.draft import Heard
from bot.clinic.suitability.check import CHANGED, Check, findings, is_whole, label_of
from bot.clinic.suitability.dialogue import About, Verdict
from bot.clinic.suitability.questions import Label
from tests.clinic.suitability.conftest import CATALOGUE, DIALOGUE, QUESTIONS, TODAY, Checked

ALL = [f"Q{number:02}" for number in range(1, 38)]


def test_nothing_is_asked_before_the_patient_agreed() -> None:
    check, about = Check(), About(TODAY)
    assert DIALOGUE.ask(check, about).response == "utter_ask_check_consent"
    told = DIALOGUE.hear(check, Heard("1", "I have diabetes", "inform"), about)
    assert told.check.answers == {}
    assert told.check.consent == ""
    assert told.check.note == "unclear_consent"


@pytest.mark.parametrize(
    ("text", "pressed"), [("", {"consent": "yes"}), ("yes please", {}), ("haan", {})]
)
def test_a_yes_begins(text: str, pressed: dict[str, str]) -> None:
    began = DIALOGUE.hear(Check(), Heard("1", text, "inform", pressed), About(TODAY))
    assert began.verdict is Verdict.HEARD
    assert "1 of" in DIALOGUE.ask(began.check, About(TODAY)).values["check_text"]


def test_what_stands_behind_the_yes_is_kept() -> None:
    began = DIALOGUE.hear(Check(), Heard("1", "yes, i take warfarin", "inform"), About(TODAY))
    assert began.check.answers == {"Q15": "yes"}


@pytest.mark.parametrize(("text", "pressed"), [("", {"consent": "no"}), ("no", {}), ("nahi", {})])
def test_a_no_ends_it(text: str, pressed: dict[str, str]) -> None:
    said = DIALOGUE.hear(Check(), Heard("1", text, "inform", pressed), About(TODAY))
    assert said.verdict is Verdict.REFUSED


@pytest.mark.parametrize(("concern", "screens"), [("skin", 8), ("hair", 9), ("", 9)])
def test_it_takes_at_most_nine_screens_where_nothing_applies(concern: str, screens: int) -> None:
    checked = Checked(concern)
    assert checked.denies_the_rest() == screens
    assert label_of(checked.check, CATALOGUE) is Label.ROUTINE


def test_every_question_of_the_brief_is_on_a_screen() -> None:
    asked = [q for screen in CATALOGUE.screens("hair") for q in screen.questions]
    assert sorted(asked) == ALL


def test_a_screen_fits_into_a_list_of_ten_rows_and_1024_characters() -> None:
    checked = Checked("hair")
    verdict = Verdict.HEARD
    while verdict is Verdict.HEARD:
        assert len(checked.buttons) <= 10
        assert len(checked.asked) <= 1024
        assert all(len(title) <= 24 for title in checked.buttons)
        verdict = checked.press_none()


@pytest.mark.parametrize("question", ALL)
def test_each_question_is_answered_once_by_its_button(question: str) -> None:
    checked = Checked("hair")
    while not any(held.partition(".")[0] == question for held in checked.buttons.values()):
        assert checked.press_none() is Verdict.HEARD
    held = next(held for held in checked.buttons.values() if held.partition(".")[0] == question)
    verdict = checked.presses(held)
    if held == "Q01.under_18":
        assert verdict is Verdict.MINOR
        return
    if checked.check.unclear:
        assert checked.check.unclear == (question,)
        verdict = checked.presses(next(iter(checked.buttons.values())))
    assert verdict is Verdict.HEARD or verdict is Verdict.FINISHED
    assert list(checked.named()) == [question]


def test_only_what_was_named_is_opened(checked: Checked) -> None:
    checked.says("i get keloids and my skin is sensitive")
    assert checked.check.unclear == ("Q27",)
    assert checked.asked == "Noted.\n" + QUESTIONS["questions"]["Q27"]["ask"]
    checked.says("calm now")
    assert checked.named() == {"Q16": "yes", "Q27": "calm"}


def test_after_something_was_named_the_rest_of_its_list_is_asked(checked: Checked) -> None:
    checked.presses("Q03")
    assert checked.asked.startswith("Noted.")
    assert "breastfeeding" not in checked.asked
    assert "Nothing else" in checked.buttons


def test_the_patients_own_words_are_kept_for_the_doctor(checked: Checked) -> None:
    checked.says("I take warfarin since my operation")
    assert checked.check.words == {"Q15": "I take warfarin since my operation"}


@pytest.mark.parametrize("text", ["not sure", "I'd rather not say", "pata nahi"])
def test_who_is_not_sure_goes_to_the_doctor_first(checked: Checked, text: str) -> None:
    checked.press_none()
    checked.says(text)
    checked.denies_the_rest()
    assert label_of(checked.check, CATALOGUE) is Label.DOCTOR_FIRST


def test_a_skipped_list_leaves_the_check_incomplete(checked: Checked) -> None:
    checked.says("skip this")
    assert checked.asked.startswith("All right, the doctor will ask that.")
    checked.denies_the_rest()
    assert not is_whole(checked.check, CATALOGUE)
    assert label_of(checked.check, CATALOGUE) is Label.INCOMPLETE


@pytest.mark.parametrize("text", ["never mind", "cancel"])
def test_it_can_be_stopped(checked: Checked, text: str) -> None:
    assert checked.says(text) is Verdict.STOPPED


def test_stop_alone_asks_what_should_stop(checked: Checked) -> None:
    checked.says("stop", "stop_messages")
    asked = DIALOGUE.ask(checked.check, checked.about)
    assert asked.response == "utter_ask_check_stop_which"
    assert checked.presses("stop") is Verdict.STOPPED


@pytest.mark.parametrize("text", ["haha i am a robot", "blue", "..."])
def test_a_joke_is_asked_again_and_nothing_is_lost(checked: Checked, text: str) -> None:
    checked.says("I take warfarin")
    checked.says(text)
    assert checked.check.note == "unclear"
    assert checked.named() == {"Q15": "yes"}


def test_a_yes_to_a_whole_list_is_asked_which(checked: Checked) -> None:
    checked.says("yes", "affirm")
    assert checked.asked.startswith(QUESTIONS["notes"]["which"])


def test_a_question_in_the_middle_is_somebody_elses(checked: Checked) -> None:
    assert checked.says("does it hurt?", "faq") is Verdict.NOT_MINE


def test_what_a_question_tells_on_the_way_is_kept(checked: Checked) -> None:
    assert checked.says("i am on warfarin, is that a problem?", "faq") is Verdict.NOT_MINE
    assert checked.named() == {"Q15": "yes"}


def test_a_person_is_within_reach(checked: Checked) -> None:
    assert checked.says("agent", "talk_to_staff") is Verdict.NOT_MINE


def test_two_different_answers_are_asked_about_once_and_the_clear_one_holds(
    checked: Checked,
) -> None:
    checked.says("i am pregnant")
    checked.says("i am not pregnant")
    assert checked.check.again == "Q02"
    assert "pregnant" in checked.asked
    checked.says("no", "deny")
    assert checked.check.answers["Q02"] == "no"


def test_who_contradicts_again_gets_the_stricter_answer(checked: Checked) -> None:
    checked.says("i am pregnant")
    checked.says("i am not pregnant")
    checked.says("yes", "affirm")
    checked.says("i am not pregnant")
    assert checked.check.again == ""
    assert checked.check.answers["Q02"] == "yes"


def test_a_later_yes_corrects_an_earlier_none(checked: Checked) -> None:
    checked.press_none()
    checked.says("sorry, i am breastfeeding")
    assert checked.named() == {"Q03": "yes"}


def test_a_button_of_an_earlier_list_does_not_answer_the_present_one(checked: Checked) -> None:
    earlier = checked.buttons["None of these"]
    checked.presses(earlier)
    second = checked.asked
    checked.presses(earlier)
    assert checked.asked == second


@pytest.mark.parametrize("text", ["i am 16", "I'm 17 years old", "under 18"])
def test_a_minor_ends_it(checked: Checked, text: str) -> None:
    assert checked.says(text) is Verdict.MINOR


def test_who_booked_as_an_adult_and_says_sixteen_is_asked_once() -> None:
    checked = Checked(is_adult=True)
    assert checked.says("i am 16") is Verdict.HEARD
    assert QUESTIONS["questions"]["Q01"]["question"] in checked.asked
    assert checked.says("no", "deny") is Verdict.MINOR


def test_who_mistyped_the_age_goes_on() -> None:
    checked = Checked(is_adult=True)
    checked.says("i am 16")
    assert checked.says("yes", "affirm") is Verdict.HEARD
    assert checked.check.again == ""


@pytest.mark.parametrize(
    ("age", "minimum", "label"),
    [(34, 18, "no"), (19, 18, "young"), (19, 21, "under_minimum"), (21, 21, "young")],
)
def test_an_age_is_weighed_by_the_clinics_minimum(age: int, minimum: int, label: str) -> None:
    checked = Checked(min_age=minimum)
    checked.says(str(age))
    assert checked.check.answers["Q01"] == label


def test_worry_about_looks_is_offered_support_once(checked: Checked) -> None:
    checked.presses("Q36")
    assert checked.check.offers_support
    checked.presses("Q03")
    assert not checked.check.offers_support


def test_a_wedding_soon_names_the_weeks_of_the_device() -> None:
    unknown, gentle = Checked(), Checked(device="mnrf")
    for checked in (unknown, gentle):
        while "wedding" not in checked.asked:
            checked.press_none()
    assert "within 4 weeks" in unknown.asked
    assert "within 2 weeks" in gentle.asked


def second_round() -> Checked:
    """Somebody who is asked before the visit what has changed."""
    checked = Checked(visit_day=TODAY + timedelta(days=2))
    checked.denies_the_rest()
    check = checked.check
    checked.check = Check(**{**check.__dict__, "kind": CHANGED, "done": (), "news": ()})
    return checked


def test_nothing_changed_ends_the_second_round_at_once() -> None:
    checked = second_round()
    assert checked.press_none() is Verdict.FINISHED
    assert checked.check.news == ()


def test_a_fever_before_the_visit_runs_only_that_question() -> None:
    checked = second_round()
    checked.says("i have fever since yesterday")
    assert checked.press_none() is Verdict.FINISHED
    assert checked.check.news == ("Q31",)
    assert label_of(checked.check, CATALOGUE) is Label.POSTPONE


def test_a_new_medicine_opens_the_list_of_medicines() -> None:
    checked = second_round()
    checked.presses("medicines")
    assert "isotretinoin" in checked.asked
    checked.presses("Q17")
    checked.press_none()
    assert checked.press_none() is Verdict.FINISHED
    assert checked.check.news == ("Q17",)


MOVES = st.one_of(
    st.tuples(st.just("say"), st.sampled_from([
        "no", "yes", "none", "not sure", "skip", "i am pregnant", "not pregnant", "i am 40",
        "diabetes", "acne", "filler and botox", "what?", "haha", "i take warfarin", "both",
    ])),
    st.tuples(st.just("press"), st.integers(0, 9)),
)  # fmt: skip


@given(st.lists(MOVES, max_size=60), st.sampled_from(["skin", "hair", ""]))
def test_any_order_of_answers_ends_and_loses_no_yes(
    moves: list[tuple[str, object]], concern: str
) -> None:
    checked = Checked(concern)
    for how, what in moves:
        strict = {q: k for q, k in checked.named().items() if q not in checked.check.asked_again}
        if how == "say":
            verdict = checked.says(str(what))
        else:
            held = [*checked.buttons.values()]
            verdict = checked.presses(held[int(str(what)) % len(held)])
        if verdict not in (Verdict.HEARD, Verdict.NOT_MINE):
            break
        assert checked.asked.strip()
        assert {q for q in strict if q not in checked.named()} <= {*checked.check.asked_again}
        label = label_of(checked.check, CATALOGUE)
        for question, key in checked.check.answers.items():
            of_it = CATALOGUE.label_of(question, key)
            assert CATALOGUE.strictest([label, of_it]) is label


def test_who_names_a_blood_thinner_is_told_to_keep_taking_it(checked: Checked) -> None:
    checked.says("i take ecosprin")
    assert checked.asked.startswith("Do not stop your medicine.\n")
    checked.press_none()
    assert "Do not stop" not in checked.asked


@pytest.mark.parametrize(
    ("text", "intent", "topic"),
    [
        ("i have pcod and thyroid", "nlu_fallback", ""),
        ("i take thyronorm", "faq", "suitable_medication"),
        ("mujhe thyroid hai", "other_service", ""),
    ],
)
def test_what_no_question_asks_for_is_kept_for_the_doctor_in_the_patients_words(
    checked: Checked, text: str, intent: str, topic: str
) -> None:
    checked.says(text, intent, topic)
    assert checked.check.others == (text,)
    assert checked.asked.startswith(QUESTIONS["notes"]["others"])
    checked.denies_the_rest()
    assert label_of(checked.check, CATALOGUE) is Label.DOCTOR_FIRST
    [found] = findings(checked.check, CATALOGUE)
    assert (found.asked, found.words) == ("Also told", text)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("i have a question", "nlu_fallback"),
        ("i have to go now", "goodbye"),
        ("price please", "faq"),
        ("none", "deny"),
        ("i have heard it hurts, does it?", "faq"),
    ],
)
def test_what_tells_nothing_of_ones_health_is_not_kept(
    checked: Checked, text: str, intent: str
) -> None:
    checked.says(text, intent)
    assert checked.check.others == ()


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("cancel my appointment", "cancel_consultation"),
        ("can i move my visit", "reschedule_consultation"),
        ("book another one", "book_consultation"),
    ],
)
def test_what_is_said_of_a_visit_stops_no_check_and_answers_none(
    checked: Checked, text: str, intent: str
) -> None:
    before = checked.check.answers
    assert checked.says(text, intent) is Verdict.NOT_MINE
    assert checked.check.answers == before


@pytest.mark.parametrize(
    ("text", "is_sign"),
    [
        ("peel yesterday and now painful blisters on my face", True),
        ("mnrf done 2 days ago, blisters", True),
        ("fever since my session", True),
        ("bad reaction to prp, still swollen", True),
        ("i take ecosprin and had a peel last week", False),
        ("cold sore right now", False),
        ("fever since morning", False),
    ],
)
def test_beside_a_procedure_what_it_may_have_left_is_a_sign(
    checked: Checked, text: str, is_sign: bool
) -> None:
    heard = Heard("1", text, "report_reaction")
    assert DIALOGUE.is_sign(checked.check, heard, checked.about) is is_sign


def test_two_answers_of_one_question_are_both_kept(checked: Checked) -> None:
    checked.says("filler last week")
    checked.says("botox last week")
    assert checked.named() == {"Q24": "both"}


def test_what_was_named_and_is_taken_back_is_the_doctors(checked: Checked) -> None:
    checked.says("acne")
    checked.says("none of these")
    assert checked.named() == {"Q08": "unsure"}


def test_what_applies_still_is_news_again() -> None:
    checked = second_round()
    checked.says("i have fever")
    once = checked.check
    checked.check = Check(**{**once.__dict__, "news": (), "done": ()})
    checked.says("i have fever")
    assert checked.check.news == ("Q31",)


@pytest.mark.parametrize("held", ["Q02.anything", "Q02.some", "Q99", "Q05.active"])
def test_a_button_that_nobody_made_changes_nothing(checked: Checked, held: str) -> None:
    checked.presses(held)
    assert checked.check.answers == {}
    assert checked.check.unclear == ()
