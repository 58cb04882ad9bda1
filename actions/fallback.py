"""Not understood: first the nearest topics, then a person (design: never a guess)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import FollowupAction
from rasa_sdk.executor import CollectingDispatcher

from actions.base import Events
from actions.booking import BookingAction, BookingRules, heard_now
from actions.team import how_to_reach
from bot.clinic.clock import Clock
from bot.clinic.nearest import nearest_buttons
from bot.store.database import Database

NOT_UNDERSTOOD = "nlu_fallback"
# The two labels of which one is meant (bot/engine/follow_up.py).
BETWEEN = "between"


class NotUnderstood(BookingAction):
    """The nearest topics as buttons; at the second time in a row, a request for a person.

    A message of which the engine knows that one of two topics is meant (`between` in its parse
    result) is asked back about, and is not taken for one that was not understood.

    A message that holds a day, a time or a phone is taken for the beginning of a booking: nobody
    writes "skin tags, Friday 4 pm, 99999 00001" to ask a question.
    """

    def __init__(
        self, database: Database, clock: Clock, rules: BookingRules, labels: Mapping[str, str]
    ) -> None:
        """`labels`: what a button to a label says (`faq/price` -> "Price")."""
        super().__init__(database, clock, rules)
        self._labels = labels

    def name(self) -> str:
        """The name in domain.yml."""
        return "action_not_understood"

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        """Looks back one message of the patient's to know which time it is."""
        between = tracker.latest_message.get(BETWEEN)
        if between:
            first, second = (self._labels[label] for label in between)
            dispatcher.utter_message(
                response="utter_which_of_two",
                first=first,
                second=second,
                buttons=nearest_buttons(between, self._labels),
            )
            return []
        if await asyncio.to_thread(self._begins_booking, tracker):
            return [FollowupAction("action_book_consultation")]
        ranking = [entry["name"] for entry in tracker.latest_message.get("intent_ranking") or []]
        buttons = nearest_buttons(ranking, self._labels)
        if buttons and not _was_not_understood_before(tracker.events):
            dispatcher.utter_message(response="utter_nearest_topics", buttons=buttons)
            return []
        await self.pass_to_team(tracker, "not_understood")
        dispatcher.utter_message(response="utter_asked_the_team")
        return await how_to_reach(self, tracker)

    def _begins_booking(self, tracker: Tracker) -> bool:
        draft = self.draft(tracker)
        is_suspended = draft is not None and bool(self.suspension(tracker, draft))
        text = heard_now(tracker).text
        return not is_suspended and self.rules.dialogue.is_opening(text, self.clock.now())


def _was_not_understood_before(events: list[dict[str, Any]]) -> bool:
    said = [event for event in events if event.get("event") == "user"]
    if len(said) < 2:
        return False
    before = said[-2].get("parse_data") or {}
    return (before.get("intent") or {}).get("name") == NOT_UNDERSTOOD and BETWEEN not in before
