"""Whether a number is the patient's: the answer to the first message that it got."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from bot.clinic.clock import Clock
from bot.clinic.told import ToldBooking
from bot.clinic.visits.statuses import OPEN
from bot.store import numbers
from bot.store.database import Database

MINE, NOT_MINE = "mine", "not_mine"


def answer_number(
    dispatcher: CollectingDispatcher,
    tracker: Tracker,
    database: Database,
    clock: Clock,
    told: ToldBooking,
) -> bool:
    """Keeps the answer and thanks for it; false where the message holds none.

    Only a press holds one: nothing of the kind is read in a patient's words. It blocks, so an
    action calls it in a thread.
    """
    entities = tracker.latest_message.get("entities") or []
    given = {str(each["entity"]): str(each["value"]) for each in entities}
    answer = given.get("number", "")
    if answer not in (MINE, NOT_MINE):
        return False
    now = clock.now()
    visit = numbers.answer_number(
        database, tracker.sender_id, given.get("visit", ""), now, is_theirs=answer == MINE
    )
    if visit is not None and answer == NOT_MINE:
        dispatcher.utter_message(response="utter_number_not_mine")
    elif visit is not None and visit.status in OPEN and visit.starts_at > now:
        dispatcher.utter_message(response="utter_number_mine", **told.values(visit))
    else:
        dispatcher.utter_message(response="utter_number_noted")
    return True
