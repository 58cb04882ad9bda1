"""From the booking through the check, and what has changed, to the doctor's brief."""

from __future__ import annotations

import html
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import httpx
import pytest

from bot.data_files import ROOT
from tests.channels.check import Page
from tests.channels.check import Patient as Browser
from tests.conftest import living
from tests.fake_cloud_api import FakeCloudApi
from tests.house import House, Patient, WhatsAppPatient, wait_until

NONE, NO_MORE = "None of these", "Nothing else"
# The job looks every ten seconds.
TOLD_WITHIN = 40.0

New = Callable[[str, House], Patient]


class Desk:
    """Somebody of the clinic who is logged in at the desk."""

    def __init__(self, house: House) -> None:
        self._http = httpx.Client(base_url=house.url, timeout=30.0)
        password = (house.var_dir / "desk_password.txt").read_text("utf-8").strip()
        [token] = re.findall(r'name="token" value="([^"]*)"', self._http.get("/desk/login").text)
        login = {"token": token, "user": "desk", "password": password}
        assert self._http.post("/desk/login", data=login).status_code == httpx.codes.SEE_OTHER

    def brief_of(self, name: str) -> str:
        """The brief of the visit under a name, as it is read, found through the day list."""
        page = self._http.get("/desk").text.partition('id="consultations"')[2]
        row = next(each for each in page.split("<tr") if name in each)
        [path] = re.findall(r'href="(/desk/visits/\w+)"', row)
        text = re.sub(r"<[^>]+>", " ", self._http.get(path).text)
        return " ".join(html.unescape(text).split())

    def close(self) -> None:
        self._http.close()


class Phone(Browser):
    """The browser of a patient's phone, at the running front."""

    def __init__(self, house: House, link: str) -> None:
        self.path = link[link.index("/check/") :]
        self._url, self.cookies = house.url, httpx.Cookies()

    def _asks(self, method: str, **sent: Any) -> Page:
        with httpx.Client(
            base_url=self._url, timeout=30.0, follow_redirects=True, cookies=self.cookies
        ) as client:
            answer = client.request(method, self.path, **sent)
            self.cookies = client.cookies
            return Page(answer)


@pytest.fixture
def reserved_house(
    tmp_path_factory: pytest.TempPathFactory, cloud_api: FakeCloudApi
) -> Iterator[House]:
    """A clinic that asks no health questions on WhatsApp."""
    folder = tmp_path_factory.mktemp("reserved")
    shipped = (ROOT / "clinic.yml").read_text("utf-8")
    file = folder / "clinic.yml"
    file.write_text(shipped.replace("health_questions: true", "health_questions: false"), "utf-8")
    yield from living(House(folder, CLINIC_FILE=str(file), **cloud_api.environment))


@pytest.fixture
def desk(house: House) -> Iterator[Desk]:
    opened = Desk(house)
    yield opened
    opened.close()


def book(patient: Patient, name: str) -> None:
    """A visit of one's own in some days, with a way of reminding that the channel has."""
    patient.say("I want to book for acne, 4 December 5 pm")
    patient.press("Yes, for me, 18+")
    patient.press("Yes, I agree")
    patient.say(name)
    patient.say("99999 00391")
    patient.press("On WhatsApp" if "On WhatsApp" in patient.titles else "By phone call")
    patient.press("Yes, book it")


def go_through_the_check(patient: Patient) -> None:
    """Blood thinners in words, breastfeeding by its button, nothing else."""
    patient.press("2-minute questions")
    patient.press("Yes, I agree")
    patient.say("I take warfarin since my operation")
    patient.press("Breastfeeding")
    while {NONE, NO_MORE} & set(patient.titles):
        patient.press(NO_MORE if NO_MORE in patient.titles else NONE)


def come_near(house: House, name: str) -> None:
    """Time passes until less than two days before the visit: the visit moves instead."""
    near = house.now() + timedelta(hours=47)
    with closing(sqlite3.connect(house.var_dir / "clinic.db", timeout=10.0)) as database:
        database.execute(
            "UPDATE bookings SET starts_at = ?, ends_at = ? WHERE before_told_at IS NULL",
            [
                each.strftime("%Y-%m-%d %H:%M:%S.000000")
                for each in (near, near + timedelta(minutes=20))
            ],
        )
        database.execute(
            "UPDATE bookings SET created_at = ? WHERE before_told_at IS NULL",
            [(house.now() - timedelta(days=5)).strftime("%Y-%m-%d %H:%M:%S.000000")],
        )
        database.commit()


def test_on_whatsapp_from_the_booking_to_the_brief(
    house: House, new_patient: New, desk: Desk
) -> None:
    house.empty_calendar()
    patient = new_patient("whatsapp", house)
    assert isinstance(patient, WhatsAppPatient)
    book(patient, "Nalini Shah")
    go_through_the_check(patient)
    assert "clinics usually wait with this treatment" in patient.text
    assert "Your visit stays as booked" in patient.text
    come_near(house, "Nalini Shah")
    wait_until(patient.has_news, TOLD_WITHIN, "what is said before the visit")
    assert "Has anything changed?" in patient.text
    patient.press("Something changed")
    patient.say("i have fever since this morning")
    patient.press(NO_MORE)
    assert "Clinics usually wait a while" in patient.text
    assert ("check_answers", "routine") in patient.requests
    brief = desk.brief_of("Nalini Shah")
    for part in ("Not now", "Breastfeeding", "I take warfarin since my operation", "Fever or ill"):
        assert part in brief, part


def test_on_the_website_from_the_booking_to_the_brief(
    house: House, new_patient: New, desk: Desk
) -> None:
    house.empty_calendar()
    patient = new_patient("website", house)
    book(patient, "Urmila Joshi")
    go_through_the_check(patient)
    come_near(house, "Urmila Joshi")
    # Who chose a call is called; the chat asks the same when the patient comes back to it.
    wait_until(
        lambda: ("before_visit", "routine") in patient.requests, TOLD_WITHIN, "a call for the team"
    )
    patient.say("start the suitability check")
    assert "Has any of this changed" in patient.text
    patient.say("got sunburnt on sunday")
    patient.press(NO_MORE)
    assert ("check_answers", "routine") in patient.requests
    brief = desk.brief_of("Urmila Joshi")
    for part in ("Breastfeeding", "warfarin", "got sunburnt on sunday"):
        assert part in brief, part


def test_where_whatsapp_asks_nothing_its_link_leads_to_the_brief(
    reserved_house: House, new_patient: New
) -> None:
    patient = new_patient("whatsapp", reserved_house)
    book(patient, "Kavita Menon")
    patient.press("2-minute questions")
    assert patient.check is None
    phone = Phone(reserved_house, patient.text.splitlines()[-1])
    phone.begins()
    phone.presses("Next", ticked=["Q03"], words="i am on warfarin")
    phone.denies_the_rest()
    assert "clinics usually wait with this treatment" in phone.page.text
    assert patient.check == {"Q03": "yes", "Q15": "yes"}
    assert Phone(reserved_house, phone.path).looks().status == httpx.codes.NOT_FOUND
    opened = Desk(reserved_house)
    brief = opened.brief_of("Kavita Menon")
    opened.close()
    assert "Not now" in brief
    assert "i am on warfarin" in brief
