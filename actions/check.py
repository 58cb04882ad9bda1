"""The suitability check as Rasa's form; its rules stand in `bot.clinic.suitability`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeGuard

from rasa_sdk import Tracker
from rasa_sdk.events import FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.base import (
    HEARD,
    AskAction,
    DatabaseAction,
    Events,
    message_id,
    must_say_how_to_go_on,
    put,
    suspension,
)
from actions.booking import heard_now
from bot.clinic.booking.draft import GIVEN, Heard
from bot.clinic.clock import Clock
from bot.clinic.payloads import Press, write_payload
from bot.clinic.red_flags import Urgency
from bot.clinic.suitability.check import CHANGED, Check
from bot.clinic.suitability.dialogue import About, Outcome, Verdict
from bot.clinic.suitability.outcome import outcome_responses, stopped_responses
from bot.clinic.suitability.rules import CheckRules, taken_up
from bot.clinic.visits import statuses
from bot.store import bookings, checks, conversations, drafts
from bot.store.bookings import Booked
from bot.store.checks import FINISHED, OPEN, STOPPED, StoredCheck
from bot.store.consents import add_consent, has_consent
from bot.store.database import Database
from bot.store.requests import add_request

FORM = "check_form"
ENDING = "check"
INTENT = "start_suitability_check"
WHATSAPP = "whatsapp"
# What goes on with a check after a sign of danger.
GOING_ON = ("continue_booking", INTENT)
_ENDINGS = {
    Verdict.STOPPED: "stopped",
    Verdict.REFUSED: "refused",
    Verdict.MINOR: "minor",
    Verdict.FINISHED: "finished",
}
_RESPONSES = {
    "refused": "utter_check_refused",
    "minor": "utter_check_minor",
}


class CheckAction(DatabaseAction):
    """An action that works on a check."""

    def __init__(self, database: Database, clock: Clock, rules: CheckRules) -> None:
        """Takes the clinic's rules ready made."""
        super().__init__(database, clock)
        self.rules = rules

    def running(self, tracker: Tracker) -> tuple[StoredCheck, Check] | None:
        """The check that this person is in the middle of."""
        found = checks.running_check(self.database, tracker.sender_id, self.clock.now())
        if found is None or found.state != OPEN:
            return None
        return found, Check.from_json(found.content)

    def visit(self, check_or_visit: str) -> Booked | None:
        """The visit with an id; None for "" and for one that is over."""
        found = bookings.booking_with(self.database, check_or_visit) if check_or_visit else None
        return found if found and found.status in statuses.OPEN else None

    def keep(self, stored: StoredCheck, check: Check, state: str = OPEN) -> bool:
        """Stores the check as of now; false where somebody has changed it meanwhile."""
        now = self.clock.now()
        content = replace(check, kept_at=now.isoformat()).to_json()
        is_renewal = check.kind == CHANGED
        return checks.write_check(self.database, stored, content, state, now, is_renewal=is_renewal)

    def suspension(self, tracker: Tracker, check: Check) -> str:
        """Whether danger came between, and the patient knows how to go on."""
        return suspension(self.database, tracker, check.suspended, check.kept_at)

    def with_danger(self, tracker: Tracker, stored: StoredCheck, check: Check) -> Check:
        """With what a message of danger told besides: it was answered with the number alone."""
        about = self.rules.about(self.visit(stored.booking_id), self.clock.now())
        since = datetime.fromisoformat(check.kept_at)
        for text in conversations.told_in_danger(self.database, tracker.sender_id, since):
            check = self.rules.dialogue.told_beside(check, Heard(check.heard, text), about)
        return check


class CheckSuitability(CheckAction):
    """Begins the check for the patient's own visit, goes on with it, or asks what has changed."""

    def name(self) -> str:
        """The name in domain.yml."""
        return "action_check_suitability"

    def work(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        """Finds the visit, then lets the form ask."""
        heard = heard_now(tracker)
        if drafts.read_draft(self.database, tracker.sender_id, drafts.BOOKING) is not None:
            dispatcher.utter_message(response="utter_check_after_booking")
            return []
        coming = bookings.open_bookings_of(self.database, tracker.sender_id, self.clock.now())
        own = [each for each in coming if each.patient_is == "self"]
        wanted = heard.entities.get("visit")
        named = next((each for each in coming if each.id == wanted), None)
        if wanted and named is None:
            # A button of a visit that is over or was given back counts for no other one.
            dispatcher.utter_message(response="utter_nothing_to_continue")
            return []
        if (coming and not own) or (named is not None and named not in own):
            dispatcher.utter_message(response="utter_check_not_for_another")
            return []
        if named is None and len({each.name for each in own}) > 1:
            self._ask_which(dispatcher, own)
            return []
        visit = named or next(iter(own), None)
        if self._is_on_website_only(tracker):
            self._send_link(dispatcher, tracker, visit)
            return []
        return self._opened(dispatcher, tracker, heard, visit)

    def _ask_which(self, dispatcher: CollectingDispatcher, own: Sequence[Booked]) -> None:
        """Visits under two names may be two people's."""
        buttons = [
            {
                "title": self.rules.told.short(each),
                "payload": write_payload(Press(INTENT, {"visit": each.id})),
            }
            for each in own
        ]
        dispatcher.utter_message(response="utter_ask_check_visit", buttons=buttons)

    def _is_on_website_only(self, tracker: Tracker) -> bool:
        if self.rules.asks_on_whatsapp:
            return False
        return conversations.channel_of(self.database, tracker.sender_id) == WHATSAPP

    def _send_link(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, visit: Booked | None
    ) -> None:
        key = checks.make_link(
            self.database,
            tracker.sender_id,
            message_id(tracker),
            visit.id if visit else "",
            self.clock.now(),
        )
        link = f"{self.rules.public_url}/check/{key}"
        dispatcher.utter_message(response="utter_check_link", check_link=link)

    def _opened(
        self,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        heard: Heard,
        visit: Booked | None,
    ) -> Events:
        now = self.clock.now()
        visit_id = visit.id if visit else ""
        before = checks.latest_check(self.database, tracker.sender_id, visit_id, now)
        if heard.entities.get("changed") == "no" and visit is not None and _may_renew(before):
            known = replace(Check.from_json(before.content), kind=CHANGED)
            self.keep(before, known, FINISHED)
            self._say_unchanged(dispatcher, visit)
            return []
        if before is None:
            agreed = has_consent(
                self.database, tracker.sender_id, "health", self.rules.consent_version
            )
            check = Check(
                consent=GIVEN if agreed else "",
                concern=visit.concern if visit else "",
                heard=heard.id,
                kept_at=now.isoformat(),
            )
            checks.begin_check(self.database, tracker.sender_id, visit_id, check.to_json(), now)
        else:
            check = taken_up(
                Check.from_json(before.content),
                self.rules.dialogue.catalogue,
                heard.id,
                is_over=before.is_over(now),
                is_old=before.is_old(now),
            )
            self.keep(before, check)
        return [FollowupAction(FORM)]

    def _say_unchanged(self, dispatcher: CollectingDispatcher, visit: Booked) -> None:
        when = self.rules.told.values(visit)["booking_when"]
        dispatcher.utter_message(response="utter_check_unchanged", check_visit=when)


def _may_renew(before: StoredCheck | None) -> TypeGuard[StoredCheck]:
    """Whether "nothing changed" says something: of a finished check, to which nothing new came."""
    if before is None or before.finished_at is None:
        return False
    return before.state == FINISHED or not before.content.get("news")


class ListenToCheck(CheckAction):
    """The form's validation: what a message changes in the check."""

    says_failure = False

    def name(self) -> str:
        """The name that Rasa gives to a form's validation."""
        return f"validate_{FORM}"

    def work(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        """Says nothing: the form asks afterwards, or is over."""
        heard = heard_now(tracker)
        running = self.running(tracker)
        if running is None:
            return self._ended_before(tracker, heard)
        stored, check = running
        if heard.id in ("", check.heard):
            return []
        if self.suspension(tracker, check):
            if heard.intent not in GOING_ON:
                return []
            check = self.with_danger(tracker, stored, check)
            self.keep(stored, replace(check, suspended="", heard=heard.id))
            return [SlotSet(HEARD, heard.id)]
        return self._heard(tracker, stored, check, heard)

    def _outcome(self, tracker: Tracker, check: Check, heard: Heard, about: About) -> Outcome:
        """What the message is to the check; a sign of today has an answer of its own."""
        dialogue = self.rules.dialogue
        if _is_sign_of_today(tracker) and dialogue.is_sign(check, heard, about):
            return Outcome(dialogue.told_beside(check, heard, about), Verdict.NOT_MINE)
        return dialogue.hear(check, heard, about)

    def _heard(self, tracker: Tracker, stored: StoredCheck, check: Check, heard: Heard) -> Events:
        visit = self.visit(stored.booking_id)
        outcome = self._outcome(tracker, check, heard, self.rules.about(visit, self.clock.now()))
        self._keep_consent(tracker, check, outcome, heard)
        # Before the check is kept: what is stored twice is one request, what is lost is none.
        self._tell_staff(tracker, check, outcome, visit)
        states = {Verdict.STOPPED: STOPPED, Verdict.FINISHED: FINISHED}
        if outcome.verdict in (Verdict.REFUSED, Verdict.MINOR):
            is_minor = outcome.verdict is Verdict.MINOR
            checks.drop_check(self.database, stored.id, forgets_words=is_minor)
        elif not self.keep(stored, outcome.check, states.get(outcome.verdict, OPEN)):
            # Its page in a browser has changed it meanwhile.
            return self.work(CollectingDispatcher(), tracker)
        if outcome.verdict is Verdict.NOT_MINE:
            return []
        if outcome.verdict in _ENDINGS:
            return [SlotSet(ENDING, _ENDINGS[outcome.verdict])]
        return [SlotSet(HEARD, heard.id)]

    def _ended_before(self, tracker: Tracker, heard: Heard) -> Events:
        """A message that comes again after it ended the check ends it once more."""
        last = checks.last_check(self.database, tracker.sender_id)
        if last is None or last.state == OPEN or last.content.get("heard") != heard.id:
            return []
        return [SlotSet(ENDING, "stopped" if last.state == STOPPED else "finished")]

    def _keep_consent(
        self, tracker: Tracker, before: Check, outcome: Outcome, heard: Heard
    ) -> None:
        """The yes or no to health questions, before any answer is stored."""
        agreed = outcome.check.consent == GIVEN and before.consent != GIVEN
        if agreed or outcome.verdict is Verdict.REFUSED:
            version, at = self.rules.consent_version, self.clock.now()
            add_consent(self.database, tracker.sender_id, heard.id, "health", version, agreed, at)

    def _tell_staff(
        self, tracker: Tracker, before: Check, outcome: Outcome, visit: Booked | None
    ) -> None:
        at = self.clock.now()
        for kind, urgency in self.rules.staff_learn(before, outcome, visit, at):
            add_request(self.database, tracker.sender_id, message_id(tracker), kind, urgency, at)


class AskCheck(CheckAction, AskAction):
    """The form's question: a screen, or the one question that is open."""

    def name(self) -> str:
        """The name by which Rasa's form finds it: `action_ask_` and the slot."""
        return f"action_ask_{ENDING}"

    def ask(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        """Asks; says how to go on where danger came between; ends a form without a check."""
        running = self.running(tracker)
        if running is None:
            return [SlotSet("requested_slot", None)]
        stored, check = running
        suspension = self.suspension(tracker, check)
        if suspension:
            self._say_how_to_go_on(dispatcher, tracker, stored, check, suspension)
            return []
        if check.offers_support:
            dispatcher.utter_message(response="utter_distress")
            self.keep(stored, replace(check, offers_support=False))
        about = self.rules.about(self.visit(stored.booking_id), self.clock.now())
        asked = self.rules.dialogue.ask(check, about)
        put(dispatcher, asked)
        return []

    def _say_how_to_go_on(
        self,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        stored: StoredCheck,
        check: Check,
        suspension: str,
    ) -> None:
        if must_say_how_to_go_on(self.database, tracker, suspension, self.clock.now()):
            dispatcher.utter_message(response="utter_check_suspended")
            check = self.with_danger(tracker, stored, check)
            self.keep(stored, replace(check, suspended="said"))


class EndCheck(CheckAction):
    """After the form: what happens next with the treatment, never whether it suits."""

    def name(self) -> str:
        """The name in domain.yml."""
        return "action_check_ended"

    def work(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        """Says it."""
        how = tracker.get_slot(ENDING)
        if how in ("finished", "stopped"):
            self._say_outcome(dispatcher, tracker, how)
        elif how:
            dispatcher.utter_message(response=_RESPONSES[how])
        return [SlotSet(ENDING, None), SlotSet(HEARD, None)]

    def _say_outcome(self, dispatcher: CollectingDispatcher, tracker: Tracker, how: str) -> None:
        stored = checks.last_check(self.database, tracker.sender_id)
        if stored is None:
            return
        check = Check.from_json(stored.content)
        visit = self.rules.visit_of(self.visit(stored.booking_id))
        if check.offers_support:
            dispatcher.utter_message(response="utter_distress")
        when = {"check_visit": visit.when} if visit else {}
        say = outcome_responses if how == "finished" else stopped_responses
        for response in say(check, self.rules.dialogue.catalogue, visit):
            dispatcher.utter_message(response=response, **when)


class GoOn(DatabaseAction):
    """Goes on with what was begun: a booking, the change of a visit, or the check."""

    def name(self) -> str:
        """The name in domain.yml."""
        return "action_go_on"

    def work(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        """The booking first: without it there is nothing to check for."""
        if drafts.read_draft(self.database, tracker.sender_id, drafts.BOOKING) is not None:
            return [FollowupAction("action_book_consultation")]
        if drafts.read_draft(self.database, tracker.sender_id, drafts.VISIT) is not None:
            return [FollowupAction("action_change_visit")]
        now = self.clock.now()
        if checks.running_check(self.database, tracker.sender_id, now) is not None:
            return [FollowupAction("action_check_suitability")]
        dispatcher.utter_message(response="utter_nothing_to_continue")
        return []


def _is_sign_of_today(tracker: Tracker) -> bool:
    """Whether the message tells a sign that needs a call today."""
    judged = tracker.latest_message.get("judgement") or {}
    return judged.get("urgency") == Urgency.SAME_DAY.value and bool(judged.get("sign"))
