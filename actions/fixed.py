"""Replies that hang on a rule of the clinic rather than on the intent alone."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.base import Events, SafeAction, language_of
from bot.clinic.doses import asks_about_medicine

LANGUAGES = {"hi": "utter_language_hi", "mr": "utter_language_mr"}


class OutOfScope(SafeAction):
    """Something else altogether; a question about a medicine or a dose is refused as such."""

    def name(self) -> str:
        """The name in domain.yml."""
        return "action_out_of_scope"

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        """Chooses between the two refusals."""
        medicine = asks_about_medicine(str(tracker.latest_message.get("text") or ""))
        dispatcher.utter_message(response="utter_no_dose" if medicine else "utter_out_of_scope")
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
