"""Replies that hang on a rule of the clinic rather than on the intent alone."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.base import Events, SafeAction, intent_of, language_of

# The key of a parse result that holds what is refused (bot/engine/reading.py).
REFUSED = "refused"
RESPONSES = {
    "no_photo": "utter_no_photo",
    "out_of_scope": "utter_out_of_scope",
    "no_medicine_change": "utter_no_medicine_change",
    "no_dose": "utter_no_dose",
    "not_judged": "utter_not_judged",
    "no_diagnosis": "utter_no_diagnosis",
    "no_comparison": "utter_no_comparison",
}
# Where the engine names no kind: the label of the message, or something else altogether.
WITHOUT_KIND = {"ask_diagnosis": "no_diagnosis"}
LANGUAGES = {"hi": "utter_language_hi", "mr": "utter_language_mr"}


class Refuse(SafeAction):
    """Says what the assistant must not do, and what is offered instead."""

    def name(self) -> str:
        """The name in domain.yml."""
        return "action_refuse"

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        """Takes the refusal that the engine found, if it found one."""
        without = WITHOUT_KIND.get(intent_of(tracker), "out_of_scope")
        kind = tracker.latest_message.get(REFUSED) or without
        dispatcher.utter_message(response=RESPONSES[kind])
        return []


class OtherLanguage(SafeAction):
    """Another script or language: one fixed text in it where there is one, and the team asked."""

    def name(self) -> str:
        """The name in domain.yml."""
        return "action_other_language"

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        """The text in the message's language comes first, then English."""
        language = language_of(tracker)
        await self.pass_to_team(tracker, "other_language")
        if language in LANGUAGES:
            dispatcher.utter_message(response=LANGUAGES[language])
        dispatcher.utter_message(response="utter_language_en")
        return []
