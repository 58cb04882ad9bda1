from __future__ import annotations

import pytest

from bot.clinic.commands import Commands
from bot.data_files import DATA, read_yaml

COMMANDS = Commands(read_yaml(DATA / "commands.yml"))


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("agent", "talk_to_staff"),
        ("Agent", "talk_to_staff"),
        ("AGENT!!", "talk_to_staff"),
        ("  person ", "talk_to_staff"),
        ("Talk to a human.", "talk_to_staff"),
        ("menu", "help_menu"),
        ("Main menu", "help_menu"),
        ("STOP", "stop_messages"),
        ("Unsubscribe", "stop_messages"),
        ("don't message me", "stop_messages"),
        ("Don\N{RIGHT SINGLE QUOTATION MARK}t message me!", "stop_messages"),
        ("do not message me", "stop_messages"),
    ],
)
def test_a_whole_message_that_is_a_command_is_obeyed(text: str, intent: str) -> None:
    assert COMMANDS.intent_of(text) == intent


@pytest.mark.parametrize(
    "text",
    [
        "",
        "!",
        "it won't stop bleeding",
        "when can I stop the cream",
        "is the agent a doctor",
        "what is on the menu of treatments",
        "stopp",
        "a person with diabetes",
    ],
)
def test_a_command_inside_a_sentence_is_none(text: str) -> None:
    assert COMMANDS.intent_of(text) == ""


def test_every_wording_of_the_data_is_its_own_command() -> None:
    wordings = read_yaml(DATA / "commands.yml")
    for intent, texts in wordings.items():
        assert {COMMANDS.intent_of(text) for text in texts} == {intent}
