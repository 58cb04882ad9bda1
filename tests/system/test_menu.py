"""The menu of the running system: every topic is two presses away, and every list fits."""

from __future__ import annotations

import pytest

from tests.house import House, Message, Patient
from tests.system.texts import Texts, topics

# WhatsApp shows a list of at most ten rows of at most 24 characters (brief 6.5).
LONGEST_LIST = 10
LONGEST_TITLE = 24


@pytest.fixture(scope="module")
def visitor(house: House) -> Patient:
    visitor = Patient(house)
    visitor.say("menu")
    return visitor


@pytest.fixture(scope="module")
def lists(visitor: Patient) -> dict[str, Message]:
    """What each entry of the menu opens that is no answer itself."""
    [menu] = visitor.say("menu")
    opened = {}
    for title, payload in menu.buttons.items():
        if payload.startswith("/help_menu"):
            [opened[title]] = visitor.say(payload)
    return opened


def test_the_main_menu_has_at_most_ten_entries(visitor: Patient) -> None:
    [menu] = visitor.say("menu")
    assert menu == Texts(visitor.house).message("menu")
    assert len(menu.buttons) <= LONGEST_LIST
    assert all(len(title) <= LONGEST_TITLE for title in menu.buttons)


def test_a_list_has_at_most_ten_rows(lists: dict[str, Message]) -> None:
    for title, opened in lists.items():
        assert 1 < len(opened.buttons) <= LONGEST_LIST, title
        assert all(len(row) <= LONGEST_TITLE for row in opened.buttons), title


def test_every_topic_is_two_presses_away(lists: dict[str, Message]) -> None:
    offered = {payload for opened in lists.values() for payload in opened.buttons.values()}
    assert len(topics()) == 70
    missing = {name for name, payload in topics().items() if payload not in offered}
    assert not missing


def test_every_row_of_every_list_gives_what_it_names(
    visitor: Patient, lists: dict[str, Message]
) -> None:
    texts, of_payload = Texts(visitor.house), {pay: name for name, pay in topics().items()}
    for opened in lists.values():
        for title, payload in opened.buttons.items():
            answer = visitor.say(payload)
            if payload in of_payload:
                assert answer == [texts.message(of_payload[payload])], title
            else:
                assert texts.name_of(answer[0].text), title
            if payload == "/start_suitability_check":
                # It would be asked again after each of the next answers.
                visitor.press("No")
