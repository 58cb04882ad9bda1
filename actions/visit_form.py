"""The form around the change of a visit: what is asked, what an answer changes, how it ended."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime

from rasa_sdk import Tracker
from rasa_sdk.events import FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.base import HEARD, AskAction, DatabaseAction, Events, must_say_how_to_go_on, put
from actions.booking import heard_now
from actions.team import VISIT as PASSED
from actions.team import how_to_reach
from actions.visiting import FORM, VisitAction
from bot.clinic.booking.draft import Heard
from bot.clinic.visits.dialogue import ACTS, GO_ON
from bot.clinic.visits.draft import CANCEL, MOVE, Outcome, Verdict, VisitDraft, VisitWorld
from bot.clinic.visits.statuses import BOOKED, CANCELLED, CHANGEABLE, PENDING
from bot.store import bookings, drafts, ticks, visits
from bot.store.bookings import Booked, TimeTaken, TurnIsOver
from bot.store.changes import PATIENT, By
from bot.store.requests import CONFIRM_BOOKING, add_request
from bot.store.visits import NotAllowed, VisitChanged

# Set when the form is over: how it ended, with the id of the visit behind a slash.
ENDING = "visit_change"
BACK_TO_BOOKING = "back_to_booking"
# The request to the team where the patient cannot do it alone.
_REQUESTS = {act: intent for intent, act in ACTS.items()}
_LATE = {MOVE: "late_move", CANCEL: "late_cancel"}


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
