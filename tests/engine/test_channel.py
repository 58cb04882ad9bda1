from __future__ import annotations

import re
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import requests
from rasa.shared.core.events import ActionExecuted, BotUttered, UserUttered

from bot.data_files import DATA, ROOT, read_yaml
from bot.engine.tracker_store import SQLITE_FILE
from tests.engine.running import Conversation, RunningEngine

# A word that no data and no log knows of itself.
MARK = "zqxmarked"
NO_ACTIONS = "zqxmarked foo bar baz"


@pytest.fixture
def patient(engine: RunningEngine) -> Conversation:
    return Conversation(engine)


@pytest.fixture(scope="module")
def production(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEngine]:
    folder = tmp_path_factory.mktemp("production")
    with RunningEngine(model, folder, CLINIC_ENV="production") as running:
        running.wait_until_ready()
        yield running


async def words_of(patient: Conversation) -> list[tuple[str, str]]:
    """Who said what, as the tracker holds it."""
    tracker = await patient.engine.tracker(patient.id)
    found = []
    for event in tracker.events if tracker else []:
        if isinstance(event, UserUttered):
            found.append(("patient", event.text or ""))
        elif isinstance(event, BotUttered):
            found.append(("assistant", event.text or ""))
    return found


async def actions_of(patient: Conversation) -> list[str]:
    """What Rasa predicted, in order."""
    tracker = await patient.engine.tracker(patient.id)
    return [
        event.action_name or ""
        for event in (tracker.events if tracker else [])
        if isinstance(event, ActionExecuted)
    ]


# Who is let in


@pytest.mark.parametrize("path", ["/front/turn", "/front/record"])
@pytest.mark.parametrize("token", ["", "wrong", "é"])
def test_a_wrong_token_is_refused(engine: RunningEngine, path: str, token: str) -> None:
    body = Conversation(engine).body("hello", reply="hello")
    response = requests.post(
        f"{engine.url}{path}",
        json=body,
        headers={"Authorization": f"Bearer {token}".encode()},
        timeout=20.0,
    )
    assert response.status_code == requests.codes.unauthorized
    assert response.json() == {"error": "SanicException"}


@pytest.mark.parametrize("path", ["/front/turn", "/front/record"])
def test_no_token_is_refused(engine: RunningEngine, path: str) -> None:
    body = Conversation(engine).body("hello", reply="hello")
    response = requests.post(f"{engine.url}{path}", json=body, timeout=20.0)
    assert response.status_code == requests.codes.unauthorized


def test_health_is_good_once_the_model_is_loaded(engine: RunningEngine) -> None:
    response = requests.get(f"{engine.url}/front/health", timeout=20.0)
    assert response.status_code == requests.codes.ok
    assert response.json() == {"ready": True}


@pytest.mark.parametrize("path", ["/status", "/domain", "/conversations/a/tracker", "/model/train"])
def test_rasas_own_api_is_off(engine: RunningEngine, path: str) -> None:
    response = requests.get(f"{engine.url}{path}", timeout=20.0)
    assert response.status_code == requests.codes.not_found


# A turn


def test_a_question_is_answered_with_its_text_and_buttons(patient: Conversation) -> None:
    answer = patient.turn("What are exosomes?")
    assert answer["intent"] == "faq"
    judged = {name: answer["judgement"][name] for name in ("urgency", "sign", "language")}
    assert judged == {"urgency": "none", "sign": "", "language": "en"}
    (message,) = answer["messages"]
    written = read_yaml(DATA / "answers" / "basics.yml")["responses"]["utter_faq/what_are_exosomes"]
    assert message["text"].startswith(written[0]["text"].split("\n")[0])
    assert message["buttons"] == written[0]["buttons"]


def test_an_answer_with_several_lines_is_one_message(patient: Conversation) -> None:
    (message,) = patient.turn("how much does it cost")["messages"]
    assert "\n" in message["text"]
    assert not re.search(r"[{}]", message["text"])


async def test_turns_of_a_conversation_follow_each_other(patient: Conversation) -> None:
    patient.turn("hello")
    patient.turn("does it hurt")
    said = await words_of(patient)
    assert [who for who, _ in said] == ["patient", "assistant", "patient", "assistant"]
    assert said[0][1] == "hello"
    assert said[2][1] == "does it hurt"


async def test_a_pressed_topic_is_answered_whatever_its_words_are(patient: Conversation) -> None:
    press = {"intent": "faq", "entities": {"topic": "pain"}}
    answer = patient.turn('/faq{"topic":"pain"}', press=press)
    assert answer["intent"] == "faq"
    written = read_yaml(DATA / "answers" / "procedure.yml")["responses"]["utter_faq/pain"]
    assert answer["messages"][0]["text"].startswith(written[0]["text"].split("\n")[0])
    assert "utter_faq" in await actions_of(patient)


def test_a_pressed_intent_is_certain(patient: Conversation) -> None:
    answer = patient.turn("/bot_challenge", press={"intent": "bot_challenge", "entities": {}})
    assert answer["intent"] == "bot_challenge"
    assert "automated assistant" in answer["messages"][0]["text"]


async def test_without_the_actions_a_turn_that_needs_one_is_empty_and_the_next_goes_on(
    patient: Conversation,
) -> None:
    assert patient.turn(NO_ACTIONS)["messages"] == []
    assert patient.turn("hello")["messages"]


# Red flags


@pytest.mark.parametrize(
    ("text", "intent", "expected"),
    [
        ("I can't breathe and my throat is closing", "emergency", "This could be an emergency."),
        ("I want to kill myself", "crisis", "Tele-MANAS"),
        ("मुझे सांस नहीं आ रही है", "emergency", "यह इमरजेंसी हो सकती है"),
    ],
)
async def test_danger_is_answered_without_any_prediction(
    patient: Conversation, text: str, intent: str, expected: str
) -> None:
    patient.turn("hello")
    before = await actions_of(patient)
    answer = patient.turn(text)
    assert answer["intent"] == intent
    assert answer["judgement"]["urgency"] == intent
    (message,) = answer["messages"]
    assert expected in message["text"]
    assert "buttons" not in message
    assert await actions_of(patient) == before
    assert (await words_of(patient))[-2:] == [("patient", text), ("assistant", message["text"])]


async def test_danger_as_the_first_message_is_kept_and_the_conversation_goes_on(
    patient: Conversation,
) -> None:
    patient.turn("chest pain since an hour and I am sweating")
    assert patient.turn("hello")["intent"] == "greet"
    said = await words_of(patient)
    assert [who for who, _ in said] == ["patient", "assistant", "patient", "assistant"]


async def test_the_parse_of_danger_is_kept_with_its_judgement(patient: Conversation) -> None:
    patient.turn("my lips and tongue are swelling")
    tracker = await patient.engine.tracker(patient.id)
    assert tracker is not None
    assert tracker.latest_message is not None
    assert tracker.latest_message.intent_name == "emergency"
    assert tracker.latest_message.parse_data["judgement"]["urgency"] == "emergency"


# What was answered elsewhere or before


async def test_a_recorded_message_stands_in_the_tracker_and_the_turn_goes_on(
    patient: Conversation,
) -> None:
    patient.turn("hello")
    patient.record("is anybody there", "Sorry, I cannot answer right now.")
    assert patient.turn("what are your hours")["intent"] == "faq"
    said = await words_of(patient)
    assert said[2:4] == [
        ("patient", "is anybody there"),
        ("assistant", "Sorry, I cannot answer right now."),
    ]
    assert [who for who, _ in said] == 3 * ["patient", "assistant"]


async def test_a_message_may_be_recorded_first(patient: Conversation) -> None:
    patient.record("is anybody there", "Sorry.")
    assert await words_of(patient) == [("patient", "is anybody there"), ("assistant", "Sorry.")]


@pytest.mark.parametrize(
    "text", ["does it hurt", "hello", "I can't breathe", "what is this doctor's qualification"]
)
async def test_again_gives_the_first_answer_and_stores_nothing_twice(
    patient: Conversation, text: str
) -> None:
    patient.turn("thank you")
    message = uuid.uuid4().hex
    first = patient.turn(text, message=message)
    stored = await words_of(patient)
    assert patient.turn(text, message=message, again=True) == first
    assert await words_of(patient) == stored


async def test_again_finds_the_answer_before_later_messages(patient: Conversation) -> None:
    message = uuid.uuid4().hex
    first = patient.turn("does it hurt", message=message)
    patient.turn("thank you")
    stored = await words_of(patient)
    assert patient.turn("does it hurt", message=message, again=True) == first
    assert await words_of(patient) == stored


async def test_again_for_what_was_never_answered_answers_it_once(patient: Conversation) -> None:
    assert patient.turn("does it hurt", again=True)["messages"]
    assert [who for who, _ in await words_of(patient)] == ["patient", "assistant"]


def test_again_gives_what_was_recorded(patient: Conversation) -> None:
    patient.record("hello?", "Sorry, I cannot answer right now.", message="m1")
    answer = patient.turn("hello?", message="m1", again=True)
    assert answer["messages"] == [{"text": "Sorry, I cannot answer right now."}]


# How the front has texts served

ASKED = "I don't have a checked answer for that."
SEVERAL = "what are exosomes? how much does it cost?"


def test_a_withheld_answer_asks_the_team_and_says_so_to_the_front(patient: Conversation) -> None:
    answer = patient.turn("does it hurt", content={"withheld": ["faq/pain"]})
    assert [each["text"].startswith(ASKED) for each in answer["messages"]] == [True]
    assert set(answer["messages"][0]) == {"text", "buttons"}
    assert answer["withheld"] is True


def test_the_next_turn_is_served_as_its_own_call_says(patient: Conversation) -> None:
    patient.turn("does it hurt", content={"withheld": ["faq/pain"]})
    answer = patient.turn("does it hurt")
    assert not answer["messages"][0]["text"].startswith(ASKED)
    assert answer["withheld"] is False


def test_of_several_questions_a_withheld_one_asks_the_team(patient: Conversation) -> None:
    answer = patient.turn(SEVERAL, content={"withheld": ["faq/what_are_exosomes"]})
    [message] = answer["messages"]
    assert ASKED in message["text"]
    assert not message["text"].startswith(ASKED)
    assert answer["withheld"] is True


@pytest.mark.parametrize("text", ["does it hurt", SEVERAL])
def test_again_still_knows_what_was_withheld(patient: Conversation, text: str) -> None:
    message = uuid.uuid4().hex
    block = {"withheld": ["faq/pain", "faq/what_are_exosomes"]}
    first = patient.turn(text, message=message, content=block)
    assert first["withheld"] is True
    assert patient.turn(text, message=message, again=True) == first


def test_danger_is_answered_whatever_is_withheld(patient: Conversation) -> None:
    everything = ["safety/emergency/action", "safety/emergency/extra/E01"]
    answer = patient.turn("I can't breathe", content={"withheld": everything})
    assert "112" in answer["messages"][0]["text"]
    assert answer["withheld"] is False


def test_an_edit_is_told_in_its_words(patient: Conversation) -> None:
    words = {"text": "It can sting. Call {front_desk}.", "short": "It can sting."}
    [message] = patient.turn("does it hurt", content={"edited": {"faq/pain": words}})["messages"]
    phone = read_yaml(ROOT / "clinic.yml")["phones"]["front_desk"]
    assert message["text"].startswith(f"It can sting. Call {phone}.\nSource: ")


# Parse, as the evaluation reads it


def label(parse: dict[str, dict[str, object]]) -> str:
    """The label of a prediction."""
    if parse["intent"]["name"] != "faq":
        return str(parse["intent"]["name"])
    key = parse["response_selector"]["faq"]["response"]["intent_response_key"]  # type: ignore
    return str(key).removeprefix("faq/")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What are exosomes?", "what_are_exosomes"),
        ("hello", "greet"),
        ("book an appointment", "book_consultation"),
        ("I can't breathe", "emergency"),
        ("I want to die", "crisis"),
        ("agent", "talk_to_staff"),
        ("क्या यह सुरक्षित है?", "change_language"),
        (NO_ACTIONS, "nlu_fallback"),
        ("/emergency", "emergency"),
    ],
)
def test_a_prediction_has_the_shape_that_the_evaluation_reads(
    engine: RunningEngine, text: str, expected: str
) -> None:
    parse = engine.parse(text)
    assert label(parse) == expected
    assert parse["text"] == text.lstrip("/")
    ranking = parse["intent_ranking"]
    assert len(ranking) >= 5
    names = [entry["name"] for entry in ranking]
    assert len({*names}) == len(names)
    assert "faq" not in names
    confidences = [entry["confidence"] for entry in ranking]
    assert confidences == sorted(confidences, reverse=True)
    assert all(0.0 <= confidence <= 1.0 for confidence in confidences)
    assert {"urgency", "sign", "language", "courses", "asked"} <= parse["judgement"].keys()


def test_danger_is_predicted_with_confidence_1(engine: RunningEngine) -> None:
    intent = engine.parse("I can't breathe")["intent"]
    assert intent == {"name": "emergency", "confidence": 1.0}


@pytest.mark.parametrize("text", ["/restart", '/faq{"topic":"price"}', "//emergency now", "/"])
def test_a_slash_commands_nothing(engine: RunningEngine, text: str) -> None:
    parse = engine.parse(text)
    assert parse["intent"]["name"] != "restart"
    assert parse["entities"] == []


@pytest.mark.parametrize("text", ["", " ", "😀", "a" * 5000, "\x00", "the price\n\n?"])
def test_an_odd_text_is_parsed(engine: RunningEngine, text: str) -> None:
    assert engine.parse(text)["intent"]["name"]


@pytest.mark.parametrize("body", [{}, {"text": 5}, {"text": None}, {"message": "hello"}])
def test_a_parse_without_text_is_refused(engine: RunningEngine, body: dict[str, object]) -> None:
    assert engine.post("/model/parse", body).status_code == requests.codes.bad_request


# Production


def test_production_serves_no_parse(production: RunningEngine) -> None:
    response = production.post("/model/parse", {"text": "hello"})
    assert response.status_code == requests.codes.not_found


def test_production_answers_turns(production: RunningEngine) -> None:
    assert Conversation(production).turn("does it hurt")["messages"]


# Failures, and what is said about them


def test_a_failed_turn_gives_an_error_id_and_nothing_else(
    engine: RunningEngine, patient: Conversation
) -> None:
    body = patient.body(f"{MARK} hello")
    del body["again"]
    response = engine.post("/front/turn", body)
    assert response.status_code == requests.codes.server_error
    assert re.fullmatch(r'\{"error":"[0-9a-f]{8}"\}', response.text)
    assert response.json()["error"] in engine.log()


def test_a_body_that_is_no_json_is_refused_without_repeating_it(engine: RunningEngine) -> None:
    response = requests.post(
        f"{engine.url}/front/turn",
        data=f"{MARK} {{",
        headers={"Authorization": f"Bearer {engine.environment['ENGINE_TOKEN']}"},
        timeout=20.0,
    )
    assert response.status_code in {requests.codes.bad_request, requests.codes.server_error}
    assert MARK not in response.text


def test_a_memory_that_cannot_be_read_fails_its_turns_and_no_other(
    production: RunningEngine,
) -> None:
    patient = Conversation(production)
    patient.turn("hello")
    with closing(sqlite3.connect(production.var_dir / SQLITE_FILE, timeout=10.0)) as database:
        database.execute(
            "UPDATE events SET data = 'lost.' || data WHERE sender_id = ?", (patient.id,)
        )
        # One row less, so that what the engine keeps in memory fits no longer.
        newest = "(SELECT max(id) FROM events WHERE sender_id = ?)"
        database.execute(f"DELETE FROM events WHERE id = {newest}", (patient.id,))  # noqa: S608
        database.commit()
    response = production.post("/front/turn", patient.body("does it hurt"))
    assert response.status_code == requests.codes.server_error
    assert re.fullmatch(r'\{"error":"[0-9a-f]{8}"\}', response.text)
    assert not production.ended()
    assert Conversation(production).turn("hello")["messages"]


def test_the_log_at_debug_holds_no_word_of_a_message(engine: RunningEngine) -> None:
    patient = Conversation(engine)
    patient.turn(f"{MARK} what are exosomes")
    patient.turn(f"I can't breathe {MARK}")
    patient.turn(NO_ACTIONS)
    patient.turn("Price", press={"intent": "faq", "entities": {"topic": MARK}})
    patient.record(f"hello {MARK}", f"sorry {MARK}")
    engine.post("/front/turn", {"text": MARK, "conversation": MARK, "again": False, "angry": False})
    engine.parse(f"{MARK} what are exosomes")
    log = engine.log()
    assert "DEBUG" in log
    assert MARK not in log


def test_the_files_on_disk_hold_no_word_of_a_message(engine: RunningEngine) -> None:
    Conversation(engine).turn(f"{MARK} what are exosomes")
    files = [file for file in engine.var_dir.rglob("*") if file.is_file()]
    assert any(file.name == SQLITE_FILE for file in files)
    for file in files:
        assert MARK.encode() not in file.read_bytes(), file.name


def test_nothing_is_written_beside_var_dir(engine: RunningEngine) -> None:
    Conversation(engine).turn("hello")
    assert not (ROOT / SQLITE_FILE).exists()
    assert not (ROOT / "events.db").exists()
    assert not (ROOT / "rasa.db").exists()
