"""A sign after treatment: expected, or a call today; the rules stand in `bot.clinic.reaction`."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

from rasa_sdk import Tracker
from rasa_sdk.events import FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.base import HEARD, Events, SafeAction, language_of
from actions.booking import heard_now
from actions.team import how_to_reach
from bot.clinic.clock import Clock
from bot.clinic.reaction import Missing, Reaction, ReactionDialogue
from bot.clinic.red_flags import Urgency
from bot.store import drafts
from bot.store.database import Database

FORM = "reaction_form"
ENDING = "reaction"
KIND = "report_reaction"
# What may be meant as an answer although neither a device nor a day is read in it.
ANSWERS = ("inform", "deny", "affirm", "nlu_fallback", "out_of_scope", KIND)
SAME_DAY = "utter_report_reaction"
EXPECTED = "utter_reaction_expected"
QUESTIONS = {
    Missing.DEVICE: "utter_ask_reaction_device",
    Missing.DAY: "utter_ask_reaction_day",
}


class ReactionAction(SafeAction):
    """An action that works on what a patient has told since a treatment."""

    # Where to call today is said even if something goes wrong.
    on_failure = SAME_DAY
    urgency_of_failure = "same_day"

    def __init__(
        self, database: Database, clock: Clock, dialogue: ReactionDialogue, zone: ZoneInfo
    ) -> None:
        """`zone`: the clinic's, in which days are counted."""
        super().__init__(database, clock)
        self.dialogue, self.zone = dialogue, zone

    def today(self) -> date:
        """The day at the clinic."""
        return self.clock.now().astimezone(self.zone).date()

    def known(self, tracker: Tracker) -> Reaction | None:
        """What was told so far; None while nothing is open."""
        kept = drafts.read_draft(self.database, tracker.sender_id, drafts.REACTION)
        return None if kept is None else Reaction.from_json(kept)

    def keep(self, tracker: Tracker, reaction: Reaction) -> None:
        """Stores it."""
        content = reaction.to_json()
        drafts.write_draft(
            self.database, tracker.sender_id, drafts.REACTION, content, self.clock.now()
        )

    async def conclude(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, reaction: Reaction
    ) -> Events:
        """Says the verdict; one for today is stored for the team first."""
        await asyncio.to_thread(
            drafts.drop_draft, self.database, tracker.sender_id, drafts.REACTION
        )
        urgency, sign = self.dialogue.judge(reaction)
        language = reaction.language
        if urgency is Urgency.SAME_DAY:
            await self.pass_to_team(tracker, KIND, urgency.value)
            dispatcher.utter_message(response=SAME_DAY, language=language)
            return await how_to_reach(self, tracker)
        dispatcher.utter_message(
            response=EXPECTED,
            language=language,
            expected_sign=sign or reaction.courses[0],
            expected_until=self.dialogue.last_day(reaction),
        )
        return []


class ReportReaction(ReactionAction):
    """A sign after treatment: answered at once, or after the question for device and day."""

    def name(self) -> str:
        """The name in domain.yml."""
        return "action_report_reaction"

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        """Goes by the judgement that the engine put into the parse."""
        judged = tracker.latest_message.get("judgement") or {}
        if judged.get("urgency") != Urgency.EXPECTED.value:
            # Something worse than what was asked about: that question is over.
            await asyncio.to_thread(
                drafts.drop_draft, self.database, tracker.sender_id, drafts.REACTION
            )
            await self.pass_to_team(tracker, KIND, Urgency.SAME_DAY.value)
            dispatcher.utter_message(response=SAME_DAY, language=language_of(tracker))
            return await how_to_reach(self, tracker)
        reaction = Reaction(
            str(judged.get("sign") or ""),
            tuple(judged.get("courses") or ()),
            str(judged.get("device") or ""),
            judged.get("day"),
            language=language_of(tracker),
            heard=heard_now(tracker).id,
        )
        if self.dialogue.missing(reaction) is Missing.NOTHING:
            return await self.conclude(dispatcher, tracker, reaction)
        await asyncio.to_thread(self.keep, tracker, reaction)
        return [FollowupAction(FORM)]


class ListenToReaction(ReactionAction):
    """The form's validation: a device, a day, or something else."""

    says_failure = False

    def name(self) -> str:
        """The name that Rasa gives to a form's validation."""
        return f"validate_{FORM}"

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        """Says nothing: the form asks afterwards, or is over."""
        return await asyncio.to_thread(self._hear, tracker)

    def _hear(self, tracker: Tracker) -> Events:
        heard = heard_now(tracker)
        reaction = self.known(tracker)
        if reaction is None or heard.id in ("", reaction.heard):
            return []
        judged = tracker.latest_message.get("judgement") or {}
        if judged.get("urgency") == Urgency.SAME_DAY.value and judged.get("sign"):
            return []
        after = self.dialogue.hear(reaction, heard, self.today())
        if judged.get("urgency") == Urgency.EXPECTED.value:
            after = after.with_more(str(judged["sign"]), judged["courses"])
        self.keep(tracker, after)
        tells = replace(after, heard=reaction.heard) != reaction
        if not tells and not heard.entities and heard.intent not in ANSWERS:
            # A question in between is answered, and the verdict follows it (see AskReaction).
            self.keep(tracker, reaction)
            return []
        if self.dialogue.missing(after) is Missing.NOTHING:
            return [SlotSet(ENDING, "told")]
        return [SlotSet(HEARD, heard.id)]


class AskReaction(ReactionAction):
    """The form's question, put once; after anything else the verdict by what is known."""

    def name(self) -> str:
        """The name by which Rasa's form finds it: `action_ask_` and the slot."""
        return f"action_ask_{ENDING}"

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        """Asks for the device, then for the day."""
        reaction = await asyncio.to_thread(self.known, tracker)
        if reaction is None:
            return [SlotSet("requested_slot", None)]
        missing = self.dialogue.missing(reaction)
        is_answered = reaction.heard == heard_now(tracker).id
        if missing is Missing.NOTHING or (reaction.asked and not is_answered):
            said = await self.conclude(dispatcher, tracker, reaction)
            return [SlotSet("requested_slot", None), *said]
        asked = Reaction.from_json(
            {**reaction.to_json(), "asked": (*reaction.asked, missing.value)}
        )
        await asyncio.to_thread(self.keep, tracker, asked)
        dispatcher.utter_message(response=QUESTIONS[missing])
        return []


class EndReaction(ReactionAction):
    """After the form: the verdict, unless it was said already."""

    def name(self) -> str:
        """The name in domain.yml."""
        return "action_reaction_ended"

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        """Says it."""
        over = [SlotSet(ENDING, None), SlotSet(HEARD, None)]
        reaction = await asyncio.to_thread(self.known, tracker)
        if reaction is None:
            return over
        return [*over, *await self.conclude(dispatcher, tracker, reaction)]
