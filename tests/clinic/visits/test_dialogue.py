from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clinic.booking.draft import Heard
from bot.clinic.visits.draft import Verdict, VisitDraft
from bot.data_files import ROOT, read_yaml
from tests.clinic.booking.talk import NOW
from tests.clinic.visits.talk import (
    CANCEL,
    FRIDAY,
    LOOK,
    MOVE,
    REFERENCE,
    VISITS,
    WEDNESDAY,
    Talk,
    dialogue,
)

RESPONSES = read_yaml(ROOT / "domain.yml")["responses"]
PHONE = "99999 00001"


# Whose it is


def test_somebody_without_a_visit_here_is_asked_for_reference_and_phone() -> None:
    talk = Talk().opens(CANCEL)
    assert talk.asked == "visit_reference_and_phone"
    assert talk.says(f"{REFERENCE}, {PHONE}").verdict is Verdict.PROVE
    assert (talk.draft.reference, talk.draft.phone) == (REFERENCE, "+919999900001")


def test_reference_and_phone_may_come_one_after_the_other() -> None:
    talk = Talk().opens(MOVE).says(REFERENCE)
    assert talk.verdict is Verdict.PROVE
    assert talk.is_shown(None).asked == "visit_phone"
    assert talk.says(PHONE).verdict is Verdict.PROVE


def test_a_phone_alone_is_kept_until_the_reference_comes() -> None:
    talk = Talk().opens(MOVE).says(PHONE)
    assert talk.draft.note == "no_reference"
    assert talk.says("cd fh jk m3").verdict is Verdict.PROVE


def test_both_may_stand_in_the_first_message() -> None:
    talk = Talk().opens(CANCEL, f"cancel {REFERENCE} {PHONE}")
    assert talk.verdict is Verdict.PROVE


def test_where_the_channel_knows_the_number_the_reference_is_enough() -> None:
    talk = Talk(own_phone="+919999900001").opens(CANCEL)
    assert talk.asked == "visit_reference"
    assert talk.says(REFERENCE).verdict is Verdict.PROVE


def test_a_browser_that_was_silent_long_needs_only_the_reference() -> None:
    talk = Talk(has_hidden=True).opens(CANCEL)
    assert talk.says(REFERENCE).is_shown(WEDNESDAY).asked == "visit_cancel"


@pytest.mark.parametrize("said", ["", REFERENCE, "ABCD1234", "hello", f"{REFERENCE} {PHONE}"])
def test_a_browser_is_told_the_same_whether_or_not_it_has_booked(said: str) -> None:
    """The next person at it learns not even that there is a visit."""
    asked = []
    for has_hidden in (True, False):
        talk = Talk(has_hidden=has_hidden).opens(CANCEL)
        if said:
            talk.says(said)
        asked.append(
            talk.is_shown(None).question if talk.verdict is Verdict.PROVE else talk.question
        )
    assert asked[0] == asked[1]


def test_a_visit_that_is_not_shown_any_more_is_never_called_gone() -> None:
    talk = Talk(WEDNESDAY).opens(CANCEL)
    talk.visits, talk.has_hidden = [], True
    assert talk.says("yes").verdict is Verdict.HEARD
    assert (talk.asked, talk.draft.note) == ("visit_reference_and_phone", "")
    assert talk.says(REFERENCE).is_shown(WEDNESDAY).asked == "visit_cancel"


def test_after_a_wrong_pair_nothing_is_told_and_both_are_asked_again() -> None:
    talk = Talk().opens(CANCEL).says(f"{REFERENCE} {PHONE}").is_shown(None)
    assert talk.asked == "visit_reference_and_phone"
    assert (talk.draft.reference, talk.draft.phone) == ("", "")
    assert talk.draft.note == "not_found"


def test_a_right_pair_goes_on_with_what_was_wanted() -> None:
    talk = Talk().opens(CANCEL).says(f"{REFERENCE} {PHONE}").is_shown(WEDNESDAY)
    assert talk.asked == "visit_cancel"
    looked = Talk().opens(LOOK).says(f"{REFERENCE} {PHONE}").is_shown(WEDNESDAY)
    assert looked.verdict is Verdict.SHOWN


def test_what_looks_like_a_reference_and_is_none_gets_the_letters_that_never_stand_in_one() -> None:
    talk = Talk().opens(MOVE).says("ABCD1234")
    assert talk.draft.note == "not_a_reference"


@pytest.mark.parametrize(
    "said",
    [
        "i don't have it",
        "no",
        "what is the reference?",
        "no idea",
        "i lost the message",
        "pata nahi",
    ],
)
def test_who_cannot_prove_it_is_helped_by_a_person(said: str) -> None:
    assert Talk().opens(MOVE).says(said).verdict is Verdict.TEAM
    assert Talk().opens(MOVE).presses(then="team").verdict is Verdict.TEAM


def test_another_wish_while_the_reference_is_asked_is_remembered() -> None:
    talk = Talk().opens(MOVE).says("cancel my appointment", intent=CANCEL)
    assert (talk.asked, talk.draft.act, talk.draft.note) == (
        "visit_reference_and_phone", "cancel", "",
    )  # fmt: skip
    assert talk.says("actually move it", intent=MOVE).draft.act == "move"


# Which one


def test_of_several_visits_the_patient_is_asked_which() -> None:
    talk = Talk(WEDNESDAY, FRIDAY).opens(CANCEL)
    assert talk.asked == "visit_which"
    assert talk.question.values["visit_lines"] == (
        "1. Wednesday 25 Nov 2026 at 17:00, Asha Rao\n2. Friday 27 Nov 2026 at 10:30, Ravi Kumar"
    )
    assert [button for _, button in talk.question.buttons] == [
        {"visit": "wednesday"},
        {"visit": "friday"},
    ]
    assert "Asha" not in repr(talk.question)


@pytest.mark.parametrize(
    "said",
    ["the second one", "2", "friday", "Ravi's", "the one for ravi kumar", "27 nov", "last one"],
)
def test_a_visit_is_named_by_place_day_or_person(said: str) -> None:
    talk = Talk(WEDNESDAY, FRIDAY).opens(CANCEL).says(said)
    assert (talk.asked, talk.draft.visit) == ("visit_cancel", "friday")


@pytest.mark.parametrize(
    "opening",
    ["cancel my friday appointment", "cancel ravi's appointment", "cancel the visit on 27 nov"],
)
def test_a_visit_may_be_named_in_the_first_message(opening: str) -> None:
    talk = Talk(WEDNESDAY, FRIDAY).opens(CANCEL, opening)
    assert (talk.asked, talk.draft.visit) == ("visit_cancel", "friday")


def test_what_names_no_visit_is_asked_back() -> None:
    talk = Talk(WEDNESDAY, FRIDAY).opens(CANCEL).says("that one")
    assert (talk.asked, talk.draft.note) == ("visit_which", "which_unclear")


def test_a_button_names_it() -> None:
    talk = Talk(WEDNESDAY, FRIDAY).opens(MOVE).presses(visit="wednesday")
    assert (talk.asked, talk.draft.visit) == ("visit_time", "wednesday")


def test_a_button_with_the_visit_of_somebody_else_names_none() -> None:
    talk = Talk(WEDNESDAY, FRIDAY).opens(MOVE).presses(visit="anothers")
    assert talk.asked == "visit_which"
    assert Talk().opens(CANCEL, visit="anothers").asked == "visit_reference_and_phone"


@pytest.mark.parametrize(
    ("opening", "visit"),
    [
        ("move my visit from wednesday to friday", "wednesday"),
        ("shift my wednesday appointment to friday", "wednesday"),
        ("friday is not possible, move to wednesday", "friday"),
        ("move my friday appointment to monday", "friday"),
        ("can't come on wednesday, move it to thursday 6pm", "wednesday"),
        ("move my visit to friday", ""),
    ],
)
def test_of_two_days_the_one_that_is_left_behind_names_the_visit(opening: str, visit: str) -> None:
    assert Talk(WEDNESDAY, FRIDAY).opens(MOVE, opening).draft.visit == visit


# Moving


@pytest.mark.parametrize(
    ("opening", "start"),
    [
        ("can i come friday 5 pm instead", "2026-11-27T17:00"),
        ("shift my appointment from wednesday to friday same time", "2026-11-27T17:00"),
        ("move it to 6 pm", "2026-11-25T18:00"),
        ("reschedule to wednesday 6 pm", "2026-11-25T18:00"),
        ("change my wednesday appointment to 27 nov 11 am", "2026-11-27T11:00"),
        ("need to shift from 5 to 6 pm", "2026-11-25T18:00"),
        ("kal shaam 6 baje kar do", "2026-11-24T18:00"),
    ],
)
def test_a_new_time_may_stand_in_the_first_message(opening: str, start: str) -> None:
    talk = Talk(WEDNESDAY).opens(MOVE, opening)
    assert (talk.asked, talk.start) == ("visit_move", start)


@pytest.mark.parametrize(
    ("opening", "start"),
    [
        ("postpone my visit by a day", "2026-11-26T17:00"),
        ("please postpone it by one week", "2026-12-02T17:00"),
        ("can we make it an hour later", "2026-11-25T18:00"),
        ("push my appointment by 2 days", "2026-11-27T17:00"),
        ("a day later at 6 pm please", "2026-11-26T18:00"),
        ("prepone by a day", "2026-11-24T17:00"),
        ("half an hour later", "2026-11-25T17:30"),
        ("ek din aage kar do", "2026-11-26T17:00"),
        ("एक दिन आगे", "2026-11-26T17:00"),
    ],
)
def test_a_new_time_may_be_told_by_its_distance_from_the_visit(opening: str, start: str) -> None:
    talk = Talk(WEDNESDAY).opens(MOVE, opening)
    assert (talk.asked, talk.start) == ("visit_move", start)


def test_later_is_later_than_the_new_time_that_was_read_out() -> None:
    talk = Talk(WEDNESDAY).opens(MOVE, "postpone my visit by a day")
    assert talk.says("an hour later").start == "2026-11-26T18:00"


@pytest.mark.parametrize(
    ("opening", "start"),
    [
        ("I am 2 days late on my cycle, move my visit to saturday 11 am", "2026-11-28T11:00"),
        ("I booked 2 days earlier, please change it to friday 6 pm", "2026-11-27T18:00"),
        ("2 din pehle maine book kiya tha, usko friday 6 pm kar do", "2026-11-27T18:00"),
        ("postpone by a day, friday 6 pm", "2026-11-27T18:00"),
    ],
)
def test_a_day_that_is_named_says_more_than_a_distance(opening: str, start: str) -> None:
    talk = Talk(WEDNESDAY).opens(MOVE, opening)
    assert (talk.asked, talk.start) == ("visit_move", start)


@pytest.mark.parametrize(
    "said",
    [
        "yes, a day later", "ok a day later works", "I said postpone by a day",
        "haan ek din aage kar do", "no i meant a day later than my visit",
    ],
)  # fmt: skip
def test_the_same_distance_said_again_does_not_move_twice(said: str) -> None:
    talk = Talk(WEDNESDAY).opens(MOVE, "postpone my visit by a day").says(said)
    assert talk.start == "2026-11-26T17:00"


def test_one_more_day_is_one_more() -> None:
    talk = Talk(WEDNESDAY).opens(MOVE, "postpone my visit by a day")
    assert talk.says("one more day later please").start == "2026-11-27T17:00"


def test_a_distance_that_leads_into_the_past_is_asked_again() -> None:
    talk = Talk(WEDNESDAY).opens(MOVE, "a week earlier please")
    assert talk.asked == "visit_time"
    assert talk.draft.wanted.note


@pytest.mark.parametrize("opening", ["I want to move my visit", "prepone please", "move to friday"])
def test_without_a_time_free_ones_are_offered_under_the_rules_for_changes(opening: str) -> None:
    talk = Talk(WEDNESDAY).opens(MOVE, opening)
    assert talk.asked == "visit_time"
    assert talk.question.values["visit_when"] == "Wednesday 25 Nov 2026 at 17:00"
    assert talk.question.values["visit_policy"] == "Free until Tuesday 24 Nov 2026 at 17:00."
    assert 1 < len(talk.question.buttons) <= 6


def test_a_time_that_is_offered_is_picked_by_button_or_place() -> None:
    first = Talk(WEDNESDAY).opens(MOVE, "move to friday").question.buttons[0][1]["start"]
    for talk in (
        Talk(WEDNESDAY).opens(MOVE, "move to friday").presses(start=first),
        Talk(WEDNESDAY).opens(MOVE, "move to friday").says("the first one"),
    ):
        assert (talk.asked, talk.draft.wanted.start) == ("visit_move", first)


def test_an_unclear_day_is_asked_back() -> None:
    talk = Talk(WEDNESDAY).opens(MOVE).says("next friday")
    assert talk.asked == "booking_which_day"
    assert talk.presses(day="2026-11-27").asked == "visit_time"


@pytest.mark.parametrize(("said", "note"), [("sunday 5 pm", "day_closed"), ("hmm", "unclear_time")])
def test_what_cannot_be_or_is_not_understood_is_said_and_other_times_offered(
    said: str, note: str
) -> None:
    talk = Talk(WEDNESDAY).opens(MOVE).says(said)
    assert talk.asked == "visit_time"
    assert note in (talk.draft.note, talk.draft.wanted.note)
    assert talk.question.values["note"] and talk.question.buttons


def test_the_time_that_stands_already_is_no_new_one() -> None:
    talk = Talk(WEDNESDAY).opens(MOVE).says("5 pm")
    assert (talk.asked, talk.draft.note) == ("visit_time", "same_already")


def test_the_time_of_the_visit_itself_is_never_offered() -> None:
    talk = Talk(WEDNESDAY).opens(MOVE, "move it within wednesday")
    own = WEDNESDAY.starts_at.isoformat()
    assert all(given["start"] != own for _, given in talk.question.buttons)


def test_it_is_read_back_with_old_time_rules_and_new_time() -> None:
    talk = Talk(WEDNESDAY).opens(MOVE, "friday 5 pm instead")
    values = talk.question.values
    assert values["visit_when"] == "Wednesday 25 Nov 2026 at 17:00"
    assert values["visit_new"] == "Friday 27 Nov 2026 at 17:00"
    assert values["visit_policy"].startswith("Free until")


@pytest.mark.parametrize(
    "said", ["yes", "ok", "yes move it", "haan", "confirm", "change it please"]
)
def test_a_yes_moves_it(said: str) -> None:
    talk = Talk(WEDNESDAY).opens(MOVE, "friday 5 pm instead").says(said)
    assert talk.verdict is Verdict.CONFIRMED


@pytest.mark.parametrize(
    ("said", "start"),
    [("at 6 instead", "2026-11-27T18:00"), ("saturday 11 am", "2026-11-28T11:00"), ("no", "")],
)
def test_another_time_is_read_back_again_and_moves_nothing(said: str, start: str) -> None:
    talk = Talk(WEDNESDAY).opens(MOVE, "friday 5 pm instead").says(said)
    assert (talk.verdict, talk.start) == (Verdict.HEARD, start)


# Cancelling


@pytest.mark.parametrize(
    "said",
    [
        "yes", "ok", "cancel", "yes cancel it", "haan cancel kar do", "please cancel my visit",
        "yes i want to cancel", "go ahead and cancel", "yes plz cancel", "cancel krdo",
        "cancel karna hai", "not coming", "nahi aana", "रद्द करो", "हो", "हाँ",
        "cancel it, i have work on friday at 5 pm", "yes cancel it i am busy on wednesday",
        "yes cancel it, will book again next month",
    ],
)  # fmt: skip
def test_a_yes_cancels_it(said: str) -> None:
    talk = Talk(WEDNESDAY).opens(CANCEL)
    assert talk.asked == "visit_cancel"
    assert talk.question.values["visit_policy"] == "Free until Tuesday 24 Nov 2026 at 17:00."
    assert talk.says(said, intent="cancel_consultation").verdict is Verdict.CONFIRMED


@pytest.mark.parametrize("intent", ["inform", "affirm", "deny", "cancel_consultation"])
@pytest.mark.parametrize(
    "said",
    [
        "no", "keep it", "don't cancel", "never mind", "no i will come", "leave it as it is",
        "yes keep it", "haan keep it", "ok, keep it please", "yes keep my appointment",
        "haan rakho", "haan rakhna hai", "yes i'll come", "yes i am coming", "yes i'll be there",
        "haan main aaunga", "haan aa rahi hoon", "ok coming", "yes leave it", "haan rehne do",
        "नको", "रद्द मत करो", "हां रहने दो", "no thanks", "keep my slot",
    ],
)  # fmt: skip
def test_who_keeps_the_visit_or_comes_cancels_and_moves_nothing(said: str, intent: str) -> None:
    assert Talk(WEDNESDAY).opens(CANCEL).says(said, intent=intent).verdict is Verdict.KEPT
    if said not in ("no", "नको"):  # to "shall I move it?" a no asks for another time
        moves = Talk(WEDNESDAY).opens(MOVE, "friday 5 pm instead").says(said, intent=intent)
        assert moves.verdict is Verdict.KEPT


@pytest.mark.parametrize("intent", ["inform", "affirm", "nlu_fallback"])
@pytest.mark.parametrize(
    "said",
    [
        "book it", "haan doosra wala", "yes by mistake", "haan galti se", "haan agar free hai",
        "no need to come", "1", "cancel friday", "yes same time", "yes if i pay nothing",
    ],
)  # fmt: skip
def test_what_is_no_plain_yes_is_asked_back(said: str, intent: str) -> None:
    talk = Talk(WEDNESDAY).opens(CANCEL).says(said, intent=intent)
    assert (talk.verdict, talk.draft.act) == (Verdict.HEARD, "cancel")


@pytest.mark.parametrize(
    ("said", "intent"),
    [("STOP", "stop_messages"), ("ok thanks", "thanks"),
     ("i want to book a new appointment", "book_consultation")],
)  # fmt: skip
def test_a_stop_thanks_and_another_booking_are_left_to_others(said: str, intent: str) -> None:
    assert Talk(WEDNESDAY).opens(CANCEL).says(said, intent=intent).verdict is Verdict.NOT_MINE


def test_a_yes_to_moving_turns_cancelling_into_it() -> None:
    for intent in ("affirm", "reschedule_consultation"):
        talk = Talk(WEDNESDAY).opens(CANCEL).says("yes, move it", intent=intent)
        assert talk.asked == "visit_time"


def test_a_question_mark_makes_no_yes() -> None:
    talk = Talk(WEDNESDAY).opens(CANCEL).says("cancel?", "ok?")
    assert (talk.verdict, talk.draft.note) == (Verdict.HEARD, "unclear_confirm")


def test_cancelling_may_turn_into_moving_and_back() -> None:
    talk = Talk(WEDNESDAY).opens(CANCEL).says("move it instead", intent="reschedule_consultation")
    assert talk.asked == "visit_time"
    assert talk.says("no, just cancel it", intent="cancel_consultation").asked == "visit_cancel"
    assert talk.says("friday 5 pm instead").asked == "visit_move"
    assert talk.presses(then="keep").verdict is Verdict.KEPT


# So late that the team decides


@pytest.mark.parametrize(
    ("act", "asked"), [(CANCEL, "visit_cancel_late"), (MOVE, "visit_move_late")]
)
def test_a_late_change_is_put_to_the_team_and_never_refused(act: str, asked: str) -> None:
    late = Talk(WEDNESDAY, now=WEDNESDAY.starts_at - timedelta(hours=20))
    talk = late.opens(act, "friday 5 pm instead" if act == MOVE else "cancel it")
    assert talk.asked == asked
    assert talk.question.values["visit_policy"] == (
        "The time for a free change ended on Tuesday 24 Nov 2026 at 17:00."
    )
    assert talk.says("yes").verdict is Verdict.CONFIRMED


# Meanwhile


def test_a_visit_that_staff_changed_meanwhile_is_shown_as_it_is_now() -> None:
    talk = Talk(WEDNESDAY).opens(CANCEL)
    talk.visits = [replace(WEDNESDAY, sequence=1, starts_at=FRIDAY.starts_at)]
    assert talk.says("yes").verdict is Verdict.HEARD
    assert talk.question.values["visit_when"] == "Friday 27 Nov 2026 at 10:30"
    assert talk.draft.note == "changed"
    assert talk.says("yes").verdict is Verdict.CONFIRMED


def test_a_visit_that_is_gone_meanwhile_is_not_spoken_of() -> None:
    talk = Talk(WEDNESDAY, FRIDAY).opens(CANCEL, "cancel the friday one")
    talk.visits = [WEDNESDAY]
    assert talk.says("yes").asked == "visit_which"
    assert talk.draft.note == "gone"


@pytest.mark.parametrize(
    ("said", "intent"),
    [
        ("what does it cost", "faq"),
        ("my face burns", "report_reaction"),
        ("i want to complain", "complaint"),
        ("can i talk to someone", "talk_to_staff"),
        ("i lost my way", "running_late"),
    ],
)
def test_a_question_or_a_sign_is_left_to_others_and_changes_nothing(said: str, intent: str) -> None:
    for act in (MOVE, CANCEL):
        before = Talk(WEDNESDAY).opens(act)
        draft = before.draft
        assert before.says(said, intent=intent).verdict is Verdict.NOT_MINE
        assert before.draft == draft


@given(text=st.text(max_size=60), intent=st.sampled_from(["inform", "deny", "nlu_fallback", "faq"]))
def test_no_text_without_a_yes_in_it_cancels_or_moves_anything(text: str, intent: str) -> None:
    is_yes = re.search(
        r"yes|ya|ye|yu|\by\b|ok|\bk|sure|correct|right|confirm|agree|fine|perfect|done|do|go|book|good|"
        r"ha|ji|theek|thik|sahi|bil|chal|cancel|delete|drop|move|change|shift|resched|update|[^\x00-\x7f]",
        text.casefold(),
    )
    for act in (MOVE, CANCEL):
        talk = Talk(WEDNESDAY).opens(act, "friday 5 pm instead" if act == MOVE else "cancel it")
        verdict = talk.says(text, intent=intent).verdict
        assert is_yes or verdict is not Verdict.CONFIRMED


def test_every_question_is_a_response_with_the_values_that_it_names() -> None:
    late = WEDNESDAY.starts_at - timedelta(hours=20)
    talks = [
        Talk().opens(MOVE),
        Talk(own_phone="+919999900001").opens(MOVE),
        Talk().opens(MOVE).says(REFERENCE).is_shown(None),
        Talk(WEDNESDAY, FRIDAY).opens(MOVE),
        Talk(WEDNESDAY).opens(MOVE),
        Talk(WEDNESDAY).opens(MOVE, "friday 5 pm"),
        Talk(WEDNESDAY).opens(CANCEL),
        Talk(WEDNESDAY, now=late).opens(MOVE, "friday 5 pm"),
        Talk(WEDNESDAY, now=late).opens(CANCEL),
    ]
    asked = {talk.question.response for talk in talks}
    assert len(asked) == len(talks)
    for talk in talks:
        text = RESPONSES[talk.question.response][0]["text"]
        named = set(re.findall(r"{(\w+)}", text)) - {"front_desk"}
        assert named <= set(talk.question.values)


def test_every_note_is_a_sentence() -> None:
    for note in VISITS["notes"].values():
        assert note.strip().endswith((".", "?"))


def test_a_draft_comes_back_from_its_store_as_it_was_and_shows_nothing_personal() -> None:
    draft = Talk().opens(CANCEL).says(f"{REFERENCE}").draft
    assert VisitDraft.from_json(draft.to_json()) == draft
    assert REFERENCE not in repr(draft)
    moved = Talk(WEDNESDAY).opens(MOVE, "friday 5 pm").draft
    assert VisitDraft.from_json(moved.to_json()).wanted == moved.wanted


def test_a_message_is_heard_as_the_same_by_a_pure_function() -> None:
    talk = Talk(WEDNESDAY).opens(MOVE)
    said = Heard("m", "friday 5 pm", "inform")
    first = dialogue().hear(talk.draft, said, talk.world)
    assert dialogue().hear(talk.draft, said, talk.world) == first
    assert talk.now == NOW
