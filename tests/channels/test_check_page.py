"""The check behind its one-time link, as a browser without scripts sees it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError
from starlette.applications import Starlette

from bot.channels.check_page import LONGEST_FORM
from bot.channels.check_view import linked
from bot.store import requests as store_requests
from bot.store.checks import FINISHED, LINK_LASTS, OPEN, STOPPED, make_link
from bot.store.database import Database
from tests.channels.check import (
    NOW,
    Desk,
    HandClock,
    Patient,
    application,
    rules,
    said,
)
from tests.store.databases import opened_database

GONE = "This link does not open here"
START = "Questions before your visit"


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with opened_database(tmp_path / "clinic.db") as opened:
        yield opened


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


@pytest.fixture
def app(database: Database, clock: HandClock) -> Starlette:
    return application(database, clock)


@pytest.fixture
def patient(app: Starlette, desk: Desk) -> Patient:
    """Somebody with a visit on skin and a fresh link."""
    return Patient(app, desk.link(desk.visit()))


# The link.


def test_a_preview_by_a_messenger_does_not_use_up_the_link(app: Starlette, desk: Desk) -> None:
    key = desk.link()
    for _ in range(3):
        assert Patient(app, key).looks().heading == START
    patient = Patient(app, key)
    patient.looks()
    assert patient.presses("Start").heading == "Before we begin"


def test_a_link_that_was_opened_leads_nowhere_in_another_browser(
    app: Starlette, desk: Desk
) -> None:
    key = desk.link()
    patient, other = Patient(app, key), Patient(app, key)
    other.looks()
    patient.begins()
    assert other.presses("Start").status == 404
    assert (other.looks().status, other.page.heading) == (404, GONE)
    assert patient.looks().status == 200


def test_what_leads_nowhere_looks_the_same_whatever_the_reason(
    app: Starlette, desk: Desk, clock: HandClock
) -> None:
    key = desk.link()
    opened = desk.link()
    Patient(app, opened).begins()
    unknown = Patient(app, "no-such-key").looks()
    elsewhere = Patient(app, opened).looks()
    clock.moment = NOW + LINK_LASTS
    expired = Patient(app, key).looks()
    assert unknown.status == elsewhere.status == expired.status == 404
    assert unknown.answer.text == elsewhere.answer.text == expired.answer.text
    assert "+91 99999 00001" in unknown.text
    assert "set-cookie" not in unknown.answer.headers


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_pages(
    database: Database, clock: HandClock, desk: Desk
) -> None:
    plain = Patient(application(database, clock), desk.link()).looks().answer
    secure = Patient(application(database, clock, over_tls=True), desk.link()).looks().answer
    cookie = secure.headers["set-cookie"]
    for part in ("HttpOnly", "SameSite=lax", "Path=/check", "Secure"):
        assert part in cookie
    assert "Secure" not in plain.headers["set-cookie"]


def test_no_page_is_kept_indexed_framed_or_named_elsewhere(patient: Patient) -> None:
    for headers in (patient.looks().answer.headers, patient.presses("Start").answer.headers):
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-robots-tag"] == "noindex"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]


def test_a_form_that_no_page_of_this_browser_made_changes_nothing(
    app: Starlette, desk: Desk, patient: Patient
) -> None:
    patient.begins()
    own = dict(patient.page.hidden)["token"]
    stranger = Patient(app, desk.link())
    stranger.looks()
    theirs = dict(stranger.page.hidden)["token"]
    assert own != theirs
    for token in ("", "forged", theirs):
        form = [("token", token), ("screen", "age"), ("button", "stop")]
        assert patient.sends(form).status == 403
    assert desk.stored() is not None
    assert desk.stored().state == OPEN  # type: ignore[union-attr]


def test_a_browser_that_keeps_no_cookies_is_told_so(patient: Patient) -> None:
    patient.looks()
    patient.cookies.clear()
    page = patient.presses("Start")
    assert page.status == 403
    assert "cookies" in page.text


def test_a_form_of_unlikely_length_is_refused(patient: Patient, desk: Desk) -> None:
    patient.begins()
    page = patient.presses("Next", words="a" * LONGEST_FORM)
    assert page.status == 413
    assert desk.named() == {}


# Consent.


def test_nothing_is_stored_before_the_patient_agrees(patient: Patient, desk: Desk) -> None:
    patient.looks()
    page = patient.presses("Start")
    assert "We keep your answers for the doctor and the team." in page.text
    assert "https://example.org/privacy" in page.text
    assert (desk.count("checks"), desk.count("consents")) == (0, 0)
    patient.presses("Yes, I agree")
    assert (desk.count("checks"), desk.count("consents")) == (1, 1)


def test_an_answer_sent_before_the_consent_is_not_taken(patient: Patient, desk: Desk) -> None:
    patient.looks()
    consent = patient.presses("Start")
    form = [*consent.hidden, ("screen", "age"), ("ticked", "Q02"), ("shown", "Q02")]
    patient.sends([*form, ("button", "next")])
    assert desk.count("checks") == 0


def test_the_consent_stands_on_the_message_that_asked_for_the_link(
    patient: Patient, database: Database
) -> None:
    patient.begins()
    with database.look() as connection:
        [given] = connection.exec_driver_sql(
            "select c.purpose, c.given, c.version, m.id as message, l.message_id as asked"
            " from consents c join inbound_messages m on m.id = c.message_id"
            " join check_links l on l.conversation_id = c.conversation_id"
        ).all()
    assert (given.purpose, bool(given.given)) == ("health", True)
    assert given.version == rules().consent_version
    assert given.message == given.asked


def test_who_does_not_agree_is_asked_nothing_and_the_link_has_ended(
    patient: Patient, desk: Desk
) -> None:
    patient.looks()
    patient.presses("Start")
    page = patient.presses("No")
    assert said("utter_check_refused") in page.text
    assert "go back to WhatsApp" in page.text
    assert (desk.count("checks"), desk.count("consents")) == (0, 1)
    assert patient.looks().status == 404


def test_who_has_agreed_before_is_not_asked_again(
    app: Starlette, desk: Desk, patient: Patient
) -> None:
    patient.begins()
    patient.presses("None of these")
    again = Patient(app, desk.link())
    again.looks()
    page = again.presses("Start")
    assert page.heading == "Age and pregnancy"


# The way through.


def test_who_has_nothing_to_tell_is_through_in_nine_lists(app: Starlette, desk: Desk) -> None:
    patient = Patient(app, desk.link(desk.visit(concern="")))
    patient.begins()
    assert patient.denies_the_rest() == 9
    assert said("utter_check_routine") in patient.page.text
    assert "go back to WhatsApp" in patient.page.text
    assert desk.stored().state == FINISHED  # type: ignore[union-attr]
    assert desk.requests() == []


def test_each_list_says_where_one_is_and_has_a_title_of_its_own(app: Starlette, desk: Desk) -> None:
    patient = Patient(app, desk.link())
    page = patient.begins()
    titles, places = [], []
    while "None of these" in page.buttons:
        titles.append(page.heading)
        places.append(f"List {len(titles)} of 9" in page.text)
        assert page.heading in page.title
        page = patient.presses("None of these")
    assert len(set(titles)) == 9
    assert all(places)


def test_several_lines_are_ticked_at_once(patient: Patient, desk: Desk) -> None:
    patient.begins()
    patient.presses("Next", ticked=["Q03"], unsure=["Q04"])
    assert desk.named() == {"Q03": "yes", "Q04": "unsure"}
    assert desk.check().answers["Q02"] == "no"


def test_what_was_told_is_not_repeated_on_a_later_page(patient: Patient) -> None:
    patient.begins()
    patient.presses("Next", ticked=["Q03"], words="breastfeeding my son Kabir")
    seen = patient.page.answer.text
    while "None of these" in patient.page.buttons:
        seen += patient.presses("None of these").answer.text
    assert "reast" not in seen
    assert "Kabir" not in seen


def test_words_are_kept_for_the_doctor_and_read(patient: Patient, desk: Desk) -> None:
    patient.begins()
    patient.presses("None of these")
    patient.presses("Next", words="I get cold sores every winter")
    assert desk.named() == {"Q07": "yes"}
    assert desk.check().words == {"Q07": "I get cold sores every winter"}


def test_what_was_told_in_words_before_is_not_asked_on_its_own_list(patient: Patient) -> None:
    patient.begins()
    patient.presses("Next", words="I am 34 and take ecosprin")
    lines = []
    while "None of these" in patient.page.buttons:
        lines += patient.page.lines
        patient.presses("None of these")
    assert "Q17" in lines
    assert "Q15" not in lines


def test_a_line_with_several_answers_asks_which(patient: Patient, desk: Desk) -> None:
    patient.begins()
    patient.presses("None of these")
    page = patient.presses("Next", ticked=["Q08"])
    assert "red, painful or filled with pus" in page.heading
    page = patient.presses("A few mild spots")
    assert desk.named() == {"Q08": "mild"}
    assert page.heading == "Health conditions"


def test_a_tick_that_the_words_deny_is_asked_once(patient: Patient, desk: Desk) -> None:
    patient.begins()
    page = patient.presses("Next", ticked=["Q03"], words="I am not breastfeeding")
    assert page.heading.startswith("I have two different answers to this question")
    patient.presses("No")
    assert desk.check().answers["Q03"] == "no"
    assert patient.page.heading == "Skin and health now"


def test_what_clinics_wait_with_is_told_with_the_visit_that_stays(
    patient: Patient, desk: Desk
) -> None:
    patient.begins()
    patient.presses("Next", ticked=["Q02"])
    patient.denies_the_rest()
    assert said("utter_check_not_now_booked") in patient.page.text
    assert "Your visit stays as booked" in patient.page.text
    assert "{" not in patient.page.text


def test_before_a_treatment_the_team_learns_of_it(app: Starlette, desk: Desk) -> None:
    patient = Patient(app, desk.link(desk.visit(kind="treatment_skin")))
    patient.begins()
    patient.presses("Next", ticked=["Q02"])
    patient.denies_the_rest()
    assert said("utter_check_not_now_treatment") in patient.page.text
    assert desk.requests() == [("check_answers", "routine")]


def test_a_changing_mole_comes_first_and_reaches_the_team(patient: Patient, desk: Desk) -> None:
    patient.begins()
    patient.presses("None of these")
    patient.presses("Next", ticked=["Q11"])
    patient.denies_the_rest()
    lesion, outcome = said("utter_check_lesion_booked"), said("utter_check_doctor_first_booked")
    text = patient.page.text
    assert text.index(lesion.split(".")[0]) < text.index(outcome.split(".")[0])
    assert desk.requests() == [("lesion", "routine")]


def test_a_heavy_heart_is_offered_help_on_the_next_page(patient: Patient) -> None:
    patient.begins()
    patient.presses("None of these")
    patient.presses("None of these")
    page = patient.presses("Next", ticked=["Q36"])
    assert "Tele-MANAS 14416" in page.text
    assert "Tele-MANAS" not in patient.presses("None of these").text


def test_a_list_is_skipped_and_asked_by_the_doctor(patient: Patient, desk: Desk) -> None:
    patient.begins()
    page = patient.presses("Skip this list")
    assert "the doctor will ask that" in page.text
    patient.denies_the_rest()
    assert said("utter_check_incomplete") in patient.page.text
    assert "Q02" not in desk.check().answers


def test_who_stops_can_go_on_where_they_were(patient: Patient, desk: Desk) -> None:
    patient.begins()
    patient.presses("None of these")
    page = patient.presses("Stop here", ticked=["Q05"])
    assert said("utter_check_incomplete") in page.text
    assert "go back to WhatsApp" in page.text
    assert desk.stored().state == STOPPED  # type: ignore[union-attr]
    assert desk.named() == {}
    assert patient.presses("Go on with it").heading == "Skin and health now"
    assert desk.stored().state == OPEN  # type: ignore[union-attr]


def test_somebody_under_18_ends_the_check_and_nothing_is_kept(app: Starlette, desk: Desk) -> None:
    patient = Patient(app, desk.link())
    patient.begins()
    page = patient.presses("Next", ticked=["Q01.under_18", "Q02"])
    assert said("utter_check_minor") in page.text
    assert desk.count("checks") == 0
    assert patient.looks().status == 404


def test_who_has_booked_as_an_adult_is_asked_again_before_the_check_ends(
    patient: Patient, desk: Desk
) -> None:
    patient.begins()
    patient.presses("Next", ticked=["Q01.under_18"])
    assert "18 or older" in patient.page.heading
    patient.presses("No")
    assert said("utter_check_minor") in patient.page.text
    assert desk.count("checks") == 0
    assert desk.requests() == [("check_minor", "routine")]


def test_a_visit_booked_meanwhile_takes_the_check_and_its_link_along(
    app: Starlette, desk: Desk
) -> None:
    patient = Patient(app, desk.link())
    patient.begins()
    patient.presses("None of these")
    visit = desk.visit()
    assert patient.looks().heading == "Skin and health now"
    assert desk.stored().booking_id == visit.id  # type: ignore[union-attr]


def test_a_new_link_after_the_end_asks_only_what_has_changed(
    app: Starlette, desk: Desk, patient: Patient, clock: HandClock
) -> None:
    patient.begins()
    patient.denies_the_rest()
    visit = desk.stored().booking_id  # type: ignore[union-attr]
    clock.moment = NOW + timedelta(hours=30)
    asked = desk.message(at=clock.moment)
    key = make_link(desk.database, asked.conversation_id, asked.id, visit, clock.moment)
    again = Patient(app, key)
    again.looks()
    page = again.presses("Start")
    assert page.heading == "What has changed"
    page = again.presses("Next", ticked=["Q31", "medicines"])
    assert page.heading == "Medicines"
    again.presses("Next", ticked=["Q17"])
    assert said("utter_check_postpone_booked") in again.page.text
    assert desk.check().news == ("Q31", "Q17")


# Twice, late and by mistake.


def test_the_same_form_twice_changes_nothing(patient: Patient, desk: Desk) -> None:
    first = patient.begins()
    second = patient.presses("Next", ticked=["Q03"], words="breastfeeding")
    before = desk.check()
    page = patient.presses("Next", ticked=["Q03"], words="breastfeeding", on=first)
    assert desk.check() == before
    assert page.heading == second.heading


def test_an_old_form_adds_to_its_own_list_and_leaves_the_present_one(
    patient: Patient, desk: Desk
) -> None:
    first = patient.begins()
    second = patient.presses("None of these")
    page = patient.presses("Next", ticked=["Q04"], on=first)
    assert desk.named() == {"Q04": "yes"}
    assert page.heading == second.heading
    assert page.lines == second.lines


def test_an_old_form_takes_nothing_back_without_a_question(patient: Patient, desk: Desk) -> None:
    first = patient.begins()
    patient.presses("Next", ticked=["Q02"])
    page = patient.presses("None of these", on=first)
    assert page.heading.startswith("I have two different answers")
    assert desk.named() == {"Q02": "yes"}


def test_the_outcome_can_be_read_again_for_half_an_hour_and_not_longer(
    patient: Patient, desk: Desk, clock: HandClock
) -> None:
    patient.begins()
    last = patient.page
    while "None of these" in patient.page.buttons:
        last = patient.page
        patient.presses("None of these")
    outcome = said("utter_check_routine")
    assert outcome in patient.presses("None of these", on=last).text, "a second tap"
    assert outcome in patient.looks().text
    clock.moment = NOW + timedelta(minutes=30)
    assert patient.looks().status == 404


def test_next_without_a_tick_is_asked_back(patient: Patient, desk: Desk) -> None:
    patient.begins()
    page = patient.presses("Next")
    assert page.status == 422
    assert page.title.startswith("Please check: ")
    assert "tick what applies" in page.text
    assert desk.check().done == ()


def test_none_of_these_beside_a_tick_is_asked_back_with_the_tick_in_place(
    patient: Patient, desk: Desk
) -> None:
    patient.begins()
    page = patient.presses("None of these", ticked=["Q02"])
    assert page.status == 422
    assert 'value="Q02" checked' in page.answer.text
    assert desk.named() == {}


def test_words_about_nothing_on_the_list_are_asked_back_and_not_lost(
    patient: Patient, desk: Desk
) -> None:
    patient.begins()
    page = patient.presses("Next", words="my knee clicks <b>")
    assert page.status == 422
    assert "my knee clicks &lt;b&gt;" in page.answer.text
    assert 'aria-invalid="true"' in page.answer.text
    assert desk.check().done == ()


@pytest.mark.parametrize("field", ["screen", "press"])
def test_a_form_that_names_what_is_not_there_changes_nothing(
    patient: Patient, desk: Desk, field: str
) -> None:
    patient.begins()
    before = desk.check()
    token = [each for each in patient.page.hidden if each[0] == "token"]
    assert patient.sends([*token, (field, "Q99.nothing"), ("button", "none")]).status == 200
    assert desk.check() == before


# Safety.


def test_an_emergency_in_the_words_is_answered_alone_and_told_to_the_team(
    patient: Patient, desk: Desk
) -> None:
    patient.begins()
    page = patient.presses("Next", ticked=["Q02"], words="I cannot breathe, my throat closes")
    assert page.heading == "Please read this now"
    assert "Call 112 or 108 now" in page.text
    assert not page.buttons
    assert desk.requests() == [("emergency", "emergency")]
    assert desk.named() == {}
    assert patient.looks().heading == "Age and pregnancy", "the way back"


def test_the_team_reads_the_words_of_an_emergency_once(
    patient: Patient, database: Database
) -> None:
    first = patient.begins()
    for _ in range(2):
        patient.presses("Next", words="I cannot breathe", on=first)
    [request] = store_requests.open_requests(database)
    assert request.text == "I cannot breathe"


def test_a_crisis_is_answered_and_nothing_more_is_asked_for_a_day(
    patient: Patient, desk: Desk, clock: HandClock
) -> None:
    patient.begins()
    page = patient.presses("Skip this list", words="I want to kill myself")
    assert "14416" in page.text
    assert patient.path not in page.answer.text
    assert desk.requests() == [("crisis", "crisis")]
    assert "14416" in patient.looks().text
    assert not patient.page.buttons
    clock.moment = NOW + timedelta(hours=25)
    assert patient.looks().buttons


def test_a_sign_of_today_stands_above_the_next_list(patient: Patient, desk: Desk) -> None:
    patient.begins()
    words = "pus is coming out after my treatment yesterday, and I am breastfeeding"
    page = patient.presses("Next", words=words)
    assert "Please call the clinic today on +91 99999 00002." in page.text
    assert page.heading == "Skin and health now"
    assert desk.requests() == [("report_reaction", "same_day")]
    assert desk.named()["Q03"] == "yes"


def test_a_sign_of_today_that_the_list_asks_for_is_an_answer(patient: Patient, desk: Desk) -> None:
    patient.begins()
    patient.presses("None of these")
    page = patient.presses("Next", words="fever since this morning")
    assert "call the clinic today" not in page.text
    assert desk.requests() == []
    assert desk.named() == {"Q31": "yes"}


def test_a_risk_that_is_only_asked_about_is_answered_with_the_number(patient: Patient) -> None:
    patient.begins()
    words = "I am 30 years old. Can the treatment cause breathing trouble?"
    page = patient.presses("Next", words=words)
    assert "If this is happening now: call 112 or 108." in page.text
    assert page.heading == "Skin and health now"


def test_danger_is_answered_with_the_database_out_of_reach(
    patient: Patient, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient.begins()
    page = patient.page

    def broken(*_: object, **__: object) -> None:
        raise OperationalError("select", {}, Exception("gone"))

    monkeypatch.setattr(desk.database, "work", broken)
    answer = patient.presses("Next", words="I want to kill myself", on=page)
    assert "14416" in answer.text
    assert "team has been told" not in answer.text
    assert patient.looks().status == 503


def test_no_word_and_no_key_reaches_a_log(
    patient: Patient, desk: Desk, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # the browser's side
    patient.begins()
    patient.presses("Next", ticked=["Q02"], words="pregnant since spring")
    patient.presses("Next", words="I cannot breathe")

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("pregnant")

    monkeypatch.setattr(desk.database, "work", broken)
    assert patient.looks().status == 503
    logged = "\n".join(each.getMessage() + str(each.exc_info) for each in caplog.records)
    assert "the check failed, error" in logged
    for word in ("pregnant", "breathe", "spring", "Q02", patient.path):
        assert word not in logged


def test_numbers_become_links_and_everything_else_is_text() -> None:
    links = {"112": "tel:112", "+91 99999 00112": "tel:+919999900112"}
    assert linked("Call +91 99999 00112 or 112, not 1120 <b>", links) == (
        'Call <a href="tel:+919999900112">+91 99999 00112</a> or '
        '<a href="tel:112">112</a>, not 1120 &lt;b&gt;'
    )


def test_what_a_doctor_put_into_other_words_is_told_so(
    database: Database, clock: HandClock, desk: Desk
) -> None:
    words = "A doctor looks at this before {booking_when}. Emergency: {emergency}."
    edited = {"response/utter_check_routine": {"text": words, "short": ""}}
    patient = Patient(application(database, clock, edited=edited), desk.link())
    patient.begins()
    patient.denies_the_rest()
    assert "A doctor looks at this before" in patient.page.text
    assert "Emergency: 112." in patient.page.text
