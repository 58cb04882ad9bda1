"""Nobody's words in a log line, and none in clear on disk, at the most talkative level.

A name, a phone and a symptom that exist nowhere else go into every field of every channel; then
everything that the processes wrote is searched for them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import living
from tests.house import House, HouseInParts, Patient, WebsitePatient

NAME, PHONE, SYMPTOM = "Zubinquaxx", "99999 00009", "kneeglow"
MARKS = (NAME, PHONE, PHONE.replace(" ", ""), PHONE.replace(" ", "%20"), SYMPTOM)
WHO = f"my name is {NAME}, phone {PHONE}, i have {SYMPTOM}"

# Reaches every action and every reply that is no plain answer.
MESSAGES = {
    "a question": f"{WHO}. does it hurt",
    "a booking": f"book an appointment. {WHO}",
    "times": f"which times are free tomorrow, {WHO}",
    "moving a visit": f"I want to move my visit to friday, {WHO}",
    "cancelling": f"cancel my appointment, {WHO}",
    "a person": f"i would like to speak to a human being, {WHO}",
    "a call": f"please call me back, {WHO}",
    "a complaint": f"I want to complain about the staff, {WHO}",
    "data": f"delete my data, {WHO}",
    "late": f"I am running late, {WHO}",
    "a receipt": f"I need my invoice, {WHO}",
    "the check": f"check if the treatment suits me, {WHO}",
    "a reaction": f"redness and pus 3 days after my session, {WHO}",
    "an emergency": f"I cannot breathe, {WHO}",
    "a crisis": f"I want to die, {WHO}",
    "low mood": f"I feel so ugly because of my {SYMPTOM}",
    "a diagnosis": f"what is this {SYMPTOM} spot on my face",
    "a dose": f"how many mg of paracetamol for {SYMPTOM}",
    "something else": f"tell me a joke about {NAME}",
    "nothing understood": f"{NAME} {SYMPTOM} blorp",
    "Hindi": f"क्या यह सुरक्षित है {NAME} {SYMPTOM}",
    "stop": "stop",
    "menu": "menu",
    "a payload": f'/faq{{"topic":"{SYMPTOM}"}}',
    "a command": f"/{NAME}",
    "too long": f"{WHO}. " * 100,
}


def found_in_log(house: House) -> list[str]:
    """Log lines that hold somebody's words."""
    marks = [mark.casefold() for mark in MARKS]
    lines = house.log_text().splitlines()
    return [line for line in lines if any(mark in line.casefold() for mark in marks)]


def files_with_words(house: House) -> list[Path]:
    """Files of `VAR_DIR`, databases with their journals included, that hold them in clear."""
    marks = [mark.casefold().encode() for mark in MARKS]
    return [
        file
        for file in house.var_dir.rglob("*")
        if file.is_file() and any(mark in file.read_bytes().lower() for mark in marks)
    ]


def assert_nothing_told(house: House) -> None:
    assert found_in_log(house) == []
    assert files_with_words(house) == []


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One that logs everything it can."""
    yield from living(House(tmp_path_factory.mktemp("logs"), LOG_LEVEL="DEBUG"))


@pytest.fixture(scope="module")
def house_that_heard_all(house: House) -> House:
    """Every message on its own, and then all of them in one conversation."""
    one = Patient(house, f"{NAME} {PHONE}")
    for message in MESSAGES.values():
        Patient(house).say(message)
        one.say(message, message_id=f"{NAME}-{len(message)}")
    return house


@pytest.mark.parametrize("database", ["clinic.db", "tracker.db"])
def test_the_databases_hold_what_was_said_but_not_in_clear(
    house_that_heard_all: House, database: str
) -> None:
    assert (house_that_heard_all.var_dir / database).stat().st_size > 0
    assert_nothing_told(house_that_heard_all)


def test_a_conversation_over_rest_leaves_no_word(house_that_heard_all: House) -> None:
    assert "DEBUG" in house_that_heard_all.log_text()
    assert_nothing_told(house_that_heard_all)


def test_a_conversation_on_the_website_leaves_no_word(
    open_website: Callable[..., WebsitePatient],
) -> None:
    visitor = open_website()
    for message in (MESSAGES["a booking"], MESSAGES["an emergency"], MESSAGES["Hindi"]):
        visitor.say(message, message_id=f"{NAME}{PHONE}")
        visitor.say(message)
    for data in (
        WHO,
        [WHO],
        {"message": {"text": WHO}, "session_id": visitor.session},
        {"message": WHO, "session_id": WHO},
        {"message": WHO, "session_id": visitor.session, "metadata": {WHO: WHO}, SYMPTOM: NAME},
        {"message": f"{WHO} " * 400, "session_id": visitor.session},
    ):
        visitor.call("user_uttered", data)
    visitor.emit(f"event_{NAME}", WHO)
    visitor.emit("session_request", {"session_id": WHO})
    visitor.until_quiet_of("bot_uttered")
    assert_nothing_told(visitor.house)


BODIES = {
    "no JSON": WHO.encode(),
    "half a JSON": json.dumps({"sender": NAME, "message": WHO}).encode()[:-2],
    "wrong fields": json.dumps({NAME: WHO, "sender": [WHO], "message": {"text": WHO}}).encode(),
    "no UTF-8": WHO.encode() + b"\xff",
    "half a character": json.dumps({"sender": NAME, "message": f"{WHO} \ud800"}).encode(),
}


@pytest.mark.parametrize("kind", BODIES)
def test_a_malformed_body_leaves_no_word_in_any_process(kind: str, house: House) -> None:
    headers = {"Content-Type": "application/json", "X-Name": NAME, "Referer": f"/{SYMPTOM}"}
    for address in (
        "/webhooks/rest/webhook",
        f"{house.engine_url}/front/turn",
        f"{house.engine_url}/model/parse",
        f"{house.actions_url}/webhook",
    ):
        house.http.post(address, content=BODIES[kind], headers=headers)
    assert_nothing_told(house)


def test_an_action_that_is_called_wrongly_leaves_no_word(house: House) -> None:
    tracker = {"sender_id": NAME, "latest_message": {"text": WHO}, "events": [], "slots": {}}
    for action in ("action_pass_to_team", f"action_{NAME}", ""):
        for body in (
            {"next_action": action, "sender_id": NAME, "tracker": tracker, "domain": {}},
            {"next_action": action, "sender_id": NAME, "tracker": {"events": WHO}},
            {"next_action": action, "tracker": WHO, "domain": WHO},
        ):
            house.http.post(f"{house.actions_url}/webhook", json=body)
    assert_nothing_told(house)


def test_addresses_and_headers_leave_no_word(house: House) -> None:
    headers = {"X-Name": NAME, "Cookie": f"who={NAME}", "User-Agent": SYMPTOM, "Referer": NAME}
    for base in (house.url, house.engine_url, house.actions_url):
        for path in (f"/{NAME}", f"/?phone={PHONE}", f"/page/{SYMPTOM}", f"/health?{NAME}=1"):
            house.http.get(base + path, headers=headers)
            house.http.post(base + path, headers=headers, content=WHO)
    house.http.get(f"/socket.io/?EIO=4&transport=polling&name={NAME}", headers=headers)
    assert_nothing_told(house)


def test_a_failure_leaves_no_word(house_in_parts: HouseInParts) -> None:
    patient = Patient(house_in_parts, NAME)
    patient.say(MESSAGES["a question"])
    for broken in ("actions", "engine"):
        house_in_parts.end_part(broken)
        for kind in ("a booking", "a question", "nothing understood", "an emergency"):
            patient.say(MESSAGES[kind])
    assert "unanswered, error" in house_in_parts.log_text()
    assert_nothing_told(house_in_parts)
