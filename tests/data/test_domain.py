"""Every response is there and used, every button leads somewhere, and every text may be said."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import date
from functools import cache
from typing import Any

import pytest

from actions.menu import LISTS
from bot.clinic.booking.draft import Step
from bot.clinic.details import LONGEST_NAME
from bot.clinic.facts import PLACEHOLDERS, fill, unfilled
from bot.clinic.nearest import WAYS_ON, nearest_buttons
from bot.clinic.payloads import read_payload
from bot.clinic.suitability.check import Check
from bot.clinic.suitability.dialogue import About, CheckDialogue
from bot.clinic.suitability.questions import Label
from bot.clinic.told import response_to
from bot.clinic.visits.draft import CANCEL, MOVE
from bot.clinic.visits.statuses import CHANGEABLE
from bot.data_files import DATA, ROOT, button_labels, read_yaml
from tests.data.answer_files import TOPICS, answers, both_fillings, never_say

DOMAIN = read_yaml(ROOT / "domain.yml")
RESPONSES: dict[str, list[dict[str, Any]]] = DOMAIN["responses"]
FRAME = read_yaml(DATA / "wording.yml")
SAFETY_TEXTS = {"emergency_text", "crisis_text", "same_day_text", "expected_text"}
BOOKING = read_yaml(DATA / "booking.yml")
# What the actions fill in, at the longest it can be.
NAME = "W" * LONGEST_NAME
QUESTIONS = read_yaml(DATA / "suitability.yml")
VISITS = read_yaml(DATA / "visits.yml")


def longest_question() -> str:
    """The longest list of the check, as a patient gets it first."""
    dialogue = CheckDialogue.from_data(QUESTIONS, BOOKING, frozenset())
    about, asked = About(date(2026, 11, 23)), []
    screens = [each.id for each in dialogue.catalogue.screens("hair")]
    for place in range(len(screens)):
        check = Check(consent="given", concern="hair", done=tuple(screens[:place]))
        asked.append(dialogue.ask(check, about).values["check_text"])
    return max(asked, key=len)


NOTES = (*BOOKING["notes"].values(), *QUESTIONS["notes"].values(), *VISITS["notes"].values())
LONGEST_RULES = "The time for a free change ended on Wednesday 30 Nov 2026 at 10:00."
SAID_BY_ACTIONS = {
    "note": max(NOTES, key=len) + "\n",
    "phone": "+91 99999 00001",
    "own_phone": "+91 99999 00001",
    "booking_what": "Consultation for a minor, with parent",
    "booking_when": "Wednesday 30 Nov 2026 at 10:00",
    "booking_name": NAME,
    "booking_phone": "+91 99999 00001",
    "booking_reminders": "by e-mail to " + "w" * 100 + "@clinic.example",
    "booking_doctor": NAME,
    "booking_reference": "ACDEFGHJ",
    "booking_policy": LONGEST_RULES,
    "booking_wish": "Wed 30 Nov, Thu 31 Dec, Fri 25 Dec, and later, from 10:00 on, until 11:00",
    "visit_when": "Wednesday 30 Nov 2026 at 10:00",
    "visit_new": "Wednesday 30 Nov 2026 at 10:00",
    "visit_policy": LONGEST_RULES,
    "visit_lines": f"10. Wednesday 30 Nov 2026 at 10:00, {NAME}",
    "first": "Sessions for skin",
    "second": "Sessions for hair",
    "check_text": longest_question(),
    "check_visit": "Wednesday 30 Nov 2026 at 10:00",
    "check_link": "https://assistant.clinic.example/check/" + "k" * 43,
    "booking_calendar": "https://assistant.clinic.example/visits/" + "k" * 43 + ".ics",
}
# What the booking's and the call back's buttons may hold (bot/clinic/booking, contact).
TOLD = {
    "whom": {"self", "adult", "minor", "minor_writer"},
    "concern": {"skin", "hair", "other"},
    "consent": {"yes", "no"},
    "phone": {"own", "other"},
    "confirm": {"yes", "change"},
    "reminders": {"none"},
    "change": {"time", "name", "phone", "whom", "reminders"},
    "then": {"stop", "go_on", "wait", "move", "keep", "team"},
    "call": {"no"},
    "good_time": set(BOOKING["good_times"]),
    "check": {"stop", "go_on"},
    "device": {*read_yaml(DATA / "aftercare.yml")["devices"], "not_sure"},
    "day": {"0", "1", "2", "3", "5", "7", "14", "40", "not_sure"},
}

# Buttons on WhatsApp: up to three stand below a message, more are rows of a list.
MOST_BUTTONS = 3
LONGEST_TITLE = 20
MOST_ROWS = 10
LONGEST_ROW = 24
# The longest body of a message with buttons on WhatsApp.
LONGEST_MESSAGE = 1024


def every_answer() -> dict[str, dict[str, Any]]:
    """Every text with buttons, by the name of its response: replies and answers."""
    replies = {name: variation for name, [variation] in RESPONSES.items()}
    return replies | {f"utter_faq/{answer.topic}": answer.content for answer in answers()}


def with_buttons() -> list[tuple[str, list[dict[str, str]]]]:
    return [(name, each["buttons"]) for name, each in every_answer().items() if "buttons" in each]


EVERY_ANSWER = pytest.mark.parametrize("name", sorted(every_answer()))
EVERY_BUTTONS = pytest.mark.parametrize(
    ("name", "buttons"), with_buttons(), ids=[name for name, _ in with_buttons()]
)
EVERY_FRAME = pytest.mark.parametrize("name", sorted(set(FRAME) - {"notices"}))


@cache
def named_in_actions() -> set[str]:
    """The responses that the code of the actions names, whole or by their beginning."""
    named = {f"utter_menu_{number}" for number in LISTS}
    folders = (
        ROOT / "actions",
        *(ROOT / "bot" / "clinic" / each for each in ("booking", "suitability", "visits")),
    )
    files = [file for folder in folders for file in folder.glob("*.py")]
    for file in files:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            value = node.value if isinstance(node, ast.Constant) else None
            if isinstance(value, str) and value.startswith("utter_") and value[-1] != "_":
                named.add(value)
    return named | named_by_parts()


def named_by_parts() -> set[str]:
    """Names that are put together: of a step, of an ending, of what a choice is between."""
    steps = {f"utter_ask_booking_{step.value}" for step in Step}
    names = {f"utter_ask_booking_name_{whom}" for whom in ("adult", "minor")}
    endings = ("booked", "pending", "stopped", "refused", "minor_alone", "too_many", "waiting")
    ended = {f"utter_booking_{how}" for how in endings}
    ended |= {response_to(status, "self") for status in ("booked", "pending")}
    ended |= {f"utter_check_{label.value.lower()}" for label in Label}
    for kind in ("doctor_first", "postpone", "not_now"):
        ended |= {f"utter_check_{kind}_{visit}" for visit in ("booked", "treatment")}
    ended.add("utter_check_lesion_booked")
    ended |= {f"utter_contact_{how}" for how in ("told", "declined")}
    ended |= {f"utter_ask_visit_{act}{late}" for act in (MOVE, CANCEL) for late in ("", "_late")}
    told = ("kept", "too_many_guesses", "moved", "moved_pending", "confirmed")
    ended |= {f"utter_visit_{how}" for how in told} | {"utter_ask_visit_reference_and_phone"}
    ended |= {f"utter_visit_asked_{act}" for act in (MOVE, CANCEL)}
    ended |= {f"utter_visit_shown_{status}" for status in CHANGEABLE}
    return (
        steps
        | names
        | ended
        | {"utter_ask_booking_which_day", "utter_ask_booking_which_clock"}
        | {"utter_ask_booking_adult"}
    )


def steps() -> Iterator[dict[str, str]]:
    for folder, key in (("rules", "rules"), ("stories", "stories")):
        for file in sorted((DATA / folder).glob("*.yml")):
            for each in read_yaml(file)[key]:
                yield from each["steps"]


def named_in_rules() -> set[str]:
    return {step["action"] for step in steps() if "action" in step}


def test_every_response_that_the_actions_name_is_there() -> None:
    assert named_in_actions() <= set(RESPONSES)


def test_every_response_that_a_rule_names_is_there() -> None:
    utters = {name for name in named_in_rules() if name.startswith("utter_")}
    assert utters <= {*RESPONSES, "utter_faq"}


def test_every_action_that_a_rule_names_is_in_the_domain() -> None:
    assert {name for name in named_in_rules() if name.startswith("action_")} <= set(
        DOMAIN["actions"]
    )


@pytest.mark.parametrize("names", ["intents", "entities", "actions"])
def test_no_name_stands_twice(names: str) -> None:
    assert len(DOMAIN[names]) == len(set(DOMAIN[names]))


def test_every_response_is_used() -> None:
    assert set(RESPONSES) <= named_in_actions() | named_in_rules()


def test_every_action_is_used() -> None:
    forms = {f"validate_{form}" for form in DOMAIN["forms"]}
    asking = {
        f"action_ask_{slot}" for form in DOMAIN["forms"].values() for slot in form["required_slots"]
    }
    assert set(DOMAIN["actions"]) <= named_in_rules() | forms | asking


def test_every_intent_has_exactly_one_rule() -> None:
    asked = [
        rule["steps"][0]["intent"]
        for file in sorted((DATA / "rules").glob("*.yml"))
        for rule in read_yaml(file)["rules"]
        if "intent" in rule["steps"][0]
    ]
    assert sorted(asked) == sorted(DOMAIN["intents"])


@pytest.mark.parametrize("name", sorted(RESPONSES))
def test_a_response_has_one_variation(name: str) -> None:
    assert len(RESPONSES[name]) == 1


@EVERY_BUTTONS
def test_every_button_leads_to_a_known_intent(name: str, buttons: list[dict[str, str]]) -> None:
    for button in buttons:
        press = read_payload(button["payload"])
        assert press is not None, button
        assert press.intent in DOMAIN["intents"], button


@EVERY_BUTTONS
def test_every_button_carries_a_known_id(name: str, buttons: list[dict[str, str]]) -> None:
    for button in buttons:
        press = read_payload(button["payload"])
        assert press is not None
        if press.intent == "faq":
            assert list(press.entities) == ["topic"], button
            assert press.entities["topic"] in TOPICS, button
        elif press.intent == "inform":
            [(key, value)] = press.entities.items()
            assert value in TOLD[key], button
        elif press.entities:
            assert press.intent == "help_menu", button
            assert list(press.entities) == ["list"], button
            assert press.entities["list"] in LISTS, button


@EVERY_BUTTONS
def test_titles_fit_the_channels(name: str, buttons: list[dict[str, str]]) -> None:
    longest = LONGEST_TITLE if len(buttons) <= MOST_BUTTONS else LONGEST_ROW
    assert [each["title"] for each in buttons if len(each["title"]) > longest] == []


@EVERY_BUTTONS
def test_there_are_at_most_ten_buttons(name: str, buttons: list[dict[str, str]]) -> None:
    assert 1 <= len(buttons) <= MOST_ROWS


@EVERY_BUTTONS
def test_no_two_buttons_of_a_message_are_alike(name: str, buttons: list[dict[str, str]]) -> None:
    assert len({each["title"] for each in buttons}) == len(buttons)
    assert len({each["payload"] for each in buttons}) == len(buttons)


@pytest.mark.parametrize("label", sorted(button_labels()))
def test_every_label_that_may_be_offered_fits_and_is_known(label: str) -> None:
    intent, _, topic = label.partition("/")
    assert intent in DOMAIN["intents"]
    assert not topic or topic in TOPICS
    # The nearest topics stand together with the ways on, so they are rows of a list.
    assert len(button_labels()[label]) <= LONGEST_ROW


def test_the_nearest_topics_are_rows_of_a_list() -> None:
    labels = button_labels()
    nearest = [label for label in labels if label not in WAYS_ON]
    assert MOST_BUTTONS < len(nearest_buttons(nearest, labels)) <= MOST_ROWS


def test_the_menu_has_at_most_ten_entries() -> None:
    [menu] = RESPONSES["utter_menu"]
    assert len(menu["buttons"]) <= MOST_ROWS


def test_the_menu_opens_every_list() -> None:
    [menu] = RESPONSES["utter_menu"]
    presses = [read_payload(button["payload"]) for button in menu["buttons"]]
    opened = [press.entities["list"] for press in presses if press and "list" in press.entities]
    assert sorted(opened) == sorted(LISTS)


def test_every_topic_stands_in_a_list() -> None:
    presses = [
        read_payload(button["payload"])
        for number in LISTS
        for button in RESPONSES[f"utter_menu_{number}"][0]["buttons"]
    ]
    listed = {press.entities["topic"] for press in presses if press and press.intent == "faq"}
    assert listed == set(TOPICS)


@EVERY_ANSWER
def test_every_placeholder_of_an_answer_is_a_fact(name: str) -> None:
    known = PLACEHOLDERS | SAFETY_TEXTS | set(SAID_BY_ACTIONS)
    assert unfilled(every_answer()[name]["text"]) <= known


@EVERY_FRAME
def test_every_placeholder_of_a_wording_is_a_fact(name: str) -> None:
    known = PLACEHOLDERS | ({"source"} if name == "source" else set())
    assert unfilled(FRAME[name]) <= known


@pytest.mark.parametrize("name", ["information", "check"])
def test_a_notice_has_no_placeholder(name: str) -> None:
    assert unfilled(FRAME["notices"][name]) == set()


@EVERY_ANSWER
def test_nothing_is_left_unfilled(name: str) -> None:
    for said in both_fillings(fill(every_answer()[name]["text"], SAID_BY_ACTIONS)):
        assert unfilled(said) <= SAFETY_TEXTS


@pytest.mark.parametrize("name", sorted(RESPONSES))
def test_a_response_says_nothing_that_is_never_said(name: str) -> None:
    [response] = RESPONSES[name]
    place = f"response/{name}"
    found = [
        breach
        for said in both_fillings(fill(response["text"], SAID_BY_ACTIONS))
        for breach in never_say().breaches(said, place)
    ]
    assert found == []


@pytest.mark.parametrize("name", sorted(RESPONSES))
def test_a_button_says_nothing_that_is_never_said(name: str) -> None:
    # The rows of the menu are the labels of the answers, and may say what those may say.
    labels = {title: label for label, title in button_labels().items()}
    [response] = RESPONSES[name]
    for button in response.get("buttons", []):
        title = button["title"]
        places = ["button", f"{labels.get(title, 'button')}/label"]
        assert any(not never_say().breaches(title, place) for place in places), title


@pytest.mark.parametrize("note", sorted(BOOKING["notes"]))
def test_a_note_says_nothing_that_is_never_said(note: str) -> None:
    assert never_say().breaches(BOOKING["notes"][note], f"response/{note}") == []


@EVERY_FRAME
def test_a_wording_says_nothing_that_is_never_said(name: str) -> None:
    for said in both_fillings(FRAME[name]):
        assert never_say().breaches(said, f"wording/{name}") == []


@pytest.mark.parametrize("name", ["information", "check"])
def test_a_notice_says_nothing_that_is_never_said(name: str) -> None:
    assert never_say().breaches(FRAME["notices"][name], f"wording/{name}") == []


@EVERY_ANSWER
def test_an_answer_with_everything_around_it_fits_one_message(name: str) -> None:
    content = every_answer()[name]
    metadata = content.get("metadata", {})
    below = []
    if metadata.get("source"):
        below.append(FRAME["source"].replace("{source}", metadata["source"]))
    if metadata.get("notice", "none") != "none":
        below.append(FRAME["notices"][metadata["notice"]])
    below.append(FRAME["unreviewed"])
    lead = [FRAME[each] for each in ("after_crisis", "first_notice", "privacy_notice")]
    whole = (
        "\n".join(lead)
        + "\n\n"
        + "\n".join([fill(content["text"].strip(), SAID_BY_ACTIONS), *below])
    )
    assert max(len(said) for said in both_fillings(whole)) <= LONGEST_MESSAGE


@EVERY_ANSWER
def test_no_text_has_an_empty_line_inside(name: str) -> None:
    assert "\n\n" not in every_answer()[name]["text"].strip()
