"""What the assistant cannot do itself goes to the team, and the patient is told when it is read."""

from __future__ import annotations

import asyncio

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.base import Events, SafeAction, intent_of, language_of
from bot.store.conversations import stop_unasked

VISIT = "utter_passed_visit"
RESPONSES = {
    "talk_to_staff": "utter_passed_talk_to_staff",
    "book_consultation": "utter_passed_book_consultation",
    "ask_availability": "utter_passed_ask_availability",
    "reschedule_consultation": VISIT,
    "cancel_consultation": VISIT,
    "check_consultation": VISIT,
    "running_late": VISIT,
    "next_session": VISIT,
    "start_suitability_check": "utter_passed_start_suitability_check",
    "complaint": "utter_passed_complaint",
    "privacy_request": "utter_passed_privacy_request",
    "call_me_back": "utter_passed_call_me_back",
    "payment_receipt": "utter_passed_payment_receipt",
}


class PassToTeam(SafeAction):
    """Stores a request of the kind that the intent names."""

    def name(self) -> str:
        """The name in domain.yml."""
        return "action_pass_to_team"

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        """Stores first, then says so."""
        kind = intent_of(tracker)
        await self.pass_to_team(tracker, kind)
        dispatcher.utter_message(response=RESPONSES[kind])
        return []


class ReportReaction(SafeAction):
    """A sign after treatment: the same-day text, and an urgent request."""

    # Where to call today is said even if the request could not be stored.
    on_failure = "utter_report_reaction"
    urgency_of_failure = "same_day"

    def name(self) -> str:
        """The name in domain.yml."""
        return "action_report_reaction"

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        """Stores first, then says where to call."""
        await self.pass_to_team(tracker, "report_reaction", "same_day")
        dispatcher.utter_message(response=self.on_failure, language=language_of(tracker))
        return []


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
