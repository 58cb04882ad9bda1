from __future__ import annotations

import pytest

from bot.clinic.nearest import WAYS_ON, nearest_buttons, payload
from bot.data_files import button_labels

LABELS = {
    "faq/price": "Price",
    "faq/pain": "Does it hurt?",
    "book_consultation": "Book a consult",
    "faq/downtime": "Recovery, skin",
    "help_menu": "Menu",
    "talk_to_staff": "Talk to team",
}


def titles(*ranking: str) -> list[str]:
    return [button["title"] for button in nearest_buttons(ranking, LABELS)]


def test_the_best_labels_become_buttons_in_their_order_and_the_ways_on_follow() -> None:
    assert nearest_buttons(["faq/pain", "book_consultation"], LABELS) == [
        {"title": "Does it hurt?", "payload": '/faq{"topic":"pain"}'},
        {"title": "Book a consult", "payload": "/book_consultation"},
        {"title": "Menu", "payload": "/help_menu"},
        {"title": "Talk to team", "payload": "/talk_to_staff"},
    ]


def test_at_most_three_labels_are_offered() -> None:
    assert titles("faq/price", "faq/pain", "book_consultation", "faq/downtime") == [
        "Price",
        "Does it hurt?",
        "Book a consult",
        "Menu",
        "Talk to team",
    ]


def test_what_has_no_button_text_is_passed_over() -> None:
    assert titles("greet", "nlu_fallback", "faq/price") == ["Price", "Menu", "Talk to team"]


def test_a_way_on_that_is_near_is_offered_once() -> None:
    assert titles("talk_to_staff", "faq/price") == ["Price", "Menu", "Talk to team"]


@pytest.mark.parametrize("ranking", [[], ["greet"], ["faq/unknown"], list(WAYS_ON)])
def test_nothing_near_is_nothing_offered(ranking: list[str]) -> None:
    assert nearest_buttons(ranking, LABELS) == []


def test_every_way_on_has_a_button_text() -> None:
    assert set(WAYS_ON) <= set(button_labels())


@pytest.mark.parametrize(
    ("label", "carried"),
    [("faq/price", '/faq{"topic":"price"}'), ("talk_to_staff", "/talk_to_staff")],
)
def test_a_payload_holds_ids_only(label: str, carried: str) -> None:
    assert payload(label) == carried
