"""What staff see: requests with all that helps to answer them, and the consultations to come."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.clinic.booking.draft import Draft
from bot.clinic.times import TimeWish
from bot.desk import pages
from bot.store.database import Database
from bot.store.drafts import write_draft
from bot.store.requests import open_requests
from tests.desk.conftest import NOW, HandClock, Page, Patients, Visitor

SCRIPT = "<script>alert('asha')</script>"


async def shown(visitor: Visitor) -> Page:
    response = await visitor.get()
    assert response.status_code == 200
    return Page(response.text)


def article(html: str) -> str:
    """The only request of the page."""
    return html[html.index("<article") : html.index("</article>")]


async def test_with_nothing_to_do_it_says_so(staff_member: Visitor) -> None:
    page = await shown(staff_member)
    assert "Nobody is waiting." in page.text
    assert "No consultation is booked." in page.text
    assert page.title == "(0) Desk"


async def test_a_request_shows_the_words_the_reason_the_urgency_and_how_long_it_waits(
    staff_member: Visitor, patients: Patients, clock: HandClock
) -> None:
    patients.write_and_ask("My cheek burns", "report_reaction", urgency="same_day")
    clock.moment += timedelta(minutes=85)
    page = await shown(staff_member)
    assert "Same day Reports a reaction after treatment" in page.text
    assert "Website, today 12:00, waiting 1 h 25 min" in page.text
    assert "My cheek burns" in page.text
    assert page.title == "(1) Desk"


async def test_both_sides_of_the_conversation_stand_in_order_up_to_now(
    staff_member: Visitor, patients: Patients
) -> None:
    first = patients.write("Good morning", person="asha", answers=({"text": "Hello."},))
    patients.ask(first)
    patients.write("Does it hurt?", person="asha", answers=({"text": "A little."},))
    page = await shown(staff_member)
    order = [page.text.index(said) for said in ("Good morning", "Hello.", "Does it", "A little.")]
    assert order == sorted(order)


async def test_the_last_ten_turns_are_shown_and_the_message_it_is_about(
    staff_member: Visitor, patients: Patients
) -> None:
    patients.ask(patients.write("Message 0.", person="asha", answers=()))
    for number in range(1, 15):
        patients.write(f"Message {number}.", person="asha", answers=())
    found = re.findall(r"Message (\d+)\.", (await shown(staff_member)).text)
    assert found == ["0", *(str(number) for number in range(5, 15))]


async def test_another_patients_words_do_not_stand_in_a_request(
    staff_member: Visitor, patients: Patients
) -> None:
    patients.write("I am somebody else")
    patients.write_and_ask("A person, please")
    assert "somebody else" not in (await shown(staff_member)).text


async def test_a_press_is_shown_as_what_the_button_said(
    staff_member: Visitor, patients: Patients
) -> None:
    button = {"title": "Talk to team", "payload": "/talk_to_staff"}
    patients.write("Hello", person="asha", answers=({"text": "Hello.", "buttons": [button]},))
    patients.ask(patients.write("/talk_to_staff", person="asha"))
    page = await shown(staff_member)
    assert "pressed a button this request Talk to team" in page.text.replace("· ", "")
    assert "/talk_to_staff" not in page.text


async def test_a_photo_without_words_is_named(staff_member: Visitor, patients: Patients) -> None:
    patients.ask(patients.write("", kind="image"), "media")
    page = await shown(staff_member)
    assert "Photo, voice note or file" in page.text
    assert "sent: photo" in page.text


async def test_how_to_reach_the_patient_is_shown_when_they_said_it(
    staff_member: Visitor, patients: Patients
) -> None:
    patients.write_and_ask(
        "Call me", "call_me_back", phone="+91 99999 00001", good_time="after 5", name="Asha"
    )
    html = (await staff_member.get()).text
    assert 'href="tel:+919999900001"' in html
    assert "after 5" in Page(html).text


async def test_a_phone_that_is_no_number_is_text(staff_member: Visitor, patients: Patients) -> None:
    patients.write_and_ask("Call me", phone="javascript:alert(1)")
    html = (await staff_member.get()).text
    assert re.findall(r'href="(tel:[^"]*|javascript:[^"]*)"', html) == ["tel:1"]


async def test_what_a_patient_said_for_a_booking_is_shown(
    staff_member: Visitor, patients: Patients, database: Database
) -> None:
    message = patients.write_and_ask("I am stuck", "talk_to_staff")
    wish = TimeWish(days=(date(2026, 11, 24),), earliest=17 * 60)
    draft = Draft(whom="adult", concern="hair", wish=wish.to_json(), name="Asha", unread=("id",))
    write_draft(database, message.conversation_id, "booking", draft.to_json(), NOW)
    text = (await shown(staff_member)).text
    assert (
        "A booking was begun For For another adult About Hair Wished Tue 24 Nov, from 17:00 "
        "Name Asha The last messages"
    ) in text


async def test_the_time_that_a_patient_chose_is_shown_before_it_is_booked(
    staff_member: Visitor, patients: Patients, database: Database
) -> None:
    message = patients.write_and_ask("I am stuck", "talk_to_staff")
    draft = Draft(start="2026-11-24T05:30:00+00:00")
    write_draft(database, message.conversation_id, "booking", draft.to_json(), NOW)
    assert "A booking was begun Time Tue 24 Nov 11:00" in (await shown(staff_member)).text


async def test_a_kind_that_has_no_words_yet_is_shown_as_it_is(
    staff_member: Visitor, patients: Patients
) -> None:
    patients.write_and_ask("Hello", "something_new")
    assert "something_new" in (await shown(staff_member)).text


async def test_the_most_urgent_stands_first_then_complaints_then_the_oldest(
    staff_member: Visitor, patients: Patients
) -> None:
    wanted = [
        ("crisis", "crisis"),
        ("emergency", "emergency"),
        ("report_reaction", "same_day"),
        ("complaint", "routine"),
        ("talk_to_staff", "routine"),
        ("media", "routine"),
    ]
    for minute, (kind, urgency) in enumerate(wanted[4:] + wanted[:4]):
        patients.write_and_ask(
            f"I am {kind}.", kind, urgency=urgency, at=NOW + timedelta(minutes=minute)
        )
    found = re.findall(r"I am (\w+)\.", (await shown(staff_member)).text)
    assert found == [kind for kind, _ in wanted]


async def test_more_requests_than_fit_are_counted(
    staff_member: Visitor, patients: Patients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "MOST_SHOWN", 2)
    for number in range(3):
        patients.write_and_ask(f"Patient {number}", at=NOW + timedelta(minutes=number))
    page = await shown(staff_member)
    assert "Open requests: 3" in page.text
    assert "The first 2 are shown" in page.text
    assert "Patient 2" not in page.text


async def test_html_in_a_message_an_answer_and_a_name_is_text(
    staff_member: Visitor, patients: Patients
) -> None:
    message = patients.write(SCRIPT, answers=({"text": SCRIPT},))
    patients.ask(message, phone=SCRIPT, good_time=SCRIPT, name=SCRIPT)
    patients.book(NOW + timedelta(days=1), name=SCRIPT, concern=SCRIPT)
    html = (await staff_member.get()).text
    assert "<script" not in html
    assert Page(html).texts.count(SCRIPT) == 7


async def test_done_closes_a_request_and_it_is_gone(
    staff_member: Visitor, patients: Patients, database: Database
) -> None:
    patients.write_and_ask("A person, please")
    patients.write_and_ask("Another person, please", at=NOW + timedelta(minutes=1))
    first, second = open_requests(database)
    done = await staff_member.post(
        f"/desk/requests/{first.id}/done", token=await staff_member.token()
    )
    assert (done.status_code, done.headers["location"]) == (303, "/desk")
    assert [each.id for each in open_requests(database)] == [second.id]
    assert "A person, please" not in (await shown(staff_member)).text


async def test_done_a_second_time_changes_nothing(
    staff_member: Visitor, patients: Patients, database: Database
) -> None:
    patients.write_and_ask("A person, please")
    [request] = open_requests(database)
    path = f"/desk/requests/{request.id}/done"
    token = await staff_member.token()
    assert (await staff_member.post(path, token=token)).status_code == 303
    assert (await staff_member.post(path, token=token)).status_code == 303


async def test_the_page_of_a_database_that_fails_says_so_with_an_error_id(
    staff_member: Visitor, patients: Patients, database: Database
) -> None:
    patients.write_and_ask("A person, please")
    with database.work() as session:
        session.connection().exec_driver_sql("UPDATE inbound_messages SET text = 'changed'")
    response = await staff_member.get()
    assert response.status_code == 503
    assert re.search(r"error [0-9a-f]{8}", response.text)


async def test_a_consultation_shows_who_comes_when_to_whom_and_where(
    staff_member: Visitor, patients: Patients
) -> None:
    # 11:00 in Mumbai.
    at = datetime(2026, 11, 24, 5, 30, tzinfo=UTC)
    booked = patients.book(
        at,
        name="Asha Rao",
        phone="+919999900001",
        patient_is="adult",
        concern="hair",
        reminders="call",
    )
    text = (await shown(staff_member)).text
    for said in (
        "Tomorrow, Tue 24 Nov",
        "11:00 to 11:20 20 min",
        "Dr Example Mehra Consulting room 1",
        "Asha Rao +91 99999 00001 For another adult",
        "Consultation Hair",
        booked.reference,
        "by call",
        "Booked",
    ):
        assert said in text


async def test_consultations_stand_under_their_day_in_order_of_time(
    staff_member: Visitor, patients: Patients
) -> None:
    for days, name in ((2, "Third"), (1, "Second"), (0, "First")):
        patients.book(datetime(2026, 11, 23 + days, 11, 0, tzinfo=UTC), name=name)
    text = (await shown(staff_member)).text
    order = ["Today, Mon 23 Nov", "First", "Tomorrow, Tue 24 Nov", "Second", "Wed 25 Nov", "Third"]
    assert [text.index(each) for each in order] == sorted(text.index(each) for each in order)


async def test_a_request_shows_the_visits_to_come_of_its_patient(
    staff_member: Visitor, patients: Patients
) -> None:
    patients.book(datetime(2026, 11, 24, 5, 30, tzinfo=UTC), person="asha")
    later = NOW + timedelta(hours=20)
    patients.ask(patients.write("I want to move it", person="asha", at=later), at=later)
    text = (await shown(staff_member)).text
    assert "Their visits to come" in text


async def test_a_late_change_shows_its_visit_and_the_time_that_is_wanted(
    staff_member: Visitor, patients: Patients
) -> None:
    visit = patients.book(datetime(2026, 11, 24, 5, 30, tzinfo=UTC), person="asha")
    other = patients.book(datetime(2026, 11, 25, 5, 30, tzinfo=UTC), person="asha")
    # Named by its reference from another browser.
    about = patients.write("Friday 5 pm please", person="elsewhere")
    wanted = "2026-11-27T11:30:00+00:00"
    patients.ask(about, "late_move", visit=visit.id, wanted=wanted)
    request = Page(article((await staff_member.get()).text)).text
    assert "The visit it is about Tomorrow, Tue 24 Nov, 11:00" in request
    assert "Wanted instead Fri 27 Nov 17:00" in request
    assert "Their" not in request and other.reference not in request


async def test_a_visit_that_a_request_names_is_not_among_the_others(
    staff_member: Visitor, patients: Patients
) -> None:
    visit = patients.book(datetime(2026, 11, 24, 5, 30, tzinfo=UTC), person="asha")
    other = patients.book(datetime(2026, 11, 25, 5, 30, tzinfo=UTC), person="asha")
    about = patients.write("Cancel it", person="asha")
    patients.ask(about, "late_cancel", visit=visit.id)
    request = article((await staff_member.get()).text)
    named, others = request.split("Their other visits to come")
    assert (visit.reference in named, other.reference in named) == (True, False)
    assert (visit.reference in others, other.reference in others) == (False, True)
    assert "Wanted instead" not in request


async def test_the_page_refreshes_until_somebody_stops_it(staff_member: Visitor) -> None:
    refresh = 'http-equiv="refresh" content="20"'
    assert refresh in (await staff_member.get()).text
    assert refresh not in (await staff_member.get("/desk?paused")).text


async def test_times_of_earlier_days_are_named(
    staff_member: Visitor, patients: Patients, clock: HandClock
) -> None:
    patients.write_and_ask("A person, please")
    clock.moment = NOW + timedelta(days=1)
    assert "yesterday 12:00" in (await shown(staff_member)).text
    clock.moment = NOW + timedelta(days=2, hours=3)
    page = await shown(staff_member)
    assert "Mon 23 Nov 12:00" in page.text
    assert "waiting 2 d 3 h" in page.text


async def test_no_personal_data_stands_in_an_address_or_the_title(
    staff_member: Visitor, patients: Patients
) -> None:
    patients.write_and_ask("Itching", phone="+919999900001", name="Asha")
    html = (await staff_member.get()).text
    addresses = re.findall(r'(?:href|action|src)="([^"]*)"', html)
    kept = json.dumps([each for each in addresses if not each.startswith("tel:")])
    assert not re.search("Itching|99999|Asha", kept + Page(html).title)
