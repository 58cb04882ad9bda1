"""Several questions in one message, on the trained model and in a running engine.

The 80 messages of tests/nlu/several.yml were written by somebody who had seen the labels and
neither rules nor training data. They are not edited to pass.
"""

from __future__ import annotations

import csv
import uuid
from collections import Counter
from typing import Any

import pytest
import yaml
from rasa.core.agent import Agent
from rasa.shared.core.events import BotUttered, UserUttered

from bot.clinic.side_by_side import LONGEST_TITLE, MOST_CHARACTERS
from bot.data_files import DATA, ROOT, button_labels, read_yaml
from bot.engine.reading import read
from tests.engine.running import Conversation, RunningEngine

NLU = ROOT / "tests" / "nlu"
MESSAGES: list[dict[str, Any]] = yaml.safe_load((NLU / "several.yml").read_text("utf-8"))
SINGLE = "single_and"
# Reached: 72 and 20, see docs/benchmarks.md.
FEWEST_RIGHT = 68
FEWEST_SINGLE = 19
# Every fourth message of one meaning; six of 1,283 are cut, and half of those rightly so.
EVERY = 4
MOST_CUT = 12
SHORT = {
    name.removeprefix("utter_"): variations[0]["metadata"]["short"]
    for file in sorted((DATA / "answers").glob("*.yml"))
    for name, variations in read_yaml(file)["responses"].items()
}


def label_of(parse: dict[str, Any]) -> str:
    if parse["intent"]["name"] != "faq":
        return str(parse["intent"]["name"])
    return str(parse["response_selector"]["faq"]["response"]["intent_response_key"])


def labels_of(parse: dict[str, Any]) -> list[str]:
    return list(parse.get("questions") or [label_of(parse)])


@pytest.fixture
def patient(engine: RunningEngine) -> Conversation:
    return Conversation(engine)


# Understanding


async def test_most_messages_are_read_as_they_were_meant(agent: Agent) -> None:
    wrong = []
    for each in MESSAGES:
        found = labels_of(await read(agent, each["say"]))
        if found != each["means"]:
            wrong.append((each["kind"], each["say"], found))
    assert len(MESSAGES) == 80
    assert len(MESSAGES) - len(wrong) >= FEWEST_RIGHT, wrong


async def test_a_message_with_more_stretches_than_are_read_is_still_understood(
    agent: Agent,
) -> None:
    asked = ["how much is a session", "does it hurt", "how long until I see results"]
    assert labels_of(await read(agent, "? ".join([*asked, *asked * 5]) + "?"))


async def test_one_question_with_an_and_is_not_cut(agent: Agent) -> None:
    singles = [each["say"] for each in MESSAGES if each["kind"] == SINGLE]
    cut = [say for say in singles if "questions" in await read(agent, say)]
    assert len(singles) == 20
    assert len(singles) - len(cut) >= FEWEST_SINGLE, cut


async def test_messages_of_one_meaning_are_hardly_ever_cut(agent: Agent) -> None:
    with (NLU / "heldout.csv").open(encoding="utf-8", newline="") as file:
        texts = [row["text"] for row in csv.DictReader(file)][::EVERY]
    cut = [text for text in texts if "questions" in await read(agent, text)]
    assert len(texts) > 250
    assert len(cut) <= MOST_CUT, cut


def test_every_kind_of_message_is_there() -> None:
    assert Counter(each["kind"] for each in MESSAGES) == {
        "joined": 14, "unjoined": 12, "lines": 8, "roman_hindi": 10, "three": 8, "task": 8,
        SINGLE: 20,
    }  # fmt: skip


async def test_the_first_question_is_the_intent(agent: Agent) -> None:
    parse = await read(agent, "Where is the clinic? How much does it cost?")
    assert parse["questions"] == ["faq/clinic_location", "faq/price"]
    assert label_of(parse) == "faq/clinic_location"
    ranking = [entry["name"] for entry in parse["intent_ranking"]]
    assert len(ranking) == len({*ranking}) == 5
    assert {"faq/clinic_location", "faq/price"} <= {*ranking}
    scores = [entry["confidence"] for entry in parse["intent_ranking"]]
    assert scores == sorted(scores, reverse=True)


async def test_one_question_has_no_list(agent: Agent) -> None:
    assert "questions" not in await read(agent, "How much does it cost?")


@pytest.mark.parametrize(
    ("text", "danger"),
    [
        ("How much does it cost? I can't breathe since the injection.", "emergency"),
        ("is it painful and where are you\nmy lips and tongue are swelling", "emergency"),
        ("What are your timings? I want to die.", "crisis"),
    ],
)
async def test_danger_anywhere_is_the_only_thing_meant(
    agent: Agent, text: str, danger: str
) -> None:
    parse = await read(agent, text)
    assert parse["intent"] == {"name": danger, "confidence": 1.0}
    assert parse["judgement"]["urgency"] == danger
    assert "questions" not in parse


@pytest.mark.parametrize("text", ["", " ", "?", "😀", "and and and", "a? " * 300, "\n\n", "\x00"])
async def test_an_odd_text_is_read(agent: Agent, text: str) -> None:
    assert (await read(agent, text))["intent"]["name"]


# Answering


def test_several_questions_are_answered_in_one_message_in_order(patient: Conversation) -> None:
    answer = patient.turn("Does it hurt? Is it vegetarian?")
    (message,) = answer["messages"]
    begins = [SHORT[f"faq/{topic}"].split("{")[0][:40] for topic in ("pain", "vegetarian_source")]
    places = [message["text"].index(begin) for begin in begins]
    assert places == sorted(places)
    assert places[0] == 0
    assert message["text"].count("Source: ") == 1
    assert len(message["text"]) <= MOST_CHARACTERS
    assert [button["payload"] for button in message["buttons"]] == [
        '/faq{"topic":"pain"}',
        '/faq{"topic":"vegetarian_source"}',
        "/book_consultation",
    ]
    assert all(len(button["title"]) <= LONGEST_TITLE for button in message["buttons"])


def test_three_questions_leave_no_room_for_another_button(patient: Conversation) -> None:
    (message,) = patient.turn("Does it hurt? Is it vegetarian? Where are you?")["messages"]
    assert [button["payload"] for button in message["buttons"]] == [
        '/faq{"topic":"pain"}',
        '/faq{"topic":"vegetarian_source"}',
        '/faq{"topic":"clinic_location"}',
    ]


async def test_what_is_sent_is_what_the_tracker_holds(patient: Conversation) -> None:
    (message,) = patient.turn("Does it hurt?\nIs it vegetarian?")["messages"]
    tracker = await patient.engine.tracker(patient.id)
    assert tracker is not None
    said = [event for event in tracker.events if isinstance(event, BotUttered)]
    heard = [event for event in tracker.events if isinstance(event, UserUttered)]
    assert [event.text for event in said] == [message["text"]]
    assert [event.text for event in heard] == ["Does it hurt? Is it vegetarian?"]


TASKS = [
    "How much is one session? Can you remove my tattoo?",
    "Can you remove my tattoo? How much is one session?",
]


@pytest.mark.parametrize("text", TASKS)
def test_a_task_is_begun_and_its_question_answered_before_it(
    patient: Conversation, text: str
) -> None:
    answer = patient.turn(text)
    assert answer["intent"] == "other_service"
    said = [message["text"] for message in answer["messages"]]
    own = patient.turn("Can you remove my tattoo?")["messages"][0]["text"]
    assert own in said[-1]
    price = SHORT["faq/price"].partition("} ")[2][:40]
    assert price in said[0]
    assert "\n".join(said).index(price) < "\n".join(said).index(own)
    assert [label_of(patient.engine.parse(text))] == patient.engine.parse(text)["questions"][:1]


@pytest.mark.parametrize("text", [*TASKS, "Does it hurt? Is it vegetarian?"])
def test_again_gives_the_same_messages(patient: Conversation, text: str) -> None:
    message = uuid.uuid4().hex
    first = patient.turn(text, message=message)
    assert first["messages"]
    assert patient.turn(text, message=message, again=True) == first


def test_low_mood_is_answered_before_the_question_that_came_with_it(patient: Conversation) -> None:
    text = "I feel so ugly and depressed about my hair. How much does it cost? Does it hurt?"
    answer = patient.turn(text)
    assert answer["intent"] == "distress"
    assert SHORT["faq/pain"][:40] not in answer["messages"][0]["text"]
    assert SHORT["faq/pain"][:40] in answer["messages"][1]["text"]


def test_who_is_angry_is_heard_and_not_lectured(patient: Conversation) -> None:
    answer = patient.turn("Does it hurt? Is it vegetarian?", angry=True)
    assert answer["intent"] == "complaint"
    assert not any(SHORT["faq/pain"][:40] in each["text"] for each in answer["messages"])


def test_every_task_that_may_be_offered_has_a_button() -> None:
    words = read_yaml(DATA / "segments.yml")
    silent = {*words["adds_nothing"].split(), "distress", "faq"}
    intents = {*read_yaml(ROOT / "domain.yml")["intents"]} - silent
    assert intents <= {*button_labels()}
