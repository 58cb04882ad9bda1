"""The base of every action: whatever goes wrong, the patient gets an answer."""

from __future__ import annotations

import asyncio
import logging
from abc import abstractmethod
from datetime import datetime
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from bot import logs
from bot.clinic.booking.questions import Question
from bot.clinic.clock import Clock
from bot.clinic.payloads import Press, write_payload
from bot.store.conversations import last_danger, standing
from bot.store.database import Database
from bot.store.requests import add_request

logger = logging.getLogger(__name__)

# The door gives a turn 8 s; an action that needs longer has failed (docs/architecture.md).
LONGEST_SECONDS = 4.0
FAILED = "utter_action_failed"
# A form's validation sets it to the message it heard: Rasa takes one that sets nothing for
# rejected. FAILED in it makes the question say so.
HEARD = "heard"

Events = list[dict[str, Any]]


class SafeAction(Action):
    """Runs `act` and answers with a kind sentence when it fails or takes too long.

    An exception that reached the SDK would put the whole tracker into Rasa's log and leave the
    patient without a reply.
    """

    on_failure = FAILED
    urgency_of_failure = "routine"
    # A form's validation fails silently: the question that follows it says so.
    says_failure = True

    def __init__(self, database: Database, clock: Clock) -> None:
        """Takes the clinic's database and clock; `actions.__main__` registers the instances."""
        self.database = database
        self.clock = clock

    @abstractmethod
    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        """Does the work; database work goes through `asyncio.to_thread`."""

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> Events:
        """Called by the SDK. Never raises."""
        try:
            return await asyncio.wait_for(self.act(dispatcher, tracker), LONGEST_SECONDS)
        except Exception as error:
            error_id = logs.new_error_id()
            logger.error("%s failed, error %s: %s", self.name(), error_id, logs.describe(error))
            dispatcher.messages.clear()
            if not self.says_failure:
                return [SlotSet(HEARD, FAILED)]
            dispatcher.utter_message(response=self.on_failure)
            await self._keep_for_staff(tracker, error_id)
            return []

    async def pass_to_team(self, tracker: Tracker, kind: str, urgency: str = "routine") -> None:
        """Stores a request for staff about the message at hand, once."""
        await asyncio.to_thread(
            add_request,
            self.database,
            tracker.sender_id,
            message_id(tracker),
            kind,
            urgency,
            self.clock.now(),
        )

    async def _keep_for_staff(self, tracker: Tracker, error_id: str) -> None:
        try:
            await asyncio.wait_for(
                self.pass_to_team(tracker, "unanswered", self.urgency_of_failure),
                LONGEST_SECONDS / 2,
            )
        except Exception as error:
            logger.error("error %s was not kept for staff: %s", error_id, logs.describe(error))


class DatabaseAction(SafeAction):
    """An action that does all of its work in a thread: it reads or writes the database."""

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        """Does the work in a thread."""
        return await asyncio.to_thread(self.work, dispatcher, tracker)

    @abstractmethod
    def work(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        """What the action does."""


class AskAction(DatabaseAction):
    """A form's question; where the validation failed before it, it says so instead, once."""

    def work(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        """Asks, unless something went wrong."""
        if tracker.get_slot(HEARD) != FAILED:
            return self.ask(dispatcher, tracker)
        dispatcher.utter_message(response=FAILED)
        # A question in between sets nothing, and must not be told of it again.
        return [SlotSet(HEARD, None)]

    @abstractmethod
    def ask(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        """The question."""


def put(dispatcher: CollectingDispatcher, asked: Question) -> None:
    """Puts a form's question, with the buttons that answer it."""
    buttons = [
        {"title": title, "payload": write_payload(Press("inform", given))}
        for title, given in asked.buttons
    ]
    # Buttons that the response holds itself stay where the question has none of its own.
    extra = {"buttons": buttons} if buttons else {}
    dispatcher.utter_message(response=asked.response, **extra, **asked.values)


def suspension(database: Database, tracker: Tracker, suspended: str, kept_at: str) -> str:
    """After a sign of danger (brief 5.1): "unsaid" until the patient knows how to go on.

    `suspended` and `kept_at`: of the draft or check that waits.
    """
    if suspended:
        return suspended
    danger = last_danger(database, tracker.sender_id)
    is_later = danger is not None and danger >= datetime.fromisoformat(kept_at)
    return "unsaid" if is_later else ""


def must_say_how_to_go_on(
    database: Database, tracker: Tracker, suspended: str, now: datetime
) -> bool:
    """Whether the patient has to hear how to go on with what waits: once.

    After a crisis nobody is asked about a visit for a day (brief 5.5, rule 6).
    """
    return suspended == "unsaid" and not standing(database, tracker.sender_id, now).after_crisis


def message_id(tracker: Tracker) -> str:
    """The id of the inbound message that this turn answers, as the door gave it."""
    return str((tracker.latest_message.get("metadata") or {}).get("message", ""))


def language_of(tracker: Tracker) -> str:
    """The language of the message at hand, as the engine judged it; English if nobody did."""
    return str((tracker.latest_message.get("judgement") or {}).get("language") or "en")


def topic_of(tracker: Tracker) -> str:
    """The topic of a question, such as `suitable_medication`; "" for what is none."""
    selected = (tracker.latest_message.get("response_selector") or {}).get("faq") or {}
    key = (selected.get("response") or {}).get("intent_response_key")
    return str(key or "").partition("/")[2] if intent_of(tracker) == "faq" else ""


def intent_of(tracker: Tracker) -> str:
    """The intent of the message at hand."""
    return str((tracker.latest_message.get("intent") or {}).get("name") or "")
