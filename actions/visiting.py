"""What the actions on a visit that stands share: whose it is, and what is kept of a change.

Only its owner learns of a visit: who booked it on this channel, or who names its reference and its
phone. After an hour of silence a browser has to name the reference again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.base import SafeAction, suspension
from actions.booking import BookingRules
from actions.holding import times_for
from bot.clinic.booking.draft import Draft
from bot.clinic.clock import Clock
from bot.clinic.details import phone_of
from bot.clinic.payloads import Press, write_payload
from bot.clinic.visits.dialogue import VisitDialogue
from bot.clinic.visits.draft import MOVE, Outcome, Visit, VisitDraft, VisitWorld
from bot.clinic.visits.statuses import CHANGEABLE
from bot.clinic.visits.ways import WHATSAPP
from bot.store import bookings, conversations, drafts, holds
from bot.store.bookings import Booked
from bot.store.database import Database
from bot.store.marks import may_guess, note_miss

FORM = "visit_form"
# After so long without a word a browser has to name the reference again.
IN_TOUCH = timedelta(hours=1)
# Wrong guesses at a reference in an hour, by one person and by everybody at one network address.
MOST_GUESSES = {"person": 5, "origin": 20}


@dataclass(frozen=True)
class VisitRules:
    """What these actions share: their dialogue, and the rules of booking."""

    dialogue: VisitDialogue
    booking: BookingRules
    # Titles of buttons: move, cancel, prepare.
    labels: Mapping[str, str]


class VisitAction(SafeAction):
    """What an action that works on a visit of the patient's needs; its methods block."""

    def __init__(self, database: Database, clock: Clock, rules: VisitRules) -> None:
        """Takes the clinic's rules ready made."""
        super().__init__(database, clock)
        self.rules = rules

    def draft(self, tracker: Tracker) -> VisitDraft | None:
        """What this conversation has begun with a visit, if anything."""
        kept = drafts.read_draft(self.database, tracker.sender_id, drafts.VISIT)
        return None if kept is None else VisitDraft.from_json(kept)

    def keep(self, tracker: Tracker, draft: VisitDraft, now: datetime) -> None:
        """Stores it as of `now`, the beginning of the turn."""
        content = replace(draft, kept_at=now.isoformat()).to_json()
        drafts.write_draft(self.database, tracker.sender_id, drafts.VISIT, content, now)

    def keep_with_time(self, tracker: Tracker, draft: VisitDraft, world: VisitWorld) -> None:
        """Stores it and keeps the new time for the patient; one that went is offered no more."""
        visit = world.visit_with(draft.visit)
        wanted = draft.wanted
        if visit is not None and draft.act == MOVE and self._may_move_alone(visit, world):
            draft = replace(draft, time=self._held(tracker, wanted, visit, world).to_json())
        else:
            holds.let_go(self.database, tracker.sender_id)
        self.keep(tracker, draft, world.now)

    def _may_move_alone(self, visit: Visit, world: VisitWorld) -> bool:
        return not self.rules.dialogue.is_late(visit, world.now)

    def _held(self, tracker: Tracker, wanted: Draft, visit: Visit, world: VisitWorld) -> Draft:
        return self.rules.booking.keeper.held(
            self.database,
            tracker.sender_id,
            visit.visit,
            wanted,
            world.now,
            lambda lost: self.rules.dialogue.offers.taken(lost, world.times(visit)),
            visit.id,
        )

    def drop(self, tracker: Tracker) -> None:
        """Forgets it, and lets go of the new time."""
        drafts.drop_draft(self.database, tracker.sender_id, drafts.VISIT)
        holds.let_go(self.database, tracker.sender_id)

    def suspension(self, tracker: Tracker, draft: VisitDraft) -> str:
        """Whether danger came between, and the patient knows how to go on."""
        return suspension(self.database, tracker, draft.suspended, draft.kept_at)

    def world(self, tracker: Tracker) -> VisitWorld:
        """The patient's visits, free times and the clock."""
        now = self.clock.now()
        conversation = tracker.sender_id
        own_phone = phone_of(conversations.address_of(self.database, conversation) or "")
        theirs = bookings.open_bookings_of(self.database, conversation, now, own_phone)
        since, is_shared = self.in_touch_since(tracker), self.is_shared(tracker)
        proven = self._proven(conversation, since)
        shown: list[Booked] = [
            each
            for each in theirs
            if not is_shared or each.created_at >= since or each.id in proven
        ]
        known = {each.id for each in shown}
        for visit_id in proven:
            found = bookings.booking_with(self.database, visit_id)
            if found is not None and visit_id not in known and _is_to_come(found, now):
                shown.append(found)
        shown = [each for each in shown if each.status in CHANGEABLE]
        shown.sort(key=_in_order)
        return VisitWorld(
            now=now,
            visits=shown,
            times=lambda visit: times_for(
                self.database,
                self.rules.booking.availability,
                visit.visit,
                conversation,
                now,
                visit.id,
                visit.starts_at,
            ),
            has_hidden=len(known) < len(theirs),
            own_phone=own_phone,
        )

    def in_touch_since(self, tracker: Tracker) -> datetime:
        """The beginning of this sitting."""
        since = conversations.in_touch_since(self.database, tracker.sender_id, IN_TOUCH)
        return since or self.clock.now()

    def is_shared(self, tracker: Tracker) -> bool:
        """Whether several people may write where this patient writes, as in a browser.

        Behind a number stands one person.
        """
        return conversations.channel_of(self.database, tracker.sender_id) != WHATSAPP

    def _proven(self, conversation: str, since: datetime) -> set[str]:
        """The visits whose reference was named, on the web in this sitting."""
        kept = drafts.read_draft(self.database, conversation, drafts.PROOF) or {}
        return {visit for visit, at in kept.items() if datetime.fromisoformat(at) >= since}

    def looked_up(self, tracker: Tracker, draft: VisitDraft) -> Outcome | None:
        """After a reference was told: whose it is; None after too many guesses."""
        now = self.clock.now()
        conversation = tracker.sender_id
        if not may_guess(self.database, conversation, MOST_GUESSES, now):
            return None
        world = self.world(tracker)
        found = self._of_this_browser(conversation, draft.reference, now)
        for phone in (draft.phone, world.own_phone):
            if found is None and phone:
                found = bookings.booking_named(self.database, draft.reference, phone, now)
        if found is not None:
            kept = drafts.read_draft(self.database, conversation, drafts.PROOF) or {}
            proof = {**kept, found.id: now.isoformat()}
            drafts.write_draft(self.database, conversation, drafts.PROOF, proof, now)
            world = self.world(tracker)
        is_theirs = found is not None and world.visit_with(found.id) is not None
        if not is_theirs:
            note_miss(self.database, conversation, now)
        return self.rules.dialogue.proven(draft, found if is_theirs else None, world)

    def _of_this_browser(self, conversation: str, reference: str, now: datetime) -> Booked | None:
        theirs = bookings.open_bookings_of(self.database, conversation, now)
        return next((each for each in theirs if each.reference == reference), None)

    def say(self, dispatcher: CollectingDispatcher, response: str, visit: Booked) -> None:
        """Tells of one visit, with what may be done with it."""
        buttons = [
            {"title": self.rules.labels[name], "payload": payload}
            for name, payload in (
                ("move", _press("reschedule_consultation", visit)),
                ("cancel", _press("cancel_consultation", visit)),
                ("prepare", '/faq{"topic":"preparation"}'),
            )
        ]
        dispatcher.utter_message(
            response=response, buttons=buttons, **self.rules.booking.told.values(visit)
        )


def _in_order(visit: Booked) -> tuple[datetime, datetime]:
    return visit.starts_at, visit.created_at


def _is_to_come(visit: Booked, now: datetime) -> bool:
    return visit.ends_at > now and visit.status in CHANGEABLE


def _press(intent: str, visit: Booked) -> str:
    return write_payload(Press(intent, {"visit": visit.id}))
