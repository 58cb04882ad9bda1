"""What staff do with a visit, who did what, and what they see when somebody was faster."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from bot.store import visits
from bot.store.bookings import Booked, booking_with
from bot.store.changes import By, history_of
from bot.store.database import Database
from bot.store.messages import RECEIVED
from bot.store.requests import CONFIRM_BOOKING, add_request, count_open_requests
from bot.store.tables import BookingChange, InboundMessage
from bot.store.ticks import busy
from bot.store.visits import confirm_visit, set_status
from tests.desk.conftest import NOW, HandClock, Page, Patients, Visitor

# Today at 17:00 in Mumbai, five hours from now, for twenty minutes.
TODAY = datetime(2026, 11, 23, 11, 30, tzinfo=UTC)
TOMORROW = TODAY + timedelta(days=1)
FASTER = "Somebody was faster, so nothing was done."
STAFF = By("staff", staff_user="desk")


@dataclass(frozen=True)
class Form:
    """A form of a page, with its fields and what its button says."""

    action: str
    fields: dict[str, str]
    button: str


def forms(html: str) -> list[Form]:
    return [
        Form(
            action,
            dict(re.findall(r'name="(\w+)" value="([^"]*)"', inside)),
            re.sub("<[^>]+>", "", re.findall(r"<button.*?</button>", inside, re.DOTALL)[0]),
        )
        for action, inside in re.findall(
            r'<form method="post" action="([^"]*)">(.*?)</form>', html, re.DOTALL
        )
    ]


def acts(html: str) -> list[str]:
    """What can be pressed for the only visit of a page, the way to cancel last."""
    pressed = [form.button for form in forms(html) if form.action.endswith("/status")]
    return pressed + re.findall(r'<a href="[^"]*/cancel"[^>]*>([^<]*)</a>', html)


async def press(visitor: Visitor, html: str, button: str) -> httpx.Response:
    """Presses a button of a page that was loaded some time ago."""
    [form] = [each for each in forms(html) if each.button == button]
    return await visitor.post(form.action, **form.fields)


async def page_of(visitor: Visitor, visit: Booked) -> str:
    response = await visitor.get(f"/desk/visits/{visit.id}")
    assert response.status_code == 200
    return response.text


def now_of(database: Database, visit: Booked) -> Booked:
    found = booking_with(database, visit.id)
    assert found is not None
    return found


def become(database: Database, visit: Booked, *statuses: str) -> Booked:
    """The visit after a colleague has given it one status after the other."""
    for status in statuses:
        visit = set_status(database, visit.id, visit.sequence, status, STAFF, NOW)
    return visit


@pytest.mark.parametrize("path", ["/desk", "/desk/visits/{}"])
async def test_a_visit_that_waits_is_confirmed(
    staff_member: Visitor, patients: Patients, database: Database, path: str
) -> None:
    visit = patients.book(TOMORROW, status="pending")
    html = (await staff_member.get(path.format(visit.id))).text
    assert acts(html) == ["Confirm", "Cancel this visit"]
    assert (await press(staff_member, html, "Confirm")).status_code == 303
    assert now_of(database, visit).status == "booked"


@pytest.mark.parametrize(
    ("before", "minutes", "expected"),
    [
        ((), -1, ["Arrived", "Cancel this visit"]),
        ((), 0, ["Arrived", "Did not come", "Cancel this visit"]),
        ((), 20, ["Arrived", "Did not come"]),
        (("arrived",), -1, ["Not here yet", "Cancel this visit"]),
        (("arrived",), 5, ["Not here yet", "Done", "Cancel this visit"]),
        (("arrived", "fulfilled"), 5, ["Not done yet"]),
        (("noshow",), 5, ["Came after all"]),
        (("cancelled",), -60, []),
    ],
)
async def test_only_what_can_be_done_now_can_be_pressed(
    staff_member: Visitor,
    patients: Patients,
    database: Database,
    clock: HandClock,
    before: tuple[str, ...],
    minutes: int,
    expected: list[str],
) -> None:
    visit = become(database, patients.book(TODAY), *before)
    clock.moment = TODAY + timedelta(minutes=minutes)
    assert acts(await page_of(staff_member, visit)) == expected
    assert acts((await staff_member.get()).text) == expected


async def test_nobody_arrives_before_the_day(staff_member: Visitor, patients: Patients) -> None:
    visit = patients.book(TOMORROW)
    assert acts(await page_of(staff_member, visit)) == ["Cancel this visit"]


async def test_what_was_forgotten_yesterday_is_pressed_today(
    staff_member: Visitor, patients: Patients, database: Database, clock: HandClock
) -> None:
    visit = patients.book(TODAY)
    clock.moment = TODAY + timedelta(days=1)
    for button in ("Arrived", "Done"):
        await press(staff_member, await page_of(staff_member, visit), button)
    assert now_of(database, visit).status == "fulfilled"


async def test_who_comes_unconfirmed_has_arrived_and_needs_no_confirming_any_more(
    staff_member: Visitor, patients: Patients, database: Database, clock: HandClock
) -> None:
    visit = patients.book(TODAY, status="pending")
    add_request(database, visit.conversation_id, visit.message_id, CONFIRM_BOOKING, "routine", NOW)
    clock.moment = TODAY + timedelta(minutes=30)
    html = await page_of(staff_member, visit)
    assert acts(html) == ["Arrived", "Did not come"]
    await press(staff_member, html, "Arrived")
    assert now_of(database, visit).status == "arrived"
    assert count_open_requests(database) == 0


async def test_a_day_at_the_desk_stands_in_the_history_with_who_did_it(
    staff_member: Visitor, patients: Patients, database: Database, clock: HandClock
) -> None:
    visit = patients.book(TODAY, status="pending")
    for button in ("Confirm", "Arrived", "Not here yet", "Did not come", "Came after all", "Done"):
        if button == "Did not come":
            clock.moment = TODAY + timedelta(minutes=10)
        done = await press(staff_member, await page_of(staff_member, visit), button)
        assert done.headers["location"] == f"/desk/visits/{visit.id}?saved"
    text = Page(await page_of(staff_member, visit)).text
    early, late = "Mon 23 Nov 2026, 12:00", "Mon 23 Nov 2026, 17:10"
    assert (
        f"{late} by reception (desk): From “Arrived” to “Done”. "
        f"{late} by reception (desk): From “Did not come” to “Arrived”. "
        f"{late} by reception (desk): From “Booked” to “Did not come”. "
        f"{early} by reception (desk): From “Arrived” to “Booked”. "
        f"{early} by reception (desk): From “Booked” to “Arrived”. "
        f"{early} by reception (desk): From “To be confirmed” to “Booked”. "
        f"{early} by the patient: To be confirmed for Mon 23 Nov 2026, 17:00."
    ) in text
    assert [each.staff_user for each in history_of(database, visit.id)] == ["", *["desk"] * 6]


async def test_what_was_pressed_on_the_list_leads_back_to_its_line(
    staff_member: Visitor, patients: Patients
) -> None:
    visit = patients.book(TODAY)
    done = await press(staff_member, (await staff_member.get()).text, "Arrived")
    assert done.headers["location"] == f"/desk#v-{visit.id}"
    assert f'id="v-{visit.id}"' in (await staff_member.get()).text


async def test_after_a_press_the_visit_says_that_it_is_saved(
    staff_member: Visitor, patients: Patients
) -> None:
    visit = patients.book(TODAY)
    done = await press(staff_member, await page_of(staff_member, visit), "Arrived")
    assert "Saved." in (await staff_member.get(done.headers["location"])).text


@pytest.mark.parametrize("path", ["/desk", "/desk/visits/{}"])
async def test_of_two_who_press_at_once_the_second_reads_what_the_first_did(
    staff_member: Visitor, patients: Patients, database: Database, path: str
) -> None:
    visit = patients.book(TODAY)
    html = (await staff_member.get(path.format(visit.id))).text
    become(database, visit, "cancelled")
    refused = await press(staff_member, html, "Arrived")
    assert refused.status_code == 409
    text = Page(refused.text).text
    assert FASTER in text
    assert "Status Cancelled" in text
    assert [each.status_after for each in history_of(database, visit.id)] == ["booked", "cancelled"]


async def test_a_button_that_is_pressed_twice_acts_once(
    staff_member: Visitor, patients: Patients, database: Database
) -> None:
    visit = patients.book(TODAY)
    html = await page_of(staff_member, visit)
    assert (await press(staff_member, html, "Arrived")).status_code == 303
    assert (await press(staff_member, html, "Arrived")).status_code == 409
    assert len(history_of(database, visit.id)) == 2


async def test_who_is_overtaken_between_reading_and_writing_is_told_so(
    staff_member: Visitor, patients: Patients, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = patients.book(TODAY)
    html = await page_of(staff_member, visit)
    locked = visits._locked

    def overtaken(session: object, visit_id: str, sequence: int, by: By) -> object:
        return locked(session, visit_id, sequence + 1, by)  # type: ignore[arg-type]

    monkeypatch.setattr(visits, "_locked", overtaken)
    refused = await press(staff_member, html, "Arrived")
    assert (refused.status_code, FASTER in refused.text) == (409, True)
    assert now_of(database, visit) == visit


@pytest.mark.parametrize("sequence", ["", "x", "-1", "1", "0.0"])
async def test_a_sequence_that_is_not_the_visits_does_nothing(
    staff_member: Visitor, patients: Patients, database: Database, sequence: str
) -> None:
    visit = patients.book(TODAY)
    refused = await staff_member.post(
        f"/desk/visits/{visit.id}/status",
        token=await staff_member.token(),
        sequence=sequence,
        status="arrived",
    )
    assert refused.status_code == 409
    assert now_of(database, visit) == visit


@pytest.mark.parametrize(
    "status", ["", "booked", "pending", "noshow", "fulfilled", "entered-in-error", "proposed", "x"]
)
async def test_what_no_button_says_does_nothing(
    staff_member: Visitor, patients: Patients, database: Database, status: str
) -> None:
    visit = patients.book(TODAY)
    refused = await staff_member.post(
        f"/desk/visits/{visit.id}/status",
        token=await staff_member.token(),
        sequence="0",
        status=status,
    )
    assert refused.status_code == 409
    assert "That cannot be done with this visit at this time" in refused.text
    assert now_of(database, visit) == visit


async def test_a_form_of_another_web_site_does_nothing(
    staff_member: Visitor, patients: Patients, database: Database
) -> None:
    visit = patients.book(TODAY)
    refused = await staff_member.post(
        f"/desk/visits/{visit.id}/status", token="guessed", sequence="0", status="cancelled"
    )
    assert refused.status_code == 403
    assert now_of(database, visit) == visit


@pytest.mark.parametrize("path", ["", "/cancel", "/status"])
async def test_without_a_login_nothing_is_shown_and_nothing_done(
    visitor: Visitor, patients: Patients, database: Database, path: str
) -> None:
    visit = patients.book(TODAY)
    address = f"/desk/visits/{visit.id}{path}"
    if path == "/status":
        response = await visitor.post(address, sequence="0", status="cancelled")
    else:
        response = await visitor.get(address)
    assert (response.status_code, response.headers["location"]) == (303, "/desk/login")
    assert response.text == ""
    assert now_of(database, visit) == visit


async def test_cancelling_is_asked_once_more_with_who_and_when(
    staff_member: Visitor, patients: Patients, database: Database
) -> None:
    visit = patients.book(TOMORROW, name="Asha Rao", phone="+919999900001")
    asked = await staff_member.get(f"/desk/visits/{visit.id}/cancel")
    text = Page(asked.text).text
    for said in ("Asha Rao", "+91 99999 00001", "Tomorrow, Tue 24 Nov", "17:00 to 17:20", "told"):
        assert said in text
    assert now_of(database, visit) == visit
    assert (await press(staff_member, asked.text, "Cancel and tell the patient")).status_code == 303
    assert now_of(database, visit).status == "cancelled"
    day = timedelta(days=1)
    assert busy(database, TOMORROW - day, TOMORROW + day, NOW) == {}


async def test_a_cancellation_that_comes_too_late_cancels_nothing(
    staff_member: Visitor, patients: Patients, database: Database
) -> None:
    visit = patients.book(TODAY)
    asked = (await staff_member.get(f"/desk/visits/{visit.id}/cancel")).text
    become(database, visit, "arrived")
    refused = await press(staff_member, asked, "Cancel and tell the patient")
    assert (refused.status_code, FASTER in refused.text) == (409, True)
    assert now_of(database, visit).status == "arrived"


async def test_what_cannot_be_cancelled_is_not_asked_about(
    staff_member: Visitor, patients: Patients, database: Database
) -> None:
    visit = become(database, patients.book(TODAY), "cancelled")
    response = await staff_member.get(f"/desk/visits/{visit.id}/cancel")
    assert response.status_code == 409
    assert "That cannot be done" in response.text


@pytest.mark.parametrize("path", ["", "/cancel"])
async def test_there_is_no_page_without_a_visit(staff_member: Visitor, path: str) -> None:
    response = await staff_member.get(f"/desk/visits/none{path}")
    assert response.status_code == 404
    assert "There is no such visit" in response.text


@pytest.mark.parametrize("statuses", [("arrived", "fulfilled"), ("noshow",), ("cancelled",)])
async def test_a_visit_of_today_stays_listed_after_it_and_says_first_what_became_of_it(
    staff_member: Visitor,
    patients: Patients,
    database: Database,
    clock: HandClock,
    statuses: tuple[str, ...],
) -> None:
    become(database, patients.book(TODAY, name="Asha Rao"), *statuses)
    clock.moment = TODAY + timedelta(hours=6)
    said = {"fulfilled": "Done", "noshow": "Did not come", "cancelled": "Cancelled"}[statuses[-1]]
    html = (await staff_member.get()).text
    assert f"{said}:<br><s>17:00 to 17:20</s>" in html
    assert "<s><bdi>Asha Rao</bdi></s>" in html


async def test_an_open_visit_is_not_struck_through(
    staff_member: Visitor, patients: Patients
) -> None:
    patients.book(TODAY)
    assert "<s>" not in (await staff_member.get()).text


async def test_the_list_holds_what_is_open_today_and_later(
    staff_member: Visitor, patients: Patients, database: Database, clock: HandClock
) -> None:
    patients.book(TODAY, name="Of yesterday")
    become(database, patients.book(TOMORROW, name="Cancelled later"), "cancelled")
    patients.book(TOMORROW + timedelta(days=1), name="To come")
    text = Page((await staff_member.get()).text).text
    assert "Of yesterday" in text
    assert "Cancelled later" not in text
    clock.moment = TOMORROW
    text = Page((await staff_member.get()).text).text
    assert "Of yesterday" not in text
    assert "Cancelled later" in text
    assert "To come" in text


async def test_a_visit_shows_whether_its_patient_said_that_they_come(
    staff_member: Visitor, patients: Patients, database: Database
) -> None:
    visit = patients.book(TOMORROW, person="asha")
    text = Page(await page_of(staff_member, visit)).text
    assert "The patient has not said yet that they come." in text
    yes = patients.write("I come", person="asha", at=NOW + timedelta(minutes=5))
    with database.work() as session:
        session.get_one(InboundMessage, yes.id).state = RECEIVED
    confirm_visit(database, visit.id, 0, yes.id, NOW + timedelta(minutes=5))
    text = Page(await page_of(staff_member, visit)).text
    assert "The patient said on Mon 23 Nov 2026, 12:05 that they come." in text
    assert "12:05 by the patient: The patient said that they come." in text


async def test_a_visit_shows_which_rules_its_patient_was_told(
    staff_member: Visitor, patients: Patients, database: Database
) -> None:
    visit = patients.book(TOMORROW)
    assert "No rules for changes were told." in await page_of(staff_member, visit)
    add_line(database, visit, by="patient", policy="0123456789abcdef")
    text = Page(await page_of(staff_member, visit)).text
    assert "Rules for changes, version 0123456789abcdef, told on Mon 23 Nov 2026, 12:00." in text


async def test_a_move_by_the_clock_shows_both_times(
    staff_member: Visitor, patients: Patients, database: Database
) -> None:
    visit = patients.book(TOMORROW)
    add_line(database, visit, by="clock", starts_before=TODAY)
    text = Page(await page_of(staff_member, visit)).text
    assert "by the clock: Moved from Mon 23 Nov 2026, 17:00 to Tue 24 Nov 2026, 17:00." in text


def add_line(database: Database, visit: Booked, **given: object) -> None:
    """A line of the history beside that of the booking."""
    known = {
        "booking_id": visit.id,
        "at": NOW,
        "status_before": "booked",
        "status_after": "booked",
        "starts_before": visit.starts_at,
        "starts_after": visit.starts_at,
    }
    with database.work() as session:
        session.add(BookingChange(**known | given))


async def test_no_personal_data_stands_in_an_address_of_these_pages(
    staff_member: Visitor, patients: Patients, caplog: pytest.LogCaptureFixture
) -> None:
    visit = patients.book(TODAY, name="Asha Rao", phone="+919999900001")
    html = await page_of(staff_member, visit)
    html += (await staff_member.get(f"/desk/visits/{visit.id}/cancel")).text
    with caplog.at_level("INFO", "bot.desk"):
        await press(staff_member, await page_of(staff_member, visit), "Arrived")
    addresses = re.findall(r'(?:href|action|src)="([^"]*)"', html)
    assert caplog.text.count(f"visit {visit.id} is arrived") == 1
    assert not re.search(f"Asha|99999|{visit.reference}", " ".join(addresses) + caplog.text)
