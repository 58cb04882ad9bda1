from __future__ import annotations

import pytest

from bot.chat import button_pressed

BUTTONS = [
    {"title": "Price", "payload": '/faq{"topic":"price"}'},
    {"title": "Book a consult", "payload": "/book_consultation"},
]


@pytest.mark.parametrize(
    ("typed", "sent"), [("1", '/faq{"topic":"price"}'), ("2", "/book_consultation")]
)
def test_a_number_presses_its_button(typed: str, sent: str) -> None:
    assert button_pressed(typed, BUTTONS) == sent


@pytest.mark.parametrize("typed", ["0", "3", "-1", "1.", "²", "", "one", "112", "what is 1"])
def test_anything_else_is_what_was_typed(typed: str) -> None:
    assert button_pressed(typed, BUTTONS) == typed


def test_without_buttons_a_number_is_a_number() -> None:
    assert button_pressed("1", []) == "1"
