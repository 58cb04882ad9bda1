"""A visit that stands: looked up, confirmed, and what begins a change. See bot.clinic.visits."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from rasa_sdk import Tracker
from rasa_sdk.events import FollowupAction
from rasa_sdk.executor import CollectingDispatcher

from actions.base import DatabaseAction, Events, message_id
from actions.booking import heard_now
from actions.number import answer_number
from actions.team import VISIT as PASSED
from actions.team import how_to_reach
from actions.visiting import FORM, VisitAction
from bot.clinic.booking.draft import Heard
from bot.clinic.visits.dialogue import ACTS
from bot.clinic.visits.draft import CANCEL, SHOW, Outcome, Verdict, VisitDraft, VisitWorld
from bot.clinic.visits.statuses import CHANGEABLE, PENDING
from bot.store import bookings, visits, wishes
from bot.store.bookings import Booked, TurnIsOver
from bot.store.visits import VisitChanged


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
