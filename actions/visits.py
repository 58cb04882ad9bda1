"""A visit that stands: looked up, confirmed, moved, cancelled. The rules are in bot.clinic.visits.

Only its owner learns of a visit: who booked it on this channel, or who names its reference and its
phone. After an hour of silence a browser has to name the reference again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from rasa_sdk import Tracker
from rasa_sdk.events import FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.base import (
    HEARD,
    AskAction,
    DatabaseAction,
    Events,
    SafeAction,
    message_id,
    must_say_how_to_go_on,
    put,
    suspension,
)
from actions.booking import BookingRules, heard_now
from actions.holding import times_for
from actions.number import answer_number
from actions.team import VISIT as PASSED
from actions.team import how_to_reach
from bot.clinic.booking.draft import Draft, Heard
from bot.clinic.clock import Clock
from bot.clinic.details import phone_of
from bot.clinic.payloads import Press, write_payload
from bot.clinic.visits.dialogue import ACTS, GO_ON, VisitDialogue
from bot.clinic.visits.draft import (
    CANCEL,
    MOVE,
    SHOW,
    Outcome,
    Verdict,
    Visit,
    VisitDraft,
    VisitWorld,
)
from bot.clinic.visits.statuses import BOOKED, CANCELLED, CHANGEABLE, PENDING
from bot.clinic.visits.ways import WHATSAPP
from bot.store import bookings, conversations, drafts, holds, ticks, visits, wishes
from bot.store.bookings import Booked, TimeTaken, TurnIsOver
from bot.store.changes import PATIENT, By
from bot.store.database import Database
from bot.store.marks import may_guess, note_miss
from bot.store.requests import CONFIRM_BOOKING, add_request
from bot.store.visits import NotAllowed, VisitChanged

FORM = "visit_form"
# Set when the form is over: how it ended, with the id of the visit behind a slash.
ENDING = "visit_change"
BACK_TO_BOOKING = "back_to_booking"
# After so long without a word a browser has to name the reference again.
IN_TOUCH = timedelta(hours=1)
# Wrong guesses at a reference in an hour, by one person and by everybody at one network address.
MOST_GUESSES = {"person": 5, "origin": 20}
# The request to the team where the patient cannot do it alone.
_REQUESTS = {act: intent for intent, act in ACTS.items()}
_LATE = {MOVE: "late_move", CANCEL: "late_cancel"}


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


class ChangeVisit(VisitAction, DatabaseAction):
    """Begins what a patient wants with a visit, or goes on with what stands."""

    def name(self) -> str:
        """The name in domain.yml."""
        return "action_change_visit"

    def work(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        """Tells of the visit at once, or opens a draft and lets the form ask."""
        told = self.rules.booking.told
        if answer_number(dispatcher, tracker, self.database, self.clock, told):
            return []
        heard = heard_now(tracker)
        world = self.world(tracker)
        act = ACTS.get(heard.intent, "")
        if not act:
            return self._gone_on(tracker, world)
        if heard.entities.get("act") == "confirm":
            return self._confirmed(dispatcher, heard, world)
        is_list = act == SHOW and len(world.visits) > 1 and "visit" not in heard.entities
        if is_list:
            self._tell_all(dispatcher, world)
            return []
        if act == CANCEL and not world.visits:
            wish = self._wish_of_now(tracker)
            if wish is not None:
                self.rules.booking.say_off_the_list(dispatcher, "utter_wish_standing", wish.id)
                return []
        return self._begun(dispatcher, tracker, heard, act, world)

    def _begun(
        self,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        heard: Heard,
        act: str,
        world: VisitWorld,
    ) -> Events:
        outcome: Outcome | None = self.rules.dialogue.open(heard, act, world)
        if outcome is not None and outcome.verdict is Verdict.PROVE:
            outcome = self.looked_up(tracker, outcome.draft)
        if outcome is None:
            dispatcher.utter_message(response="utter_visit_too_many_guesses")
            return []
        if outcome.verdict is Verdict.SHOWN:
            visit = bookings.booking_with(self.database, outcome.draft.visit)
            if visit is not None and visit.status in CHANGEABLE:
                self.say(dispatcher, f"utter_visit_shown_{visit.status}", visit)
            return []
        self.keep_with_time(tracker, outcome.draft, self.world(tracker))
        return [FollowupAction(FORM)]

    def _wish_of_now(self, tracker: Tracker) -> wishes.Wished | None:
        """The patient's wish on the wait list; on the web only one of this sitting is spoken of."""
        wish = wishes.wish_of(self.database, tracker.sender_id)
        if wish is None or not self.is_shared(tracker):
            return wish
        return wish if wish.created_at >= self.in_touch_since(tracker) else None

    def _gone_on(self, tracker: Tracker, world: VisitWorld) -> Events:
        standing = self.draft(tracker)
        if standing is not None:
            heard = message_id(tracker)
            resumed = replace(standing, note="", suspended="", asked=False, heard=heard)
            self.keep_with_time(tracker, resumed, world)
        return [FollowupAction(FORM)]

    def _tell_all(self, dispatcher: CollectingDispatcher, world: VisitWorld) -> None:
        asked = self.rules.dialogue.ask(VisitDraft(act=SHOW), world)
        dispatcher.utter_message(
            response="utter_visit_list",
            visit_lines=asked.values["visit_lines"],
            buttons=[
                {"title": self.rules.labels[name], "payload": f"/{intent}"}
                for name, intent in (
                    ("move_one", "reschedule_consultation"),
                    ("cancel_one", "cancel_consultation"),
                )
            ],
        )

    def _confirmed(
        self, dispatcher: CollectingDispatcher, heard: Heard, world: VisitWorld
    ) -> Events:
        """The button under a reminder: the patient says that they come."""
        visit = world.visit_with(heard.entities.get("visit", ""))
        if visit is None:
            dispatcher.utter_message(response="utter_visit_gone")
            return []
        try:
            done = visits.confirm_visit(
                self.database, visit.id, visit.sequence, heard.id, world.now
            )
        except (VisitChanged, TurnIsOver):
            return self._confirmed(dispatcher, replace(heard, entities={}), world)
        # What the desk has not confirmed yet may still change.
        said = "shown_pending" if done.status == PENDING else "confirmed"
        self.say(dispatcher, f"utter_visit_{said}", done)
        return []


class RunningLate(VisitAction):
    """Tells the team at once; the patient hears of which visit, where it is one of today."""

    def name(self) -> str:
        """The name in domain.yml."""
        return "action_running_late"

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        """Stores the request first, then says so."""
        await self.pass_to_team(tracker, "running_late")
        today = await asyncio.to_thread(self._of_today, tracker)
        if today is None:
            dispatcher.utter_message(response=PASSED)
        else:
            values = self.rules.booking.told.values(today)
            dispatcher.utter_message(response="utter_passed_running_late", **values)
        return await how_to_reach(self, tracker)

    def _of_today(self, tracker: Tracker) -> Booked | None:
        """The patient's visit that begins, or began, closest to now, if it is one of today."""
        now = self.clock.now()
        world = self.world(tracker)
        near = [each for each in world.visits if self.rules.dialogue.is_on_day(each, now)]
        if not near:
            return None
        nearest = min(near, key=lambda each: abs(each.starts_at - now))
        return bookings.booking_with(self.database, nearest.id)


class ListenToVisit(VisitAction, DatabaseAction):
    """The form's validation: what a message changes, and the act itself on "yes"."""

    says_failure = False

    def name(self) -> str:
        """The name that Rasa gives to a form's validation."""
        return f"validate_{FORM}"

    def work(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        """Says nothing: the form asks afterwards, or is over."""
        heard = heard_now(tracker)
        draft = self.draft(tracker)
        if draft is None:
            return self._ended_before(heard)
        suspended = self.suspension(tracker, draft)
        is_held = suspended and heard.intent != GO_ON
        if is_held or heard.id in ("", draft.heard):
            return []
        if not suspended and self._goes_back_to_booking(tracker, draft, heard):
            self.drop(tracker)
            return _over(BACK_TO_BOOKING)
        world = self.world(tracker)
        outcome: Outcome | None = self.rules.dialogue.hear(draft, heard, world)
        if outcome is not None and outcome.verdict is Verdict.PROVE:
            outcome = self.looked_up(tracker, outcome.draft)
            world = self.world(tracker)
        if outcome is None:
            self.drop(tracker)
            return _over("too_many_guesses")
        return self._done(tracker, draft, outcome, heard, world)

    def _goes_back_to_booking(self, tracker: Tracker, draft: VisitDraft, heard: Heard) -> bool:
        """Whether who is asked for a reference would rather book: a booking is half filled."""
        if heard.intent != GO_ON or not draft.proving:
            return False
        return drafts.read_draft(self.database, tracker.sender_id, drafts.BOOKING) is not None

    def _ended_before(self, heard: Heard) -> Events:
        """A message that comes again after it ended the change ends it once more."""
        changed = visits.visit_changed_by(self.database, heard.id) if heard.id else None
        return [] if changed is None else _over(_changed(changed))

    def _done(
        self,
        tracker: Tracker,
        before: VisitDraft,
        outcome: Outcome,
        heard: Heard,
        world: VisitWorld,
    ) -> Events:
        draft = outcome.draft
        if outcome.verdict is Verdict.NOT_MINE:
            if before.note or before.wanted.is_newly_held:
                self.keep(tracker, _read(before, heard.id), world.now)
            return []
        if outcome.verdict is Verdict.CONFIRMED:
            return self._act(tracker, draft, heard, world)
        endings = {
            Verdict.TEAM: f"team/{draft.act}",
            Verdict.KEPT: "kept",
            Verdict.SHOWN: f"shown/{draft.visit}",
        }
        if outcome.verdict in endings:
            self.drop(tracker)
            return _over(endings[outcome.verdict])
        self.keep_with_time(tracker, draft, world)
        return [SlotSet(HEARD, heard.id)]

    def _act(self, tracker: Tracker, draft: VisitDraft, heard: Heard, world: VisitWorld) -> Events:
        visit = bookings.booking_with(self.database, draft.visit)
        if visit is None or self.rules.dialogue.is_late(visit, world.now):
            return self._ask_team(tracker, draft, visit, heard, world)
        try:
            if draft.act == CANCEL:
                changed = self._cancel(draft, heard, world)
            else:
                changed = self._move(tracker, draft, visit, heard, world)
        except TimeTaken:
            if draft.act == CANCEL:
                # Too many changed something at once: the question is put again.
                return [SlotSet(HEARD, heard.id)]
            taken = self.rules.dialogue.offers.taken(draft.wanted, self.world(tracker).times(visit))
            again = replace(draft, time=replace(taken, held_until="").to_json())
            self.keep(tracker, again, world.now)
            return [SlotSet(HEARD, heard.id)]
        except (VisitChanged, NotAllowed):
            return self._done(
                tracker,
                draft,
                self.rules.dialogue.hear(draft, replace(heard, text=""), self.world(tracker)),
                heard,
                world,
            )
        except TurnIsOver:
            # The patient was told that nobody could answer: nothing has changed, the draft stands.
            return [SlotSet(HEARD, heard.id)]
        if changed.status == PENDING and draft.act == MOVE:
            details = {"phone": changed.phone, "name": changed.name, "visit": changed.id}
            add_request(
                self.database,
                tracker.sender_id,
                heard.id,
                CONFIRM_BOOKING,
                "routine",
                world.now,
                details,
            )
        return _over(_changed(changed))

    def _cancel(self, draft: VisitDraft, heard: Heard, world: VisitWorld) -> Booked:
        return visits.set_status(
            self.database,
            draft.visit,
            draft.sequence,
            CANCELLED,
            self._by(heard),
            world.now,
            mails=self.rules.booking.mails,
        )

    def _move(
        self,
        tracker: Tracker,
        draft: VisitDraft,
        visit: Booked,
        heard: Heard,
        world: VisitWorld,
    ) -> Booked:
        rules = self.rules.booking
        start = datetime.fromisoformat(draft.wanted.start)
        busy = ticks.busy(
            self.database,
            *rules.availability.window(world.now),
            world.now,
            but_held_by=tracker.sender_id,
            but_booking=visit.id,
        )
        return visits.move_visit(
            self.database,
            visit.id,
            draft.sequence,
            rules.availability.options_at(visit.visit, start, busy, world.now),
            PENDING if rules.is_confirmed_by_staff else BOOKED,
            self._by(heard),
            world.now,
            remind_at=rules.remind.due_by(visit.reminders, start, world.now),
            mails=rules.mails,
        )

    def _by(self, heard: Heard) -> By:
        return By(PATIENT, heard.id, policy=self.rules.dialogue.policy.version)

    def _ask_team(
        self,
        tracker: Tracker,
        draft: VisitDraft,
        visit: Booked | None,
        heard: Heard,
        world: VisitWorld,
    ) -> Events:
        """A late change is the team's: they learn of it, and the visit stands until then."""
        if visit is None:
            self.drop(tracker)
            return _over("gone")
        wanted = {"wanted": draft.wanted.start} if draft.act == MOVE else {}
        details = {"phone": visit.phone, "name": visit.name, "visit": visit.id, **wanted}
        add_request(
            self.database,
            tracker.sender_id,
            heard.id,
            _LATE[draft.act],
            "routine",
            world.now,
            details,
        )
        self.drop(tracker)
        return _over(f"asked_{draft.act}")


class AskVisit(VisitAction, AskAction):
    """The form's question: the first fact that is missing."""

    def name(self) -> str:
        """The name by which Rasa's form finds it: `action_ask_` and the slot."""
        return f"action_ask_{ENDING}"

    def ask(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        """Asks; says how to go on where danger came between; ends a form without a draft."""
        draft = self.draft(tracker)
        if draft is None:
            return [SlotSet("requested_slot", None)]
        suspended = self.suspension(tracker, draft)
        if suspended:
            now = self.clock.now()
            if must_say_how_to_go_on(self.database, tracker, suspended, now):
                dispatcher.utter_message(response="utter_visit_suspended")
                self.keep(tracker, replace(draft, suspended="said"), now)
            return []
        if draft.proving and draft.asked:
            # Who asks something else is answered, and not pressed for a reference.
            return []
        put(dispatcher, self.rules.dialogue.ask(draft, self.world(tracker)))
        if draft.proving:
            self.keep(tracker, replace(draft, asked=True), datetime.fromisoformat(draft.kept_at))
        return []


class EndVisit(VisitAction):
    """After the form: what came of it."""

    def name(self) -> str:
        """The name in domain.yml."""
        return "action_visit_ended"

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        """Tells how it ended; what the patient cannot do alone goes to the team."""
        how, _, about = str(tracker.get_slot(ENDING) or "").partition("/")
        ended: Events = [SlotSet(ENDING, None), SlotSet(HEARD, None)]
        if how == "team":
            await self.pass_to_team(tracker, _REQUESTS[about])
            dispatcher.utter_message(response=PASSED)
            return [*ended, *await how_to_reach(self, tracker)]
        if how == BACK_TO_BOOKING:
            return [*ended, FollowupAction("action_go_on")]
        if about:
            await asyncio.to_thread(self._tell, dispatcher, how, about)
        elif how:
            dispatcher.utter_message(response=f"utter_visit_{how}")
        return ended

    def _tell(self, dispatcher: CollectingDispatcher, how: str, visit_id: str) -> None:
        visit = bookings.booking_with(self.database, visit_id)
        if visit is None:
            return
        if how == "cancelled":
            values = self.rules.booking.told.values(visit)
            dispatcher.utter_message(response="utter_visit_cancelled", **values)
            return
        name = f"shown_{visit.status}" if how == "shown" else how
        if how == "shown" and visit.status not in CHANGEABLE:
            dispatcher.utter_message(response="utter_visit_gone")
            return
        self.say(dispatcher, f"utter_visit_{name}", visit)


def _in_order(visit: Booked) -> tuple[datetime, datetime]:
    return visit.starts_at, visit.created_at


def _is_to_come(visit: Booked, now: datetime) -> bool:
    return visit.ends_at > now and visit.status in CHANGEABLE


def _press(intent: str, visit: Booked) -> str:
    return write_payload(Press(intent, {"visit": visit.id}))


def _read(draft: VisitDraft, heard: str) -> VisitDraft:
    """Without what is said only once before a question."""
    wanted = replace(draft.wanted, note="", is_newly_held=False)
    return replace(draft, note="", heard=heard, time=wanted.to_json())


def _changed(visit: Booked) -> str:
    """How a change ended, from the visit as it stands after it."""
    moved = "moved_pending" if visit.status == PENDING else "moved"
    return f"{'cancelled' if visit.status == CANCELLED else moved}/{visit.id}"


def _over(how: str) -> Events:
    return [SlotSet(ENDING, how)]
