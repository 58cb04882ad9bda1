"""The main menu and its lists."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.base import Events, SafeAction

LISTS = frozenset("12345678")


class Menu(SafeAction):
    """The menu, or the list that a menu entry opened."""

    def name(self) -> str:
        """The name in domain.yml."""
        return "action_menu"

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        """Names the list's response; without a known list, the menu itself."""
        wanted = next(tracker.get_latest_entity_values("list"), None)
        dispatcher.utter_message(
            response=f"utter_menu_{wanted}" if wanted in LISTS else "utter_menu"
        )
        return []
