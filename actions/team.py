"""What the assistant cannot do itself goes to the team, and the patient is told when it is read."""

from __future__ import annotations

import asyncio

from rasa_sdk import Tracker
from rasa_sdk.events import FollowupAction
from rasa_sdk.executor import CollectingDispatcher

from actions.base import Events, SafeAction, intent_of
from actions.contact import FORM, ask_for_contact
from bot.store.conversations import stop_unasked

VISIT = "utter_passed_visit"
RESPONSES = {
    "talk_to_staff": "utter_passed_talk_to_staff",
    "next_session": "utter_passed_next_session",
    "complaint": "utter_passed_complaint",
    "privacy_request": "utter_passed_privacy_request",
    "call_me_back": "utter_passed_call_me_back",
    "payment_receipt": "utter_passed_payment_receipt",
}


async def how_to_reach(action: SafeAction, tracker: Tracker) -> Events:
    """Goes on with the question for a number, unless the team has one."""
    asks = await asyncio.to_thread(ask_for_contact, action.database, tracker, action.clock)
    return [FollowupAction(FORM)] if asks else []


class PassToTeam(SafeAction):
    """Stores a request of the kind that the intent names, and asks how to reach the patient."""

    def name(self) -> str:
        """The name in domain.yml."""
        return "action_pass_to_team"

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        """Stores first, then says so."""
        kind = intent_of(tracker)
        if kind not in RESPONSES:  # a booking that is a session of a plan
            kind = "next_session"
        await self.pass_to_team(tracker, kind)
        dispatcher.utter_message(response=RESPONSES[kind])
        return await how_to_reach(self, tracker)


class StopMessages(SafeAction):
    """STOP: nothing unasked is sent any more."""

    def name(self) -> str:
        """The name in domain.yml."""
        return "action_stop_messages"

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        """Stores the wish before confirming it."""
        await asyncio.to_thread(stop_unasked, self.database, tracker.sender_id, self.clock.now())
        dispatcher.utter_message(response="utter_stopped")
        return []
