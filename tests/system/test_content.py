"""What a doctor decides at the desk, a patient notices with the next question."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest

from tests.house import House, Patient

# No other test asks about it while this one has it rejected.
ITEM, QUESTION = "faq/travel_after", "when can I fly after the treatment?"
ASKED = "I don't have a checked answer for that."
PAGE = f"/desk/content/{ITEM}"


class Doctor:
    """Somebody who is logged in at the desk of the running system."""

    def __init__(self, house: House) -> None:
        self._http = httpx.Client(base_url=house.url, timeout=30.0)
        password = (house.var_dir / "desk_password.txt").read_text("utf-8").strip()
        login = self._fields("/desk/login", "token")
        self._post("/desk/login", **login, user="desk", password=password)

    def decide(self, verdict: str, **typed: str) -> None:
        fields = self._fields(PAGE, "token", "hash", "seen")
        answer = self._post(PAGE, **fields, verdict=verdict, doctor="mehra", **typed)
        assert answer.headers["location"].endswith("?saved")

    def close(self) -> None:
        self._http.close()

    def _post(self, path: str, **fields: str) -> httpx.Response:
        answer = self._http.post(path, data=fields)
        assert answer.status_code == httpx.codes.SEE_OTHER, answer.text
        return answer

    def _fields(self, path: str, *names: str) -> dict[str, str]:
        page = self._http.get(path).text
        return {
            name: found[1]
            for name in names
            if (found := re.search(rf'name="{name}" value="([^"]*)"', page))
        }


@pytest.fixture
def doctor(house: House) -> Iterator[Doctor]:
    """Whatever they decided, the text is approved in the end, in the words of its file."""
    opened = Doctor(house)
    yield opened
    opened.decide("rejected", reason="An edit ends with a rejection.")
    opened.decide("approved")
    opened.close()


def test_what_a_doctor_rejects_is_asked_of_the_team_until_it_is_approved(
    doctor: Doctor, patient: Patient
) -> None:
    patient.say("hello")
    own = patient.say(QUESTION)
    assert ASKED not in patient.text
    doctor.decide("rejected", reason="Not with our device.")
    [answer] = patient.say(QUESTION)
    assert answer.text.startswith(ASKED)
    assert patient.requests == [("withheld", "routine")]
    doctor.decide("approved")
    assert patient.say(QUESTION) == own


def test_what_a_doctor_writes_is_told_from_then_on(
    house: House, doctor: Doctor, patient: Patient
) -> None:
    words = "You can often travel the next day. Keep out of the sun."
    patient.say("hello")
    [own] = patient.say(QUESTION)
    doctor.decide("edited", text=words, short="You can often travel the next day.")
    [answer] = patient.say(QUESTION)
    assert answer.text == "\n".join([words, *own.text.split("\n")[-2:]])
    assert answer.buttons == own.buttons
