from __future__ import annotations

from typing import Any

import pytest

from actions.menu import LISTS
from tests.actions.conftest import Turn


def opened(value: Any) -> list[dict[str, Any]]:
    return [{"entity": "list", "value": value}]


async def test_without_a_list_the_menu_is_shown(turn: Turn) -> None:
    assert await turn.run("action_menu", "help_menu") == ["utter_menu"]


@pytest.mark.parametrize("number", sorted(LISTS))
async def test_an_entry_opens_its_list(turn: Turn, number: str) -> None:
    said = await turn.run("action_menu", "help_menu", entities=opened(number))
    assert said == [f"utter_menu_{number}"]


@pytest.mark.parametrize("number", ["0", "9", "12", "", "price", None])
async def test_an_unknown_list_is_the_menu(turn: Turn, number: str | None) -> None:
    said = await turn.run("action_menu", "help_menu", entities=opened(number))
    assert said == ["utter_menu"]


async def test_the_menu_asks_for_nobody(turn: Turn) -> None:
    await turn.run("action_menu", "help_menu")
    assert turn.requests == []
