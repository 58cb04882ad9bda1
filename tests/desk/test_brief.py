"""What the doctor reads before a visit, and what the day list says of its check."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event

from bot.clinic.booking.draft import GIVEN
from bot.clinic.suitability.check import CHANGED, Check
from bot.clinic.suitability.questions import NO, UNSURE, YES, Catalogue
from bot.data_files import DATA, read_yaml
from bot.desk.brief import LONGEST_WRITTEN, MOST_SIGNS
from bot.store.bookings import Booked
from bot.store.checks import FINISHED, OPEN, STOPPED, begin_check
from bot.store.consents import add_consent, withdraw
from bot.store.database import Database
from bot.store.tables import Booking
from tests.desk.conftest import NOW, Page, Patients, Visitor
from tests.store.conftest import write

# 11:00 in Mumbai, on the day after the present one.
STARTS = datetime(2026, 11, 24, 5, 30, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
SCRIPT = "<script> alert('asha')</script>"
CATALOGUE = Catalogue(read_yaml(DATA / "suitability.yml"))


def whole(words: dict[str, str] | None = None, **answers: str) -> Check:
    """A check on hair and skin in which everything is denied but what is named."""
    asked = [question for screen in CATALOGUE.screens("both") for question in screen.questions]
    return Check(
        consent=GIVEN,
        concern="both",
        answers=dict.fromkeys(asked, NO) | answers,
        words=words or {},
    )


def keep(
    database: Database, visit: Booked, check: Check, state: str = FINISHED, *, at: datetime = NOW
) -> str:
    """Stores a check for a visit, begun at `NOW`."""
    id_ = begin_check(database, visit.conversation_id, visit.id, check.to_json(), NOW)
    write(database, id_, check.to_json(), state, at)
    return id_


async def brief(visitor: Visitor, visit: Booked) -> Page:
    response = await visitor.get(f"/desk/visits/{visit.id}")
    assert response.status_code == 200
    return Page(response.text)


def in_order(text: str, *said: str) -> bool:
    """Whether all of it stands there, one after the other."""
    places = [text.index(each) for each in said]
    return places == sorted(places)


async def test_a_visit_shows_who_comes_when_to_whom_where_and_what_about(
    staff_member: Visitor, patients: Patients
) -> None:
    visit = patients.book(STARTS, name="Asha Rao", phone="+919999900001", concern="hair")
    text = (await brief(staff_member, visit)).text
    assert "Consultation, Tuesday 24 Nov 2026 at 11:00" in text
    assert "Visit brief for the doctor, as of Mon 23 Nov 2026, 12:00" in text
    assert (
        "Patient Asha Rao Phone +91 99999 00001 Who comes For themselves About Hair "
        "Time 11:00 to 11:20, 20 min Doctor Dr Example Mehra Room Consulting room 1 "
        f"Reference {visit.reference} Status Booked"
    ) in text


async def test_what_stands_there_comes_in_the_order_of_its_weight(
    staff_member: Visitor, patients: Patients, database: Database
) -> None:
    visit = patients.book(STARTS)
    keep(database, visit, whole(Q15=YES))
    text = (await brief(staff_member, visit)).text
    assert in_order(
        text, "Visit brief", "Check:", "Not answered", "When it was checked", "Signs reported",
        "Consents", "What they wrote last",
    )  # fmt: skip


async def test_without_a_check_it_says_so(staff_member: Visitor, patients: Patients) -> None:
    text = (await brief(staff_member, patients.book(STARTS))).text
    assert "Check: No check" in text
    assert "No check was begun, so all of it is to be asked." in text


async def test_where_nothing_applies_there_is_nothing_to_check(
    staff_member: Visitor, patients: Patients, database: Database
) -> None:
    visit = patients.book(STARTS)
    keep(database, visit, whole())
    page = await brief(staff_member, visit)
    assert "Check: Nothing to check" in page.text
    assert "Everything was answered." in page.text
    assert "Finished Mon 23 Nov 2026, 12:00." in page.text
    assert "table" not in page.tags


async def test_an_unfinished_check_says_what_is_still_to_be_asked(
    staff_member: Visitor, patients: Patients, database: Database
) -> None:
    visit = patients.book(STARTS)
    check = whole()
    answers = {each: key for each, key in check.answers.items() if each not in ("Q16", "Q25")}
    keep(database, visit, replace(check, answers=answers), OPEN, at=LATER)
    text = (await brief(staff_member, visit)).text
    assert "Check: Check not finished" in text
    assert "Begun Mon 23 Nov 2026, 12:00, not finished. Last heard Mon 23 Nov 2026, 13:00." in text
    assert (
        "Not answered Thick or raised scars (keloid) "
        "Face or scalp surgery in the last 12 months When"
    ) in text


async def test_a_check_that_the_patient_stopped_is_not_finished(
    staff_member: Visitor, patients: Patients, database: Database
) -> None:
    visit = patients.book(STARTS)
    keep(database, visit, Check(consent=GIVEN, answers={"Q15": YES}), STOPPED, at=LATER)
    text = (await brief(staff_member, visit)).text
    assert "stopped by the patient Mon 23 Nov 2026, 13:00." in text
    assert "Check: Doctor first" in text
    assert "Blood thinners or daily aspirin yes" in text


async def test_a_check_without_consent_holds_nothing(
    staff_member: Visitor, patients: Patients, database: Database
) -> None:
    visit = patients.book(STARTS)
    keep(database, visit, Check(), OPEN)
    text = (await brief(staff_member, visit)).text
    assert "Check: Check not finished" in text
    assert "Whether health questions may be asked was not answered." in text
    assert "Nothing was answered, so all of it is to be asked." in text


async def test_private_answers_stand_there_with_the_patients_own_words_the_strictest_first(
    staff_member: Visitor, patients: Patients, database: Database
) -> None:
    visit = patients.book(STARTS)
    words = {"Q13": "I live with HIV"}
    keep(database, visit, whole(words, Q15=YES, Q31=YES, Q13="other", Q02=YES))
    text = (await brief(staff_member, visit)).text
    assert "Check: Not now" in text
    assert in_order(
        text, "Pregnant yes or maybe – Not now", "Fever or ill yes – Treatment waits",
        "Weak immune system other immune medicine, HIV or hepatitis “ I live with HIV ” Doctor",
    )  # fmt: skip


async def test_a_changing_mole_stands_above_everything(
    staff_member: Visitor, patients: Patients, database: Database
) -> None:
    visit = patients.book(STARTS)
    keep(database, visit, whole(Q11=YES, Q02=YES))
    text = (await brief(staff_member, visit)).text
    assert "Check: Not now Lesion" in text
    lesion = "A mole or spot that is new, changing or bleeding yes – Lesion , Doctor first"
    assert in_order(text, lesion, "Pregnant yes or maybe")


async def test_a_note_stands_after_every_answer_that_changes_the_label(
    staff_member: Visitor, patients: Patients, database: Database
) -> None:
    visit = patients.book(STARTS)
    keep(database, visit, whole(Q37="smoke", Q15=YES))
    text = (await brief(staff_member, visit)).text
    assert in_order(text, "Blood thinners", "fainted with needles smokes or vapes – Note only")


async def test_words_that_answered_two_questions_are_quoted_once(
    staff_member: Visitor, patients: Patients, database: Database
) -> None:
    visit = patients.book(STARTS)
    words = dict.fromkeys(("Q15", "Q28"), "sugar and ecosprin")
    keep(database, visit, whole(words, Q15=YES, Q28="controlled"))
    text = (await brief(staff_member, visit)).text
    assert text.count("sugar and ecosprin") == 1
    assert "Blood thinners or daily aspirin yes same words as at “Diabetes”" in text


async def test_not_sure_is_shown_as_the_doctors_to_sort_out(
    staff_member: Visitor, patients: Patients, database: Database
) -> None:
    visit = patients.book(STARTS)
    keep(database, visit, whole(Q14=UNSURE))
    text = (await brief(staff_member, visit)).text
    assert "Bleeding disorder not sure – Doctor first" in text


async def test_what_was_named_without_its_answer_or_told_both_ways_is_to_be_asked(
    staff_member: Visitor, patients: Patients, database: Database
) -> None:
    visit = patients.book(STARTS)
    check = whole()
    answers = {each: key for each, key in check.answers.items() if each != "Q28"}
    keep(database, visit, replace(check, answers=answers, unclear=("Q28",), again="Q15"), OPEN)
    text = (await brief(staff_member, visit)).text
    assert (
        "Not answered Diabetes (named, not said which) "
        "Blood thinners or daily aspirin (two different answers) When"
    ) in text


@pytest.mark.parametrize(
    ("device", "label"), [("", "Not now"), ("mnrf_1", "Not now"), ("needling_1", "Doctor first")]
)
async def test_a_pacemaker_is_judged_by_the_device_that_is_planned(
    staff_member: Visitor, patients: Patients, database: Database, device: str, label: str
) -> None:
    visit = patients.book(STARTS)
    with database.work() as session:
        session.get_one(Booking, visit.id).device = device or None
    keep(database, visit, whole(Q20=YES))
    text = (await brief(staff_member, visit)).text
    assert f"Check: {label} " in text
    assert ("Device Microneedling pen" in text) is (device == "needling_1")


async def test_what_is_new_in_the_second_round_is_marked(
    staff_member: Visitor, patients: Patients, database: Database
) -> None:
    visit = patients.book(STARTS)
    check = whole(Q15=YES, Q31=YES)
    id_ = keep(database, visit, check)
    again = replace(check, kind=CHANGED, news=("Q31",))
    write(database, id_, again.to_json(), FINISHED, LATER, is_renewal=True)
    text = (await brief(staff_member, visit)).text
    assert "Fever or ill yes (new since the check)" in text
    assert "aspirin yes –" in text
    assert (
        "Finished Mon 23 Nov 2026, 12:00. “Has anything changed?” answered Mon 23 Nov 2026, 13:00."
    ) in text


async def test_a_second_round_that_was_not_finished_is_told(
    staff_member: Visitor, patients: Patients, database: Database
) -> None:
    visit = patients.book(STARTS)
    id_ = keep(database, visit, whole())
    write(database, id_, replace(whole(), kind=CHANGED).to_json(), OPEN, LATER)
    text = (await brief(staff_member, visit)).text
    assert "changed?” asked, not finished. Last heard Mon 23 Nov 2026, 13:00." in text


async def test_a_second_round_that_was_not_answered_is_told(
    staff_member: Visitor, patients: Patients, database: Database
) -> None:
    visit = patients.book(STARTS)
    keep(database, visit, whole())
    assert "“Has anything changed?” not answered." in (await brief(staff_member, visit)).text


async def test_the_check_of_another_visit_is_not_shown(
    staff_member: Visitor, patients: Patients, database: Database
) -> None:
    visit = patients.book(STARTS, person="asha")
    other = patients.book(STARTS + timedelta(days=1), person="asha")
    keep(database, other, whole(Q02=YES))
    text = (await brief(staff_member, visit)).text
    assert "Check: No check" in text
    assert "Pregnant" not in text


async def test_reported_signs_stand_with_their_day_and_words_the_newest_first(
    staff_member: Visitor, patients: Patients
) -> None:
    for text, kind, at in (
        ("My cheek burns", "report_reaction", NOW),
        ("I cannot breathe", "emergency", LATER),
    ):
        message = patients.write(text, person="asha", at=at)
        patients.ask(message, kind, "emergency", at=at)
    text = (await brief(staff_member, patients.book(STARTS, person="asha"))).text
    assert (
        "Signs reported Mon 23 Nov 2026, 13:00 Describes an emergency “ I cannot breathe ” "
        "Mon 23 Nov 2026, 12:00 Reports a reaction after treatment “ My cheek burns ” Consents"
    ) in text


async def test_more_signs_than_fit_are_counted(staff_member: Visitor, patients: Patients) -> None:
    for minute in range(MOST_SIGNS + 2):
        at = NOW + timedelta(minutes=minute)
        message = patients.write(f"sign {minute}.", person="asha", at=at)
        patients.ask(message, "emergency", "emergency", at=at)
    text = (await brief(staff_member, patients.book(STARTS, person="asha"))).text
    signs = text[text.index("Signs reported") : text.index("Consents")]
    assert re.findall(r"sign (\d)\.", signs) == ["6", "5", "4", "3", "2"]
    assert "and 2 earlier" in signs


async def test_consents_stand_with_their_day_their_wording_and_whether_they_still_hold(
    staff_member: Visitor, patients: Patients, database: Database
) -> None:
    visit = patients.book(STARTS)
    for purpose, given in (("contact", True), ("reminders", False), ("health", True)):
        add_consent(database, visit.conversation_id, visit.message_id, purpose, "2", given, NOW)
    withdraw(database, visit.conversation_id, "health", LATER)
    text = (await brief(staff_member, visit)).text
    for said in (
        "Name and phone: yes, Mon 23 Nov 2026, 12:00 (wording 2)",
        "Reminders: no, Mon 23 Nov 2026, 12:00 (wording 2)",
        "Health questions: yes, Mon 23 Nov 2026, 12:00; taken back Mon 23 Nov 2026, 13:00 (wor",
    ):
        assert said in text


async def test_what_the_patient_wrote_stands_with_its_time_and_no_pressed_button(
    staff_member: Visitor, patients: Patients
) -> None:
    button = {"title": "Price", "payload": '/faq{"topic":"price"}'}
    patients.write(
        "Does it hurt?", person="asha", answers=({"text": "A little.", "buttons": [button]},)
    )
    patients.write(button["payload"], person="asha")
    text = (await brief(staff_member, patients.book(STARTS, person="asha"))).text
    written = text.partition("What they wrote last")[2]
    assert "Mon 23 Nov 2026, 12:00 “ Does it hurt? ”" in written
    assert "faq" not in written


async def test_a_long_message_is_cut_and_says_so(staff_member: Visitor, patients: Patients) -> None:
    patients.write("word\n\n" * 200, person="asha")
    text = (await brief(staff_member, patients.book(STARTS, person="asha"))).text
    [cut] = re.findall(r"“ ((?:word ?)+…) ”", text)
    assert len(cut) == LONGEST_WRITTEN


async def test_nothing_that_somebody_else_wrote_is_shown(
    staff_member: Visitor, patients: Patients
) -> None:
    patients.ask(patients.write("I am somebody else", person="ravi"), "emergency", "emergency")
    text = (await brief(staff_member, patients.book(STARTS, person="asha"))).text
    assert "somebody else" not in text


@pytest.mark.parametrize(
    ("patient_is", "why"),
    [("adult", "For another adult no health question"), ("minor", "For a child no health")],
)
async def test_of_another_adult_and_a_child_no_word_on_health_is_shown(
    staff_member: Visitor, patients: Patients, database: Database, patient_is: str, why: str
) -> None:
    message = patients.write("I feel like dying", person="asha")
    patients.ask(message, "crisis", "crisis")
    visit = patients.book(STARTS, person="asha", patient_is=patient_is)
    for purpose in ("contact", "health"):
        add_consent(database, visit.conversation_id, visit.message_id, purpose, "1", True, NOW)
    text = (await brief(staff_member, visit)).text
    assert why in text
    assert "Consents Name and phone: yes, Mon 23 Nov 2026, 12:00 (wording 1)" in text
    assert "Health questions" not in text
    for heading in ("Check:", "Not answered", "Signs reported", "What they wrote"):
        assert heading not in text
    assert "dying" not in text


async def test_who_shares_a_phone_with_another_patient_is_told_apart_by_the_doctor(
    staff_member: Visitor, patients: Patients
) -> None:
    visit = patients.book(STARTS, person="asha", name="Asha Rao")
    said = "The same phone or browser also booked for another person or under another name."
    assert said not in (await brief(staff_member, visit)).text
    patients.book(STARTS + timedelta(days=1), person="asha", name="Ravi Rao")
    assert said in (await brief(staff_member, visit)).text


async def test_html_in_a_name_and_in_words_is_text(
    staff_member: Visitor, patients: Patients, database: Database
) -> None:
    patients.ask(patients.write(SCRIPT, person="asha"), "emergency", "emergency")
    patients.write(SCRIPT, person="asha")
    visit = patients.book(STARTS, person="asha", name=SCRIPT, concern=SCRIPT)
    keep(database, visit, whole({"Q15": SCRIPT}, Q15=YES))
    response = await staff_member.get(f"/desk/visits/{visit.id}")
    assert "<script" not in response.text
    assert Page(response.text).texts.count(SCRIPT) == 5


async def test_a_brief_is_shown_after_a_login_only(visitor: Visitor, patients: Patients) -> None:
    response = await visitor.get(f"/desk/visits/{patients.book(STARTS).id}")
    assert (response.status_code, response.headers["location"]) == (303, "/desk/login")
    assert response.text == ""


async def test_a_visit_that_is_not_there_is_told_in_one_sentence(staff_member: Visitor) -> None:
    response = await staff_member.get("/desk/visits/none")
    assert response.status_code == 404
    assert "There is no such visit" in Page(response.text).text


async def test_a_brief_is_kept_nowhere_and_runs_nothing(
    staff_member: Visitor, patients: Patients
) -> None:
    response = await staff_member.get(f"/desk/visits/{patients.book(STARTS).id}")
    assert response.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in response.headers["content-security-policy"]
    assert Page(response.text).title == "Visit brief"


async def test_headings_go_down_one_step_at_a_time_and_each_column_has_a_name(
    staff_member: Visitor, patients: Patients, database: Database
) -> None:
    visit = patients.book(STARTS)
    keep(database, visit, whole(Q15=YES, Q02=YES))
    html = (await staff_member.get(f"/desk/visits/{visit.id}")).text
    assert re.findall(r"<h(\d)", html) == ["1", *"22222222"]
    assert re.findall(r'scope="col">([^<]+)<', html) == [
        "Asked", "Answer", "In their words", "Leads to",
    ]  # fmt: skip
    assert html.count('scope="row"') == 2
    labelled = set(re.findall(r'aria-labelledby="([^"]+)"', html))
    assert labelled <= set(re.findall(r' id="([^"]+)"', html))


async def test_the_day_list_says_the_label_and_leads_to_the_brief(
    staff_member: Visitor, patients: Patients, database: Database
) -> None:
    visit = patients.book(STARTS)
    keep(database, visit, whole(Q02=YES))
    html = (await staff_member.get()).text
    assert "Consultation Not now Brief" in Page(html).text
    assert f'href="/desk/visits/{visit.id}"' in html


@pytest.mark.parametrize(
    ("given", "said"), [({}, "No check"), ({"patient_is": "adult"}, "Not asked")]
)
async def test_the_day_list_says_where_there_is_no_check(
    staff_member: Visitor, patients: Patients, given: dict[str, Any], said: str
) -> None:
    patients.book(STARTS, **given)
    assert f"Consultation {said} Brief" in Page((await staff_member.get()).text).text


async def test_a_changing_mole_comes_first_in_its_day_and_not_before_another_day(
    staff_member: Visitor, patients: Patients, database: Database
) -> None:
    patients.book(STARTS - timedelta(days=1) + timedelta(hours=6), name="Today")
    patients.book(STARTS, name="Early")
    keep(database, patients.book(STARTS + timedelta(hours=5), name="Late"), whole(Q11=YES))
    text = Page((await staff_member.get()).text).text
    assert in_order(text, "Today, Mon", "Tomorrow, Tue", "Late", "Early")
    assert "Consultation Lesion Doctor first Brief" in text


async def test_the_labels_of_all_visits_are_read_at_once(
    staff_member: Visitor, patients: Patients, database: Database
) -> None:
    for days in range(3):
        keep(database, patients.book(STARTS + timedelta(days=days)), whole(Q02=YES))
    asked: list[str] = []

    @event.listens_for(database._engine, "before_cursor_execute")
    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        if "FROM checks" in statement:
            asked.append(statement)

    await staff_member.get()
    assert len(asked) == 1
