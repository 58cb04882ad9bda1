"""Whatever is sent, the patient gets an answer, and the conversation goes on."""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx
import pytest
import socketio
from itsdangerous import URLSafeSerializer

from tests.house import ANSWER_WITHIN, House, Patient, WebsitePatient
from tests.system.texts import Texts

TRACES = ("Traceback", 'File "', "Error:", "Exception", "Internal Server")
NORMAL = "does it hurt"
NORMAL_ANSWER = "faq/pain"
FILLER = "My skin has been dry for some years and I have tried many creams. "

OpenWebsite = Callable[..., WebsitePatient]


def long_text(middle: str = "") -> str:
    """Ten thousand characters with something in the middle."""
    half = (FILLER * 100)[: (10_000 - len(middle)) // 2]
    return f"{half}{middle}{half}"


# What is sent -> what must come back; None where any proper reply will do.
INPUTS = {
    "nothing": ("", "nothing_to_read"),
    "spaces": (" \t\n  ", "nothing_to_read"),
    "slashes": ("///", "nothing_to_read"),
    "ten thousand characters": (long_text(), "too_long"),
    "an emergency among ten thousand characters": (
        long_text(" I cannot breathe. "),
        "emergency/E01",
    ),
    "ten thousand letters in one word": ("a" * 10_000, "too_long"),
    "emoji": ("🙏😀🤷🏽‍♀️", None),
    "control characters": ("\x01\x02\x1b\x7f\x08", "nothing_to_read"),
    "a NUL inside words": ("does it\x00 hurt", NORMAL_ANSWER),
    "a byte order mark and invisible marks": ("\ufeff\u200b\u200e\u202e", "nothing_to_read"),
    "half a character": ("does it hurt \ud800", NORMAL_ANSWER),
    "Hindi": ("क्या यह सुरक्षित है", "language_hi"),
    "Arabic": ("هل هذا آمن", None),
    "a command of Rasa's": ("/restart", None),
    "a command that ends a session": ("/session_start", None),
    "a payload by hand": ('/faq{"topic":"price"}', None),
    "an intent by hand": ("/faq", None),
    "a payload of an unknown topic": ('/faq{"topic":"no_such_topic"}', None),
    "a payload with broken JSON": ('/faq{"topic":', None),
    "a payload with wrong types": ('/faq{"topic":{"a":[1,2]}}', None),
    "a payload that nests deeply": ('/faq{"topic":' + "[" * 900 + "]" * 900 + "}", None),
    "a template of ours": ("{clinic_hours} {front_desk} {same_day}", None),
    "a script": ("<script>alert(1)</script>", None),
    "a database command": ("'; DROP TABLE conversations; --", None),
}


def assert_goes_on(patient: Patient) -> None:
    """A normal question gets its normal answer."""
    texts = Texts(patient.house)
    [answer] = patient.say(NORMAL)
    assert texts.name_of(answer.text) == NORMAL_ANSWER


def assert_is(text: str, name: str | None, texts: Texts) -> None:
    assert text.strip()
    assert not [trace for trace in TRACES if trace in text]
    if name is None:
        assert texts.name_of(text), text
    else:
        assert texts.without_lead(text) == texts.message(name).text


@pytest.mark.parametrize("kind", INPUTS)
def test_over_rest_it_is_answered_and_the_conversation_goes_on(kind: str, patient: Patient) -> None:
    sent, expected = INPUTS[kind]
    answer = post(patient.house, {"sender": patient.name, "message": sent})
    assert_is(answer[0]["text"], expected, Texts(patient.house))
    assert_goes_on(patient)


@pytest.mark.parametrize("kind", INPUTS)
def test_on_the_website_it_is_answered_and_the_conversation_goes_on(
    kind: str, website_patient: WebsitePatient
) -> None:
    sent, expected = INPUTS[kind]
    visitor = website_patient
    assert visitor.call("user_uttered", visitor.body(sent)) == {"status": "received"}
    answer = visitor.next_message(ANSWER_WITHIN)
    assert_is(answer.text, expected, Texts(visitor.house))
    visitor.until_quiet()
    assert_goes_on(visitor)


@pytest.fixture
def website_patient(open_website: OpenWebsite) -> WebsitePatient:
    return open_website()


def post(house: House, body: object) -> list[dict[str, str]]:
    """A body as Python's JSON writes it, half characters and all."""
    response = house.http.post(
        "/webhooks/rest/webhook",
        content=json.dumps(body),
        headers={"Content-Type": "application/json"},
    )
    assert response.status_code == httpx.codes.OK, response.text
    return list(response.json())


BAD_BODIES = {
    "nothing": b"",
    "broken JSON": b'{"sender": "a", ',
    "no UTF-8": b'{"sender": "a", "message": "\xff\xfe"}',
    "a list": b'["sender", "message"]',
    "a text": b'"sender"',
    "a number": b"7",
    "null": b"null",
    "no message": b'{"sender": "a"}',
    "no sender": b'{"message": "hello"}',
    "an empty sender": b'{"sender": "", "message": "hello"}',
    "a sender that is a number": b'{"sender": 7, "message": "hello"}',
    "a message that is a mapping": b'{"sender": "a", "message": {"text": "hello"}}',
    "a message that is null": b'{"sender": "a", "message": null}',
    "a sender without end": b'{"sender": "' + b"a" * 100_000 + b'", "message": "hello"}',
    "half a character as sender": b'{"sender": "\\ud800", "message": "hello"}',
    "lists without end": b"[" * 100_000,
}


@pytest.mark.parametrize("kind", BAD_BODIES)
def test_a_malformed_body_is_refused_in_plain_words(kind: str, patient: Patient) -> None:
    response = patient.house.http.post("/webhooks/rest/webhook", content=BAD_BODIES[kind])
    assert response.status_code == httpx.codes.BAD_REQUEST, response.text[:300]
    assert not [trace for trace in TRACES if trace in response.text]
    assert_goes_on(patient)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_another_method_is_refused(method: str, house: House) -> None:
    response = house.http.request(method, "/webhooks/rest/webhook")
    assert response.status_code == httpx.codes.METHOD_NOT_ALLOWED


def test_a_message_id_that_comes_twice_is_answered_once(patient: Patient) -> None:
    first = patient.say(NORMAL, message_id="one")
    again = patient.say("how much does it cost", message_id="one")
    assert again == first
    assert patient.house.messages_of("rest", patient.person) == ["done"]


def test_the_same_words_under_another_id_are_another_message(patient: Patient) -> None:
    patient.say(NORMAL, message_id="one")
    patient.say(NORMAL, message_id="two")
    assert patient.house.messages_of("rest", patient.person) == ["done", "done"]


def test_two_people_may_use_the_same_message_id(house: House) -> None:
    one, other = Patient(house), Patient(house)
    one.say(NORMAL, message_id="one")
    other.say("how much does it cost", message_id="one")
    assert one.text != other.text


def test_on_the_website_a_repeated_id_brings_the_same_answer(
    website_patient: WebsitePatient,
) -> None:
    first = website_patient.say(NORMAL, message_id="one")
    again = website_patient.say(NORMAL, message_id="one")
    assert again == first
    states = website_patient.house.messages_of("website", website_patient.person)
    assert states == ["done"]


def test_thirty_messages_in_a_burst_are_answered_in_order(
    website_patient: WebsitePatient,
) -> None:
    visitor, texts = website_patient, Texts(website_patient.house)
    offered: list[str] = []
    for name in ("What it is", "Is it for me", "Results and proof"):
        visitor.say("menu")
        visitor.press(name)
        offered += visitor.answer[0].buttons.values()
    assert len(set(offered)) == 30
    for payload in offered:
        visitor.emit("user_uttered", visitor.body(payload))
    answers = [visitor.next_message(ANSWER_WITHIN) for _ in offered]
    topics = [json.loads(payload.removeprefix("/faq"))["topic"] for payload in offered]
    assert [texts.name_of(each.text) for each in answers] == [f"faq/{name}" for name in topics]
    assert visitor.until_quiet() == []


WRONG_EVENTS = {
    "a text": "hello",
    "a number": 7,
    "a list": ["hello"],
    "bytes": b"\x00\xff",
    "an empty mapping": {},
    "no session": {"message": "hello"},
    "a session that is a number": {"message": "hello", "session_id": 7},
    "a session made up": {"message": "hello", "session_id": "made-up"},
    "a session of another signer": {
        "message": "hello",
        "session_id": URLSafeSerializer("another secret", salt="website-session").dumps("0" * 32),
    },
}


@pytest.mark.parametrize("kind", WRONG_EVENTS)
def test_a_wrong_event_is_refused_and_the_chat_goes_on(
    kind: str, website_patient: WebsitePatient
) -> None:
    refused = website_patient.call("user_uttered", WRONG_EVENTS[kind])
    assert refused == {"error": "session"}
    assert_goes_on(website_patient)


@pytest.mark.parametrize("message", [7, None, ["hello"], {"text": "hello"}, "a" * 20_001])
def test_a_message_that_is_no_text_or_too_much_is_refused(
    message: object, website_patient: WebsitePatient
) -> None:
    body = {**website_patient.body(""), "message": message}
    assert website_patient.call("user_uttered", body) == {"error": "message"}
    assert_goes_on(website_patient)


def test_an_event_without_anything_does_no_harm(website_patient: WebsitePatient) -> None:
    for event in ("user_uttered", "session_request", "no_such_event"):
        website_patient.emit(event)
    assert website_patient.until_quiet_of("session_confirm") <= 1
    assert_goes_on(website_patient)


def test_a_session_can_be_taken_up_again_by_who_holds_it(open_website: OpenWebsite) -> None:
    first = open_website()
    first.say(NORMAL)
    again = open_website(session=first.session)
    assert again.session == first.session
    assert "automated assistant" not in again.say(NORMAL)[0].text


def test_a_forged_session_gets_another_and_hears_nothing(open_website: OpenWebsite) -> None:
    patient, stranger = open_website(), open_website()
    last = patient.session[-1]
    forged = patient.session[:-1] + ("A" if last != "A" else "Q")
    for claimed in (forged, patient.person):
        assert stranger.open_session(claimed) not in (patient.session, claimed)
    for session in (forged, patient.person, patient.session.rpartition(".")[0]):
        body = {**stranger.body("hello"), "session_id": session}
        assert stranger.call("user_uttered", body) == {"error": "session"}
    patient.say(NORMAL)
    with pytest.raises(socketio.exceptions.TimeoutError):
        stranger.receive(1.0)
